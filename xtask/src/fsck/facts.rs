//! The rows that the invariants speak about, as each service prints them with `eventhub-<service> facts`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::{Context, Result};
use crate::services::Service;
use crate::stack::home::{Home, Settings};
use crate::workspace::Workspace;

/// Everything that is known, read one service after the other.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Whether the stack runs, so that its workers can finish what is open.
    pub running: bool,
    /// Rows of the event database.
    pub event: EventFacts,
    /// Rows of the ticket database.
    pub ticket: TicketFacts,
    /// Rows of the booking database.
    pub booking: BookingFacts,
    /// What SpaceMaster believes.
    pub spacemaster: SpacemasterFacts,
}

/// Rows of the event database.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EventFacts {
    /// All events.
    #[serde(default)]
    pub events: Vec<Event>,
    /// All claims on rooms, those of events and blocks.
    #[serde(default)]
    pub reservations: Vec<Reservation>,
}

/// An event.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its id.
    pub id: String,
    /// What is stored, not what the clock makes of it.
    pub status: String,
    /// How many the room holds.
    #[serde(default)]
    pub venue_capacity: Option<i64>,
}

/// A claim on a room.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// Its id.
    pub id: String,
    /// The room in SpaceMaster.
    pub room_id: i64,
    /// The first moment.
    pub starts_at: DateTime<Utc>,
    /// The first moment after.
    pub ends_at: DateTime<Utc>,
    /// The event that it is for; none for a block by hand.
    pub event_id: Option<String>,
    /// Whether it claims the room.
    pub active: bool,
    /// Whether it is about to: SpaceMaster has not agreed yet.
    #[serde(default)]
    pub pending: bool,
    /// The first moment on the venue's clock, as SpaceMaster is told.
    pub start_time: String,
    /// The first moment after, likewise.
    pub end_time: String,
    /// Whether SpaceMaster has been told.
    #[serde(default)]
    pub pushed: bool,
}

/// Rows of the ticket database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketFacts {
    /// The clock of that database, by which holds expire.
    #[serde(default)]
    pub now: Option<DateTime<Utc>>,
    /// What the ticket service knows of events.
    #[serde(default)]
    pub events: Vec<EventCapacity>,
    /// All types.
    #[serde(default)]
    pub ticket_types: Vec<TicketType>,
    /// All vouchers.
    #[serde(default)]
    pub vouchers: Vec<Voucher>,
    /// All holds.
    #[serde(default)]
    pub holds: Vec<Hold>,
    /// All places on waiting lists.
    #[serde(default)]
    pub waiting_places: Vec<WaitingPlace>,
    /// All tickets.
    #[serde(default)]
    pub tickets: Vec<Ticket>,
}

/// An event, as the ticket service sees it.
#[derive(Clone, Debug, Deserialize)]
pub struct EventCapacity {
    /// The event's id.
    pub id: String,
    /// The most that its quotas may add up to.
    pub capacity: i64,
    /// What the guard of that capacity has given out to types.
    pub allocated: i64,
    /// Whether it was cancelled.
    #[serde(default)]
    pub cancelled: bool,
}

/// A ticket type and its counters.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketType {
    /// Its id.
    pub id: String,
    /// The event's id.
    pub event_id: String,
    /// How many may be sold.
    pub quota: i64,
    /// How many are sold.
    pub sold: i64,
    /// How many are held.
    pub held: i64,
    /// How many places on its list still wait.
    #[serde(default)]
    pub waiting: i64,
    /// How many of those held are offered to who waited.
    #[serde(default)]
    pub offered: i64,
    /// OPEN, SOLD_OUT or CLOSED.
    pub status: String,
}

/// A voucher and its counters.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Voucher {
    /// Its id.
    pub id: String,
    /// How many tickets it is good for.
    pub usage_limit: i64,
    /// How many were paid for with it.
    pub used: i64,
    /// How many are held with it.
    pub held: i64,
}

/// A hold; its id is the booking's.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The booking's id.
    pub booking_id: String,
    /// The type; none for a tombstone of a hold that never came.
    #[serde(default)]
    pub ticket_type_id: Option<String>,
    /// The voucher, when it was taken with one.
    #[serde(default)]
    pub voucher_id: Option<String>,
    /// How many.
    pub quantity: i64,
    /// HELD, CONFIRMED, RELEASED or EXPIRED.
    pub status: String,
    /// When it stops counting, unless it is confirmed.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A place on a waiting list.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitingPlace {
    /// Its id.
    pub id: String,
    /// The type.
    pub ticket_type_id: String,
    /// WAITING, OFFERED, or how it ended.
    pub status: String,
    /// How many are set aside for it.
    pub offered: i64,
    /// When that stops.
    #[serde(default)]
    pub offer_expires_at: Option<DateTime<Utc>>,
}

