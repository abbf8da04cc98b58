//! The fetch graph: which requests a solved operation makes, what each selects, and which must be answered before which.
//!
//! Built by walking the solution from the root. At each position objects are seen by one subgraph (`Here`); a jump opens a group of fields
//! in another, which depends on the groups that select its key.

use crate::budget::{Exhausted, FIELDS};
use crate::plan::{OperationKind, PathElement, Representation, RepresentationField};
use crate::positions::{PositionId, Positions};
use crate::search::{Hop, Part, START, Search, Step, View, Way};
use crate::selection::{Arguments, SelectionId};
use apollo_compiler::ast::Type;
use apollo_compiler::{Name, name};
use federation::supergraph::{SubgraphId, TypeId};
use rustc_hash::FxHashMap;
use std::rc::Rc;

pub(crate) type GroupId = usize;
pub(crate) type NodeId = usize;

/// The groups and the selection trees that they send.
#[derive(Default)]
pub(crate) struct FetchGraph {
    pub(crate) groups: Vec<FetchGroup>,
    pub(crate) nodes: Vec<Node>,
}

/// Fields fetched together from one subgraph, at one path.
#[derive(Debug, Clone)]
pub(crate) struct FetchGroup {
    pub(crate) subgraph: SubgraphId,
    /// The root operation, or `None` for entities.
    pub(crate) root: Option<OperationKind>,
    pub(crate) path: Vec<PathElement>,
    /// What is selected, by the type as which objects are entered; a root group has one.
    pub(crate) fragments: Vec<(TypeId, NodeId)>,
    /// Entities only.
    pub(crate) representations: Vec<Representation>,
    /// Groups that must be answered before, ascending.
    pub(crate) after: Vec<GroupId>,
}

/// A selection set sent to a subgraph.
#[derive(Debug)]
pub(crate) struct Node {
    /// Type of the objects in that subgraph.
    pub(crate) ty: TypeId,
    pub(crate) entries: Vec<Entry>,
}

/// A field sent to a subgraph.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Type condition.
    pub(crate) on: Option<TypeId>,
    /// Key in the data tree.
    pub(crate) key: Name,
    pub(crate) field: Name,
    pub(crate) arguments: Rc<Arguments>,
    pub(crate) child: Option<NodeId>,
}

/// A position, as the walk stands at it.
#[derive(Clone)]
struct Here {
    /// The group by which objects are seen here; `None` at the start of the operation.
    group: Option<(GroupId, NodeId)>,
    view: View,
    position: PositionId,
    path: Vec<PathElement>,
    /// Selections at this position and below are the planner's, not the client's.
    added: bool,
}

/// Builds the graph of an operation.
pub(crate) fn build(
    search: &mut Search<'_>,
    kind: OperationKind,
    root: TypeId,
    selection: SelectionId,
) -> Result<FetchGraph, Exhausted> {
    let positions = Positions::new(&search.selections, selection);
    let mut builder = Builder {
        search,
        positions,
        graph: FetchGraph::default(),
        kind,
        at: FxHashMap::default(),
        entries: 0,
    };
    let view = View::start(root);
    let here = Here { group: None, view, position: 0, path: Vec::new(), added: false };
    builder.emit(selection, &here, true)?;
    for group in &mut builder.graph.groups {
        group.representations = alike(std::mem::take(&mut group.representations));
    }
    Ok(builder.graph)
}

/// Where a group is found again: subgraph, path, what it comes after.
type Address = (SubgraphId, Vec<PathElement>, Vec<GroupId>, bool);

struct Builder<'s, 'a> {
    search: &'s mut Search<'a>,
    positions: Positions,
    graph: FetchGraph,
    kind: OperationKind,
    at: FxHashMap<Address, Vec<GroupId>>,
    entries: u32,
}

impl Builder<'_, '_> {
    /// Adds what `selection` needs at a position; returns the groups that fetch it.
    fn emit(&mut self, selection: SelectionId, here: &Here, jumps: bool) -> Result<Vec<GroupId>, Exhausted> {
        let solution = self.search.solve(selection, here.view, jumps)?;
        let mut touched = Vec::new();
        for step in &solution.steps {
            for part in &step.parts {
                self.part(step, part, here, jumps, &mut touched)?;
            }
        }
        touched.sort_unstable();
        touched.dedup();
        Ok(touched)
    }

