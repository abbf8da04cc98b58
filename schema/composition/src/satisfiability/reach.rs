//! Which subgraphs can be entered from where: the least fixpoint of keys that can be gathered.
//!
//! Entering a subgraph makes more fields known, which may complete the key of a further one, and a field may
//! require others first: so reach and resolvability are worked out together, from below, until nothing changes.

use apollo_compiler::executable::{Selection, SelectionSet};
use federation::Supergraph;
use federation::supergraph::{FieldJoin, SubgraphId, TypeId};
use rustc_hash::FxHashMap;

use super::contexts::{Contexts, Filled, NOTHING_FILLED};
use super::positions::{NOTHING, Position, Positions, Provided, applies};
use crate::subgraph::Subgraph;

/// A position of an object together with the object's type.
type Known = (Position, TypeId);

/// The subgraph whose key is being gathered. On the way there nothing may be asked of it: routers fetch what a key
/// selects before they go to its subgraph for the first time.
type Without = Option<SubgraphId>;

/// A question not answered for good yet.
#[derive(Clone, Copy)]
enum Pending<'a> {
    /// Where does this position lead?
    Closure(Known, Without),
    /// Can these fields be gathered there?
    Requirement(Known, &'a SelectionSet),
}

/// What is reachable, worked out as it is asked for.
pub(super) struct Reach<'a> {
    pub(super) supergraph: &'a Supergraph,
    subgraphs: &'a [Subgraph],
    contexts: &'a Contexts,
    pub(super) provided: Provided<'a>,
    closures: FxHashMap<(Known, Without), Positions>,
    /// Whether what a field requires can be gathered at a position; false until shown.
    requirements: FxHashMap<(Known, *const SelectionSet), bool>,
    /// What is being worked out and may still change.
    pending: Vec<Pending<'a>>,
    changed: bool,
    query: Option<TypeId>,
}

impl<'a> Reach<'a> {
    pub(super) fn new(supergraph: &'a Supergraph, subgraphs: &'a [Subgraph], contexts: &'a Contexts) -> Self {
        let query = supergraph.schema.schema_definition.query.as_ref();
        Self {
            supergraph,
            subgraphs,
            contexts,
            provided: Provided::new(),
            closures: FxHashMap::default(),
            requirements: FxHashMap::default(),
            pending: Vec::new(),
            changed: false,
            query: query.and_then(|query| supergraph.type_id(query)),
        }
    }

    /// Every position that an object known at `from` can be taken to, `from` included.
    pub(super) fn closure(&mut self, from: Position, object: TypeId) -> Positions {
        let asked = ((from, object), None);
        if let Some(known) = self.closures.get(&asked) {
            return known.clone();
        }
        self.begin(asked);
        self.settle();
        self.closures.get(&asked).cloned().unwrap_or_default()
    }

    /// The positions of `field`'s values, for an object known at `members` below objects that fill `filled` in.
    pub(super) fn resolve(
        &mut self,
        members: &Positions,
        object: TypeId,
        field: &str,
        filled: &Filled,
    ) -> Positions {
        loop {
            let values = self.advance(members, object, field, filled);
            if self.pending.is_empty() {
                return values;
            }
            // A requirement asked for closures that were not known yet.
            self.settle();
        }
    }

    /// What the values of a field have filled in below them: what was before, and what the object that they are fields of gives. Of several objects
    /// that set a context the nearest decides, if it can give the value or not; and it is gathered from where the field is resolved.
    pub(super) fn fill(
        &mut self,
        members: &Positions,
        object: TypeId,
        field: &str,
        filled: &Filled,
    ) -> Filled {
        let contexts = self.contexts;
        let mut given = contexts.given_by(object).peekable();
        if given.peek().is_none() {
            return filled.clone();
        }
        let mut resolving = Vec::new();
        for at in members {
            if !self.resolve(&Positions::from([*at]), object, field, filled).is_empty() {
                resolving.push(self.closure(*at, object));
            }
        }
        let mut below = filled.clone();
        for (argument, selection) in given {
            let is_given = selection.is_none_or(|selection| {
                resolving.iter().any(|around| self.can_select_now(around, object, selection))
            });
            if is_given {
                below.insert(argument);
            } else {
                below.remove(&argument);
            }
        }
        below
    }

    fn can_select_now(&mut self, members: &Positions, object: TypeId, set: &'a SelectionSet) -> bool {
        loop {
            let can = self.can_select(members, object, set, None);
            if self.pending.is_empty() {
                return can;
            }
            self.settle();
        }
    }

