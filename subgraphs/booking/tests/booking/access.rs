//! Who may call what, and that a stranger's booking looks like none.

use booking::BookingService;
use booking::api::access::RULES;
use serde_json::{Value, json};
use service::identity::Role;
use subgraph::access::gaps;
use subgraph::run::Subgraph;
use subgraph::testing::access::contradictions;
use uuid::Uuid;

use crate::pair::Pair;

#[test]
fn every_root_field_says_who_may_call_it() {
    assert_eq!(gaps(&BookingService::sdl(), RULES), Vec::<String>::new());
}

#[tokio::test]
async fn everybody_is_let_in_or_refused_as_the_table_says() {
    let pair = Pair::open().await;
    assert_eq!(contradictions(&pair.booking, RULES).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_strangers_booking_looks_like_none() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let (buyer, stranger) = (Uuid::now_v7(), Uuid::now_v7());
    let real = pair.booked(buyer, &sale, 1).await;
    let missing = Uuid::now_v7().to_string();
    let documents = [
        r#"{ booking(id: "ID") { id } }"#,
        r#"mutation { confirmPayment(id: "ID") { id } }"#,
        r#"mutation { cancelMyBooking(id: "ID") { success } }"#,
    ];
    for document in documents {
        for role in [Role::Customer, Role::Staff] {
            let mut answers = Vec::new();
            for id in [&real, &missing] {
                let answer =
                    pair.booking.call(document.replace("ID", id)).as_user(stranger, role).send().await;
                answers.push((answer.status, answer.body));
            }
            assert_eq!(answers[0], answers[1], "{document}");
        }
    }
    let answer = pair.cancel_mine(&real, stranger).send().await;
    assert_eq!(answer.code(), Some("NOT_FOUND"));
    assert_eq!(pair.seen_by_admin(&real).await["status"], "PENDING");
}

#[tokio::test]
async fn an_administrator_cancels_for_others_by_name_only() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let real = pair.booked(Uuid::now_v7(), &sale, 1).await;
    let document = format!(r#"mutation {{ cancelMyBooking(id: "{real}") {{ success }} }}"#);
    assert_eq!(pair.booking.call(document).as_admin().refused().await, "NOT_FOUND", "it is not theirs");
    assert_eq!(pair.pay(&real).as_admin().data().await["confirmPayment"]["status"], "PAID");
}

#[tokio::test]
async fn the_bookings_of_others_are_not_listed() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let buyer = Uuid::now_v7();
    let booked = [pair.booked(buyer, &sale, 1).await, pair.booked(buyer, &sale, 2).await];
    let list = |user: &str, more: &str| format!(r#"{{ bookingsByUser(userId: "{user}"{more}) {{ id }} }}"#);
    let document = list(&buyer.to_string(), "");
    assert_eq!(pair.booking.call(document.clone()).refused().await, "UNAUTHENTICATED");
    let stranger = pair.booking.call(document.clone()).as_user(Uuid::now_v7(), Role::Customer);
    assert_eq!(stranger.refused().await, "FORBIDDEN");
    let all = json!([{ "id": booked[0] }, { "id": booked[1] }]);
    assert_eq!(pair.booking.call(document).as_admin().data().await["bookingsByUser"], all);
    let second = list(&buyer.to_string(), ", limit: 1, offset: 1");
    let mine = pair.booking.call(second).as_user(buyer, Role::Customer).data().await;
    assert_eq!(mine["bookingsByUser"], json!([{ "id": booked[1] }]));
    let nobody = pair.booking.call(list("nonsense", "")).as_admin().data().await;
    assert_eq!(nobody["bookingsByUser"], json!([]));
    let bad = pair.booking.call(list(&buyer.to_string(), ", limit: 0")).as_admin();
    assert_eq!(bad.refused().await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_malformed_id_is_nothing_to_a_query_and_bad_input_to_a_mutation() {
    let pair = Pair::open().await;
    assert_eq!(pair.seen_by_admin("nonsense").await, Value::Null);
    assert_eq!(pair.pay("nonsense").as_admin().refused().await, "BAD_USER_INPUT");
    assert_eq!(pair.cancel("nonsense", "").refused().await, "BAD_USER_INPUT");
    assert_eq!(pair.cancel(&Uuid::now_v7().to_string(), "").refused().await, "NOT_FOUND");
}