    fn part(
        &mut self,
        step: &Step,
        part: &Part,
        here: &Here,
        jumps: bool,
        touched: &mut Vec<GroupId>,
    ) -> Result<(), Exhausted> {
        match &part.way {
            Way::Here => {
                let Some((group, node)) = here.group else { return Ok(()) };
                let on = step.unit.on.filter(|on| *on != here.view.ty);
                touched.push(group);
                self.field(step, part, here, (group, node, on), touched, jumps)
            }
            Way::Jump { hop, requires } => {
                let group = self.jump(step.unit.on, here, hop, *requires)?;
                touched.push(group);
                let node = self.fragment(group, hop.ty);
                self.field(step, part, here, (group, node, None), touched, jumps)
            }
            Way::Land(hop) => {
                let group = self.jump(None, here, hop, None)?;
                let landed = self.landed(here, hop, group);
                let selection = self.search.landed(&step.unit, hop.ty, part.sub);
                touched.extend(self.emit(selection, &landed, true)?);
                Ok(())
            }
        }
    }

    /// The position of `here`, seen by the subgraph that a hop has entered.
    fn landed(&mut self, here: &Here, hop: &Hop, group: GroupId) -> Here {
        let node = self.fragment(group, hop.ty);
        Here { group: Some((group, node)), view: hop.view(), ..here.clone() }
    }

    /// Selects a field in a group and goes on below it.
    fn field(
        &mut self,
        step: &Step,
        part: &Part,
        here: &Here,
        (group, node, on): (GroupId, NodeId, Option<TypeId>),
        touched: &mut Vec<GroupId>,
        jumps: bool,
    ) -> Result<(), Exhausted> {
        let field = &step.unit.field;
        let key = match here.added && !field.is_meta() {
            true => self.positions.added_key(here.position, &field.field, &field.arguments),
            false => field.key.clone(),
        };
        let child = self.entry(node, on, &key, step, part.child.map(|view| view.ty))?;
        let (Some(sub), Some(view), Some(child)) = (part.sub, part.child, child) else { return Ok(()) };
        let mut path = here.path.clone();
        if let Some(ty) = step.unit.on.filter(|_| self.positions.is_ambiguous(here.position, &key)) {
            self.typename_here(here)?;
            path.push(PathElement::OnTypes(vec![self.search.supergraph.types[ty].name.clone()]));
        }
        path.push(PathElement::Key(key.clone()));
        path.extend(std::iter::repeat_n(
            PathElement::Each,
            self.list_depth(step.unit.on.unwrap_or(here.view.ty), &field.field),
        ));
        let position = self.positions.child(here.position, &key);
        let below = Here { group: Some((group, child)), view, position, path, added: here.added };
        touched.extend(self.emit(sub, &below, jumps)?);
        Ok(())
    }

    fn entry(
        &mut self,
        node: NodeId,
        on: Option<TypeId>,
        key: &Name,
        step: &Step,
        child: Option<TypeId>,
    ) -> Result<Option<NodeId>, Exhausted> {
        let same = |entry: &&Entry| {
            entry.on == on
                && entry.key == *key
                && entry.field == step.unit.field.field
                && entry.arguments == step.unit.field.arguments
        };
        // A leaf that is asked of all objects need not be asked once more of some.
        let covered = |entry: &&Entry| {
            child.is_none()
                && entry.on.is_none()
                && entry.key == *key
                && entry.arguments == step.unit.field.arguments
        };
        if let Some(entry) = self.graph.nodes[node].entries.iter().find(|entry| same(entry) || covered(entry))
        {
            return Ok(entry.child);
        }
        self.entries += 1;
        if self.entries > FIELDS {
            return Err(Exhausted);
        }
        let child = child.map(|ty| self.node(ty));
        let (field, arguments) = (step.unit.field.field.clone(), Rc::clone(&step.unit.field.arguments));
        self.graph.nodes[node].entries.push(Entry { on, key: key.clone(), field, arguments, child });
        Ok(child)
    }

    fn node(&mut self, ty: TypeId) -> NodeId {
        self.graph.nodes.push(Node { ty, entries: Vec::new() });
        self.graph.nodes.len() - 1
    }

    /// The selection of a group for objects entered as `ty`.
    fn fragment(&mut self, group: GroupId, ty: TypeId) -> NodeId {
        if let Some((_, node)) = self.graph.groups[group].fragments.iter().find(|(other, _)| *other == ty) {
            return *node;
        }
        let node = self.node(ty);
        self.graph.groups[group].fragments.push((ty, node));
        node
    }

    fn list_depth(&self, ty: TypeId, field: &Name) -> usize {
        let mut declared = self.search.supergraph.types[ty].fields.get(field).map(|field| &field.ty);
        let mut depth = 0;
        while let Some(Type::List(item) | Type::NonNullList(item)) = declared {
            depth += 1;
            declared = Some(item);
        }
        depth
    }

