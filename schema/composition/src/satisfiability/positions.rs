//! Where a value is known: in which subgraph, as which type, with what provided.

use apollo_compiler::executable::{Selection, SelectionSet};
use federation::Supergraph;
use federation::supergraph::{SubgraphId, TypeId};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// An interned set of selections that `@provides` on the path resolves although they are external.
pub(super) type ProvidedId = usize;
/// Nothing is provided.
pub(super) const NOTHING: ProvidedId = 0;

/// One way to have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Position {
    pub(super) subgraph: SubgraphId,
    /// The type the subgraph gives it: for an `@interfaceObject`, the interface.
    pub(super) ty: TypeId,
    pub(super) provided: ProvidedId,
}

/// All ways to have a value.
pub(super) type Positions = BTreeSet<Position>;

/// The selections provided on the paths walked so far, each once.
pub(super) struct Provided<'a> {
    sets: Vec<Vec<&'a SelectionSet>>,
    ids: FxHashMap<Vec<*const SelectionSet>, ProvidedId>,
}

impl<'a> Provided<'a> {
    pub(super) fn new() -> Self {
        Self { sets: vec![Vec::new()], ids: FxHashMap::from_iter([(Vec::new(), NOTHING)]) }
    }

    fn intern(&mut self, mut sets: Vec<&'a SelectionSet>) -> ProvidedId {
        sets.sort_by_key(|set| std::ptr::from_ref(*set));
        sets.dedup_by_key(|set| std::ptr::from_ref(*set));
        let key: Vec<*const SelectionSet> = sets.iter().map(|set| std::ptr::from_ref(*set)).collect();
        *self.ids.entry(key).or_insert_with(|| {
            self.sets.push(sets);
            self.sets.len() - 1
        })
    }

    /// Whether `field` of objects of type `object` is provided, and what below it.
    pub(super) fn below(
        &self,
        supergraph: &Supergraph,
        provided: ProvidedId,
        object: TypeId,
        field: &str,
    ) -> Option<Vec<&'a SelectionSet>> {
        let mut found = None;
        for set in &self.sets[provided] {
            find(supergraph, set, object, field, &mut found);
        }
        found
    }

    /// What is provided after a field that provides `own` by itself and `inherited` from the path.
    pub(super) fn after(
        &mut self,
        inherited: Option<Vec<&'a SelectionSet>>,
        own: Option<&'a SelectionSet>,
    ) -> ProvidedId {
        let mut sets = inherited.unwrap_or_default();
        sets.retain(|set| !set.selections.is_empty());
        sets.extend(own);
        self.intern(sets)
    }
}

fn find<'a>(
    supergraph: &Supergraph,
    set: &'a SelectionSet,
    object: TypeId,
    field: &str,
    found: &mut Option<Vec<&'a SelectionSet>>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Field(selected) if selected.name == field => {
                found.get_or_insert_default().push(&selected.selection_set);
            }
            Selection::Field(_) | Selection::FragmentSpread(_) => {}
            Selection::InlineFragment(fragment) => {
                if applies(supergraph, fragment.type_condition.as_ref().map(|name| name.as_str()), object) {
                    find(supergraph, &fragment.selection_set, object, field, found);
                }
            }
        }
    }
}

/// Whether a fragment on `condition` selects from objects of type `object`.
pub(super) fn applies(supergraph: &Supergraph, condition: Option<&str>, object: TypeId) -> bool {
    let Some(condition) = condition.and_then(|name| supergraph.type_id(name)) else { return true };
    condition == object || supergraph.types[condition].possible.contains(&object)
}
