//! The object positions of the data tree and their slots.

use apollo_compiler::Name;
use planner::{EntityTarget, FetchSelection, PathElement, QueryPlan, Target};
use rustc_hash::FxHashMap;

/// Index of an object position. All objects that one path reaches, through however many lists, share a position.
pub(crate) type PositionId = u32;
/// Index of a value within an object of some position.
pub(crate) type Slot = u32;

/// The internal key under which the data tree holds runtime types.
pub(super) const TYPENAME: &str = "__typename";

/// All object positions that the fetches of a plan write. The first is the root.
#[derive(Debug)]
pub(crate) struct Layout {
    positions: Vec<Position>,
}

#[derive(Debug, Default)]
struct Position {
    slots: FxHashMap<Name, Slot>,
    /// By slot: the position of the objects there, for composite fields.
    children: Vec<Option<PositionId>>,
    /// By slot: how deep leaf values are wrapped in lists. Deeper arrays are part of a custom scalar.
    lists: Vec<u8>,
    /// The targets that read objects here, in order; twice, where two response keys stand for one field.
    writers: Vec<usize>,
    /// Whether a target comes here from some types of objects only, or with what an outer object fills in.
    conditional: bool,
    shareable: bool,
}

impl Layout {
    pub(crate) const ROOT: PositionId = 0;

    pub(super) fn of(plan: &QueryPlan) -> Self {
        let mut layout = Self { positions: vec![Position::default()] };
        let mut positions = Vec::new();
        for target in plan.fetches.iter().flat_map(|fetch| &fetch.targets) {
            let (path, selection, outermost) = match target {
                Target::Root { path, selection } => (path, selection, usize::MAX),
                Target::Entities(entities) => (&entities.path, &entities.selection, outermost(entities)),
            };
            let position = layout.lay_path(path, outermost);
            layout.lay_selection(position, selection, positions.len());
            positions.push(position);
        }
        layout.find_shareable(&positions);
        layout
    }

    /// Lays the positions of a path, on which an object `outermost` steps down fills arguments in.
    fn lay_path(&mut self, path: &[PathElement], outermost: usize) -> PositionId {
        let mut position = Self::ROOT;
        let mut conditional = false;
        for (steps, element) in path.iter().enumerate() {
            match element {
                PathElement::Each => {}
                PathElement::OnTypes(_) => conditional = true,
                PathElement::Key(key) => {
                    conditional |= steps >= outermost;
                    let slot = self.lay_slot(position, key);
                    position = self.lay_child(position, slot);
                    self.positions[position as usize].conditional |= conditional;
                }
            }
        }
        position
    }

    fn lay_selection(&mut self, position: PositionId, selection: &FetchSelection, target: usize) {
        self.positions[position as usize].writers.push(target);
        for field in &selection.fields {
            let slot = self.lay_slot(position, &field.key);
            if let Some(selection) = &field.selection {
                let child = self.lay_child(position, slot);
                self.lay_selection(child, selection, target);
            }
        }
    }

    fn lay_slot(&mut self, position: PositionId, key: &Name) -> Slot {
        let position = &mut self.positions[position as usize];
        if let Some(slot) = position.slots.get(key) {
            return *slot;
        }
        let slot = position.children.len() as Slot;
        position.slots.insert(key.clone(), slot);
        position.children.push(None);
        position.lists.push(0);
        slot
    }

    fn lay_child(&mut self, position: PositionId, slot: Slot) -> PositionId {
        if let Some(child) = self.child(position, slot) {
            return child;
        }
        let child = self.positions.len() as PositionId;
        self.positions.push(Position::default());
        self.positions[position as usize].children[slot as usize] = Some(child);
        child
    }

    /// Finds the positions where objects that were read from equal texts stay equal. What happens to an object later depends on nothing but
    /// itself there: whoever else writes to it or below it does so for an entity that it is or holds.
    ///
    /// `targets` are the positions of the targets themselves. A child is always younger than its parent, so one pass from the youngest
    /// suffices.
    fn find_shareable(&mut self, targets: &[PositionId]) {
        // By position: who writes there or below but comes from above, and whether anybody does so twice.
        let mut from_above: Vec<(Vec<usize>, bool)> = vec![Default::default(); self.positions.len()];
        for index in (0..self.positions.len()).rev() {
            let position = &mut self.positions[index];
            let mut writers = std::mem::take(&mut position.writers);
            let mut is_repeated = writers.windows(2).any(|pair| pair[0] == pair[1]);
            for child in position.children.iter().flatten() {
                let (below, repeated) = std::mem::take(&mut from_above[*child as usize]);
                writers.extend(below);
                is_repeated |= repeated;
            }
            writers.sort_unstable();
            writers.dedup();
            writers.retain(|target| targets[*target] as usize != index);
            position.shareable = writers.len() <= 1 && !is_repeated && !position.conditional;
            from_above[index] = (writers, is_repeated);
        }
    }

    /// Where `key` is kept, if any fetch writes it.
    pub(super) fn slot(&self, position: PositionId, key: &str) -> Option<Slot> {
        self.positions[position as usize].slots.get(key).copied()
    }

    /// Where the runtime type is kept, if any fetch brings it.
    pub(super) fn typename(&self, position: PositionId) -> Option<Slot> {
        self.slot(position, TYPENAME)
    }

    /// The position of the objects in a slot, if it is composite.
    pub(super) fn child(&self, position: PositionId, slot: Slot) -> Option<PositionId> {
        self.positions[position as usize].children[slot as usize]
    }

    /// The composite slots of a position.
    pub(crate) fn children(&self, position: PositionId) -> impl Iterator<Item = (Slot, PositionId)> {
        let children = &self.positions[position as usize].children;
        children.iter().enumerate().filter_map(|(slot, child)| child.map(|child| (slot as Slot, child)))
    }

    /// Number of slots.
    pub(crate) fn width(&self, position: PositionId) -> u32 {
        self.positions[position as usize].children.len() as u32
    }

    /// Whether objects here that were read from the same text stay equal for ever, so that they may be one.
    pub(crate) fn is_shareable(&self, position: PositionId) -> bool {
        self.positions[position as usize].shareable
    }

    /// How deep leaf values in this slot are wrapped in lists.
    pub(super) fn lists(&self, position: PositionId, slot: Slot) -> u8 {
        self.positions[position as usize].lists[slot as usize]
    }

    /// Records that a shape shows this slot as a list of lists … of leaves.
    pub(super) fn show_lists(&mut self, position: PositionId, slot: Slot, depth: u8) {
        let lists = &mut self.positions[position as usize].lists[slot as usize];
        *lists = depth.max(*lists);
    }
}

/// How many steps lead to the outermost object that fills in an argument of the target: what is below it depends on it.
fn outermost(target: &EntityTarget) -> usize {
    let variables = target.contexts.iter().flat_map(|contexts| &contexts.variables);
    let sources = variables.flat_map(|context| &context.sources);
    sources.map(|source| source.steps).min().unwrap_or(usize::MAX)
}
