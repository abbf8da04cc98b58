//! Subgraph SDLs to a supergraph SDL: merge, rules, satisfiability, diff. Pure.
//!
//! No IO, no clock, no environment: text in, text or errors out. Sources: the Federation 2 documentation
//! (directives, composition rules, error codes) and the `link` and `join` specifications.

mod check;
pub mod config;
mod contract;
pub mod diff;
mod error;
mod hint;
mod merge;
mod print;
pub mod report;
mod rules;
mod satisfiability;
mod sources;
mod subgraph;

use apollo_compiler::Name;
use federation::{Supergraph, SupergraphError};
use rustc_hash::FxHashSet;

pub use contract::contract;
pub use error::{CompositionError, CompositionErrors, ErrorCode, SourceLocation};
pub use hint::{Hint, HintCode};
use sources::Diagnostics;
use subgraph::Subgraph;

/// One subgraph, as its owner hands it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphInput {
    /// The name other subgraphs know it by, in `@override(from:)` for one.
    pub name: String,
    /// Where the router reaches it.
    pub url: String,
    /// Its schema, Federation 1 or 2.
    pub sdl: String,
    /// The file the SDL was read from, for locations.
    pub source: Option<String>,
}

/// What composition gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composition {
    /// The supergraph, with the join directives routers plan by.
    pub supergraph_sdl: String,
    /// What clients see.
    pub api_sdl: String,
    /// Remarks that did not prevent composition.
    pub hints: Vec<Hint>,
}

/// Composes `subgraphs` into one supergraph.
///
/// The outcome does not depend on the order of `subgraphs`.
///
/// # Errors
/// Every error found at the first stage that finds any. What is wrong with one subgraph by itself is one stage for
/// all of them, so that one team's mistake does not hide another's.
pub fn compose(subgraphs: &[SubgraphInput]) -> Result<Composition, CompositionErrors> {
    let mut diagnostics = Diagnostics::default();
    let subgraphs = stage(&mut diagnostics, |diagnostics| parse_and_link(subgraphs, diagnostics))?;
    let subgraphs = stage(&mut diagnostics, |diagnostics| upgrade(subgraphs, diagnostics))?;
    let features = stage(&mut diagnostics, |diagnostics| merge::Features::collect(&subgraphs, diagnostics))?;
    let merged = stage(&mut diagnostics, |diagnostics| merge::merge(&subgraphs, features, diagnostics))?;
    stage(&mut diagnostics, |diagnostics| rules::check_merged(&merged, &subgraphs, diagnostics))?;
    stage(&mut diagnostics, |diagnostics| rules::check_defaults(&merged, diagnostics))?;
    let supergraph_sdl = print::supergraph(&merged, &subgraphs);
    let read = Supergraph::read(&supergraph_sdl);
    if !matches!(read, Err(SupergraphError::InvalidSchema(_))) {
        // Of what is no schema, nobody sees a part.
        stage(&mut diagnostics, |diagnostics| rules::check_visible(&merged, diagnostics))?;
    }
    let supergraph = stage(&mut diagnostics, |diagnostics| readable(read, diagnostics))?;
    let Some(supergraph) = supergraph else { return Err(CompositionErrors(diagnostics.errors)) };
    stage(&mut diagnostics, |diagnostics| {
        rules::check_shared(&merged, &subgraphs, diagnostics);
        satisfiability::check(&supergraph, &subgraphs, diagnostics);
    })?;
    stage(&mut diagnostics, |diagnostics| check_moved(&supergraph_sdl, &subgraphs, diagnostics))?;
    let api_sdl = print::api(&supergraph.api_schema);
    Ok(Composition { supergraph_sdl, api_sdl, hints: diagnostics.hints })
}

/// Runs one stage; the next one only makes sense when this one found nothing wrong.
fn stage<T>(
    diagnostics: &mut Diagnostics,
    run: impl FnOnce(&mut Diagnostics) -> T,
) -> Result<T, CompositionErrors> {
    let done = run(diagnostics);
    if diagnostics.errors.is_empty() {
        Ok(done)
    } else {
        let mut errors = std::mem::take(&mut diagnostics.errors);
        errors.sort_by(|a, b| (&a.locations, a.code, &a.message).cmp(&(&b.locations, b.code, &b.message)));
        Err(CompositionErrors(errors))
    }
}

