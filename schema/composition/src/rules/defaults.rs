//! Defaults that merging made invalid: an enum value or input field that the supergraph no longer has.

use apollo_compiler::ast::{InputValueDefinition, Value};
use apollo_compiler::schema::{ExtendedType, Schema};

use crate::ErrorCode;
use crate::merge::Merged;
use crate::sources::Diagnostics;
use crate::subgraph::fields_of;

/// Checks the default of every argument and input field.
pub(super) fn check(merged: &Merged, diagnostics: &mut Diagnostics) {
    let schema = &merged.schema;
    for (name, definition) in schema.types.iter().filter(|(_, definition)| !definition.is_built_in()) {
        for field in fields_of(definition).into_iter().flat_map(|fields| fields.values()) {
            for argument in &field.arguments {
                let coordinate = format!("{name}.{}({}:)", field.name, argument.name);
                check_default(schema, &coordinate, argument, diagnostics);
            }
        }
        if let ExtendedType::InputObject(input) = definition {
            for field in input.fields.values() {
                check_default(schema, &format!("{name}.{}", field.name), field, diagnostics);
            }
        }
    }
}

fn check_default(
    schema: &Schema,
    coordinate: &str,
    input: &InputValueDefinition,
    diagnostics: &mut Diagnostics,
) {
    let Some(value) = &input.default_value else { return };
    if let Some(unknown) = unknown_in(schema, value, input.ty.inner_named_type()) {
        diagnostics.error(
            ErrorCode::InvalidGraphql,
            format!("the default of {coordinate} uses {unknown}, which is not in all subgraphs"),
            [input.name.location()],
        );
    }
}

/// The first enum value or input field of a default that does not exist.
fn unknown_in(schema: &Schema, value: &Value, ty: &str) -> Option<String> {
    match (value, schema.types.get(ty)?) {
        (Value::List(items), _) => items.iter().find_map(|item| unknown_in(schema, item, ty)),
        (Value::Enum(name), ExtendedType::Enum(definition)) => {
            (!definition.values.contains_key(name)).then(|| format!("{ty}.{name}"))
        }
        (Value::Object(entries), ExtendedType::InputObject(input)) => {
            entries.iter().find_map(|(name, value)| match input.fields.get(name) {
                Some(field) => unknown_in(schema, value, field.ty.inner_named_type()),
                None => Some(format!("{ty}.{name}")),
            })
        }
        _ => None,
    }
}
