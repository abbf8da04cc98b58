//! Stage 6: values of variables, coerced to their types.
//!
//! Source: GraphQL specification, "CoerceVariableValues()".

use std::sync::Arc;

use apollo_compiler::{request::coerce_variable_values, response::JsonMap, validation::Valid};
use serde_json::{Map, Value};

use super::{Stage, authorize::Authorized, cache::ConditionValues, limits::Prepared};
use crate::refusal::Refusal;

/// An operation that may be run, with the values it is run with.
#[derive(Debug)]
pub(super) struct Coerced {
    authorized: Authorized,
    raw: Valid<JsonMap>,
    variables: Map<String, Value>,
}

impl Coerced {
    pub(super) fn prepared(&self) -> &Arc<Prepared> {
        self.authorized.prepared()
    }

    /// The values, for the compiler's introspection.
    pub(super) fn raw(&self) -> &Valid<JsonMap> {
        &self.raw
    }

    /// The values, for the executor.
    pub(super) fn variables(&self) -> &Map<String, Value> {
        &self.variables
    }

    /// The values of the variables that decide which fields are asked for at all.
    pub(super) fn conditions(&self) -> ConditionValues {
        let truth = |name: &str| matches!(self.variables.get(name), Some(Value::Bool(true)));
        self.prepared().conditions.iter().map(|name| truth(name)).collect()
    }
}

/// Coerces.
pub(super) fn coerce(stage: Stage<'_>, authorized: Authorized, given: JsonMap) -> Result<Coerced, Refusal> {
    let prepared = authorized.prepared();
    let raw = coerce_variable_values(&stage.snapshot.supergraph.api_schema, &prepared.operation, &given)
        .map_err(|error| Refusal::Variables(Box::new(error.to_graphql_error(&prepared.document.sources))))?;
    let variables = plain(&raw);
    Ok(Coerced { authorized, raw, variables })
}

/// The same values in serde_json's own type, which the compiler's shares nothing with.
fn plain(raw: &JsonMap) -> Map<String, Value> {
    if raw.is_empty() {
        return Map::new();
    }
    match serde_json::to_value(raw) {
        Ok(Value::Object(variables)) => variables,
        _ => Map::new(),
    }
}
