//! Which features the supergraph links beside `link` and `join`, and what it calls their directives.
//!
//! A feature is linked when a subgraph uses one of its directives that survive composition.

use apollo_compiler::ast::Directive;
use apollo_compiler::{Name, Node};
use federation::link::Link;
use federation::spec::{FederationDirective as Fd, LATEST, TypeNames};
use rustc_hash::{FxHashMap, FxHashSet};

use super::compose_directives::{self, Composed};
use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, applications};

/// A feature that the supergraph links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feature {
    /// The url with its version.
    pub(crate) url: String,
    /// Imported elements: (name in the specification, name in the supergraph), with `@`.
    pub(crate) imports: Vec<(String, String)>,
    /// `SECURITY` or `EXECUTION`: a router that does not know the feature must refuse the supergraph.
    pub(crate) purpose: Option<&'static str>,
    /// Definitions of its directives and types, as SDL.
    pub(crate) definitions: Vec<String>,
}

/// What of the subgraphs' directives survives composition.
#[derive(Debug, Default)]
pub(crate) struct Features {
    /// The features to link, in a fixed order.
    pub(crate) linked: Vec<Feature>,
    /// The supergraph's names of the federation directives that survive.
    pub(super) names: FxHashMap<Fd, Name>,
    /// Directives kept by `@composeDirective`.
    pub(super) composed: Vec<Composed>,
}

/// A feature of federation that survives: its specification, purpose and directives.
struct Known {
    spec: &'static str,
    version: &'static str,
    purpose: Option<&'static str>,
    directives: &'static [Fd],
    /// Directives whose work is done: the join directives say what they said.
    silent: &'static [Fd],
    scalar: Option<&'static str>,
}

/// Where `@inaccessible` is specified.
pub(crate) const INACCESSIBLE_URL: &str = "https://specs.apollo.dev/inaccessible/v0.2";
/// How it is defined there.
pub(crate) const INACCESSIBLE_DEFINITION: &str = "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE \
     | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION";

const KNOWN: [Known; 7] = [
    Known { spec: "tag", version: "v0.3", purpose: None, directives: &[Fd::Tag], silent: &[], scalar: None },
    Known {
        spec: "inaccessible",
        version: "v0.2",
        purpose: Some("SECURITY"),
        directives: &[Fd::Inaccessible],
        silent: &[],
        scalar: None,
    },
    Known {
        spec: "authenticated",
        version: "v0.1",
        purpose: Some("SECURITY"),
        directives: &[Fd::Authenticated],
        silent: &[],
        scalar: None,
    },
    Known {
        spec: "requiresScopes",
        version: "v0.1",
        purpose: Some("SECURITY"),
        directives: &[Fd::RequiresScopes],
        silent: &[],
        scalar: Some("requiresScopes__Scope"),
    },
    Known {
        spec: "policy",
        version: "v0.1",
        purpose: Some("SECURITY"),
        directives: &[Fd::Policy],
        silent: &[],
        scalar: Some("policy__Policy"),
    },
    Known {
        spec: "cost",
        version: "v0.1",
        purpose: None,
        directives: &[Fd::Cost, Fd::ListSize],
        silent: &[],
        scalar: None,
    },
    Known {
        spec: "context",
        version: "v0.1",
        purpose: Some("SECURITY"),
        directives: &[Fd::Context],
        silent: &[Fd::FromContext],
        scalar: Some("context__ContextFieldValue"),
    },
];

