//! The schema check: does the graph agree with its files, keep to the budget of its plans, and break nobody? Everything found is said at once.

use std::fs;

use composition::diff::{Change, Criticality, Graph, diff};
use composition::report::{Finding, Level, of_change};
use serde::Serialize;

use super::allowed::{self, Allowed};
use super::base::{self, Base};
use super::files::Files;
use super::plans::{self, Plans};
use super::usage::Ledger;
use super::{ComposeOptions, show};
use crate::failure::{Context, Failure, Result};
use crate::workspace::Workspace;

/// What the check found.
#[derive(Default)]
pub(super) struct Report {
    /// What is wrong whatever the base is.
    pub(super) errors: Vec<Finding>,
    /// What changed, when there is a base.
    pub(super) changes: Vec<Judged>,
    /// What the operations cost, when they were planned.
    pub(super) plans: Plans,
    /// What is compared with.
    pub(super) base: Option<String>,
    /// What the reader should know, but need not act on.
    pub(super) remarks: Vec<String>,
}

/// A change, and what speaks for it.
#[derive(Serialize)]
pub(super) struct Judged {
    #[serde(flatten)]
    pub(super) change: Change,
    /// The reason for which a breaking change is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allowed: Option<String>,
    #[serde(skip)]
    pub(super) finding: Finding,
}

impl Judged {
    /// Whether it breaks somebody, and nobody said that it may.
    pub(super) fn breaks(&self) -> bool {
        self.change.criticality == Criticality::Breaking && self.allowed.is_none()
    }
}

/// How the check ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// Nothing speaks against the change.
    Safe,
    /// The graph is wrong in itself: exit code 1.
    Failed,
    /// The graph is sound, but somebody breaks: exit code 2.
    Breaking,
}

impl Report {
    /// What is wrong in itself comes first: it is what has to be put right before anything else can be judged.
    pub(super) fn verdict(&self) -> Verdict {
        if !self.errors.is_empty() || !self.plans.findings.is_empty() {
            Verdict::Failed
        } else if self.changes.iter().any(Judged::breaks) {
            Verdict::Breaking
        } else {
            Verdict::Safe
        }
    }
}

/// Checks the graph of the code, and shows what it finds.
pub(super) async fn check(
    workspace: &Workspace,
    options: &ComposeOptions,
    files: &Files,
    graph: &Graph,
) -> Result<()> {
    let base = match &options.base {
        Some(base) => Some(base::load(workspace, base, options.admin_token.as_deref()).await?),
        None => None,
    };
    let mut report = Report { errors: files.stale(workspace), ..Report::default() };
    if let Some(base) = &base {
        compare(&mut report, workspace, options, (base, graph))?;
    }
    if let Some(folder) = &options.plans {
        let before = base.as_ref().map(|base| base.graph.supergraph_sdl());
        report.plans = plans::plan(folder, graph.supergraph_sdl(), before)?;
    }
    show::report(options.format, &report)?;
    match report.verdict() {
        Verdict::Safe => Ok(()),
        Verdict::Failed => Err(Failure::new("the check found errors")),
        Verdict::Breaking => Err(Failure::breaking(format!(
            "the change breaks those who use the graph; what is meant to, goes with its reason into {}",
            allowed::FILE
        ))),
    }
}

fn compare(
    report: &mut Report,
    workspace: &Workspace,
    options: &ComposeOptions,
    (base, graph): (&Base, &Graph),
) -> Result<()> {
    let mut changes = diff(&base.graph, graph);
    if let Some(path) = &options.usage {
        let text = fs::read_to_string(path).context(path.display())?;
        let ledger = Ledger::parse(&text, options.since).context(path.display())?;
        changes.iter_mut().for_each(|change| weigh(change, &ledger));
    }
    let file = workspace.path(allowed::FILE);
    if let Some(reason) = &options.reason {
        allowed::allow(&file, &options.allow, reason)?;
    }
    let allowed = Allowed::read(&file)?;
    report.base = Some(base.name.clone());
    report.remarks.extend(base.remark.clone());
    report.remarks.extend(
        allowed.idle(&changes).map(|entry| format!("{} allows {entry}, which no change is", allowed::FILE)),
    );
    report.changes =
        changes.into_iter().map(|change| judge(change, &allowed, (&base.graph, graph))).collect();
    Ok(())
}

