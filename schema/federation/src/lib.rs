//! What a supergraph is: spec directives, field sets, the supergraph model, the query graph.
//!
//! Pure: no IO, no clock, no environment, no `async fn`.

pub mod field_set;
pub mod link;
pub mod spec;
pub mod supergraph;

pub use supergraph::{Supergraph, SupergraphError};
