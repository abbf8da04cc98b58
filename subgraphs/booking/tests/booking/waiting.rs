//! Booking what was waited for: `createBooking` takes an offer, and nobody else's does.

use chrono::TimeDelta;
use serde_json::{Value, json};
use service::identity::Role;
use ticket::expiry;
use uuid::Uuid;

use crate::pair::{Pair, Sale};

impl Pair {
    async fn join(&self, user: Uuid, sale: &Sale) {
        let document = format!(
            r#"mutation {{ joinWaitingList(ticketTypeId: "{}", quantity: 1) {{ position }} }}"#,
            sale.ticket_type
        );
        self.ticket.call(document).as_user(user, Role::Customer).data().await;
    }

    /// Where a user waits, or is offered something.
    async fn places(&self, user: Uuid) -> Value {
        let call = self.ticket.call("{ myWaitingList { status ticketType { available } } }");
        call.as_user(user, Role::Customer).data().await["myWaitingList"].clone()
    }

    /// One look of the ticket service's worker.
    async fn serve(&self) {
        let store =
            ticket::store::Store::new(self.ticket.database.database.clone()).with_clock(self.clock.clone());
        expiry::run_once(&store).await.unwrap();
        expiry::serve_lists(&store, TimeDelta::seconds(60)).await.unwrap();
    }
}

#[tokio::test]
async fn who_waited_books_what_another_gave_back() {
    let pair = Pair::open().await;
    let sale = pair.sale(1, 150_000).await;
    let (buyer, waiter, stranger) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let id = pair.booked(buyer, &sale, 1).await;
    pair.join(waiter, &sale).await;
    pair.cancel_mine(&id, buyer).data().await;
    let refused = pair.create(stranger, &sale, 1, "").send().await;
    let sold_out = json!({ "code": "SOLD_OUT", "available": 0 });
    assert_eq!(refused.body["errors"][0]["extensions"], sold_out, "before the offer is made");
    pair.serve().await;
    assert_eq!(pair.places(waiter).await, json!([{ "status": "OFFERED", "ticketType": { "available": 0 } }]));
    assert_eq!(pair.create(stranger, &sale, 1, "").refused().await, "SOLD_OUT", "nor after it");
    let key = r#", idempotencyKey: "k""#;
    let booked = pair.create(waiter, &sale, 1, key).data().await;
    assert_eq!(pair.create(waiter, &sale, 1, key).data().await, booked, "the same request, the same booking");
    let id = booked["createBooking"]["id"].as_str().unwrap();
    let paid = pair.pay(id).as_user(waiter, Role::Customer).data().await;
    assert_eq!(paid["confirmPayment"]["status"], "PAID");
    assert_eq!((pair.counters(&sale).await, pair.places(waiter).await), ([1, 0], json!([])));
}

#[tokio::test]
async fn a_booking_from_an_offer_that_is_not_paid_goes_to_the_next() {
    let pair = Pair::open().await;
    let sale = pair.sale(1, 150_000).await;
    let (buyer, first, second) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let id = pair.booked(buyer, &sale, 1).await;
    pair.join(first, &sale).await;
    pair.clock.advance(TimeDelta::milliseconds(1));
    pair.join(second, &sale).await;
    pair.cancel_mine(&id, buyer).data().await;
    pair.serve().await;
    let booked = pair.booked(first, &sale, 1).await;
    pair.clock.advance(TimeDelta::seconds(61));
    booking::worker::run_once(&pair.saga).await.unwrap();
    assert_eq!(pair.seen_by_admin(&booked).await["cancelReason"], "EXPIRED");
    pair.serve().await;
    assert_eq!(pair.places(second).await[0]["status"], "OFFERED");
    pair.booked(second, &sale, 1).await;
    assert_eq!(pair.create(buyer, &sale, 1, "").refused().await, "SOLD_OUT");
}
