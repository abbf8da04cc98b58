//! Hot reload: when the supergraph's files change, the new supergraph is read, checked and taken over; one that cannot be served changes
//! nothing and is reported.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::{
    app::App,
    snapshot::SnapshotError,
    source::{self, SourceError},
};

/// Editors and deployments write a file in several steps; the last of them counts.
const SETTLE: Duration = Duration::from_millis(100);

/// What a reload did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reloaded {
    /// The supergraph is another one now.
    Changed,
    /// The files say what is served already.
    Same,
}

/// Why a reload changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The files give no supergraph.
    #[error("{0}")]
    Source(#[from] SourceError),
    /// It cannot be served.
    #[error("{0}")]
    Snapshot(#[from] SnapshotError),
    /// The router was started without files.
    #[error("there is no file to reload")]
    NoSource,
}

/// Reads the files again and takes over what they say.
///
/// # Errors
/// When they give nothing that can be served; what is served stays.
pub fn reload(app: &App) -> Result<Reloaded, ReloadError> {
    let outcome = try_reload(app);
    let word = match &outcome {
        Ok(Reloaded::Changed) => "changed",
        Ok(Reloaded::Same) => "same",
        Err(_) => "refused",
    };
    metrics::counter!("router_reloads_total", "outcome" => word).increment(1);
    outcome
}

fn try_reload(app: &App) -> Result<Reloaded, ReloadError> {
    let source = app.config.source.as_ref().ok_or(ReloadError::NoSource)?;
    let loaded = source::load(source)?;
    if *app.snapshot().sdl == *loaded.sdl {
        return Ok(Reloaded::Same);
    }
    let snapshot = app.replace(&loaded.sdl)?;
    tracing::info!(supergraph = snapshot.id, "the supergraph was reloaded");
    Ok(Reloaded::Changed)
}

/// Watches `files` and reloads when they change, for as long as the result is kept.
///
/// # Errors
/// When the platform cannot watch.
pub fn watch(app: &Arc<App>, files: &[PathBuf]) -> notify::Result<Watching> {
    let (changed, changes) = mpsc::channel(1);
    let watched: BTreeSet<PathBuf> = files.iter().map(|file| absolute(file)).collect();
    // Folders, not files: a file that is replaced by renaming is another file, and the old one never changes again.
    let folders: BTreeSet<PathBuf> =
        watched.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| concerns(&event, &watched)) {
            // Full: a reload that has not begun is waiting already, and will see this change too.
            let _ = changed.try_send(());
        }
    })?;
    for folder in &folders {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
    }
    tracing::info!(files = files.len(), "watching the supergraph");
    let task = tokio::spawn(follow(Arc::clone(app), changes));
    Ok(Watching { _watcher: watcher, task })
}

/// A folder may hold more than the watched files, a log that grows for one. `..data` is what a mounted configuration moves to change all its
/// files at once.
fn concerns(event: &notify::Event, watched: &BTreeSet<PathBuf>) -> bool {
    let is_ours =
        |path: &PathBuf| watched.contains(path) || path.file_name().is_some_and(|name| name == "..data");
    !event.kind.is_access() && event.paths.iter().any(is_ours)
}

/// Files being watched; dropping it ends that.
#[derive(Debug)]
pub struct Watching {
    _watcher: RecommendedWatcher,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(app: Arc<App>, mut changes: mpsc::Receiver<()>) {
    while changes.recv().await.is_some() {
        tokio::time::sleep(SETTLE).await;
        while changes.try_recv().is_ok() {}
        let app = Arc::clone(&app);
        let outcome = tokio::task::spawn_blocking(move || reload(&app)).await;
        if let Ok(Err(error)) = outcome {
            tracing::error!(%error, "the supergraph was not reloaded; the last good one is served on");
        }
    }
}

fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}
