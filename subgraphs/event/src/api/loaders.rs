//! Loaders: what many objects of one answer ask for at once is asked of the database once.

use std::collections::HashMap;

use async_graphql::Request;
use async_graphql::dataloader::Loader;
use entities::event::{events, outbox, rooms, venues};
use entities::ids::EventId;
use subgraph::Error;
use subgraph::batch::Batch;

use crate::store::Store;

/// Puts one loader of each kind into a request.
pub(crate) fn add(request: Request, batch: &Batch, store: &Store) -> Request {
    request
        .data(batch.loader(Events(store.clone())))
        .data(batch.loader(Venues(store.clone())))
        .data(batch.loader(Rooms(store.clone())))
        .data(batch.loader(RoomsOfVenue(store.clone())))
        .data(batch.loader(Tasks(store.clone())))
}

/// Events that are to be seen, by id.
pub(super) struct Events(Store);

impl Loader<EventId> for Events {
    type Value = events::Model;
    type Error = Error;

    async fn load(&self, ids: &[EventId]) -> Result<HashMap<EventId, events::Model>, Error> {
        Ok(self.0.events_by_ids(ids).await?.into_iter().map(|event| (event.id, event)).collect())
    }
}

/// The local copy of venues, by number.
pub(super) struct Venues(Store);

impl Loader<i32> for Venues {
    type Value = venues::Model;
    type Error = Error;

    async fn load(&self, ids: &[i32]) -> Result<HashMap<i32, venues::Model>, Error> {
        Ok(self.0.venues_by_ids(ids).await?.into_iter().map(|venue| (venue.id, venue)).collect())
    }
}

/// The local copy of rooms, by number.
pub(super) struct Rooms(Store);

impl Loader<i32> for Rooms {
    type Value = rooms::Model;
    type Error = Error;

    async fn load(&self, ids: &[i32]) -> Result<HashMap<i32, rooms::Model>, Error> {
        Ok(self.0.rooms_by_ids(ids).await?.into_iter().map(|room| (room.id, room)).collect())
    }
}

/// The local copy of a venue's rooms, by the venue's number.
pub(super) struct RoomsOfVenue(Store);

impl Loader<i32> for RoomsOfVenue {
    type Value = Vec<rooms::Model>;
    type Error = Error;

    async fn load(&self, venues: &[i32]) -> Result<HashMap<i32, Vec<rooms::Model>>, Error> {
        let mut found: HashMap<i32, Vec<_>> = HashMap::new();
        for room in self.0.rooms_of_venues(venues).await? {
            found.entry(room.venue_id).or_default().push(room);
        }
        Ok(found)
    }
}

/// What others must still be told of an event, by its id.
pub(super) struct Tasks(Store);

impl Loader<EventId> for Tasks {
    type Value = Vec<outbox::Model>;
    type Error = Error;

    async fn load(&self, events: &[EventId]) -> Result<HashMap<EventId, Vec<outbox::Model>>, Error> {
        let mut found: HashMap<EventId, Vec<_>> = HashMap::new();
        for task in self.0.tasks_of(events).await? {
            found.entry(task.event_id).or_default().push(task);
        }
        Ok(found)
    }
}
