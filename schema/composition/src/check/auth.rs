//! AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE: who may see an interface's field is said on its implementations.

use federation::spec::FederationDirective as Fd;

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, fields_of};

/// Looks for access directives on interfaces, on their fields, and on interface objects.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    let local: Vec<&str> = [Fd::Authenticated, Fd::RequiresScopes, Fd::Policy]
        .into_iter()
        .filter_map(|directive| subgraph.links.name(directive))
        .collect();
    for (name, definition) in subgraph.own_types() {
        if !definition.is_interface() && !subgraph.is_interface_object(name) {
            continue;
        }
        let on_type = definition.directives().iter().map(|applied| (name.to_string(), &applied.node));
        let on_fields = fields_of(definition).into_iter().flatten().flat_map(|(field, definition)| {
            definition.directives.iter().map(move |applied| (format!("{name}.{field}"), applied))
        });
        for (coordinate, applied) in on_type.chain(on_fields) {
            let on_interface = definition.is_interface() || coordinate == name.as_str();
            if on_interface && local.contains(&applied.name.as_str()) {
                diagnostics.error(
                    ErrorCode::AuthRequirementsAppliedOnInterface,
                    format!(
                        "[{}] @{} cannot be used on {coordinate}: put it on the implementations",
                        subgraph.name, applied.name
                    ),
                    [applied.location()],
                );
            }
        }
    }
}
