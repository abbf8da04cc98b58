//! The way of an operation, in the order it goes. Each stage takes what the one before proved; only a stage makes its own proof.
//!
//! What `parse`, `validate` and `limits` find out is the same for every request with the same document, so it is kept per document; what
//! `authorize` and `coerce` find out is the request's own.

mod authorize;
mod cache;
mod coerce;
mod execute;
mod introspection;
mod limits;
mod parse;
mod persisted;
mod plan;
mod validate;

use std::sync::Arc;

use apollo_compiler::response::JsonMap;

pub use cache::OperationCache;
pub use execute::{Answer, Answers, execute, execute_event, opening};
pub use limits::Prepared;
pub use persisted::PersistedDocuments;
pub use plan::Planned;

use crate::{app::App, http::GraphqlRequest, refusal::Refusal, request::RequestContext, snapshot::Snapshot};

/// What every stage may ask.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// The process.
    pub app: &'a App,
    /// The supergraph that this request sees, to its last byte.
    pub snapshot: &'a Snapshot,
    /// The request.
    pub context: &'a RequestContext,
}

/// The same, owned: for what lasts longer than the stages before it.
#[derive(Debug)]
pub struct Asked {
    /// The process.
    pub app: Arc<App>,
    /// The supergraph that the operation sees, to its last event.
    pub snapshot: Arc<Snapshot>,
    /// Who asks.
    pub context: RequestContext,
}

impl Asked {
    /// What a stage may ask.
    pub fn stage(&self) -> Stage<'_> {
        Stage { app: &self.app, snapshot: &self.snapshot, context: &self.context }
    }
}

/// Takes a request through all stages but the last: what comes out may be executed, once or for every event of a subscription.
///
/// # Errors
/// The first stage's refusal.
pub fn ready(stage: Stage<'_>, request: GraphqlRequest) -> Result<Planned, Refusal> {
    let GraphqlRequest { query, operation_name, variables, extensions } = request;
    let document = persisted::persisted(stage, query, extensions)?;
    let prepared = stage.snapshot.operations.prepare(&document, operation_name.as_deref(), || {
        let parsed = parse::parse(stage, &document)?;
        let valid = validate::validate(stage, parsed, operation_name.as_deref())?;
        limits::limits(stage, valid)
    })?;
    let authorized = authorize::authorize(stage, prepared)?;
    let coerced = coerce::coerce(stage, authorized, variables.unwrap_or_else(JsonMap::new))?;
    plan::plan(stage, coerced)
}
