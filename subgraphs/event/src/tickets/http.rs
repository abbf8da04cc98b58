//! The ticket service over HTTP.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;
use subgraph::client::ServiceClient;

use super::{SaleTerms, TicketSales};
use crate::peer::PeerError;

const SYNC_EVENT: &str = "mutation ($input: SyncEventInput!) { syncEvent(input: $input) }";

/// Calls the ticket service in the name of this one.
#[derive(Debug)]
pub struct HttpTicketSales(ServiceClient);

impl HttpTicketSales {
    /// Calls through `client`.
    #[must_use]
    pub const fn new(client: ServiceClient) -> Self {
        Self(client)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Synced {
    sync_event: bool,
}

impl TicketSales for HttpTicketSales {
    fn sync(&self, terms: SaleTerms) -> BoxFuture<'_, Result<(), PeerError>> {
        async move {
            let input = json!({ "input": {
                "eventId": terms.event,
                "capacity": terms.capacity,
                "startsAt": terms.starts_at.to_rfc3339(),
                "endsAt": terms.ends_at.to_rfc3339(),
                "status": if terms.cancelled { "CANCELLED" } else { "OPEN" },
            }});
            match self.0.call::<Synced>(SYNC_EVENT, input).await?.sync_event {
                true => Ok(()),
                false => Err(PeerError::unavailable("it answered that it did not")),
            }
        }
        .boxed()
    }
}