/// What no client uses may go; who uses it is said.
fn weigh(change: &mut Change, ledger: &Ledger) {
    if !change.code.is_removal() || change.criticality != Criticality::Breaking {
        return;
    }
    match ledger.last_use(change) {
        Some(last) => {
            change.message.push_str(&format!("; {} used it on {}, the last so far", last.client, last.day));
        }
        None => {
            change.message.push_str("; no client uses it");
            change.criticality = Criticality::Safe;
        }
    }
}

fn judge(change: Change, allowed: &Allowed, (before, after): (&Graph, &Graph)) -> Judged {
    let mut finding = of_change(&change, before, after);
    let is_breaking = change.criticality == Criticality::Breaking;
    let allowed = allowed.reason(&change).filter(|_| is_breaking).map(str::to_owned);
    if let Some(reason) = &allowed {
        finding.level = Level::Dangerous;
        finding.message.push_str(&format!("\nallowed: {reason}"));
        finding.help = None;
    } else if is_breaking {
        let entry = format!("or --allow {}@{} with a --reason", change.code, change.coordinate);
        finding.help = Some(finding.help.map_or_else(|| entry.clone(), |help| format!("{help}; {entry}")));
    }
    Judged { change, allowed, finding }
}

#[cfg(test)]
mod tests {
    use composition::SubgraphInput;

    use super::*;

    fn graph(sdl: &str) -> Graph {
        let input = SubgraphInput {
            name: "event".to_owned(),
            url: "http://event".to_owned(),
            sdl: sdl.to_owned(),
            source: None,
        };
        Graph::compose(&[input]).unwrap()
    }

    /// The verdict on a change, with what is allowed and what is used.
    fn verdict(after: &str, allowed: &str, ledger: Option<&str>) -> Verdict {
        let (before, after) = (graph("type Query { now: Int old: Int }"), graph(after));
        let mut changes = diff(&before, &after);
        if let Some(ledger) = ledger {
            let ledger = Ledger::parse(ledger, None).unwrap();
            changes.iter_mut().for_each(|change| weigh(change, &ledger));
        }
        let allowed = Allowed::parse(&format!("allowed: [{allowed}]")).unwrap();
        let changes = changes.into_iter().map(|change| judge(change, &allowed, (&before, &after)));
        Report { changes: changes.collect(), ..Report::default() }.verdict()
    }

    #[test]
    fn a_change_that_breaks_needs_leave_or_nobody_who_uses_it() {
        const GONE: &str = "type Query { now: Int }";
        const USED: &str = r#"{"coordinate":"Query.old","client":"web","lastSeen":"2026-11-20"}"#;
        const UNUSED: &str = r#"{"coordinate":"Query.now","client":"web","lastSeen":"2026-11-20"}"#;
        let leave = "{ change: FIELD_REMOVED@Query.old, reason: nobody asks }";
        for (after, allowed, ledger, expected) in [
            ("type Query { now: Int old: Int new: Int }", "", None, Verdict::Safe),
            ("type Query { now: Int old(a: Int): Int }", "", None, Verdict::Safe),
            (GONE, "", None, Verdict::Breaking),
            (GONE, leave, None, Verdict::Safe),
            (GONE, "", Some(USED), Verdict::Breaking),
            (GONE, "", Some(UNUSED), Verdict::Safe),
            ("type Query { now: Float old: Int }", leave, Some(UNUSED), Verdict::Breaking),
        ] {
            assert_eq!(verdict(after, allowed, ledger), expected, "{after} {allowed} {ledger:?}");
        }
    }

    #[test]
    fn what_is_wrong_in_itself_is_the_verdict_before_what_breaks() {
        let errors = vec![Finding::error("STALE_FILE", "supergraph.graphql is missing")];
        assert_eq!(Report { errors, ..Report::default() }.verdict(), Verdict::Failed);
    }
}
