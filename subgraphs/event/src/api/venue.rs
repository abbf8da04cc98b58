//! Venues and rooms as the room scheduler last described them.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, FixedOffset};
use entities::event::{rooms, venues};

use super::loaders::RoomsOfVenue;

/// A place with rooms, as SpaceMaster last described it.
pub(super) struct Venue(pub(super) venues::Model);

/// A place with rooms, as SpaceMaster last described it.
#[Object]
impl Venue {
    /// SpaceMaster's number.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The city it is in.
    async fn city(&self) -> &str {
        &self.0.city
    }

    /// Where in the city.
    async fn address(&self) -> &str {
        &self.0.address
    }

    /// More about it.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Its rooms, by number.
    async fn rooms(&self, ctx: &Context<'_>) -> Result<Vec<Room>> {
        let rooms = ctx.data::<DataLoader<RoomsOfVenue>>()?.load_one(self.0.id).await?;
        Ok(rooms.unwrap_or_default().into_iter().map(Room).collect())
    }

    /// When SpaceMaster said so.
    async fn as_of(&self) -> DateTime<FixedOffset> {
        self.0.as_of.fixed_offset()
    }
}

/// A room of a venue, as SpaceMaster last described it.
pub(super) struct Room(pub(super) rooms::Model);

/// A room of a venue, as SpaceMaster last described it.
#[Object]
impl Room {
    /// SpaceMaster's number.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How many people it takes.
    async fn capacity(&self) -> i32 {
        self.0.capacity
    }

    /// The venue it is in.
    async fn venue_id(&self) -> i32 {
        self.0.venue_id
    }

    /// When SpaceMaster said so.
    async fn as_of(&self) -> DateTime<FixedOffset> {
        self.0.as_of.fixed_offset()
    }
}
