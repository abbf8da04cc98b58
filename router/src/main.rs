//! `eventhub-router`: the command line, and nothing else.

use std::process::ExitCode;

use clap::Parser;
use router::{
    cli::Cli,
    commands::{self, Output},
};

/// A request makes many small allocations on one thread that are freed on another; this one is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut output = Output { out: &mut std::io::stdout(), err: &mut std::io::stderr() };
    commands::run(Cli::parse(), &mut output)
}
