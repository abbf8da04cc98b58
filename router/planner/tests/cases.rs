//! Every folder of `tests/cases` is a case: `supergraph.graphql` and `operation.graphql` give `plan.txt`.
//!
//! Every plan is proved sound (`fixture::soundness`). `UPDATE_CASES=1 cargo test --workspace --test cases` writes the plans anew; read the difference before committing it.

#![allow(clippy::unwrap_used, reason = "a broken case folder fails the test")]

use apollo_compiler::ExecutableDocument;
use apollo_compiler::response::JsonMap;
use federation::Supergraph;
use fixture::soundness;
use planner::{Conditions, Planner};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn plan_of(case: &Path) -> String {
    let read = |name: &str| fs::read_to_string(case.join(name)).unwrap();
    let supergraph = Arc::new(Supergraph::parse(&read("supergraph.graphql")).unwrap());
    let document = ExecutableDocument::parse_and_validate(
        &supergraph.api_schema,
        read("operation.graphql"),
        "operation.graphql",
    )
    .unwrap_or_else(|errors| panic!("{}: {}", case.display(), errors.errors));
    match Planner::new(Arc::clone(&supergraph)).plan(&document, None, &Conditions::default()) {
        Ok(plan) => {
            soundness::check(&supergraph, &document, &JsonMap::new(), &plan)
                .unwrap_or_else(|unsound| panic!("{}: {unsound}", case.display()));
            plan.to_string()
        }
        Err(error) => format!("{error}\n"),
    }
}

#[test]
fn every_case_is_planned_as_written_down() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in cases {
        let plan = plan_of(&case);
        let expected = case.join("plan.txt");
        if update {
            fs::write(&expected, &plan).unwrap();
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(&plan) {
            wrong.push(format!("{}:\n{plan}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
