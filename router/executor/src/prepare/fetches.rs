//! What each fetch sends and reads, in slots.

use apollo_compiler::Name;
use planner::{
    ContextVariable, EntityTarget, Fetch, FetchId, FetchSelection, PathElement, QueryPlan, Representation,
    RepresentationField, Target,
};

use rustc_hash::FxHashMap;

use super::layout::{Layout, PositionId, Slot, TYPENAME};
use super::types::{TypeId, Types};
use crate::json;

/// One request, ready but for its variables.
#[derive(Debug)]
pub(crate) struct PreparedFetch {
    /// `{"query":"…"`: the beginning of every body.
    pub(crate) head: Box<[u8]>,
    /// Client variables: name, and `"name":`.
    pub(crate) variables: Vec<(Name, Box<[u8]>)>,
    pub(crate) targets: Vec<PreparedTarget>,
    /// What the answer's `data` is expected to hold.
    pub(crate) data: Vec<DataField>,
    /// How many fetches must be merged before this one.
    pub(crate) waits_for: usize,
    /// The fetches that wait for this one.
    pub(crate) dependents: Vec<FetchId>,
    /// Whether entities take arguments from contexts, see `contexts.rs`.
    pub(crate) is_contextual: bool,
}

/// A part of the answer and its place in the data tree.
#[derive(Debug, Clone)]
pub(crate) struct PreparedTarget {
    pub(crate) path: Vec<Step>,
    pub(crate) read: ObjectRead,
    /// `None` for fields of a root type.
    pub(crate) entities: Option<EntityRequest>,
}

/// How entities are asked for.
#[derive(Debug, Clone)]
pub(crate) struct EntityRequest {
    /// `"representations":`, by the variable's name.
    pub(crate) variable: Box<[u8]>,
    /// Where the tree holds the runtime type of the entities.
    pub(crate) typename: Option<Slot>,
    pub(crate) representations: Vec<PreparedRepresentation>,
    /// What the selection takes from outer objects.
    pub(crate) contexts: Vec<PreparedContext>,
}

/// A variable that outer objects fill in.
#[derive(Debug, Clone)]
pub(crate) struct PreparedContext {
    /// `"name":`
    pub(crate) variable: Box<[u8]>,
    pub(crate) nullable: bool,
    /// The nearest first.
    pub(crate) sources: Vec<PreparedSource>,
}

/// An outer object that may set a context.
#[derive(Debug, Clone)]
pub(crate) struct PreparedSource {
    /// How many steps of the path lead to it.
    pub(crate) steps: usize,
    /// Empty: any.
    pub(crate) types: Vec<TypeId>,
    /// Where the data tree holds its runtime type.
    pub(crate) typename: Option<Slot>,
    pub(crate) fields: Vec<PreparedField>,
}

/// A step into the data tree.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Key(Slot),
    Each,
    OnTypes { typename: Option<Slot>, types: Vec<TypeId> },
}

#[derive(Debug, Clone)]
pub(crate) struct PreparedRepresentation {
    /// Empty: any.
    pub(crate) types: Vec<TypeId>,
    pub(crate) typename: TypenameSent,
    pub(crate) fields: Vec<PreparedField>,
}

#[derive(Debug, Clone)]
pub(crate) enum TypenameSent {
    /// Always this type; and `{"__typename":"Type"`.
    Fixed(TypeId, Box<[u8]>),
    /// The type in the data tree.
    FromData,
}

/// A field of a representation.
#[derive(Debug, Clone)]
pub(crate) struct PreparedField {
    /// Runtime types that have it; empty: any.
    pub(crate) on_types: Vec<TypeId>,
    /// Where the data tree holds the runtime type of the object that has the field.
    pub(crate) typename: Option<Slot>,
    /// `,"name":`
    pub(crate) lead: Box<[u8]>,
    /// `None` when no fetch brings the value.
    pub(crate) slot: Option<Slot>,
    pub(crate) nullable: bool,
    pub(crate) fields: Vec<PreparedField>,
}

/// Which keys of an answer's object are taken, and where they go.
#[derive(Debug, Clone)]
pub(crate) struct ObjectRead {
    pub(crate) position: PositionId,
    /// Slots of an object at that position.
    pub(crate) width: u32,
    /// Whether objects with equal texts are one.
    pub(crate) shareable: bool,
    pub(crate) fields: Vec<FieldRead>,
}

