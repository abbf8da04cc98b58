//! The query plan of an operation, for people and tools: the `plan` command, the admin API and the explorer page ask here.

use apollo_compiler::{ExecutableDocument, request::coerce_variable_values, response::JsonMap};
use federation::Supergraph;
use planner::{Conditions, Planner, QueryPlan};

/// Why there is no plan to show.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The document does not parse or is not valid for the schema.
    #[error("{0}")]
    Invalid(String),
    /// The operation meant is not in the document, or its variables do not fit.
    #[error("{0}")]
    Request(String),
    /// No plan answers it.
    #[error("{0}")]
    Unplannable(String),
}

/// Plans `operation` of `document` with `variables`, of which only those that `@skip` and `@include` read matter; others may be missing.
///
/// # Errors
/// See [`ExplainError`].
pub fn explain(
    supergraph: &Supergraph,
    planner: &Planner,
    document: &str,
    (operation, variables): (Option<&str>, &JsonMap),
) -> Result<QueryPlan, ExplainError> {
    let schema = &supergraph.api_schema;
    let document = ExecutableDocument::parse_and_validate(schema, document, "operation.graphql")
        .map_err(|invalid| ExplainError::Invalid(invalid.errors.to_string()))?;
    let meant = document
        .operations
        .get(operation)
        .map_err(|error| ExplainError::Request(error.message().to_string()))?;
    let coerced = coerce_variable_values(schema, meant, variables);
    let truth = |name: &str| match &coerced {
        Ok(coerced) => coerced.get(name).and_then(|value| value.as_bool()),
        Err(_) => variables.get(name).and_then(|value| value.as_bool()),
    };
    let names = planner::condition_variables(&document, meant);
    let conditions = Conditions::new(names.into_iter().map(|name| {
        let value = truth(&name).unwrap_or(false);
        (name, value)
    }));
    planner
        .plan(&document, operation, &conditions)
        .map_err(|error| ExplainError::Unplannable(error.to_string()))
}
