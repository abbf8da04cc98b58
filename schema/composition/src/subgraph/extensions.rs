//! EXTENSION_WITH_NO_BASE: what one subgraph extends, another defines.

use apollo_compiler::Name;
use rustc_hash::FxHashSet;

use super::Subgraph;
use crate::ErrorCode;
use crate::sources::{Diagnostics, type_span};

/// Looks for types that are only ever extended, and extended in one of the subgraphs that `of` chooses.
pub(crate) fn check(subgraphs: &[Subgraph], of: impl Fn(&Subgraph) -> bool, diagnostics: &mut Diagnostics) {
    let is_root = |name: &str| matches!(name, "Query" | "Mutation" | "Subscription");
    let mut reported = FxHashSet::default();
    for (index, subgraph) in subgraphs.iter().enumerate().filter(|(_, subgraph)| of(subgraph)) {
        for (name, _) in subgraph.own_types().filter(|(name, _)| !is_root(name)) {
            if extends(subgraph, name) && !is_defined(subgraphs, index, name) && reported.insert(name.clone())
            {
                diagnostics.error(
                    ErrorCode::ExtensionWithNoBase,
                    format!("[{}] {name} is extended here, but no subgraph defines it", subgraph.name),
                    [type_span(&subgraph.schema, name)],
                );
            }
        }
    }
}

/// `@extends` makes an extension of a definition in Federation 1 only, and only for the subgraph itself.
fn extends(subgraph: &Subgraph, name: &Name) -> bool {
    let marked = subgraph.type_facts(name).is_some_and(|facts| facts.extension);
    !subgraph.defined.contains(name) || subgraph.links.is_federation_1() && marked
}

fn is_defined(subgraphs: &[Subgraph], but: usize, name: &Name) -> bool {
    let mut others = subgraphs.iter().enumerate().filter(|(index, _)| *index != but);
    others.any(|(_, other)| other.defined.contains(name))
}
