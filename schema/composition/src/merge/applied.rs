//! Directive applications that survive: one of each for directives that do not repeat, all different ones for
//! those that do.
//!
//! Where two applications of a non-repeatable directive differ, scopes and policies are combined (a caller must
//! satisfy both subgraphs), weights and sizes are taken at their largest, everything else by majority.

use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::{Name, Node};
use federation::spec::FederationDirective as Fd;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeSet;

use super::{Merger, directive, text};
use crate::HintCode;
use crate::subgraph::{Subgraph, contexts};

/// The applications on one element in one subgraph.
pub(super) type Applied<'a> = (usize, Vec<&'a Node<Directive>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Strategy {
    /// All different applications.
    Each,
    /// The most frequent one.
    Majority,
    /// Alternatives of requirements, of which both subgraphs' must hold.
    Requirements(&'static str),
    /// The largest `weight`.
    Weight,
    /// The widest `@listSize`.
    ListSize,
}

impl Merger<'_> {
    /// The applications that the supergraph's `coordinate` has.
    pub(super) fn merge_applied(&mut self, coordinate: &str, sources: &[Applied<'_>]) -> Vec<Directive> {
        let mut merged = self.merge_surviving(coordinate, sources);
        merged.extend(self.cache_tags(sources));
        merged
    }

    /// The same without those that belong to single subgraphs.
    pub(super) fn merge_surviving(&mut self, coordinate: &str, sources: &[Applied<'_>]) -> Vec<Directive> {
        let mut groups: IndexMap<Name, (Strategy, Vec<Node<Directive>>), FxBuildHasher> = IndexMap::default();
        for (index, applications) in sources {
            for applied in applications {
                let Some((name, strategy)) = self.surviving(*index, applied) else { continue };
                let mut directive = self.in_supergraph(*index, applied);
                if directive.name != name {
                    directive.make_mut().name = name.clone();
                }
                groups.entry(name).or_insert_with(|| (strategy, Vec::new())).1.push(directive);
            }
        }
        groups
            .into_iter()
            .flat_map(|(_, (strategy, applications))| self.combine(coordinate, strategy, &applications))
            .collect()
    }

    /// Whether the supergraph has a directive application of a subgraph.
    pub(super) fn survives(&self, subgraph: usize, applied: &Directive) -> bool {
        self.surviving(subgraph, applied).is_some()
    }

    /// A context is its subgraph's own: the supergraph calls it by both names.
    fn in_supergraph(&self, subgraph: usize, applied: &Node<Directive>) -> Node<Directive> {
        let Subgraph { name, links, .. } = &self.subgraphs[subgraph];
        let context = applied.specified_argument_by_name("name").and_then(|name| name.as_str());
        match context.filter(|_| links.name(Fd::Context) == Some(applied.name.as_str())) {
            None => applied.clone(),
            Some(context) => {
                let context = Value::String(contexts::supergraph_name(name, context));
                Node::new(with_argument(applied, "name", context))
            }
        }
    }

    /// `@cacheTag` belongs to the subgraphs that wrote it, so it is kept as a `join__directive` of theirs.
    pub(super) fn cache_tags(&self, sources: &[Applied<'_>]) -> Vec<Directive> {
        let mut graphs: IndexMap<Vec<Node<Argument>>, Vec<usize>, FxBuildHasher> = IndexMap::default();
        for (index, applications) in sources {
            let local = self.subgraphs[*index].links.name(Fd::CacheTag);
            for applied in applications.iter().filter(|applied| Some(applied.name.as_str()) == local) {
                graphs.entry(applied.arguments.clone()).or_default().push(*index);
            }
        }
        graphs
            .into_iter()
            .map(|(arguments, subgraphs)| {
                let graphs = subgraphs.into_iter().map(|index| Node::new(self.graph(index))).collect();
                let entries = arguments
                    .iter()
                    .map(|argument| (argument.name.clone(), argument.value.clone()))
                    .collect();
                directive(
                    "join__directive",
                    vec![
                        ("graphs", Some(Value::List(graphs))),
                        ("name", text("federation__cacheTag")),
                        ("args", Some(Value::Object(entries))),
                    ],
                )
            })
            .collect()
    }

    /// The supergraph's name for a directive of a subgraph, when it survives.
    fn surviving(&self, subgraph: usize, applied: &Directive) -> Option<(Name, Strategy)> {
        if matches!(applied.name.as_str(), "deprecated" | "specifiedBy" | "oneOf") {
            return Some((applied.name.clone(), Strategy::Majority));
        }
        let links = &self.subgraphs[subgraph].links;
        if let Some(known) = links.federation_directive(&applied.name) {
            let strategy = match known {
                Fd::Tag | Fd::Context => Strategy::Each,
                Fd::RequiresScopes => Strategy::Requirements("scopes"),
                Fd::Policy => Strategy::Requirements("policies"),
                Fd::Cost => Strategy::Weight,
                Fd::ListSize => Strategy::ListSize,
                _ => Strategy::Majority,
            };
            return Some((self.features.names.get(&known)?.clone(), strategy));
        }
        let composed = self.features.composed.iter().find(|composed| {
            composed.name == applied.name.as_str() && composed.subgraphs.contains(&subgraph)
        })?;
        let strategy = if composed.definition.repeatable { Strategy::Each } else { Strategy::Majority };
        Some((applied.name.clone(), strategy))
    }

    fn combine(
        &mut self,
        coordinate: &str,
        strategy: Strategy,
        applications: &[Node<Directive>],
    ) -> Vec<Directive> {
        let mut distinct: IndexMap<&Node<Directive>, usize, FxBuildHasher> = IndexMap::default();
        for applied in applications {
            *distinct.entry(applied).or_insert(0) += 1;
        }
        if strategy == Strategy::Each || distinct.len() == 1 {
            return distinct.into_keys().map(|applied| Directive::clone(applied)).collect();
        }
        let spans: Vec<_> = applications.iter().map(|applied| applied.location()).collect();
        let Some(first) = applications.first() else { return Vec::new() };
        self.diagnostics.hint(
            HintCode::InconsistentNonRepeatableDirectiveArguments,
            format!("@{} is applied to {coordinate} with different arguments", first.name),
            spans,
        );
        match strategy {
            Strategy::Requirements(argument) => vec![all_requirements(argument, applications)],
            Strategy::Weight => largest(applications, "weight").into_iter().collect(),
            Strategy::ListSize => vec![widest_list(applications)],
            Strategy::Each | Strategy::Majority => {
                let most = distinct.values().copied().max();
                let chosen = distinct.iter().find(|(_, count)| Some(**count) == most);
                chosen.map(|(applied, _)| Directive::clone(applied)).into_iter().collect()
            }
        }
    }
}

/// Every subgraph asks for one of its alternatives: together, for one of the combinations.
pub(super) fn all_requirements(argument: &'static str, applications: &[Node<Directive>]) -> Directive {
    let mut combinations: BTreeSet<BTreeSet<String>> = BTreeSet::from([BTreeSet::new()]);
    for applied in applications {
        let alternatives = alternatives(applied, argument);
        combinations = combinations
            .iter()
            .flat_map(|have| alternatives.iter().map(move |more| have.union(more).cloned().collect()))
            .collect();
    }
    let minimal = combinations
        .iter()
        .filter(|set| !combinations.iter().any(|other| other != *set && other.is_subset(set)));
    let strings = |set: &BTreeSet<String>| {
        Node::new(Value::List(set.iter().map(|item| Node::new(Value::String(item.clone()))).collect()))
    };
    let value = Value::List(minimal.map(strings).collect());
    with_argument(&applications[0], argument, value)
}

pub(crate) fn alternatives(applied: &Directive, argument: &str) -> Vec<BTreeSet<String>> {
    let list =
        applied.specified_argument_by_name(argument).and_then(|value| value.as_list()).unwrap_or_default();
    let strings = |value: &Node<Value>| {
        let items = value.as_list().unwrap_or_default().iter();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    list.iter().map(strings).collect()
}

fn with_argument(applied: &Directive, name: &'static str, value: Value) -> Directive {
    let mut directive = applied.clone();
    for argument in &mut directive.arguments {
        if argument.name == name {
            *argument = Node::new(Argument { name: argument.name.clone(), value: Node::new(value.clone()) });
        }
    }
    directive
}

fn integer(applied: &Directive, argument: &str) -> Option<i32> {
    applied.specified_argument_by_name(argument).and_then(|value| value.to_i32())
}

fn largest(applications: &[Node<Directive>], argument: &str) -> Option<Directive> {
    applications
        .iter()
        .max_by_key(|applied| integer(applied, argument))
        .map(|applied| Directive::clone(applied))
}

/// The largest size assumed, all slicing arguments and all sized fields.
fn widest_list(applications: &[Node<Directive>]) -> Directive {
    let mut merged = Directive::new(applications[0].name.clone());
    let mut push = |name: &'static str, value: Option<Value>| {
        if let (Some(value), Ok(name)) = (value, Name::new_static(name)) {
            merged.arguments.push(Node::new(Argument { name, value: Node::new(value) }));
        }
    };
    let assumed = applications.iter().filter_map(|applied| integer(applied, "assumedSize")).max();
    push("assumedSize", assumed.map(|size| Value::Int(size.into())));
    for name in ["slicingArguments", "sizedFields"] {
        let mut items: Vec<Node<Value>> = Vec::new();
        for applied in applications {
            // The order of alternatives means nothing, nor does the order within one.
            let list = applied.specified_argument_by_name(name).and_then(|value| value.as_list());
            for item in list.unwrap_or_default() {
                if !items.contains(item) {
                    items.push(item.clone());
                }
            }
        }
        push(name, (!items.is_empty()).then_some(Value::List(items)));
    }
    let one = |applied: &Node<Directive>| {
        applied.specified_argument_by_name("requireOneSlicingArgument").and_then(|value| value.to_bool())
    };
    let given: Vec<bool> = applications.iter().filter_map(one).collect();
    push("requireOneSlicingArgument", given.iter().copied().reduce(|a, b| a || b).map(Value::Boolean));
    merged
}
