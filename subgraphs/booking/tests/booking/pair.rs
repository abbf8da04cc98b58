//! Booking and ticket in this process, with real HTTP between them and one clock in the test's hand.

use std::sync::Arc;
use std::time::Duration;

use booking::admission::Limits;
use booking::announcements::address::Reach;
use booking::payment::config::Provider;
use booking::saga::Saga;
use booking::store::Store;
use booking::ticket::http::HttpTicketHolds;
use booking::{BookingService, Config};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use service::identity::{Role, ServiceName};
use subgraph::client::ServiceClient;
use subgraph::clock::Clock;
use subgraph::testing::{Answer, Call, TestService, common, service_signer};
use ticket::TicketService;
use uuid::Uuid;

/// The two services.
pub(crate) struct Pair {
    pub(crate) booking: TestService,
    pub(crate) ticket: TestService,
    pub(crate) clock: Clock,
    /// What drives bookings in the service, for a test that drives one by hand.
    pub(crate) saga: Saga,
}

/// Something that is on sale.
pub(crate) struct Sale {
    pub(crate) event: String,
    pub(crate) ticket_type: String,
}

const NEVER: Duration = Duration::from_secs(3600);
pub(crate) const BOOKING: &str = "id eventId userId ticketTypeId quantity totalPrice total { amount currency } status cancelReason expiresAt";

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time")
}

impl Pair {
    /// Both up; bookings live for a minute, and workers run when the test runs them.
    pub(crate) async fn open() -> Self {
        Self::paying_by(Provider::Test).await
    }

    /// The same with another payment provider.
    pub(crate) async fn paying_by(provider: Provider) -> Self {
        Self::start(&provider, Limits::default()).await
    }

    /// The same with another door.
    pub(crate) async fn admitting(admission: Limits) -> Self {
        Self::start(&Provider::Test, admission).await
    }

    async fn start(provider: &Provider, admission: Limits) -> Self {
        let clock = Clock::standing_at(noon());
        let config = ticket::Config {
            event_url: "http://127.0.0.1:1".parse().expect("a URL"),
            worker_interval: NEVER,
            runs_workers: false,
            offer_ttl: Duration::from_secs(60),
            clock: Some(clock.clone()),
        };
        let common_ticket = common(ServiceName::Ticket);
        let ticket = TestService::start_with::<TicketService>(config, common_ticket, Clock::system()).await;
        let booking = start_booking(&ticket.url, provider, &clock, admission).await;
        let saga = saga(&booking, &ticket.url, provider, &clock);
        Self { booking, ticket, clock, saga }
    }

    /// A booking service whose ticket service is not there.
    pub(crate) async fn without_ticket_service(self) -> Self {
        let nowhere = "http://127.0.0.1:1";
        let Self { ticket, clock, .. } = self;
        let booking = start_booking(nowhere, &Provider::Test, &clock, Limits::default()).await;
        let saga = saga(&booking, &ticket.url, &Provider::Test, &clock);
        Self { booking, ticket, clock, saga }
    }

