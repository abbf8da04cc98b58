//! The admin operations, described for OpenAPI.

use std::sync::Arc;

use apollo_compiler::response::JsonMap;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    payload::{Json, PlainText},
};
use serde_json::Value;

use crate::{
    app::App,
    config,
    explain::{ExplainError, Question, explain},
    reload::{Reloaded, reload},
    subgraphs::{SubgraphState, probe_all},
};

/// The operations.
pub(super) struct Api {
    app: Arc<App>,
}

impl Api {
    pub(super) fn new(app: &Arc<App>) -> Self {
        Self { app: Arc::clone(app) }
    }
}

/// Whether the router runs.
#[derive(Object)]
struct Health {
    /// Always `ok`: whoever reads this has been answered.
    status: String,
    /// Name of the process.
    service: String,
    /// Which supergraph is served.
    supergraph: String,
}

/// One subgraph.
#[derive(Object)]
struct Subgraph {
    /// Its name.
    name: String,
    /// Where the router reaches it.
    url: String,
    /// Whether it answered just now.
    up: bool,
    /// Why not.
    problem: Option<String>,
}

/// An operation to be explained.
#[derive(Object)]
struct Operation {
    /// The document.
    query: String,
    /// Which operation of the document.
    #[oai(rename = "operationName")]
    operation_name: Option<String>,
    /// Values of variables; those that `@skip` and `@include` read change the plan.
    variables: Option<Value>,
}

/// A query plan.
#[derive(Object)]
struct Plan {
    /// For people.
    text: String,
    /// For tools.
    plan: Value,
}

/// What went wrong.
#[derive(Object)]
struct Problem {
    /// In words.
    message: String,
}

/// How full the caches are.
#[derive(Object)]
struct Caches {
    /// Prepared operations.
    operations: u64,
    /// Documents known to be refused.
    refusals: u64,
    /// Query plans.
    plans: u64,
}

/// What a reload did.
#[derive(Object)]
struct ReloadOutcome {
    /// Whether another supergraph is served now.
    changed: bool,
    /// Which one.
    supergraph: String,
}

#[derive(ApiResponse)]
enum PlanResponse {
    /// The plan.
    #[oai(status = 200)]
    Planned(Json<Plan>),
    /// The operation is not valid here, or cannot be answered.
    #[oai(status = 400)]
    Refused(Json<Problem>),
}

#[derive(ApiResponse)]
enum ReloadResponse {
    /// The files were read.
    #[oai(status = 200)]
    Reloaded(Json<ReloadOutcome>),
    /// The files cannot be served; nothing has changed.
    #[oai(status = 409)]
    Refused(Json<Problem>),
}

#[OpenApi]
impl Api {
    /// Does the router run?
    #[oai(path = "/health", method = "get")]
    async fn health(&self) -> Json<Health> {
        Json(Health {
            status: "ok".to_owned(),
            service: service::identity::ServiceName::Router.health_name().to_owned(),
            supergraph: self.app.snapshot().id.clone(),
        })
    }

    /// The subgraphs, and whether each answers.
    #[oai(path = "/subgraphs", method = "get")]
    async fn subgraphs(&self) -> Json<Vec<Subgraph>> {
        let snapshot = self.app.snapshot();
        let states = probe_all(&self.app.outbound, &snapshot.endpoints).await;
        Json(states.into_iter().map(Subgraph::from).collect())
    }

    /// The supergraph that is served.
    #[oai(path = "/supergraph", method = "get")]
    async fn supergraph(&self) -> PlainText<String> {
        PlainText(self.app.snapshot().sdl.to_string())
    }

    /// The schema that clients see.
    #[oai(path = "/schema", method = "get")]
    async fn schema(&self) -> PlainText<String> {
        PlainText(self.app.snapshot().supergraph.api_schema.to_string())
    }

    /// How would an operation be answered? Nothing is executed.
    #[oai(path = "/plan", method = "post")]
    async fn plan(&self, operation: Json<Operation>) -> PlanResponse {
        match self.explain(operation.0) {
            Ok(plan) => PlanResponse::Planned(Json(plan)),
            Err(message) => PlanResponse::Refused(Json(Problem { message })),
        }
    }

    /// The configuration in force, secrets masked, and who gave each value.
    #[oai(path = "/config", method = "get")]
    async fn config(&self) -> Json<Value> {
        Json(config::masked(&self.app.values))
    }

    /// How full the caches of this supergraph are.
    #[oai(path = "/caches", method = "get")]
    async fn caches(&self) -> Json<Caches> {
        let sizes = self.app.snapshot().operations.sizes();
        Json(Caches { operations: sizes.operations, refusals: sizes.refusals, plans: sizes.plans })
    }

    /// Reads the supergraph's files again.
    #[oai(path = "/reload", method = "post")]
    async fn reload(&self) -> ReloadResponse {
        let app = Arc::clone(&self.app);
        match tokio::task::spawn_blocking(move || reload(&app)).await {
            Ok(Ok(outcome)) => ReloadResponse::Reloaded(Json(ReloadOutcome {
                changed: outcome == Reloaded::Changed,
                supergraph: self.app.snapshot().id.clone(),
            })),
            Ok(Err(error)) => ReloadResponse::Refused(Json(Problem { message: error.to_string() })),
            Err(error) => ReloadResponse::Refused(Json(Problem { message: error.to_string() })),
        }
    }
}

impl Api {
    fn explain(&self, operation: Operation) -> Result<Plan, String> {
        service::guard::check_document(&operation.query, &self.app.config.guard)
            .map_err(|refusal| refusal.to_string())?;
        let variables: JsonMap = match operation.variables {
            None | Some(Value::Null) => JsonMap::new(),
            Some(value) => serde_json::from_value(value).map_err(|error| format!("variables: {error}"))?,
        };
        let snapshot = self.app.snapshot();
        let question = Question {
            source: "query",
            document: &operation.query,
            operation: operation.operation_name.as_deref().filter(|name| !name.is_empty()),
            variables: &variables,
        };
        let plan =
            explain(&snapshot.supergraph, &snapshot.planner, &question).map_err(|error| words(&error))?;
        Ok(Plan { text: plan.to_string(), plan: plan.to_json() })
    }
}

fn words(error: &ExplainError) -> String {
    match error {
        ExplainError::Undecided(name) => {
            format!(r#"{error}: give "variables": {{"{name}": true}}, or false"#)
        }
        ExplainError::Invalid(_) | ExplainError::Request(_) | ExplainError::Unplannable(_) => {
            error.to_string()
        }
    }
}

impl From<SubgraphState> for Subgraph {
    fn from(state: SubgraphState) -> Self {
        Self { name: state.name, url: state.url, up: state.up, problem: state.problem }
    }
}
