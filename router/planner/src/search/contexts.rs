//! Arguments that are filled in from outer objects (`@fromContext`): on which paths they can be, and what is selected for them.
//!
//! The nearest outer object whose runtime type sets the context decides. What is selected of it is asked for out of its place, where no
//! argument is filled in. Source: the federation documentation on contextual arguments, v2.8.

use super::{Search, View};
use crate::budget::Exhausted;
use crate::search::Unit;
use crate::selection::{Group, Selection, SelectionId};
use federation::supergraph::{ContextValueId, FieldJoin, Supergraph, TypeId};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The sets of values that outer objects give, in a planning run; index 0 is for where it does not matter, index 1 the empty set.
pub(super) struct Contexts {
    all: Vec<Vec<ContextValueId>>,
    ids: FxHashMap<Vec<ContextValueId>, usize>,
}

impl Contexts {
    pub(super) fn new(supergraph: &Supergraph) -> Self {
        let mut contexts = Self { all: vec![Vec::new()], ids: FxHashMap::default() };
        if !supergraph.context_values.is_empty() {
            contexts.intern(Vec::new());
        }
        contexts
    }

    /// Nothing is filled in at the root.
    pub(super) fn start(&self) -> usize {
        self.all.len().min(2) - 1
    }

    fn intern(&mut self, values: Vec<ContextValueId>) -> usize {
        let next = self.all.len();
        let id = *self.ids.entry(values.clone()).or_insert(next);
        if id == next {
            self.all.push(values);
        }
        id
    }
}

impl Search<'_> {
    /// Whether outer objects fill in all arguments of a field that take their value from a context.
    pub(super) fn is_filled(&self, view: View, join: &FieldJoin) -> bool {
        let filled = &self.contexts.all[view.filled];
        join.context_arguments.iter().all(|argument| filled.contains(&argument.value))
    }

    /// What is filled in below a field of the objects that `view` sees.
    pub(super) fn filled_below(&mut self, unit: &Unit, view: View) -> Result<usize, Exhausted> {
        if view.filled == 0 || unit.field.sub.is_none() {
            return Ok(view.filled);
        }
        let values = 0..self.supergraph.context_values.len();
        let given = |value: &ContextValueId| self.gives(*value, &unit.types);
        if !values.clone().any(|value| given(&value)) {
            return Ok(view.filled);
        }
        let mut filled = Vec::new();
        for value in values {
            if self.fills(value, unit, view)? {
                filled.push(value);
            }
        }
        Ok(self.contexts.intern(filled))
    }

    fn gives(&self, value: ContextValueId, types: &[TypeId]) -> bool {
        let value = &self.supergraph.context_values[value];
        types.iter().any(|ty| value.given_by(*ty).is_some())
    }

    fn fills(&mut self, value: ContextValueId, unit: &Unit, view: View) -> Result<bool, Exhausted> {
        let gives = |ty: &TypeId| self.supergraph.context_values[value].given_by(*ty).is_some();
        let is_filled_above = self.contexts.all[view.filled].contains(&value);
        if !is_filled_above && !unit.types.iter().all(gives) {
            return Ok(false);
        }
        let Some(selection) = self.context_selection(view.ty, &unit.types, value) else { return Ok(true) };
        Ok(self.solve(selection, view.without_contexts(), true)?.missing.is_none())
    }

    /// What must be known of an object, seen as a `ty`, that is one of `types`, to have the value that it gives; `None` when nothing must be.
    pub(crate) fn context_selection(
        &mut self,
        ty: TypeId,
        types: &[TypeId],
        value: ContextValueId,
    ) -> Option<SelectionId> {
        let supergraph = self.supergraph;
        let mut typename = supergraph.types[ty].is_abstract() && self.gives(value, types);
        let mut groups = Vec::new();
        for &object in types {
            let given = supergraph.context_values[value].given_by(object).flatten();
            if let Some(set) = given {
                let id = self.sets.context(&mut self.selections, object, set);
                let selection: Rc<Selection> = self.selections.get(id);
                typename |= selection.typename;
                let fields = selection.groups.iter().flat_map(|group| group.fields.iter().cloned()).collect();
                groups.push(Group { types: vec![object], fields });
            }
        }
        let is_empty = !typename && groups.is_empty();
        (!is_empty).then(|| self.selections.intern(Selection { ty, groups, typename }))
    }
}
