//! Stage 8: the plan is carried out, and its answer is the request's; for a subscription, once for every event.

use apollo_compiler::ast::OperationType;
use executor::{
    ExecutionRequest, FetchReport, Limits, Response, SubgraphError, SubgraphRequest, SubgraphResponse,
};
use serde_json::{Map, Value};

use super::{Stage, introspection, plan::Planned};
use crate::subgraphs::HttpSubgraphs;

/// What an executed operation gives.
#[derive(Debug)]
pub struct Answer {
    /// The response's body.
    pub body: bytes::Bytes,
    /// Errors in it.
    pub errors: usize,
    /// Whether `data` as a whole is `null`.
    pub data_is_null: bool,
    /// The operation's name.
    pub operation_name: Option<String>,
    /// Query or mutation.
    pub kind: OperationType,
    /// Whether the plan was known before.
    pub plan_was_cached: bool,
    /// What was asked of subgraphs.
    pub fetches: Vec<FetchReport>,
}

/// Executes. Never fails: what is wrong is in the answer.
pub async fn execute(stage: Stage<'_>, planned: &Planned) -> Answer {
    let introspection = introspection::answer(stage.snapshot, planned.coerced());
    let request = request(planned, introspection.as_ref());
    let response = executor::execute(planned.plan(), &request, &subgraphs(stage, true)).await;
    answer(planned, response)
}

/// Answers one event of a subscription: what the subgraph sent for it, or why it sends no more.
pub async fn execute_event(
    stage: Stage<'_>,
    planned: &Planned,
    event: Result<SubgraphResponse, SubgraphError>,
) -> Answer {
    let request = request(planned, None);
    let response = executor::execute_event(planned.plan(), &request, &subgraphs(stage, false), event).await;
    answer(planned, response)
}

/// The request that opens a subscription; `None` when no subgraph has anything to say to it.
pub fn opening(planned: &Planned) -> Option<SubgraphRequest<'_>> {
    executor::opening(planned.plan(), &request(planned, None))
}

fn subgraphs(stage: Stage<'_>, joins: bool) -> HttpSubgraphs<'_> {
    HttpSubgraphs {
        outbound: &stage.app.outbound,
        endpoints: &stage.snapshot.endpoints,
        context: stage.context,
        joins,
    }
}

fn request<'a>(planned: &'a Planned, introspection: Option<&'a Map<String, Value>>) -> ExecutionRequest<'a> {
    ExecutionRequest { variables: planned.coerced().variables(), introspection, limits: Limits::default() }
}

fn answer(planned: &Planned, response: Response) -> Answer {
    let prepared = planned.prepared();
    Answer {
        body: response.body,
        errors: response.errors,
        data_is_null: response.data_is_null,
        operation_name: prepared.name().map(str::to_owned),
        kind: prepared.kind(),
        plan_was_cached: planned.was_cached(),
        fetches: response.fetches,
    }
}
