//! Where the supergraph comes from: a file with its SDL, or a list of subgraphs that is composed.

use std::path::{Path, PathBuf};

use composition::{CompositionErrors, SubgraphInput};

use crate::{
    config::Source,
    subgraphs::{EndpointError, read_url},
};

/// A supergraph's SDL, and the files it came from.
#[derive(Debug)]
pub struct Loaded {
    /// The SDL.
    pub sdl: String,
    /// The files that change it when they change.
    pub files: Vec<PathBuf>,
}

/// Why there is no supergraph.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file cannot be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The list of subgraphs cannot be used.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    List(Vec<composition::config::ConfigError>),
    /// Subgraphs have URLs that are none.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Urls(Vec<EndpointError>),
    /// The subgraphs do not compose.
    #[error("{}", composition::report::human(errors, subgraphs))]
    Composition {
        /// Every reason.
        errors: CompositionErrors,
        /// What was to be composed.
        subgraphs: Vec<SubgraphInput>,
    },
}

/// Loads the supergraph.
///
/// # Errors
/// See [`SourceError`].
pub fn load(source: &Source) -> Result<Loaded, SourceError> {
    match source {
        Source::Supergraph(path) => Ok(Loaded { sdl: read(path)?, files: vec![path.clone()] }),
        Source::Subgraphs(path) => {
            let (subgraphs, files) = list(path)?;
            let sdl = compose(subgraphs)?.supergraph_sdl;
            Ok(Loaded { sdl, files })
        }
    }
}

/// Composes, keeping the inputs for the report when it cannot.
///
/// # Errors
/// [`SourceError::Composition`].
pub fn compose(subgraphs: Vec<SubgraphInput>) -> Result<composition::Composition, SourceError> {
    composition::compose(&subgraphs).map_err(|errors| SourceError::Composition { errors, subgraphs })
}

/// The subgraphs that the list at `path` names, and the files that were read for it. SDL files stand relative to the list.
///
/// # Errors
/// [`SourceError::Unreadable`] for the list itself, [`SourceError::List`] for everything in it, [`SourceError::Urls`] for the URLs.
pub fn list(path: &Path) -> Result<(Vec<SubgraphInput>, Vec<PathBuf>), SourceError> {
    let text = read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = vec![path.to_owned()];
    let subgraphs = composition::config::load(&text, |name| {
        let file = folder.join(name);
        let sdl = std::fs::read_to_string(&file).map_err(|error| error.to_string());
        files.push(file);
        sdl
    });
    let mut subgraphs = subgraphs.map_err(SourceError::List)?;
    // Errors name the files as whoever reads them can open them.
    for subgraph in &mut subgraphs {
        subgraph.source = subgraph.source.take().map(|name| folder.join(name).display().to_string());
    }
    check_urls(&subgraphs)?;
    Ok((subgraphs, files))
}

/// A subgraph may have no URL here: the configuration of whoever serves the supergraph can give it one.
fn check_urls(subgraphs: &[SubgraphInput]) -> Result<(), SourceError> {
    let written = subgraphs.iter().filter(|subgraph| !subgraph.url.is_empty());
    let errors: Vec<_> =
        written.filter_map(|subgraph| read_url(&subgraph.name, &subgraph.url).err()).collect();
    if errors.is_empty() { Ok(()) } else { Err(SourceError::Urls(errors)) }
}

fn read(path: &Path) -> Result<String, SourceError> {
    std::fs::read_to_string(path).map_err(|cause| SourceError::Unreadable { path: path.to_owned(), cause })
}
