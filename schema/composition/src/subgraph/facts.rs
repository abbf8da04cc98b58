//! What the federation directives of a subgraph say about its types and fields, worked out once.
//!
//! Source: the federation documentation of each directive; key fields are shareable by themselves, a key field
//! that an extension declares `@external` is not really external, a provided field is external only in part.

use apollo_compiler::ast::{Directive, FieldDefinition, Selection, Value};
use apollo_compiler::schema::{Component, ComponentOrigin, DirectiveList, ExtendedType};
use apollo_compiler::{Name, Node};
use federation::field_set::FieldSet;
use federation::spec::FederationDirective as Fd;
use rustc_hash::FxHashMap;

use super::{Subgraph, contexts, fields_of};

/// The facts of an object or interface type.
#[derive(Debug, Default, Clone)]
pub(crate) struct TypeFacts {
    /// Its keys, in the order written.
    pub(crate) keys: Vec<Key>,
    /// It stands for an interface of other subgraphs.
    pub(crate) interface_object: bool,
    /// It extends a type that another subgraph owns (Federation 1's sense).
    pub(crate) extension: bool,
    /// Its fields' facts.
    pub(crate) fields: FxHashMap<Name, FieldFacts>,
}

/// One `@key`.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The application itself, for locations.
    pub(crate) directive: Node<Directive>,
    /// Its `fields`; absent when they are no field set.
    pub(crate) fields: Option<FieldSet>,
    /// Whether the subgraph can be entered by it.
    pub(crate) resolvable: bool,
    /// It was written on an extension of the type.
    pub(crate) extension: bool,
}

/// The facts of a field.
#[derive(Debug, Default, Clone)]
pub(crate) struct FieldFacts {
    /// Resolved elsewhere, only named here.
    pub(crate) external: bool,
    /// Marked `@external`, even if that means nothing (the key of an extension).
    pub(crate) declared_external: bool,
    /// External, yet resolved here on some `@provides` path.
    pub(crate) provided: bool,
    /// Several subgraphs may resolve it.
    pub(crate) shareable: bool,
    /// A key, `@requires`, `@provides` or an interface needs it here.
    pub(crate) used: bool,
    /// What it requires of its parent object.
    pub(crate) requires: Option<FieldsArgument>,
    /// What is resolved below it although external.
    pub(crate) provides: Option<FieldsArgument>,
    /// Whom it is taken over from.
    pub(crate) overrides: Option<Override>,
}

/// The `fields` of a `@requires` or `@provides`.
#[derive(Debug, Clone)]
pub(crate) struct FieldsArgument {
    /// The application itself, for locations.
    pub(crate) directive: Node<Directive>,
    /// The field set; absent when the string is none.
    pub(crate) fields: Option<FieldSet>,
}

/// An `@override`.
#[derive(Debug, Clone)]
pub(crate) struct Override {
    /// The application itself, for locations.
    pub(crate) directive: Node<Directive>,
    /// The subgraph that loses the field.
    pub(crate) from: String,
    /// The condition under which it does, for a migration in steps.
    pub(crate) label: Option<String>,
}

/// The text of a directive's `fields`. Federation 1 also allowed a list of names.
pub(crate) fn fields_text(directive: &Directive) -> Option<String> {
    match &**directive.specified_argument_by_name("fields")? {
        Value::String(text) => Some(text.clone()),
        Value::Enum(name) => Some(name.to_string()),
        Value::List(items) => {
            let names: Option<Vec<&str>> = items
                .iter()
                .map(|item| item.as_str().or_else(|| item.as_enum().map(|name| name.as_str())))
                .collect();
            names.map(|names| names.join(" "))
        }
        _ => None,
    }
}

fn field_set(subgraph: &Subgraph, directive: &Directive) -> Option<FieldSet> {
    let value = directive.specified_argument_by_name("fields")?;
    if value.as_str().is_none() && !subgraph.links.is_federation_1() {
        return None;
    }
    FieldSet::parse(&fields_text(directive)?).ok()
}

/// Works out all facts of `subgraph`.
pub(crate) fn collect(subgraph: &mut Subgraph) {
    subgraph.runtime_types = runtime_types(subgraph);
    let names: Vec<Name> = subgraph.own_types().map(|(name, _)| name.clone()).collect();
    for name in names {
        if let Some(facts) = type_facts(subgraph, &name) {
            subgraph.facts.insert(name, facts);
        }
    }
    apply_keys(subgraph);
    apply_requires_and_provides(subgraph);
    apply_contexts(subgraph);
    apply_interfaces(subgraph);
}

