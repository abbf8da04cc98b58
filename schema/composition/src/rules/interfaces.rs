//! INTERFACE_FIELD_NO_IMPLEM: an object that implements an interface anywhere has all its fields somewhere.

use apollo_compiler::schema::ExtendedType;

use crate::ErrorCode;
use crate::merge::Merged;
use crate::sources::Diagnostics;

/// Checks every implementation in the merged graph.
pub(super) fn check(merged: &Merged, diagnostics: &mut Diagnostics) {
    for definition in merged.schema.types.values() {
        let (name, fields, interfaces) = match definition {
            ExtendedType::Object(object) => (&object.name, &object.fields, &object.implements_interfaces),
            ExtendedType::Interface(interface) => {
                (&interface.name, &interface.fields, &interface.implements_interfaces)
            }
            _ => continue,
        };
        for interface in interfaces {
            let Some(interface) = merged.schema.get_interface(interface) else { continue };
            for field in interface.fields.values().filter(|field| !fields.contains_key(&field.name)) {
                diagnostics.error(
                    ErrorCode::InterfaceFieldNoImplem,
                    format!(
                        "{name} implements {}, but no subgraph gives it the field {}",
                        interface.name, field.name
                    ),
                    [name.location(), field.name.location()],
                );
            }
        }
    }
}
