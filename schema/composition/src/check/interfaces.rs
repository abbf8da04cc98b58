//! Keys on interfaces and `@interfaceObject`, as far as one subgraph can see.

use apollo_compiler::Name;
use federation::field_set::FieldSet;
use rustc_hash::FxHashSet;

use crate::ErrorCode;
use crate::sources::{Diagnostics, type_span};
use crate::subgraph::{Subgraph, facts};

/// Checks interface keys and interface objects of `subgraph`.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    for (name, definition) in subgraph.own_types() {
        let Some(facts) = subgraph.type_facts(name) else { continue };
        if facts.interface_object && facts.keys.is_empty() {
            diagnostics.error(
                ErrorCode::InterfaceObjectUsageError,
                format!("[{}] {name} is an @interfaceObject, so it needs a @key", subgraph.name),
                [type_span(&subgraph.schema, name)],
            );
        }
        if definition.is_interface() {
            check_implementations(subgraph, name, diagnostics);
        }
    }
}

/// INTERFACE_KEY_NOT_ON_IMPLEMENTATION: an object found by the interface's key must be found by it as itself.
fn check_implementations(subgraph: &Subgraph, interface: &Name, diagnostics: &mut Diagnostics) {
    let Some(known) = subgraph.type_facts(interface) else { return };
    for key in &known.keys {
        let existing = |fields: &&FieldSet| facts::exists(subgraph, interface, &fields.selections);
        let Some(fields) = key.fields.as_ref().filter(existing) else { continue };
        let lacking: Vec<&Name> = subgraph
            .runtime_types_of(interface)
            .iter()
            .filter(|object| {
                let keys = subgraph.type_facts(object).map_or(&[][..], |facts| &facts.keys);
                !keys.iter().filter_map(|own| own.fields.as_ref()).any(|own| same_fields(own, fields))
            })
            .collect();
        if !lacking.is_empty() {
            let names: Vec<&str> = lacking.iter().map(|name| name.as_str()).collect();
            let mut spans = vec![key.directive.location()];
            spans.extend(lacking.iter().map(|name| type_span(&subgraph.schema, name)));
            diagnostics.error(
                ErrorCode::InterfaceKeyNotOnImplementation,
                format!(
                    "[{}] the interface {interface} has @key(fields: \"{}\"), but {} does not",
                    subgraph.name,
                    fields.text,
                    names.join(", ")
                ),
                spans,
            );
        }
    }
}

fn same_fields(a: &FieldSet, b: &FieldSet) -> bool {
    fingerprint(a) == fingerprint(b)
}

/// Field sets are equal whatever the order of their fields.
fn fingerprint(set: &FieldSet) -> FxHashSet<String> {
    set.selections
        .iter()
        .map(|selection| {
            let text = match selection {
                apollo_compiler::ast::Selection::Field(field) => field.serialize().no_indent().to_string(),
                other => other.serialize().no_indent().to_string(),
            };
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}
