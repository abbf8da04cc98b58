//! The GraphQL face of the ticket service. Resolvers decode, guard, ask and show; the rest is elsewhere.
//!
//! [`query`], [`mutation`] and [`subscription`] are the root fields, [`access`] says who may call each; [`ticket_type`], [`voucher`],
//! [`waiting_place`], [`ticket`], [`check_in`], [`event`], [`hold`] and [`personal`] are what they answer; [`loaders`] fetch N things in one
//! statement; [`errors`] is the table of codes.

use std::sync::Arc;

use async_graphql::{Request, Schema};
use subgraph::batch::Batch;

use crate::event::EventDirectory;
use crate::keys::CodeKeys;
use crate::store::Store;

pub mod access;
mod check_in;
mod errors;
mod event;
mod hold;
mod loaders;
mod mutation;
mod personal;
mod query;
mod subscription;
mod ticket;
mod ticket_type;
mod voucher;
mod waiting_place;

/// The schema of the ticket service.
pub type TicketSchema = Schema<query::Query, mutation::Mutation, subscription::Subscription>;

/// The schema over a database, the event service and the key that signs codes.
#[must_use]
pub fn schema(store: Store, directory: Arc<dyn EventDirectory>, keys: Arc<CodeKeys>) -> TicketSchema {
    bare().data(store).data(directory).data(keys).finish()
}

/// The loaders of one request, and what it may have drawn.
pub(crate) fn loaders(request: Request, batch: &Batch, store: &Store) -> Request {
    request
        .data(batch.loader(loaders::TicketTypes(store.clone())))
        .data(batch.loader(loaders::TicketTypesOfEvents(store.clone())))
        .data(ticket::Pictures::default())
}

/// The SDL, for which none of them is needed.
#[must_use]
pub fn sdl() -> String {
    subgraph::sdl::print(&bare().finish())
}

fn bare() -> async_graphql::SchemaBuilder<query::Query, mutation::Mutation, subscription::Subscription> {
    subgraph::sdl::house(Schema::build(query::Query, mutation::Mutation, subscription::Subscription))
}
