//! `@composeDirective`: custom directives that the supergraph keeps. And directives for operations, which it
//! keeps when every subgraph knows them.

use apollo_compiler::ast::{Directive, DirectiveDefinition, DirectiveLocation, InputValueDefinition};
use apollo_compiler::{Name, Node};
use federation::link::{FEDERATION_IDENTITY, JOIN_IDENTITY, LINK_IDENTITY, Link, Version};
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

/// Directives that survive without being asked to: asking all the same does no harm.
const KEPT_ANYWAY: [Fd; 6] =
    [Fd::Tag, Fd::Inaccessible, Fd::Authenticated, Fd::RequiresScopes, Fd::Policy, Fd::Context];

/// A custom directive that survives.
#[derive(Debug, Clone)]
pub(super) struct Composed {
    /// The specification it comes from, without version.
    pub(super) identity: String,
    /// The newest version linked by a subgraph that keeps something of the specification.
    pub(super) version: Option<Version>,
    /// Its name in the specification.
    pub(super) element: String,
    /// Its name in the subgraphs and in the supergraph.
    pub(super) name: String,
    /// Its definition, from the last subgraph with that version.
    pub(super) definition: Node<DirectiveDefinition>,
    /// The subgraphs that ask to keep it; what others apply is lost.
    pub(super) subgraphs: Vec<usize>,
}

/// One `@composeDirective` that can be followed.
struct Request<'a> {
    subgraph: usize,
    applied: Node<Directive>,
    link: &'a Link,
    element: String,
    name: String,
}

impl Request<'_> {
    fn identity(&self) -> &str {
        &self.link.url.identity
    }

    fn major(&self) -> Option<u32> {
        self.link.url.version.map(|version| version.major)
    }
}

/// Collects what the subgraphs ask to keep.
pub(super) fn collect(subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) -> Vec<Composed> {
    let mut requests = Vec::new();
    for (index, subgraph) in subgraphs.iter().enumerate() {
        let Some(local) = subgraph.links.name(Fd::ComposeDirective) else { continue };
        for applied in subgraph.schema.schema_definition.directives.get_all(local) {
            match request(subgraphs, index, applied) {
                Ok(request) => requests.extend(request),
                Err(problem) => report(subgraph, applied, &problem, diagnostics),
            }
        }
    }
    refuse_mixed_versions(subgraphs, &requests, diagnostics);
    let kept = kept(subgraphs, &requests, diagnostics);
    check_names(&kept, diagnostics);
    kept
}

fn report(subgraph: &Subgraph, applied: &Node<Directive>, problem: &str, diagnostics: &mut Diagnostics) {
    diagnostics.error(
        ErrorCode::DirectiveCompositionError,
        format!("[{}] {problem}", subgraph.name),
        [applied.location()],
    );
}

/// What one application asks for; `None` for what survives anyway.
fn request<'a>(
    subgraphs: &'a [Subgraph],
    index: usize,
    applied: &Node<Directive>,
) -> Result<Option<Request<'a>>, String> {
    let subgraph = &subgraphs[index];
    let name = applied.specified_argument_by_name("name").and_then(|name| name.as_str()).unwrap_or_default();
    let local = name
        .strip_prefix('@')
        .filter(|local| !local.is_empty())
        .ok_or_else(|| format!("@composeDirective(name: \"{name}\") should name a directive, with its @"))?;
    if !subgraph.schema.directive_definitions.contains_key(local) {
        return Err(format!("@composeDirective names @{local}, which is not defined"));
    }
    let known = subgraph.links.federation_directive(local);
    if known.is_some_and(|known| KEPT_ANYWAY.contains(&known)) {
        return Ok(None);
    }
    let links = subgraph.links.all.iter();
    let (link, element) =
        links.filter_map(|(link, _)| Some((link, link.directive_element(local)?))).next().ok_or_else(
            || format!("@composeDirective names @{local}, which is not part of a linked specification"),
        )?;
    let identity = link.url.identity.as_str();
    if known.is_some() || matches!(identity, FEDERATION_IDENTITY | LINK_IDENTITY | JOIN_IDENTITY) {
        return Err(format!("@{local} is federation's own and cannot be composed by @composeDirective"));
    }
    let rival = [Fd::Tag, Fd::Inaccessible].into_iter().find_map(|rival| {
        let rivals = subgraphs.iter().find(|other| other.links.name(rival) == Some(local))?;
        Some(format!("@{local} is federation's @{} in \"{}\"", rival.name(), rivals.name))
    });
    match rival {
        Some(rival) => Err(rival),
        None => Ok(Some(Request {
            subgraph: index,
            applied: applied.clone(),
            link,
            element,
            name: local.to_owned(),
        })),
    }
}

