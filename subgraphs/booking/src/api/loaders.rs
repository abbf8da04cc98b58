//! One statement for N things, however many resolvers ask. Who may see what is decided after, by the resolver.

use std::collections::HashMap;
use std::hash::Hash;

use async_graphql::dataloader::Loader;
use entities::booking::bookings::Model;
use entities::booking::payment_attempts;
use entities::ids::{BookingId, EventId, UserId};
use subgraph::error::Error;
use subgraph::page::Page;

use crate::store::{self, Store};

/// Bookings by id.
pub(super) struct Bookings(pub(super) Store);

impl Loader<BookingId> for Bookings {
    type Value = Model;
    type Error = Error;

    async fn load(&self, ids: &[BookingId]) -> Result<HashMap<BookingId, Model>, Error> {
        let rows = store::bookings::find_many(self.0.read(), ids.iter().copied()).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// The bookings of users, oldest first.
pub(super) struct BookingsOfUsers(pub(super) Store);

impl Loader<UserId> for BookingsOfUsers {
    type Value = Vec<Model>;
    type Error = Error;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, Vec<Model>>, Error> {
        let rows = store::bookings::of_users(self.0.read(), ids.iter().copied(), Page::default()).await?;
        Ok(grouped(rows, |row| row.user_id))
    }
}

/// The bookings of events, oldest first.
pub(super) struct BookingsOfEvents(pub(super) Store);

impl Loader<EventId> for BookingsOfEvents {
    type Value = Vec<Model>;
    type Error = Error;

    async fn load(&self, ids: &[EventId]) -> Result<HashMap<EventId, Vec<Model>>, Error> {
        let rows = store::bookings::of_events(self.0.read(), ids.iter().copied()).await?;
        Ok(grouped(rows, |row| row.event_id))
    }
}

/// The latest try at paying each of the bookings.
pub(super) struct LatestPayments(pub(super) Store);

impl Loader<BookingId> for LatestPayments {
    type Value = payment_attempts::Model;
    type Error = Error;

    async fn load(&self, ids: &[BookingId]) -> Result<HashMap<BookingId, payment_attempts::Model>, Error> {
        let rows = store::payments::of_bookings(self.0.read(), ids.iter().copied()).await?;
        // In order: of each booking the last one stays.
        Ok(rows.into_iter().map(|row| (row.booking_id, row)).collect())
    }
}

fn grouped<K: Eq + Hash>(rows: Vec<Model>, key: impl Fn(&Model) -> K) -> HashMap<K, Vec<Model>> {
    let mut groups: HashMap<K, Vec<Model>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}
