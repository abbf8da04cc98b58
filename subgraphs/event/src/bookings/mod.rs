//! The booking service: it cancels the bookings of an event that is called off.

pub mod fake;
pub mod http;

use entities::ids::EventId;
use futures_util::future::BoxFuture;

use crate::peer::PeerError;

/// The bookings.
pub trait Bookings: Send + Sync + 'static {
    /// Cancels bookings of the event and answers how many are still open. Called again and again until that is none.
    fn cancel_all(&self, event: EventId) -> BoxFuture<'_, Result<i32, PeerError>>;
}
