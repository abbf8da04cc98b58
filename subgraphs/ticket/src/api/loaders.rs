//! One statement for N things, however many resolvers ask.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entities::ids::{EventId, TicketTypeId};
use entities::ticket::ticket_types::Model;
use subgraph::error::Error;

use crate::store::{self, Store};

/// Ticket types by id.
pub(super) struct TicketTypes(pub(super) Store);

impl Loader<TicketTypeId> for TicketTypes {
    type Value = Model;
    type Error = Error;

    async fn load(&self, ids: &[TicketTypeId]) -> Result<HashMap<TicketTypeId, Model>, Error> {
        let rows = store::ticket_types::find_many(self.0.read(), ids.iter().copied()).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// The ticket types of events, oldest first.
pub(super) struct TicketTypesOfEvents(pub(super) Store);

impl Loader<EventId> for TicketTypesOfEvents {
    type Value = Vec<Model>;
    type Error = Error;

    async fn load(&self, ids: &[EventId]) -> Result<HashMap<EventId, Vec<Model>>, Error> {
        let mut of: HashMap<EventId, Vec<Model>> = HashMap::new();
        for row in store::ticket_types::of_events(self.0.read(), ids.iter().copied()).await? {
            of.entry(row.event_id).or_default().push(row);
        }
        Ok(of)
    }
}
