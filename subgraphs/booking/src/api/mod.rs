//! The GraphQL face of the booking service. Resolvers decode, guard, ask and show; the rest is elsewhere.
//!
//! [`query`] and [`mutation`] are the root fields, [`access`] says who may call each; [`booking`] is what they answer; [`stubs`] are what
//! this service adds to the entities of others; [`loaders`] fetch N things in one statement; [`errors`] is the table of codes.

use async_graphql::dataloader::DataLoader;
use async_graphql::{EmptySubscription, Schema, SchemaBuilder};
use chrono::TimeDelta;

use crate::saga::Saga;

pub mod access;
mod booking;
mod errors;
mod loaders;
mod mutation;
mod query;
mod stubs;

/// The schema of the booking service.
pub type BookingSchema = Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// How long a booking may wait for its payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HoldTtl(pub(crate) TimeDelta);

/// The schema over what bookings are driven with.
#[must_use]
pub fn schema(saga: Saga, hold_ttl: TimeDelta) -> BookingSchema {
    let store = &saga.store;
    let bookings = DataLoader::new(loaders::Bookings(store.clone()), tokio::spawn);
    let of_users = DataLoader::new(loaders::BookingsOfUsers(store.clone()), tokio::spawn);
    let of_events = DataLoader::new(loaders::BookingsOfEvents(store.clone()), tokio::spawn);
    bare().data(bookings).data(of_users).data(of_events).data(HoldTtl(hold_ttl)).data(saga).finish()
}

/// The SDL, for which nothing of that is needed.
#[must_use]
pub fn sdl() -> String {
    subgraph::sdl::print(&bare().finish())
}

fn bare() -> SchemaBuilder<query::Query, mutation::Mutation, EmptySubscription> {
    subgraph::sdl::house(Schema::build(query::Query, mutation::Mutation, EmptySubscription))
}
