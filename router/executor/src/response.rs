//! What goes in beside the plan, and what comes out.

use std::time::Duration;

use bytes::Bytes;
use planner::{FetchId, SubgraphId};
use serde_json::{Map, Value};

/// What one execution needs beside the plan.
#[derive(Debug, Clone, Copy)]
pub struct ExecutionRequest<'a> {
    /// The client's variables, coerced; one that the client did not provide and that has no default is absent.
    pub variables: &'a Map<String, Value>,
    /// Answers of `__schema` and `__type`, by response key.
    pub introspection: Option<&'a Map<String, Value>>,
    /// What this request may cost the process at most.
    pub limits: Limits,
}

/// Bounds on what the answers of subgraphs, and the response made of them, may cost. They protect memory; no honest answer
/// comes near the defaults.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Values held for one response (12 bytes each).
    pub values: usize,
    /// Size of the data in one response, in bytes: what a subgraph answered once may stand in it many times.
    pub data_bytes: usize,
    /// Errors in one response; more are counted, not listed.
    pub errors: usize,
    /// Size of all errors in one response, in bytes.
    pub error_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { values: 8_000_000, data_bytes: 32 << 20, errors: 1_000, error_bytes: 1 << 20 }
    }
}

/// The finished response, ready to be sent.
#[derive(Debug, Clone)]
pub struct Response {
    /// `{"data":…}` or `{"data":…,"errors":[…]}`.
    pub body: Bytes,
    /// Number of errors in `body`.
    pub errors: usize,
    /// Whether `data` is `null` as a whole.
    pub data_is_null: bool,
    /// What was asked of subgraphs, in the order of the plan. A fetch that had nothing to ask is not among them.
    pub fetches: Vec<FetchReport>,
}

/// How one request to a subgraph went.
#[derive(Debug, Clone)]
pub struct FetchReport {
    /// Which fetch of the plan.
    pub fetch: FetchId,
    /// The subgraph asked.
    pub subgraph: SubgraphId,
    /// From sending to the complete answer.
    pub duration: Duration,
    /// Size of the request body.
    pub request_bytes: usize,
    /// Size of the answer's body; 0 when there was none.
    pub response_bytes: usize,
    /// Representations sent.
    pub representations: usize,
    /// Code of the failure when the answer as a whole could not be used.
    pub failure: Option<crate::ErrorCode>,
}
