//! From the `join__*` directives of a supergraph SDL to the model.
//!
//! Source: join specification v0.1–v0.5.

use super::api_schema::{self, Feature};
use super::contexts::context_values;
use super::{
    CompositeKind, CompositeType, Field, FieldJoin, Key, Subgraph, SubgraphId, Supergraph, SupergraphError,
    TypeId, TypeJoin,
};
use apollo_compiler::ast;
use apollo_compiler::executable::{FieldSet, Selection, SelectionSet};
use apollo_compiler::schema::{Component, Directive, ExtendedType, FieldDefinition, Schema};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::sync::Arc;

/// Features that may be linked `for: EXECUTION` or `for: SECURITY`: the router refuses a supergraph whose meaning it would miss.
const KNOWN_FEATURES: [&str; 10] = [
    "link",
    "core",
    "join",
    "tag",
    "inaccessible",
    "authenticated",
    "requiresScopes",
    "policy",
    "cost",
    "context",
];

/// Reads the whole supergraph.
pub(super) fn supergraph(sdl: &str, moves: &dyn Fn(&str) -> bool) -> Result<Supergraph, SupergraphError> {
    let schema = Schema::parse_and_validate(sdl, "supergraph.graphql")
        .map_err(|errors| SupergraphError::InvalidSchema(errors.errors.to_string()))?;
    let features = api_schema::features(&schema);
    check_features(&features)?;
    let api_schema = api_schema::api_schema(&schema, &features)?;
    let reader = Reader::new(&schema, &api_schema, moves)?;
    let mut types = reader.types()?;
    let context_values = context_values(&reader, &features, &mut types)?;
    let Reader { subgraphs, ids, .. } = reader;
    Ok(Supergraph { subgraphs, types, context_values, ids, schema, api_schema })
}

fn check_features(features: &[Feature]) -> Result<(), SupergraphError> {
    let unknown = features
        .iter()
        .find(|feature| feature.purpose.is_some() && !KNOWN_FEATURES.contains(&feature.identity.as_str()));
    match unknown {
        None => Ok(()),
        Some(feature) => Err(SupergraphError::UnsupportedFeature {
            url: feature.url.clone(),
            purpose: feature.purpose.clone().unwrap_or_default(),
        }),
    }
}

pub(super) struct Reader<'a> {
    pub(super) schema: &'a Valid<Schema>,
    api: &'a Valid<Schema>,
    subgraphs: Vec<Subgraph>,
    /// `join__Graph` value to subgraph.
    graphs: FxHashMap<Name, SubgraphId>,
    pub(super) ids: FxHashMap<Name, TypeId>,
    names: Vec<Name>,
    members: Members,
    /// Whether a progressive override moves its field.
    moves: &'a dyn Fn(&str) -> bool,
}

/// For an abstract type: its members, each with a subgraph that says so (`None`: all of them).
type Members = FxHashMap<TypeId, Vec<(TypeId, Option<SubgraphId>)>>;

impl<'a> Reader<'a> {
    fn new(
        schema: &'a Valid<Schema>,
        api: &'a Valid<Schema>,
        moves: &'a dyn Fn(&str) -> bool,
    ) -> Result<Self, SupergraphError> {
        let graph_enum = schema.get_enum("join__Graph").ok_or(SupergraphError::NotASupergraph)?;
        let mut subgraphs = Vec::new();
        let mut graphs = FxHashMap::default();
        for value in graph_enum.values.values() {
            let graph = value.directives.get("join__graph");
            let text =
                |argument: &str| Some(graph?.specified_argument_by_name(argument)?.as_str()?.to_owned());
            graphs.insert(value.value.clone(), subgraphs.len());
            subgraphs.push(Subgraph {
                name: text("name").unwrap_or_else(|| value.value.to_string()),
                url: text("url").unwrap_or_default(),
            });
        }
        let composite = |ty: &ExtendedType| ty.is_object() || ty.is_interface() || ty.is_union();
        let names: Vec<Name> = schema
            .types
            .iter()
            .filter(|(_, ty)| composite(ty) && !ty.is_built_in())
            .map(|(name, _)| name.clone())
            .collect();
        let ids = names.iter().cloned().enumerate().map(|(id, name)| (name, id)).collect();
        let mut reader =
            Self { schema, api, subgraphs, graphs, ids, names, members: Members::default(), moves };
        reader.members = reader.members()?;
        Ok(reader)
    }

    fn types(&self) -> Result<Vec<CompositeType>, SupergraphError> {
        self.names.iter().enumerate().map(|(id, name)| self.composite(id, name)).collect()
    }

