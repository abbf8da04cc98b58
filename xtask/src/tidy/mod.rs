//! `cargo xtask tidy`: the house rules that a machine can hold. Also run as a test, so nobody has to remember it.
//!
//! What ARCHITECTURE.md says about crates is compared with cargo's own view ([`imports`]); what it names must exist
//! ([`document`]); every source file says first what it is ([`sources`]); nothing is built twice ([`features`]).

pub mod document;
pub mod features;
pub mod imports;
pub mod sources;

use std::fs;
use std::io::Write;
use std::process::Command;

use crate::failure::{Context, Failure, Result};
use crate::workspace::{Workspace, cargo_metadata};
use document::Document;
use imports::Crates;

const ARCHITECTURE: &str = "ARCHITECTURE.md";

/// Checks everything and says all that is wrong.
///
/// # Errors
/// When a rule is broken, with every finding on a line of its own.
pub fn tidy(workspace: &Workspace) -> Result<()> {
    let findings = findings(workspace)?;
    if findings.is_empty() {
        return writeln!(anstream::stdout(), "tidy").context("standard output");
    }
    Err(Failure::new(format!("{} house rules are broken\n  {}", findings.len(), findings.join("\n  "))))
}

/// This machine's platform: without it cargo would fetch what only other systems need.
fn host() -> Result<String> {
    let output = Command::new("rustc").args(["--print", "host-tuple"]).output().context("rustc")?;
    Ok(String::from_utf8(output.stdout).context("rustc")?.trim().to_owned())
}

/// Everything that is wrong.
///
/// # Errors
/// When ARCHITECTURE.md or cargo's metadata cannot be read.
pub fn findings(workspace: &Workspace) -> Result<Vec<String>> {
    let text = fs::read_to_string(workspace.path(ARCHITECTURE)).context(ARCHITECTURE)?;
    let document = Document::parse(&text)?;
    let platform = host()?;
    let metadata = cargo_metadata(workspace.root(), &["--filter-platform", &platform])?;
    let crates = Crates::from_metadata(&metadata)?;
    let mut findings = imports::compare(&document.rules, &crates);
    findings.extend(document.unmapped(&crates.names()));
    findings.extend(document.missing_files(workspace.root()));
    findings.extend(features::findings(workspace, &platform)?);
    findings.extend(sources::findings(workspace.root(), &document.rules, &crates)?);
    Ok(findings)
}