impl Features {
    /// Looks for uses of surviving directives in all `subgraphs`.
    pub(crate) fn collect(subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) -> Self {
        let used: Vec<FxHashSet<Fd>> = subgraphs.iter().map(used_directives).collect();
        let mut features = Self::default();
        for known in &KNOWN {
            let directives: Vec<Fd> = known
                .directives
                .iter()
                .copied()
                .filter(|directive| used.iter().any(|used| used.contains(directive)))
                .collect();
            if directives.is_empty() {
                continue;
            }
            let mut feature = Feature {
                url: format!("https://specs.apollo.dev/{}/{}", known.spec, known.version),
                imports: Vec::new(),
                purpose: known.purpose,
                definitions: known.scalar.map(|scalar| format!("scalar {scalar}")).into_iter().collect(),
            };
            for directive in directives {
                let name = common_name(subgraphs, &used, directive, diagnostics);
                if name != directive.name() || name != known.spec {
                    feature.imports.push((format!("@{}", directive.name()), format!("@{name}")));
                }
                feature.definitions.push(definition(directive, &name));
                features.names.insert(directive, Name::new_unchecked(&name));
            }
            for unused in known
                .directives
                .iter()
                .chain(known.silent)
                .filter(|known| !features.names.contains_key(known))
            {
                // A specification is defined whole: readers expect all of it.
                let name = match unused.name() {
                    name if name == known.spec => name.to_owned(),
                    name => format!("{}__{name}", known.spec),
                };
                feature.definitions.push(definition(*unused, &name));
            }
            features.linked.push(feature);
        }
        features.composed = compose_directives::collect(subgraphs, diagnostics);
        features.linked.extend(compose_directives::features(&features.composed));
        features
    }

    /// The supergraph's name of a federation directive that survives.
    pub(crate) fn name(&self, directive: Fd) -> Option<&str> {
        self.names.get(&directive).map(Name::as_str)
    }

    /// The supergraph's name of `@inaccessible`, when it is used.
    pub(crate) fn inaccessible(&self) -> Option<String> {
        self.names.get(&Fd::Inaccessible).map(ToString::to_string)
    }
}

fn used_directives(subgraph: &Subgraph) -> FxHashSet<Fd> {
    let mut used = FxHashSet::default();
    let mut visit =
        |applied: &Node<Directive>| used.extend(subgraph.links.federation_directive(&applied.name));
    applications::each(&subgraph.schema, &mut visit);
    let own = subgraph.schema.directive_definitions.values();
    for definition in own.filter(|known| subgraph.links.federation_directive(&known.name).is_none()) {
        let arguments = definition.arguments.iter();
        arguments.for_each(|argument| argument.directives.iter().for_each(&mut visit));
    }
    used
}

fn definition(directive: Fd, name: &str) -> String {
    let types = TypeNames {
        field_set: "join__FieldSet".to_owned(),
        scope: "requiresScopes__Scope".to_owned(),
        policy: "policy__Policy".to_owned(),
        context_value: "context__ContextFieldValue".to_owned(),
    };
    directive.definition(name, &types, LATEST).trim_end().to_owned()
}

/// The name under which subgraphs import the directive; they have to agree.
fn common_name(
    subgraphs: &[Subgraph],
    used: &[FxHashSet<Fd>],
    directive: Fd,
    diagnostics: &mut Diagnostics,
) -> String {
    let mut names: Vec<(usize, String)> = Vec::new();
    for (index, subgraph) in
        subgraphs.iter().enumerate().filter(|(index, _)| used[*index].contains(&directive))
    {
        let name = subgraph.links.name(directive).unwrap_or(directive.name());
        names.push((index, name.to_owned()));
    }
    let first = names.first().map_or(directive.name().to_owned(), |(_, name)| name.clone());
    if names.iter().any(|(_, name)| *name != first) {
        let described: Vec<String> =
            names.iter().map(|(index, name)| format!("@{name} in \"{}\"", subgraphs[*index].name)).collect();
        let spans = names.iter().flat_map(|(index, _)| {
            subgraphs[*index]
                .links
                .all
                .iter()
                .filter(|(link, _)| imported_name(link, directive).is_some())
                .map(|(_, applied)| applied.location())
        });
        diagnostics.error(
            ErrorCode::LinkImportNameMismatch,
            format!(
                "@{} is imported under different names: {}",
                directive.name(),
                super::and_list(&described)
            ),
            spans.collect::<Vec<_>>(),
        );
    }
    first
}

fn imported_name(link: &Link, directive: Fd) -> Option<String> {
    let known = link.url.identity.starts_with("https://specs.apollo.dev/");
    let element = format!("@{}", directive.name());
    let import = link.imports.iter().find(|import| known && import.element == element)?;
    Some(import.alias.trim_start_matches('@').to_owned())
}