#[derive(Debug, Clone)]
pub(crate) struct FieldRead {
    /// `"key":`
    key: Box<[u8]>,
    pub(crate) slot: Slot,
    pub(crate) value: ValueRead,
}

/// How the value of a key is read.
#[derive(Debug, Clone)]
pub(crate) enum ValueRead {
    /// A runtime type.
    Typename,
    /// A leaf within this many lists.
    Leaf { lists: u8 },
    /// Objects, within any number of lists.
    Object(ObjectRead),
}

/// A key of the answer's `data`.
#[derive(Debug, Clone)]
pub(crate) struct DataField {
    pub(crate) key: Box<[u8]>,
    /// The target that takes it.
    pub(crate) target: usize,
    pub(crate) part: DataPart,
    /// Other entries with the same key, for other targets.
    pub(crate) others: Vec<usize>,
}

/// What a key of `data` is to its target.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DataPart {
    /// This field of a root type.
    RootField(usize),
    /// The list of entities.
    Entities,
}

/// Something with a response key.
pub(crate) trait Keyed {
    /// `"key":`
    fn quoted_key(&self) -> &[u8];

    fn has_key(&self, key: &[u8]) -> bool {
        let quoted = self.quoted_key();
        quoted.len() == key.len() + 3 && &quoted[1..quoted.len() - 2] == key
    }
}

impl Keyed for FieldRead {
    fn quoted_key(&self) -> &[u8] {
        &self.key
    }
}

impl Keyed for DataField {
    fn quoted_key(&self) -> &[u8] {
        &self.key
    }
}

/// `"key":`
pub(crate) fn quote_key(key: &str) -> Box<[u8]> {
    format!("\"{key}\":").into_bytes().into()
}

pub(super) fn prepare(plan: &QueryPlan, layout: &Layout, types: &mut Types) -> Vec<PreparedFetch> {
    let mut prepare = Prepare { layout, types };
    let mut fetches: Vec<_> = plan.fetches.iter().map(|fetch| prepare.fetch(fetch)).collect();
    for (id, fetch) in plan.fetches.iter().enumerate() {
        for before in &fetch.after {
            fetches[*before].dependents.push(id);
        }
    }
    fetches
}

struct Prepare<'a> {
    layout: &'a Layout,
    types: &'a mut Types,
}

