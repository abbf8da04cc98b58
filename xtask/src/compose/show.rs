//! What compose found, for people and for machines. What is asked for goes to standard output; a last line for people goes to standard error.

use std::io::Write;

use clap::ValueEnum;
use composition::diff::Criticality;
use composition::report::{self, Finding, Level};
use composition::{CompositionErrors, SubgraphInput};
use serde_json::{Value, json};

use super::check::{Judged, Report};
use crate::failure::{Context, Failure, Result};

/// The tool that reports name.
const TOOL: &str = "cargo xtask compose";

/// For whom errors and changes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with the lines that it is about
    Human,
    /// For tools: one JSON document
    Json,
    /// For GitHub: workflow commands, which show at the lines of a pull request
    Github,
    /// For code scanners: SARIF 2.1.0
    Sarif,
}

/// Shows why the subgraphs do not compose, and is the failure to end with.
pub(super) fn uncomposed(
    format: Format,
    errors: &CompositionErrors,
    subgraphs: &[SubgraphInput],
) -> Result<Failure> {
    let findings = report::of_errors(errors, subgraphs);
    match format {
        Format::Human => print(&report::findings(&findings))?,
        Format::Json => print(&format!("{:#}\n", report::json(errors)))?,
        Format::Github => print(&report::github(&findings))?,
        Format::Sarif => print(&format!("{:#}\n", report::sarif(&findings, TOOL)))?,
    }
    Ok(Failure::new("the subgraphs do not compose"))
}

/// Shows what the check found.
pub(super) fn report(format: Format, report: &Report) -> Result<()> {
    let text = match format {
        Format::Human => return print(&format!("{}{}", human(report), summary(report))),
        Format::Json => format!("{:#}\n", json(report)),
        Format::Github => report::github(&findings(report)),
        Format::Sarif => format!("{:#}\n", report::sarif(&findings(report), TOOL)),
    };
    // Whoever reads the log of a machine's run should see that there was one.
    write!(anstream::stderr(), "{}", summary(report)).context("standard error")?;
    print(&text)
}

fn print(text: &str) -> Result<()> {
    write!(anstream::stdout(), "{text}").context("standard output")
}

fn findings(report: &Report) -> Vec<Finding> {
    let errors = report.errors.iter().chain(&report.plans.findings);
    errors.chain(report.changes.iter().map(|judged| &judged.finding)).cloned().collect()
}

fn human(report: &Report) -> String {
    let mut text = String::new();
    let (plain, telling): (Vec<Finding>, Vec<Finding>) =
        findings(report).into_iter().partition(|finding| finding.level == Level::Safe);
    text.push_str(&report::findings(&telling));
    for finding in plain {
        text.push_str(&format!("safe[{}]: {}\n", finding.code, finding.message));
    }
    text
}

fn summary(report: &Report) -> String {
    let mut text = String::new();
    for remark in &report.remarks {
        text.push_str(&format!("warning: {remark}\n"));
    }
    for planned in &report.plans.planned {
        let Some(now) = planned.now else { continue };
        let base = planned.base.map(|base| format!(" (base: {base})")).unwrap_or_default();
        text.push_str(&format!("{}: {now}{base}\n", planned.operation));
    }
    if report.errors.is_empty() {
        text.push_str("the committed graph is what the code says\n");
    }
    if let Some(base) = &report.base {
        text.push_str(&format!("compared with {base}: {}\n", counted(&report.changes)));
    }
    text
}

fn counted(changes: &[Judged]) -> String {
    if changes.is_empty() {
        return "no change".to_owned();
    }
    let count =
        |criticality| changes.iter().filter(|judged| judged.change.criticality == criticality).count();
    let allowed = changes.iter().filter(|judged| judged.allowed.is_some()).count();
    let allowed = if allowed == 0 { String::new() } else { format!(" ({allowed} allowed)") };
    let (breaking, dangerous, safe) =
        (count(Criticality::Breaking), count(Criticality::Dangerous), count(Criticality::Safe));
    format!("{breaking} breaking{allowed}, {dangerous} dangerous, {safe} safe")
}

fn json(report: &Report) -> Value {
    let errors = report.errors.iter().chain(&report.plans.findings);
    let error =
        |finding: &Finding| json!({ "code": finding.code, "message": finding.message, "locations": [] });
    json!({
        "verdict": report.verdict(),
        "base": report.base,
        "errors": errors.map(error).collect::<Vec<Value>>(),
        "changes": report.changes,
        "plans": report.plans.planned,
        "remarks": report.remarks,
    })
}
