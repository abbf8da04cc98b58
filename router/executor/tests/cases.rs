//! Every folder of `tests/cases` is a supergraph with data and an operation (`fixture::Case`). The plan is `plan.txt`, the response
//! `response.json`; a single server with the same data answers the same, and the plan is sound.
//!
//! `UPDATE_CASES=1 cargo test --workspace --test cases` writes plans, responses and `tests/plan_sizes.txt` anew; read the difference before
//! committing it.

#![allow(clippy::unwrap_used, reason = "a broken case folder fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use fixture::Case;
use fixture::property::{Outcome, check};
use serde_json::Value;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<_> =
        fs::read_dir(tests().join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// Compares a file with what it should hold, or writes it.
fn differs(path: &Path, now: &str) -> Option<String> {
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(path, now).unwrap();
        return None;
    }
    let recorded = fs::read_to_string(path).unwrap_or_default();
    (recorded != now).then(|| format!("{}:\n{now}", path.display()))
}

/// Error ids differ each time.
fn without_ids(body: &str) -> String {
    let mut value: Value = serde_json::from_str(body).unwrap();
    let errors = value.get_mut("errors").and_then(Value::as_array_mut);
    for error in errors.into_iter().flatten() {
        if let Some(extensions) = error.get_mut("extensions").and_then(Value::as_object_mut) {
            extensions.remove("errorId");
        }
    }
    format!("{value:#}\n")
}

#[test]
fn every_case_is_planned_and_answered_as_recorded() {
    let mut wrong = Vec::new();
    let mut sizes = String::new();
    for folder in cases() {
        let case = Case::read(&folder).unwrap();
        let world = case.world().unwrap_or_else(|error| panic!("{}:\n{error}", folder.display()));
        let operation = world.operation(&case.operation, &case.variables);
        let operation = operation.unwrap_or_else(|error| panic!("{}:\n{error}", folder.display()));
        let answer = world.answer(&operation).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let body = std::str::from_utf8(&answer.body).unwrap();
        wrong.extend(differs(&folder.join("plan.txt"), &answer.plan.to_string()));
        wrong.extend(differs(&folder.join("response.json"), &without_ids(body)));
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        sizes.push_str(&format!(
            "{name}: fetches {}, depth {}\n",
            answer.plan.fetches.len(),
            answer.plan.depth()
        ));
        match check(&world, &case.operation, &case.variables) {
            Outcome::Holds => {}
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    wrong.extend(differs(&tests().join("plan_sizes.txt"), &sizes));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
