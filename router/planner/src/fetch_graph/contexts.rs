//! Arguments that outer objects fill in: who gives a value, and what is selected there for it.
//!
//! Source: Federation documentation, `@context` and `@fromContext`.

use super::{Builder, GroupContext, Here, add_new};
use crate::budget::Exhausted;
use crate::plan::{ContextSource, PathElement, RepresentationField};
use crate::positions::PositionId;
use crate::search::{Hop, Step};
use crate::selection::SelectionId;
use apollo_compiler::Name;
use federation::supergraph::{ContextArgument, ContextValueId, TypeId};
use rustc_hash::FxHashMap;

impl Builder<'_, '_> {
    /// The arguments of a step's field that outer objects fill in.
    pub(super) fn contextual_arguments(&self, step: &Step, hop: &Hop) -> Vec<ContextArgument> {
        let field = self.search.supergraph.types[hop.ty].fields.get(&step.unit.field.field);
        field
            .and_then(|field| field.join(hop.subgraph))
            .map_or_else(Vec::new, |join| join.context_arguments.clone())
    }

    /// Finds the outer objects that may give a value, up to where one of them is sure to, and selects it there.
    pub(super) fn context(&mut self, value: ContextValueId, here: &Here) -> Result<GroupContext, Exhausted> {
        let supergraph = self.search.supergraph;
        let (mut sources, mut after) = (Vec::new(), Vec::new());
        let mut next = here.above.clone();
        while let Some(above) = next {
            let outer = &above.here;
            let gives = |ty: &&TypeId| supergraph.context_values[value].given_by(**ty).is_some();
            let givers: Vec<TypeId> = above.types.iter().filter(gives).copied().collect();
            if !givers.is_empty() {
                let mut fields = Vec::new();
                if let Some(asked) = self.search.context_selection(outer.view.ty, &above.types, value) {
                    let view = outer.view.without_contexts();
                    let asking = Here { view, added: true, above: None, ..outer.clone() };
                    after.extend(self.emit(asked, &asking, true)?);
                    fields = self.context_fields(asked, outer.position);
                }
                let names = givers.iter().map(|ty| supergraph.types[*ty].name.clone());
                let is_abstract = supergraph.types[outer.view.ty].is_abstract();
                sources.push(ContextSource {
                    steps: outer.path.len(),
                    runtime_types: if is_abstract { names.collect() } else { Vec::new() },
                    fields,
                });
            }
            if givers.len() == above.types.len() {
                break;
            }
            next = outer.above.clone();
        }
        Ok(GroupContext { value, sources, after })
    }

    pub(super) fn needs_value(&self, value: ContextValueId) -> bool {
        self.search.supergraph.context_values[value].ty.is_non_null()
    }

    /// A path may be reached by objects below different outer ones. Whoever is sent for all of them must know all who may give a value.
    pub(super) fn share_contexts(&mut self) {
        let values = &self.search.supergraph.context_values;
        let groups = &mut self.graph.groups;
        let mut shared: FxHashMap<Vec<PathElement>, Vec<GroupContext>> = FxHashMap::default();
        for group in groups.iter().filter(|group| !group.contexts.is_empty()) {
            take_contexts(shared.entry(group.path.clone()).or_default(), group.contexts.clone());
        }
        for group in groups.iter_mut().filter(|group| !group.contexts.is_empty()) {
            for context in &mut group.contexts {
                let mut all = shared.get(&group.path).into_iter().flatten();
                if let Some(all) = all.find(|all| all.value == context.value) {
                    context.clone_from(all);
                }
                group.after.extend(&context.after);
                group.alone |= values[context.value].ty.is_non_null();
            }
            group.after.sort_unstable();
            group.after.dedup();
        }
    }

    /// What has been selected for a context at `position`.
    pub(super) fn context_fields(
        &mut self,
        selection: SelectionId,
        position: PositionId,
    ) -> Vec<RepresentationField> {
        let supergraph = self.search.supergraph;
        let asked = self.search.selections.get(selection);
        let is_abstract = supergraph.types[asked.ty].is_abstract();
        let mut fields = Vec::new();
        for group in &asked.groups {
            let names = group.types.iter().map(|ty| supergraph.types[*ty].name.clone());
            let on_types: Vec<Name> = if is_abstract { names.collect() } else { Vec::new() };
            for field in &group.fields {
                let key = match field.is_meta() {
                    true => field.field.clone(),
                    false => self.positions.added(position, field),
                };
                let below = self.positions.child(position, &key);
                fields.push(RepresentationField {
                    on_types: on_types.clone(),
                    name: field.field.clone(),
                    nullable: true,
                    selection: field.sub.map_or_else(Vec::new, |sub| self.context_fields(sub, below)),
                    key,
                });
            }
        }
        fields
    }
}

/// Adds what is taken from outer objects. One value may come from several, where a path is reached by objects of different types.
pub(super) fn take_contexts(known: &mut Vec<GroupContext>, more: Vec<GroupContext>) {
    for context in more {
        let Some(known) = known.iter_mut().find(|other| other.value == context.value) else {
            known.push(context);
            continue;
        };
        add_new(&mut known.after, context.after);
        for source in context.sources {
            match known.sources.iter_mut().find(|other| other.steps == source.steps) {
                Some(same) => {
                    add_new(&mut same.runtime_types, source.runtime_types);
                    add_new(&mut same.fields, source.fields);
                }
                None => known.sources.push(source),
            }
        }
        known.sources.sort_by_key(|source| std::cmp::Reverse(source.steps));
    }
}
