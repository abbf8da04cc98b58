//! What the operations that matter cost: how many requests their plans make, and how many must follow one another, held against a budget.
//!
//! The budget is `budget.yaml` beside the operations, an entry a file:
//!
//! ```yaml
//! operations:
//!   bookings-of-a-user.graphql: { fetches: 4, depth: 3 }
//! ```
//!
//! `fetches` are the requests to subgraphs, `depth` is how many must follow one another. Of the plans that `@skip` and `@include` decide between,
//! the dearest counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use apollo_compiler::{ExecutableDocument, Name};
use composition::report::Finding;
use federation::Supergraph;
use planner::{Conditions, Planner};
use serde::{Deserialize, Serialize};

use crate::failure::{Context, Failure, Result};

const BUDGET: &str = "budget.yaml";
/// More variables would mean more plans than anybody waits for.
const CONDITIONS: usize = 6;

/// What a plan costs, or may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cost {
    pub(super) fetches: usize,
    pub(super) depth: usize,
}

/// An operation, and what it costs.
#[derive(Debug, Serialize)]
pub(super) struct Planned {
    pub(super) operation: String,
    pub(super) now: Option<Cost>,
    pub(super) base: Option<Cost>,
    pub(super) budget: Option<Cost>,
}

/// What was found of all operations.
#[derive(Debug, Default)]
pub(super) struct Plans {
    pub(super) planned: Vec<Planned>,
    pub(super) findings: Vec<Finding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    operations: BTreeMap<String, Cost>,
}

impl Cost {
    fn exceeds(self, budget: Self) -> bool {
        self.fetches > budget.fetches || self.depth > budget.depth
    }

    fn dearest(self, other: Self) -> Self {
        Self { fetches: self.fetches.max(other.fetches), depth: self.depth.max(other.depth) }
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural =
            |count: usize, one: &'static str, many: &'static str| if count == 1 { one } else { many };
        let (fetches, depth) = (self.fetches, self.depth);
        let (fetch, round) = (plural(fetches, "fetch", "fetches"), plural(depth, "round", "rounds"));
        write!(f, "{fetches} {fetch} in {depth} {round}")
    }
}

/// Plans every operation of `folder` over the supergraph `now`, and over the one it is compared with.
pub(super) fn plan(folder: &Path, now: &str, base: Option<&str>) -> Result<Plans> {
    let text = fs::read_to_string(folder.join(BUDGET)).context(folder.join(BUDGET).display())?;
    let mut budget: Budget = serde_saphyr::from_str(&text).context(folder.join(BUDGET).display())?;
    let now = planner(now)?;
    let base = base.map(planner).transpose()?;
    let mut plans = Plans::default();
    for (name, document) in operations(folder)? {
        let budget = budget.operations.remove(&name);
        // An operation that the base does not know yet has no cost there.
        let before = base.as_ref().and_then(|base| cost(base, &name, &document).ok());
        let cost = cost(&now, &name, &document);
        plans.findings.extend(finding(&name, &cost, before, budget));
        plans.planned.push(Planned { operation: name, now: cost.ok(), base: before, budget });
    }
    let idle = budget.operations.keys().map(|name| {
        Finding::error("PLAN_WITHOUT_OPERATION", format!("{BUDGET} names {name}, which is no operation here"))
    });
    plans.findings.extend(idle);
    Ok(plans)
}

fn planner(sdl: &str) -> Result<Planner> {
    let supergraph = Supergraph::parse(sdl).map_err(|error| Failure::new(error.to_string()))?;
    Ok(Planner::new(Arc::new(supergraph)))
}

fn operations(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut operations = BTreeMap::new();
    for entry in fs::read_dir(folder).context(folder.display())? {
        let path = entry.context(folder.display())?.path();
        if path.extension().is_some_and(|extension| extension == "graphql") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            operations.insert(name, fs::read_to_string(&path).context(path.display())?);
        }
    }
    if operations.is_empty() {
        return Err(Failure::new(format!("{}: no *.graphql file is there", folder.display())));
    }
    Ok(operations)
}

