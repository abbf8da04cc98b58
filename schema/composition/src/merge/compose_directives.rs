//! `@composeDirective`: custom directives that the supergraph keeps. And directives for operations, which it
//! keeps when every subgraph knows them.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveDefinition, DirectiveLocation, InputValueDefinition};
use federation::link::{FEDERATION_IDENTITY, JOIN_IDENTITY, LINK_IDENTITY, Version};
use federation::spec::FederationDirective as Fd;
use std::collections::BTreeMap;

use super::Merger;
use super::features::Feature;
use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::Subgraph;

/// Directives every GraphQL service has; some subgraphs print their definitions all the same.
const STANDARD_DIRECTIVES: [&str; 7] =
    ["skip", "include", "deprecated", "specifiedBy", "oneOf", "defer", "stream"];

/// A custom directive that survives.
#[derive(Debug, Clone)]
pub(super) struct Composed {
    /// The specification it comes from, without version.
    pub(super) identity: String,
    /// The newest version linked by a subgraph that keeps it.
    pub(super) version: Option<Version>,
    /// Its name in the specification.
    pub(super) element: String,
    /// Its name in the subgraphs and in the supergraph.
    pub(super) name: String,
    /// Its definition, from the subgraph with the newest version.
    pub(super) definition: Node<DirectiveDefinition>,
}

/// Collects what the subgraphs ask to keep.
pub(super) fn collect(subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) -> Vec<Composed> {
    let mut kept: BTreeMap<(String, String), Composed> = BTreeMap::new();
    for subgraph in subgraphs {
        let Some(local) = subgraph.links.name(Fd::ComposeDirective) else { continue };
        let applications: Vec<_> = subgraph
            .schema
            .schema_definition
            .directives
            .get_all(local)
            .map(|applied| applied.node.clone())
            .collect();
        for applied in applications {
            match composed(subgraph, &applied) {
                Ok(composed) => {
                    refuse_hidden_arguments(subgraph, &composed.definition, diagnostics);
                    add(&mut kept, composed, subgraph, &applied, diagnostics);
                }
                Err(problem) => report(subgraph, &applied, &problem, diagnostics),
            }
        }
    }
    check_names(&kept, diagnostics);
    kept.into_values().collect()
}

fn report(subgraph: &Subgraph, applied: &Node<Directive>, problem: &str, diagnostics: &mut Diagnostics) {
    diagnostics.error(
        ErrorCode::DirectiveCompositionError,
        format!("[{}] {problem}", subgraph.name),
        [applied.location()],
    );
}

/// Whoever applies a directive must see all of it.
fn refuse_hidden_arguments(
    subgraph: &Subgraph,
    definition: &DirectiveDefinition,
    diagnostics: &mut Diagnostics,
) {
    let Some(inaccessible) = subgraph.links.name(Fd::Inaccessible) else { return };
    for argument in definition.arguments.iter().filter(|argument| argument.directives.has(inaccessible)) {
        diagnostics.error(
            ErrorCode::DisallowedInaccessible,
            format!(
                "[{}] @{}({}:) cannot be @inaccessible: it belongs to a directive definition",
                subgraph.name, definition.name, argument.name
            ),
            [argument.name.location()],
        );
    }
}

fn composed(subgraph: &Subgraph, applied: &Directive) -> Result<Composed, String> {
    let name = applied.specified_argument_by_name("name").and_then(|name| name.as_str()).unwrap_or_default();
    let local = name
        .strip_prefix('@')
        .filter(|local| !local.is_empty())
        .ok_or_else(|| format!("@composeDirective(name: \"{name}\") should name a directive, with its @"))?;
    let definition = subgraph
        .schema
        .directive_definitions
        .get(local)
        .ok_or_else(|| format!("@composeDirective names @{local}, which is not defined"))?;
    let (link, element) = subgraph
        .links
        .all
        .iter()
        .find_map(|(link, _)| Some((link, link.directive_element(local)?)))
        .ok_or_else(|| {
            format!("@composeDirective names @{local}, which is not part of a linked specification")
        })?;
    let identity = link.url.identity.as_str();
    if matches!(identity, FEDERATION_IDENTITY | LINK_IDENTITY | JOIN_IDENTITY) {
        return Err(format!("@{local} is federation's own and cannot be composed by @composeDirective"));
    }
    Ok(Composed {
        identity: identity.to_owned(),
        version: link.url.version,
        element,
        name: local.to_owned(),
        definition: definition.clone(),
    })
}

