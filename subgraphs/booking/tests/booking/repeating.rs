//! Requests that come again: under a key the same one does the same, another one is a conflict. And requests that come too many at a time.

use std::time::Duration;

use booking::admission::Limits;
use serde_json::json;
use service::identity::Role;
use subgraph::testing::Call;
use uuid::Uuid;

use crate::pair::{Pair, Sale};

const KEY: &str = r#", idempotencyKey: "mine""#;

#[tokio::test]
async fn a_payment_under_a_key_is_made_once_and_the_key_is_good_for_no_other() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let buyer = Uuid::now_v7();
    let (one, other) = (pair.booked(buyer, &sale, 1).await, pair.booked(buyer, &sale, 1).await);
    let pay = |id: &str| pair.pay_with(id, KEY).as_user(buyer, Role::Customer);
    let first = pay(&one).data().await;
    assert_eq!(first["confirmPayment"]["status"], "PAID");
    assert_eq!(pay(&one).data().await, first);
    conflicts(pay(&other)).await;
    assert_eq!(pair.counters(&sale).await, [1, 8]);
    assert_eq!(pair.facts().await["payments"].as_array().unwrap().len(), 1);
    // The key is this user's: an administrator may have the same one for something else.
    pair.pay_with(&other, KEY).as_admin().data().await;
    assert_eq!(pair.counters(&sale).await, [2, 8]);
}

#[tokio::test]
async fn a_cancellation_under_a_key_is_the_same_again_and_conflicts_with_another() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let buyer = Uuid::now_v7();
    let (one, other) = (pair.booked(buyer, &sale, 1).await, pair.booked(buyer, &sale, 1).await);
    let first = pair.cancel_mine_with(&one, buyer, KEY).data().await;
    assert_eq!(first["cancel"]["success"], true);
    assert_eq!(pair.cancel_mine_with(&one, buyer, KEY).data().await, first);
    conflicts(pair.cancel_mine_with(&other, buyer, KEY)).await;

    let paid = pair.paid(buyer, &sale, 1).await;
    let (admin, refund) = (Uuid::now_v7(), format!("{KEY}, refund: true"));
    let cancel = |more: &str| pair.cancel(&paid, more).as_user(admin, Role::Admin);
    let first = cancel(&refund).data().await;
    assert_eq!(first["cancel"]["success"], true);
    assert_eq!(cancel(&refund).data().await, first);
    conflicts(cancel(KEY)).await;
    assert_eq!(pair.facts().await["refunds"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stranger_takes_no_key_and_a_bad_key_is_refused() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 1).await;
    let id = pair.booked(Uuid::now_v7(), &sale, 1).await;
    let stranger = Uuid::now_v7();
    let refused = pair.cancel_mine_with(&id, stranger, KEY).send().await;
    assert_eq!(refused.code(), Some("NOT_FOUND"));
    assert_eq!(pair.facts().await["idempotency"], json!([]));
    let refused = pair.cancel(&id, r#", idempotencyKey: """#).send().await;
    assert_eq!(refused.code(), Some("BAD_USER_INPUT"));
    assert_eq!(pair.seen_by_admin(&id).await["status"], "PENDING");
}

#[tokio::test]
async fn who_finds_the_shop_crowded_is_told_when_to_come_again_and_nothing_is_written() {
    let full = Limits { at_once: 0, waiting: 0, patience: Duration::from_secs(2) };
    let pair = Pair::admitting(full).await;
    let sale: Sale = pair.sale(10, 1).await;
    let refused = pair.create(Uuid::now_v7(), &sale, 1, KEY).send().await;
    assert_eq!(refused.code(), Some("OVERLOADED"));
    assert_eq!(refused.body["errors"][0]["extensions"]["retryAfter"], 2);
    let facts = pair.facts().await;
    assert_eq!((&facts["bookings"], &facts["idempotency"]), (&json!([]), &json!([])));
}

async fn conflicts(call: Call<'_>) {
    assert_eq!(call.send().await.code(), Some("IDEMPOTENCY_CONFLICT"));
}
