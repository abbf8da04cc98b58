//! What this service adds to the entities of others, and where its bookings point.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};
use entities::ids::{EventId, UserId};
use subgraph::access::{require_admin, require_self_or_admin};
use subgraph::error::Error;

use super::booking::Booking;
use super::loaders::{BookingsOfEvents, BookingsOfUsers};

/// Something that happens at a place and a time.
pub(super) struct Event {
    pub(super) id: EventId,
}

#[Object]
impl Event {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// The bookings of the event, oldest first. For administrators.
    async fn bookings(&self, ctx: &Context<'_>) -> Result<Option<Vec<Booking>>, Error> {
        require_admin(ctx)?;
        let loader = ctx.data_unchecked::<DataLoader<BookingsOfEvents>>();
        let rows = loader.load_one(self.id).await?.unwrap_or_default();
        Ok(Some(rows.into_iter().map(Booking).collect()))
    }
}

/// A person with an account.
pub(super) struct User {
    pub(super) id: UserId,
}

#[Object]
impl User {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// The bookings of the user, oldest first. For the user and for administrators.
    async fn bookings(&self, ctx: &Context<'_>) -> Result<Option<Vec<Booking>>, Error> {
        require_self_or_admin(ctx, *self.id.as_uuid())?;
        let loader = ctx.data_unchecked::<DataLoader<BookingsOfUsers>>();
        let rows = loader.load_one(self.id).await?.unwrap_or_default();
        Ok(Some(rows.into_iter().map(Booking).collect()))
    }
}

/// A kind of ticket of one event.
#[derive(Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub(super) struct TicketType {
    pub(super) id: ID,
}
