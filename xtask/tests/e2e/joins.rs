//! One question, four services: the joins of the graph, and how few fetches they take.

use std::process::Command;

use serde_json::{Value, json};
use xtask::services::Service;

use super::stack;
use crate::support::people::{PASSWORD, Person};
use crate::support::stack::{Way, XTASK};

/// The question that the original needed a dozen requests for.
const HISTORY: &str = "query($user: ID!) { bookingsByUser(userId: $user) {
    id status totalPrice
    event { title startTime venue { name } ticketTypes { name price } }
    ticketType { name event { title } }
    user { name email } } }";

#[tokio::test]
async fn a_buyers_history_comes_from_all_four_services_in_one_answer() {
    let admin = Person::admin(stack(), Way::Unified).await;
    let buyer = Person::buyer(stack(), Way::Unified).await;
    let event = admin.create_event("Konser Akbar").await;
    let regular = admin.create_type(&event, "REGULAR", 150_000, 10).await;
    let _vip = admin.create_type(&event, "VIP", 500_000, 5).await;
    let booking = buyer.book(&event, &regular, 2).await;
    buyer.pay(&booking).await;

    let answer = buyer.ask(Service::Router, HISTORY, json!({ "user": buyer.id })).await;
    let bookings = answer.data()["bookingsByUser"].as_array().unwrap();
    assert_eq!(bookings.len(), 1, "{answer:?}");
    let seen = &bookings[0];
    assert_eq!((&seen["id"], &seen["status"]), (&json!(booking), &json!("PAID")));
    assert_eq!(seen["totalPrice"].as_f64(), Some(300_000.0));
    assert_eq!(seen["event"]["title"], "Konser Akbar");
    assert!(seen["event"]["venue"]["name"].is_string(), "{seen}");
    let mut types: Vec<&Value> = seen["event"]["ticketTypes"].as_array().unwrap().iter().collect();
    types.sort_by_key(|kind| kind["price"].as_i64());
    assert_eq!(
        types,
        [&json!({ "name": "REGULAR", "price": 150_000 }), &json!({ "name": "VIP", "price": 500_000 })]
    );
    assert_eq!(seen["ticketType"], json!({ "name": "REGULAR", "event": { "title": "Konser Akbar" } }));
    assert_eq!(seen["user"], json!({ "name": "A Buyer", "email": buyer.email }));
}

#[tokio::test]
async fn an_answer_keeps_the_order_in_which_the_fields_were_asked_for() {
    let admin = Person::admin(stack(), Way::Unified).await;
    let event = admin.create_event("Order").await;
    admin.create_type(&event, "VIP", 1, 1).await;
    let query = "query($id: ID!) { event(id: $id) { ticketTypes { price name } title id } }";
    let answer = admin.ask(Service::Router, query, json!({ "id": event })).await;
    let expected = format!(
        r#"{{"event":{{"ticketTypes":[{{"price":1,"name":"VIP"}}],"title":"Order","id":"{event}"}}}}"#
    );
    assert_eq!(answer.data().to_string(), expected);
}

#[tokio::test]
async fn only_an_admin_sees_the_bookings_of_an_event_and_only_the_owner_or_an_admin_those_of_a_user() {
    let admin = Person::admin(stack(), Way::Unified).await;
    let buyer = Person::buyer(stack(), Way::Unified).await;
    let stranger = Person::buyer(stack(), Way::Unified).await;
    let event = admin.create_event("Private").await;
    let regular = admin.create_type(&event, "REGULAR", 1000, 10).await;
    let booking = buyer.book(&event, &regular, 1).await;
    let of_event = "query($id: ID!) { event(id: $id) { title bookings { id } } }";
    let seen = admin.ask(Service::Router, of_event, json!({ "id": event })).await;
    assert_eq!(seen.data()["event"]["bookings"], json!([{ "id": booking }]));
    for person in [&buyer, &stranger, &Person::visitor(stack(), Way::Unified)] {
        let answer = person.ask(Service::Router, of_event, json!({ "id": event })).await;
        assert!(!answer.body.to_string().contains(&booking), "{answer:?}");
    }
    let of_self = "query($token: String!) { me(token: $token) { bookings { id } } }";
    let seen = buyer.ask(Service::Router, of_self, json!({ "token": buyer.token })).await;
    assert_eq!(seen.data()["me"]["bookings"], json!([{ "id": booking }]));
    let of_user = "query($id: ID!) { user(id: $id) { bookings { id } } bookingsByUser(userId: $id) { id } }";
    let seen = admin.ask(Service::Router, of_user, json!({ "id": buyer.id })).await;
    assert_eq!(seen.data()["user"]["bookings"], json!([{ "id": booking }]));
    let seen = stranger.ask(Service::Router, of_user, json!({ "id": buyer.id })).await;
    assert!(!seen.body.to_string().contains(&booking), "{seen:?}");
}

#[tokio::test]
async fn what_is_kept_about_a_person_comes_from_all_services_and_goes_when_nothing_is_open() {
    let admin = Person::admin(stack(), Way::Unified).await;
    let buyer = Person::buyer(stack(), Way::Unified).await;
    let event = admin.create_event("Private data").await;
    let regular = admin.create_type(&event, "REGULAR", 1000, 10).await;
    let booking = buyer.book(&event, &regular, 1).await;
    let export =
        "{ exportMyData { account { email } bookings { id } tickets { booking { id } } payments { bookingId }
        createdEvents accountLog { action } } }";
    let seen = buyer.ask(Service::Router, export, json!({})).await;
    let expected = json!({
        "account": { "email": buyer.email }, "bookings": [{ "id": booking }], "tickets": [], "payments": [],
        "createdEvents": [], "accountLog": [{ "action": "USER_REGISTERED" }],
    });
    assert_eq!(seen.data()["exportMyData"], expected);

    let delete = "mutation($password: String!) { deleteMyAccount(currentPassword: $password) { ok } }";
    let password = json!({ "password": PASSWORD });
    let refused = buyer.ask(Service::Router, delete, password.clone()).await;
    assert_eq!(refused.body["errors"][0]["extensions"]["bookings"], 1, "{refused:?}");
    let cancel = "mutation($id: ID!) { cancelMyBooking(id: $id) { success } }";
    buyer.ask(Service::Router, cancel, json!({ "id": booking })).await.data();
    let done = buyer.ask(Service::Router, delete, password).await;
    assert_eq!(done.data()["deleteMyAccount"]["ok"], true);
    let audit = "query($id: ID!) { userAudit(filter: { subject: $id }) { action }
        bookingAudit(filter: { subject: $id }) { action } }";
    let seen = admin.ask(Service::Router, audit, json!({ "id": buyer.id })).await;
    let actions = json!([{ "action": "USER_ANONYMISED" }, { "action": "USER_REGISTERED" }]);
    assert_eq!(seen.data(), &json!({ "userAudit": actions, "bookingAudit": [] }));
}

#[test]
fn the_plan_of_the_history_asks_each_service_once_and_in_parallel_where_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history.graphql");
    std::fs::write(&file, HISTORY).unwrap();
    let output = Command::new(XTASK).arg("explain").arg(&file).output().unwrap();
    let plan = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{plan}{}", String::from_utf8_lossy(&output.stderr));
    assert!(plan.contains("Parallel"), "{plan}");
    for service in Service::SUBGRAPHS {
        let fetches = plan.matches(&format!("service: \"{service}\"")).count();
        assert_eq!(fetches, 1, "{service} in\n{plan}");
    }
}
