//! The only door to the world: how a subgraph is asked. The router implements [`SubgraphClient`] over HTTP; tests script it.

use std::future::Future;

use bytes::Bytes;
use planner::{FetchId, OperationKind, SubgraphId};

/// Sends one operation to one subgraph.
///
/// Timeouts, retries, limits on the size of an answer, headers and sharing of equal requests are the implementation's business.
pub trait SubgraphClient: Send + Sync {
    /// Sends `request.body` to `request.subgraph` and returns the whole answer.
    ///
    /// An answer with a status other than 2xx may be returned as well: when its body is a GraphQL response it is used, otherwise it becomes
    /// an error.
    fn fetch(
        &self,
        request: SubgraphRequest<'_>,
    ) -> impl Future<Output = Result<SubgraphResponse, SubgraphError>> + Send;
}

/// One operation for one subgraph.
#[derive(Debug, Clone)]
pub struct SubgraphRequest<'a> {
    /// The subgraph that is asked, as the plan counts them.
    pub subgraph: SubgraphId,
    /// Its name.
    pub subgraph_name: &'a str,
    /// Which fetch of the plan this is.
    pub fetch: FetchId,
    /// Kind of the operation in `body`: only a query may be repeated or shared.
    pub kind: OperationKind,
    /// The complete JSON document `{"query":…,"variables":…}`.
    pub body: Bytes,
}

/// What a subgraph answered.
#[derive(Debug, Clone)]
pub struct SubgraphResponse {
    /// HTTP status.
    pub status: u16,
    /// The body, decompressed, complete.
    pub body: Bytes,
}

/// Why there is no answer. The text is for logs; what the client of the router sees is decided in [`crate::ErrorCode`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubgraphError {
    /// It did not answer in time.
    #[error("no answer in time")]
    Timeout,
    /// No connection could be made.
    #[error("not reachable: {0}")]
    Connect(String),
    /// The connection broke before the answer was complete.
    #[error("the answer broke off: {0}")]
    Interrupted(String),
    /// It is not asked at the moment, because it failed too often (circuit breaker, overload).
    #[error("not asked: {0}")]
    Unavailable(String),
    /// It answered with this HTTP status and no GraphQL.
    #[error("answered with status {0}")]
    Status(u16),
    /// Its answer is larger than allowed.
    #[error("the answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit_bytes: usize,
    },
}
