//! Federation 1 schemas, made to say what they mean in Federation 2.
//!
//! Source: the documentation on moving to Federation 2 (extensions and externals, value types, keys on
//! interfaces, unused externals).

use apollo_compiler::Name;
use apollo_compiler::ast::Selection;
use apollo_compiler::schema::{ComponentOrigin, ExtendedType};
use federation::field_set::FieldSet;
use federation::spec::FederationDirective;

use super::facts::{self, FieldsArgument, Key};
use super::{Subgraph, fields_of};
use crate::ErrorCode;
use crate::sources::{Diagnostics, type_span};

/// Upgrades every Federation 1 subgraph among `subgraphs`.
pub(crate) fn upgrade(subgraphs: &mut [Subgraph], diagnostics: &mut Diagnostics) {
    if subgraphs.iter().all(|subgraph| !subgraph.links.is_federation_1()) {
        return;
    }
    // Upgrading needs to know whom an extension extends.
    super::extensions::check(subgraphs, |subgraph| subgraph.links.is_federation_1(), diagnostics);
    let owners_keys: Vec<Vec<(Name, Key)>> =
        (0..subgraphs.len()).map(|index| keys_of_owners(subgraphs, index)).collect();
    for (subgraph, keys) in subgraphs.iter_mut().zip(owners_keys) {
        if subgraph.links.is_federation_1() {
            own_key_fields(subgraph, keys);
            forget_extensions(subgraph);
            forget_interface_directives(subgraph);
            forget_idle_field_sets(subgraph);
            remove_unused_externals(subgraph, diagnostics);
        }
    }
    share_fields(subgraphs);
}

/// For each extension without a key: the first key of the type's owner, whose fields Federation 1 always sent.
fn keys_of_owners(subgraphs: &[Subgraph], index: usize) -> Vec<(Name, Key)> {
    let subgraph = &subgraphs[index];
    let lacking = subgraph.facts.iter().filter(|(name, facts)| {
        facts.extension && facts.keys.is_empty() && subgraph.schema.get_object(name).is_some()
    });
    lacking
        .filter_map(|(name, _)| {
            let owner = subgraphs
                .iter()
                .filter_map(|other| other.type_facts(name))
                .find(|facts| !facts.extension && !facts.keys.is_empty())?;
            Some((name.clone(), owner.keys.first()?.clone()))
        })
        .collect()
}

/// Those fields are not really external: Federation 1 always had them.
fn own_key_fields(subgraph: &mut Subgraph, keys: Vec<(Name, Key)>) {
    for (name, key) in keys {
        let Some(fields) = &key.fields else { continue };
        let targets = facts::targets(subgraph, &name, &fields.selections);
        if targets.is_empty() {
            continue;
        }
        let Some(facts) = subgraph.facts.get_mut(&name) else { continue };
        for (_, field) in targets.iter().filter(|(parent, _)| *parent == name) {
            if let Some(field) = facts.fields.get_mut(field) {
                field.external = false;
                field.used = true;
                field.shareable = true;
            }
        }
    }
}

/// In Federation 2 no subgraph owns a type, so there is nothing special about extending one.
fn forget_extensions(subgraph: &mut Subgraph) {
    let extends = subgraph.links.name(FederationDirective::Extends).unwrap_or_default();
    let schema = &subgraph.schema;
    for (name, facts) in subgraph.facts.iter_mut().filter(|(_, facts)| facts.extension) {
        // `@extends` itself stays visible: the supergraph says so too.
        let marked = schema.types.get(name).is_some_and(|definition| definition.directives().has(extends));
        facts.keys.iter_mut().for_each(|key| key.extension = marked);
    }
}

/// Keys and requirements on interfaces, and externals on their fields, meant nothing in Federation 1.
fn forget_interface_directives(subgraph: &mut Subgraph) {
    let schema = &subgraph.schema;
    for (name, facts) in &mut subgraph.facts {
        if schema.get_interface(name).is_none() {
            continue;
        }
        facts.keys.clear();
        for field in facts.fields.values_mut() {
            field.external = false;
            field.requires = None;
            field.provides = None;
        }
    }
}

