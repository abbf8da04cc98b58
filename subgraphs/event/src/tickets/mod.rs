//! The ticket service: it mirrors what an event means for its sale.

pub mod fake;
pub mod http;

use chrono::{DateTime, Utc};
use entities::ids::EventId;
use futures_util::future::BoxFuture;

use crate::peer::PeerError;

/// What the sale of an event's tickets must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleTerms {
    /// The event.
    pub event: EventId,
    /// How many people its room takes.
    pub capacity: i32,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Whether it is called off: no ticket of it is ever sold again.
    pub cancelled: bool,
}

/// The sale of tickets.
pub trait TicketSales: Send + Sync + 'static {
    /// Tells the terms. Idempotent; the last one told holds.
    ///
    /// Refused with `CAPACITY_EXCEEDED` when more tickets are on offer than the new room takes.
    fn sync(&self, terms: SaleTerms) -> BoxFuture<'_, Result<(), PeerError>>;
}
