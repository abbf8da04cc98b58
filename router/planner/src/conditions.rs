//! The variables that `@skip` and `@include` read, and their values for one plan.

use apollo_compiler::Name;
use apollo_compiler::ast::{DirectiveList, Value};
use apollo_compiler::executable::{ExecutableDocument, Operation, Selection, SelectionSet};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// The values of an operation's condition variables. Two requests with equal conditions share a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Conditions(BTreeMap<Name, bool>);

impl Conditions {
    /// Conditions from (variable, value) pairs.
    pub fn new(values: impl IntoIterator<Item = (Name, bool)>) -> Self {
        Self(values.into_iter().collect())
    }

    /// Whether a selection with these directives is part of the operation. A variable without a value counts as the one that keeps it.
    pub(crate) fn include(&self, directives: &DirectiveList) -> bool {
        directives.iter().all(|directive| match directive.name.as_str() {
            "skip" => !self.value(directive.specified_argument_by_name("if").map(AsRef::as_ref), false),
            "include" => self.value(directive.specified_argument_by_name("if").map(AsRef::as_ref), true),
            _ => true,
        })
    }

    fn value(&self, argument: Option<&Value>, default: bool) -> bool {
        match argument {
            Some(Value::Boolean(value)) => *value,
            Some(Value::Variable(name)) => self.0.get(name).copied().unwrap_or(default),
            _ => default,
        }
    }
}

/// The variables that decide whether parts of `operation` are executed, in the order of their names.
#[must_use]
pub fn condition_variables(document: &ExecutableDocument, operation: &Operation) -> Vec<Name> {
    let mut found = Found { document, fragments: FxHashSet::default(), names: BTreeMap::new() };
    found.selection_set(&operation.selection_set);
    found.names.into_keys().collect()
}

struct Found<'a> {
    document: &'a ExecutableDocument,
    fragments: FxHashSet<&'a Name>,
    names: BTreeMap<Name, ()>,
}

impl<'a> Found<'a> {
    fn selection_set(&mut self, set: &'a SelectionSet) {
        for selection in &set.selections {
            self.directives(selection.directives());
            match selection {
                Selection::Field(field) => self.selection_set(&field.selection_set),
                Selection::InlineFragment(fragment) => self.selection_set(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else { continue };
                    if self.fragments.insert(&spread.fragment_name) {
                        self.selection_set(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &DirectiveList) {
        let conditional =
            directives.iter().filter(|directive| directive.name == "skip" || directive.name == "include");
        for directive in conditional {
            if let Some(Value::Variable(name)) = directive.specified_argument_by_name("if").map(AsRef::as_ref)
            {
                self.names.insert(name.clone(), ());
            }
        }
    }
}