fn add(
    kept: &mut BTreeMap<(String, String), Composed>,
    composed: Composed,
    subgraph: &Subgraph,
    applied: &Node<Directive>,
    diagnostics: &mut Diagnostics,
) {
    let key = (composed.identity.clone(), composed.element.clone());
    let Some(known) = kept.get_mut(&key) else {
        kept.insert(key, composed);
        return;
    };
    let major = |version: Option<Version>| version.map(|version| version.major);
    if known.name != composed.name {
        let problem = format!("@{} is called @{} in another subgraph", composed.name, known.name);
        report(subgraph, applied, &problem, diagnostics);
    } else if major(known.version) != major(composed.version) {
        let problem = format!("{} is linked with different major versions", composed.identity);
        report(subgraph, applied, &problem, diagnostics);
    } else if composed.version > known.version {
        *known = composed;
    }
}

fn check_names(kept: &BTreeMap<(String, String), Composed>, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, &Composed> = BTreeMap::new();
    for composed in kept.values() {
        if let Some(other) = seen.insert(&composed.name, composed) {
            diagnostics.error(
                ErrorCode::DirectiveCompositionError,
                format!("@{} comes from both {} and {}", composed.name, other.identity, composed.identity),
                [composed.definition.name.location(), other.definition.name.location()],
            );
        }
    }
}

/// The links that the kept directives need.
pub(super) fn features(composed: &[Composed]) -> Vec<Feature> {
    let mut by_identity: BTreeMap<&str, Vec<&Composed>> = BTreeMap::new();
    for directive in composed {
        by_identity.entry(&directive.identity).or_default().push(directive);
    }
    by_identity
        .into_iter()
        .map(|(identity, directives)| {
            let version = directives.iter().filter_map(|directive| directive.version).max();
            Feature {
                url: version.map_or_else(|| identity.to_owned(), |version| format!("{identity}/{version}")),
                imports: directives
                    .iter()
                    .map(|directive| (format!("@{}", directive.element), format!("@{}", directive.name)))
                    .collect(),
                purpose: None,
                definitions: Vec::new(),
            }
        })
        .collect()
}

impl Merger<'_> {
    /// Adds the definitions of kept directives and of the directives that operations may use.
    pub(super) fn merge_directive_definitions(&mut self) {
        for composed in self.features.composed.clone() {
            let name = composed.definition.name.clone();
            self.schema.directive_definitions.insert(name, composed.definition);
        }
        let Some((first, others)) = self.subgraphs.split_first() else { return };
        for (name, definition) in &first.schema.directive_definitions {
            let standard = STANDARD_DIRECTIVES.contains(&name.as_str());
            if standard || definition.is_built_in() || self.schema.directive_definitions.contains_key(name) {
                continue;
            }
            let others: Option<Vec<&Node<DirectiveDefinition>>> =
                others.iter().map(|subgraph| subgraph.schema.directive_definitions.get(name)).collect();
            let Some(others) = others else { continue };
            if let Some(common) = self.common_definition(definition, &others) {
                self.schema.directive_definitions.insert(name.clone(), Node::new(common));
            }
        }
    }

    /// What all definitions allow in operations; `None` when that is nowhere.
    fn common_definition(
        &mut self,
        first: &Node<DirectiveDefinition>,
        others: &[&Node<DirectiveDefinition>],
    ) -> Option<DirectiveDefinition> {
        let mut common = DirectiveDefinition::clone(first);
        common.locations.retain(|location| {
            is_executable(*location) && others.iter().all(|other| other.locations.contains(location))
        });
        common.repeatable &= others.iter().all(|other| other.repeatable);
        let mut arguments = Vec::new();
        for argument in &common.arguments {
            let theirs: Option<Vec<_>> =
                others.iter().map(|other| other.argument_by_name(&argument.name)).collect();
            let Some(theirs) = theirs else { continue };
            let mut types = vec![&*argument.ty];
            types.extend(theirs.iter().map(|argument| &*argument.ty));
            if let Some(merged) = self.merge_input_types(&types) {
                let mut argument = InputValueDefinition::clone(argument);
                let all = std::iter::once(&argument).chain(theirs.iter().map(|theirs| &***theirs));
                let applied: Vec<_> =
                    all.map(|argument| argument.directives.iter().collect()).enumerate().collect();
                let coordinate = format!("@{}({}:)", common.name, argument.name);
                let directives = self.merge_applied(&coordinate, &applied);
                argument.directives = directives.into_iter().collect();
                argument.ty = Node::new(merged.ty);
                arguments.push(Node::new(argument));
            }
        }
        common.arguments = arguments;
        (!common.locations.is_empty()).then_some(common)
    }
}

fn is_executable(location: DirectiveLocation) -> bool {
    matches!(
        location,
        DirectiveLocation::Query
            | DirectiveLocation::Mutation
            | DirectiveLocation::Subscription
            | DirectiveLocation::Field
            | DirectiveLocation::FragmentDefinition
            | DirectiveLocation::FragmentSpread
            | DirectiveLocation::InlineFragment
            | DirectiveLocation::VariableDefinition
    )
}
