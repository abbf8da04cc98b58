//! `cargo xtask compose`: from the code of the subgraphs to the committed SDL files and the supergraph, and the check that they agree.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use composition::{SubgraphInput, config, report};

use crate::failure::{Context, Failure, Result};
use crate::services::Service;
use crate::workspace::{Profile, Workspace};

/// The list of subgraphs: name, address, SDL file.
const LIST: &str = "schema/supergraph.yaml";
/// The composed graph.
pub const SUPERGRAPH: &str = "supergraph.graphql";

/// The options of `cargo xtask compose`.
#[derive(Args, Clone, Debug)]
pub struct ComposeOptions {
    /// Write nothing; fail when a committed file differs from what the code says.
    #[arg(long)]
    pub check: bool,
}

/// Prints every subgraph's SDL, composes them, and writes the files or compares them.
///
/// # Errors
/// When the subgraphs do not compose, or with `--check` when a file differs.
pub fn compose(options: &ComposeOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    workspace.build(Profile::Debug)?;
    let files = Files::from_code(&workspace)?;
    if options.check { files.check(&workspace) } else { files.write(&workspace) }
}

/// The supergraph SDL of these subgraphs.
///
/// # Errors
/// Every composition error, as people read them.
pub fn supergraph(subgraphs: &[SubgraphInput]) -> Result<String> {
    match composition::compose(subgraphs) {
        Ok(composed) => Ok(ending_in_newline(composed.supergraph_sdl)),
        Err(errors) => Err(Failure::new(report::human(&errors, subgraphs))),
    }
}

/// The SDL that the program of a subgraph prints.
///
/// # Errors
/// When it cannot be run.
pub fn printed_sdl(workspace: &Workspace, service: Service, profile: Profile) -> Result<String> {
    Ok(ending_in_newline(workspace.ask(service, profile, "sdl", &BTreeMap::new())?))
}

fn ending_in_newline(text: String) -> String {
    format!("{}\n", text.trim_end())
}

/// What the committed files should hold, by path from the top folder.
struct Files(BTreeMap<PathBuf, String>);

impl Files {
    fn from_code(workspace: &Workspace) -> Result<Self> {
        let list = workspace.path(LIST);
        let text = fs::read_to_string(&list).context(LIST)?;
        let mut files = BTreeMap::new();
        let subgraphs = config::load(&text, |file| {
            let service = service_of(file)?;
            let sdl =
                printed_sdl(workspace, service, Profile::Debug).map_err(|failure| failure.to_string())?;
            files.insert(Path::new("schema").join(file), sdl.clone());
            Ok(sdl)
        })
        .map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::new(format!("{LIST}:\n{}", lines.join("\n")))
        })?;
        files.insert(PathBuf::from(SUPERGRAPH), supergraph(&subgraphs)?);
        Ok(Self(files))
    }

    fn write(&self, workspace: &Workspace) -> Result<()> {
        for (path, text) in &self.0 {
            let changed = !is_current(workspace, path, text);
            if changed {
                let file = workspace.path(path);
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder).context(folder.display())?;
                }
                fs::write(&file, text).context(path.display())?;
            }
            let word = if changed { "written" } else { "is current" };
            writeln!(anstream::stdout(), "{} {word}", path.display()).context("standard output")?;
        }
        Ok(())
    }

    fn check(&self, workspace: &Workspace) -> Result<()> {
        let stale: Vec<String> = self
            .0
            .iter()
            .filter(|(path, text)| !is_current(workspace, path, text))
            .map(|(path, text)| difference(workspace, path, text))
            .collect();
        if stale.is_empty() {
            return writeln!(anstream::stdout(), "the committed graph is what the code says")
                .context("standard output");
        }
        Err(Failure::new(format!(
            "the committed graph is not what the code says; run `cargo xtask compose` and commit the files\n{}",
            stale.join("\n")
        )))
    }
}

fn service_of(file: &Path) -> std::result::Result<Service, String> {
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    Service::from_name(name)
        .filter(|service| Service::SUBGRAPHS.contains(service))
        .ok_or_else(|| format!("no program prints {}", file.display()))
}

fn is_current(workspace: &Workspace, path: &Path, text: &str) -> bool {
    fs::read_to_string(workspace.path(path)).is_ok_and(|committed| committed == text)
}

/// The first line that differs: enough to see what it is about.
fn difference(workspace: &Workspace, path: &Path, text: &str) -> String {
    let Ok(committed) = fs::read_to_string(workspace.path(path)) else {
        return format!("  {}: missing", path.display());
    };
    first_difference(&committed, text).map_or_else(
        || format!("  {}: differs in its line ends", path.display()),
        |(line, old, new)| {
            format!(
                "  {}:{line}\n    committed: {}\n    the code:  {}",
                path.display(),
                old.trim(),
                new.trim()
            )
        },
    )
}

fn first_difference<'a>(old: &'a str, new: &'a str) -> Option<(usize, &'a str, &'a str)> {
    let end = "(end of file)";
    let longest = old.lines().count().max(new.lines().count());
    let mut old = old.lines().chain(std::iter::repeat(end));
    let mut new = new.lines().chain(std::iter::repeat(end));
    (1..=longest).find_map(|line| {
        let (old, new) = (old.next()?, new.next()?);
        (old != new).then_some((line, old, new))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb\nc\n", "a\nx\nc\n"), Some((2, "b", "x")));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some((2, "(end of file)", "b")));
        assert_eq!(first_difference("a\n", "a\n"), None);
    }

    #[test]
    fn only_a_subgraph_prints_sdl() {
        assert_eq!(service_of(Path::new("subgraphs/user.graphql")), Ok(Service::User));
        assert!(service_of(Path::new("subgraphs/router.graphql")).is_err());
        assert!(service_of(Path::new("subgraphs/payments.graphql")).is_err());
    }
}
