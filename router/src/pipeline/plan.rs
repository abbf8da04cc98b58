//! Stage 7: the query plan, remembered per operation and values of its conditions.

use std::sync::Arc;

use apollo_compiler::{
    ExecutableDocument, Name, Node, ast::OperationType, executable::Operation, validation::Valid,
};
use executor::PreparedPlan;
use planner::{Conditions, QueryPlan};

use super::{Prepared, Stage, coerce::Coerced};
use crate::{refusal::Refusal, snapshot::Snapshot};

/// An operation that may be run, its values, and how it is answered.
#[derive(Debug)]
pub struct Planned {
    coerced: Coerced,
    plan: Arc<PreparedPlan>,
    was_cached: bool,
}

impl Planned {
    /// The operation.
    pub fn prepared(&self) -> &Prepared {
        self.coerced.prepared()
    }

    /// Whether it has many answers.
    pub fn is_subscription(&self) -> bool {
        self.prepared().kind() == OperationType::Subscription
    }

    pub(super) fn coerced(&self) -> &Coerced {
        &self.coerced
    }

    pub(super) fn plan(&self) -> &PreparedPlan {
        &self.plan
    }

    pub(super) fn was_cached(&self) -> bool {
        self.was_cached
    }
}

/// Finds or makes the plan.
pub(super) fn plan(stage: Stage<'_>, coerced: Coerced) -> Result<Planned, Refusal> {
    let prepared = coerced.prepared();
    let values = coerced.conditions();
    let (plan, was_cached) = stage.snapshot.operations.plan(prepared, values.clone(), || {
        let conditions = Conditions::new(prepared.conditions.iter().cloned().zip(values.iter().copied()));
        let plan = make(stage.snapshot, &prepared.document, &prepared.operation, &conditions)?;
        Ok(PreparedPlan::new(Arc::new(plan)))
    })?;
    metrics::counter!("router_plans_total", "cached" => if was_cached { "true" } else { "false" })
        .increment(1);
    Ok(Planned { coerced, plan, was_cached })
}

fn make(
    snapshot: &Snapshot,
    document: &Valid<ExecutableDocument>,
    operation: &Node<Operation>,
    conditions: &Conditions,
) -> Result<QueryPlan, Refusal> {
    let name = operation.name.as_ref().map(Name::as_str);
    snapshot
        .planner
        .plan(document, name, conditions)
        .map_err(|error| Refusal::Unplannable { why: error.to_string() })
}
