//! The ticket service, as far as booking needs it: holds, named by the booking they are for.
//!
//! Every call may be repeated, also by two callers at once; one contract test suite holds for the HTTP adapter and the fake.

use chrono::TimeDelta;
use entities::ids::{BookingId, EventId, TicketTypeId, UserId};
use entities::money::{Money, Quantity};
use entities::voucher_code::VoucherCode;
use futures_util::future::BoxFuture;
use subgraph::error::Code;

use crate::domain::refusal::Facts;

pub mod fake;
pub mod http;

/// What is to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldRequest {
    /// The booking, which names the hold.
    pub booking_id: BookingId,
    /// The event.
    pub event_id: EventId,
    /// The type of ticket.
    pub ticket_type_id: TicketTypeId,
    /// How many.
    pub quantity: Quantity,
    /// The buyer.
    pub user_id: UserId,
    /// Their voucher.
    pub voucher: Option<VoucherCode>,
    /// How long; sent in whole seconds, rounded up.
    pub ttl: TimeDelta,
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldStatus {
    /// The tickets are set aside.
    Held,
    /// The tickets exist.
    Confirmed,
    /// It was given back, for ever.
    Released,
    /// It lapsed.
    Expired,
}

/// A hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Where it stands.
    pub status: HoldStatus,
    /// The price of one, less what the voucher takes off, frozen when it was taken.
    pub unit_price: Money,
}

/// Why there is no answer, or a refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// The ticket service decided against it; asking again changes nothing.
    #[error("{message}")]
    Refused {
        /// Its code.
        code: Code,
        /// Its words, which are safe to show.
        message: String,
        /// What a buyer must know to ask for something that would do.
        facts: Facts,
    },
    /// The ticket service did not answer, or not as agreed: whether it did it is unknown.
    #[error("the ticket service is unavailable: {cause}")]
    Unavailable {
        /// What happened; for the log, not for clients.
        cause: String,
    },
}

/// How far a release goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Voids tickets that exist, but not when one of them was used.
    Unused,
    /// Voids tickets that exist, even used ones.
    All,
}

/// Who holds tickets for us.
pub trait TicketHolds: Send + Sync {
    /// Sets tickets aside. The same request gets the same hold.
    ///
    /// # Errors
    /// [`HoldError`], within a bounded time.
    fn hold(&self, request: HoldRequest) -> BoxFuture<'_, Result<Hold, HoldError>>;

    /// Turns a hold into tickets; twice is the same as once.
    ///
    /// # Errors
    /// [`HoldError`], within a bounded time; refused when the tickets are gone for good.
    fn confirm(&self, booking: BookingId) -> BoxFuture<'_, Result<Hold, HoldError>>;

    /// Gives a hold back, whatever it has come to; twice is the same as once, and an unknown one can no longer be taken.
    ///
    /// # Errors
    /// [`HoldError`], within a bounded time; refused when a ticket was used and `how` respects that.
    fn release(&self, booking: BookingId, how: Release) -> BoxFuture<'_, Result<(), HoldError>>;
}
