//! Every folder of `tests/cases` is a case: its `*.graphql` files are subgraphs, and either
//! `supergraph.graphql` or `errors.txt` is what composing them gives; `hints.txt` where hints matter.
//!
//! `CASES=DIR` looks at another folder of cases; `UPDATE_CASES=1` writes what composition gives now; read the difference before committing it.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use apollo_compiler::Schema;
use composition::{Composition, CompositionErrors, ErrorCode, SubgraphInput, compose};

fn environment(variable: &str) -> Option<String> {
    std::env::vars().find(|(name, _)| name == variable).map(|(_, value)| value)
}

fn cases() -> Vec<PathBuf> {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let root = environment("CASES").map_or_else(own, PathBuf::from);
    let mut cases: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn subgraphs(case: &Path) -> Vec<SubgraphInput> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(case).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(name) = file.strip_suffix(".graphql").filter(|name| *name != "supergraph") else { continue };
        inputs.push(SubgraphInput {
            name: name.to_owned(),
            url: format!("http://{name}/graphql"),
            sdl: fs::read_to_string(&path).unwrap(),
            source: Some(file.clone()),
        });
    }
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    inputs
}

fn errors_text(errors: &CompositionErrors) -> String {
    let mut text = String::new();
    for error in &errors.0 {
        let _ = writeln!(text, "{}: {}", error.code, error.message);
        for place in &error.locations {
            let _ = writeln!(text, "  --> {}:{}:{}", place.file, place.line, place.column);
        }
    }
    text
}

fn hints_text(composition: &Composition) -> String {
    composition.hints.iter().fold(String::new(), |mut text, hint| {
        let _ = writeln!(text, "{}: {}", hint.code.as_str(), hint.message);
        text
    })
}

/// What a case's files should be.
fn outcome(result: &Result<Composition, CompositionErrors>) -> BTreeMap<&'static str, String> {
    match result {
        Ok(composition) => {
            let mut files = BTreeMap::from([("supergraph.graphql", composition.supergraph_sdl.clone())]);
            let hints = hints_text(composition);
            if !hints.is_empty() {
                files.insert("hints.txt", hints);
            }
            files
        }
        Err(errors) => BTreeMap::from([("errors.txt", errors_text(errors))]),
    }
}

#[test]
fn every_case_composes_as_recorded() {
    let update = environment("UPDATE_CASES").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = outcome(&compose(&subgraphs(&case)));
        for file in ["supergraph.graphql", "errors.txt", "hints.txt"] {
            let path = case.join(file);
            let recorded = fs::read_to_string(&path).ok();
            if recorded.as_ref() == expected.get(file) {
                continue;
            }
            match expected.get(file) {
                Some(text) if update => fs::write(&path, text).unwrap(),
                None if update => fs::remove_file(&path).unwrap(),
                now => wrong.push(format!(
                    "{}:\n--- recorded\n{}\n--- now\n{}",
                    path.display(),
                    recorded.unwrap_or_default(),
                    now.cloned().unwrap_or_default()
                )),
            }
        }
    }
    assert!(wrong.is_empty(), "{} files differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_order_of_subgraphs_changes_nothing() {
    for case in cases() {
        let mut inputs = subgraphs(&case);
        let expected = outcome(&compose(&inputs));
        inputs.rotate_left(1);
        assert_eq!(outcome(&compose(&inputs)), expected, "{}", case.display());
        inputs.reverse();
        assert_eq!(outcome(&compose(&inputs)), expected, "{}", case.display());
    }
}

#[test]
fn a_supergraph_printed_and_parsed_is_the_same() {
    for case in cases() {
        let Ok(composition) = compose(&subgraphs(&case)) else { continue };
        let parsed = Schema::parse_and_validate(&composition.supergraph_sdl, "supergraph.graphql").unwrap();
        let again = Schema::parse_and_validate(parsed.to_string(), "supergraph.graphql").unwrap();
        assert_eq!(parsed, again, "{}", case.display());
        Schema::parse_and_validate(&composition.api_sdl, "api.graphql").unwrap();
    }
}

/// Codes of errors that are about no place in any subgraph.
const WITHOUT_A_PLACE: [ErrorCode; 2] = [ErrorCode::InvalidSubgraphName, ErrorCode::NoQueries];

#[test]
fn every_error_code_has_a_case_that_says_where() {
    let recorded = cases().into_iter().filter_map(|case| fs::read_to_string(case.join("errors.txt")).ok());
    let recorded: Vec<String> = recorded.collect();
    let missing = ErrorCode::ALL.iter().filter(|code| {
        let start = format!("{code}: ");
        !recorded.iter().any(|text| {
            let mut lines = text.lines().skip_while(|line| !line.starts_with(&start));
            lines.next().is_some() && (WITHOUT_A_PLACE.contains(code) || says_where(lines))
        })
    });
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&ErrorCode>::new());
}

/// Whether a place comes before the next error does.
fn says_where<'a>(mut lines: impl Iterator<Item = &'a str>) -> bool {
    let codes = || ErrorCode::ALL.iter().map(|code| format!("{code}: "));
    let is_start = |line: &str| codes().any(|start| line.starts_with(&start));
    lines.find(|line| line.starts_with("  --> ") || is_start(line)).is_some_and(|line| !is_start(line))
}

#[test]
fn every_case_is_named_by_a_sentence() {
    for case in cases() {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.matches('_').count() >= 2, "{name} says too little");
    }
}
