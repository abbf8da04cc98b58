//! The subgraphs as the router reaches them: where each is, how long it may take, what is sent along, and whether it answers.

mod client;
mod endpoint;
mod probe;
mod subscribe;

pub use client::{Fetches, HttpSubgraphs, Outbound};
pub use endpoint::{Endpoint, EndpointError, endpoints, read_url};
pub use probe::{SubgraphState, probe_all};
pub use subscribe::{Events, Protocol, subscribe};