    /// Works out the pending closures to the end.
    fn settle(&mut self) {
        loop {
            self.changed = false;
            let mut next = 0;
            // Answering one question may raise further ones, which join the queue.
            while let Some(&pending) = self.pending.get(next) {
                match pending {
                    Pending::Closure(known, without) => self.grow(known, without),
                    Pending::Requirement(known, required) => self.gather(known, required),
                }
                next += 1;
            }
            if !self.changed {
                break;
            }
        }
        self.pending.clear();
    }

    fn begin(&mut self, (known, without): (Known, Without)) {
        self.closures.insert((known, without), Positions::from([known.0]));
        self.pending.push(Pending::Closure(known, without));
        self.changed = true;
    }

    fn gather(&mut self, known: Known, required: &'a SelectionSet) {
        let key = (known, std::ptr::from_ref(required));
        if self.requirements.get(&key) == Some(&true) {
            return;
        }
        let members = self.so_far(known, None);
        if self.can_select(&members, known.1, required, None) {
            self.requirements.insert(key, true);
            self.changed = true;
        }
    }

    /// The closure as far as it is known now.
    fn so_far(&mut self, known: Known, without: Without) -> Positions {
        if !self.closures.contains_key(&(known, without)) {
            self.begin((known, without));
        }
        self.closures.get(&(known, without)).cloned().unwrap_or_default()
    }

    fn grow(&mut self, known: Known, without: Without) {
        let (_, object) = known;
        let mut members = self.so_far(known, without);
        let before = members.len();
        if Some(object) == self.query {
            members.extend(self.roots(object));
        } else {
            self.follow_keys(object, &mut members, without);
        }
        if members.len() > before {
            self.changed = true;
            self.closures.insert((known, without), members);
        }
    }

    /// Root fields can be asked for in any subgraph that has them.
    pub(super) fn roots(&self, root: TypeId) -> Positions {
        let joins = self.supergraph.types[root].joins.iter();
        joins.map(|join| Position { subgraph: join.subgraph, ty: root, provided: NOTHING }).collect()
    }

    fn follow_keys(&mut self, object: TypeId, members: &mut Positions, without: Without) {
        let supergraph = self.supergraph;
        let entries = entries(supergraph, object).into_iter();
        for (entry, fields) in entries.filter(|(entry, _)| Some(entry.subgraph) != without) {
            let on_the_way = without.or(Some(entry.subgraph));
            if !members.contains(&entry) && self.can_select(members, object, fields, on_the_way) {
                members.insert(entry);
            }
        }
    }

    /// Whether all of `set` can be known of an object of type `object` that is known at `members`.
    fn can_select(
        &mut self,
        members: &Positions,
        object: TypeId,
        set: &'a SelectionSet,
        without: Without,
    ) -> bool {
        set.selections.iter().all(|selection| match selection {
            Selection::Field(field) if field.name == "__typename" => true,
            Selection::Field(field) => {
                // Keys and requirements are asked for out of their place, where no context is known.
                let next = self.advance(members, object, &field.name, NOTHING_FILLED);
                !next.is_empty() && self.can_select_below(&next, &field.selection_set, without)
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.type_condition.as_ref().map(|name| name.as_str());
                !applies(self.supergraph, condition, object)
                    || self.can_select(members, object, &fragment.selection_set, without)
            }
            Selection::FragmentSpread(_) => false,
        })
    }

    fn can_select_below(&mut self, positions: &Positions, set: &'a SelectionSet, without: Without) -> bool {
        if set.selections.is_empty() {
            return true;
        }
        let objects = self.runtime_types(positions);
        if self.asks_for_nobody(&objects, set) {
            return false;
        }
        objects.into_iter().all(|object| {
            let mut members = Positions::new();
            for position in self.cast(positions, object) {
                members.extend(self.so_far((position, object), without));
            }
            self.can_select(&members, object, set, without)
        })
    }

    /// Whether a type condition names what none of the objects can be where they are known: no router could ask for it.
    fn asks_for_nobody(&self, objects: &[TypeId], set: &SelectionSet) -> bool {
        set.selections.iter().any(|selection| match selection {
            Selection::InlineFragment(fragment) => {
                let condition = fragment.type_condition.as_ref().map(|name| name.as_str());
                let meant = objects.iter().filter(|object| applies(self.supergraph, condition, **object));
                let meant: Vec<TypeId> = meant.copied().collect();
                meant.is_empty() || self.asks_for_nobody(&meant, &fragment.selection_set)
            }
            Selection::Field(_) | Selection::FragmentSpread(_) => false,
        })
    }

    /// The positions of `field`'s values, over all members that resolve it themselves, as far as known now.
    fn advance(&mut self, members: &Positions, object: TypeId, field: &str, filled: &Filled) -> Positions {
        let steps = members.iter().filter(|position| self.is_filled(position, field, filled)).copied();
        let steps: Vec<Position> = steps.collect();
        steps.into_iter().filter_map(|position| self.step(position, object, field)).collect()
    }

