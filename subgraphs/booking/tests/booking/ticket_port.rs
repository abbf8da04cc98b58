//! One suite for everything that holds tickets: the HTTP adapter before a real ticket service, and the fake.

use ::entities::ids::{BookingId, UserId};
use ::entities::money::{Currency, Money, Quantity};
use booking::ticket::fake::{FakeTicketHolds, Mood};
use booking::ticket::{Hold, HoldError, HoldRequest, HoldStatus, Release, TicketHolds};
use chrono::TimeDelta;
use subgraph::error::Code;

use crate::pair::{Pair, Sale, ticket_port};

fn price() -> Money {
    Money::new(150_000, Currency::Idr).unwrap()
}

fn request(sale: &Sale, count: i32) -> HoldRequest {
    HoldRequest {
        booking_id: BookingId::new(),
        event_id: sale.event.parse().unwrap(),
        ticket_type_id: sale.ticket_type.parse().unwrap(),
        quantity: Quantity::new(count).unwrap(),
        user_id: UserId::new(),
        voucher: None,
        ttl: TimeDelta::milliseconds(59_001),
    }
}

fn code(outcome: Result<Hold, HoldError>) -> (Code, Option<i32>) {
    match outcome {
        Err(HoldError::Refused { code, facts, .. }) => (code, facts.available),
        other => panic!("not refused: {other:?}"),
    }
}

/// Ten tickets at 150000.
async fn holds_as_agreed(holds: &dyn TicketHolds, sale: &Sale) {
    let first = request(sale, 6);
    let held = Hold { status: HoldStatus::Held, unit_price: price() };
    assert_eq!(holds.hold(first).await, Ok(held));
    assert_eq!(holds.hold(first).await, Ok(held));
    assert_eq!(code(holds.hold(request(sale, 5)).await), (Code::SoldOut, Some(4)));
    for _ in 0..2 {
        let confirmed = Hold { status: HoldStatus::Confirmed, unit_price: price() };
        assert_eq!(holds.confirm(first.booking_id).await, Ok(confirmed));
    }
    let second = request(sale, 4);
    assert_eq!(holds.hold(second).await, Ok(held));
    for _ in 0..2 {
        assert_eq!(holds.release(second.booking_id, Release::Unused).await, Ok(()));
    }
    assert_eq!(code(holds.hold(second).await), (Code::InvalidTransition, None));
    assert_eq!(code(holds.confirm(second.booking_id).await), (Code::InvalidTransition, None));
    let never = request(sale, 1);
    assert_eq!(code(holds.confirm(never.booking_id).await), (Code::NotFound, None));
    assert_eq!(holds.release(never.booking_id, Release::All).await, Ok(()));
    assert_eq!(code(holds.hold(never).await), (Code::InvalidTransition, None));
    assert_eq!(holds.release(first.booking_id, Release::Unused).await, Ok(()), "sold, and taken back");
    assert_eq!(holds.hold(request(sale, 10)).await, Ok(held));
}

#[tokio::test]
async fn the_ticket_service_holds_as_agreed() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    holds_as_agreed(&ticket_port(&pair.ticket.url), &sale).await;
}

#[tokio::test]
async fn the_fake_holds_as_agreed() {
    let id = || uuid::Uuid::now_v7().to_string();
    holds_as_agreed(&FakeTicketHolds::new(10, price()), &Sale { event: id(), ticket_type: id() }).await;
}

#[tokio::test]
async fn what_does_not_answer_decides_nothing() {
    let id = || uuid::Uuid::now_v7().to_string();
    let request = request(&Sale { event: id(), ticket_type: id() }, 1);
    let down = FakeTicketHolds::new(10, price());
    down.set_mood(Mood::Down);
    let nowhere = ticket_port("http://127.0.0.1:1");
    for holds in [&down as &dyn TicketHolds, &nowhere] {
        assert!(matches!(holds.hold(request).await, Err(HoldError::Unavailable { .. })));
        assert!(matches!(holds.confirm(request.booking_id).await, Err(HoldError::Unavailable { .. })));
        let released = holds.release(request.booking_id, Release::All).await;
        assert!(matches!(released, Err(HoldError::Unavailable { .. })));
    }
}
