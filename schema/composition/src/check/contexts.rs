//! `@context` and `@fromContext` are refused: a supergraph that showed such arguments to clients would be wrong.

use federation::spec::FederationDirective as Fd;

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, applications};

/// Reports every use of contexts.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    applications::each(&subgraph.schema, |applied| {
        let known = subgraph.links.federation_directive(&applied.name);
        if matches!(known, Some(Fd::Context | Fd::FromContext)) {
            diagnostics.error(
                ErrorCode::UnsupportedLinkedFeature,
                format!("[{}] @{} is not supported by this composer", subgraph.name, applied.name),
                [applied.location()],
            );
        }
    });
}
