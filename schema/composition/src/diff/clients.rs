//! What changed for clients: the types and directives of the API schema.

use apollo_compiler::ast::{DirectiveDefinition, OperationType};
use apollo_compiler::collections::IndexSet;
use apollo_compiler::schema::{ComponentName, EnumType, ExtendedType, Schema, UnionType};
use apollo_compiler::{Name, Node};

use super::fields::{self, deprecation};
use super::inputs::{self, ARGUMENT, Holder};
use super::{ChangeCode, Differences};

/// Compares the API schemas.
pub(super) fn compare(found: &mut Differences<'_>) {
    let (before, after) = (&found.before.api, &found.after.api);
    for (name, old) in own_types(before) {
        match after.types.get(name) {
            Some(new) => compare_type(found, old, new),
            None => removed(found, name, old),
        }
    }
    for (name, new) in own_types(after).filter(|(name, _)| !before.types.contains_key(*name)) {
        found.report(ChangeCode::TypeAdded, name.as_str(), format!("the {} {name} was added", kind(new)));
    }
    compare_directives(found);
}

fn own_types(schema: &Schema) -> impl Iterator<Item = (&Name, &ExtendedType)> {
    schema.types.iter().filter(|(_, definition)| !definition.is_built_in())
}

fn removed(found: &mut Differences<'_>, name: &Name, old: &ExtendedType) {
    let roots = [OperationType::Query, OperationType::Mutation, OperationType::Subscription];
    let root = roots.into_iter().find(|root| found.before.api.root_operation(*root) == Some(name));
    match root {
        Some(root) => {
            let message = format!("there is no {root} root any more");
            found.report(ChangeCode::RootTypeRemoved, name.as_str(), message);
        }
        None => {
            let message = format!("the {} {name} was removed", kind(old));
            found.report(ChangeCode::TypeRemoved, name.as_str(), message);
        }
    }
}

fn with_article(definition: &ExtendedType) -> String {
    let kind = kind(definition);
    let article = if kind.starts_with(['e', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}

const fn kind(definition: &ExtendedType) -> &'static str {
    match definition {
        ExtendedType::Scalar(_) => "scalar",
        ExtendedType::Object(_) => "type",
        ExtendedType::Interface(_) => "interface",
        ExtendedType::Union(_) => "union",
        ExtendedType::Enum(_) => "enum",
        ExtendedType::InputObject(_) => "input type",
    }
}

fn compare_type(found: &mut Differences<'_>, old: &ExtendedType, new: &ExtendedType) {
    match (old, new) {
        (ExtendedType::Object(old), ExtendedType::Object(new)) => {
            compare_interfaces(found, &old.name, &old.implements_interfaces, &new.implements_interfaces);
            fields::compare(found, &old.name, &old.fields, &new.fields);
        }
        (ExtendedType::Interface(old), ExtendedType::Interface(new)) => {
            compare_interfaces(found, &old.name, &old.implements_interfaces, &new.implements_interfaces);
            fields::compare(found, &old.name, &old.fields, &new.fields);
        }
        (ExtendedType::InputObject(old), ExtendedType::InputObject(new)) => {
            inputs::compare_input_type(found, old, new);
        }
        (ExtendedType::Enum(old), ExtendedType::Enum(new)) => compare_enum(found, old, new),
        (ExtendedType::Union(old), ExtendedType::Union(new)) => compare_union(found, old, new),
        (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => {}
        _ => {
            let message = format!("{} is {}, and was {}", old.name(), with_article(new), with_article(old));
            found.report(ChangeCode::TypeKindChanged, old.name().as_str(), message);
        }
    }
}

fn compare_interfaces(
    found: &mut Differences<'_>,
    name: &Name,
    old: &IndexSet<ComponentName>,
    new: &IndexSet<ComponentName>,
) {
    for interface in old.difference(new) {
        let message = format!("{name} does not implement {interface} any more");
        found.report(ChangeCode::InterfaceRemoved, format!("{name}.{interface}"), message);
    }
    for interface in new.difference(old) {
        let message = format!("{name} implements {interface}: it turns up where clients do not expect it");
        found.report(ChangeCode::InterfaceAdded, format!("{name}.{interface}"), message);
    }
}

fn compare_union(found: &mut Differences<'_>, old: &UnionType, new: &UnionType) {
    let name = &old.name;
    for member in old.members.difference(&new.members) {
        let message = format!("{member} is no member of the union {name} any more");
        found.report(ChangeCode::UnionMemberRemoved, format!("{name}.{member}"), message);
    }
    for member in new.members.difference(&old.members) {
        let message = format!("{member} is a member of the union {name}: clients do not expect it there");
        found.report(ChangeCode::UnionMemberAdded, format!("{name}.{member}"), message);
    }
}

fn compare_enum(found: &mut Differences<'_>, old: &EnumType, new: &EnumType) {
    let name = &old.name;
    for (value, was) in &old.values {
        let coordinate = format!("{name}.{value}");
        match new.values.get(value) {
            Some(is) => deprecation(found, &coordinate, &was.directives, &is.directives),
            None => {
                let message = format!("{coordinate} was removed");
                found.report(ChangeCode::EnumValueRemoved, coordinate, message);
            }
        }
    }
    for value in new.values.keys().filter(|value| !old.values.contains_key(*value)) {
        let message = format!("{name}.{value} was added: clients that list all values do not know it");
        found.report(ChangeCode::EnumValueAdded, format!("{name}.{value}"), message);
    }
}

fn compare_directives(found: &mut Differences<'_>) {
    let (before, after) = (&found.before.api, &found.after.api);
    for (name, old) in own_directives(before) {
        match after.directive_definitions.get(name) {
            Some(new) => compare_directive(found, old, new),
            None => found.report(
                ChangeCode::DirectiveRemoved,
                format!("@{name}"),
                format!("the directive @{name} was removed"),
            ),
        }
    }
    for (name, _) in
        own_directives(after).filter(|(name, _)| !before.directive_definitions.contains_key(*name))
    {
        let message = format!("the directive @{name} was added");
        found.report(ChangeCode::DirectiveAdded, format!("@{name}"), message);
    }
}

/// The directives that are not GraphQL's own. `@oneOf` is, though apollo-compiler does not know it yet.
fn own_directives(schema: &Schema) -> impl Iterator<Item = (&Name, &Node<DirectiveDefinition>)> {
    let is_own =
        |definition: &Node<DirectiveDefinition>| !definition.is_built_in() && definition.name != "oneOf";
    schema.directive_definitions.iter().filter(move |(_, definition)| is_own(definition))
}

fn compare_directive(found: &mut Differences<'_>, old: &DirectiveDefinition, new: &DirectiveDefinition) {
    let coordinate = format!("@{}", old.name);
    for location in old.locations.iter().filter(|location| !new.locations.contains(location)) {
        let message = format!("{coordinate} may not stand on {location} any more");
        found.report(ChangeCode::DirectiveLocationRemoved, coordinate.clone(), message);
    }
    if old.repeatable && !new.repeatable {
        let message = format!("{coordinate} is not repeatable any more");
        found.report(ChangeCode::DirectiveNotRepeatable, coordinate.clone(), message);
    }
    let holder = Holder { coordinate: &coordinate, codes: &ARGUMENT };
    inputs::compare(found, &holder, &inputs::nodes(&old.arguments), &inputs::nodes(&new.arguments));
}
