//! What the command line can ask for, one file a command. Each writes to what it is given and says how the process ends.

mod compose;
mod config;
mod health;
mod plan;
mod serve;

use std::{io::Write, process::ExitCode};

use crate::cli::{Cli, Command, Configured};

/// Where a command writes.
pub struct Output<'a> {
    /// What was asked for.
    pub out: &'a mut dyn Write,
    /// What went wrong.
    pub err: &'a mut dyn Write,
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Output")
    }
}

impl Output<'_> {
    /// Writes what was asked for. A reader that has gone away is no error of ours.
    pub(crate) fn say(&mut self, text: impl std::fmt::Display) {
        drop(write!(self.out, "{text}"));
        drop(self.out.flush());
    }

    /// Writes what went wrong, and is the exit code for it.
    pub(crate) fn fail(&mut self, text: impl std::fmt::Display) -> ExitCode {
        drop(writeln!(self.err, "{text}"));
        ExitCode::FAILURE
    }
}

/// Does what the command line says.
pub fn run(cli: Cli, output: &mut Output<'_>) -> ExitCode {
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(flags) => serve::run(&flags, output),
        Command::Compose(arguments) => compose::run(&arguments, output),
        Command::Plan(arguments) => plan::run(&arguments, output),
        Command::Config(arguments) => config::run(&arguments.action, output),
        Command::Health(arguments) => health::run(&arguments, output),
    }
}

/// Reads the configuration out of file, environment and flags, or says everything that is wrong with it.
fn configured(
    flags: &Configured,
    output: &mut Output<'_>,
) -> Result<(crate::config::Config, crate::config::Values), ExitCode> {
    let loaded = config::sources(flags)
        .map_err(|error| vec![error])
        .and_then(|sources| crate::config::Config::load(&sources));
    loaded.map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|error| format!("error: {error}")).collect();
        output.fail(lines.join("\n"))
    })
}

/// The runtime of a command that waits for the network.
fn runtime(output: &mut Output<'_>) -> Result<tokio::runtime::Runtime, ExitCode> {
    tokio::runtime::Runtime::new().map_err(|error| output.fail(format!("error: no runtime: {error}")))
}
