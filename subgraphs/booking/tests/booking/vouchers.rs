//! Booking with a voucher: the price, the key, the refusals, and where the use goes.

use chrono::TimeDelta;
use serde_json::{Value, json};
use service::identity::Role;
use uuid::Uuid;

use crate::pair::{Pair, Sale, noon};

impl Pair {
    async fn voucher(&self, sale: &Sale, code: &str, more: &str) {
        let event = &sale.event;
        let document = format!(
            r#"mutation {{ createVoucher(input: {{ eventId: "{event}", code: "{code}", {more} }}) {{ id }} }}"#
        );
        self.ticket.call(document).as_admin().data().await;
    }

    /// `[used, held]` of the event's first voucher.
    async fn uses(&self, sale: &Sale) -> [i64; 2] {
        let document = format!(r#"{{ vouchers(eventId: "{}") {{ used held }} }}"#, sale.event);
        let data = self.ticket.call(document).as_admin().data().await;
        ["used", "held"].map(|name| data["vouchers"][0][name].as_i64().unwrap())
    }
}

const EARLY: &str = r#", voucher: "early""#;

#[tokio::test]
async fn a_booking_costs_what_the_voucher_leaves() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    pair.voucher(&sale, "EARLY", "discount: { percent: 20 }, usageLimit: 5").await;
    let buyer = Uuid::now_v7();
    let data = pair.create(buyer, &sale, 2, EARLY).data().await;
    assert_eq!(data["createBooking"]["total"], json!({ "amount": 240_000, "currency": "IDR" }));
    assert_eq!(pair.uses(&sale).await, [0, 2]);
    let id = data["createBooking"]["id"].as_str().unwrap();
    let paid = pair.pay(id).as_user(buyer, Role::Customer).data().await;
    assert_eq!(
        (&paid["confirmPayment"]["status"], &paid["confirmPayment"]["totalPrice"]),
        (&json!("PAID"), &json!(240_000))
    );
    assert_eq!(pair.uses(&sale).await, [2, 0]);
    let facts = pair.facts().await;
    assert_eq!(
        (&facts["payments"][0]["amount"], &facts["bookings"][0]["unitPrice"]),
        (&json!(240_000), &json!(120_000))
    );
    let shown = pair
        .booking
        .call(format!(r#"{{ booking(id: "{id}") {{ voucher }} }}"#))
        .as_user(buyer, Role::Customer);
    assert_eq!(shown.data().await["booking"]["voucher"], "EARLY");
    pair.cancel(id, ", refund: true").data().await;
    assert_eq!((pair.uses(&sale).await, pair.counters(&sale).await), ([0, 0], [0, 10]));
}

#[tokio::test]
async fn what_a_voucher_makes_free_is_paid_without_a_payment() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    pair.voucher(&sale, "EARLY", "discount: { price: 0 }, usageLimit: 5").await;
    let buyer = Uuid::now_v7();
    let data = pair.create(buyer, &sale, 2, EARLY).data().await;
    assert_eq!(data["createBooking"]["totalPrice"], 0);
    let id = data["createBooking"]["id"].as_str().unwrap();
    let paid = pair.pay(id).as_user(buyer, Role::Customer).data().await;
    assert_eq!(paid["confirmPayment"]["status"], "PAID");
    assert_eq!(pair.facts().await["payments"], json!([]));
    assert_eq!((pair.tickets(id, "VALID").await, pair.uses(&sale).await), (2, [2, 0]));
}

#[tokio::test]
async fn a_voucher_is_part_of_what_a_key_stands_for() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    pair.voucher(&sale, "EARLY", "discount: { percent: 20 }, usageLimit: 5").await;
    let buyer = Uuid::now_v7();
    let with = |voucher: &str| format!(r#", idempotencyKey: "k"{voucher}"#);
    let first = pair.create(buyer, &sale, 1, &with(EARLY)).data().await;
    let again = pair.create(buyer, &sale, 1, &with(r#", voucher: "EARLY""#)).data().await;
    assert_eq!(first, again, "in whatever case");
    for other in ["", r#", voucher: "OTHER""#] {
        assert_eq!(pair.create(buyer, &sale, 1, &with(other)).refused().await, "IDEMPOTENCY_CONFLICT");
    }
    assert_eq!(pair.uses(&sale).await, [0, 1]);
}

#[tokio::test]
async fn a_voucher_that_is_not_good_is_refused_with_its_code_now_and_under_the_key() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    pair.voucher(&sale, "EARLY", "discount: { percent: 20 }, usageLimit: 1").await;
    let ended = (noon() - TimeDelta::minutes(1)).to_rfc3339();
    let more = format!(r#"discount: {{ percent: 20 }}, usageLimit: 1, validUntil: "{ended}""#);
    pair.voucher(&sale, "ENDED", &more).await;
    let buyer = Uuid::now_v7();
    let table = [
        ("EARLY", json!({ "code": "VOUCHER_USED_UP", "field": "voucher", "remaining": 1 })),
        ("ENDED", json!({ "code": "VOUCHER_EXPIRED", "field": "voucher" })),
        ("NOTHING", json!({ "code": "VOUCHER_INVALID", "field": "voucher" })),
        ("no code!", json!({ "code": "VOUCHER_INVALID", "field": "voucher" })),
    ];
    let mut words: Vec<Value> = Vec::new();
    for (code, facts) in table {
        let more = format!(r#", voucher: "{code}", idempotencyKey: "{}""#, words.len());
        let refused = pair.create(buyer, &sale, 2, &more).send().await;
        assert_eq!(refused.body["errors"][0]["extensions"], facts, "{code}");
        let again = pair.create(buyer, &sale, 2, &more).send().await;
        assert_eq!(refused.body, again.body, "a replay reads as the first answer did");
        words.push(refused.body["errors"][0]["message"].clone());
    }
    assert_eq!(words[2], words[3], "what cannot be a code is answered as what is none");
    assert_eq!((pair.uses(&sale).await, pair.counters(&sale).await), ([0, 0], [0, 10]));
}

#[tokio::test]
async fn who_guesses_vouchers_must_wait_and_nobody_else() {
    let pair = Pair::open().await;
    let sale = pair.sale(100, 150_000).await;
    pair.voucher(&sale, "EARLY", "discount: { percent: 20 }, usageLimit: 50").await;
    let (guesser, honest) = (Uuid::now_v7(), Uuid::now_v7());
    for guess in 0..10 {
        let guess = format!(r#", voucher: "GUESS-{guess}""#);
        assert_eq!(pair.create(guesser, &sale, 1, &guess).refused().await, "VOUCHER_INVALID");
    }
    let refused = pair.create(guesser, &sale, 1, EARLY).send().await;
    assert_eq!(
        refused.body["errors"][0]["extensions"],
        json!({ "code": "TOO_MANY_ATTEMPTS", "field": "voucher", "retryAfter": 601 }),
        "also for one that there is: the answer must not tell"
    );
    pair.create(guesser, &sale, 1, "").data().await;
    pair.create(honest, &sale, 1, EARLY).data().await;
    pair.clock.advance(TimeDelta::minutes(10));
    pair.create(guesser, &sale, 1, EARLY).data().await;
}
