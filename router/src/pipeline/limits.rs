//! Stage 4: does the valid operation ask for more than it may? What is measured on text (depth, aliases, size with fragments written out)
//! the guard has measured already; here is what needs the schema.

use apollo_compiler::{
    ExecutableDocument, Name, Node, ast::OperationType, executable::Operation,
    introspection::check_max_depth, validation::Valid,
};
use serde_json::{Map, Value};
use std::sync::OnceLock;

use super::{Stage, authorize::Requirements, cache::OperationKey, introspection, validate::Validated};
use crate::refusal::Refusal;

/// An operation that is parsed, valid and within limits: all that is the same for every request that sends it.
#[derive(Debug)]
pub struct Prepared {
    key: OperationKey,
    operation: Unkeyed,
}

/// The same, before the cache has given it its key.
#[derive(Debug)]
pub struct Unkeyed {
    /// The whole document.
    pub(super) document: Valid<ExecutableDocument>,
    /// The operation that is meant.
    pub(super) operation: Node<Operation>,
    /// Variables that `@skip` and `@include` read.
    pub(super) conditions: Vec<Name>,
    /// Whether `__schema` or `__type` is asked for.
    pub(super) introspects: bool,
    /// Answers of `__schema` and `__type`, where they do not depend on variables.
    pub(super) introspection: OnceLock<Map<String, Value>>,
    /// What the caller must prove.
    pub(super) requirements: Requirements,
}

impl Unkeyed {
    pub(super) fn with_key(self, key: OperationKey) -> Prepared {
        Prepared { key, operation: self }
    }
}

impl Prepared {
    pub(super) fn key(&self) -> &OperationKey {
        &self.key
    }

    /// The operation's name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.operation.operation.name.as_ref().map(Name::as_str)
    }

    /// Query, mutation or subscription.
    pub fn kind(&self) -> OperationType {
        self.operation.operation.operation_type
    }
}

impl std::ops::Deref for Prepared {
    type Target = Unkeyed;

    fn deref(&self) -> &Unkeyed {
        &self.operation
    }
}

/// Checks what needs the schema, and works out what every execution will ask.
pub(super) fn limits(stage: Stage<'_>, valid: Validated) -> Result<Unkeyed, Refusal> {
    let Validated { document, operation, facts } = valid;
    let introspects = facts.introspection && introspection::asked_for(&document, &operation);
    if introspects {
        check_introspection(stage, &document, &operation)?;
    }
    Ok(Unkeyed {
        conditions: planner::condition_variables(&document, &operation),
        requirements: Requirements::of(&stage.snapshot.supergraph.schema, &document, &operation),
        introspects,
        introspection: OnceLock::new(),
        document,
        operation,
    })
}

/// Lists in introspection are cyclic: a short document could ask for an answer of any size.
fn check_introspection(
    stage: Stage<'_>,
    document: &Valid<ExecutableDocument>,
    operation: &Operation,
) -> Result<(), Refusal> {
    if !stage.app.config.introspection {
        return Err(Refusal::IntrospectionOff);
    }
    check_max_depth(document, operation)
        .map_err(|error| Refusal::Validation(vec![error.to_graphql_error(&document.sources)]))
}
