//! A hot sale: more buyers than tickets, all at once.

use futures_util::StreamExt;
use serde_json::json;
use xtask::services::Service;

use super::stack;
use crate::support::people::Person;
use crate::support::stack::Way;

const BUYERS: usize = 200;
const TICKETS: i64 = 50;
/// As many people as a small machine can register at a time.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_buyers_for_fifty_tickets_buy_exactly_fifty() {
    let admin = Person::admin(stack(), Way::Unified).await;
    let event = admin.create_event("The hot one").await;
    let regular = admin.create_type(&event, "REGULAR", 75_000, TICKETS).await;
    let buyers: Vec<Person> = futures_util::stream::iter(0..BUYERS)
        .map(|_| Person::buyer(stack(), Way::Unified))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    let outcomes =
        futures_util::future::join_all(buyers.iter().map(|buyer| buy(buyer, &event, &regular))).await;
    let paid = outcomes.iter().filter(|outcome| *outcome == "PAID").count();
    let sold_out = outcomes.iter().filter(|outcome| *outcome == "SOLD_OUT").count();
    assert_eq!(i64::try_from(paid), Ok(TICKETS), "{outcomes:?}");
    assert_eq!(paid + sold_out, BUYERS, "{outcomes:?}");

    let counters = admin.ticket_type(&regular).await;
    assert_eq!((&counters["sold"], &counters["status"]), (&json!(TICKETS), &json!("SOLD_OUT")));
    let query = "query($id: ID!) { event(id: $id) { bookings { status quantity } } }";
    let answer = admin.ask(Service::Router, query, json!({ "id": event })).await;
    let bookings = answer.data()["event"]["bookings"].as_array().unwrap();
    assert_eq!(bookings.iter().filter(|booking| booking["status"] == "PAID").count(), paid);
    let (passed, words) = stack().fsck();
    assert!(passed, "{words}");
}

/// Books one ticket and pays for it; the state reached, or the code of the refusal.
async fn buy(buyer: &Person<'_>, event: &str, regular: &str) -> String {
    let answer = buyer.try_book(event, regular, 1).await;
    let Some(id) = answer.body["data"]["createBooking"]["id"].as_str() else {
        return answer.code().to_owned();
    };
    let answer = buyer.pay(id).await;
    match answer.body["data"]["confirmPayment"]["status"].as_str() {
        Some(status) => status.to_owned(),
        None => format!("paying: {answer:?}"),
    }
}
