//! Cancelling: by the buyer, by an administrator with and without a refund, and for a whole event.

use booking::worker;
use serde_json::json;
use service::identity::{Role, ServiceName};
use uuid::Uuid;

use crate::pair::Pair;

#[tokio::test]
async fn a_buyer_cancels_what_is_not_paid_and_the_second_time_is_the_same() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let buyer = Uuid::now_v7();
    let id = pair.booked(buyer, &sale, 2).await;
    let first = pair.cancel_mine(&id, buyer).data().await;
    let done = json!({ "success": true, "message": "Booking cancelled",
        "booking": { "status": "CANCELLED", "cancelReason": "BUYER" } });
    assert_eq!(first["cancel"], done);
    assert_eq!(pair.cancel_mine(&id, buyer).data().await, first);
    assert_eq!(pair.cancel(&id, "").data().await, first, "the reason stays the first one");
    assert_eq!(pair.counters(&sale).await, [0, 10]);
    let paid = pair.paid(buyer, &sale, 1).await;
    let refused = pair.cancel_mine(&paid, buyer).data().await;
    assert_eq!(refused["cancel"]["success"], false);
}

#[tokio::test]
async fn what_is_paid_is_cancelled_with_a_refund_or_not_at_all() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let id = pair.paid(Uuid::now_v7(), &sale, 2).await;
    let refused = pair.cancel(&id, "").data().await;
    assert_eq!(refused["cancel"]["message"], "Cannot cancel a PAID booking");
    assert_eq!(refused["cancel"]["booking"]["status"], "PAID");

    for _ in 0..2 {
        let done = pair.cancel(&id, ", refund: true").data().await;
        assert_eq!(done["cancel"]["booking"], json!({ "status": "CANCELLED", "cancelReason": "ADMIN" }));
    }
    assert_eq!(pair.counters(&sale).await, [0, 10]);
    assert_eq!((pair.tickets(&id, "VALID").await, pair.tickets(&id, "VOID").await), (0, 2));
    let refunds = pair.facts().await["refunds"].clone();
    assert_eq!((&refunds[0]["status"], &refunds[0]["amount"]), (&json!("REQUESTED"), &json!(300_000)));

    assert_eq!(worker::run_once(&pair.saga).await.unwrap(), 1);
    assert_eq!(worker::run_once(&pair.saga).await.unwrap(), 0);
    let facts = pair.facts().await;
    assert_eq!(facts["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(facts["refunds"][0]["status"], "DONE");
    assert_eq!(facts["payments"][0]["status"], "REVERSED");
}

#[tokio::test]
async fn every_booking_of_a_cancelled_event_is_cancelled() {
    let pair = Pair::open().await;
    let (sale, other) = (pair.sale(200, 1).await, pair.sale(10, 1).await);
    let mut paid = Vec::new();
    for _ in 0..5 {
        pair.booked(Uuid::now_v7(), &sale, 2).await;
        paid.push(pair.paid(Uuid::now_v7(), &sale, 1).await);
    }
    let untouched = pair.paid(Uuid::now_v7(), &other, 1).await;
    let mut calls = 0;
    loop {
        let open = pair.cancel_event(&sale.event).await;
        calls += 1;
        assert!(calls < 10, "{}", open.body);
        if open.at("/cancelEventBookings") == &json!(0) {
            break;
        }
    }
    assert_eq!(pair.counters(&sale).await, [0, 200]);
    for id in &paid {
        assert_eq!(pair.seen_by_admin(id).await["cancelReason"], "EVENT_CANCELLED");
        assert_eq!(pair.tickets(id, "VOID").await, 1);
    }
    assert_eq!(pair.seen_by_admin(&untouched).await["status"], "PAID");
    assert_eq!(pair.facts().await["refunds"].as_array().unwrap().len(), 5);
    let document = format!(r#"mutation {{ cancelEventBookings(eventId: "{}") }}"#, sale.event);
    let admin = pair.booking.call(document).as_admin().through(ServiceName::Booking);
    assert_eq!(admin.refused().await, "FORBIDDEN");
}

#[tokio::test]
async fn a_cancelled_event_is_remembered_while_the_ticket_service_is_down() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let buyer = Uuid::now_v7();
    let id = pair.paid(buyer, &sale, 1).await;
    let nowhere = booking::saga::Saga {
        tickets: std::sync::Arc::new(crate::pair::ticket_port("http://127.0.0.1:1")),
        ..pair.saga.clone()
    };
    let event = sale.event.parse().unwrap();
    assert_eq!(booking::bookings::cancel_event(&nowhere, event).await.unwrap(), 1);
    assert_eq!(pair.seen_by_admin(&id).await["status"], "PAID", "its tickets are still valid");
    assert_eq!(pair.pay(&id).as_user(buyer, Role::Customer).refused().await, "INVALID_TRANSITION");
    assert_eq!(booking::bookings::cancel_event(&pair.saga, event).await.unwrap(), 0);
    assert_eq!(pair.seen_by_admin(&id).await["cancelReason"], "EVENT_CANCELLED");
}
