//! The merge stage: all subgraphs' types into one schema that says, in join directives, who has what.
//!
//! Read in this order: `types` (which types there are, what they implement), `fields` (with `overrides`,
//! `sharing`, `references`, `arguments`), `inputs`, `enums`, `unions`, `interface_objects`, and beside them
//! `descriptions`, `features` (directives that survive) and `directives` (their applications).
//! Source: the composition rules of the Federation 2 documentation; join specification v0.5.

mod access;
mod applied;
mod arguments;
mod compose_directives;
mod descriptions;
mod enums;
mod features;
mod fields;
mod inputs;
mod interface_objects;
mod overrides;
mod references;
mod sharing;
mod types;
mod unions;

use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{ExtendedType, Schema};
use apollo_compiler::{Name, Node};
use rustc_hash::FxHashSet;

pub(crate) use applied::alternatives;
pub(crate) use features::{Features, INACCESSIBLE_DEFINITION, INACCESSIBLE_URL};

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, extensions};

/// The merged graph.
pub(crate) struct Merged {
    /// Types and custom directive definitions, with join directives on them; no machinery definitions.
    pub(crate) schema: Schema,
    /// The features beside `link` and `join` that the supergraph links.
    pub(crate) features: Features,
}

/// Everything the merge works with.
pub(crate) struct Merger<'a> {
    subgraphs: &'a [Subgraph],
    diagnostics: &'a mut Diagnostics,
    features: Features,
    schema: Schema,
    /// Definitions that contradict the others in their kind, and are left out.
    strangers: FxHashSet<(usize, Name)>,
}

/// Merges `subgraphs`, which are sorted by name.
pub(crate) fn merge(subgraphs: &[Subgraph], features: Features, diagnostics: &mut Diagnostics) -> Merged {
    extensions::check(subgraphs, |subgraph| !subgraph.links.is_federation_1(), diagnostics);
    let mut schema = Schema::new();
    schema.schema_definition.make_mut().directives.clear();
    let mut merger = Merger { subgraphs, diagnostics, features, schema, strangers: FxHashSet::default() };
    let names = merger.type_names();
    let kinds = merger.outline(&names);
    merger.merge_composite_types(&kinds);
    merger.merge_input_types_of(&kinds);
    merger.add_interface_object_fields();
    merger.propagate_access_rules();
    merger.merge_enum_types(&kinds);
    merger.merge_directive_definitions();
    merger.set_roots();
    Merged { schema: merger.schema, features: merger.features }
}

impl<'a> Merger<'a> {
    /// The subgraphs that have a type, with their definitions of it.
    fn sources(&self, name: &str) -> Vec<(usize, &'a ExtendedType)> {
        let subgraphs = self.subgraphs;
        let found = subgraphs.iter().enumerate().filter_map(|(index, subgraph)| {
            let definition = subgraph.schema.types.get(name)?;
            let left_out = subgraph.links.is_machinery_type(name)
                || !self.strangers.is_empty() && self.strangers.contains(&(index, definition.name().clone()));
            (!left_out).then_some((index, definition))
        });
        found.collect()
    }

    /// `"a", "b" and "c"`, for messages.
    fn names_of(&self, subgraphs: impl IntoIterator<Item = usize>) -> String {
        let names: Vec<String> =
            subgraphs.into_iter().map(|index| format!("\"{}\"", self.subgraphs[index].name)).collect();
        and_list(&names)
    }

    fn graph(&self, subgraph: usize) -> Value {
        Value::Enum(self.subgraphs[subgraph].graph.clone())
    }

    fn type_span(&self, subgraph: usize, name: &Name) -> Option<SourceSpan> {
        crate::sources::type_span(&self.subgraphs[subgraph].schema, name)
    }

    fn set_roots(&mut self) {
        let roots = ["Query", "Mutation", "Subscription"]
            .map(|root| self.schema.types.get_key_value(root).map(|(name, _)| name.clone().into()));
        let [query, mutation, subscription] = roots;
        let definition = self.schema.schema_definition.make_mut();
        definition.query = query;
        definition.mutation = mutation;
        definition.subscription = subscription;
        self.check_queries();
    }

    /// NO_QUERIES: a graph that nothing can be asked of.
    fn check_queries(&mut self) {
        let mut roots = self.subgraphs.iter().filter_map(|subgraph| subgraph.schema.get_object("Query"));
        if roots.all(|query| query.fields.is_empty()) {
            self.diagnostics.error(ErrorCode::NoQueries, "no subgraph has a query field", []);
        }
    }
}

/// `a, b and c`.
pub(crate) fn and_list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// An application of a directive of ours; arguments without a value are left out.
pub(crate) fn directive(name: &'static str, arguments: Vec<(&'static str, Option<Value>)>) -> Directive {
    let arguments = arguments
        .into_iter()
        .filter_map(|(name, value)| {
            let name = Name::new_static(name).ok()?;
            Some(Node::new(Argument { name, value: Node::new(value?) }))
        })
        .collect();
    Directive { name: Name::new_static(name).unwrap_or(apollo_compiler::name!("join__type")), arguments }
}

/// A string argument.
pub(crate) fn text(value: &str) -> Option<Value> {
    Some(Value::String(value.to_owned()))
}

/// A flag that is printed only when it is set.
pub(crate) fn flag(value: bool) -> Option<Value> {
    value.then_some(Value::Boolean(true))
}