/// The dearest plan of the one operation of a document.
fn cost(planner: &Planner, name: &str, document: &str) -> Result<Cost, String> {
    let schema = &planner.supergraph().api_schema;
    let document = ExecutableDocument::parse_and_validate(schema, document, name)
        .map_err(|invalid| invalid.errors.to_string())?;
    let operation = document.operations.get(None).map_err(|error| error.message().to_string())?;
    let variables = planner::condition_variables(&document, operation);
    if variables.len() > CONDITIONS {
        return Err(format!("more than {CONDITIONS} variables decide its plan"));
    }
    let mut dearest = Cost::default();
    for values in 0..1_u32 << variables.len() {
        let plan = planner.plan(&document, None, &assigned(&variables, values));
        let plan = plan.map_err(|error| error.to_string())?;
        dearest = dearest.dearest(Cost { fetches: plan.fetches.len(), depth: plan.depth() });
    }
    Ok(dearest)
}

/// The *n*-th variable has the value of the *n*-th bit.
fn assigned(variables: &[Name], values: u32) -> Conditions {
    Conditions::new(
        variables.iter().enumerate().map(|(index, name)| (name.clone(), values >> index & 1 == 1)),
    )
}

fn finding(
    name: &str,
    cost: &Result<Cost, String>,
    base: Option<Cost>,
    budget: Option<Cost>,
) -> Option<Finding> {
    match (cost, budget) {
        (Err(reason), _) => {
            Some(Finding::error("OPERATION_INVALID", format!("{name} has no plan\n{}", reason.trim_end())))
        }
        (Ok(cost), None) => Some(Finding::error(
            "PLAN_WITHOUT_BUDGET",
            format!("{name} has no budget in {BUDGET}; its plan makes {cost}"),
        )),
        (Ok(cost), Some(budget)) if cost.exceeds(budget) => {
            let before = base.map(|base| format!("\nthe base makes {base}")).unwrap_or_default();
            let message = format!("the plan of {name} makes {cost}, its budget is {budget}{before}");
            let mut finding = Finding::error("PLAN_OVER_BUDGET", message);
            finding.help =
                Some(format!("`cargo xtask explain` shows the plan; if it is worth it, raise {BUDGET}"));
            Some(finding)
        }
        (Ok(_), Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use composition::SubgraphInput;

    use super::*;

    fn supergraph(extra: &str) -> String {
        let link =
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";
        let input = |name: &str, sdl: String| SubgraphInput {
            name: name.to_owned(),
            url: format!("http://{name}"),
            sdl: format!("{link} {sdl}"),
            source: None,
        };
        let owner =
            input("a", format!("type Query {{ e: E }} type E @key(fields: \"id\") {{ id: ID! {extra} }}"));
        let guest = input("b", "type E @key(fields: \"id\") { id: ID! late: Int }".to_owned());
        composition::compose(&[owner, guest]).unwrap().supergraph_sdl
    }

    fn codes(operation: &str, budget: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("o.graphql"), operation).unwrap();
        fs::write(folder.path().join(BUDGET), budget).unwrap();
        let plans = plan(folder.path(), &supergraph("early: Int"), None).unwrap();
        plans.findings.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn an_operation_keeps_to_its_budget_or_is_reported() {
        let enough = "operations: { o.graphql: { fetches: 2, depth: 2 } }";
        let little = "operations: { o.graphql: { fetches: 1, depth: 1 } }";
        let idle = "operations: { o.graphql: { fetches: 2, depth: 2 }, p.graphql: { fetches: 1, depth: 1 } }";
        for (operation, budget, code) in [
            ("{ e { early late } }", enough, None),
            ("{ e { early } }", little, None),
            ("{ e { late } }", little, Some("PLAN_OVER_BUDGET")),
            ("query ($l: Boolean!) { e { early late @include(if: $l) } }", little, Some("PLAN_OVER_BUDGET")),
            ("{ e { late } }", "operations: {}", Some("PLAN_WITHOUT_BUDGET")),
            ("{ e { late } }", idle, Some("PLAN_WITHOUT_OPERATION")),
            ("{ e { never } }", enough, Some("OPERATION_INVALID")),
        ] {
            assert_eq!(
                codes(operation, budget),
                Vec::from_iter(code.map(str::to_owned)),
                "{operation} {budget}"
            );
        }
    }

    #[test]
    fn the_base_is_planned_over_too() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("o.graphql"), "{ e { late } }").unwrap();
        fs::write(folder.path().join(BUDGET), "operations: { o.graphql: { fetches: 2, depth: 2 } }").unwrap();
        let plans = plan(folder.path(), &supergraph("late2: Int"), Some(&supergraph(""))).unwrap();
        assert_eq!(plans.planned[0].base, Some(Cost { fetches: 2, depth: 2 }));
    }
}
