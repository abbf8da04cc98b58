//! One supergraph, ready to be served, and everything that was worked out from it. A request keeps the snapshot it began with.

use std::sync::Arc;

use apollo_compiler::{Name, collections::HashMap, schema::Implementers};
use federation::{Supergraph, SupergraphError};
use planner::Planner;
use sha2::{Digest, Sha256};

use crate::{
    config::Config,
    pipeline::{Answers, OperationCache},
    subgraphs::{Endpoint, EndpointError, endpoints},
};

/// One supergraph, ready to be served.
#[derive(Debug)]
pub struct Snapshot {
    /// The first digits of the SDL's SHA-256: which supergraph this is, for people and tools.
    pub id: String,
    /// The text it was read from.
    pub sdl: Arc<str>,
    /// The model.
    pub supergraph: Arc<Supergraph>,
    /// Plans operations over it.
    pub planner: Planner,
    /// Who implements which interface in the API schema; introspection asks for it.
    pub implementers: HashMap<Name, Implementers>,
    /// The subgraphs, by index.
    pub endpoints: Vec<Endpoint>,
    /// What is known about the operations seen so far.
    pub operations: OperationCache,
    /// Queries under way, to be joined; `None` when every one is executed.
    pub answers: Option<Answers>,
}

/// Why an SDL cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The SDL is not a supergraph.
    #[error("{0}")]
    Supergraph(#[from] SupergraphError),
    /// Some subgraphs cannot be reached.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Endpoints(Vec<EndpointError>),
}

impl Snapshot {
    /// Reads `sdl` and works out what requests will need.
    ///
    /// # Errors
    /// When it is not a supergraph, or a subgraph has no usable URL.
    pub fn build(sdl: &str, config: &Config) -> Result<Self, SnapshotError> {
        let supergraph = Arc::new(Supergraph::parse(sdl)?);
        let endpoints = endpoints(&supergraph, &config.subgraphs).map_err(SnapshotError::Endpoints)?;
        Ok(Self {
            id: fingerprint(sdl),
            sdl: Arc::from(sdl),
            planner: Planner::new(Arc::clone(&supergraph)),
            implementers: supergraph.api_schema.implementers_map(),
            endpoints,
            operations: OperationCache::new(&config.cache),
            answers: config.join.then(Answers::default),
            supergraph,
        })
    }
}

fn fingerprint(sdl: &str) -> String {
    Sha256::digest(sdl.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
