//! The query plan of an operation, for people and tools: the `plan` command, the admin API and the explorer page ask here.

use apollo_compiler::{
    ExecutableDocument, Name, Node, ast::VariableDefinition, executable::Operation,
    request::coerce_variable_values, response::JsonMap, validation::DiagnosticList,
};
use federation::Supergraph;
use planner::{Conditions, Planner, QueryPlan};

use crate::validation::telling;

/// Why there is no plan to show.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The document does not parse or is not valid for the schema: every reason, with the lines it is about.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
    /// The operation meant is not in the document, or a value does not fit its variable.
    #[error("{0}")]
    Request(String),
    /// A variable that `@skip` or `@include` reads has no value. How to give one, the caller knows.
    #[error("${0} decides the plan")]
    Undecided(Name),
    /// No plan answers it.
    #[error("{0}")]
    Unplannable(String),
}

/// What is to be explained.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Where the document comes from, for messages.
    pub source: &'a str,
    /// The document.
    pub document: &'a str,
    /// Which operation of the document.
    pub operation: Option<&'a str>,
    /// Values of variables. Those that `@skip` and `@include` read must be there; others matter to no plan, and may be missing.
    pub variables: &'a JsonMap,
}

/// Plans an operation.
///
/// # Errors
/// See [`ExplainError`].
pub fn explain(
    supergraph: &Supergraph,
    planner: &Planner,
    question: &Question<'_>,
) -> Result<QueryPlan, ExplainError> {
    let schema = &supergraph.api_schema;
    let document = ExecutableDocument::parse_and_validate(schema, question.document, question.source)
        .map_err(|invalid| ExplainError::Invalid(reports(&invalid.errors)))?;
    let operation = document
        .operations
        .get(question.operation)
        .map_err(|error| ExplainError::Request(error.message().to_string()))?;
    let deciding = planner::condition_variables(&document, operation);
    let given = give(operation, &deciding, question.variables)?;
    let values = coerce_variable_values(schema, &given, question.variables)
        .map_err(|error| ExplainError::Request(error.message().to_string()))?;
    let conditions = Conditions::new(deciding.into_iter().map(|name| {
        let value = values.get(name.as_str()).and_then(|value| value.as_bool()).unwrap_or(false);
        (name, value)
    }));
    planner
        .plan(&document, question.operation, &conditions)
        .map_err(|error| ExplainError::Unplannable(error.to_string()))
}

/// A report an error, with the lines it is about. The compiler begins each with a word that our callers say themselves.
fn reports(errors: &DiagnosticList) -> Vec<String> {
    let report = |text: String| text.strip_prefix("Error: ").unwrap_or(&text).trim_end().to_owned();
    telling(errors).map(|error| report(error.to_string())).collect()
}

/// `operation` with those of its variables that have a value or need one to be planned.
fn give(operation: &Operation, deciding: &[Name], values: &JsonMap) -> Result<Operation, ExplainError> {
    let is_given = |name: &Name| values.contains_key(name.as_str());
    let mut operation = operation.clone();
    operation.variables.retain(|variable| deciding.contains(&variable.name) || is_given(&variable.name));
    let open =
        |variable: &&Node<VariableDefinition>| variable.default_value.is_none() && !is_given(&variable.name);
    match operation.variables.iter().find(open) {
        Some(undecided) => Err(ExplainError::Undecided(undecided.name.clone())),
        None => Ok(operation),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;

    const DOCUMENT: &str = "
        query One($id: ID!, $with: Boolean!) { item(id: $id) { id name @include(if: $with) } }
        query Two($with: Boolean = true) { items { id name @include(if: $with) } }";

    /// How many names the plan fetches, or why there is none.
    fn names(operation: &str, variables: Value) -> Result<usize, String> {
        let sdl = "type Query { item(id: ID!): Item items: [Item] } type Item { id: ID! name: String }";
        let input = composition::SubgraphInput {
            name: "a".to_owned(),
            url: "http://a".to_owned(),
            sdl: sdl.to_owned(),
            source: None,
        };
        let supergraph = composition::compose(&[input]).unwrap().supergraph_sdl;
        let supergraph = Arc::new(Supergraph::parse(&supergraph).unwrap());
        let planner = Planner::new(Arc::clone(&supergraph));
        let question = Question {
            source: "o.graphql",
            document: DOCUMENT,
            operation: Some(operation),
            variables: &serde_json::from_value(variables).unwrap(),
        };
        let plan = explain(&supergraph, &planner, &question).map_err(|error| error.to_string())?;
        Ok(plan.to_json()["fetches"].to_string().matches("name").count())
    }

    #[test]
    fn only_variables_that_decide_the_plan_are_needed() {
        let with = names("One", json!({ "with": true })).unwrap();
        assert!(with > names("One", json!({ "with": false })).unwrap());
        assert_eq!(names("One", json!({ "id": 7 })), Err("$with decides the plan".to_owned()));
    }

    #[test]
    fn a_default_decides_as_it_does_for_a_request() {
        let with = names("Two", json!({})).unwrap();
        assert!(with > names("Two", json!({ "with": false })).unwrap());
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        for wrong in [json!({ "with": "x" }), json!({ "with": null }), json!({ "with": true, "id": {} })] {
            let error = names("One", wrong.clone()).unwrap_err();
            assert!(error.contains("variable"), "{wrong}: {error}");
        }
    }
}
