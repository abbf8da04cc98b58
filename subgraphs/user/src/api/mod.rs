//! The GraphQL face: decode, ask a use-case, show. No SQL and no rule lives here.

pub mod access;
pub mod error;
pub mod mutation;
pub mod personal;
pub mod query;
pub mod user;

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, Schema, SchemaBuilder};
use service::client_address::ClientAddress;
use subgraph::Error;

use crate::use_cases::UseCases;
use mutation::Mutation;
use query::Query;

/// The schema, still without [`UseCases`] behind it: enough to print its SDL.
#[must_use]
pub fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    subgraph::sdl::house(Schema::build(Query, Mutation, EmptySubscription))
}

/// The use-cases behind the schema.
fn ask<'a>(ctx: &Context<'a>) -> Result<&'a Arc<UseCases>, Error> {
    ctx.data::<Arc<UseCases>>().map_err(|error| Error::internal(error.message))
}

/// Where the request came from, when that is known.
fn client_address(ctx: &Context<'_>) -> Option<IpAddr> {
    ctx.data_opt::<ClientAddress>().and_then(|address| address.0)
}
