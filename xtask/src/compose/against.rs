//! `cargo xtask compose --against`: every case composed by ours and by a reference composer from npm, and where they differ.
//!
//! For whoever works on composition; neither the product nor its tests need it, nor Node.

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::ValueEnum;
use composition::{SubgraphInput, compose};
use serde_json::{Value, json};

use crate::cases::{self, CASES};
use crate::failure::{Context, Failure, Result};
use crate::workspace::{Workspace, succeed};

const SCRIPT: &str = include_str!("against.mjs");

/// A composer that others use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reference {
    /// @apollo/composition
    Apollo,
    /// @theguild/federation-composition
    Theguild,
}

impl Reference {
    const fn package(self) -> &'static str {
        match self {
            Self::Apollo => "@apollo/composition",
            Self::Theguild => "@theguild/federation-composition",
        }
    }

    /// The version that the last differences were looked at with.
    const fn version(self) -> &'static str {
        match self {
            Self::Apollo => "2.14.4",
            Self::Theguild => "0.27.0",
        }
    }
}

/// Compares all cases of `folder`, or our own.
///
/// # Errors
/// When a case differs, or npm or Node are not there.
pub(super) fn against(workspace: &Workspace, reference: Reference, folder: Option<&Path>) -> Result<()> {
    let home = workspace.target().join("reference");
    install(&home, reference)?;
    let folder = folder.map_or_else(|| workspace.path(CASES), Path::to_path_buf);
    let (script, cases) = (home.join("against.mjs"), home.join("cases.json"));
    fs::write(&script, SCRIPT).context(script.display())?;
    fs::write(&cases, json!(composed(&folder)?).to_string()).context(cases.display())?;
    let mut node = Command::new("node");
    node.arg(&script).arg(reference.package()).arg(&cases).current_dir(&home);
    let status = node.status().context("node cannot be run")?;
    if status.success() { Ok(()) } else { Err(Failure::new("the composers differ")) }
}

fn install(home: &Path, reference: Reference) -> Result<()> {
    if home.join("node_modules").join(reference.package()).is_dir() {
        return Ok(());
    }
    fs::create_dir_all(home).context(home.display())?;
    let package = format!("{}@{}", reference.package(), reference.version());
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--silent", "--prefix", "."])
        .args([&package, "graphql@16"]);
    succeed(npm.current_dir(home))
}

fn composed(folder: &Path) -> Result<Vec<Value>> {
    cases::folders(folder)?.iter().map(|case| composed_case(case)).collect()
}

fn composed_case(case: &Path) -> Result<Value> {
    let subgraphs = cases::subgraphs(case)?;
    let (codes, composition) = match compose(&subgraphs) {
        Ok(composition) => (None, Some(composition)),
        Err(errors) => (Some(errors.0.iter().map(|error| error.code.as_str()).collect::<Vec<_>>()), None),
    };
    let (supergraph, api) = composition.map(|made| (made.supergraph_sdl, made.api_sdl)).unzip();
    let inputs = subgraphs
        .iter()
        .map(|SubgraphInput { name, url, sdl, .. }| json!({ "name": name, "url": url, "sdl": sdl }));
    Ok(json!({
        "name": case.file_name().map(|name| name.to_string_lossy().into_owned()),
        "subgraphs": inputs.collect::<Vec<_>>(),
        "codes": codes,
        "supergraph": supergraph,
        "api": api,
    }))
}
