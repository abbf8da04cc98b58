//! What stands before GraphQL in every process: nothing recursive looks at a request that has not passed here.
//!
//! A GraphQL engine walks a document by recursion and, while it validates, expands fragments: a document of a few
//! hundred bytes can cost it minutes. The guard reads a request once, without recursion, in time linear in its length,
//! and refuses what would be expensive further in:
//! 1. [`check_body`]: the length, and how deep the JSON nests, on the raw bytes;
//! 2. [`check_document`]: tokens, depth of selections and values, aliases, directives, definitions, root fields, and the
//!    size of the document *as if every fragment were written out*, counted once per fragment over the graph of spreads.
//!
//! What passes is not thereby valid: the guard counts, the engine validates. What the guard learns on its way
//! ([`DocumentFacts`]) is handed on, so that "GET answers queries only" needs no second parser.
//!
//! The limits are [`Limits`]; the standard introspection query passes with all defaults.

mod cost;
mod json;
mod lexer;
mod limits;
mod refusal;
mod scan;

pub use json::check_body;
pub use limits::Limits;
pub use refusal::{Position, Refusal};
pub use scan::{DocumentFacts, OperationFacts, OperationKind, check_document};

#[cfg(test)]
mod tests;
