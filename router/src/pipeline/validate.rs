//! Stage 3: is the document valid for the API schema, and which of its operations is meant?
//!
//! Source: GraphQL specification, "Validation" and "GetOperation()".

use apollo_compiler::{ExecutableDocument, Node, executable::Operation, validation::Valid};
use service::guard::DocumentFacts;

use super::{
    Stage,
    parse::{Parsed, shown},
};
use crate::{refusal::Refusal, validation::telling};

/// A document that is valid for the snapshot's API schema, and the operation of it that is meant.
#[derive(Debug)]
pub(super) struct Validated {
    pub(super) document: Valid<ExecutableDocument>,
    pub(super) operation: Node<Operation>,
    pub(super) facts: DocumentFacts,
}

/// Validates, and picks the operation.
pub(super) fn validate(stage: Stage<'_>, parsed: Parsed, name: Option<&str>) -> Result<Validated, Refusal> {
    let schema = &stage.snapshot.supergraph.api_schema;
    let document = parsed.ast.to_executable_validate(schema).map_err(|invalid| {
        Refusal::Validation(shown(telling(&invalid.errors).map(|error| error.to_json())))
    })?;
    let operation = document
        .operations
        .get(name)
        .map_err(|error| Refusal::Operation(Box::new(error.to_graphql_error(&document.sources))))?
        .clone();
    Ok(Validated { document, operation, facts: parsed.facts })
}
