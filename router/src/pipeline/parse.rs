//! Stage 2: text to syntax tree. The guard looks first, in linear time; the parser, which recurses, sees only what passed.

use apollo_compiler::{ast, parser::Parser, response::GraphQLError};
use service::guard::{self, DocumentFacts};

use super::{Stage, persisted::Document};
use crate::refusal::Refusal;

/// More errors than this help nobody, and a document of a megabyte can hold very many.
const MOST_ERRORS: usize = 20;

/// A document that is GraphQL, with what the guard learned about it.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) ast: ast::Document,
    pub(super) facts: DocumentFacts,
}

/// Guards and parses.
pub(super) fn parse(stage: Stage<'_>, document: &Document) -> Result<Parsed, Refusal> {
    let limits = &stage.app.config.guard;
    let facts = guard::check_document(&document.text, limits)?;
    // The guard's depth is of selections written out; the parser counts several levels of recursion for each.
    let mut parser =
        Parser::new().recursion_limit(limits.depth.saturating_mul(4).max(100)).token_limit(usize::MAX);
    let ast = parser
        .parse_ast(&*document.text, "operation.graphql")
        .map_err(|invalid| Refusal::Parse(shown(invalid.errors.iter().map(|error| error.to_json()))))?;
    Ok(Parsed { ast, facts })
}

/// The errors that a client gets to see.
pub(super) fn shown(errors: impl Iterator<Item = GraphQLError>) -> Vec<GraphQLError> {
    errors.take(MOST_ERRORS).collect()
}
