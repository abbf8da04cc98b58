//! Programs and tests share one build: no dependency of tests may turn on a feature of a library that programs link.
//!
//! Cargo leaves the features that only tests need out of a plain build. The library is then built twice, with
//! everything that depends on it; half of the graph, when it is a small library far down.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use crate::failure::{Context, Failure, Result};
use crate::workspace::Workspace;

/// Each library (`name vVersion`) with the sets of features that it is built with: one for the machine that builds, one
/// for the machine that runs.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Every library that tests need with other features than programs.
///
/// # Errors
/// When `cargo tree` fails.
pub fn findings(workspace: &Workspace, platform: &str) -> Result<Vec<String>> {
    let programs = of(workspace, platform, "normal")?;
    let tests = of(workspace, platform, "normal,dev")?;
    Ok(compare(&programs, &tests))
}

fn of(workspace: &Workspace, platform: &str, edges: &str) -> Result<Features> {
    let mut tree = workspace.cargo(&["tree", "--workspace", "--prefix", "none", "--format", "{p} {f}"]);
    tree.args(["--target", platform, "--edges", edges]).stderr(Stdio::inherit());
    let output = tree.output().context("cargo tree")?;
    if !output.status.success() {
        return Err(Failure::new("cargo tree failed"));
    }
    Ok(parse(&String::from_utf8(output.stdout).context("cargo tree")?))
}

/// Lines of `name vVersion features`, the last with commas; `(*)` marks what was printed before.
fn parse(tree: &str) -> Features {
    let mut found = Features::new();
    for line in tree.lines() {
        let mut words = line.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        let features = words.next().filter(|word| !word.starts_with('(')).unwrap_or_default();
        found.entry(format!("{name} {version}")).or_default().insert(features.to_owned());
    }
    found
}

fn compare(programs: &Features, tests: &Features) -> Vec<String> {
    programs
        .iter()
        .filter_map(|(library, built)| {
            let again = tests.get(library)?.difference(built).next()?;
            Some(format!(
                "{library} is built twice, the second time with the features {again} that only tests ask for: add them \
                 in xtask/features/Cargo.toml"
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAMS: &str =
        "either v1.0.0 std\neither v1.0.0 std (*)\nhouse v0.1.0 (/here)\nsyn v2.0.0 full\n";

    #[test]
    fn more_libraries_are_fine_more_features_are_not() {
        let more = parse(&format!("{PROGRAMS}criterion v0.8.0 default\n"));
        assert_eq!(compare(&parse(PROGRAMS), &more), [""; 0]);

        let other = parse(&PROGRAMS.replace("either v1.0.0 std", "either v1.0.0 default,std"));
        let findings = compare(&parse(PROGRAMS), &other);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].starts_with("either v1.0.0 is built twice"), "{findings:?}");
    }
}
