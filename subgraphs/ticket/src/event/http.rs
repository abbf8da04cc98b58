//! The event service over HTTP.

use chrono::{DateTime, Utc};
use entities::ids::EventId;
use futures_util::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::json;
use subgraph::client::{CallError, ServiceClient};
use subgraph::error::Code;

use super::{DirectoryError, EventDirectory, EventFacts};

const EVENT: &str = "query Event($id: ID!) { event(id: $id) { id status venueCapacity startsAt endsAt } }";

/// Asks the event service.
#[derive(Clone, Debug)]
pub struct HttpEventDirectory {
    client: ServiceClient,
}

impl HttpEventDirectory {
    /// Asks through `client`.
    #[must_use]
    pub const fn new(client: ServiceClient) -> Self {
        Self { client }
    }

    async fn ask(&self, id: EventId) -> Result<Option<EventFacts>, DirectoryError> {
        let answer = self.client.call::<Answer>(EVENT, json!({ "id": id })).await;
        match answer {
            Ok(Answer { event: None }) => Ok(None),
            Ok(Answer { event: Some(event) }) if event.id == id => Ok(Some(event.into())),
            Ok(_) => Err(DirectoryError { cause: "it answers with another event".to_owned() }),
            Err(error) if error.code() == Some(Code::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    event: Option<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: EventId,
    status: String,
    venue_capacity: i32,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

impl From<Event> for EventFacts {
    fn from(event: Event) -> Self {
        let Event { id, status, venue_capacity: capacity, starts_at, ends_at } = event;
        Self { id, capacity, starts_at, ends_at, cancelled: status == "CANCELLED" }
    }
}

impl From<CallError> for DirectoryError {
    fn from(error: CallError) -> Self {
        Self { cause: error.to_string() }
    }
}

impl EventDirectory for HttpEventDirectory {
    fn find(&self, id: EventId) -> BoxFuture<'_, Result<Option<EventFacts>, DirectoryError>> {
        self.ask(id).boxed()
    }
}