    fn composite(&self, id: TypeId, name: &Name) -> Result<CompositeType, SupergraphError> {
        let definition = &self.schema.types[name];
        let no_fields = IndexMap::default();
        let (kind, fields, interfaces) = match definition {
            ExtendedType::Object(object) => {
                (CompositeKind::Object, &object.fields, Some(&object.implements_interfaces))
            }
            ExtendedType::Interface(interface) => {
                (CompositeKind::Interface, &interface.fields, Some(&interface.implements_interfaces))
            }
            ExtendedType::Union(_)
            | ExtendedType::Scalar(_)
            | ExtendedType::Enum(_)
            | ExtendedType::InputObject(_) => (CompositeKind::Union, &no_fields, None),
        };
        let joins = self.type_joins(id, name, definition)?;
        let keys = self.keys(name, definition)?;
        let fields = fields
            .values()
            .map(|field| self.field(name, field, &joins, &keys))
            .collect::<Result<Vec<_>, _>>()?;
        let possible = self.possible(id, None);
        let shown = |ty: &TypeId| self.api.types.contains_key(&self.names[*ty]);
        Ok(CompositeType {
            name: name.clone(),
            kind,
            joins,
            keys,
            fields: fields
                .into_iter()
                .map(|field| (field.name.clone(), field))
                .collect::<IndexMap<_, _, FxBuildHasher>>(),
            api_possible: possible.iter().copied().filter(shown).collect(),
            possible,
            interfaces: interfaces
                .into_iter()
                .flatten()
                .filter_map(|interface| self.ids.get(&interface.name).copied())
                .collect(),
        })
    }

    fn type_joins(
        &self,
        id: TypeId,
        name: &Name,
        definition: &ExtendedType,
    ) -> Result<Vec<TypeJoin>, SupergraphError> {
        let mut joins: Vec<TypeJoin> = Vec::new();
        for directive in definition.directives().get_all("join__type") {
            let subgraph = self.graph(directive, name.as_str())?;
            let interface_object = flag(directive, "isInterfaceObject");
            match joins.iter_mut().find(|join| join.subgraph == subgraph) {
                Some(join) => join.interface_object |= interface_object,
                None => joins.push(TypeJoin {
                    subgraph,
                    interface_object,
                    possible: self.possible(id, Some(subgraph)),
                }),
            }
        }
        joins.sort_by_key(|join| join.subgraph);
        Ok(joins)
    }

    fn keys(&self, name: &Name, definition: &ExtendedType) -> Result<Vec<Key>, SupergraphError> {
        let keyed = definition.directives().get_all("join__type").filter_map(|directive| {
            let fields = directive.specified_argument_by_name("key")?.as_str()?;
            Some((directive, fields))
        });
        keyed
            .map(|(directive, fields)| {
                Ok(Key {
                    subgraph: self.graph(directive, name.as_str())?,
                    fields: self.field_set(name.as_str(), name, fields)?,
                    extension: flag(directive, "extension"),
                    resolvable: directive
                        .specified_argument_by_name("resolvable")
                        .and_then(|value| value.to_bool())
                        != Some(false),
                })
            })
            .collect()
    }

    fn field(
        &self,
        parent: &Name,
        field: &Component<FieldDefinition>,
        types: &[TypeJoin],
        keys: &[Key],
    ) -> Result<Field, SupergraphError> {
        let mut joins = Vec::new();
        let mut named = false;
        for directive in field.directives.get_all("join__field") {
            named = true;
            // Without a graph the field comes from an `@interfaceObject`: it is reached through the interface.
            if directive.specified_argument_by_name("graph").is_some_and(|graph| !graph.is_null()) {
                joins.push(self.field_join(parent, field, directive, keys)?);
            }
        }
        if !named {
            joins = types.iter().map(|join| plain_join(join.subgraph)).collect();
        }
        joins.sort_by_key(|join| join.subgraph);
        self.resolve_overrides(&mut joins);
        Ok(Field {
            name: field.name.clone(),
            ty: field.ty.clone(),
            target: self.ids.get(field.ty.inner_named_type()).copied(),
            joins,
        })
    }

    fn field_join(
        &self,
        parent: &Name,
        field: &Component<FieldDefinition>,
        directive: &Node<Directive>,
        keys: &[Key],
    ) -> Result<FieldJoin, SupergraphError> {
        let coordinate = format!("{parent}.{}", field.name);
        let subgraph = self.graph(directive, &coordinate)?;
        let text = |name: &str| directive.specified_argument_by_name(name).and_then(|value| value.as_str());
        let field_set = |name: &str, on: &Name| {
            text(name).map(|fields| self.field_set(&coordinate, on, fields)).transpose()
        };
        let ty = text("type").and_then(|ty| ast::Type::parse(ty, "join__field.type").ok());
        let own_key = || {
            keys.iter()
                .any(|key| key.subgraph == subgraph && key.extension && top_level(&key.fields, &field.name))
        };
        let overridden = flag(directive, "usedOverridden") && text("overrideLabel").is_none();
        Ok(FieldJoin {
            subgraph,
            // The references of an extension carry the values of its key, whether that is marked external or overridden.
            external: (flag(directive, "external") || overridden) && !own_key(),
            overridden,
            requires: field_set("requires", parent)?,
            provides: field_set("provides", field.ty.inner_named_type())?,
            override_label: text("overrideLabel")
                .zip(text("override").and_then(|name| self.named(name)))
                .map(|(label, from)| (label.to_owned(), from)),
            context_arguments: Vec::new(),
            ty,
        })
    }

