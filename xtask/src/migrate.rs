//! `cargo xtask migrate`: brings the databases of a stack to the shape that the code expects.

use std::io::Write;

use clap::Args;

use crate::failure::{Context, Result};
use crate::services::Service;
use crate::stack::home::Home;
use crate::stack::mysql;
use crate::stack::options::{DataOption, Database};
use crate::workspace::Workspace;

/// The options of `cargo xtask migrate`.
#[derive(Args, Clone, Debug)]
pub struct MigrateOptions {
    #[command(flatten)]
    /// Where the data lives.
    pub data: DataOption,
    /// Another database than the stack was last started with; see `dev --help`.
    #[arg(long, value_name = "KIND")]
    pub database: Option<Database>,
}

/// Runs `migrate` of every service that keeps a database.
///
/// # Errors
/// When one of them fails.
pub fn migrate(options: &MigrateOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    let home = Home::at(&options.data)?;
    home.prepare()?;
    let mut settings = home.settings()?;
    if let Some(database) = &options.database {
        settings.database = database.clone();
    }
    mysql::prepare(&settings.database)?;
    workspace.build(settings.profile())?;
    for service in Service::STORES {
        let environment = home.environment(service, &settings)?;
        workspace.ask(service, settings.profile(), "migrate", &environment)?;
        writeln!(anstream::stdout(), "{service}: up to date").context("standard output")?;
    }
    Ok(())
}
