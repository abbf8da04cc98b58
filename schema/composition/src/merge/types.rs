//! Which types there are, of which kind, and what every subgraph has of them: `join__type`,
//! `join__implements`.

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::collections::{IndexMap, IndexSet};
use apollo_compiler::schema::{
    Component, ComponentName, DirectiveList, EnumType, ExtendedType, InputObjectType, InterfaceType,
    ObjectType, ScalarType, UnionType,
};
use std::collections::BTreeSet;

use super::{Merger, directive, flag, text};
use crate::ErrorCode;

/// What a type is in the supergraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    InputObject,
}

impl Kind {
    fn of(definition: &ExtendedType) -> Self {
        match definition {
            ExtendedType::Scalar(_) => Self::Scalar,
            ExtendedType::Object(_) => Self::Object,
            ExtendedType::Interface(_) => Self::Interface,
            ExtendedType::Union(_) => Self::Union,
            ExtendedType::Enum(_) => Self::Enum,
            ExtendedType::InputObject(_) => Self::InputObject,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Object => "an object type",
            Self::Interface => "an interface",
            Self::Union => "a union",
            Self::Enum => "an enum",
            Self::InputObject => "an input object",
        }
    }
}

impl Merger<'_> {
    /// The names of all types, sorted.
    pub(super) fn type_names(&self) -> Vec<Name> {
        let names: BTreeSet<Name> = self
            .subgraphs
            .iter()
            .flat_map(|subgraph| subgraph.own_types().map(|(name, _)| name.clone()))
            .collect();
        names.into_iter().collect()
    }

    /// Puts every type into the schema with its description, directives, interfaces and members, but without
    /// fields: merging a field's type needs to know who implements what. Of a type of two kinds, the first one goes on.
    pub(super) fn outline(&mut self, names: &[Name]) -> Vec<(Name, Kind)> {
        let mut kinds = Vec::new();
        for name in names {
            let Some(kind) = self.kind(name) else { continue };
            let definition = self.outline_type(name, kind);
            self.schema.types.insert(name.clone(), definition);
            kinds.push((name.clone(), kind));
        }
        kinds
    }

    fn kind(&mut self, name: &Name) -> Option<Kind> {
        let kinds: Vec<(usize, Kind)> = self
            .sources(name)
            .into_iter()
            .map(|(index, definition)| match Kind::of(definition) {
                Kind::Object if self.subgraphs[index].is_interface_object(name) => (index, Kind::Interface),
                kind => (index, kind),
            })
            .collect();
        let (_, first) = *kinds.first()?;
        if kinds.iter().all(|(_, kind)| *kind == first) {
            self.check_interface_object_everywhere(name, first, &kinds);
            return Some(first);
        }
        let described: Vec<String> = kinds
            .iter()
            .map(|(index, kind)| format!("{} in \"{}\"", kind.describe(), self.subgraphs[*index].name))
            .collect();
        let spans: Vec<_> = kinds.iter().map(|(index, _)| self.type_span(*index, name)).collect();
        self.diagnostics.error(
            ErrorCode::TypeKindMismatch,
            format!("{name} is {}", super::and_list(&described)),
            spans,
        );
        let others = kinds.iter().filter(|(_, kind)| *kind != first);
        self.strangers.extend(others.map(|(index, _)| (*index, name.clone())));
        Some(first)
    }

    fn check_interface_object_everywhere(&mut self, name: &Name, kind: Kind, sources: &[(usize, Kind)]) {
        let all = sources.iter().all(|(index, _)| self.subgraphs[*index].is_interface_object(name));
        if kind == Kind::Interface && all {
            let spans: Vec<_> = sources.iter().map(|(index, _)| self.type_span(*index, name)).collect();
            self.diagnostics.error(
                ErrorCode::InterfaceObjectUsageError,
                format!("{name} is an @interfaceObject in every subgraph that has it: no subgraph defines the interface"),
                spans,
            );
        }
    }

    fn outline_type(&mut self, name: &Name, kind: Kind) -> ExtendedType {
        let sources = self.sources(name);
        let descriptions: Vec<_> = sources.iter().map(|(_, definition)| definition.description()).collect();
        let description = self.merge_description(name.as_str(), &descriptions);
        let mut directives = self.join_types(name);
        let applied: Vec<_> = sources
            .iter()
            .map(|(index, definition)| {
                (*index, definition.directives().iter().map(|directive| &directive.node).collect::<Vec<_>>())
            })
            .collect();
        let merged = self.merge_applied(name.as_str(), &applied);
        let (implements_interfaces, implements) = self.interfaces(&sources);
        directives.extend(implements);
        let members_and_joins = if kind == Kind::Union { Some(self.union_members(&sources)) } else { None };
        let (members, member_joins) = members_and_joins.unwrap_or_default();
        directives.extend(member_joins);
        directives.extend(merged);
        let directives = DirectiveList(
            directives.into_iter().map(|directive| Component::from(Node::new(directive))).collect(),
        );
        let name = name.clone();
        let fields = IndexMap::default();
        match kind {
            Kind::Scalar => ScalarType { description, name, directives }.into(),
            Kind::Object => {
                ObjectType { description, name, implements_interfaces, directives, fields }.into()
            }
            Kind::Interface => {
                InterfaceType { description, name, implements_interfaces, directives, fields }.into()
            }
            Kind::Union => UnionType { description, name, directives, members }.into(),
            Kind::Enum => EnumType { description, name, directives, values: IndexMap::default() }.into(),
            Kind::InputObject => {
                InputObjectType { description, name, directives, fields: IndexMap::default() }.into()
            }
        }
    }

    /// One `join__type` per subgraph and key.
    fn join_types(&self, name: &Name) -> Vec<Directive> {
        let mut joins = Vec::new();
        for (index, _) in self.sources(name) {
            let subgraph = &self.subgraphs[index];
            let facts = subgraph.type_facts(name);
            let interface_object = facts.is_some_and(|facts| facts.interface_object);
            let keys = facts.map_or(&[][..], |facts| &facts.keys);
            let join = |key: Option<&str>, extension, resolvable: Option<bool>| {
                directive(
                    "join__type",
                    vec![
                        ("graph", Some(self.graph(index))),
                        ("key", key.and_then(text)),
                        ("extension", flag(extension)),
                        ("resolvable", resolvable.map(Value::Boolean)),
                        ("isInterfaceObject", flag(interface_object)),
                    ],
                )
            };
            if keys.is_empty() {
                joins.push(join(None, false, None));
            }
            for key in keys {
                let fields = key.fields.as_ref().map(|fields| fields.text.as_str());
                let resolvable = key.directive.specified_argument_by_name("resolvable");
                let resolvable = resolvable.and_then(|value| value.to_bool());
                joins.push(join(fields, key.extension, resolvable));
            }
        }
        joins
    }

    /// The union of implemented interfaces, and who says so.
    fn interfaces(&self, sources: &[(usize, &ExtendedType)]) -> (IndexSet<ComponentName>, Vec<Directive>) {
        let mut merged = IndexSet::default();
        let mut joins = Vec::new();
        for (index, definition) in sources {
            let interfaces = match definition {
                ExtendedType::Object(object) => &object.implements_interfaces,
                ExtendedType::Interface(interface) => &interface.implements_interfaces,
                _ => continue,
            };
            for interface in interfaces {
                joins.push(directive(
                    "join__implements",
                    vec![("graph", Some(self.graph(*index))), ("interface", text(interface))],
                ));
                merged.insert(interface.name.clone().into());
            }
        }
        (merged, joins)
    }
}
