//! The positions of the data tree and the keys in use at each, so that a field the planner adds never takes a key that the client's operation
//! uses for something else, nor one under which the client's operation may lose it.

use crate::budget::{Budget, Exhausted, FIELDS};
use crate::selection::{Arguments, FieldSelection, SelectionId, Selections};
use apollo_compiler::Name;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Index of a position.
pub(crate) type PositionId = usize;
/// What stands under a key: a field with its arguments.
type Signature = (Name, Rc<Arguments>);

/// What the client's operation has under a key, and what it asks below.
struct Claim {
    signature: Signature,
    subs: Vec<SelectionId>,
}

/// What is claimed while the client's operation is walked.
struct Claims<'s> {
    selections: &'s Selections,
    done: FxHashSet<(SelectionId, PositionId)>,
    budget: Budget,
}

/// All positions, the root first.
pub(crate) struct Positions {
    all: Vec<Position>,
}

#[derive(Default)]
struct Position {
    children: FxHashMap<Name, PositionId>,
    /// What the client's operation has under each key; several, where runtime types differ.
    claims: FxHashMap<Name, Vec<Claim>>,
    added: FxHashMap<Signature, Name>,
}

impl Positions {
    /// The root, with everything that the client's operation claims below it. Whatever is claimed has to be asked of a subgraph, so that
    /// there may be no more of it than a plan's requests may select: fragments that spread one another would claim without end.
    pub(crate) fn new(selections: &Selections, root: SelectionId) -> Result<Self, Exhausted> {
        let mut positions = Self { all: vec![Position::default()] };
        let mut claims = Claims { selections, done: FxHashSet::default(), budget: Budget::new(FIELDS) };
        positions.claim(&mut claims, root, 0)?;
        Ok(positions)
    }

    fn claim(&mut self, claims: &mut Claims<'_>, id: SelectionId, at: PositionId) -> Result<(), Exhausted> {
        if !claims.done.insert((id, at)) {
            return Ok(());
        }
        let selection = claims.selections.get(id);
        for field in selection.groups.iter().flat_map(|group| &group.fields).filter(|field| !field.is_meta())
        {
            let signature = signature(field);
            let known = self.all[at].claims.entry(field.key.clone()).or_default();
            match known.iter_mut().find(|claim| claim.signature == signature) {
                Some(claim) => claim.subs.extend(field.sub),
                None => {
                    claims.budget.spend()?;
                    known.push(Claim { signature, subs: field.sub.into_iter().collect() });
                }
            }
            if let Some(sub) = field.sub {
                let child = self.child(at, &field.key);
                self.claim(claims, sub, child)?;
            }
        }
        Ok(())
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

    /// The key of a field that the planner adds: its own name, unless the client uses that for something else, or asks something below it
    /// by which it `may_be_lost`. The first to add a field decides for all.
    pub(crate) fn add(
        &mut self,
        at: PositionId,
        field: &FieldSelection,
        may_be_lost: impl Fn(SelectionId) -> bool,
    ) -> Name {
        let signature = signature(field);
        if let Some(key) = self.all[at].added.get(&signature) {
            return key.clone();
        }
        let position = &self.all[at];
        let fits =
            |claim: &Claim| claim.signature == signature && !claim.subs.iter().any(|sub| may_be_lost(*sub));
        let free = |key: &Name| {
            let claims = position.claims.get(key);
            claims.is_none_or(|claims| claims.iter().all(fits))
                && !position.added.values().any(|added| added == key)
        };
        let numbered = (0..).filter_map(|number| Name::new(&format!("_{}_{number}", field.field)).ok());
        let mut keys = std::iter::once(field.field.clone()).chain(numbered);
        let key = keys.find(free).unwrap_or_else(|| field.field.clone());
        self.all[at].added.insert(signature, key.clone());
        key
    }

    /// The key of a field that the planner has added.
    pub(crate) fn added(&mut self, at: PositionId, field: &FieldSelection) -> Name {
        self.add(at, field, |_| false)
    }
}

fn signature(field: &FieldSelection) -> Signature {
    (field.field.clone(), Rc::clone(&field.arguments))
}
