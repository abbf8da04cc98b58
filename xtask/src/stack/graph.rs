//! The supergraph of a running stack: composed from what the built programs print, with the addresses of this stack.

use std::path::PathBuf;

use super::home::{Home, Settings};
use composition::SubgraphInput;

use crate::compose::{printed_sdl, supergraph};
use crate::failure::Result;
use crate::services::Service;
use crate::workspace::Workspace;

const FILE: &str = "supergraph.graphql";

/// Where the router of this stack finds its supergraph.
#[must_use]
pub fn path(home: &Home) -> PathBuf {
    home.path(FILE)
}

/// Composes, and writes the file when it came out different; says whether it did.
///
/// # Errors
/// When a program prints no SDL, or the subgraphs do not compose.
pub fn write(workspace: &Workspace, home: &Home, settings: &Settings) -> Result<bool> {
    let subgraphs = Service::SUBGRAPHS
        .into_iter()
        .map(|service| {
            Ok(SubgraphInput {
                name: service.name().to_owned(),
                url: format!("{}/graphql", settings.peer_url(service)),
                sdl: printed_sdl(workspace, service, settings.profile())?,
                source: Some(format!("{service}.graphql")),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let text = supergraph(&subgraphs)?;
    if std::fs::read_to_string(path(home)).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    home.write(FILE, &text)?;
    Ok(true)
}
