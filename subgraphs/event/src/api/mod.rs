//! The GraphQL face: decode, ask a use-case, show. Which rows belong together in one statement is the loaders' business.

pub mod access;
mod error;
mod event;
pub(crate) mod loaders;
mod mutation;
mod personal;
mod query;
mod venue;

use async_graphql::{EmptySubscription, Schema};

use crate::context::Context;

/// The schema of the event subgraph.
pub type EventSchema = Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The schema, answering from `context`.
#[must_use]
pub fn schema(context: Context) -> EventSchema {
    let builder = Schema::build(query::Query, mutation::Mutation, EmptySubscription);
    subgraph::sdl::house(builder.data(context)).finish()
}

/// The SDL of the schema; it needs nothing to answer from.
#[must_use]
pub fn sdl() -> String {
    let schema = Schema::build(query::Query, mutation::Mutation, EmptySubscription);
    subgraph::sdl::print(&subgraph::sdl::house(schema).finish())
}
