//! Stage 8: the plan is carried out, and its answer is the request's.

use apollo_compiler::ast::OperationType;
use executor::{ExecutionRequest, FetchReport, Limits};

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
pub(super) async fn execute(stage: Stage<'_>, planned: Planned) -> Answer {
    let subgraphs = HttpSubgraphs {
        outbound: &stage.app.outbound,
        endpoints: &stage.snapshot.endpoints,
        context: stage.context,
    };
    let introspection = introspection::answer(stage.snapshot, planned.coerced());
    let request = ExecutionRequest {
        variables: planned.coerced().variables(),
        introspection: introspection.as_ref(),
        limits: Limits::default(),
    };
    let response = executor::execute(planned.plan(), &request, &subgraphs).await;
    let prepared = planned.coerced().prepared();
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