fn remove_unused_externals(subgraph: &mut Subgraph, diagnostics: &mut Diagnostics) {
    let unused: Vec<(Name, Name)> = subgraph
        .facts
        .iter()
        .filter(|(name, _)| subgraph.schema.get_object(name).is_some())
        .flat_map(|(name, facts)| {
            let fields = facts.fields.iter().filter(|(_, field)| field.external && !field.used);
            fields.map(|(field, _)| (name.clone(), field.clone()))
        })
        .collect();
    for (parent, field) in unused {
        let Some(ExtendedType::Object(object)) = subgraph.schema.types.get_mut(&parent) else { continue };
        object.make_mut().fields.shift_remove(&field);
        let emptied = object.fields.is_empty();
        let referenced = is_referenced(subgraph, &parent);
        if let Some(facts) = subgraph.facts.get_mut(&parent) {
            facts.fields.remove(&field);
        }
        if emptied && !referenced {
            subgraph.schema.types.shift_remove(&parent);
            subgraph.facts.remove(&parent);
        } else if emptied {
            diagnostics.error(
                ErrorCode::TypeWithOnlyUnusedExternal,
                format!("[{}] {parent} has only @external fields, and none of them is used", subgraph.name),
                [type_span(&subgraph.schema, &parent)],
            );
        }
    }
}

fn is_referenced(subgraph: &Subgraph, name: &Name) -> bool {
    let mut roots = subgraph.schema.schema_definition.iter_root_operations();
    roots.any(|(_, root)| root.name == *name && *name != "Query") || is_mentioned(subgraph, name)
}

fn is_mentioned(subgraph: &Subgraph, name: &Name) -> bool {
    subgraph.own_types().any(|(_, definition)| match definition {
        ExtendedType::Union(union) => union.members.contains(name),
        other => fields_of(other)
            .is_some_and(|fields| fields.values().any(|field| field.ty.inner_named_type() == name)),
    })
}

/// A `@requires` or `@provides` of fields that the subgraph resolves itself asks for nothing, and what is left of it
/// without those fields is what counts.
fn forget_idle_field_sets(subgraph: &mut Subgraph) {
    let mut changed = Vec::new();
    for (name, facts) in &subgraph.facts {
        for (field_name, field) in &facts.fields {
            let target = subgraph.field(name, field_name).map(|field| field.ty.inner_named_type().clone());
            let requires = active(subgraph, name, field.requires.clone());
            let provides = target.and_then(|target| active(subgraph, &target, field.provides.clone()));
            changed.push((name.clone(), field_name.clone(), requires, provides));
        }
    }
    for (parent, field, requires, provides) in changed {
        let facts = subgraph.facts.get_mut(&parent).and_then(|facts| facts.fields.get_mut(&field));
        if let Some(facts) = facts {
            facts.requires = requires;
            facts.provides = provides;
        }
    }
}

/// The argument without the leaves that the subgraph resolves itself; `None` when nothing is left.
fn active(subgraph: &Subgraph, parent: &Name, argument: Option<FieldsArgument>) -> Option<FieldsArgument> {
    let mut argument = argument?;
    let Some(fields) = &argument.fields else { return Some(argument) };
    if has_idle_leaf(subgraph, parent, &fields.selections) {
        let selections = without_idle_leaves(subgraph, parent, &fields.selections);
        let text = selections.iter().map(|selection| selection.serialize().no_indent().to_string());
        let text = text.collect::<Vec<_>>().join(" ");
        argument.fields = Some(FieldSet::parse(&text).ok()?);
    }
    Some(argument)
}

fn has_idle_leaf(subgraph: &Subgraph, parent: &Name, selections: &[Selection]) -> bool {
    selections.iter().any(|selection| match below(subgraph, parent, selection) {
        Below::External => false,
        Below::Leaf => true,
        Below::Selections(parent, selections) => has_idle_leaf(subgraph, &parent, selections),
    })
}

fn without_idle_leaves(subgraph: &Subgraph, parent: &Name, selections: &[Selection]) -> Vec<Selection> {
    let kept = selections.iter().filter_map(|selection| match below(subgraph, parent, selection) {
        Below::External => Some(selection.clone()),
        Below::Leaf => None,
        Below::Selections(parent, selections) => {
            let kept = without_idle_leaves(subgraph, &parent, selections);
            (!kept.is_empty()).then(|| with_selections(selection, kept))
        }
    });
    kept.collect()
}