    /// Whether every argument of the field that the router has to fill in can be.
    fn is_filled(&self, at: &Position, field: &str, filled: &Filled) -> bool {
        let needed = self.contexts.needed(at.subgraph, &self.supergraph.types[at.ty].name, field);
        needed.iter().all(|argument| filled.contains(argument))
    }

    fn step(&mut self, from: Position, object: TypeId, field: &str) -> Option<Position> {
        let definition = self.supergraph.types[from.ty].fields.get(field)?;
        let join = definition.join(from.subgraph)?;
        let below = self.provided.below(self.supergraph, from.provided, object, field);
        // A router may repeat a key it entered by; but a path that did not enter by it never learns an external key.
        let external = join.external
            || self.subgraphs[from.subgraph].is_external(&self.supergraph.types[from.ty].name, field);
        if (external && below.is_none()) || !self.requirement_met(from, object, join) {
            return None;
        }
        let name = definition.type_in(from.subgraph).inner_named_type();
        // A leaf has no fields to go on with; its position only says that it is known.
        let ty = self.supergraph.type_id(name).unwrap_or(from.ty);
        let provided = self.provided.after(below, join.provides.as_deref());
        Some(Position { subgraph: from.subgraph, ty, provided })
    }

    /// What fields require of each other goes round in circles at times: such a circle proves nothing, so each
    /// requirement counts as unmet until it is shown to be met.
    fn requirement_met(&mut self, at: Position, object: TypeId, join: &'a FieldJoin) -> bool {
        let Some(required) = &join.requires else { return true };
        let key = ((at, object), std::ptr::from_ref(&**required));
        if let Some(met) = self.requirements.get(&key) {
            return *met;
        }
        self.requirements.insert(key, false);
        self.pending.push(Pending::Requirement((at, object), required));
        self.changed = true;
        false
    }

    /// The object types that values at `positions` may have.
    pub(super) fn runtime_types(&self, positions: &Positions) -> Vec<TypeId> {
        let mut types: Vec<TypeId> = positions
            .iter()
            .flat_map(|position| {
                let ty = &self.supergraph.types[position.ty];
                match ty.join(position.subgraph) {
                    Some(join) if !join.interface_object => join.possible.as_slice(),
                    _ => ty.possible.as_slice(),
                }
            })
            .copied()
            .collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// The positions among `positions` that may hold an `object`, now that it is known to be one.
    pub(super) fn cast(&self, positions: &Positions, object: TypeId) -> Positions {
        positions
            .iter()
            .filter_map(|position| {
                let ty = &self.supergraph.types[position.ty];
                let join = ty.join(position.subgraph)?;
                if join.interface_object {
                    return ty.possible.contains(&object).then_some(*position);
                }
                join.possible.contains(&object).then_some(Position { ty: object, ..*position })
            })
            .collect()
    }
}

impl Reach<'_> {
    /// Whether the runtime type of an `@interfaceObject`'s value can be asked for: through a key of the interface
    /// itself, in a subgraph that knows the implementations.
    pub(super) fn finds_type(&mut self, position: Position, object: TypeId) -> bool {
        let supergraph = self.supergraph;
        let interface = &supergraph.types[position.ty];
        let knowing = |subgraph| interface.join(subgraph).is_some_and(|join| !join.interface_object);
        let keys: Vec<_> =
            interface.keys.iter().filter(|key| key.resolvable && knowing(key.subgraph)).collect();
        let members = self.closure(position, object);
        keys.into_iter().any(|key| self.can_select(&members, object, &key.fields, Some(key.subgraph)))
    }
}

/// Every way to enter a subgraph with an object of type `object`: by its own keys, or by those of an
/// `@interfaceObject` that stands for it.
pub(super) fn entries(supergraph: &Supergraph, object: TypeId) -> Vec<(Position, &SelectionSet)> {
    let mut entries = Vec::new();
    let own = std::iter::once(object);
    let interfaces = supergraph.types[object].interfaces.iter().copied();
    for ty in own.chain(interfaces) {
        for key in supergraph.types[ty].keys.iter().filter(|key| key.resolvable) {
            let interface_object =
                supergraph.types[ty].join(key.subgraph).is_some_and(|join| join.interface_object);
            if ty == object || interface_object {
                let position = Position { subgraph: key.subgraph, ty, provided: NOTHING };
                entries.push((position, &*key.fields));
            }
        }
    }
    entries
}

/// Whether the position stands for an interface's implementations without knowing which.
pub(super) fn is_interface_object(supergraph: &Supergraph, position: Position) -> bool {
    supergraph.types[position.ty].join(position.subgraph).is_some_and(|join| join.interface_object)
}
