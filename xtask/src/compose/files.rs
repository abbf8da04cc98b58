//! The committed files of the graph: what the code says they should hold, and whether they do.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use composition::diff::Graph;
use composition::report::Finding;
use composition::{SubgraphInput, config};

use super::{LIST, SUPERGRAPH, ending_in_newline, printed_sdl};
use crate::failure::{Context, Failure, Result};
use crate::services::Service;
use crate::workspace::{Profile, Workspace};

/// What the committed files should hold, by path from the top folder.
pub(super) struct Files(BTreeMap<PathBuf, String>);

/// The subgraphs of the list, with the SDLs that their programs print.
pub(super) fn printed(workspace: &Workspace) -> Result<Vec<SubgraphInput>> {
    let text = fs::read_to_string(workspace.path(LIST)).context(LIST)?;
    listed(&text, Path::new(LIST), |file| {
        let service = service_of(file)?;
        printed_sdl(workspace, service, Profile::Debug).map_err(|failure| failure.to_string())
    })
}

/// The subgraphs of a list. Their places name the files as seen from where `path`, the list's own, is relative to.
pub(super) fn listed(
    text: &str,
    path: &Path,
    read: impl FnMut(&Path) -> Result<String, String>,
) -> Result<Vec<SubgraphInput>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut subgraphs = config::load(text, read).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::new(format!("{}:\n{}", path.display(), lines.join("\n")))
    })?;
    for subgraph in &mut subgraphs {
        subgraph.source = subgraph.source.take().map(|file| folder.join(file).display().to_string());
    }
    Ok(subgraphs)
}

fn service_of(file: &Path) -> Result<Service, String> {
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    Service::from_name(name)
        .filter(|service| Service::SUBGRAPHS.contains(service))
        .ok_or_else(|| format!("no program prints {}", file.display()))
}

impl Files {
    /// The files of these subgraphs and of the graph that they compose to.
    pub(super) fn of(subgraphs: &[SubgraphInput], graph: &Graph) -> Self {
        let sources = subgraphs
            .iter()
            .filter_map(|subgraph| Some((PathBuf::from(subgraph.source.as_ref()?), subgraph.sdl.clone())));
        let supergraph = ending_in_newline(graph.supergraph_sdl());
        Self(sources.chain([(PathBuf::from(SUPERGRAPH), supergraph)]).collect())
    }

    /// Writes those that differ, and says of each whether it did.
    pub(super) fn write(&self, workspace: &Workspace) -> Result<()> {
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

    /// Those that differ, each an error.
    pub(super) fn stale(&self, workspace: &Workspace) -> Vec<Finding> {
        let stale = self.0.iter().filter(|(path, text)| !is_current(workspace, path, text));
        let finding = |(path, text): (&PathBuf, &String)| {
            let mut finding = Finding::error("STALE_FILE", difference(workspace, path, text));
            finding.help = Some("run `cargo xtask compose` and commit the files".to_owned());
            finding
        };
        stale.map(finding).collect()
    }
}

fn is_current(workspace: &Workspace, path: &Path, text: &str) -> bool {
    fs::read_to_string(workspace.path(path)).is_ok_and(|committed| committed == text)
}

/// The first line that differs: enough to see what it is about.
fn difference(workspace: &Workspace, path: &Path, text: &str) -> String {
    let path_shown = path.display();
    let Ok(committed) = fs::read_to_string(workspace.path(path)) else {
        return format!("{path_shown} is missing");
    };
    match first_difference(&committed, text) {
        None => format!("{path_shown} differs from the code in its line ends"),
        Some((line, old, new)) => format!(
            "{path_shown}:{line} is not what the code says\ncommitted: {}\nthe code:  {}",
            old.trim(),
            new.trim()
        ),
    }
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

    #[test]
    fn a_listed_file_is_named_from_where_the_list_is_named_from() {
        let list = "subgraphs: { user: { schema: { file: subgraphs/user.graphql } } }";
        let subgraphs = listed(list, Path::new(LIST), |_| Ok(String::new())).unwrap();
        assert_eq!(subgraphs[0].source.as_deref(), Some("schema/subgraphs/user.graphql"));
    }
}
