//! The walk over the API: every type, with every set of positions it can be reached at, once.

use apollo_compiler::Name;
use federation::Supergraph;
use federation::supergraph::TypeId;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

use super::contexts::{Contexts, Filled};
use super::positions::Positions;
use super::reach::{Reach, is_interface_object};
use crate::subgraph::Subgraph;

/// More states than any graph we know of comes near; past it, the check gives up rather than hang.
const STATE_BUDGET: usize = 2_000_000;

/// A step from an object to the value of one of its fields.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The object's type: a type condition is needed where the field before returned another one.
    pub(super) object: TypeId,
    pub(super) field: Name,
}

/// A field that cannot be resolved after the steps that lead to it.
#[derive(Debug)]
pub(super) struct DeadEnd {
    /// The last one is the field that fails, or whose value's type cannot be known.
    pub(super) path: Vec<Step>,
    /// Where the object was known.
    pub(super) positions: Positions,
    pub(super) reason: Reason,
}

/// Why a path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// No reachable subgraph resolves the field.
    Unresolvable,
    /// Only `@interfaceObject`s are reachable: which implementation it is remains unknown.
    UnknownType,
    /// There were too many states to look at.
    Budget,
}

struct State {
    object: TypeId,
    positions: Positions,
    /// The arguments below that objects on the way fill in.
    filled: Filled,
    /// The state before, and the field that led here.
    parent: Option<(usize, Name)>,
}

/// Walks the whole API; returns each field that fails once, at its shortest path.
pub(super) fn walk(supergraph: &Supergraph, subgraphs: &[Subgraph], contexts: &Contexts) -> Vec<DeadEnd> {
    let mut walker = Walker {
        reach: Reach::new(supergraph, subgraphs, contexts),
        supergraph,
        states: Vec::new(),
        queue: VecDeque::new(),
        visited: FxHashMap::default(),
        reported: FxHashSet::default(),
        dead_ends: Vec::new(),
    };
    for (_, root) in supergraph.api_schema.schema_definition.iter_root_operations() {
        if let Some(root) = supergraph.type_id(root) {
            let positions = walker.reach.roots(root);
            walker.enter(root, positions, Filled::new(), None);
        }
    }
    while let Some(state) = walker.queue.pop_front() {
        if walker.states.len() > STATE_BUDGET {
            let path = walker.path(state, Name::new_unchecked("__typename"));
            let positions = walker.states[state].positions.clone();
            walker.dead_ends.push(DeadEnd { path, positions, reason: Reason::Budget });
            break;
        }
        walker.visit(state);
    }
    walker.dead_ends
}

struct Walker<'a> {
    supergraph: &'a Supergraph,
    reach: Reach<'a>,
    states: Vec<State>,
    queue: VecDeque<usize>,
    /// The sets of positions each object type was visited at, and what was filled in there.
    visited: FxHashMap<TypeId, Vec<(Positions, Filled)>>,
    reported: FxHashSet<(TypeId, Name)>,
    dead_ends: Vec<DeadEnd>,
}

impl Walker<'_> {
    /// Queues an object type at `positions`, unless it was seen with no more than these.
    fn enter(&mut self, object: TypeId, positions: Positions, filled: Filled, parent: Option<(usize, Name)>) {
        let visited = self.visited.entry(object).or_default();
        if visited.iter().any(|(seen, known)| seen.is_subset(&positions) && known.is_subset(&filled)) {
            return;
        }
        visited.push((positions.clone(), filled.clone()));
        self.queue.push_back(self.states.len());
        self.states.push(State { object, positions, filled, parent });
    }

    fn visit(&mut self, state: usize) {
        let State { object, ref positions, ref filled, .. } = self.states[state];
        let (positions, filled) = (positions.clone(), filled.clone());
        let name = &self.supergraph.types[object].name;
        let Some(definition) = self.supergraph.api_schema.get_object(name) else { return };
        for field in definition.fields.keys() {
            let next = self.reach.resolve(&positions, object, field, &filled);
            if next.is_empty() {
                self.dead_end(state, field.clone(), Reason::Unresolvable);
                continue;
            }
            let target = self.supergraph.types[object].fields.get(field).and_then(|field| field.target);
            if target.is_some() {
                let filled_below = self.reach.fill(&positions, object, field, &filled);
                self.enter_values(state, field, &next, &filled_below);
            }
        }
    }

    /// The values of a field, one state per type they may have at runtime.
    fn enter_values(&mut self, state: usize, field: &Name, values: &Positions, filled: &Filled) {
        for object in self.reach.runtime_types(values) {
            if !self.supergraph.api_schema.types.contains_key(&self.supergraph.types[object].name) {
                continue;
            }
            let mut positions = Positions::new();
            for position in self.reach.cast(values, object) {
                if is_interface_object(self.supergraph, position) && !self.reach.finds_type(position, object)
                {
                    self.dead_end(state, field.clone(), Reason::UnknownType);
                    continue;
                }
                positions.extend(self.reach.closure(position, object));
            }
            if !positions.is_empty() {
                self.enter(object, positions, filled.clone(), Some((state, field.clone())));
            }
        }
    }

    fn dead_end(&mut self, state: usize, field: Name, reason: Reason) {
        let object = self.states[state].object;
        if self.reported.insert((object, field.clone())) {
            let path = self.path(state, field);
            let positions = self.states[state].positions.clone();
            self.dead_ends.push(DeadEnd { path, positions, reason });
        }
    }

    fn path(&self, state: usize, field: Name) -> Vec<Step> {
        let mut steps = vec![Step { object: self.states[state].object, field }];
        let mut current = &self.states[state];
        while let Some((parent, field)) = &current.parent {
            current = &self.states[*parent];
            steps.push(Step { object: current.object, field: field.clone() });
        }
        steps.reverse();
        steps
    }
}
