//! `cargo xtask fsck`: do the invariants of the sale hold in the databases of a stack?

pub mod facts;
pub mod invariants;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::time::{Duration, Instant};

use clap::Args;

use crate::failure::{Context, Failure, Result};
use crate::stack::home::Home;
use crate::stack::options::DataOption;
use crate::workspace::Workspace;
use facts::Facts;
use invariants::{Finding, INVARIANTS, check};

/// The options of `cargo xtask fsck`.
#[derive(Args, Clone, Debug)]
pub struct FsckOptions {
    #[command(flatten)]
    /// Where the data lives.
    pub data: DataOption,
    /// How many seconds a running stack may take to come to rest: what still is broken then, is broken.
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub settle: u64,
}

/// Reads the rows and checks them; reads again while something is broken and the stack may still be at work.
///
/// # Errors
/// When an invariant is broken at the end, or rows cannot be read.
pub async fn fsck(options: &FsckOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    let home = Home::at(&options.data)?;
    let settings = home.settings()?;
    if !home.path("secrets.json").exists() {
        return Err(Failure::new(format!(
            "no stack has ever run in {} (start one with `cargo xtask dev`)",
            home.folder().display()
        )));
    }
    let end = Instant::now() + Duration::from_secs(options.settle);
    loop {
        let facts = Facts::read(&workspace, &home, &settings)?;
        let findings = check(&facts);
        let may_settle = facts.running && Instant::now() < end;
        if findings.is_empty() || !may_settle {
            return report(&facts, &findings);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn report(facts: &Facts, findings: &[Finding]) -> Result<()> {
    let mut out = anstream::stdout();
    writeln!(
        out,
        "{} bookings, {} holds, {} tickets, {} ticket types, {} events, {} room reservations",
        facts.booking.bookings.len(),
        facts.ticket.holds.len(),
        facts.ticket.tickets.len(),
        facts.ticket.ticket_types.len(),
        facts.event.events.len(),
        facts.event.reservations.len()
    )
    .context("standard output")?;
    for (number, text, _) in INVARIANTS {
        let broken: Vec<&Finding> = findings.iter().filter(|finding| finding.invariant == number).collect();
        let mark = if broken.is_empty() { "ok    " } else { "BROKEN" };
        writeln!(out, "{mark} {number:>2}  {text}").context("standard output")?;
        for finding in broken {
            writeln!(out, "           {}", finding.text).context("standard output")?;
        }
    }
    if findings.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("{} rows or groups of rows break an invariant", findings.len())))
    }
}
