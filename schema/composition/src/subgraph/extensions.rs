//! EXTENSION_WITH_NO_BASE: what one subgraph extends, another defines.

use rustc_hash::FxHashSet;

use super::Subgraph;
use crate::ErrorCode;
use crate::sources::{Diagnostics, type_span};

/// Looks for types that are only ever extended, and extended in one of the subgraphs that `of` chooses.
pub(crate) fn check(subgraphs: &[Subgraph], of: impl Fn(&Subgraph) -> bool, diagnostics: &mut Diagnostics) {
    let is_root = |name: &str| matches!(name, "Query" | "Mutation" | "Subscription");
    let mut reported = FxHashSet::default();
    for subgraph in subgraphs.iter().filter(|subgraph| of(subgraph)) {
        for (name, definition) in subgraph.own_types().filter(|(name, _)| !is_root(name)) {
            let extends = subgraph.type_facts(name).is_some_and(|facts| facts.extension);
            let owned = |other: &Subgraph| {
                other.defined.contains(name) && !other.type_facts(name).is_some_and(|facts| facts.extension)
            };
            if (extends || !subgraph.defined.contains(name))
                && !definition.is_built_in()
                && !subgraphs.iter().any(owned)
                && reported.insert(name.clone())
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
