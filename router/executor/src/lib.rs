//! Query plan to response. IO only through a trait: this crate opens no connection, reads no file and no environment.
//!
//! [`execute`] never fails: whatever subgraphs do, there is a response, with data and with errors at the client's paths. The way through,
//! in reading order:
//!
//! 1. [`PreparedPlan`]: once for a plan, names become slots (`prepare.rs`)
//! 2. `run.rs`: each fetch is sent as soon as those that it depends on are merged
//! 3. `request.rs`, `representations.rs`: what a fetch is about, written straight into its request; `contexts.rs`: into several, where outer
//!    objects fill in different arguments
//! 4. `read.rs` over `json.rs`: an answer is read once, into values of the data tree (`tree.rs`)
//! 5. `answer.rs`, `subgraph_errors.rs`: what of it is believed, and which nulls its errors explain
//! 6. `merge.rs`: it becomes part of the data tree
//! 7. `complete.rs`, `leaf.rs`: the response is written, by the plan's shapes; `orphans.rs`: errors that no null shows

mod answer;
mod client;
mod complete;
mod contexts;
mod errors;
mod json;
mod leaf;
mod merge;
mod orphans;
mod place;
mod prepare;
mod read;
mod representations;
mod request;
mod response;
mod run;
mod subgraph_errors;
mod tree;

pub use client::{SubgraphClient, SubgraphError, SubgraphRequest, SubgraphResponse};
pub use errors::ErrorCode;
pub use prepare::PreparedPlan;
pub use response::{ExecutionRequest, FetchReport, Limits, Response};

/// Answers one operation by its plan. Never fails: what is wrong is in the response.
///
/// Dropping the future cancels all requests that are under way.
pub async fn execute<C: SubgraphClient>(
    plan: &PreparedPlan,
    request: &ExecutionRequest<'_>,
    client: &C,
) -> Response {
    run::run(plan, request, client, None).await
}

/// The request that opens a subscription at the subgraph of its root field; `None` when the plan asks nobody.
///
/// What comes back over it, event by event, goes to [`execute_event`].
pub fn opening<'a>(plan: &'a PreparedPlan, request: &ExecutionRequest<'_>) -> Option<SubgraphRequest<'a>> {
    run::first(plan, request)
}

/// Answers one event of a subscription: `event` is what the subgraph of the root field sent for it, or why it sends no more, and takes the
/// place of the answer to the first fetch; all that joins it is fetched through `client`.
pub async fn execute_event<C: SubgraphClient>(
    plan: &PreparedPlan,
    request: &ExecutionRequest<'_>,
    client: &C,
    event: Result<SubgraphResponse, SubgraphError>,
) -> Response {
    run::run(plan, request, client, Some(event)).await
}
