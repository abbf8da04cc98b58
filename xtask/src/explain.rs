//! `cargo xtask explain`: how the router will answer an operation over the committed supergraph.

use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::compose::SUPERGRAPH;
use crate::failure::Result;
use crate::services::Service;
use crate::workspace::{Profile, Workspace, succeed};

/// The options of `cargo xtask explain`.
#[derive(Args, Clone, Debug)]
pub struct ExplainOptions {
    /// The file with the operation, or `-` for standard input.
    #[arg(value_name = "FILE")]
    pub operation: PathBuf,
    /// More flags of `eventhub-router plan`, after `--`.
    #[arg(last = true)]
    pub flags: Vec<String>,
}

/// Prints the plan.
///
/// # Errors
/// When the router's program cannot be built, or no plan exists.
pub fn explain(options: &ExplainOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    succeed(&mut workspace.cargo(&["build", "--quiet", "--workspace", "--bin", &Service::Router.binary()]))?;
    let mut command = Command::new(workspace.binary(Service::Router, Profile::Debug));
    command.arg("plan").arg("--supergraph").arg(workspace.path(SUPERGRAPH));
    command.arg("--operation").arg(&options.operation).args(&options.flags);
    succeed(&mut command)
}
