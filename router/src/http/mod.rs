//! GraphQL over HTTP: how a request becomes parameters, and an answer or a refusal becomes bytes.

pub mod body;
pub(crate) mod decode;
mod encode;
mod graphql;

pub use decode::GraphqlRequest;
pub(crate) use decode::from_body;
pub use encode::{answered, refused};
pub(crate) use graphql::context_of;
pub use graphql::graphql;
