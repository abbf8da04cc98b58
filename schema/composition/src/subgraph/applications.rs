//! Every directive application of a schema, wherever it is.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, InputValueDefinition};
use apollo_compiler::schema::{ExtendedType, Schema};

use super::fields_of;

/// Calls `visit` with each directive applied to the types of `schema`, their fields, arguments and values.
pub(crate) fn each(schema: &Schema, mut visit: impl FnMut(&Node<Directive>)) {
    for definition in schema.types.values().filter(|definition| !definition.is_built_in()) {
        each_on_type(definition, &mut visit);
    }
}

fn each_on_type(definition: &ExtendedType, visit: &mut impl FnMut(&Node<Directive>)) {
    definition.directives().iter().for_each(|applied| visit(&applied.node));
    for field in fields_of(definition).into_iter().flat_map(|fields| fields.values()) {
        field.directives.iter().for_each(&mut *visit);
        field.arguments.iter().for_each(|argument| each_on_input(argument, visit));
    }
    match definition {
        ExtendedType::Enum(definition) => {
            definition.values.values().for_each(|value| value.directives.iter().for_each(&mut *visit));
        }
        ExtendedType::InputObject(definition) => {
            definition.fields.values().for_each(|field| each_on_input(field, visit));
        }
        ExtendedType::Object(_)
        | ExtendedType::Interface(_)
        | ExtendedType::Scalar(_)
        | ExtendedType::Union(_) => {}
    }
}

fn each_on_input(input: &InputValueDefinition, visit: &mut impl FnMut(&Node<Directive>)) {
    input.directives.iter().for_each(visit);
}
