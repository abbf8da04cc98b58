//! `Event`: what this service adds to the event service's entity.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use entities::ids::EventId;
use subgraph::error::Error;

use super::loaders::TicketTypesOfEvents;
use super::ticket_type::TicketType;

/// Something that happens at a place and a time.
pub(super) struct Event {
    pub(super) id: EventId,
}

#[Object]
impl Event {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// What tickets there are, oldest type first. Null only when that cannot be told now.
    async fn ticket_types(&self, ctx: &Context<'_>) -> Result<Option<Vec<TicketType>>, Error> {
        let loader = ctx.data_unchecked::<DataLoader<TicketTypesOfEvents>>();
        let rows = loader.load_one(self.id).await?.unwrap_or_default();
        Ok(Some(rows.into_iter().map(TicketType).collect()))
    }
}
