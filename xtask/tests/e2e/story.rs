//! The way of a ticket, once on each of the three ways: register, log in, create, browse, book, pay, cancel.

use serde_json::json;
use xtask::services::Service;

use super::stack;
use crate::support::people::Person;
use crate::support::stack::Way;

#[tokio::test]
async fn the_story_through_the_one_graph() {
    story(Way::Unified).await;
}

#[tokio::test]
async fn the_story_through_the_old_paths() {
    story(Way::Legacy).await;
}

#[tokio::test]
async fn the_story_through_the_direct_ports() {
    story(Way::Direct).await;
}

async fn story(way: Way) {
    let buyer = Person::buyer(stack(), way).await;
    let admin = Person::admin(stack(), way).await;
    let event = admin.create_event("Konser Akbar").await;
    let regular = admin.create_type(&event, "REGULAR", 150_000, 10).await;
    browse(&Person::visitor(stack(), way), &event, &regular).await;
    let paid = book_and_pay(&buyer, &event, &regular).await;
    cancel(&admin, &buyer, &event, &regular, &paid).await;
    profile(&buyer).await;
}

async fn browse(visitor: &Person<'_>, event: &str, regular: &str) {
    let answer = visitor.ask(Service::Event, "{ events { id title } }", json!({})).await;
    let events = answer.data()["events"].as_array().unwrap().clone();
    assert!(events.iter().any(|listed| listed["id"] == event && listed["title"] == "Konser Akbar"));

    let query = "query($id: ID!) { event(id: $id) { title status startTime endTime venueId roomId } }";
    let answer = visitor.ask(Service::Event, query, json!({ "id": event })).await;
    let seen = &answer.data()["event"];
    assert_eq!((&seen["venueId"], &seen["roomId"]), (&json!(1), &json!(101)));
    assert!(seen["startTime"].as_str().unwrap().ends_with(" 19:00:00"), "{seen}");

    let query = "{ eventsByVenue(venueId: 1) { id } }";
    let answer = visitor.ask(Service::Event, query, json!({})).await;
    assert!(answer.data()["eventsByVenue"].as_array().unwrap().iter().any(|listed| listed["id"] == event));

    let query = "query($id: ID!) { ticketTypesByEvent(eventId: $id) { id name price quota sold status } }";
    let answer = visitor.ask(Service::Ticket, query, json!({ "id": event })).await;
    let expected = json!([{ "id": regular, "name": "REGULAR", "price": 150_000, "quota": 10, "sold": 0, "status": "OPEN" }]);
    assert_eq!(answer.data()["ticketTypesByEvent"], expected);
}

async fn book_and_pay(buyer: &Person<'_>, event: &str, regular: &str) -> String {
    let answer = buyer.try_book(event, regular, 2).await;
    let booking = answer.data()["createBooking"].clone();
    assert_eq!(booking["status"], "PENDING");
    assert_eq!(booking["totalPrice"].as_f64(), Some(300_000.0));
    let id = booking["id"].as_str().unwrap().to_owned();

    let answer = buyer.pay(&id).await;
    assert_eq!(
        answer.data()["confirmPayment"],
        json!({ "id": id, "status": "PAID", "ticketTypeId": regular })
    );
    let again = buyer.pay(&id).await;
    assert_eq!(again.data()["confirmPayment"]["status"], "PAID", "paying twice answers the same");
    assert_eq!(buyer.ticket_type(regular).await["sold"], 2);

    let query = "query($id: ID!) { bookingsByUser(userId: $id) { id eventId ticketTypeId quantity status } }";
    let answer = buyer.ask(Service::Booking, query, json!({ "id": buyer.id })).await;
    let expected =
        json!([{ "id": id, "eventId": event, "ticketTypeId": regular, "quantity": 2, "status": "PAID" }]);
    assert_eq!(answer.data()["bookingsByUser"], expected);
    id
}

async fn cancel(admin: &Person<'_>, buyer: &Person<'_>, event: &str, regular: &str, paid: &str) {
    let cancel = "mutation($id: ID!) { cancelBooking(id: $id) { success message } }";
    let pending = buyer.book(event, regular, 3).await;
    let answer = admin.ask(Service::Booking, cancel, json!({ "id": pending })).await;
    assert_eq!(answer.data()["cancelBooking"]["success"], true);
    let query = "query($id: ID!) { booking(id: $id) { status } }";
    let answer = buyer.ask(Service::Booking, query, json!({ "id": pending })).await;
    assert_eq!(answer.data()["booking"]["status"], "CANCELLED");

    let answer = admin.ask(Service::Booking, cancel, json!({ "id": paid })).await;
    let expected = json!({ "success": false, "message": "Cannot cancel a PAID booking" });
    assert_eq!(answer.data()["cancelBooking"], expected, "as the original answered");
    assert_eq!(buyer.ticket_type(regular).await["sold"], 2);
}

async fn profile(buyer: &Person<'_>) {
    let update = r#"mutation($id: ID!) {
        updateUser(id: $id, name: "New Name", address: "New Address") { user { id name address } } }"#;
    let answer = buyer.ask(Service::User, update, json!({ "id": buyer.id })).await;
    let expected = json!({ "id": buyer.id, "name": "New Name", "address": "New Address" });
    assert_eq!(answer.data()["updateUser"]["user"], expected);

    let query = "query($token: String!) { me(token: $token) { id name email role } }";
    let answer = buyer.ask(Service::User, query, json!({ "token": buyer.token })).await;
    let expected = json!({ "id": buyer.id, "name": "New Name", "email": buyer.email, "role": "CUSTOMER" });
    assert_eq!(answer.data()["me"], expected);
}