    /// The group in which a hop from `here` lands, with everything selected that must be known before.
    fn jump(
        &mut self,
        on: Option<TypeId>,
        here: &Here,
        hop: &Rc<Hop>,
        requires: Option<SelectionId>,
    ) -> Result<GroupId, Exhausted> {
        let Some(key) = hop.key else { return Ok(self.root_group(here, hop)) };
        let mut after = Vec::new();
        let told = Here { added: true, ..here.clone() };
        for source in &hop.sources {
            let at = match &source.from {
                None => told.clone(),
                Some(earlier) => {
                    let group = self.jump(on, here, earlier, None)?;
                    Here { added: true, ..self.landed(here, earlier, group) }
                }
            };
            after.extend(self.emit(source.selection, &at, source.nested)?);
        }
        let mut fields = self.representation(key, here.position, true);
        if let Some(requires) = requires {
            after.extend(self.emit(requires, &told, true)?);
            merge_fields(&mut fields, self.representation(requires, here.position, false));
        }
        after.extend(here.group.map(|(group, _)| group));
        after.sort_unstable();
        after.dedup();
        let representation = self.represent(on, here, hop, fields)?;
        Ok(self.entity_group(hop.subgraph, &here.path, &after, representation))
    }

    /// The group that sends these representations: one that exists, unless it already says something else under one of their names
    /// (the same required field with other arguments).
    fn entity_group(
        &mut self,
        subgraph: SubgraphId,
        path: &[PathElement],
        after: &[GroupId],
        representation: Representation,
    ) -> GroupId {
        let address = (subgraph, path.to_vec(), after.to_vec(), false);
        let known = self.at.entry(address).or_default();
        for &group in known.iter() {
            if take_representation(&mut self.graph.groups[group].representations, &representation) {
                return group;
            }
        }
        let group = self.graph.groups.len();
        known.push(group);
        self.new_group(subgraph, None, path, after.to_vec());
        self.graph.groups[group].representations.push(representation);
        group
    }

    fn represent(
        &mut self,
        on: Option<TypeId>,
        here: &Here,
        hop: &Hop,
        fields: Vec<RepresentationField>,
    ) -> Result<Representation, Exhausted> {
        let supergraph = self.search.supergraph;
        let mut runtime_types = Vec::new();
        if let Some(ty) = on.filter(|_| supergraph.types[here.view.ty].is_abstract()) {
            runtime_types.push(supergraph.types[ty].name.clone());
            self.typename_here(here)?;
        }
        Ok(Representation { runtime_types, typename: Some(supergraph.types[hop.ty].name.clone()), fields })
    }

    /// Selects `__typename` where objects are seen.
    fn typename_here(&mut self, here: &Here) -> Result<(), Exhausted> {
        let Some((_, node)) = here.group else { return Ok(()) };
        let field = name!("__typename");
        if self.graph.nodes[node].entries.iter().any(|entry| entry.on.is_none() && entry.field == field) {
            return Ok(());
        }
        self.entries += 1;
        let arguments = Rc::new(Arguments::default());
        self.graph.nodes[node]
            .entries
            .insert(0, Entry { on: None, key: field.clone(), field, arguments, child: None });
        if self.entries > FIELDS { Err(Exhausted) } else { Ok(()) }
    }

    /// Groups of root fields: in parallel for queries, one after the other for mutations.
    fn root_group(&mut self, here: &Here, hop: &Hop) -> GroupId {
        let at_start = here.view.subgraph == START;
        if at_start && self.kind == OperationKind::Mutation {
            let last_root =
                self.graph.groups.iter().rposition(|group| group.root == Some(OperationKind::Mutation));
            if let Some(last) = last_root.filter(|&last| self.graph.groups[last].subgraph == hop.subgraph) {
                return last;
            }
            let after = (0..self.graph.groups.len()).collect();
            return self.new_group(hop.subgraph, Some(OperationKind::Mutation), &[], after);
        }
        let kind = if at_start { self.kind } else { OperationKind::Query };
        let after: Vec<GroupId> = here.group.iter().map(|(group, _)| *group).collect();
        let address = (hop.subgraph, here.path.clone(), after.clone(), true);
        if let Some(&group) = self.at.get(&address).and_then(|groups| groups.first()) {
            return group;
        }
        let group = self.new_group(hop.subgraph, Some(kind), &here.path, after);
        self.at.insert(address, vec![group]);
        group
    }

