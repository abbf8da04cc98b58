//! Literals that the GraphQL validation leaves to composition: defaults of the wrong type, and required inputs that
//! are deprecated although nobody may leave them out.
//!
//! Source: the GraphQL specification, type validation of arguments and input fields.

use apollo_compiler::Name;
use apollo_compiler::ast::{InputValueDefinition, Type, Value};
use apollo_compiler::schema::{ExtendedType, Schema};

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, fields_of};

/// Checks every argument and input field of `subgraph`.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    for (name, definition) in subgraph.own_types() {
        for field in fields_of(definition).into_iter().flat_map(|fields| fields.values()) {
            for argument in &field.arguments {
                let coordinate = format!("{name}.{}({}:)", field.name, argument.name);
                check_input(subgraph, &coordinate, argument, diagnostics);
            }
        }
        if let ExtendedType::InputObject(input) = definition {
            for field in input.fields.values() {
                check_input(subgraph, &format!("{name}.{}", field.name), field, diagnostics);
            }
        }
    }
}

fn check_input(
    subgraph: &Subgraph,
    coordinate: &str,
    input: &InputValueDefinition,
    diagnostics: &mut Diagnostics,
) {
    let default = input.default_value.as_ref();
    if let Some(value) = default.filter(|value| !may_be(&subgraph.schema, value, &input.ty)) {
        let value_text = value.serialize().no_indent();
        diagnostics.error(
            ErrorCode::InvalidGraphql,
            format!(
                "[{}] {coordinate} is of type {}, so its default cannot be {value_text}",
                subgraph.name, input.ty
            ),
            [value.location()],
        );
    }
    if let Some(deprecated) = input.directives.get("deprecated").filter(|_| input.is_required()) {
        diagnostics.error(
            ErrorCode::InvalidGraphql,
            format!("[{}] {coordinate} is required, so it cannot be @deprecated", subgraph.name),
            [deprecated.location()],
        );
    }
}

/// Whether a literal can be of type `ty`. Variables cannot: nobody gives them a value in a schema.
pub(super) fn may_be(schema: &Schema, value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Variable(_), _) => false,
        (Value::Null, _) => !ty.is_non_null(),
        (Value::List(items), Type::List(item) | Type::NonNullList(item)) => {
            items.iter().all(|value| may_be(schema, value, item))
        }
        (_, Type::List(item) | Type::NonNullList(item)) => may_be(schema, value, item),
        (_, Type::Named(name) | Type::NonNullNamed(name)) => may_be_named(schema, value, name),
    }
}

fn may_be_named(schema: &Schema, value: &Value, ty: &Name) -> bool {
    match (schema.types.get(ty), ty.as_str()) {
        (Some(ExtendedType::Enum(definition)), _) => {
            value.as_enum().is_some_and(|value| definition.values.contains_key(value))
        }
        (Some(ExtendedType::InputObject(input)), _) => value.as_object().is_some_and(|entries| {
            let given = |name: &Name| entries.iter().any(|(given, _)| given == name);
            entries.iter().all(|(name, value)| {
                input.fields.get(name).is_some_and(|field| may_be(schema, value, &field.ty))
            }) && input.fields.values().all(|field| !field.is_required() || given(&field.name))
        }),
        (_, "Int") => matches!(value, Value::Int(_)),
        (_, "Float") => matches!(value, Value::Int(_) | Value::Float(_)),
        (_, "String") => matches!(value, Value::String(_)),
        (_, "Boolean") => matches!(value, Value::Boolean(_)),
        (_, "ID") => matches!(value, Value::Int(_) | Value::String(_)),
        _ => true,
    }
}
