//! Every folder of `tests/contracts` is a case: its `*.graphql` files are subgraphs, `contract.txt` names the tags to
//! include and exclude, and either `api.graphql` or `errors.txt` is what the contract shows.
//!
//! `UPDATE_CASES=1` writes what it shows now; read the difference before committing it.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use composition::{Composition, SubgraphInput, compose, contract};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts");
    let mut cases: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn composed(case: &Path) -> Composition {
    let files = fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
    let subgraphs = files.filter(|path| {
        path.extension().is_some_and(|extension| extension == "graphql") && !path.ends_with("api.graphql")
    });
    let inputs: Vec<SubgraphInput> = subgraphs
        .map(|path| SubgraphInput {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            url: String::new(),
            sdl: fs::read_to_string(&path).unwrap(),
            source: None,
        })
        .collect();
    compose(&inputs).unwrap()
}

/// The tags of the line that starts with `word`.
fn tags(case: &Path, word: &str) -> Vec<String> {
    let text = fs::read_to_string(case.join("contract.txt")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// What a case's files should be.
fn outcome(case: &Path) -> BTreeMap<&'static str, String> {
    match contract(&composed(case), &tags(case, "include"), &tags(case, "exclude")) {
        Ok(contract) => BTreeMap::from([("api.graphql", contract.api_sdl)]),
        Err(errors) => {
            let text = errors.0.iter().map(|error| format!("{error}\n")).collect();
            BTreeMap::from([("errors.txt", text)])
        }
    }
}

#[test]
fn every_contract_shows_what_is_recorded() {
    let update = std::env::vars().any(|(name, _)| name == "UPDATE_CASES");
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = outcome(&case);
        for file in ["api.graphql", "errors.txt"] {
            let path = case.join(file);
            let recorded = fs::read_to_string(&path).ok();
            if recorded.as_ref() == expected.get(file) {
                continue;
            }
            match expected.get(file) {
                Some(text) if update => fs::write(&path, text).unwrap(),
                None if update => fs::remove_file(&path).unwrap(),
                now => wrong.push(format!("{}:\n{}", path.display(), now.cloned().unwrap_or_default())),
            }
        }
    }
    assert!(wrong.is_empty(), "{} files differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_contract_without_tags_shows_everything() {
    for case in cases() {
        let composition = composed(&case);
        assert_eq!(
            contract(&composition, &[], &[]).unwrap().api_sdl,
            composition.api_sdl,
            "{}",
            case.display()
        );
    }
}

#[test]
fn a_contract_of_a_contract_is_the_same_contract() {
    for case in cases() {
        let (include, exclude) = (tags(&case, "include"), tags(&case, "exclude"));
        let Ok(once) = contract(&composed(&case), &include, &exclude) else { continue };
        assert_eq!(contract(&once, &include, &exclude).unwrap(), once, "{}", case.display());
    }
}
