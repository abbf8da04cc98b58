//! Arguments taken from contexts: on which paths they can be filled in.
//!
//! An argument is filled in when an object further out sets its context, and what the argument selects there can be
//! gathered. Source: the federation documentation on contextual arguments, v2.8.

use apollo_compiler::Name;
use apollo_compiler::ast::Selection;
use apollo_compiler::executable::{self, SelectionSet};
use federation::Supergraph;
use federation::field_set::FieldSet;
use federation::supergraph::{SubgraphId, TypeId};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

use crate::subgraph::{Subgraph, contexts};

/// Index of an argument among all that take their value from a context.
pub(super) type ArgumentId = usize;
/// The arguments that the objects on a path fill in.
pub(super) type Filled = BTreeSet<ArgumentId>;
/// No object further out is known.
pub(super) const NOTHING_FILLED: &Filled = &Filled::new();

/// All arguments that take their value from a context, and the objects that give it.
#[derive(Default)]
pub(super) struct Contexts {
    arguments: FxHashMap<(SubgraphId, Name, Name), Vec<ArgumentId>>,
    givers: FxHashMap<TypeId, Vec<(ArgumentId, Option<SelectionSet>)>>,
}

impl Contexts {
    /// Collects the contexts of `subgraphs`, which are in the order of the supergraph's.
    pub(super) fn collect(supergraph: &Supergraph, subgraphs: &[Subgraph]) -> Self {
        let mut collected = Self::default();
        let mut next: ArgumentId = 0;
        for (index, subgraph) in subgraphs.iter().enumerate() {
            for (parent, facts) in &subgraph.facts {
                for field in facts.fields.keys() {
                    for argument in contexts::arguments(subgraph, parent, field) {
                        let coordinate = (index, parent.clone(), field.clone());
                        collected.arguments.entry(coordinate).or_default().push(next);
                        collected.collect_givers(supergraph, subgraph, next, &argument.value);
                        next += 1;
                    }
                }
            }
        }
        collected
    }

    fn collect_givers(
        &mut self,
        supergraph: &Supergraph,
        subgraph: &Subgraph,
        argument: ArgumentId,
        value: &contexts::ContextValue,
    ) {
        let Ok(set) = FieldSet::parse(&value.selection) else { return };
        for setter in contexts::setters(subgraph, &value.context) {
            for object in subgraph.runtime_types_of(setter) {
                let Some(id) = supergraph.type_id(object) else { continue };
                let selection = selection_on(supergraph, object, &set.selections);
                self.givers.entry(id).or_default().push((argument, selection));
            }
        }
    }

    /// The arguments that objects of type `object` may fill in, with what has to be gathered for that. Nothing has to
    /// be where no type condition holds: the value is null then.
    pub(super) fn given_by(
        &self,
        object: TypeId,
    ) -> impl Iterator<Item = (ArgumentId, Option<&SelectionSet>)> {
        let given = self.givers.get(&object).into_iter().flatten();
        given.map(|(argument, selection)| (*argument, selection.as_ref()))
    }

    /// The arguments of a field in a subgraph that have to be filled in.
    pub(super) fn needed(&self, subgraph: SubgraphId, parent: &Name, field: &str) -> &[ArgumentId] {
        if self.arguments.is_empty() {
            return &[];
        }
        let coordinate = (subgraph, parent.clone(), Name::new_unchecked(field));
        self.arguments.get(&coordinate).map_or(&[], Vec::as_slice)
    }
}

/// What of `selections` is selected of objects of type `object`.
fn selection_on(supergraph: &Supergraph, object: &Name, selections: &[Selection]) -> Option<SelectionSet> {
    let chosen: Vec<String> = selections
        .iter()
        .filter(|selection| {
            selection.as_inline_fragment().is_none_or(|fragment| {
                fragment.type_condition.as_ref().is_none_or(|condition| condition == object)
            })
        })
        .map(|selection| match selection {
            Selection::Field(field) => field.serialize().no_indent().to_string(),
            Selection::InlineFragment(fragment) => fragment.serialize().no_indent().to_string(),
            Selection::FragmentSpread(spread) => spread.serialize().no_indent().to_string(),
        })
        .collect();
    let set = executable::FieldSet::parse_and_validate(
        &supergraph.schema,
        object.clone(),
        chosen.join(" "),
        "context",
    );
    set.ok().map(|set| set.into_inner().selection_set)
}
