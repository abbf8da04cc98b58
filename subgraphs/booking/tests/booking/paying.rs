//! Paying: once, in time, and only then are there tickets.

use booking::worker;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use service::identity::Role;
use uuid::Uuid;

use crate::pair::Pair;

#[tokio::test]
async fn paying_twice_or_eight_times_at_once_charges_once() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let buyer = Uuid::now_v7();
    let id = pair.booked(buyer, &sale, 3).await;
    let answers = join_all((0..8).map(|_| pair.pay(&id).as_user(buyer, Role::Customer).data())).await;
    for answer in &answers {
        assert_eq!(answer["confirmPayment"]["status"], "PAID");
    }
    assert_eq!(pair.counters(&sale).await, [3, 7]);
    assert_eq!(pair.tickets(&id, "VALID").await, 3);
    let facts = pair.facts().await;
    assert_eq!(facts["payments"].as_array().unwrap().len(), 1);
    assert_eq!(facts["payments"][0]["status"], "SUCCEEDED");
    let changes: Vec<_> = facts["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| [line["from"].clone(), line["to"].clone()])
        .collect();
    assert_eq!(changes, [[json!(null), json!("PENDING")], [json!("PENDING"), json!("PAID")]]);
}

#[tokio::test]
async fn a_free_ticket_needs_no_payment() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 0).await;
    let buyer = Uuid::now_v7();
    let id = pair.paid(buyer, &sale, 2).await;
    assert_eq!(pair.tickets(&id, "VALID").await, 2);
    assert_eq!(pair.facts().await["payments"], json!([]));
}

#[tokio::test]
async fn what_has_lapsed_is_not_paid_any_more() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let buyer = Uuid::now_v7();
    let id = pair.booked(buyer, &sale, 2).await;
    pair.clock.advance(TimeDelta::seconds(60));
    for _ in 0..2 {
        assert_eq!(pair.pay(&id).as_user(buyer, Role::Customer).refused().await, "HOLD_EXPIRED");
    }
    let seen = pair.seen_by_admin(&id).await;
    assert_eq!((&seen["status"], &seen["cancelReason"]), (&json!("CANCELLED"), &json!("EXPIRED")));
    assert_eq!(pair.counters(&sale).await, [0, 10]);
    assert_eq!(pair.facts().await["payments"], json!([]));
}

#[tokio::test]
async fn the_worker_gives_back_what_nobody_paid() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let buyer = Uuid::now_v7();
    let (lapsing, paid) = (pair.booked(buyer, &sale, 2).await, pair.paid(buyer, &sale, 1).await);
    assert_eq!(worker::run_once(&pair.saga).await.unwrap(), 0);
    pair.clock.advance(TimeDelta::seconds(60));
    assert_eq!(worker::run_once(&pair.saga).await.unwrap(), 1);
    assert_eq!(pair.seen_by_admin(&lapsing).await["cancelReason"], "EXPIRED");
    assert_eq!(pair.seen_by_admin(&paid).await["status"], "PAID");
    assert_eq!(pair.counters(&sale).await, [1, 9]);
    assert_eq!(worker::run_once(&pair.saga).await.unwrap(), 0);
}

#[tokio::test]
async fn two_workers_at_once_do_everything_once() {
    let pair = Pair::open().await;
    let sale = pair.sale(40, 1).await;
    for _ in 0..20 {
        pair.booked(Uuid::now_v7(), &sale, 2).await;
    }
    pair.clock.advance(TimeDelta::seconds(60));
    let (one, two) = tokio::join!(worker::run_once(&pair.saga), worker::run_once(&pair.saga));
    assert_eq!(one.unwrap() + two.unwrap(), 20);
    assert_eq!(pair.counters(&sale).await, [0, 40]);
}

#[tokio::test]
async fn a_cancelled_booking_is_not_paid() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let buyer = Uuid::now_v7();
    let id = pair.booked(buyer, &sale, 2).await;
    pair.cancel_mine(&id, buyer).data().await;
    assert_eq!(pair.pay(&id).as_user(buyer, Role::Customer).refused().await, "INVALID_TRANSITION");
    assert_eq!(pair.counters(&sale).await, [0, 10]);
}

#[tokio::test]
async fn without_a_token_nobody_pays() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let id = pair.booked(Uuid::now_v7(), &sale, 1).await;
    assert_eq!(pair.pay(&id).refused().await, "UNAUTHENTICATED");
    assert_eq!(pair.pay(&id).with_token("a.b.c").refused().await, "UNAUTHENTICATED");
}
