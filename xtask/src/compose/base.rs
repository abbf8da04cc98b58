//! What the graph is compared with: the main branch, a file, or what a router serves.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use composition::SubgraphInput;
use composition::diff::Graph;

use super::files::listed;
use super::{LIST, SUPERGRAPH};
use crate::failure::{Context, Failure, Result};
use crate::workspace::Workspace;

/// Where a running router shows its supergraph.
const ROUTER_PATH: &str = "/api/supergraph";

/// A graph to compare with.
pub(super) struct Base {
    pub(super) graph: Graph,
    /// What it is called in the report.
    pub(super) name: String,
    /// What the reader should know of it.
    pub(super) remark: Option<String>,
}

/// The ref that a change is compared with: the main branch or, on it, the commit before. `None` where there is neither, or no graph in it: a
/// shallow clone, a first commit.
#[must_use]
pub fn main_branch(root: &Path) -> Option<String> {
    let head = commit(root, "HEAD")?;
    let is_base = |name: &&str| {
        let other = commit(root, name).filter(|found| *found != head);
        other.is_some_and(|other| committed(root, &other, Path::new(SUPERGRAPH)).is_ok())
    };
    ["origin/main", "main", "HEAD~1"].into_iter().find(is_base).map(str::to_owned)
}

/// Loads the base that `text` names: an address, a git ref, or a path, tried in this order; `./main` is a path even where `main` is a branch.
pub(super) async fn load(workspace: &Workspace, text: &str, admin_token: Option<&str>) -> Result<Base> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return from_router(text, admin_token).await;
    }
    if let Some(commit) = commit(workspace.root(), text) {
        return from_commit(workspace.root(), text, &commit);
    }
    let path = Path::new(text);
    if path.exists() {
        return from_path(path);
    }
    Err(Failure::new(format!("--base {text}: neither an address, nor a git ref, nor a file")))
}

async fn from_router(address: &str, admin_token: Option<&str>) -> Result<Base> {
    let mut url = reqwest::Url::parse(address).context(format_args!("--base {address}"))?;
    if url.path() == "/" {
        url.set_path(ROUTER_PATH);
    }
    // Without a token a router answers its own machine only, and only who shows that no web page sent it.
    let request = reqwest::Client::new().get(url.clone()).header("apollo-require-preflight", "true");
    let request = match admin_token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let response = request.send().await.and_then(reqwest::Response::error_for_status);
    let sdl = response.context(format_args!("--base {address}"))?.text().await.context(&url)?;
    read(&sdl, url.as_str())
}

fn from_path(path: &Path) -> Result<Base> {
    let list = if path.is_dir() { path.join("supergraph.yaml") } else { path.to_path_buf() };
    let text = fs::read_to_string(&list).context(list.display())?;
    if list.extension().is_some_and(|extension| extension == "graphql" || extension == "graphqls") {
        return read(&text, &list.display().to_string());
    }
    let subgraphs = listed(&text, &list, |file| {
        let file = list.parent().unwrap_or(Path::new("")).join(file);
        fs::read_to_string(file).map_err(|error| error.to_string())
    })?;
    let graph = composed(&subgraphs).context(list.display())?;
    Ok(Base { graph, name: list.display().to_string(), remark: None })
}

/// The subgraphs that are committed there or, where today's composition refuses them, the supergraph that is.
fn from_commit(root: &Path, name: &str, commit: &str) -> Result<Base> {
    let subgraphs = committed(root, commit, Path::new(LIST)).and_then(|text| {
        listed(&text, Path::new(LIST), |file| {
            committed(root, commit, &Path::new("schema").join(file)).map_err(|error| error.to_string())
        })
    });
    match subgraphs.and_then(|subgraphs| composed(&subgraphs)) {
        Ok(graph) => Ok(Base { graph, name: name.to_owned(), remark: None }),
        Err(failure) => {
            let sdl =
                committed(root, commit, Path::new(SUPERGRAPH)).context(format_args!("--base {name}"))?;
            let mut base = read(&sdl, SUPERGRAPH)?;
            base.name = name.to_owned();
            base.remark = Some(format!(
                "the subgraphs at {name} do not compose any more, its {SUPERGRAPH} was read instead: {failure}"
            ));
            Ok(base)
        }
    }
}

fn read(sdl: &str, file: &str) -> Result<Base> {
    let graph = Graph::read(sdl, file).context(file)?;
    Ok(Base { graph, name: file.to_owned(), remark: None })
}

fn composed(subgraphs: &[SubgraphInput]) -> Result<Graph> {
    Graph::compose(subgraphs).map_err(|errors| Failure::new(errors.to_string()))
}

/// The commit that a ref names, if it does.
fn commit(root: &Path, name: &str) -> Option<String> {
    let mut command = git(root);
    command.args(["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")]);
    let output = command.stderr(Stdio::null()).output().ok()?;
    let id = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| id.trim().to_owned())
}

/// A file as it was committed.
fn committed(root: &Path, commit: &str, path: &Path) -> Result<String> {
    let name = format!("{commit}:{}", path.display());
    let output = git(root).args(["show", &name]).output().context("git")?;
    if !output.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&output.stderr).trim()));
    }
    String::from_utf8(output.stdout).context(path.display())
}

fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with these branches, each a commit with the files that are said.
    fn repository(commits: &[(&str, &[&str])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| {
            let mut command = git(folder.path());
            command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(arguments);
            assert!(command.status().unwrap().success(), "{arguments:?}");
        };
        run(&["init", "--quiet", "--initial-branch", "start"]);
        for (branch, files) in commits {
            for file in *files {
                fs::write(folder.path().join(file), *branch).unwrap();
            }
            run(&["add", "--all"]);
            run(&["commit", "--quiet", "--allow-empty", "--message", branch]);
            run(&["branch", "--force", branch]);
        }
        folder
    }

    #[test]
    fn a_change_is_compared_with_the_main_branch_or_the_commit_before() {
        for (commits, base) in [
            (vec![("main", [SUPERGRAPH].as_slice()), ("topic", &[])], Some("main")),
            (vec![("topic", &[SUPERGRAPH]), ("main", &[])], Some("HEAD~1")),
            (vec![("main", &[SUPERGRAPH])], None),
            (vec![("main", &["README.md"]), ("topic", &[SUPERGRAPH])], None),
        ] {
            let folder = repository(&commits);
            assert_eq!(main_branch(folder.path()).as_deref(), base, "{commits:?}");
        }
        let none = tempfile::tempdir().unwrap();
        assert_eq!(main_branch(none.path()), None);
    }
}
