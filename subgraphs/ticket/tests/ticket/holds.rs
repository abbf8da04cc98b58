//! Holds: the three fences, expiry, and that no more is sold than there is.

use chrono::TimeDelta;
use futures_util::StreamExt;
use serde_json::json;
use ticket::expiry;

use crate::shop::{BUYER, Sale, Shop, VOID, id};

#[tokio::test]
async fn a_hold_becomes_tickets_and_both_may_be_repeated() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = id();
    let held = shop.hold(&booking, &sale, 3).data().await["hold"].clone();
    assert_eq!((&held["status"], &held["unitPrice"]), (&json!("HELD"), &json!(150_000)));
    assert_eq!(shop.hold(&booking, &sale, 3).data().await["hold"], held, "the same request, the same hold");
    assert_eq!(shop.counters(&sale).await, [0, 7]);
    for _ in 0..2 {
        assert_eq!(shop.confirm(&booking).data().await["hold"]["status"], "CONFIRMED");
        assert_eq!(shop.counters(&sale).await, [3, 7]);
        assert_eq!(shop.tickets(&booking).await, ["VALID"; 3]);
    }
    assert_eq!(shop.hold(&booking, &sale, 3).data().await["hold"]["status"], "CONFIRMED");
}

#[tokio::test]
async fn one_booking_holds_one_thing() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let other = shop.sale(10).await;
    let booking = id();
    shop.hold(&booking, &sale, 3).data().await;
    assert_eq!(shop.hold(&booking, &sale, 2).refused().await, "IDEMPOTENCY_CONFLICT");
    assert_eq!(shop.hold(&booking, &other, 3).refused().await, "IDEMPOTENCY_CONFLICT");
    assert_eq!(shop.hold_as(&booking, &sale, 3, &id()).refused().await, "IDEMPOTENCY_CONFLICT");
    assert_eq!(shop.counters(&sale).await, [0, 7]);
    assert_eq!(shop.counters(&other).await, [0, 10]);
}

#[tokio::test]
async fn what_cannot_be_held_is_refused_and_nothing_moves() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let elsewhere = Sale { event: shop.event(1).await, ..sale.clone() };
    let nowhere = Sale { ticket_type: id(), ..sale.clone() };
    let cases = [
        (shop.hold(&id(), &sale, 0), "BAD_USER_INPUT"),
        (shop.hold(&id(), &sale, -1), "BAD_USER_INPUT"),
        (shop.hold(&id(), &sale, i32::MAX.into()), "SOLD_OUT"),
        (shop.hold(&id(), &elsewhere, 1), "NOT_FOUND"),
        (shop.hold(&id(), &nowhere, 1), "NOT_FOUND"),
        (shop.hold("x", &sale, 1), "BAD_USER_INPUT"),
        (shop.confirm(&id()), "NOT_FOUND"),
    ];
    for (call, code) in cases {
        assert_eq!(call.refused().await, code);
    }
    assert!(shop.hold(&id(), &sale, 1 << 31).send().await.code().is_some());
    shop.update(&sale.ticket_type, "{ status: CLOSED }").data().await;
    assert_eq!(shop.hold(&id(), &sale, 1).refused().await, "SALES_CLOSED");
    assert_eq!(shop.counters(&sale).await, [0, 10]);
    assert_eq!(shop.facts().await["holds"], json!([]));
}

#[tokio::test]
async fn sold_out_says_what_is_left() {
    let shop = Shop::open().await;
    let sale = shop.sale(3).await;
    shop.hold(&id(), &sale, 2).data().await;
    let refused = shop.hold(&id(), &sale, 2).send().await;
    assert_eq!(refused.code(), Some("SOLD_OUT"));
    assert_eq!(refused.body["errors"][0]["extensions"]["available"], 1);
    shop.hold(&id(), &sale, 1).data().await;
    assert_eq!(shop.row(&sale.ticket_type).await["status"], "SOLD_OUT");
}

