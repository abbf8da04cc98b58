//! EXTERNAL_UNUSED and EXTERNAL_COLLISION: an external field must serve something, and cannot be resolved too.

use federation::spec::FederationDirective as Fd;

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, fields_of};

/// Checks the external fields of `subgraph`.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    for (name, definition) in subgraph.own_types() {
        let (Some(fields), Some(facts)) = (fields_of(definition), subgraph.type_facts(name)) else {
            continue;
        };
        for (field_name, field) in fields {
            let Some(field_facts) = facts.fields.get(field_name) else { continue };
            if !field_facts.declared_external {
                continue;
            }
            if !field_facts.used {
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
            let provides = subgraph.links.name(Fd::Provides).and_then(|local| field.directives.get(local));
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
