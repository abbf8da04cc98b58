//! `cargo xtask compose`: from the code of the subgraphs to the committed SDL files and the supergraph, and the check that they agree and break
//! nobody.
//!
//! Read in this order: [`files`] (what is committed), [`base`] (what it is compared with), [`check`] (the verdict) with [`allowed`], [`usage`]
//! and [`plans`] (what it takes into account), [`show`] (for people and for machines); apart from them [`against`] (how other
//! composers see it).

mod against;
mod allowed;
mod base;
mod check;
mod files;
mod plans;
mod show;
mod usage;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use composition::diff::Graph;
use composition::{SubgraphInput, report};

use crate::failure::{Failure, Result};
use crate::services::Service;
use crate::workspace::{Profile, Workspace};

pub use against::Reference;
pub use base::main_branch;
pub use show::Format;

/// The list of subgraphs: name, address, SDL file.
const LIST: &str = "schema/supergraph.yaml";
/// The composed graph.
pub const SUPERGRAPH: &str = "supergraph.graphql";
/// The operations whose plans have a budget.
pub const OPERATIONS: &str = "schema/operations";

/// The options of `cargo xtask compose`.
#[derive(Args, Clone, Debug)]
pub struct ComposeOptions {
    /// Write nothing; fail when a committed file differs from what the code says, or with --base when a change breaks somebody (exit code 2)
    #[arg(long)]
    pub check: bool,
    /// What to compare with: a git ref, a supergraph SDL, a list of subgraphs or its folder, or the address of a running router
    #[arg(long, value_name = "REF|FILE|URL", requires = "check")]
    pub base: Option<String>,
    /// Which coordinates clients use, as JSON lines: what none uses may go
    #[arg(long, value_name = "FILE", requires = "base")]
    pub usage: Option<PathBuf>,
    /// What was last used before this day counts as unused
    #[arg(long, value_name = "YYYY-MM-DD", requires = "usage")]
    pub since: Option<NaiveDate>,
    /// Enter a breaking change that is wanted into schema/allowed-changes.yaml, then check; can be repeated
    #[arg(long, value_name = "CODE@COORDINATE", requires_all = ["base", "reason"])]
    pub allow: Vec<String>,
    /// Why the changes of --allow are wanted
    #[arg(long, value_name = "WHY", requires = "allow")]
    pub reason: Option<String>,
    /// Plan every operation of this folder, and hold the plans against its budget.yaml
    #[arg(long, value_name = "DIR", requires = "check")]
    pub plans: Option<PathBuf>,
    /// Compose the cases of `composition` with another composer from npm too, and show where the two differ; needs Node
    #[arg(long, value_enum, value_name = "COMPOSER", conflicts_with_all = ["check", "base"])]
    pub against: Option<Reference>,
    /// Other cases than those of `composition`
    #[arg(long, value_name = "DIR", requires = "against")]
    pub cases: Option<PathBuf>,
    /// How errors and changes are shown
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// What a running router at --base asks for
    #[arg(long, value_name = "TOKEN", env = "EVENTHUB_ADMIN_TOKEN", hide_env_values = true)]
    pub admin_token: Option<String>,
}

/// Prints every subgraph's SDL, composes them, and writes the files or checks them.
///
/// # Errors
/// When the subgraphs do not compose, or with `--check` when a file differs, a plan is over its budget or a change breaks somebody.
pub async fn compose(options: &ComposeOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    if let Some(reference) = options.against {
        return against::against(&workspace, reference, options.cases.as_deref());
    }
    workspace.build(Profile::Debug)?;
    let subgraphs = files::printed(&workspace)?;
    let graph = match Graph::compose(&subgraphs) {
        Ok(graph) => graph,
        Err(errors) => return Err(show::uncomposed(options.format, &errors, &subgraphs)?),
    };
    let files = files::Files::of(&subgraphs, &graph);
    if options.check {
        check::check(&workspace, options, &files, &graph).await
    } else {
        files.write(&workspace)
    }
}

/// The supergraph SDL of these subgraphs.
///
/// # Errors
/// Every composition error, as people read them.
pub fn supergraph(subgraphs: &[SubgraphInput]) -> Result<String> {
    match composition::compose(subgraphs) {
        Ok(composed) => Ok(ending_in_newline(&composed.supergraph_sdl)),
        Err(errors) => Err(Failure::new(report::human(&errors, subgraphs))),
    }
}

/// The SDL that the program of a subgraph prints.
///
/// # Errors
/// When it cannot be run.
pub fn printed_sdl(workspace: &Workspace, service: Service, profile: Profile) -> Result<String> {
    Ok(ending_in_newline(&workspace.ask(service, profile, "sdl", &BTreeMap::new())?))
}

fn ending_in_newline(text: &str) -> String {
    format!("{}\n", text.trim_end())
}
