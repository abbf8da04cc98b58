//! What the tests of the use-cases work with: a fresh database, fakes of the peers, a clock that stands still.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use entities::event::events::Model as Event;
use entities::event::room_reservations::Model as Claim;
use entities::event::status::ReservationState;
use event::bookings::fake::FakeBookings;
use event::context::{Context, Timing};
use event::domain::interval::Interval;
use event::domain::time::{Slot, read_wall};
use event::events::NewEvent;
use event::schedules::NewBlock;
use event::spacemaster::fake::FakeScheduler;
use event::store::Store;
use event::store::reservations::Lease;
use event::tickets::fake::FakeTicketSales;
use migration::event::Migrator;
use service::identity::{Caller, Role};
use subgraph::clock::Clock;
use subgraph::testing::{TestDatabase, database};
use tokio::sync::Notify;
use uuid::Uuid;

/// One event service without its HTTP.
pub(crate) struct World {
    pub(crate) app: Context,
    pub(crate) scheduler: Arc<FakeScheduler>,
    pub(crate) tickets: Arc<FakeTicketSales>,
    pub(crate) bookings: Arc<FakeBookings>,
    pub(crate) clock: Clock,
    database: TestDatabase,
}

impl World {
    /// At noon UTC of 1 December 2026, with the example venues.
    pub(crate) async fn new() -> Self {
        let database = database::<Migrator>().await;
        let clock = Clock::standing_at(at("2026-12-01T12:00:00Z"));
        let scheduler = Arc::new(FakeScheduler::with_examples());
        let (tickets, bookings) = (Arc::new(FakeTicketSales::default()), Arc::new(FakeBookings::default()));
        let app = Context {
            store: Store::new(database.database.clone()),
            scheduler: Arc::clone(&scheduler) as _,
            tickets: Arc::clone(&tickets) as _,
            bookings: Arc::clone(&bookings) as _,
            zones: Arc::new("2=Asia/Makassar".parse().unwrap()),
            clock: clock.clone(),
            timing: Timing { push: Duration::from_millis(500), ..Timing::default() },
            owner: "first".into(),
            work: Arc::new(Notify::new()),
        };
        Self { app, scheduler, tickets, bookings, clock, database }
    }

    /// The database of the service.
    pub(crate) const fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// Another process on the same database and peers.
    pub(crate) fn replica(&self, owner: &str) -> Context {
        Context { owner: owner.into(), work: Arc::new(Notify::new()), ..self.app.clone() }
    }

    /// Creates an event in room 101.
    pub(crate) async fn event(&self, start: &str, end: &str) -> Event {
        self.app.create_event(&admin(), new_event(101, start, end)).await.unwrap()
    }

    /// The claims that hold a room, or shall.
    pub(crate) async fn claims(&self) -> Vec<Claim> {
        let claims = self.app.store.all_claims().await.unwrap();
        claims.into_iter().filter(|claim| claim.state != ReservationState::Released).collect()
    }

    /// Nothing of an attempt is left: no event, no claim.
    pub(crate) async fn assert_untouched(&self) {
        assert!(self.app.store.all_events().await.unwrap().is_empty());
        assert!(self.claims().await.is_empty());
    }

    /// A lease of a process that died.
    pub(crate) fn dead_lease(&self) -> Lease {
        Lease { owner: "dead".into(), ..self.app.lease() }
    }

    /// Lets every lease run out.
    pub(crate) fn leases_run_out(&self) {
        self.clock.advance(self.app.lease().length);
    }
}

pub(crate) fn admin() -> Caller {
    Caller::user(Uuid::from_u128(1), Role::Admin)
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn wall(start: &str, end: &str) -> Interval<NaiveDateTime> {
    Interval::new(read_wall(start).unwrap(), read_wall(end).unwrap()).unwrap()
}

pub(crate) fn slot(start: &str, end: &str) -> Slot {
    Slot::parse(start, end, chrono_tz::Tz::Asia__Jakarta).unwrap()
}

pub(crate) fn new_event(room: i32, start: &str, end: &str) -> NewEvent {
    NewEvent {
        title: "Konser Akbar".into(),
        description: Some("Festival Musik 2026".into()),
        venue: room / 100,
        room,
        start: start.into(),
        end: end.into(),
        key: None,
    }
}

pub(crate) fn new_block(room: i32, start: &str, end: &str) -> NewBlock {
    NewBlock { room, start: start.into(), end: end.into(), key: None }
}

/// The end of time for tests that need a moment after everything.
pub(crate) fn far() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2030, 1, 1, 0, 0, 0).unwrap()
}
