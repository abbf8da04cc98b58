//! What somebody is told who watches a booking, and who may.

use serde_json::json;
use service::identity::Role;
use subgraph::testing::Call;
use uuid::Uuid;

use crate::pair::Pair;

fn watching<'p>(pair: &'p Pair, booking: &str) -> Call<'p> {
    pair.booking.call(format!(r#"subscription {{ bookingChanged(id: "{booking}") {{ id status }} }}"#))
}

#[tokio::test]
async fn a_booking_is_told_as_it_is_and_at_every_status_until_it_is_cancelled() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let buyer = Uuid::now_v7();
    let id = pair.booked(buyer, &sale, 1).await;
    let mut mine = watching(&pair, &id).as_user(buyer, Role::Customer).watch().await;
    let mut admins = watching(&pair, &id).as_admin().watch().await;
    for watch in [&mut mine, &mut admins] {
        let first = watch.next().await.unwrap();
        assert_eq!(first.at("/bookingChanged"), &json!({ "id": id, "status": "PENDING" }));
    }
    pair.pay(&id).as_user(buyer, Role::Customer).data().await;
    for watch in [&mut mine, &mut admins] {
        assert_eq!(watch.next().await.unwrap().at("/bookingChanged/status"), "PAID");
    }
    pair.cancel(&id, ", refund: true").data().await;
    for watch in [&mut mine, &mut admins] {
        assert_eq!(watch.next().await.unwrap().at("/bookingChanged/status"), "CANCELLED");
        assert!(watch.next().await.is_none(), "it is over, for ever");
    }
}

#[tokio::test]
async fn a_strangers_booking_looks_like_none_to_a_watcher() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let real = pair.booked(Uuid::now_v7(), &sale, 1).await;
    let missing = Uuid::now_v7().to_string();
    let mut answers = Vec::new();
    for id in [real.as_str(), missing.as_str(), "nonsense"] {
        let call = watching(&pair, id).as_user(Uuid::now_v7(), Role::Customer);
        let mut watch = call.watch().await;
        let answer = watch.next().await.unwrap();
        assert_eq!(answer.code(), Some("NOT_FOUND"));
        assert!(watch.next().await.is_none());
        answers.push(answer.body);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let mut nobody = watching(&pair, &real).watch().await;
    assert_eq!(nobody.next().await.unwrap().code(), Some("UNAUTHENTICATED"));
}
