//! What a subgraph can get wrong all by itself. One rule a file; every error found is reported.

pub(crate) mod auth;
pub(crate) mod contexts;
pub(crate) mod costs;
pub(crate) mod definitions;
pub(crate) mod externals;
pub(crate) mod field_sets;
pub(crate) mod interfaces;
pub(crate) mod placement;
pub(crate) mod values;

use crate::sources::Diagnostics;
use crate::subgraph::Subgraph;

/// Checks one subgraph.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    values::check(subgraph, diagnostics);
    field_sets::check(subgraph, diagnostics);
    if subgraph.links.is_federation_1() {
        return;
    }
    placement::check(subgraph, diagnostics);
    externals::check(subgraph, diagnostics);
    interfaces::check(subgraph, diagnostics);
    costs::check(subgraph, diagnostics);
    auth::check(subgraph, diagnostics);
    contexts::check(subgraph, diagnostics);
}
