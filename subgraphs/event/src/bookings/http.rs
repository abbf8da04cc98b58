//! The booking service over HTTP.

use entities::ids::EventId;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;
use subgraph::client::ServiceClient;

use super::Bookings;
use crate::peer::PeerError;

const CANCEL_EVENT_BOOKINGS: &str = "mutation ($eventId: ID!) { cancelEventBookings(eventId: $eventId) }";

/// Calls the booking service in the name of this one.
#[derive(Debug)]
pub struct HttpBookings(ServiceClient);

impl HttpBookings {
    /// Calls through `client`.
    #[must_use]
    pub const fn new(client: ServiceClient) -> Self {
        Self(client)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancelled {
    cancel_event_bookings: i32,
}

impl Bookings for HttpBookings {
    fn cancel_all(&self, event: EventId) -> BoxFuture<'_, Result<i32, PeerError>> {
        async move {
            let answer: Cancelled = self.0.call(CANCEL_EVENT_BOOKINGS, json!({ "eventId": event })).await?;
            match answer.cancel_event_bookings {
                open if open < 0 => Err(PeerError::unavailable("it answered fewer than no bookings")),
                open => Ok(open),
            }
        }
        .boxed()
    }
}
