//! Stage 8: the plan is carried out, and its answer is the request's; for a subscription, once for every event. Equal queries that are under
//! way at the same time have one answer.

use apollo_compiler::ast::OperationType;
use executor::{
    ExecutionRequest, FetchReport, Limits, Response, SubgraphError, SubgraphRequest, SubgraphResponse,
};
use http::HeaderValue;
use serde_json::{Map, Value};
use tracing::Instrument;

use super::{Asked, Stage, cache::OperationKey, introspection, plan::Planned};
use crate::{sharing::InFlight, subgraphs::HttpSubgraphs};

/// What an executed operation gives.
#[derive(Debug, Clone)]
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

/// Queries under way.
pub type Answers = InFlight<Question, Answer>;

/// What makes two queries over one snapshot the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    operation: OperationKey,
    /// The coerced values, as JSON.
    variables: Box<[u8]>,
    /// The caller, as far as a subgraph knows: requests differ in nothing else that an answer may depend on.
    authorization: Option<HeaderValue>,
}

/// Executes. Never fails: what is wrong is in the answer.
pub async fn execute(asked: Asked, planned: Planned) -> Answer {
    let answers = asked.snapshot.answers.clone();
    let Some((answers, question)) = answers.zip(question(&asked, &planned)) else {
        return execute_alone(asked.stage(), &planned).await;
    };
    let until = asked.context.deadline.instant().into_std();
    // The spans of all who wait are as good as each other, but what is logged must name one request and not several in turn.
    let executed = async move { execute_alone(asked.stage(), &planned).await }.in_current_span();
    let (answer, joined) = answers.join(question, until, executed);
    if joined {
        metrics::counter!("router_requests_joined_total").increment(1);
    }
    answer.await
}

/// What others must ask to have the same answer; `None` for a mutation, whose answer nobody shares.
fn question(asked: &Asked, planned: &Planned) -> Option<Question> {
    if planned.prepared().kind() != OperationType::Query {
        return None;
    }
    Some(Question {
        operation: planned.prepared().key().clone(),
        variables: serde_json::to_vec(planned.coerced().variables()).ok()?.into(),
        authorization: asked.context.authorization.clone(),
    })
}

async fn execute_alone(stage: Stage<'_>, planned: &Planned) -> Answer {
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
    HttpSubgraphs { app: stage.app, endpoints: &stage.snapshot.endpoints, context: stage.context, joins }
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
