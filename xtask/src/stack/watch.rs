//! Follows the sources of a running stack: builds what changed, restarts the programs that came out different, re-composes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use notify::{Event, RecursiveMode, Watcher};
use tokio::process::Command;
use tokio::sync::mpsc;

use super::console::say;
use super::graph;
use super::home::{Home, Settings};
use super::supervise::Supervised;
use crate::failure::{Context, Failure, Result};
use crate::services::Service;
use crate::workspace::Workspace;

/// Editors write a file in several steps, and a branch switch many files: wait until it is quiet.
const QUIET: Duration = Duration::from_millis(300);
const FOLDERS: [&str; 4] = ["schema", "router", "subgraphs", "entities"];
const FILES: [&str; 2] = ["Cargo.toml", "Cargo.lock"];

/// Runs until the supervisor of the stack drops it.
///
/// # Errors
/// When the file system cannot be watched.
pub async fn follow(
    workspace: &Workspace,
    home: &Home,
    settings: &Settings,
    stack: &[Supervised],
) -> Result<()> {
    let (changed, mut changes) = mpsc::unbounded_channel();
    let _watcher = watch(workspace, changed)?;
    let mut programs = Programs::read(workspace, settings);
    while changes.recv().await.is_some() {
        while matches!(tokio::time::timeout(QUIET, changes.recv()).await, Ok(Some(()))) {}
        say("a source has changed: building");
        if !built(workspace, settings).await? {
            say("the build failed; what ran before still runs");
            continue;
        }
        let now = Programs::read(workspace, settings);
        apply(workspace, home, settings, stack, &programs.changed(&now)).await;
        programs = now;
    }
    Err(Failure::new("the file watcher has ended"))
}

async fn apply(
    workspace: &Workspace,
    home: &Home,
    settings: &Settings,
    stack: &[Supervised],
    changed: &[Service],
) {
    if changed.is_empty() {
        say("nothing that runs has changed");
        return;
    }
    match graph::write(workspace, home, settings) {
        Ok(false) => {}
        Ok(true) => say("the supergraph has changed; the router reloads it"),
        Err(failure) => say(&format!("the supergraph stays as it was: {failure}")),
    }
    for process in stack.iter().filter(|process| changed.contains(&process.service)) {
        say(&format!("restarting {}", process.service));
        process.restart().await;
    }
}

async fn built(workspace: &Workspace, settings: &Settings) -> Result<bool> {
    let mut command = Command::from(workspace.build_command(settings.profile()));
    let status = command.kill_on_drop(true).status().await.context("cargo build")?;
    Ok(status.success())
}

fn watch(workspace: &Workspace, changed: mpsc::UnboundedSender<()>) -> Result<notify::RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(|path| is_source(path)))
        {
            let _ = changed.send(());
        }
    })
    .context("the file system cannot be watched (use --no-watch)")?;
    for folder in FOLDERS {
        watcher.watch(&workspace.path(folder), RecursiveMode::Recursive).context(folder)?;
    }
    for file in FILES {
        watcher.watch(&workspace.path(file), RecursiveMode::NonRecursive).context(file)?;
    }
    Ok(watcher)
}

/// What can change a program: code, manifests, and what code includes.
fn is_source(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["rs", "toml", "lock", "graphql", "sql", "html", "js", "css", "json", "yaml"].contains(&extension)
}

/// The programs as they lie on the disk.
struct Programs(BTreeMap<Service, (PathBuf, Option<(SystemTime, u64)>)>);

impl Programs {
    fn read(workspace: &Workspace, settings: &Settings) -> Self {
        let stamp = |service| {
            let path = workspace.binary(service, settings.profile());
            let file = std::fs::metadata(&path).ok();
            let stamp = file.and_then(|file| Some((file.modified().ok()?, file.len())));
            (service, (path, stamp))
        };
        Self(Service::ALL.into_iter().map(stamp).collect())
    }

    fn changed(&self, now: &Self) -> Vec<Service> {
        now.0
            .iter()
            .filter(|(service, program)| self.0.get(service) != Some(program))
            .map(|(s, _)| *s)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_and_editor_files_do_not_build() {
        for (path, expected) in [
            ("subgraphs/user/src/lib.rs", true),
            ("Cargo.toml", true),
            ("router/src/explorer.html", true),
            ("subgraphs/user/src/.lib.rs.swp", false),
            ("router/README.md", false),
            ("router/src/4913", false),
        ] {
            assert_eq!(is_source(Path::new(path)), expected, "{path}");
        }
    }
}