/// What a field set selects at one place.
enum Below<'a> {
    /// A field from elsewhere, whatever is below it.
    External,
    /// A leaf of the subgraph's own.
    Leaf,
    /// More of it, below a field of the subgraph's own or below a type condition.
    Selections(Name, &'a [Selection]),
}

fn below<'a>(subgraph: &Subgraph, parent: &Name, selection: &'a Selection) -> Below<'a> {
    match selection {
        Selection::Field(field) if is_external(subgraph, parent, &field.name) => Below::External,
        Selection::Field(field) => match subgraph.field(parent, &field.name) {
            Some(definition) if !field.selection_set.is_empty() => {
                Below::Selections(definition.ty.inner_named_type().clone(), &field.selection_set)
            }
            _ => Below::Leaf,
        },
        Selection::InlineFragment(fragment) => Below::Selections(
            fragment.type_condition.clone().unwrap_or_else(|| parent.clone()),
            &fragment.selection_set,
        ),
        Selection::FragmentSpread(_) => Below::Leaf,
    }
}

/// An interface's field is external as soon as it is in one implementation.
fn is_external(subgraph: &Subgraph, parent: &Name, field: &Name) -> bool {
    let implementations = subgraph.schema.get_interface(parent).map(|_| subgraph.runtime_types_of(parent));
    std::iter::once(parent)
        .chain(implementations.unwrap_or_default())
        .any(|parent| subgraph.is_external(parent, field))
}

fn with_selections(selection: &Selection, selections: Vec<Selection>) -> Selection {
    let mut selection = selection.clone();
    match &mut selection {
        Selection::Field(field) => field.make_mut().selection_set = selections,
        Selection::InlineFragment(fragment) => fragment.make_mut().selection_set = selections,
        Selection::FragmentSpread(_) => {}
    }
    selection
}

/// Federation 1 let several subgraphs resolve a field without saying so.
fn share_fields(subgraphs: &mut [Subgraph]) {
    for index in 0..subgraphs.len() {
        if !subgraphs[index].links.is_federation_1() {
            continue;
        }
        let shared: Vec<(Name, Name)> = subgraphs[index]
            .facts
            .iter()
            .flat_map(|(name, facts)| facts.fields.keys().map(move |field| (name.clone(), field.clone())))
            .filter(|(parent, field)| is_resolved_elsewhere(subgraphs, index, parent, field))
            .collect();
        for (parent, field) in shared {
            let facts = subgraphs[index].facts.get_mut(&parent);
            if let Some(facts) = facts.and_then(|facts| facts.fields.get_mut(&field)) {
                facts.shareable |= !facts.external || facts.provided;
            }
        }
    }
}

/// A value type is shared as a whole, an entity or root type field by field, and events never. An extension of a value
/// type in the subgraph that defines it is not part of that whole.
fn is_resolved_elsewhere(subgraphs: &[Subgraph], index: usize, parent: &Name, field: &Name) -> bool {
    let is_root = matches!(parent.as_str(), "Query" | "Mutation");
    let own = subgraphs[index].type_facts(parent);
    if parent == "Subscription" {
        return false;
    }
    let by_field = is_root || own.is_some_and(|facts| !facts.keys.is_empty());
    subgraphs.iter().enumerate().filter(|(other, _)| *other != index).any(|(_, other)| {
        if by_field {
            other.field_facts(parent, field).is_some_and(|facts| !facts.external || facts.provided)
        } else {
            other.schema.types.contains_key(parent) && !is_added(&subgraphs[index], parent, field)
        }
    })
}

/// Whether the field stands in an extension of a type that the subgraph itself defines.
fn is_added(subgraph: &Subgraph, parent: &Name, field: &Name) -> bool {
    let extension = subgraph.type_facts(parent).is_some_and(|facts| facts.extension);
    !extension
        && subgraph.field(parent, field).is_some_and(|field| field.origin != ComponentOrigin::Definition)
}
