//! Who imports whom, as cargo sees it, held against the table.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::document::Rule;
use crate::failure::{Context, Result};

/// The crates of the workspace and what they depend on.
#[derive(Debug, Default)]
pub struct Crates(BTreeMap<String, Crate>);

/// One crate.
#[derive(Debug, Default)]
pub struct Crate {
    /// Its folder.
    pub folder: std::path::PathBuf,
    /// Crates of the house that its code uses.
    uses: BTreeSet<String>,
    /// Crates of the house that its tests use.
    in_tests: BTreeSet<String>,
    /// Everything that its code links, however deep.
    links: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: std::path::PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

impl Crates {
    /// Reads `cargo metadata`.
    ///
    /// # Errors
    /// When it is not what cargo prints.
    pub fn from_metadata(metadata: &Value) -> Result<Self> {
        let metadata = Metadata::deserialize(metadata).context("cargo metadata")?;
        let names: BTreeMap<&str, &str> =
            metadata.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let edges: BTreeMap<&str, &[Edge]> =
            metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node.deps.as_slice())).collect();
        let members =
            metadata.packages.iter().filter(|package| metadata.workspace_members.contains(&package.id));
        Ok(Self(
            members
                .map(|package| {
                    let mut found = Crate::of(package);
                    found.links = linked(&package.id, &edges)
                        .into_iter()
                        .filter_map(|id| names.get(id).map(|name| (*name).to_owned()))
                        .collect();
                    (package.name.clone(), found)
                })
                .collect(),
        ))
    }

    /// All names.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// All crates with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Crate)> {
        self.0.iter().map(|(name, found)| (name.as_str(), found))
    }
}

impl Crate {
    fn of(package: &Package) -> Self {
        let of_the_house = |tests: bool| {
            package
                .dependencies
                .iter()
                .filter(|dependency| dependency.path.is_some())
                .filter(|dependency| (dependency.kind.as_deref() == Some("dev")) == tests)
                .map(|dependency| dependency.name.clone())
                .collect()
        };
        Self {
            folder: package.manifest_path.parent().map(std::path::Path::to_path_buf).unwrap_or_default(),
            uses: of_the_house(false),
            in_tests: of_the_house(true),
            links: BTreeSet::new(),
        }
    }
}

fn linked<'a>(start: &'a str, edges: &BTreeMap<&'a str, &'a [Edge]>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(package) = open.pop() {
        for edge in edges.get(package).copied().unwrap_or_default() {
            let is_linked = edge.dep_kinds.iter().any(|edge| edge.kind.is_none());
            if is_linked && found.insert(edge.pkg.as_str()) {
                open.push(&edge.pkg);
            }
        }
    }
    found
}

/// Everything in which the crates differ from the table.
#[must_use]
pub fn compare(rules: &[Rule], crates: &Crates) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, found) in crates.iter() {
        match rules.iter().find(|rule| rule.name == name) {
            Some(rule) => findings.extend(against(rule, found)),
            None => findings
                .push(format!("ARCHITECTURE.md: `{name}` has no row in the table of who may import whom")),
        }
    }
    let gone = rules.iter().filter(|rule| !crates.0.contains_key(&rule.name));
    findings.extend(
        gone.map(|rule| format!("ARCHITECTURE.md: the table names `{}`, which is no crate", rule.name)),
    );
    findings
}

fn against(rule: &Rule, found: &Crate) -> Vec<String> {
    let name = &rule.name;
    let uses = found
        .uses
        .difference(&rule.uses)
        .map(|other| format!("{name} uses {other}: the table in ARCHITECTURE.md does not allow it"));
    let in_tests = found
        .in_tests
        .iter()
        .filter(|other| !rule.uses.contains(*other) && !rule.in_tests.contains(*other))
        .map(|other| {
            format!("the tests of {name} use {other}: the table in ARCHITECTURE.md does not allow it")
        });
    let idle = rule.uses.difference(&found.uses).map(|other| {
        format!("ARCHITECTURE.md: the table lets {name} use {other}, which it does not: take it out")
    });
    let links = rule.never.intersection(&found.links).map(|other| {
        format!("{name} links {other}, which the table in ARCHITECTURE.md forbids (`cargo tree -p {name} -i {other}`)")
    });
    uses.chain(in_tests).chain(idle).chain(links).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn rule() -> Rule {
        Rule {
            name: "router".to_owned(),
            uses: set(&["planner"]),
            in_tests: set(&["executor"]),
            never: set(&["sea-orm"]),
            pure: false,
        }
    }

    fn crates(uses: &[&str], in_tests: &[&str], links: &[&str]) -> Crates {
        let found = Crate { uses: set(uses), in_tests: set(in_tests), links: set(links), ..Crate::default() };
        Crates(BTreeMap::from([("router".to_owned(), found)]))
    }

    #[test]
    fn what_the_table_says_is_fine() {
        assert_eq!(compare(&[rule()], &crates(&["planner"], &["executor"], &["tokio"])), [""; 0]);
    }

    #[test]
    fn each_way_to_break_the_table_is_found() {
        for (crates, word) in [
            (crates(&["planner", "entities"], &[], &[]), "router uses entities"),
            (crates(&["planner"], &["entities"], &[]), "tests of router use entities"),
            (crates(&[], &[], &[]), "router use planner, which it does not"),
            (crates(&["planner"], &[], &["sea-orm"]), "router links sea-orm"),
        ] {
            let findings = compare(&[rule()], &crates);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert!(findings[0].contains(word), "{findings:?}");
        }
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_are_found() {
        assert_eq!(compare(&[], &crates(&[], &[], &[])).len(), 1);
        assert_eq!(compare(&[rule()], &Crates::default()).len(), 1);
    }

    #[test]
    fn tests_and_build_scripts_are_not_linked() {
        let edge = |pkg: &str, kind: Option<&str>| Edge {
            pkg: pkg.to_owned(),
            dep_kinds: vec![EdgeKind { kind: kind.map(str::to_owned) }],
        };
        let of_a = [edge("b", None), edge("c", Some("dev")), edge("d", Some("build"))];
        let of_b = [edge("e", None)];
        let edges = BTreeMap::from([("a", of_a.as_slice()), ("b", of_b.as_slice())]);
        assert_eq!(linked("a", &edges), BTreeSet::from(["b", "e"]));
    }
}