    /// An event with `quota` REGULAR tickets at `price`.
    pub(crate) async fn sale(&self, quota: i32, price: i32) -> Sale {
        let event = Uuid::now_v7().to_string();
        let input = json!({
            "eventId": event,
            "capacity": quota,
            "startsAt": noon() + TimeDelta::days(1),
            "endsAt": noon() + TimeDelta::days(2),
            "status": "OPEN",
        });
        let sync = self.ticket.call("mutation($i: SyncEventInput!) { syncEvent(input: $i) }");
        sync.variable("i", input).through(ServiceName::Event).data().await;
        let create = format!(
            r#"mutation {{ createTicketType(input: {{ eventId: "{event}", name: REGULAR, price: {price},
               quota: {quota} }}) {{ id }} }}"#
        );
        let data = self.ticket.call(create).as_admin().data().await;
        let ticket_type = data["createTicketType"]["id"].as_str().expect("an id").to_owned();
        Sale { event, ticket_type }
    }

    /// An organiser changes what is on sale.
    pub(crate) async fn update(&self, sale: &Sale, input: &str) {
        let ticket_type = &sale.ticket_type;
        let document =
            format!(r#"mutation {{ updateTicketType(id: "{ticket_type}", input: {input}) {{ id }} }}"#);
        self.ticket.call(document).as_admin().data().await;
    }

    pub(crate) fn create(&self, buyer: Uuid, sale: &Sale, quantity: i64, more: &str) -> Call<'_> {
        let Sale { event, ticket_type } = sale;
        let document = format!(
            r#"mutation {{ createBooking(input: {{ eventId: "{event}", ticketTypeId: "{ticket_type}",
               quantity: {quantity} }}{more}) {{ {BOOKING} }} }}"#
        );
        self.booking.call(document).as_user(buyer, Role::Customer)
    }

    /// A booking of `quantity` tickets; answers its id.
    pub(crate) async fn booked(&self, buyer: Uuid, sale: &Sale, quantity: i64) -> String {
        let data = self.create(buyer, sale, quantity, "").data().await;
        data["createBooking"]["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn pay(&self, id: &str) -> Call<'_> {
        self.pay_with(id, "")
    }

    pub(crate) fn pay_with(&self, id: &str, more: &str) -> Call<'_> {
        self.booking.call(format!(r#"mutation {{ confirmPayment(id: "{id}"{more}) {{ {BOOKING} }} }}"#))
    }

    /// A booking that is PAID; answers its id.
    pub(crate) async fn paid(&self, buyer: Uuid, sale: &Sale, quantity: i64) -> String {
        let id = self.booked(buyer, sale, quantity).await;
        self.pay(&id).as_user(buyer, Role::Customer).data().await;
        id
    }

    pub(crate) fn cancel(&self, id: &str, more: &str) -> Call<'_> {
        let document = format!(
            r#"mutation {{ cancel: cancelBooking(id: "{id}"{more}) {{ success message booking {{ status cancelReason }} }} }}"#
        );
        self.booking.call(document).as_admin()
    }

    pub(crate) fn cancel_mine(&self, id: &str, buyer: Uuid) -> Call<'_> {
        self.cancel_mine_with(id, buyer, "")
    }

    pub(crate) fn cancel_mine_with(&self, id: &str, buyer: Uuid, more: &str) -> Call<'_> {
        let document = format!(
            r#"mutation {{ cancel: cancelMyBooking(id: "{id}"{more}) {{ success message booking {{ status cancelReason }} }} }}"#
        );
        self.booking.call(document).as_user(buyer, Role::Customer)
    }

    pub(crate) async fn cancel_event(&self, event: &str) -> Answer {
        let document = format!(r#"mutation {{ cancelEventBookings(eventId: "{event}") }}"#);
        self.booking.call(document).through(ServiceName::Event).send().await
    }

    pub(crate) async fn seen_by_admin(&self, id: &str) -> Value {
        let document = format!(r#"{{ booking(id: "{id}") {{ {BOOKING} }} }}"#);
        self.booking.call(document).as_admin().data().await["booking"].clone()
    }

    /// `[sold, available]` of a type.
    pub(crate) async fn counters(&self, sale: &Sale) -> [i64; 2] {
        let document = format!(r#"{{ ticketType(id: "{}") {{ sold available }} }}"#, sale.ticket_type);
        let data = self.ticket.call(document).data().await;
        ["sold", "available"].map(|name| data["ticketType"][name].as_i64().expect("a count"))
    }

    /// A buyer goes in with one of their tickets.
    pub(crate) async fn use_ticket(&self, buyer: Uuid) {
        let mine = self.ticket.call("{ myTickets { code } }").as_user(buyer, Role::Customer).data().await;
        let code = mine["myTickets"][0]["code"].as_str().expect("a code");
        let document = format!(r#"mutation {{ checkIn(code: "{code}", gate: "north") {{ outcome }} }}"#);
        let data = self.ticket.call(document).as_admin().data().await;
        assert_eq!(data["checkIn"]["outcome"], "ADMITTED");
    }

    /// How many of a booking's tickets have `status`.
    pub(crate) async fn tickets(&self, id: &str, status: &str) -> usize {
        let facts = ticket::facts::read(&self.ticket.database).await.expect("facts");
        let tickets = facts["tickets"].as_array().expect("a list").iter();
        tickets.filter(|row| row["bookingId"] == id && row["status"] == status).count()
    }

    pub(crate) async fn facts(&self) -> Value {
        booking::facts::read(&self.booking.database).await.expect("facts")
    }
}

async fn start_booking(
    ticket_url: &str,
    provider: &Provider,
    clock: &Clock,
    admission: Limits,
) -> TestService {
    let config = Config { admission, ..config(ticket_url, provider) };
    TestService::start_with::<BookingService>(config, common(ServiceName::Booking), clock.clone()).await
}

/// A booking service whose workers run when the test runs them, and whose announcements may go to this machine.
pub(crate) fn config(ticket_url: &str, provider: &Provider) -> Config {
    Config {
        ticket_url: ticket_url.parse().expect("a URL"),
        provider: provider.clone(),
        hold_ttl: Duration::from_secs(60),
        admission: Limits::default(),
        worker_interval: NEVER,
        runs_workers: false,
        webhook_key_secret: Some("a secret of at least 32 bytes, for tests".to_owned().into()),
        webhook_reach: Reach::Anywhere,
        webhook_keep: Duration::from_hours(1),
    }
}

/// The port as the service uses it.
pub(crate) fn ticket_port(ticket_url: &str) -> HttpTicketHolds {
    let http = service::http_client::build().expect("an HTTP client");
    let url = ticket_url.parse().expect("a URL");
    let signer = Some(service_signer(ServiceName::Booking));
    HttpTicketHolds::new(ServiceClient::new(http, &url, ServiceName::Ticket, signer).expect("a client"))
}

fn saga(booking: &TestService, ticket_url: &str, provider: &Provider, clock: &Clock) -> Saga {
    let store = Store::new(booking.database.database.clone(), clock.clone());
    let http = service::http_client::build().expect("an HTTP client");
    let payments = provider.build(&store, &http, clock);
    Saga { store, tickets: Arc::new(ticket_port(ticket_url)), payments }
}