/// Versions of one specification are compatible only within a major one, whichever of its directives are kept.
fn refuse_mixed_versions(subgraphs: &[Subgraph], requests: &[Request<'_>], diagnostics: &mut Diagnostics) {
    let mut majors: BTreeMap<&str, Option<u32>> = BTreeMap::new();
    for request in requests {
        let major = *majors.entry(request.identity()).or_insert(request.major());
        if major != request.major() {
            let problem = format!("{} is linked with different major versions", request.identity());
            report(&subgraphs[request.subgraph], &request.applied, &problem, diagnostics);
        }
    }
}

fn kept(subgraphs: &[Subgraph], requests: &[Request<'_>], diagnostics: &mut Diagnostics) -> Vec<Composed> {
    let mut kept: BTreeMap<(&str, &str), Composed> = BTreeMap::new();
    for request in requests {
        let subgraph = &subgraphs[request.subgraph];
        refuse_hidden_arguments(subgraph, &request.name, diagnostics);
        let key = (request.identity(), request.element.as_str());
        if let Some(known) = kept.get_mut(&key) {
            known.subgraphs.push(request.subgraph);
            if known.name != request.name {
                let problem = format!("@{} is called @{} in another subgraph", request.name, known.name);
                report(subgraph, &request.applied, &problem, diagnostics);
            }
            continue;
        }
        let versions = requests
            .iter()
            .filter(|other| other.identity() == request.identity() && other.major() == request.major());
        let version = versions.filter_map(|other| other.link.url.version).max();
        let Some(definition) = definition(subgraphs, request, version) else {
            let problem = format!(
                "no subgraph that links the newest {} defines @{}",
                request.identity(),
                request.element
            );
            report(subgraph, &request.applied, &problem, diagnostics);
            continue;
        };
        let composed = Composed {
            identity: request.identity().to_owned(),
            version,
            element: request.element.clone(),
            name: request.name.clone(),
            definition,
            subgraphs: vec![request.subgraph],
        };
        kept.insert(key, composed);
    }
    kept.into_values().collect()
}

/// The definition in the last subgraph that links that version and has one, whether it asks to keep it or not.
fn definition(
    subgraphs: &[Subgraph],
    request: &Request<'_>,
    version: Option<Version>,
) -> Option<Node<DirectiveDefinition>> {
    subgraphs.iter().rev().find_map(|subgraph| {
        let mut links = subgraph.links.all.iter().map(|(link, _)| link);
        let link =
            links.find(|link| link.url.identity == request.identity() && link.url.version == version)?;
        let local = link.directive_name(&request.element);
        subgraph.schema.directive_definitions.get(local.as_str()).cloned()
    })
}

/// Whoever applies a directive must see all of it.
fn refuse_hidden_arguments(subgraph: &Subgraph, directive: &str, diagnostics: &mut Diagnostics) {
    let Some(inaccessible) = subgraph.links.name(Fd::Inaccessible) else { return };
    let Some(definition) = subgraph.schema.directive_definitions.get(directive) else { return };
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

fn check_names(kept: &[Composed], diagnostics: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, &Composed> = BTreeMap::new();
    for composed in kept {
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
            let mut definition = composed.definition;
            // The definition may come from a subgraph that only links the directive, under a name of its own.
            definition.make_mut().name = Name::new_unchecked(&composed.name);
            self.schema.directive_definitions.insert(definition.name.clone(), definition);
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
