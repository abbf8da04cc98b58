//! What must hold of the merged graph as a whole. One rule a file; the functions here are stages, each of which
//! makes sense when the one before found nothing.

mod defaults;
mod inaccessible;
mod interfaces;
mod runtime_types;
mod transitive_auth;

use apollo_compiler::Schema;

use crate::merge::Merged;
use crate::sources::Diagnostics;
use crate::subgraph::Subgraph;

/// Whether fields that subgraphs are responsible for together still fit.
pub(crate) fn check_merged(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    interfaces::check(merged, diagnostics);
    transitive_auth::check(merged, subgraphs, diagnostics);
}

/// Whether the merged graph is valid GraphQL.
pub(crate) fn check_defaults(merged: &Merged, diagnostics: &mut Diagnostics) {
    defaults::check(merged, diagnostics);
}

/// Whether what clients see is.
pub(crate) fn check_visible(merged: &Merged, diagnostics: &mut Diagnostics) {
    if let Some(directive) = merged.features.inaccessible() {
        check_visible_schema(&merged.schema, &directive, diagnostics);
    }
}

/// Whether what clients see of `schema` is valid GraphQL, `directive` being its name of `@inaccessible`.
pub(crate) fn check_visible_schema(schema: &Schema, directive: &str, diagnostics: &mut Diagnostics) {
    inaccessible::check(schema, directive, diagnostics);
}

/// Whether it does not matter which subgraph answers.
pub(crate) fn check_shared(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    runtime_types::check(merged, subgraphs, diagnostics);
}