fn runtime_types(subgraph: &Subgraph) -> FxHashMap<Name, Vec<Name>> {
    let mut runtime: FxHashMap<Name, Vec<Name>> = FxHashMap::default();
    for (name, definition) in &subgraph.schema.types {
        match definition {
            ExtendedType::Object(object) => {
                runtime.entry(name.clone()).or_default().push(name.clone());
                for interface in &object.implements_interfaces {
                    runtime.entry(interface.name.clone()).or_default().push(name.clone());
                }
            }
            ExtendedType::Union(union) => {
                let members = union.members.iter().map(|member| member.name.clone());
                runtime.entry(name.clone()).or_default().extend(members);
            }
            _ => {}
        }
    }
    runtime
}

fn type_facts(subgraph: &Subgraph, name: &Name) -> Option<TypeFacts> {
    let definition = subgraph.schema.types.get(name)?;
    let fields = fields_of(definition)?;
    let directives = definition.directives();
    let local = |directive| subgraph.links.name(directive).unwrap_or("\0");
    let extends = directives.has(local(Fd::Extends));
    let extension = extends || !subgraph.defined.contains(name);
    let keys = directives
        .get_all(local(Fd::Key))
        .map(|key| Key {
            directive: key.node.clone(),
            fields: field_set(subgraph, key),
            resolvable: key.specified_argument_by_name("resolvable").and_then(|value| value.to_bool())
                != Some(false),
            extension: extends || key.origin != ComponentOrigin::Definition,
        })
        .collect();
    let fields = fields.iter().map(|(name, field)| (name.clone(), field_facts(subgraph, directives, field)));
    Some(TypeFacts {
        keys,
        interface_object: directives.has(local(Fd::InterfaceObject)),
        extension,
        fields: fields.collect(),
    })
}

fn field_facts(
    subgraph: &Subgraph,
    parent: &DirectiveList,
    field: &Component<FieldDefinition>,
) -> FieldFacts {
    let local = |directive| subgraph.links.name(directive).unwrap_or("\0");
    // A directive on a type speaks for the fields of the same definition or extension only.
    let on_type = |directive| parent.get_all(local(directive)).any(|applied| applied.origin == field.origin);
    let argument = |directive| {
        field.directives.get(local(directive)).map(|applied| FieldsArgument {
            directive: applied.clone(),
            fields: field_set(subgraph, applied),
        })
    };
    // Federation 1 knew externals field by field only.
    let on_type_too = !subgraph.links.is_federation_1() && on_type(Fd::External);
    let external = field.directives.has(local(Fd::External)) || on_type_too;
    FieldFacts {
        external,
        declared_external: external,
        shareable: field.directives.has(local(Fd::Shareable)) || on_type(Fd::Shareable),
        requires: argument(Fd::Requires),
        provides: argument(Fd::Provides),
        overrides: field.directives.get(local(Fd::Override)).and_then(read_override),
        ..FieldFacts::default()
    }
}

fn read_override(directive: &Node<Directive>) -> Option<Override> {
    let text = |name| directive.specified_argument_by_name(name).and_then(|value| value.as_str());
    Some(Override {
        directive: directive.clone(),
        from: text("from")?.to_owned(),
        label: text("label").map(str::to_owned),
    })
}

/// The fields a field set selects below `parent`, as (type, field); a field of an interface stands for the
/// implementations' fields too.
pub(crate) fn targets(subgraph: &Subgraph, parent: &Name, selections: &[Selection]) -> Vec<(Name, Name)> {
    let mut found = Vec::new();
    collect_targets(subgraph, parent, selections, &mut found);
    found
}

/// Whether some object may be of both types.
pub(crate) fn may_be_both(subgraph: &Subgraph, one: &Name, other: &Name) -> bool {
    let others = subgraph.runtime_types_of(other);
    one == other || subgraph.runtime_types_of(one).iter().any(|object| others.contains(object))
}

/// The same, up to the first thing that does not exist: what comes after it is not read any more.
fn valid_targets(subgraph: &Subgraph, parent: &Name, selections: &[Selection]) -> Vec<(Name, Name)> {
    let exists = |selection: &&Selection| exists(subgraph, parent, std::slice::from_ref(*selection));
    let valid: Vec<Selection> = selections.iter().take_while(exists).cloned().collect();
    targets(subgraph, parent, &valid)
}

