//! Query plan to response. IO only through a trait.

mod client;
mod errors;
mod prepare;
mod response;

pub use client::{SubgraphClient, SubgraphError, SubgraphRequest, SubgraphResponse};
pub use errors::ErrorCode;
pub use prepare::PreparedPlan;
pub use response::{ExecutionRequest, FetchReport, Limits, Response};

/// Answers one operation by its plan. Never fails: what is wrong is in the response.
pub async fn execute<C: SubgraphClient>(
    _plan: &PreparedPlan,
    _request: &ExecutionRequest<'_>,
    _client: &C,
) -> Response {
    // The signature comes first, so that the router can be built against it; execution itself follows.
    let body = bytes::Bytes::from_static(br#"{"data":null,"errors":[{"message":"Execution is not built yet."}]}"#);
    Response { body, errors: 1, data_is_null: true, fetches: Vec::new() }
}