/// Every subgraph as a valid schema with known names, sorted by name so that their order cannot matter. One that is
/// Federation 1 still is to be upgraded, and checked then.
fn parse_and_link(inputs: &[SubgraphInput], diagnostics: &mut Diagnostics) -> Vec<Subgraph> {
    let mut inputs: Vec<&SubgraphInput> = inputs.iter().collect();
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    check_names(&inputs, diagnostics);
    let graphs = graph_names(&inputs);
    inputs
        .into_iter()
        .zip(graphs)
        .filter(|(input, _)| !is_reserved(&input.name))
        .filter_map(|(input, graph)| {
            let mut subgraph = subgraph::parse::parse(input, graph, diagnostics)?;
            subgraph::roots::rename(&mut subgraph, diagnostics);
            subgraph::facts::collect(&mut subgraph);
            if !subgraph.links.is_federation_1() {
                check::check(&subgraph, diagnostics);
            }
            Some(subgraph)
        })
        .collect()
}

fn check_names(inputs: &[&SubgraphInput], diagnostics: &mut Diagnostics) {
    let mut seen = FxHashSet::default();
    for input in inputs {
        let name = &input.name;
        let problem = if name.trim().is_empty() {
            "a subgraph needs a name".to_owned()
        } else if is_reserved(name) {
            "\"_\" is not allowed as the name of a subgraph".to_owned()
        } else if !seen.insert(name) {
            format!("two subgraphs are called \"{name}\"")
        } else {
            continue;
        };
        diagnostics.error(ErrorCode::InvalidSubgraphName, problem, []);
    }
}

fn is_reserved(name: &str) -> bool {
    name == "_"
}

/// The values of `join__Graph`: names in capitals, all numbered where several fall together.
fn graph_names(inputs: &[&SubgraphInput]) -> Vec<Name> {
    let bases: Vec<String> = inputs.iter().map(|input| graph_name(&input.name)).collect();
    let mut taken = FxHashSet::default();
    bases
        .iter()
        .map(|base| {
            let shared = bases.iter().filter(|other| *other == base).count() > 1;
            let mut number = 1;
            let mut name = if shared { format!("{base}_{number}") } else { base.clone() };
            while !taken.insert(name.clone()) || shared && bases.contains(&name) {
                number += 1;
                name = format!("{base}_{number}");
            }
            Name::new_unchecked(&name)
        })
        .collect()
}

fn graph_name(subgraph: &str) -> String {
    let capital = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = subgraph.chars().map(capital).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn upgrade(mut subgraphs: Vec<Subgraph>, diagnostics: &mut Diagnostics) -> Vec<Subgraph> {
    // Upgrading forgets what meant nothing, wrong or not: look before.
    for subgraph in subgraphs.iter().filter(|subgraph| subgraph.links.is_federation_1()) {
        check::check(subgraph, diagnostics);
    }
    subgraph::upgrade::upgrade(&mut subgraphs, diagnostics);
    subgraphs
}

/// A field under a labelled `@override` must be resolvable on the new side too, once all labels say so.
fn check_moved(sdl: &str, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    let labelled = |subgraph: &Subgraph| {
        let mut fields = subgraph.facts.values().flat_map(|facts| facts.fields.values());
        fields.any(|field| field.overrides.as_ref().is_some_and(|taken| taken.label.is_some()))
    };
    if !subgraphs.iter().any(labelled) {
        return;
    }
    if let Ok(moved) = Supergraph::read_when(sdl, |_| true) {
        satisfiability::check(&moved, subgraphs, diagnostics);
    }
}

/// The model that routers read from the supergraph: what does not survive this trip must not be handed out.
fn read_back(sdl: &str, diagnostics: &mut Diagnostics) -> Option<Supergraph> {
    readable(Supergraph::read(sdl), diagnostics)
}

fn readable(read: Result<Supergraph, SupergraphError>, diagnostics: &mut Diagnostics) -> Option<Supergraph> {
    match read {
        Ok(supergraph) => Some(supergraph),
        Err(error) => {
            let code = match &error {
                SupergraphError::InvalidFieldSet { coordinate, .. } if coordinate.contains('.') => {
                    ErrorCode::RequiresInvalidFields
                }
                SupergraphError::InvalidFieldSet { .. } => ErrorCode::KeyInvalidFields,
                _ => ErrorCode::InvalidGraphql,
            };
            diagnostics.error(
                code,
                format!("the subgraphs are valid one by one, but not together: {error}"),
                [],
            );
            None
        }
    }
}