#[tokio::test]
async fn a_release_comes_before_its_hold_and_wins() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = id();
    for _ in 0..2 {
        let released = shop.release(&booking, "").data().await["hold"].clone();
        assert_eq!((&released["status"], &released["ticketTypeId"]), (&json!("RELEASED"), &json!(null)));
    }
    assert_eq!(shop.hold(&booking, &sale, 1).refused().await, "INVALID_TRANSITION");
    assert_eq!(shop.confirm(&booking).refused().await, "INVALID_TRANSITION");
    assert_eq!(shop.counters(&sale).await, [0, 10]);
}

#[tokio::test]
async fn a_released_hold_gives_its_tickets_back_once() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = id();
    shop.hold(&booking, &sale, 4).data().await;
    for _ in 0..3 {
        assert_eq!(shop.release(&booking, "").data().await["hold"]["status"], "RELEASED");
        assert_eq!(shop.counters(&sale).await, [0, 10]);
    }
    assert_eq!(shop.hold(&booking, &sale, 4).refused().await, "INVALID_TRANSITION");
}

#[tokio::test]
async fn what_is_sold_is_taken_back_only_on_purpose() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = id();
    shop.hold(&booking, &sale, 2).data().await;
    shop.confirm(&booking).data().await;
    assert_eq!(shop.release(&booking, "").refused().await, "INVALID_TRANSITION");
    assert_eq!(shop.counters(&sale).await, [2, 8]);
    for _ in 0..2 {
        shop.release(&booking, VOID).data().await;
        assert_eq!(shop.counters(&sale).await, [0, 10]);
        assert_eq!(shop.tickets(&booking).await, ["VOID"; 2]);
    }
}

#[tokio::test]
async fn a_used_ticket_keeps_its_sale_unless_overridden() {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = id();
    shop.hold(&booking, &sale, 2).data().await;
    shop.confirm(&booking).data().await;
    use ::entities::ticket::{status::AdmissionStatus, tickets};
    tickets::Entity::update_many()
        .col_expr(tickets::Column::Status, Expr::value(AdmissionStatus::Used))
        .filter(tickets::Column::Seq.eq(1))
        .exec(shop.service.database.write())
        .await
        .unwrap();
    assert_eq!(shop.release(&booking, VOID).refused().await, "INVALID_TRANSITION");
    assert_eq!(shop.counters(&sale).await, [2, 8]);
    shop.release(&booking, ", voidTickets: true, overrideUsed: true").data().await;
    assert_eq!(shop.counters(&sale).await, [0, 10]);
}

#[tokio::test]
async fn a_lapsed_hold_is_given_to_the_next_buyer_at_once() {
    let shop = Shop::open().await;
    let sale = shop.sale(2).await;
    let (late, next) = (id(), id());
    shop.hold(&late, &sale, 2).data().await;
    assert_eq!(shop.hold(&next, &sale, 1).refused().await, "SOLD_OUT");
    shop.clock.advance(TimeDelta::seconds(60));
    assert_eq!(shop.hold(&next, &sale, 1).data().await["hold"]["status"], "HELD");
    assert_eq!(shop.counters(&sale).await, [0, 1]);
    assert_eq!(shop.hold(&late, &sale, 2).data().await["hold"]["status"], "EXPIRED");
    assert_eq!(shop.confirm(&late).refused().await, "HOLD_EXPIRED", "2 wanted, 1 free");
}

#[tokio::test]
async fn a_late_payment_wins_its_tickets_back_while_they_are_free() {
    let shop = Shop::open().await;
    let sale = shop.sale(2).await;
    let late = id();
    shop.hold(&late, &sale, 2).data().await;
    shop.clock.advance(TimeDelta::seconds(60));
    assert_eq!(expiry::run_once(&shop.store()).await.unwrap(), 1);
    assert_eq!(shop.counters(&sale).await, [0, 2]);
    assert_eq!(shop.confirm(&late).data().await["hold"]["status"], "CONFIRMED");
    assert_eq!(shop.counters(&sale).await, [2, 0]);
    assert_eq!(shop.tickets(&late).await, ["VALID"; 2]);
}

