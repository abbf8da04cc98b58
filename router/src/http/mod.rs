//! GraphQL over HTTP: how a request becomes parameters, and an answer or a refusal becomes bytes.

pub mod body;
pub(crate) mod decode;
mod encode;
mod graphql;

pub use decode::GraphqlRequest;
pub use encode::{answered, refused};
pub use graphql::graphql;