    fn new_group(
        &mut self,
        subgraph: SubgraphId,
        root: Option<OperationKind>,
        path: &[PathElement],
        after: Vec<GroupId>,
    ) -> GroupId {
        let path = path.to_vec();
        self.graph.groups.push(FetchGroup {
            subgraph,
            root,
            path,
            fragments: Vec::new(),
            representations: Vec::new(),
            after,
        });
        self.graph.groups.len() - 1
    }

    /// A selection that has been made at `position` as fields of a representation.
    fn representation(
        &mut self,
        selection: SelectionId,
        position: PositionId,
        is_key: bool,
    ) -> Vec<RepresentationField> {
        let supergraph = self.search.supergraph;
        let asked = self.search.selections.get(selection);
        let one_kind = asked.groups.len() < 2;
        let mut fields = Vec::new();
        if asked.typename {
            fields.push(RepresentationField {
                on_types: Vec::new(),
                name: name!("__typename"),
                key: name!("__typename"),
                nullable: false,
                selection: Vec::new(),
            });
        }
        for group in &asked.groups {
            let on_types = match one_kind {
                true => Vec::new(),
                false => group.types.iter().map(|ty| supergraph.types[*ty].name.clone()).collect::<Vec<_>>(),
            };
            for field in group.fields.iter().filter(|field| !field.is_meta()) {
                let key = self.positions.added_key(position, &field.field, &field.arguments);
                let below = self.positions.child(position, &key);
                let declared = supergraph.types[group.types[0]].fields.get(&field.field);
                fields.push(RepresentationField {
                    on_types: on_types.clone(),
                    name: field.field.clone(),
                    nullable: !is_key && declared.is_none_or(|declared| !declared.ty.is_non_null()),
                    selection: field
                        .sub
                        .map(|sub| self.representation(sub, below, is_key))
                        .unwrap_or_default(),
                    key,
                });
            }
        }
        fields
    }
}

/// Runtime types that are represented alike, together.
fn alike(representations: Vec<Representation>) -> Vec<Representation> {
    let mut together: Vec<Representation> = Vec::with_capacity(representations.len());
    for representation in representations {
        let same = |other: &&mut Representation| {
            let both_typed = !other.runtime_types.is_empty() && !representation.runtime_types.is_empty();
            both_typed && other.typename == representation.typename && other.fields == representation.fields
        };
        match together.iter_mut().find(same) {
            Some(known) => known.runtime_types.extend(representation.runtime_types),
            None => together.push(representation),
        }
    }
    together
}

/// Adds a representation to those of a group; false, and nothing changed, when one name would mean two things, or when objects of two
/// types, which the subgraph knows by one name and is asked the same about, would not be told alike: one of them might miss
/// what a field requires.
fn take_representation(known: &mut Vec<Representation>, more: &Representation) -> bool {
    let same =
        |other: &Representation| other.runtime_types == more.runtime_types && other.typename == more.typename;
    let at = known.iter().position(same);
    let mut taken = more.clone();
    if let Some(known) = at.map(|at| &known[at]) {
        if !agree(&known.fields, &more.fields) {
            return false;
        }
        taken.fields.clone_from(&known.fields);
        merge_fields(&mut taken.fields, more.fields.clone());
    }
    let mut namesakes = known.iter().filter(|other| !same(other) && other.typename == more.typename);
    if !namesakes.all(|other| is_told_alike(&other.fields, &taken.fields)) {
        return false;
    }
    match at {
        Some(at) => known[at] = taken,
        None => known.push(taken),
    }
    true
}

fn is_told_alike(a: &[RepresentationField], b: &[RepresentationField]) -> bool {
    a.len() == b.len() && a.iter().all(|field| b.contains(field))
}

/// Whether two lists of fields read the same data under every name that both have.
fn agree(a: &[RepresentationField], b: &[RepresentationField]) -> bool {
    a.iter().all(|left| {
        let namesakes = b.iter().filter(|right| right.name == left.name && right.on_types == left.on_types);
        namesakes.into_iter().all(|right| right.key == left.key && agree(&left.selection, &right.selection))
    })
}

fn merge_fields(into: &mut Vec<RepresentationField>, from: Vec<RepresentationField>) {
    for field in from {
        let same = |other: &&mut RepresentationField| {
            other.name == field.name && other.key == field.key && other.on_types == field.on_types
        };
        match into.iter_mut().find(same) {
            Some(known) => {
                known.nullable &= field.nullable;
                merge_fields(&mut known.selection, field.selection);
            }
            None => into.push(field),
        }
    }
}