    /// A progressive override is decided when the supergraph is read: `percent(100)` moves the field, anything less leaves it where it was.
    fn resolve_overrides(&self, joins: &mut [FieldJoin]) {
        let decided: Vec<(SubgraphId, SubgraphId, bool)> = joins
            .iter()
            .filter_map(|join| {
                join.override_label.as_ref().map(|(label, from)| (join.subgraph, *from, (self.moves)(label)))
            })
            .collect();
        for (to, from, moved) in decided {
            let loser = if moved { from } else { to };
            joins.iter_mut().filter(|join| join.subgraph == loser).for_each(|join| join.external = true);
        }
    }

    fn named(&self, name: &str) -> Option<SubgraphId> {
        self.subgraphs.iter().position(|subgraph| subgraph.name == name)
    }

    pub(super) fn graph(
        &self,
        directive: &Directive,
        coordinate: &str,
    ) -> Result<SubgraphId, SupergraphError> {
        let graph = directive.specified_argument_by_name("graph").and_then(|value| value.as_enum());
        let graph = graph.ok_or(SupergraphError::NotASupergraph)?;
        self.graphs.get(graph).copied().ok_or_else(|| SupergraphError::UnknownSubgraph {
            coordinate: coordinate.to_owned(),
            graph: graph.clone(),
        })
    }

    fn field_set(
        &self,
        coordinate: &str,
        on: &Name,
        fields: &str,
    ) -> Result<Arc<SelectionSet>, SupergraphError> {
        match FieldSet::parse_and_validate(self.schema, on.clone(), fields, "field set") {
            Ok(set) => Ok(Arc::new(set.into_inner().selection_set)),
            Err(errors) => Err(SupergraphError::InvalidFieldSet {
                coordinate: coordinate.to_owned(),
                fields: fields.to_owned(),
                message: errors.errors.to_string(),
            }),
        }
    }

    /// Object types that `id` may be, in one subgraph or in any. An interface that nothing implements (every subgraph sees an
    /// `@interfaceObject`) stands for itself.
    fn possible(&self, id: TypeId, subgraph: Option<SubgraphId>) -> Vec<TypeId> {
        let Some(members) = self.members.get(&id).filter(|members| !members.is_empty()) else {
            return vec![id];
        };
        let mut possible: Vec<TypeId> = members
            .iter()
            .filter(|(_, said_by)| subgraph.is_none() || said_by.is_none() || *said_by == subgraph)
            .map(|(member, _)| *member)
            .collect();
        possible.sort_unstable();
        possible.dedup();
        possible
    }

    fn members(&self) -> Result<Members, SupergraphError> {
        let mut members = Members::default();
        for (id, name) in self.names.iter().enumerate() {
            match &self.schema.types[name] {
                ExtendedType::Object(object) => {
                    for interface in &object.implements_interfaces {
                        let Some(&interface_id) = self.ids.get(&interface.name) else { continue };
                        let said =
                            self.said(&object.directives, "join__implements", "interface", &interface.name)?;
                        members
                            .entry(interface_id)
                            .or_default()
                            .extend(said.into_iter().map(|subgraph| (id, subgraph)));
                    }
                }
                ExtendedType::Union(union) => {
                    let entry = members.entry(id).or_default();
                    for member in &union.members {
                        let Some(&member_id) = self.ids.get(&member.name) else { continue };
                        let said =
                            self.said(&union.directives, "join__unionMember", "member", &member.name)?;
                        entry.extend(said.into_iter().map(|subgraph| (member_id, subgraph)));
                    }
                }
                ExtendedType::Interface(_) => drop(members.entry(id).or_default()),
                ExtendedType::Scalar(_) | ExtendedType::Enum(_) | ExtendedType::InputObject(_) => {}
            }
        }
        Ok(members)
    }

    /// The subgraphs that a directive names for `member`; `[None]` (all of them) when it is not used at all.
    fn said(
        &self,
        directives: &apollo_compiler::schema::DirectiveList,
        directive: &str,
        argument: &str,
        member: &Name,
    ) -> Result<Vec<Option<SubgraphId>>, SupergraphError> {
        if !directives.has(directive) {
            return Ok(vec![None]);
        }
        directives
            .get_all(directive)
            .filter(|said| {
                said.specified_argument_by_name(argument).and_then(|value| value.as_str())
                    == Some(member.as_str())
            })
            .map(|said| self.graph(said, member.as_str()).map(Some))
            .collect()
    }
}

fn plain_join(subgraph: SubgraphId) -> FieldJoin {
    FieldJoin {
        subgraph,
        external: false,
        overridden: false,
        ty: None,
        requires: None,
        provides: None,
        override_label: None,
        context_arguments: Vec::new(),
    }
}

fn flag(directive: &Directive, name: &str) -> bool {
    directive.specified_argument_by_name(name).and_then(|value| value.to_bool()) == Some(true)
}

fn top_level(set: &SelectionSet, name: &Name) -> bool {
    set.selections.iter().any(|selection| matches!(selection, Selection::Field(field) if field.name == *name))
}
