//! EXTERNAL_UNUSED and EXTERNAL_COLLISION: an external field must serve something, and cannot be resolved too.

use federation::spec::FederationDirective as Fd;

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, fields_of};

/// Checks the external fields of `subgraph`.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    let vain = provides_in_vain(subgraph);
    for (name, definition) in subgraph.own_types() {
        let (Some(fields), Some(facts)) = (fields_of(definition), subgraph.type_facts(name)) else {
            continue;
        };
        for (field_name, field) in fields {
            let Some(field_facts) = facts.fields.get(field_name) else { continue };
            if !field_facts.declared_external {
                continue;
            }
            let provides = subgraph.links.name(Fd::Provides).and_then(|local| field.directives.get(local));
            if !field_facts.used && !vain && provides.is_none() {
                diagnostics.error(
                    ErrorCode::ExternalUnused,
                    format!(
                        "[{}] {name}.{field_name} is @external, but no @key, @requires, @provides or interface \
                         of this subgraph uses it",
                        subgraph.name
                    ),
                    [field.name.location()],
                );
            }
            if let Some(applied) = provides.filter(|_| field_facts.external) {
                diagnostics.error(
                    ErrorCode::ExternalCollisionWithAnotherDirective,
                    format!(
                        "[{}] {name}.{field_name} is @external and cannot also be @{}",
                        subgraph.name, applied.name
                    ),
                    [applied.location()],
                );
            }
        }
    }
}

/// Whether a `@provides` is on a field below which nothing can be provided: then nobody knows what it was meant to use.
fn provides_in_vain(subgraph: &Subgraph) -> bool {
    subgraph.facts.iter().any(|(name, facts)| {
        let providing = facts.fields.iter().filter(|(_, field)| field.provides.is_some());
        let mut types = providing.filter_map(|(field, _)| subgraph.field(name, field)).map(|field| &field.ty);
        types.any(|ty| subgraph.is_leaf(ty.inner_named_type()))
    })
}
