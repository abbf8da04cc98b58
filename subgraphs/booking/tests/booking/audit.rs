//! The audit log of bookings: their history, and what came of their payments and refunds.

use booking::worker;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use service::identity::Role;
use subgraph::testing::assert_append_only;
use uuid::Uuid;

use crate::pair::Pair;

/// `[actor kind, role, action, status before, status after]` of each entry, oldest first.
async fn told(pair: &Pair, arguments: &str) -> Vec<Value> {
    let document = format!(
        "{{ bookingAudit{arguments} {{ actor actorRole action subject changes {{ field before after }} }} }}"
    );
    let data = pair.booking.call(document).as_admin().data().await;
    let short = |entry: &Value| {
        let kind = entry["actor"].as_str().unwrap().split(':').next().unwrap().to_owned();
        let changes = entry["changes"].as_array().unwrap();
        let status = changes.iter().find(|change| change["field"] == "status").unwrap();
        json!([kind, entry["actorRole"], entry["action"], status["before"], status["after"]])
    };
    data["bookingAudit"].as_array().unwrap().iter().rev().map(short).collect()
}

#[tokio::test]
async fn a_sale_and_its_refund_are_told_with_who_did_each_step() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let id = pair.booked(Uuid::now_v7(), &sale, 2).await;
    let step = || pair.clock.advance(chrono::TimeDelta::seconds(1));
    step();
    let buyer = pair.seen_by_admin(&id).await["userId"].as_str().unwrap().parse().unwrap();
    pair.pay(&id).as_user(buyer, Role::Customer).header("x-request-id", "paying").data().await;
    step();
    pair.cancel(&id, ", refund: true").data().await;
    step();
    worker::run_once(&pair.saga).await.unwrap();
    let all = told(&pair, "").await;
    let expected = [
        json!(["user", "CUSTOMER", "BOOKING_CHANGED", null, "PENDING"]),
        json!(["user", "CUSTOMER", "BOOKING_CHANGED", "PENDING", "PAID"]),
        json!(["user", "CUSTOMER", "PAYMENT_CHANGED", "CREATED", "SUCCEEDED"]),
        json!(["user", "ADMIN", "BOOKING_CHANGED", "PAID", "CANCELLED"]),
        json!(["user", "ADMIN", "REFUND_CHANGED", null, "REQUESTED"]),
        json!(["worker", null, "REFUND_CHANGED", "REQUESTED", "SUBMITTED"]),
        json!(["worker", null, "REFUND_CHANGED", "SUBMITTED", "DONE"]),
        json!(["worker", null, "PAYMENT_CHANGED", "SUCCEEDED", "REVERSED"]),
    ];
    assert_eq!(sorted(all), sorted(expected.to_vec()));
    let of_request = told(&pair, r#"(filter: { requestId: "paying" })"#).await;
    assert_eq!(sorted(of_request), sorted(expected[1..3].to_vec()));
    assert_append_only(&pair.booking.database).await;
}

#[tokio::test]
async fn both_tables_are_read_as_one_list() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(pair.paid(Uuid::now_v7(), &sale, 1).await);
        pair.clock.advance(chrono::TimeDelta::seconds(1));
    }
    // Each sale is three entries: PENDING, PAID, and the payment.
    let all = told(&pair, "").await;
    assert_eq!(all.len(), 9, "{all:?}");
    let pages = [told(&pair, "(limit: 4)").await, told(&pair, "(limit: 4, offset: 4)").await];
    let last = told(&pair, "(limit: 4, offset: 8)").await;
    assert_eq!([last, pages[1].clone(), pages[0].clone()].concat(), all);
    for (filter, expected) in [
        (format!(r#"subject: "{}""#, ids[0]), 2),
        ("action: PAYMENT_CHANGED".to_owned(), 3),
        ("action: BOOKING_CHANGED".to_owned(), 6),
        (r#"subject: "another thing""#.to_owned(), 0),
        (format!(r#"since: "{}""#, pair.clock.now().to_rfc3339()), 0),
        (format!(r#"until: "{}""#, pair.clock.now().to_rfc3339()), 9),
    ] {
        assert_eq!(told(&pair, &format!("(filter: {{ {filter} }})")).await.len(), expected, "{filter}");
    }
}

#[tokio::test]
async fn taking_and_confirming_a_hold_writes_no_line_beside_the_history() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let before = pair.booking.database.statements();
    let id = pair.booked(Uuid::now_v7(), &sale, 1).await;
    let after = pair.booking.database.statements();
    assert_eq!(told(&pair, &format!(r#"(filter: {{ subject: "{id}" }})"#)).await.len(), 1);
    assert!(after - before <= 6, "{} statements for a booking", after - before);
    let entries = subgraph::testing::audit_log(&pair.booking.database).await;
    assert_eq!(entries, Vec::<Value>::new());
}

#[tokio::test]
async fn nobody_changes_what_a_booking_went_through() {
    let pair = Pair::open().await;
    let sale = pair.sale(10, 150_000).await;
    let id = pair.booked(Uuid::now_v7(), &sale, 1).await;
    for sql in ["UPDATE booking_history SET actor = 'nobody'", "DELETE FROM booking_history"] {
        assert!(pair.booking.database.write().execute_unprepared(sql).await.is_err(), "{sql}");
    }
    assert_eq!(told(&pair, &format!(r#"(filter: {{ subject: "{id}" }})"#)).await.len(), 1);
}

fn sorted(mut entries: Vec<Value>) -> Vec<String> {
    let mut words: Vec<_> = entries.drain(..).map(|entry| entry.to_string()).collect();
    words.sort();
    words
}
