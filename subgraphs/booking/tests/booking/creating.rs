//! Booking: who gets the last ticket, what a key is good for, and what happens when the ticket service is not there.

use booking::worker;
use chrono::TimeDelta;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use service::identity::Role;
use subgraph::testing::Answer;
use uuid::Uuid;

use crate::pair::{Pair, noon};

/// How many buyers are at it in the same moment.
const AT_ONCE: usize = 32;

/// Buys one ticket as a person would who is told "try again": again, under the same key. Answers the refusal.
async fn buy(pair: &Pair, sale: &crate::pair::Sale) -> Option<String> {
    let buyer = Uuid::now_v7();
    let id = loop {
        let created = pair.create(buyer, sale, 1, r#", idempotencyKey: "the-one""#).send().await;
        match created.code() {
            None => break created.at("/createBooking/id").as_str().expect("an id").to_owned(),
            Some("UNAVAILABLE") => {}
            Some(refused) => return Some(refused.to_owned()),
        }
    };
    loop {
        let paid = pair.pay(&id).as_user(buyer, Role::Customer).send().await;
        match paid.code() {
            None => assert_eq!(paid.at("/confirmPayment/status"), "PAID"),
            Some("UNAVAILABLE") => continue,
            Some(refused) => panic!("{refused}"),
        }
        return None;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_of_fifty_tickets_buy_exactly_fifty() {
    let pair = Pair::open().await;
    let sale = pair.sale(50, 150_000).await;
    let buyers = stream::iter((0..200).map(|_| buy(&pair, &sale))).buffer_unordered(AT_ONCE);
    let refusals: Vec<_> = buyers.filter_map(std::future::ready).collect().await;
    assert_eq!(refusals, vec!["SOLD_OUT"; 150]);
    assert_eq!(pair.counters(&sale).await, [50, 0]);
    let facts = ticket::facts::read(&pair.ticket.database).await.unwrap();
    assert_eq!(facts["tickets"].as_array().unwrap().len(), 50);
    let facts = pair.facts().await;
    let paid = facts["bookings"].as_array().unwrap().iter().filter(|row| row["status"] == "PAID").count();
    assert_eq!((paid, facts["payments"].as_array().unwrap().len()), (50, 50));
}

#[tokio::test]
async fn a_quantity_that_is_none_is_refused_and_nothing_is_written() {
    let pair = Pair::open().await;
    let sale = pair.sale(1_000, 1).await;
    for quantity in [0, -1, 101, i32::MAX.into(), i32::MIN.into()] {
        let refused = pair.create(Uuid::now_v7(), &sale, quantity, "").send().await;
        assert_eq!(refused.code(), Some("BAD_USER_INPUT"), "{quantity}");
        assert_eq!(refused.body["errors"][0]["extensions"]["field"], "quantity");
    }
    assert!(pair.create(Uuid::now_v7(), &sale, 1 << 31, "").send().await.code().is_some());
    assert_eq!(pair.facts().await["bookings"], json!([]));
    assert_eq!(pair.counters(&sale).await, [0, 1_000]);
}

#[tokio::test]
async fn a_refusal_says_why_and_leaves_no_booking_to_see() {
    let pair = Pair::open().await;
    let sale = pair.sale(3, 1).await;
    let buyer = Uuid::now_v7();
    let refused = pair.create(buyer, &sale, 4, "").send().await;
    assert_eq!(refused.code(), Some("SOLD_OUT"));
    assert_eq!(refused.body["errors"][0]["extensions"]["available"], 3);
    let elsewhere = crate::pair::Sale { event: Uuid::now_v7().to_string(), ..pair.sale(1, 1).await };
    assert_eq!(pair.create(buyer, &elsewhere, 1, "").refused().await, "NOT_FOUND");
    let list = format!(r#"{{ bookingsByUser(userId: "{buyer}") {{ id }} }}"#);
    let data = pair.booking.call(list).as_user(buyer, Role::Customer).data().await;
    assert_eq!(data["bookingsByUser"], json!([]));
}

#[tokio::test]
async fn the_same_request_under_the_same_key_is_one_booking() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let buyer = Uuid::now_v7();
    let key = r#", idempotencyKey: "order-1""#;
    let calls = (0..8).map(|_| pair.create(buyer, &sale, 2, key).data());
    let answers = join_all(calls).await;
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(pair.counters(&sale).await, [0, 8]);

    assert_eq!(pair.create(buyer, &sale, 1, key).refused().await, "IDEMPOTENCY_CONFLICT");
    let somebody_else = pair.create(Uuid::now_v7(), &sale, 1, key).data().await;
    assert_ne!(
        somebody_else["createBooking"]["id"], answers[0]["createBooking"]["id"],
        "keys are each buyer's own"
    );
    assert_eq!(pair.counters(&sale).await, [0, 7]);

    let id = answers[0]["createBooking"]["id"].as_str().unwrap();
    pair.pay(id).as_user(buyer, Role::Customer).data().await;
    let again = pair.create(buyer, &sale, 2, key).data().await;
    assert_eq!(
        (&again["createBooking"]["id"], &again["createBooking"]["status"]),
        (&json!(id), &json!("PAID"))
    );
    let bad = pair.create(buyer, &sale, 2, r#", idempotencyKey: "a b""#);
    assert_eq!(bad.refused().await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_refusal_is_repeated_under_its_key_even_when_there_is_stock_again() {
    let pair = Pair::open().await;
    let sale = pair.sale(1, 1).await;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    let id = pair.booked(first, &sale, 1).await;
    let key = r#", idempotencyKey: "k""#;
    let refused = pair.create(second, &sale, 1, key).send().await;
    pair.cancel_mine(&id, first).data().await;
    let again = pair.create(second, &sale, 1, key).send().await;
    assert_eq!(refused.body, again.body);
    pair.create(second, &sale, 1, r#", idempotencyKey: "k2""#).data().await;
}

/// The code and the facts of a refusal.
fn extensions(refused: &Answer) -> Value {
    refused.body["errors"][0]["extensions"].clone()
}

#[tokio::test]
async fn a_refusal_carries_the_rule_that_was_broken_now_and_under_its_key() {
    let pair = Pair::open().await;
    let sale = pair.sale(20, 1).await;
    let buyer = Uuid::now_v7();
    let open = (noon() + TimeDelta::minutes(5)).to_rfc3339();
    let early = format!(r#"{{ salesOpenAt: "{open}" }}"#);
    let closed = (noon() - TimeDelta::minutes(5)).to_rfc3339();
    let late = format!(r#"{{ salesOpenAt: null, salesCloseAt: "{closed}" }}"#);
    let bounds = "{ salesCloseAt: null, minPerOrder: 2, maxPerOrder: 4, maxPerBuyer: 3 }".to_owned();
    let quantity = |rule: Value| {
        let mut all = json!({ "code": "BAD_USER_INPUT", "field": "quantity" });
        all.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
        all
    };
    let table = [
        (&early, 2, json!({ "code": "SALES_CLOSED", "salesOpenAt": open })),
        (&late, 2, json!({ "code": "SALES_CLOSED", "salesCloseAt": closed })),
        (&bounds, 1, quantity(json!({ "minPerOrder": 2 }))),
        (&bounds, 5, quantity(json!({ "maxPerOrder": 4 }))),
        (&bounds, 4, quantity(json!({ "maxPerBuyer": 3, "remaining": 3 }))),
    ];
    for (nth, (rules, count, facts)) in table.into_iter().enumerate() {
        pair.update(&sale, rules).await;
        let key = format!(r#", idempotencyKey: "k{nth}""#);
        let refused = pair.create(buyer, &sale, count, &key).send().await;
        assert_eq!(extensions(&refused), facts, "{rules} for {count}");
        pair.update(&sale, "{ salesOpenAt: null, minPerOrder: null, maxPerOrder: null, maxPerBuyer: null }")
            .await;
        let again = pair.create(buyer, &sale, count, &key).send().await;
        assert_eq!(refused.body, again.body, "a replay reads as the first answer did");
    }
}

#[tokio::test]
async fn while_the_ticket_service_is_down_nothing_is_sold_and_keyed_requests_are_finished_later() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let pair = pair.without_ticket_service().await;
    let buyer = Uuid::now_v7();
    let key = r#", idempotencyKey: "k""#;
    assert_eq!(pair.create(buyer, &sale, 1, key).refused().await, "UNAVAILABLE");
    assert_eq!(pair.create(buyer, &sale, 2, "").refused().await, "UNAVAILABLE");
    assert_eq!(pair.counters(&sale).await, [0, 10]);

    assert_eq!(
        worker::run_once(&pair.saga).await.unwrap(),
        0,
        "not while the request may still be under way"
    );
    pair.clock.advance(TimeDelta::seconds(11));
    assert_eq!(worker::run_once(&pair.saga).await.unwrap(), 2);
    assert_eq!(pair.counters(&sale).await, [0, 9]);
    let found = pair.create(buyer, &sale, 1, key).data().await;
    assert_eq!(found["createBooking"]["status"], "PENDING");
    let list = format!(r#"{{ bookingsByUser(userId: "{buyer}") {{ quantity }} }}"#);
    let data = pair.booking.call(list).as_user(buyer, Role::Customer).data().await;
    assert_eq!(data["bookingsByUser"], json!([{ "quantity": 1 }]), "what nobody can find again was given up");
}

#[tokio::test]
async fn a_price_change_does_not_change_what_was_booked() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let buyer = Uuid::now_v7();
    let id = pair.booked(buyer, &sale, 2).await;
    pair.update(&sale, "{ price: 1 }").await;
    let paid = pair.pay(&id).as_user(buyer, Role::Customer).data().await;
    assert_eq!(paid["confirmPayment"]["total"], json!({ "amount": 300_000, "currency": "IDR" }));
    let next = pair.create(buyer, &sale, 2, "").data().await;
    assert_eq!(next["createBooking"]["totalPrice"], 2);
}
