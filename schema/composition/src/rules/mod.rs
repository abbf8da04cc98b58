//! What must hold of the merged graph as a whole, before its paths are looked at. One rule a file.

mod auth;
mod defaults;
mod inaccessible;
mod interfaces;
mod runtime_types;
mod transitive_auth;

use crate::ErrorCode;
use crate::merge::Merged;
use crate::sources::Diagnostics;
use crate::subgraph::Subgraph;

/// Checks the merged graph.
pub(crate) fn check(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    let query = merged.schema.get_object("Query");
    if query.is_none_or(|query| query.fields.is_empty()) {
        diagnostics.error(ErrorCode::NoQueries, "no subgraph has a query field", []);
        return;
    }
    interfaces::check(merged, diagnostics);
    defaults::check(merged, diagnostics);
    inaccessible::check(merged, diagnostics);
    runtime_types::check(merged, subgraphs, diagnostics);
    auth::check(subgraphs, diagnostics);
    transitive_auth::check(merged, subgraphs, diagnostics);
}
