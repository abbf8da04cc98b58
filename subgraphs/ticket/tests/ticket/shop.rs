//! A ticket service to try things on: a clock in the test's hand, and the words that tests use often.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use service::identity::ServiceName;
use subgraph::clock::Clock;
use subgraph::testing::{Answer, Call, TestService, common};
use ticket::store::Store;
use ticket::{Config, TicketService};
use uuid::Uuid;

/// A running ticket service.
pub(crate) struct Shop {
    pub(crate) service: TestService,
    pub(crate) clock: Clock,
}

pub(crate) fn id() -> String {
    Uuid::now_v7().to_string()
}

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time")
}

pub(crate) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Shop {
    /// A shop whose event service does not exist.
    pub(crate) async fn open() -> Self {
        Self::asking("http://127.0.0.1:1").await
    }

    /// A shop that asks for events at `event_url`.
    pub(crate) async fn asking(event_url: &str) -> Self {
        let clock = Clock::standing_at(noon());
        let config = Config {
            event_url: event_url.parse().expect("a URL"),
            worker_interval: Duration::from_secs(3600),
            runs_workers: false,
            offer_ttl: Duration::from_secs(60),
            clock: Some(clock.clone()),
        };
        let common = common(ServiceName::Ticket);
        let service = TestService::start_with::<TicketService>(config, common, Clock::system()).await;
        Self { service, clock }
    }

    /// The store behind the service, for what is not an operation.
    pub(crate) fn store(&self) -> Store {
        Store::new(self.service.database.database.clone()).with_clock(self.clock.clone())
    }

    /// Tells the service of an event that begins in a day.
    pub(crate) async fn sync(&self, event: &str, capacity: i32, status: &str) -> Answer {
        let day = noon() + TimeDelta::days(1);
        let input = json!({
            "eventId": event,
            "capacity": capacity,
            "startsAt": text(day),
            "endsAt": text(day + TimeDelta::hours(3)),
            "status": status,
        });
        let call = self.service.call("mutation($input: SyncEventInput!) { syncEvent(input: $input) }");
        call.variable("input", input).through(ServiceName::Event).send().await
    }

    /// A new event with room for `capacity`.
    pub(crate) async fn event(&self, capacity: i32) -> String {
        let event = id();
        assert_eq!(self.sync(&event, capacity, "OPEN").await.at("/syncEvent"), &json!(true));
        event
    }

    pub(crate) fn create(&self, event: &str, name: &str, price: i64, quota: i64) -> Call<'_> {
        let input = format!(r#"{{ eventId: "{event}", name: {name}, price: {price}, quota: {quota} }}"#);
        self.service.call(format!("mutation {{ createTicketType(input: {input}) {{ {TYPE} }} }}")).as_admin()
    }

    pub(crate) fn update(&self, ticket_type: &str, input: &str) -> Call<'_> {
        let document =
            format!(r#"mutation {{ updateTicketType(id: "{ticket_type}", input: {input}) {{ {TYPE} }} }}"#);
        self.service.call(document).as_admin()
    }

    /// An event with one REGULAR type of `quota` tickets at 150000.
    pub(crate) async fn sale(&self, quota: i32) -> Sale {
        let event = self.event(quota).await;
        let data = self.create(&event, "REGULAR", 150_000, quota.into()).data().await;
        let ticket_type = data["createTicketType"]["id"].as_str().expect("an id").to_owned();
        Sale { event, ticket_type }
    }

    pub(crate) async fn row(&self, ticket_type: &str) -> Value {
        let document = format!(r#"{{ ticketType(id: "{ticket_type}") {{ {TYPE} }} }}"#);
        self.service.call(document).data().await["ticketType"].clone()
    }

    /// `[sold, available]`.
    pub(crate) async fn counters(&self, sale: &Sale) -> [i64; 2] {
        let row = self.row(&sale.ticket_type).await;
        [&row["sold"], &row["available"]].map(|count| count.as_i64().expect("a count"))
    }

    pub(crate) fn hold(&self, booking: &str, sale: &Sale, quantity: i64) -> Call<'_> {
        self.hold_as(booking, sale, quantity, BUYER)
    }

    pub(crate) fn hold_as(&self, booking: &str, sale: &Sale, quantity: i64, user: &str) -> Call<'_> {
        let input = json!({
            "bookingId": booking,
            "eventId": sale.event,
            "ticketTypeId": sale.ticket_type,
            "quantity": quantity,
            "ttlSeconds": 60,
            "userId": user,
        });
        let document = format!("mutation($input: HoldInput!) {{ hold(input: $input) {{ {HOLD} }} }}");
        self.service.call(document).variable("input", input).through(ServiceName::Booking)
    }

    pub(crate) fn confirm(&self, booking: &str) -> Call<'_> {
        let document = format!(r#"mutation {{ hold: confirmHold(bookingId: "{booking}") {{ {HOLD} }} }}"#);
        self.service.call(document).through(ServiceName::Booking)
    }

    pub(crate) fn release(&self, booking: &str, how: &str) -> Call<'_> {
        let document =
            format!(r#"mutation {{ hold: releaseHold(bookingId: "{booking}"{how}) {{ {HOLD} }} }}"#);
        self.service.call(document).through(ServiceName::Booking)
    }

    /// Everything that is written, as an inspector sees it.
    pub(crate) async fn facts(&self) -> Value {
        ticket::facts::read(&self.service.database).await.expect("facts")
    }

    /// The statuses of a booking's tickets.
    pub(crate) async fn tickets(&self, booking: &str) -> Vec<String> {
        let facts = self.facts().await;
        let tickets = facts["tickets"].as_array().expect("a list").iter();
        let of_booking = tickets.filter(|ticket| ticket["bookingId"] == booking);
        of_booking.map(|ticket| ticket["status"].as_str().expect("a word").to_owned()).collect()
    }
}

/// Something that is on sale.
#[derive(Clone)]
pub(crate) struct Sale {
    pub(crate) event: String,
    pub(crate) ticket_type: String,
}

pub(crate) const BUYER: &str = "0193a7c0-1f2e-7a5b-8c3d-000000000001";
pub(crate) const VOID: &str = ", voidTickets: true";
const TYPE: &str = "id eventId name price currency quota sold available status";
const HOLD: &str = "bookingId ticketTypeId eventId quantity unitPrice currency status expiresAt";
