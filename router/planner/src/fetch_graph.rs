//! The fetch graph: which requests a solved operation makes, what each selects, and which must be answered before which.
//!
//! Built by walking the solution from the root. At each position objects are seen by one subgraph (`Here`); a jump opens a group of fields
//! in another, which depends on the groups that select its key.

mod contexts;
mod loss;
mod representations;

use crate::budget::{Exhausted, FIELDS};
use crate::plan::{ContextSource, OperationKind, PathElement, Representation};
use crate::positions::{PositionId, Positions};
use crate::search::{Hop, Part, START, Search, Step, View, Way};
use crate::selection::{Arguments, FieldSelection, SelectionId};
use apollo_compiler::ast::Type;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::{Name, name};
use federation::supergraph::{ContextArgument, ContextValueId, SubgraphId, TypeId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

use contexts::take_contexts;
use representations::{alike, merge_fields};

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
    /// Entities only: what the fields take from outer objects.
    pub(crate) contexts: Vec<GroupContext>,
    /// Groups that must be answered before, ascending.
    pub(crate) after: Vec<GroupId>,
    /// Entities only: the names that objects of several types go by in the subgraph, and which of those types are meant.
    sharing: Vec<(TypeId, Rc<[TypeId]>)>,
    /// An argument needs a value, so that there is no request without one: nothing else may depend on it.
    alone: bool,
}

impl FetchGroup {
    /// Whether other groups may be sent in the same request.
    pub(crate) fn is_shareable(&self) -> bool {
        self.root.is_none() && !self.alone
    }

    /// Whether objects that enter as `ty` may be asked for here when they share that name with objects of these types.
    fn may_be_shared(&self, ty: TypeId, types: &Rc<[TypeId]>) -> bool {
        self.sharing.iter().all(|(name, known)| *name != ty || known == types)
    }
}

/// A value that is taken from outer objects.
#[derive(Debug, Clone)]
pub(crate) struct GroupContext {
    pub(crate) value: ContextValueId,
    /// The objects that may give it.
    pub(crate) sources: Vec<ContextSource>,
    /// Groups that select it there.
    after: Vec<GroupId>,
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
    /// The arguments that outer objects fill in.
    pub(crate) contexts: Vec<ContextArgument>,
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
    /// The object around it, where contexts matter.
    above: Option<Rc<Above>>,
}

/// The next outer object of a position.
struct Above {
    here: Here,
    /// What it may be, where the position is reached.
    types: Vec<TypeId>,
}

/// Where a field is selected.
struct Place {
    group: GroupId,
    node: NodeId,
    /// Type condition.
    on: Option<TypeId>,
    /// Its arguments that outer objects fill in.
    contexts: Vec<ContextArgument>,
    /// Where the position has other objects below the same key, of which something else is asked: the types that have these.
    told_apart: Vec<TypeId>,
}

/// A name by which objects of several types enter a subgraph, and whether it must be told something beside a key.
type Entrance = (SubgraphId, TypeId, bool);

/// A field that is asked through an entrance, and what is taken below it.
type Asked = (FieldSelection, Option<SelectionId>);

/// For each entrance and type, the types of which the same is asked there. Only these may be asked for together: the selection cannot tell
/// them apart, and a field that one of them fails to resolve, though nobody wants it of that one, would take the others with it.
type Alike = FxHashMap<(Entrance, TypeId), Rc<[TypeId]>>;

/// The objects that jump from a position.
#[derive(Clone, Copy)]
struct Jumping<'p> {
    /// Their runtime type, where it is told apart.
    on: Option<TypeId>,
    alike: &'p Alike,
}

/// What types have below each key of a position: what is asked there, how it is seen, and by which types.
type Below<'s> = FxHashMap<&'s Name, Vec<(&'s FieldSelection, Option<TypeId>, Vec<TypeId>)>>;

impl Jumping<'_> {
    /// The types whose objects may go through an entrance together with these; none where the name is theirs alone.
    fn together(&self, entrance: Entrance) -> Rc<[TypeId]> {
        let together = self.on.and_then(|ty| self.alike.get(&(entrance, ty)));
        together.map_or_else(|| Rc::from([]), Rc::clone)
    }
}

