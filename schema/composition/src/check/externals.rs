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
            let on_field = subgraph.links.name(Fd::External).is_some_and(|local| field.directives.has(local));
            if !field_facts.used && on_field {
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
            for directive in [Fd::Provides, Fd::Requires] {
                let Some(local) = subgraph.links.name(directive) else { continue };
                if let Some(applied) = field.directives.get(local).filter(|_| field_facts.external) {
                    diagnostics.error(
                        ErrorCode::ExternalCollisionWithAnotherDirective,
                        format!(
                            "[{}] {name}.{field_name} is @external and cannot also be @{local}",
                            subgraph.name
                        ),
                        [applied.location()],
                    );
                }
            }
        }
    }
}
