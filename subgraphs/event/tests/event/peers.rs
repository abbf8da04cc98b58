//! The adapters to the ticket and booking services, against small servers that speak their internal operations and check who calls.

use std::sync::{Arc, Mutex};

use async_graphql::{Context, EmptySubscription, Enum, ID, InputObject, Object, Schema};
use chrono::{DateTime, Utc};
use entities::ids::EventId;
use event::bookings::Bookings;
use event::bookings::http::HttpBookings;
use event::peer::PeerError;
use event::tickets::http::HttpTicketSales;
use event::tickets::{SaleTerms, TicketSales};
use service::identity::ServiceName;
use subgraph::access::require_service;
use subgraph::client::ServiceClient;
use subgraph::endpoint::{Graphql, Options};
use subgraph::testing::{service_signer, service_verifier, user_verifier};
use subgraph::{Code, Error};
use tokio_util::sync::CancellationToken;

use crate::world::at;

struct Query;

#[Object]
impl Query {
    async fn alive(&self) -> bool {
        true
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
enum EventSaleStatus {
    Open,
    Cancelled,
}

#[derive(InputObject, Debug, PartialEq)]
struct SyncEventInput {
    event_id: ID,
    capacity: i32,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    status: EventSaleStatus,
}

type Synced = Arc<Mutex<Vec<SyncEventInput>>>;

struct Mutation;

#[Object]
impl Mutation {
    async fn sync_event(&self, ctx: &Context<'_>, input: SyncEventInput) -> Result<bool, Error> {
        require_service(ctx, &[ServiceName::Event])?;
        if input.capacity < 10 {
            return Err(Error::new(Code::CapacityExceeded, "more tickets are on offer"));
        }
        ctx.data_unchecked::<Synced>().lock().unwrap().push(input);
        Ok(true)
    }

    async fn cancel_event_bookings(&self, ctx: &Context<'_>, event_id: ID) -> Result<i32, Error> {
        require_service(ctx, &[ServiceName::Event])?;
        Ok(if event_id.as_str().ends_with('0') { -1 } else { 7 })
    }
}

/// Serves the schema in the name of `name`; answers with its URL.
async fn serve(name: ServiceName, synced: &Synced) -> String {
    let schema = Schema::build(Query, Mutation, EmptySubscription).data(Arc::clone(synced)).finish();
    let options = Options {
        users: user_verifier(),
        services: service_verifier(name),
        limits: subgraph::testing::common(name).guard,
        introspection: false,
    };
    let listener = service::server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let route = poem::Route::new().at("/graphql", Graphql::new(schema, options));
    tokio::spawn(service::server::serve(
        listener,
        route,
        CancellationToken::new(),
        service::server::Options::default(),
    ));
    url
}

fn client(url: &str, callee: ServiceName, caller: Option<ServiceName>) -> ServiceClient {
    let signer = caller.map(service_signer);
    ServiceClient::new(service::http_client::build().unwrap(), &url.parse().unwrap(), callee, signer).unwrap()
}

fn terms(capacity: i32, cancelled: bool) -> SaleTerms {
    SaleTerms {
        event: EventId::new(),
        capacity,
        starts_at: at("2026-12-31T12:00:00Z"),
        ends_at: at("2026-12-31T14:00:00.5Z"),
        cancelled,
    }
}

#[tokio::test]
async fn the_terms_arrive_as_they_are() {
    let synced = Synced::default();
    let url = serve(ServiceName::Ticket, &synced).await;
    let tickets = HttpTicketSales::new(client(&url, ServiceName::Ticket, Some(ServiceName::Event)));
    let (open, cancelled) = (terms(500, false), terms(80, true));
    tickets.sync(open.clone()).await.unwrap();
    tickets.sync(cancelled.clone()).await.unwrap();
    let expected =
        [(open, EventSaleStatus::Open), (cancelled, EventSaleStatus::Cancelled)].map(|(terms, status)| {
            let (capacity, starts_at, ends_at) = (terms.capacity, terms.starts_at, terms.ends_at);
            SyncEventInput { event_id: terms.event.to_string().into(), capacity, starts_at, ends_at, status }
        });
    assert_eq!(*synced.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_refusal_keeps_its_code() {
    let url = serve(ServiceName::Ticket, &Synced::default()).await;
    let tickets = HttpTicketSales::new(client(&url, ServiceName::Ticket, Some(ServiceName::Event)));
    let refused = tickets.sync(terms(9, false)).await.unwrap_err();
    assert!(matches!(refused, PeerError::Refused { code, .. } if code == "CAPACITY_EXCEEDED"));
}

#[tokio::test]
async fn without_this_service_s_credential_nothing_is_told() {
    let synced = Synced::default();
    let url = serve(ServiceName::Ticket, &synced).await;
    for caller in [None, Some(ServiceName::Booking)] {
        let tickets = HttpTicketSales::new(client(&url, ServiceName::Ticket, caller));
        assert!(
            matches!(tickets.sync(terms(500, false)).await, Err(PeerError::Refused { .. })),
            "{caller:?}"
        );
    }
    assert!(synced.lock().unwrap().is_empty());
}

#[tokio::test]
async fn open_bookings_are_counted_and_nonsense_is_no_answer() {
    let url = serve(ServiceName::Booking, &Synced::default()).await;
    let bookings = HttpBookings::new(client(&url, ServiceName::Booking, Some(ServiceName::Event)));
    let id = |text: &str| text.parse::<EventId>().unwrap();
    assert_eq!(bookings.cancel_all(id("01890000-0000-7000-8000-000000000001")).await, Ok(7));
    let nonsense = bookings.cancel_all(id("01890000-0000-7000-8000-000000000000")).await;
    assert!(matches!(nonsense, Err(PeerError::Unavailable(_))));
}

#[tokio::test]
async fn nobody_at_the_address_is_unavailable() {
    let vacant = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bookings = HttpBookings::new(client(&format!("http://{vacant}"), ServiceName::Booking, None));
    assert!(matches!(bookings.cancel_all(EventId::new()).await, Err(PeerError::Unavailable(_))));
}