/// What a subgraph must be told beside a key.
#[derive(Default)]
struct Needs {
    requires: Option<SelectionId>,
    contexts: Vec<GroupContext>,
}

/// Builds the graph of an operation.
pub(crate) fn build(
    search: &mut Search<'_>,
    kind: OperationKind,
    root: TypeId,
    selection: SelectionId,
) -> Result<FetchGraph, Exhausted> {
    let positions = Positions::new(&search.selections, selection)?;
    let mut builder = Builder {
        search,
        positions,
        graph: FetchGraph::default(),
        kind,
        at: FxHashMap::default(),
        entries: 0,
    };
    let view = builder.search.start(root);
    let here = Here { group: None, view, position: 0, path: Vec::new(), added: false, above: None };
    builder.emit(selection, &here, true)?;
    builder.share_contexts();
    for group in &mut builder.graph.groups {
        group.representations = alike(std::mem::take(&mut group.representations));
    }
    Ok(builder.graph)
}

/// Where a group is found again: subgraph, path, what it comes after.
type Address = (SubgraphId, Vec<PathElement>, Vec<GroupId>, Asks);

/// What a group asks for.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Asks {
    Root,
    Entities,
    /// Fields of entities that take arguments from contexts, by the values that may not be null. They are asked for apart: other fields need
    /// not wait for the values, nor be asked for once for each of them, nor be lost with an object for which one is null.
    Contextual(Vec<ContextValueId>),
}

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
        let alike = self.alike(&solution.steps);
        let below = below(&solution.steps);
        let mut touched = Vec::new();
        for step in &solution.steps {
            let jumping = Jumping { on: step.unit.on, alike: &alike };
            for part in &step.parts {
                let told_apart = told_apart(&below, step);
                self.part((step, part, told_apart), jumping, here, jumps, &mut touched)?;
            }
        }
        touched.sort_unstable();
        touched.dedup();
        Ok(touched)
    }

    /// Finds out of which types the same is asked, wherever objects of several types enter a subgraph by one name.
    fn alike(&self, steps: &[Step]) -> Alike {
        let mut entrances: IndexMap<Entrance, IndexMap<TypeId, FxHashSet<Asked>>> = IndexMap::default();
        for step in steps {
            let Some(ty) = step.unit.on else { continue };
            for part in &step.parts {
                let Way::Jump { hop, requires } = &part.way else { continue };
                let mut ask = |hop: &Hop, is_told, asked: Asked| {
                    if hop.ty != ty {
                        let entrance = entrances.entry((hop.subgraph, hop.ty, is_told)).or_default();
                        entrance.entry(ty).or_default().insert(asked);
                    }
                };
                let is_told = requires.is_some() || !self.contextual_arguments(step, hop).is_empty();
                ask(hop, is_told, (step.unit.field.clone(), part.sub));
                self.keys_on_the_way(hop, &mut ask);
            }
        }
        let mut alike = Alike::default();
        for (entrance, of) in &entrances {
            for (ty, asked) in of {
                if alike.contains_key(&(*entrance, *ty)) {
                    continue;
                }
                let same = of.iter().filter(|(_, other)| *other == asked).map(|(other, _)| *other);
                let mut together: Vec<TypeId> = same.collect();
                together.sort_unstable();
                let together: Rc<[TypeId]> = Rc::from(together);
                alike.extend(together.iter().map(|ty| ((*entrance, *ty), Rc::clone(&together))));
            }
        }
        alike
    }

    /// What a hop asks of the subgraphs that it goes through.
    fn keys_on_the_way(&self, hop: &Hop, ask: &mut impl FnMut(&Hop, bool, Asked)) {
        for source in &hop.sources {
            let Some(earlier) = &source.from else { continue };
            let key = self.search.selections.get(source.selection);
            for field in key.groups.iter().flat_map(|group| &group.fields) {
                ask(earlier, false, (field.clone(), field.sub));
            }
            self.keys_on_the_way(earlier, ask);
        }
    }

    fn part(
        &mut self,
        (step, part, told_apart): (&Step, &Part, Vec<TypeId>),
        jumping: Jumping<'_>,
        here: &Here,
        jumps: bool,
        touched: &mut Vec<GroupId>,
    ) -> Result<(), Exhausted> {
        match &part.way {
            Way::Here => {
                let Some((group, node)) = here.group else { return Ok(()) };
                let on = step.unit.on.filter(|on| *on != here.view.ty);
                touched.push(group);
                let place = Place { group, node, on, contexts: Vec::new(), told_apart };
                self.field(step, part, here, place, touched, jumps)
            }
            Way::Jump { hop, requires } => {
                let contexts = self.contextual_arguments(step, hop);
                let needs = Needs {
                    requires: *requires,
                    contexts: contexts
                        .iter()
                        .map(|argument| self.context(argument.value, here))
                        .collect::<Result<_, _>>()?,
                };
                let group = self.jump(jumping, here, hop, needs)?;
                touched.push(group);
                let node = self.fragment(group, hop.ty);
                let place = Place { group, node, on: None, contexts, told_apart };
                self.field(step, part, here, place, touched, jumps)
            }
            Way::Land(hop) => {
                let group = self.jump(Jumping { on: None, ..jumping }, here, hop, Needs::default())?;
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
        place: Place,
        touched: &mut Vec<GroupId>,
        jumps: bool,
    ) -> Result<(), Exhausted> {
        let field = &step.unit.field;
        let key = match here.added && !field.is_meta() {
            true => self.added_key(field, here),
            false => field.key.clone(),
        };
        let (group, mut told_apart) = (place.group, place.told_apart.clone());
        let child = self.entry(place, &key, step, part.child.map(|view| view.ty))?;
        let (Some(sub), Some(view), Some(child)) = (part.sub, part.child, child) else { return Ok(()) };
        let mut path = here.path.clone();
        if let Some(ty) = step.unit.on.filter(|_| self.positions.is_ambiguous(here.position, &key)) {
            told_apart = vec![ty];
        } else if let Some(ty) = step.unit.on.filter(|_| told_apart.is_empty()) {
            told_apart = self.differing_below(here.view.ty, ty, &field.field);
        }
        if !told_apart.is_empty() {
            self.typename_here(here)?;
            let names = told_apart.iter().map(|ty| self.search.supergraph.types[*ty].name.clone());
            path.push(PathElement::OnTypes(names.collect()));
        }
        path.push(PathElement::Key(key.clone()));
        path.extend(std::iter::repeat_n(
            PathElement::Each,
            self.list_depth(step.unit.on.unwrap_or(here.view.ty), &field.field),
        ));
        let position = self.positions.child(here.position, &key);
        let above = (here.view.filled != 0)
            .then(|| Rc::new(Above { here: here.clone(), types: step.unit.types.clone() }));
        let below = Here { group: Some((group, child)), view, position, path, added: here.added, above };
        touched.extend(self.emit(sub, &below, jumps)?);
        Ok(())
    }

    /// The key of a field that is added where objects are seen.
    fn added_key(&mut self, field: &FieldSelection, here: &Here) -> Name {
        let (search, subgraph) = (&*self.search, here.view.subgraph);
        let may_be_lost =
            |asked| field.sub.is_some_and(|added| loss::by_asking(search, subgraph, asked, added));
        self.positions.add(here.position, field, may_be_lost)
    }

    fn entry(
        &mut self,
        Place { node, on, contexts, .. }: Place,
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
        self.graph.nodes[node].entries.push(Entry {
            on,
            key: key.clone(),
            field,
            arguments,
            contexts,
            child,
        });
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

    /// Where not all types of a position have objects of the same type below a field: those that have the same there as `ty`. What the planner
    /// adds for one of them must not be sent for the others, whoever asks for theirs.
    fn differing_below(&self, position: TypeId, ty: TypeId, field: &Name) -> Vec<TypeId> {
        let types = &self.search.supergraph.types;
        let below = |ty: TypeId| types[ty].fields.get(field).map(|field| field.ty.inner_named_type());
        let having = types[position].possible.iter().copied().filter(|ty| below(*ty).is_some());
        let (same, others): (Vec<TypeId>, Vec<TypeId>) = having.partition(|other| below(*other) == below(ty));
        if others.is_empty() { Vec::new() } else { same }
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
        jumping: Jumping<'_>,
        here: &Here,
        hop: &Rc<Hop>,
        needs: Needs,
    ) -> Result<GroupId, Exhausted> {
        let Some(key) = hop.key else { return Ok(self.root_group(here, hop)) };
        let mut after = Vec::new();
        let told = Here { added: true, ..here.clone() };
        for source in &hop.sources {
            let at = match &source.from {
                None => told.clone(),
                Some(earlier) => {
                    let group = self.jump(jumping, here, earlier, Needs::default())?;
                    Here { added: true, ..self.landed(here, earlier, group) }
                }
            };
            after.extend(self.emit(source.selection, &at, source.nested)?);
        }
        let mut fields = self.representation(key, here.position, true);
        if let Some(requires) = needs.requires {
            after.extend(self.emit(requires, &told, true)?);
            let mut required = self.representation(requires, here.position, false);
            // How the object itself is called is decided by where it is sent.
            required.retain(|field| field.name != "__typename");
            merge_fields(&mut fields, required);
        }
        after.extend(here.group.map(|(group, _)| group));
        after.sort_unstable();
        after.dedup();
        let representation = self.represent(jumping.on, here, hop, fields)?;
        let values = needs.contexts.iter().map(|context| context.value);
        let asks = match needs.contexts.is_empty() {
            true => Asks::Entities,
            false => Asks::Contextual(values.filter(|value| self.needs_value(*value)).collect()),
        };
        let address = (hop.subgraph, here.path.clone(), after, asks);
        let is_told = needs.requires.is_some() || !needs.contexts.is_empty();
        let together = jumping.together((hop.subgraph, hop.ty, is_told));
        let group = self.entity_group(address, representation, (hop.ty, together));
        take_contexts(&mut self.graph.groups[group].contexts, needs.contexts);
        Ok(group)
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
        self.graph.nodes[node].entries.insert(
            0,
            Entry { on: None, key: field.clone(), field, arguments, contexts: Vec::new(), child: None },
        );
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
        let address = (hop.subgraph, here.path.clone(), after.clone(), Asks::Root);
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
            contexts: Vec::new(),
            after,
            sharing: Vec::new(),
            alone: false,
        });
        self.graph.groups.len() - 1
    }
}