/// Whether all that a field set selects below `parent` is there.
pub(crate) fn exists(subgraph: &Subgraph, parent: &Name, selections: &[Selection]) -> bool {
    selections.iter().all(|selection| match selection {
        Selection::Field(field) if field.name == "__typename" => true,
        Selection::Field(field) => subgraph.field(parent, &field.name).is_some_and(|definition| {
            let target = definition.ty.inner_named_type();
            subgraph.is_leaf(target) == field.selection_set.is_empty()
                && exists(subgraph, target, &field.selection_set)
        }),
        Selection::InlineFragment(fragment) => {
            let condition = fragment.type_condition.as_ref().unwrap_or(parent);
            !subgraph.schema.types.contains_key(condition)
                || exists(subgraph, condition, &fragment.selection_set)
        }
        Selection::FragmentSpread(_) => false,
    })
}

fn collect_targets(
    subgraph: &Subgraph,
    parent: &Name,
    selections: &[Selection],
    found: &mut Vec<(Name, Name)>,
) {
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                let Some(definition) = subgraph.field(parent, &field.name) else { continue };
                found.push((parent.clone(), field.name.clone()));
                if subgraph.schema.get_interface(parent).is_some() {
                    let implementations = subgraph.runtime_types_of(parent).iter();
                    found.extend(implementations.map(|object| (object.clone(), field.name.clone())));
                }
                let target = definition.ty.inner_named_type();
                collect_targets(subgraph, target, &field.selection_set, found);
            }
            Selection::InlineFragment(fragment) => {
                let parent = fragment.type_condition.as_ref().unwrap_or(parent);
                collect_targets(subgraph, parent, &fragment.selection_set, found);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn mark(subgraph: &mut Subgraph, targets: &[(Name, Name)], change: impl Fn(&mut FieldFacts)) {
    for (parent, field) in targets {
        if let Some(facts) = subgraph.facts.get_mut(parent).and_then(|facts| facts.fields.get_mut(field)) {
            change(facts);
        }
    }
}

fn apply_keys(subgraph: &mut Subgraph) {
    let mut plain = Vec::new();
    let mut of_extensions = Vec::new();
    for (name, facts) in &subgraph.facts {
        for key in &facts.keys {
            let Some(fields) = &key.fields else { continue };
            let targets = targets(subgraph, name, &fields.selections);
            if key.extension {
                of_extensions.extend(targets.iter().cloned());
            }
            plain.extend(targets);
        }
    }
    mark(subgraph, &of_extensions, |field| field.external = false);
    mark(subgraph, &plain, |field| {
        field.used = true;
        field.shareable |= !field.external;
    });
}

fn apply_requires_and_provides(subgraph: &mut Subgraph) {
    let mut required = Vec::new();
    let mut provided = Vec::new();
    for (name, facts) in &subgraph.facts {
        for (field_name, field) in &facts.fields {
            if let Some(set) = field.requires.as_ref().and_then(|requires| requires.fields.as_ref()) {
                required.extend(valid_targets(subgraph, name, &set.selections));
            }
            if let Some(set) = field.provides.as_ref().and_then(|provides| provides.fields.as_ref())
                && let Some(definition) = subgraph.field(name, field_name)
            {
                provided.extend(valid_targets(subgraph, definition.ty.inner_named_type(), &set.selections));
            }
        }
    }
    mark(subgraph, &required, |field| field.used = true);
    mark(subgraph, &provided, |field| {
        field.used = true;
        field.provided = field.external;
        field.shareable |= field.external;
    });
}

/// A field whose value goes into an argument is needed where its context is set.
fn apply_contexts(subgraph: &mut Subgraph) {
    let mut used = Vec::new();
    for (parent, facts) in &subgraph.facts {
        let arguments = facts.fields.keys().flat_map(|field| contexts::arguments(subgraph, parent, field));
        for argument in arguments {
            let Ok(set) = FieldSet::parse(&argument.value.selection) else { continue };
            for setter in contexts::setters(subgraph, &argument.value.context) {
                used.extend(targets(subgraph, setter, &set.selections));
            }
        }
    }
    mark(subgraph, &used, |field| field.used = true);
}

/// A field that an interface of this subgraph asks for is needed, even when it is external.
fn apply_interfaces(subgraph: &mut Subgraph) {
    let mut used = Vec::new();
    for (name, definition) in subgraph.own_types() {
        let ExtendedType::Object(object) = definition else { continue };
        for interface in &object.implements_interfaces {
            let Some(interface) = subgraph.schema.get_interface(interface) else { continue };
            used.extend(interface.fields.keys().map(|field| (name.clone(), field.clone())));
        }
    }
    mark(subgraph, &used, |field| field.used = true);
}
