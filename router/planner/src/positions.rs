//! The positions of the data tree and the keys in use at each, so that a field the planner adds never takes a key that the client's operation
//! uses for something else.

use crate::selection::{Arguments, SelectionId, Selections};
use apollo_compiler::Name;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Index of a position.
pub(crate) type PositionId = usize;
/// What stands under a key: a field with its arguments.
type Signature = (Name, Rc<Arguments>);

/// All positions, the root first.
pub(crate) struct Positions {
    all: Vec<Position>,
}

#[derive(Default)]
struct Position {
    children: FxHashMap<Name, PositionId>,
    /// What the client's operation has under each key; several, where runtime types differ.
    claims: FxHashMap<Name, Vec<Signature>>,
    added: FxHashMap<Signature, Name>,
}

impl Positions {
    /// The root, with everything that the client's operation claims below it.
    pub(crate) fn new(selections: &Selections, root: SelectionId) -> Self {
        let mut positions = Self { all: vec![Position::default()] };
        positions.claim(selections, root, 0, &mut FxHashSet::default());
        positions
    }

    fn claim(
        &mut self,
        selections: &Selections,
        id: SelectionId,
        at: PositionId,
        done: &mut FxHashSet<(SelectionId, PositionId)>,
    ) {
        if !done.insert((id, at)) {
            return;
        }
        let selection = selections.get(id);
        for field in selection.groups.iter().flat_map(|group| &group.fields).filter(|field| !field.is_meta())
        {
            let signature = (field.field.clone(), Rc::clone(&field.arguments));
            let claims = self.all[at].claims.entry(field.key.clone()).or_default();
            if !claims.contains(&signature) {
                claims.push(signature);
            }
            if let Some(sub) = field.sub {
                let child = self.child(at, &field.key);
                self.claim(selections, sub, child, done);
            }
        }
    }

    /// The position below `key`.
    pub(crate) fn child(&mut self, at: PositionId, key: &Name) -> PositionId {
        if let Some(&child) = self.all[at].children.get(key) {
            return child;
        }
        self.all.push(Position::default());
        let child = self.all.len() - 1;
        self.all[at].children.insert(key.clone(), child);
        child
    }

    /// Whether objects of different types have different fields under this key.
    pub(crate) fn is_ambiguous(&self, at: PositionId, key: &Name) -> bool {
        self.all[at].claims.get(key).is_some_and(|claims| claims.len() > 1)
    }

    /// The key of a field that the planner adds: its own name, unless the client uses that for something else.
    pub(crate) fn added_key(&mut self, at: PositionId, field: &Name, arguments: &Rc<Arguments>) -> Name {
        let signature = (field.clone(), Rc::clone(arguments));
        if let Some(key) = self.all[at].added.get(&signature) {
            return key.clone();
        }
        let position = &self.all[at];
        let free = |key: &Name| {
            let claimed =
                position.claims.get(key).is_some_and(|claims| claims.iter().any(|claim| *claim != signature));
            !claimed && !position.added.values().any(|added| added == key)
        };
        let numbered = (0..).filter_map(|number| Name::new(&format!("_{field}_{number}")).ok());
        let key = std::iter::once(field.clone()).chain(numbered).find(free).unwrap_or_else(|| field.clone());
        self.all[at].added.insert(signature, key.clone());
        key
    }
}
