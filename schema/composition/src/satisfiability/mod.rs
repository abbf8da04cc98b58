//! The satisfiability stage: can every field of the API be resolved, on every path that leads to it?
//!
//! `positions` says where a value may be known after a path (subgraph, type there, what was provided on the
//! way), `reach` where else its keys lead, `walk` visits every pair of type and set of positions once,
//! breadth first, so that the first witness found is a shortest one; `contexts` says which arguments outer objects fill in;
//! `explain` puts it into words.
//! Source: the federation documentation on composition (satisfiability, entity keys, contextual fields).

mod contexts;
mod explain;
mod positions;
mod reach;
mod walk;

use federation::Supergraph;

use crate::sources::Diagnostics;
use crate::subgraph::Subgraph;

/// Reports every field of the API that some path cannot resolve.
pub(crate) fn check(supergraph: &Supergraph, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    let contexts = contexts::Contexts::collect(supergraph, subgraphs);
    let dead_ends = walk::walk(supergraph, subgraphs, &contexts);
    for dead_end in dead_ends {
        explain::report(supergraph, subgraphs, &dead_end, diagnostics);
    }
}
