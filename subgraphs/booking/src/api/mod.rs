//! The GraphQL face of the booking service. Resolvers decode, guard, ask and show; the rest is elsewhere.
//!
//! [`query`], [`mutation`] and [`subscription`] are the root fields, [`access`] says who may call each; [`booking`], [`payment`] and [`webhook`] are what they answer; [`personal`] is what is kept about a person; [`stubs`] are what
//! this service adds to the entities of others; [`loaders`] fetch N things in one statement; [`errors`] is the table of codes.

use async_graphql::{Request, Schema, SchemaBuilder};
use chrono::TimeDelta;
use subgraph::batch::Batch;

use crate::admission::Admission;
use crate::announcements::listeners::Listeners;
use crate::saga::Saga;
use crate::store::Store;

pub mod access;
mod booking;
mod errors;
mod loaders;
mod mutation;
mod payment;
mod personal;
mod query;
mod stubs;
mod subscription;
mod webhook;

/// The schema of the booking service.
pub type BookingSchema = Schema<query::Query, mutation::Mutation, subscription::Subscription>;

/// How long a booking may wait for its payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HoldTtl(pub(crate) TimeDelta);

/// The schema over what bookings are driven with, and those who are told of them.
#[must_use]
pub fn schema(saga: Saga, hold_ttl: TimeDelta, admission: Admission, listeners: Listeners) -> BookingSchema {
    bare().data(HoldTtl(hold_ttl)).data(admission).data(saga).data(listeners).finish()
}

/// The loaders of one request.
pub(crate) fn loaders(request: Request, batch: &Batch, store: &Store) -> Request {
    request
        .data(batch.loader(loaders::Bookings(store.clone())))
        .data(batch.loader(loaders::LatestPayments(store.clone())))
        .data(batch.loader(loaders::BookingsOfUsers(store.clone())))
        .data(batch.loader(loaders::BookingsOfEvents(store.clone())))
}

/// The SDL, for which nothing of that is needed.
#[must_use]
pub fn sdl() -> String {
    subgraph::sdl::print(&bare().finish())
}

fn bare() -> SchemaBuilder<query::Query, mutation::Mutation, subscription::Subscription> {
    subgraph::sdl::house(Schema::build(query::Query, mutation::Mutation, subscription::Subscription))
}
