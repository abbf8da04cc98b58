//! What is compared: a graph as clients see it, what each subgraph contributes, and where everything stands.

use apollo_compiler::schema::Schema;
use apollo_compiler::validation::Valid;
use federation::{Supergraph, SupergraphError};

use rustc_hash::FxHashMap;

use super::ownership::{self, Ownership};
use super::places::Places;
use crate::sources::Diagnostics;
use crate::{Composition, CompositionErrors, SourceLocation, SubgraphInput};

/// One side of a comparison.
#[derive(Debug)]
pub struct Graph {
    pub(super) api: Valid<Schema>,
    pub(super) subgraphs: Vec<Ownership>,
    pub(super) places: Places,
    /// The SDLs by the file that places name.
    texts: FxHashMap<String, String>,
    supergraph_sdl: String,
}

impl Graph {
    /// The graph that `subgraphs` compose to. Places are those in their SDLs.
    ///
    /// # Errors
    /// Every reason for which they do not compose.
    pub fn compose(subgraphs: &[SubgraphInput]) -> Result<Self, CompositionErrors> {
        let Composition { supergraph_sdl, .. } = crate::compose(subgraphs)?;
        let mut sources = Diagnostics::default();
        let parsed = crate::upgrade(crate::parse_and_link(subgraphs, &mut sources), &mut sources);
        let Some(supergraph) = crate::read_back(&supergraph_sdl, &mut sources) else {
            return Err(CompositionErrors(sources.errors));
        };
        Ok(Self {
            api: supergraph.api_schema,
            subgraphs: parsed.iter().map(|subgraph| ownership::of_subgraph(subgraph, &sources)).collect(),
            places: Places::of_subgraphs(&parsed, &sources),
            texts: subgraphs.iter().map(|input| (file_of(input), input.sdl.clone())).collect(),
            supergraph_sdl,
        })
    }

    /// The graph of a supergraph's SDL alone. Places are those in `file`, and stand for all subgraphs; what was marked `@shareable` it does
    /// not say, only what was shared. So it can be the base of a comparison, not what is compared with it.
    ///
    /// # Errors
    /// When the text is no supergraph.
    pub fn read(sdl: &str, file: &str) -> Result<Self, SupergraphError> {
        let supergraph = Supergraph::read(sdl)?;
        Ok(Self {
            subgraphs: ownership::of_supergraph(&supergraph),
            places: Places::of_supergraph(&supergraph, file),
            texts: FxHashMap::from_iter([(file.to_owned(), sdl.to_owned())]),
            api: supergraph.api_schema,
            supergraph_sdl: sdl.to_owned(),
        })
    }

    /// The line that `place` is in.
    pub(crate) fn line(&self, place: &SourceLocation) -> Option<&str> {
        self.texts.get(&place.file)?.lines().nth(place.line.checked_sub(1)?)
    }

    /// The supergraph's SDL.
    #[must_use]
    pub fn supergraph_sdl(&self) -> &str {
        &self.supergraph_sdl
    }
}

/// The file that locations in a subgraph name.
fn file_of(input: &SubgraphInput) -> String {
    input.source.clone().unwrap_or_else(|| format!("{}.graphql", input.name))
}