#[tokio::test]
async fn the_worker_gives_back_what_has_lapsed_and_nothing_else() {
    let shop = Shop::open().await;
    let (sale, other) = (shop.sale(300).await, shop.sale(10).await);
    for _ in 0..3 {
        shop.hold(&id(), &sale, 2).data().await;
    }
    let paid = id();
    shop.hold(&paid, &sale, 5).data().await;
    shop.confirm(&paid).data().await;
    shop.hold(&id(), &other, 1).data().await;
    shop.clock.advance(TimeDelta::seconds(30));
    shop.hold(&id(), &other, 1).data().await;
    assert_eq!(expiry::run_once(&shop.store()).await.unwrap(), 0);
    shop.clock.advance(TimeDelta::seconds(30));
    assert_eq!(expiry::run_once(&shop.store()).await.unwrap(), 4);
    assert_eq!(shop.counters(&sale).await, [5, 295]);
    assert_eq!(shop.counters(&other).await, [0, 9]);
    assert_eq!(expiry::run_once(&shop.store()).await.unwrap(), 0);
}

#[tokio::test]
async fn many_buyers_and_workers_at_once_never_break_the_counters() {
    let shop = Shop::open().await;
    let sale = shop.sale(20).await;
    let store = shop.store();
    let work = (0..60).map(|buyer| {
        let (shop, sale, store) = (&shop, &sale, &store);
        async move {
            let booking = id();
            let held = shop.hold(&booking, sale, 1 + buyer % 3).send().await;
            if buyer % 5 == 0 {
                shop.clock.advance(TimeDelta::seconds(20));
                expiry::run_once(store).await.unwrap();
            }
            match (held.code(), buyer % 4) {
                (None, 0) => drop(shop.release(&booking, "").data().await),
                (None, 1 | 2) => drop(shop.confirm(&booking).send().await),
                _ => {}
            }
        }
    });
    futures_util::stream::iter(work).buffer_unordered(16).collect::<Vec<()>>().await;
    shop.clock.advance(TimeDelta::seconds(60));
    expiry::run_once(&store).await.unwrap();
    let facts = shop.facts().await;
    let sum = |status: &str| -> i64 {
        let holds = facts["holds"].as_array().unwrap().iter().filter(|hold| hold["status"] == status);
        holds.map(|hold| hold["quantity"].as_i64().unwrap()).sum()
    };
    let row = &facts["ticketTypes"][0];
    assert_eq!(row["held"], 0, "at rest, after the time to live");
    assert_eq!(row["sold"], sum("CONFIRMED"));
    assert_eq!(facts["tickets"].as_array().unwrap().len() as i64, sum("CONFIRMED"));
    assert!(sum("CONFIRMED") <= 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_of_fifty_tickets_hold_exactly_fifty() {
    let shop = Shop::open().await;
    let sale = shop.sale(50).await;
    let calls = (0..200).map(|_| {
        let (shop, sale) = (&shop, &sale);
        async move { shop.hold(&id(), sale, 1).send().await }
    });
    let answers: Vec<_> = futures_util::stream::iter(calls).buffer_unordered(32).collect().await;
    let held = answers.iter().filter(|answer| answer.code().is_none()).count();
    let refused = answers.iter().filter(|answer| answer.code() == Some("SOLD_OUT")).count();
    assert_eq!((held, refused), (50, 150));
    assert_eq!(shop.counters(&sale).await, [0, 0]);
}

#[tokio::test]
async fn a_service_looks_up_a_hold_and_others_do_not() {
    let shop = Shop::open().await;
    let sale = shop.sale(1).await;
    let booking = id();
    shop.hold(&booking, &sale, 1).data().await;
    let document = format!(r#"{{ heldBooking(bookingId: "{booking}") {{ status quantity }} }}"#);
    let call = shop.service.call(document.clone()).through(service::identity::ServiceName::Booking);
    assert_eq!(call.data().await["heldBooking"], json!({ "status": "HELD", "quantity": 1 }));
    let buyer = BUYER.parse().unwrap();
    let call = shop.service.call(document).as_user(buyer, service::identity::Role::Customer);
    assert_eq!(call.refused().await, "FORBIDDEN");
}