/// What the steps of a position lead to, where types are told apart.
fn below(steps: &[Step]) -> Below<'_> {
    let mut below = Below::default();
    for step in steps {
        let Some(ty) = step.unit.on.filter(|_| step.unit.field.sub.is_some()) else { continue };
        let (field, seen) = (&step.unit.field, seen_below(step));
        let known = below.entry(&field.key).or_default();
        match known.iter_mut().find(|(other, other_seen, _)| *other == field && *other_seen == seen) {
            Some((_, _, types)) => types.push(ty),
            None => known.push((field, seen, vec![ty])),
        }
    }
    below
}

fn seen_below(step: &Step) -> Option<TypeId> {
    step.parts.iter().find_map(|part| part.child).map(|view| view.ty)
}

/// The types of which the same is asked below a step's key as of its own; none where all are asked the same. An object's representation, and
/// what is asked by it, would otherwise go to objects that have something else there.
fn told_apart(below: &Below<'_>, step: &Step) -> Vec<TypeId> {
    let known = below.get(&step.unit.field.key).filter(|known| known.len() > 1 && step.unit.on.is_some());
    let seen = seen_below(step);
    let mut own =
        known.into_iter().flatten().filter(|(field, ty, _)| **field == step.unit.field && *ty == seen);
    own.next().map(|(_, _, types)| types.clone()).unwrap_or_default()
}

fn add_new<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !known.contains(&item) {
            known.push(item);
        }
    }
}
