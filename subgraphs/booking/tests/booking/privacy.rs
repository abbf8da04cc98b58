//! What this service keeps about a person, who is shown it, and what it says when somebody wants to be forgotten.

use booking::worker;
use serde_json::{Value, json};
use service::identity::{Role, ServiceName};
use subgraph::testing::Call;
use uuid::Uuid;

use crate::pair::Pair;

fn personal<'p>(pair: &'p Pair, of: Uuid) -> Call<'p> {
    let document = "query($r: [_Any!]!) { _entities(representations: $r) { ... on PersonalData {
        bookings { id status } payments { bookingId status amount { amount currency } transactionId }
        refunds { bookingId status } bookingLog { action } } } }";
    let representation = json!([{ "__typename": "PersonalData", "id": of.to_string() }]);
    pair.booking.call(document).variable("r", representation).through(ServiceName::Router)
}

async fn obligations(pair: &Pair, of: Uuid) -> Value {
    let document = format!(r#"{{ obligations(userId: "{of}") {{ bookings refunds }} }}"#);
    pair.booking.call(document).through(ServiceName::User).data().await["obligations"].clone()
}

#[tokio::test]
async fn bookings_payments_and_refunds_are_shown_to_their_owner_and_administrators() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let (buyer, stranger) = (Uuid::now_v7(), Uuid::now_v7());
    let paid = pair.paid(buyer, &sale, 2).await;
    let waiting = pair.booked(buyer, &sale, 1).await;
    pair.booked(stranger, &sale, 1).await;
    pair.cancel(&paid, ", refund: true").data().await;

    let data = personal(&pair, buyer).as_user(buyer, Role::Customer).data().await["_entities"][0].clone();
    let bookings = json!([{ "id": paid, "status": "CANCELLED" }, { "id": waiting, "status": "PENDING" }]);
    assert_eq!(data["bookings"], bookings);
    let payment = &data["payments"][0];
    assert_eq!((&payment["bookingId"], &payment["status"]), (&json!(paid), &json!("SUCCEEDED")));
    assert_eq!(payment["amount"], json!({ "amount": 300_000, "currency": "IDR" }));
    assert_eq!(data["refunds"], json!([{ "bookingId": paid, "status": "REQUESTED" }]));
    assert_eq!(data["bookingLog"], json!([{ "action": "PAYMENT_CHANGED" }]), "what the buyer did");
    assert_eq!(personal(&pair, buyer).as_admin().data().await["_entities"][0], data);
    assert_eq!(personal(&pair, buyer).as_user(stranger, Role::Staff).refused().await, "FORBIDDEN");
    assert_eq!(personal(&pair, buyer).refused().await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn what_waits_for_payment_or_refund_is_an_obligation_until_it_is_over() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let buyer = Uuid::now_v7();
    assert_eq!(obligations(&pair, buyer).await, json!({ "bookings": 0, "refunds": 0 }));
    let id = pair.booked(buyer, &sale, 1).await;
    assert_eq!(obligations(&pair, buyer).await, json!({ "bookings": 1, "refunds": 0 }));
    pair.pay(&id).as_user(buyer, Role::Customer).data().await;
    assert_eq!(
        obligations(&pair, buyer).await,
        json!({ "bookings": 0, "refunds": 0 }),
        "tickets know it now"
    );
    pair.cancel(&id, ", refund: true").data().await;
    assert_eq!(obligations(&pair, buyer).await, json!({ "bookings": 0, "refunds": 1 }));
    worker::run_once(&pair.saga).await.unwrap();
    assert_eq!(obligations(&pair, buyer).await, json!({ "bookings": 0, "refunds": 0 }));
}