impl Prepare<'_> {
    fn fetch(&mut self, fetch: &Fetch) -> PreparedFetch {
        let mut head = br#"{"query":"#.to_vec();
        json::write_string(&mut head, &fetch.document);
        let targets: Vec<_> = fetch.targets.iter().map(|target| self.target(target)).collect();
        PreparedFetch {
            head: head.into(),
            variables: fetch.variables.iter().map(|name| (name.clone(), quote_key(name))).collect(),
            data: data_fields(fetch, &targets),
            targets,
            waits_for: fetch.after.len(),
            dependents: Vec::new(),
            is_contextual: fetch.targets.iter().any(is_contextual),
        }
    }

    fn target(&mut self, target: &Target) -> PreparedTarget {
        match target {
            Target::Root { path, selection } => {
                let (path, position) = self.path(path);
                PreparedTarget { path, read: self.object(position, selection), entities: None }
            }
            Target::Entities(target) => {
                let (path, position) = self.path(&target.path);
                let entities = Some(self.entities(position, target));
                PreparedTarget { path, read: self.object(position, &target.selection), entities }
            }
        }
    }

    fn path(&mut self, path: &[PathElement]) -> (Vec<Step>, PositionId) {
        let mut position = Layout::ROOT;
        let mut steps = Vec::with_capacity(path.len());
        for element in path {
            steps.push(match element {
                PathElement::Each => Step::Each,
                PathElement::OnTypes(names) => {
                    Step::OnTypes { typename: self.layout.typename(position), types: self.types(names) }
                }
                PathElement::Key(key) => {
                    // The layout was laid along this very path, so neither is ever missing.
                    let Some(slot) = self.layout.slot(position, key) else { continue };
                    position = self.layout.child(position, slot).unwrap_or(position);
                    Step::Key(slot)
                }
            });
        }
        (steps, position)
    }

    fn entities(&mut self, position: PositionId, target: &EntityTarget) -> EntityRequest {
        EntityRequest {
            variable: quote_key(&target.variable),
            typename: self.layout.typename(position),
            representations: target
                .representations
                .iter()
                .map(|it| self.representation(position, it))
                .collect(),
            contexts: (target.contexts.iter().flat_map(|contexts| &contexts.variables))
                .map(|context| self.context(&target.path, context))
                .collect(),
        }
    }

    fn context(&mut self, path: &[PathElement], context: &ContextVariable) -> PreparedContext {
        let sources = context.sources.iter().map(|source| {
            let (_, position) = self.path(&path[..source.steps]);
            PreparedSource {
                steps: source.steps,
                types: self.types(&source.runtime_types),
                typename: self.layout.typename(position),
                fields: self.fields(Some(position), &source.fields),
            }
        });
        PreparedContext {
            sources: sources.collect(),
            variable: quote_key(&context.variable),
            nullable: !context.ty.is_non_null(),
        }
    }

    fn representation(
        &mut self,
        position: PositionId,
        representation: &Representation,
    ) -> PreparedRepresentation {
        PreparedRepresentation {
            types: self.types(&representation.runtime_types),
            typename: match &representation.typename {
                Some(name) => TypenameSent::Fixed(
                    self.types.intern(name),
                    format!("{{\"__typename\":\"{name}\"").into_bytes().into(),
                ),
                None => TypenameSent::FromData,
            },
            fields: self.fields(Some(position), &representation.fields),
        }
    }

    fn fields(&mut self, position: Option<PositionId>, fields: &[RepresentationField]) -> Vec<PreparedField> {
        fields.iter().map(|field| self.field(position, field)).collect()
    }

    fn field(&mut self, position: Option<PositionId>, field: &RepresentationField) -> PreparedField {
        let slot = position.and_then(|position| self.layout.slot(position, &field.key));
        let child = position.zip(slot).and_then(|(position, slot)| self.layout.child(position, slot));
        PreparedField {
            on_types: self.types(&field.on_types),
            typename: position.and_then(|position| self.layout.typename(position)),
            lead: [b",", &*quote_key(&field.name)].concat().into(),
            slot,
            nullable: field.nullable,
            fields: self.fields(child, &field.selection),
        }
    }

    fn object(&mut self, position: PositionId, selection: &FetchSelection) -> ObjectRead {
        let fields = selection.fields.iter();
        let fields = fields.filter_map(|field| {
            let slot = self.layout.slot(position, &field.key)?;
            let value = match &field.selection {
                Some(selection) => {
                    ValueRead::Object(self.object(self.layout.child(position, slot)?, selection))
                }
                None if field.key == TYPENAME => ValueRead::Typename,
                None => ValueRead::Leaf { lists: self.layout.lists(position, slot) },
            };
            Some(FieldRead { key: quote_key(&field.response_key), slot, value })
        });
        ObjectRead {
            position,
            fields: fields.collect(),
            width: self.layout.width(position),
            shareable: self.layout.is_shareable(position),
        }
    }

    fn types(&mut self, names: &[Name]) -> Vec<TypeId> {
        names.iter().map(|name| self.types.intern(name)).collect()
    }
}

fn is_contextual(target: &Target) -> bool {
    matches!(target, Target::Entities(EntityTarget { contexts: Some(_), .. }))
}

fn data_fields(fetch: &Fetch, targets: &[PreparedTarget]) -> Vec<DataField> {
    let mut fields = Vec::new();
    for (target, (planned, prepared)) in fetch.targets.iter().zip(targets).enumerate() {
        match planned {
            Target::Entities(entities) => {
                fields.push(DataField {
                    key: quote_key(&entities.alias),
                    target,
                    part: DataPart::Entities,
                    others: Vec::new(),
                });
            }
            Target::Root { .. } => {
                fields.extend(prepared.read.fields.iter().enumerate().map(|(index, field)| DataField {
                    key: field.key.clone(),
                    target,
                    part: DataPart::RootField(index),
                    others: Vec::new(),
                }));
            }
        }
    }
    let mut by_key: FxHashMap<Box<[u8]>, Vec<usize>> = FxHashMap::default();
    for (index, field) in fields.iter().enumerate() {
        by_key.entry(field.key.clone()).or_default().push(index);
    }
    for same in by_key.into_values().filter(|same| same.len() > 1) {
        for index in &same {
            fields[*index].others = same.iter().copied().filter(|other| other != index).collect();
        }
    }
    fields
}
