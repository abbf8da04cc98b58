//! The rules of `@cost` and `@listSize`.
//!
//! Source: the cost directive specification v0.1.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition, Type};
use apollo_compiler::schema::ExtendedType;
use federation::spec::FederationDirective as Fd;

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, fields_of};

/// Checks the cost directives of `subgraph`.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    for (name, definition) in subgraph.own_types() {
        let Some(fields) = fields_of(definition) else { continue };
        for field in fields.values() {
            let coordinate = format!("{name}.{}", field.name);
            if let Some(cost) = subgraph.links.name(Fd::Cost).and_then(|local| field.directives.get(local))
                && definition.is_interface()
            {
                diagnostics.error(
                    ErrorCode::CostAppliedToInterfaceField,
                    format!("[{}] @cost cannot be used on {coordinate}, an interface's field", subgraph.name),
                    [cost.location()],
                );
            }
            if let Some(size) =
                subgraph.links.name(Fd::ListSize).and_then(|local| field.directives.get(local))
            {
                check_list_size(subgraph, &coordinate, field, size, diagnostics);
            }
        }
    }
}

fn check_list_size(
    subgraph: &Subgraph,
    coordinate: &str,
    field: &FieldDefinition,
    size: &Node<Directive>,
    diagnostics: &mut Diagnostics,
) {
    let mut report = |code, problem: String| {
        diagnostics.error(code, format!("[{}] {coordinate}: {problem}", subgraph.name), [size.location()]);
    };
    let strings = |name: &str| -> Option<Vec<String>> {
        let list = size.specified_argument_by_name(name)?.as_list()?;
        Some(list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
    };
    let sized = strings("sizedFields");
    if sized.is_none() && !field.ty.is_list() {
        report(
            ErrorCode::ListSizeAppliedToNonList,
            format!("@listSize needs a list, and {} is none", field.ty),
        );
    }
    let assumed = size.specified_argument_by_name("assumedSize").and_then(|value| value.to_i32());
    if assumed.is_some_and(|assumed| assumed < 0) {
        report(ErrorCode::ListSizeInvalidAssumedSize, "assumedSize cannot be negative".to_owned());
    }
    for name in strings("slicingArguments").unwrap_or_default() {
        match field.argument_by_name(&name) {
            None => report(
                ErrorCode::ListSizeInvalidSlicingArgument,
                format!("the slicing argument {name} is no argument of the field"),
            ),
            Some(argument) if *argument.ty.inner_named_type() != "Int" || argument.ty.is_list() => report(
                ErrorCode::ListSizeInvalidSlicingArgument,
                format!("the slicing argument {name} should be an Int, not {}", argument.ty),
            ),
            Some(_) => {}
        }
    }
    for name in sized.unwrap_or_default() {
        if let Some(problem) = sized_field_problem(subgraph, &field.ty, &name) {
            report(ErrorCode::ListSizeInvalidSizedField, problem);
        }
    }
}

fn sized_field_problem(subgraph: &Subgraph, ty: &Type, name: &str) -> Option<String> {
    let target = ty.inner_named_type();
    let definition = subgraph.schema.types.get(target)?;
    let fields = match definition {
        ExtendedType::Object(_) | ExtendedType::Interface(_) => fields_of(definition)?,
        _ => return Some(format!("{target} has no fields, so sizedFields means nothing")),
    };
    match fields.get(name) {
        None => Some(format!("the sized field {name} is no field of {target}")),
        Some(field) if !field.ty.is_list() => Some(format!("the sized field {target}.{name} is no list")),
        Some(_) => None,
    }
}
