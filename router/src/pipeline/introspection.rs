//! `__schema` and `__type`, answered from the API schema, beside whatever data the same operation asks for.

use apollo_compiler::{
    ExecutableDocument,
    executable::Operation,
    introspection::partial_execute,
    response::{GraphQLError, JsonMap},
    validation::Valid,
};
use serde_json::{Map, Value};

use super::{coerce::Coerced, limits::Prepared};
use crate::snapshot::Snapshot;

/// Whether the operation has `__schema` or `__type` at its root, fragments included.
pub(super) fn asked_for(document: &ExecutableDocument, operation: &Operation) -> bool {
    operation.root_fields(document).any(|field| matches!(field.name.as_str(), "__schema" | "__type"))
}

/// The answers by response key; `None` when nothing is asked for.
///
/// They depend on the document alone when the operation declares no variable, and are then worked out once.
pub(super) fn answer(snapshot: &Snapshot, coerced: &Coerced) -> Option<Map<String, Value>> {
    let prepared = coerced.prepared();
    if !prepared.introspects {
        return None;
    }
    if !prepared.operation.variables.is_empty() {
        return Some(execute(snapshot, prepared, coerced.raw()));
    }
    Some(prepared.introspection.get_or_init(|| execute(snapshot, prepared, coerced.raw())).clone())
}

fn execute(snapshot: &Snapshot, prepared: &Prepared, variables: &Valid<JsonMap>) -> Map<String, Value> {
    let schema = &snapshot.supergraph.api_schema;
    let executed =
        partial_execute(schema, &snapshot.implementers, &prepared.document, &prepared.operation, variables);
    let response = executed.unwrap_or_else(|error| apollo_compiler::response::ExecutionResponse {
        errors: vec![error.to_graphql_error(&prepared.document.sources)],
        data: None,
    });
    log_errors(&response.errors);
    // Serialised and read back: the compiler's own JSON type shares nothing with serde_json's.
    match serde_json::to_value(response.data) {
        Ok(Value::Object(data)) => data,
        _ => Map::new(),
    }
}

/// Introspection of a valid operation over a valid schema cannot fail; if it does, the fault is ours.
fn log_errors(errors: &[GraphQLError]) {
    for error in errors {
        tracing::error!(message = error.message, "introspection failed");
    }
}
