//! SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES: subgraphs that share a field must be able to answer alike.

use apollo_compiler::Name;
use rustc_hash::FxHashSet;

use crate::merge::Merged;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, fields_of};
use crate::{ErrorCode, HintCode};

/// Compares what the subgraphs may return from each shared field of an abstract type.
pub(super) fn check(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    for (parent, definition) in merged.schema.types.iter().filter(|(_, definition)| definition.is_object()) {
        let Some(fields) = fields_of(definition) else { continue };
        for (name, field) in fields {
            let target = merged.schema.types.get(field.ty.inner_named_type());
            if target.is_some_and(|target| target.is_interface() || target.is_union()) {
                check_field(merged, subgraphs, (parent, name), diagnostics);
            }
        }
    }
}

fn check_field(
    merged: &Merged,
    subgraphs: &[Subgraph],
    (parent, name): (&Name, &Name),
    diagnostics: &mut Diagnostics,
) {
    // What clients never see, no subgraph answers.
    let hidden = merged.features.inaccessible();
    let visible = |object: &&Name| {
        let directives = merged.schema.types.get(*object).map(|definition| definition.directives());
        !directives.zip(hidden.as_deref()).is_some_and(|(directives, hidden)| directives.has(hidden))
    };
    let sources: Vec<(&Subgraph, FxHashSet<&Name>)> = subgraphs
        .iter()
        .filter(|subgraph| subgraph.field_facts(parent, name).is_some_and(|facts| !facts.external))
        .filter_map(|subgraph| {
            let returned = subgraph.field(parent, name)?.ty.inner_named_type();
            // An interface object stands for types it cannot name.
            if subgraph.is_interface_object(returned) {
                return None;
            }
            Some((subgraph, subgraph.runtime_types_of(returned).iter().filter(visible).collect()))
        })
        .collect();
    let overridden = |subgraph: &Subgraph| {
        subgraphs.iter().any(|other| {
            let taken = other.field_facts(parent, name).and_then(|facts| facts.overrides.as_ref());
            taken.is_some_and(|taken| taken.from == subgraph.name)
        })
    };
    let sources: Vec<_> = sources.into_iter().filter(|(subgraph, _)| !overridden(subgraph)).collect();
    let Some(((_, first), rest)) = sources.split_first() else { return };
    if rest.iter().all(|(_, types)| types == first) {
        return;
    }
    let common = first.iter().any(|ty| rest.iter().all(|(_, types)| types.contains(ty)));
    let described: Vec<String> = sources
        .iter()
        .map(|(subgraph, types)| {
            let mut types: Vec<String> = types.iter().map(ToString::to_string).collect();
            types.sort_unstable();
            format!("{} in \"{}\"", types.join(", "), subgraph.name)
        })
        .collect();
    let message = format!("{parent}.{name} is shared, but returns {}", crate::merge::and_list(&described));
    let spans: Vec<_> = sources
        .iter()
        .map(|(subgraph, _)| subgraph.field(parent, name).and_then(|field| field.name.location()))
        .collect();
    if common {
        diagnostics.hint(HintCode::InconsistentRuntimeTypesForShareableReturn, message, spans);
    } else {
        diagnostics.error(ErrorCode::ShareableHasMismatchedRuntimeTypes, message, spans);
    }
}
