//! What `@provides` makes resolvable on the path below the field that bears it.

use apollo_compiler::Name;
use apollo_compiler::executable::{Selection, SelectionSet};
use federation::supergraph::{Supergraph, TypeId};
use rustc_hash::FxHashMap;

/// The provided sets of a planning run; index 0 is the empty one.
pub(super) struct ProvidedSets<'a> {
    all: Vec<Vec<&'a SelectionSet>>,
    ids: FxHashMap<Vec<*const SelectionSet>, usize>,
}

impl Default for ProvidedSets<'_> {
    fn default() -> Self {
        Self { all: vec![Vec::new()], ids: FxHashMap::default() }
    }
}

impl<'a> ProvidedSets<'a> {
    /// Whether `field` of objects of type `ty` is provided.
    pub(super) fn holds(&self, supergraph: &Supergraph, id: usize, ty: TypeId, field: &Name) -> bool {
        !self.below(supergraph, id, ty, field).is_empty()
    }

    /// What is provided below `field`, given what was provided beside it and what the field itself provides.
    pub(super) fn child(
        &mut self,
        supergraph: &Supergraph,
        id: usize,
        ty: TypeId,
        field: &Name,
        provides: Option<&'a SelectionSet>,
    ) -> usize {
        if id == 0 && provides.is_none() {
            return 0;
        }
        let mut sets = self.below(supergraph, id, ty, field);
        sets.retain(|set| !set.selections.is_empty());
        sets.extend(provides);
        if sets.is_empty() {
            return 0;
        }
        let pointers = sets.iter().map(|set| std::ptr::from_ref(*set)).collect();
        let next = self.all.len();
        let id = *self.ids.entry(pointers).or_insert(next);
        if id == next {
            self.all.push(sets);
        }
        id
    }

    fn below(&self, supergraph: &Supergraph, id: usize, ty: TypeId, field: &Name) -> Vec<&'a SelectionSet> {
        let mut found = Vec::new();
        for set in &self.all[id] {
            collect(supergraph, set, ty, field, &mut found);
        }
        found
    }
}

fn collect<'a>(
    supergraph: &Supergraph,
    set: &'a SelectionSet,
    ty: TypeId,
    name: &Name,
    found: &mut Vec<&'a SelectionSet>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) if field.name == *name => found.push(&field.selection_set),
            Selection::Field(_) | Selection::FragmentSpread(_) => {}
            Selection::InlineFragment(fragment) => {
                let condition = fragment.type_condition.as_ref().and_then(|name| supergraph.type_id(name));
                if condition.is_none_or(|condition| covers(supergraph, condition, ty)) {
                    collect(supergraph, &fragment.selection_set, ty, name, found);
                }
            }
        }
    }
}

/// Whether every object of type `ty` satisfies the type condition.
fn covers(supergraph: &Supergraph, condition: TypeId, ty: TypeId) -> bool {
    let satisfying = &supergraph.types[condition].possible;
    supergraph.types[ty].possible.iter().all(|possible| satisfying.contains(possible))
}
