//! A query plan, prepared once for many executions.

use std::sync::Arc;

use planner::QueryPlan;

/// A query plan with everything that can be worked out before the first request.
#[derive(Debug)]
pub struct PreparedPlan {
    plan: Arc<QueryPlan>,
}

impl PreparedPlan {
    /// Prepares `plan`.
    pub fn new(plan: Arc<QueryPlan>) -> Self {
        Self { plan }
    }

    /// The plan that was prepared.
    pub fn plan(&self) -> &QueryPlan {
        &self.plan
    }
}
