//! `eventhub-router`: the command line, and nothing else.

use std::process::ExitCode;

use clap::Parser;
use router::{
    cli::Cli,
    commands::{self, Output},
};

fn main() -> ExitCode {
    let mut output = Output { out: &mut std::io::stdout(), err: &mut std::io::stderr() };
    commands::run(Cli::parse(), &mut output)
}
