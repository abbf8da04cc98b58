//! The people of the tests: a visitor, buyers, the administrator; and what they do most.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{Days, NaiveTime, Utc};
use serde_json::{Value, json};
use xtask::services::Service;

use super::stack::{Stack, Way};
use super::wire::{Answer, Sender};

/// The password of every buyer.
pub const PASSWORD: &str = "a long enough password";

/// Somebody, on one of the three ways.
pub struct Person<'a> {
    stack: &'a Stack,
    way: Way,
    /// The user's id; empty for a visitor.
    pub id: String,
    /// The log-in; empty for a visitor.
    pub email: String,
    /// The access token; empty for a visitor.
    pub token: String,
    /// What sends the requests.
    pub sender: Sender,
}

impl<'a> Person<'a> {
    /// Somebody who has not logged in.
    pub fn visitor(stack: &'a Stack, way: Way) -> Self {
        let nothing = String::new;
        Self { stack, way, id: nothing(), email: nothing(), token: nothing(), sender: Sender::default() }
    }

    /// A new customer, registered and logged in.
    pub async fn buyer(stack: &'a Stack, way: Way) -> Self {
        let email = format!("buyer-{}@example.org", serial());
        let visitor = Self::visitor(stack, way);
        let answer =
            visitor.ask(Service::User, CREATE_USER, json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer.data()["createUser"]["user"]["role"], "CUSTOMER");
        Self::log_in(stack, way, &email, PASSWORD).await
    }

    /// The first administrator.
    pub async fn admin(stack: &'a Stack, way: Way) -> Self {
        let admin = &stack.record.admin;
        Self::log_in(stack, way, &admin.email, &admin.password).await
    }

    async fn log_in(stack: &'a Stack, way: Way, email: &str, password: &str) -> Self {
        let visitor = Self::visitor(stack, way);
        let answer =
            visitor.ask(Service::User, LOG_IN, json!({ "email": email, "password": password })).await;
        let login = &answer.data()["login"];
        let token = login["accessToken"].as_str().unwrap().to_owned();
        let id = login["user"]["id"].as_str().unwrap().to_owned();
        Self { stack, way, id, email: email.to_owned(), sender: Sender::with_token(&token), token }
    }

    /// Sends an operation to the service on this person's way.
    pub async fn ask(&self, service: Service, query: &str, variables: Value) -> Answer {
        self.sender.ask(&self.stack.endpoint(self.way, service), query, variables).await
    }

    /// Creates an event in a slot of its own; answers its id.
    pub async fn create_event(&self, title: &str) -> String {
        let slot = Slot::next();
        let variables = json!({ "title": title, "room": 101, "start": slot.start, "end": slot.end });
        let answer = self.ask(Service::Event, CREATE_EVENT, variables).await;
        let event = &answer.data()["createEvent"]["event"];
        assert_eq!(event["status"], "SCHEDULED", "{answer:?}");
        event["id"].as_str().unwrap().to_owned()
    }

    /// Creates a ticket type; answers its id.
    pub async fn create_type(&self, event: &str, name: &str, price: i64, quota: i64) -> String {
        let input = json!({ "eventId": event, "name": name, "price": price, "quota": quota });
        let answer = self.ask(Service::Ticket, CREATE_TYPE, json!({ "input": input })).await;
        answer.data()["createTicketType"]["id"].as_str().unwrap().to_owned()
    }

    /// Tries to book.
    pub async fn try_book(&self, event: &str, ticket_type: &str, quantity: i64) -> Answer {
        let input = json!({ "eventId": event, "ticketTypeId": ticket_type, "quantity": quantity });
        self.ask(Service::Booking, CREATE_BOOKING, json!({ "input": input })).await
    }

    /// Books; answers the booking's id.
    pub async fn book(&self, event: &str, ticket_type: &str, quantity: i64) -> String {
        let answer = self.try_book(event, ticket_type, quantity).await;
        assert_eq!(answer.data()["createBooking"]["status"], "PENDING");
        answer.data()["createBooking"]["id"].as_str().unwrap().to_owned()
    }

    /// Tries to pay.
    pub async fn pay(&self, booking: &str) -> Answer {
        self.ask(Service::Booking, CONFIRM_PAYMENT, json!({ "id": booking })).await
    }

    /// The counters of a ticket type.
    pub async fn ticket_type(&self, id: &str) -> Value {
        let query = "query($id: ID!) { ticketType(id: $id) { id name price quota sold status eventId } }";
        self.ask(Service::Ticket, query, json!({ "id": id })).await.data()["ticketType"].clone()
    }
}

/// The documents that nearly every test sends; they are the original's, word for word where it gave an example.
pub const CREATE_USER: &str = r#"mutation($email: String!, $password: String!) {
    createUser(name: "A Buyer", email: $email, password: $password, phoneNumber: "0812 3456 789", address: "Jalan 1") {
        user { id name email role } } }"#;
pub const LOG_IN: &str = "mutation($email: String!, $password: String!) {
    login(email: $email, password: $password) { accessToken user { id name } } }";
pub const CREATE_EVENT: &str = r#"mutation($title: String!, $room: Int!, $start: String!, $end: String!) {
    createEvent(title: $title, description: "Festival Musik 2026", venueId: 1, roomId: $room, startTime: $start, endTime: $end) {
        event { id title status startTime endTime venueId roomId venueCapacity } } }"#;
pub const CREATE_TYPE: &str = "mutation($input: CreateTicketInput!) { createTicketType(input: $input) { id name price quota sold status } }";
pub const CREATE_BOOKING: &str = "mutation($input: CreateBookingInput!) { createBooking(input: $input) { id totalPrice status quantity } }";
pub const CONFIRM_PAYMENT: &str = "mutation($id: ID!) { confirmPayment(id: $id) { id status ticketTypeId } }";

/// Two hours that nobody else has in any room.
pub struct Slot {
    /// Local time of the venue, as the original took it.
    pub start: String,
    /// Two hours later.
    pub end: String,
}

impl Slot {
    /// The next free one.
    pub fn next() -> Self {
        let day = (Utc::now() + Days::new(10 + serial())).date_naive();
        let at = |hour| {
            let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
            day.and_time(time).format("%Y-%m-%dT%H:%M:%S").to_string()
        };
        Self { start: at(19), end: at(21) }
    }
}

/// A number that no other call in this process gets.
pub fn serial() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