/// A ticket.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// The booking's id.
    pub booking_id: String,
    /// What stands for its code; equal exactly when the codes are.
    pub code: String,
    /// VALID, USED or VOID.
    pub status: String,
}

/// Rows of the booking database.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct BookingFacts {
    /// All bookings.
    #[serde(default)]
    pub bookings: Vec<Booking>,
    /// All attempts to pay.
    #[serde(default)]
    pub payments: Vec<Payment>,
    /// Every change of a public status.
    #[serde(default)]
    pub history: Vec<Change>,
    /// The keys by which repeated requests are known.
    #[serde(default)]
    pub idempotency: Vec<Key>,
}

/// A booking.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Booking {
    /// Its id.
    pub id: String,
    /// The event's id.
    pub event_id: String,
    /// The type's id.
    pub ticket_type_id: String,
    /// How many.
    pub quantity: i64,
    /// What one costs; unknown until the hold is taken.
    #[serde(default)]
    pub unit_price: Option<i64>,
    /// What all cost; unknown until the hold is taken.
    #[serde(default)]
    pub total: Option<i64>,
    /// PENDING, PAID or CANCELLED.
    pub status: String,
    /// What the workers still have to do; none or a final word when nothing.
    #[serde(default)]
    pub phase: Option<String>,
}

/// An attempt to pay.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Its id.
    pub id: String,
    /// The booking's id.
    pub booking_id: String,
    /// The provider's name for it.
    #[serde(default)]
    pub transaction_id: Option<String>,
    /// CREATED, PENDING, SUCCEEDED, FAILED, EXPIRED, VOIDED or REVERSED.
    pub status: String,
}

/// A change of a booking's public status.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The booking's id.
    pub booking_id: String,
    /// Where from; none at the beginning.
    #[serde(default)]
    pub from: Option<String>,
    /// Where to.
    pub to: String,
}

/// A remembered request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// Whose.
    pub user_id: String,
    /// Which operation.
    #[serde(default)]
    pub operation: String,
    /// The caller's key.
    pub key: String,
}

/// Rows of the stand-in.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SpacemasterFacts {
    /// Every row of every room; none when SpaceMaster is not the stand-in.
    #[serde(default)]
    pub schedules: Option<Vec<Schedule>>,
}

/// A row of a room's calendar, in the local time of the venue.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// The room.
    pub room_id: i64,
    /// The first moment.
    pub start_time: String,
    /// The first moment after.
    pub end_time: String,
    /// AVAILABLE, BLOCKED or MAINTENANCE.
    pub status: String,
}

impl Facts {
    /// Asks every service's program for its rows.
    ///
    /// # Errors
    /// When one cannot print them.
    pub fn read(workspace: &Workspace, home: &Home, settings: &Settings) -> Result<Self> {
        let source = Source { workspace, home, settings };
        // Bookings first: what they say must already be true in the ticket database, which is read later.
        Ok(Self {
            running: home.is_running(),
            booking: source.rows(Service::Booking)?,
            ticket: source.rows(Service::Ticket)?,
            event: source.rows(Service::Event)?,
            spacemaster: source.rows(Service::Spacemaster)?,
        })
    }

    /// The quantity of each type's bookings that `wanted` accepts.
    pub(super) fn booked(&self, wanted: impl Fn(&Booking) -> bool) -> BTreeMap<&str, i64> {
        let mut sums = BTreeMap::new();
        for booking in self.booking.bookings.iter().filter(|booking| wanted(booking)) {
            *sums.entry(booking.ticket_type_id.as_str()).or_default() += booking.quantity;
        }
        sums
    }
}

struct Source<'a> {
    workspace: &'a Workspace,
    home: &'a Home,
    settings: &'a Settings,
}

impl Source<'_> {
    fn rows<T: DeserializeOwned>(&self, service: Service) -> Result<T> {
        let environment = self.home.environment(service, self.settings)?;
        let text = self.workspace.ask(service, self.settings.profile(), "facts", &environment)?;
        serde_json::from_str(&text).context(format_args!("`{} facts`", service.binary()))
    }
}
