//! Holds a subgraph's SDL against the contract of the original: every operation that is valid against the contract must
//! stay valid and answer the same shape.
//!
//! What may change: anything may be added that nobody has to give; a result may become non-null; an argument may become
//! optional. What may not: a name that goes, a result that may now be null or has another type or list depth, an argument
//! that has to be given and had not, an enum value that goes (input) or an input field that goes.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};

/// Every way in which `sdl` breaks `contract`; empty when it keeps it.
#[must_use]
pub fn violations(contract: &str, sdl: &str) -> Vec<String> {
    let (contract, ours) = match (types(contract), types(sdl)) {
        (Ok(contract), Ok(ours)) => (contract, ours),
        (Err(error), _) => return vec![format!("the contract cannot be read: {error}")],
        (_, Err(error)) => return vec![format!("the SDL cannot be read: {error}")],
    };
    let mut found = Vec::new();
    let mut names: Vec<&String> = contract.keys().collect();
    names.sort_unstable();
    for name in names {
        match (&contract[name], ours.get(name)) {
            (Shape::Scalar, Some(Shape::Scalar)) => {}
            (Shape::Object(old), Some(Shape::Object(new))) => object(name, old, new, &mut found),
            (Shape::Input(old), Some(Shape::Input(new))) => inputs(name, old, new, &mut found),
            (Shape::Enum(old), Some(Shape::Enum(new))) => {
                found.extend(old.iter().filter(|v| !new.contains(v)).map(|v| format!("{name}.{v} is gone")));
            }
            (_, Some(_)) => found.push(format!("{name} is of another kind")),
            (_, None) => found.push(format!("{name} is gone")),
        }
    }
    found
}

enum Shape {
    Scalar,
    Enum(Vec<String>),
    Object(Vec<FieldDefinition>),
    Input(Vec<InputValueDefinition>),
}

/// The types of a document by name; extensions add to what they extend.
fn types(sdl: &str) -> Result<HashMap<String, Shape>, async_graphql::parser::Error> {
    let mut types: HashMap<String, Shape> = HashMap::new();
    for definition in parse_schema(sdl)?.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let TypeDefinition { name, kind, .. } = definition.node;
        let shape = match kind {
            TypeKind::Scalar => Shape::Scalar,
            TypeKind::Enum(e) => {
                Shape::Enum(e.values.into_iter().map(|v| v.node.value.node.to_string()).collect())
            }
            TypeKind::Object(o) => Shape::Object(o.fields.into_iter().map(|f| f.node).collect()),
            TypeKind::Interface(i) => Shape::Object(i.fields.into_iter().map(|f| f.node).collect()),
            TypeKind::InputObject(i) => Shape::Input(i.fields.into_iter().map(|f| f.node).collect()),
            TypeKind::Union(_) => continue,
        };
        match (types.get_mut(name.node.as_str()), shape) {
            (Some(Shape::Object(fields)), Shape::Object(more)) => fields.extend(more),
            (Some(Shape::Input(fields)), Shape::Input(more)) => fields.extend(more),
            (Some(Shape::Enum(values)), Shape::Enum(more)) => values.extend(more),
            (_, shape) => drop(types.insert(name.node.to_string(), shape)),
        }
    }
    Ok(types)
}

fn object(owner: &str, old: &[FieldDefinition], new: &[FieldDefinition], found: &mut Vec<String>) {
    for field in old {
        let name = format!("{owner}.{}", field.name.node);
        let Some(ours) = new.iter().find(|f| f.name.node == field.name.node) else {
            found.push(format!("{name} is gone"));
            continue;
        };
        if !answers_as(&ours.ty.node, &field.ty.node) {
            found.push(format!("{name} answers {}, the contract says {}", ours.ty.node, field.ty.node));
        }
        let (old, new): (Vec<_>, Vec<_>) = (nodes(&field.arguments), nodes(&ours.arguments));
        inputs(&name, &old, &new, found);
    }
}

fn nodes(arguments: &[async_graphql::Positioned<InputValueDefinition>]) -> Vec<InputValueDefinition> {
    arguments.iter().map(|argument| argument.node.clone()).collect()
}

/// Arguments of a field, or fields of an input object.
fn inputs(owner: &str, old: &[InputValueDefinition], new: &[InputValueDefinition], found: &mut Vec<String>) {
    for input in old {
        let name = format!("{owner}({})", input.name.node);
        match new.iter().find(|i| i.name.node == input.name.node) {
            None => found.push(format!("{name} is gone")),
            Some(ours) if !takes_as(&ours.ty.node, &input.ty.node) => {
                found.push(format!("{name} takes {}, the contract says {}", ours.ty.node, input.ty.node));
            }
            Some(_) => {}
        }
    }
    for added in new.iter().filter(|i| !old.iter().any(|o| o.name.node == i.name.node)) {
        if !added.ty.node.nullable && added.default_value.is_none() {
            found.push(format!("{owner}({}) is new and has to be given", added.name.node));
        }
    }
}

/// Whether a result of type `ours` can stand for `theirs`: the same, or non-null where it was nullable.
fn answers_as(ours: &Type, theirs: &Type) -> bool {
    (theirs.nullable || !ours.nullable) && same_base(&ours.base, &theirs.base, answers_as)
}

/// Whether an input of type `ours` takes all that `theirs` took: the same, or nullable where it was non-null.
fn takes_as(ours: &Type, theirs: &Type) -> bool {
    (ours.nullable || !theirs.nullable) && same_base(&ours.base, &theirs.base, takes_as)
}

fn same_base(ours: &BaseType, theirs: &BaseType, inner: fn(&Type, &Type) -> bool) -> bool {
    match (ours, theirs) {
        (BaseType::Named(ours), BaseType::Named(theirs)) => ours == theirs,
        (BaseType::List(ours), BaseType::List(theirs)) => inner(ours, theirs),
        (BaseType::Named(_), BaseType::List(_)) | (BaseType::List(_), BaseType::Named(_)) => false,
    }
}

#[cfg(test)]
mod tests;
