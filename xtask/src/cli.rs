//! The commands, in the words that `cargo xtask` shows.

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use owo_colors::OwoColorize;

use crate::audit::{AuditOptions, audit};
use crate::bench::{BenchOptions, bench};
use crate::ci::{CiOptions, ci};
use crate::compose::{ComposeOptions, compose};
use crate::explain::{ExplainOptions, explain};
use crate::failure::{Context, Failure, Result};
use crate::fsck::{FsckOptions, fsck};
use crate::fuzz::{FuzzOptions, fuzz};
use crate::migrate::{MigrateOptions, migrate};
use crate::secrets::{SecretsOptions, secrets};
use crate::services::Service;
use crate::stack::home::Home;
use crate::stack::options::{DataOption, DevOptions};
use crate::stack::restart::restart;
use crate::stack::{dev, reaper};
use crate::tidy::tidy;
use crate::torture::{TortureOptions, torture};
use crate::workspace::Workspace;

/// Everything a developer runs.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build and run the whole system on this machine: SpaceMaster, four subgraphs, router. Ctrl-C stops it
    Dev(DevOptions),
    /// Restart one process of the running system
    Restart(RestartOptions),
    /// Write schema/subgraphs/*.graphql and supergraph.graphql from the code, or --check them and what they break
    Compose(ComposeOptions),
    /// Show the query plan of an operation over supergraph.graphql
    Explain(ExplainOptions),
    /// Bring the databases to the shape that the code expects
    Migrate(MigrateOptions),
    /// Check the invariants of the sale over the databases
    Fsck(FsckOptions),
    /// Sell tickets while processes are killed and stopped, connections cut and disks filled, and see that nothing is lost
    Torture(TortureOptions),
    /// Run the public federation gateway audit against the router; its server runs from a checkout of its own
    Audit(AuditOptions),
    /// Compose schemas that nobody would write, and see that nothing panics, hangs or fills the memory
    Fuzz(FuzzOptions),
    /// Measure how fast it is, side by side with others
    Bench(BenchOptions),
    /// Check the house rules: who imports whom, what ARCHITECTURE.md names, how files open
    Tidy,
    /// Print fresh secrets for compose.yaml, as an env file
    Secrets(SecretsOptions),
    /// Run everything that must hold before a change is merged
    Ci(CiOptions),
    /// Stop what `dev` leaves behind when it is killed; started by `dev`
    #[command(hide = true)]
    Reaper(DataOption),
}

#[derive(Debug, clap::Args)]
struct RestartOptions {
    /// Which process.
    #[arg(value_parser = service)]
    service: Service,
    #[command(flatten)]
    data: DataOption,
}

fn service(name: &str) -> Result<Service, String> {
    Service::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Service::ALL.into_iter().map(Service::name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// Runs the command of this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // clap would end with 2, which says here that a change breaks somebody.
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(anstream::stderr(), "{} {failure}", "error:".red().bold());
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    match cli.command {
        None => Cli::command().print_help().context("standard output"),
        Some(Task::Dev(options)) => block_on(dev(&options)),
        Some(Task::Restart(options)) => block_on(restart(options.service, &options.data)),
        Some(Task::Compose(options)) => block_on(compose(&options)),
        Some(Task::Explain(options)) => explain(&options),
        Some(Task::Migrate(options)) => migrate(&options),
        Some(Task::Fsck(options)) => block_on(fsck(&options)),
        Some(Task::Torture(options)) => block_on(torture(&options)),
        Some(Task::Audit(options)) => block_on(audit(&options)),
        Some(Task::Fuzz(options)) => fuzz(&options),
        Some(Task::Bench(options)) => bench(&options),
        Some(Task::Tidy) => tidy(&Workspace::find()?),
        Some(Task::Secrets(options)) => secrets(&options),
        Some(Task::Ci(options)) => ci(&options),
        Some(Task::Reaper(data)) => {
            let home = Home::at(&data)?;
            block_on(async {
                reaper::run(home.folder()).await;
                Ok(())
            })
        }
    }
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(error.to_string()))?
        .block_on(work)
}
