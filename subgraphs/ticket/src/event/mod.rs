//! The event service, as far as selling needs it: what an event is, asked once, when its first ticket type is created.
//!
//! Afterwards the event service says by itself what changes (`syncEvent`). While it is down nothing is invented.

use chrono::{DateTime, Utc};
use entities::ids::EventId;
use futures_util::future::BoxFuture;

pub mod fake;
pub mod http;

/// What selling needs to know of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventFacts {
    /// Its id.
    pub id: EventId,
    /// How many people its room takes.
    pub capacity: i32,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Whether it was called off.
    pub cancelled: bool,
}

/// The event service did not answer, or not as agreed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event service is unavailable: {cause}")]
pub struct DirectoryError {
    /// What happened; for the log, not for clients.
    pub cause: String,
}

/// Who knows the events.
pub trait EventDirectory: Send + Sync {
    /// The event `id`, or `None` when there is none.
    ///
    /// # Errors
    /// [`DirectoryError`], within a bounded time.
    fn find(&self, id: EventId) -> BoxFuture<'_, Result<Option<EventFacts>, DirectoryError>>;
}
