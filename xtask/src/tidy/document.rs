//! What ARCHITECTURE.md says: the table of who may import whom, the code map, the files it names.

use std::collections::BTreeSet;
use std::path::Path;

use crate::failure::{Failure, Result};

const TABLE: &str = "## Who may import whom";
const MAP: &str = "## Code map";

/// The parts of ARCHITECTURE.md that can be checked.
#[derive(Debug)]
pub struct Document {
    /// The rows of the table.
    pub rules: Vec<Rule>,
    map: String,
    paths: BTreeSet<String>,
}

/// One row of the table: what a crate may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The crate.
    pub name: String,
    /// The crates of the house that it may use.
    pub uses: BTreeSet<String>,
    /// Those that only its tests may use.
    pub in_tests: BTreeSet<String>,
    /// What must not be among its dependencies, however deep.
    pub never: BTreeSet<String>,
    /// No IO, no clock, no environment, no `async fn`.
    pub pure: bool,
}

impl Document {
    /// Reads the text.
    ///
    /// # Errors
    /// When the table or the code map is not there.
    pub fn parse(text: &str) -> Result<Self> {
        let rules: Vec<Rule> = section(text, TABLE)?.lines().filter_map(Rule::parse).collect();
        if rules.is_empty() {
            return Err(Failure::new(format!("ARCHITECTURE.md: no table under `{TABLE}`")));
        }
        Ok(Self { rules, map: section(text, MAP)?.to_owned(), paths: paths(text) })
    }

    /// Crates that the code map does not name.
    #[must_use]
    pub fn unmapped(&self, crates: &BTreeSet<String>) -> Vec<String> {
        crates
            .iter()
            .filter(|name| !self.map.contains(&format!("`{name}`")))
            .map(|name| format!("ARCHITECTURE.md: `{name}` is not in the code map"))
            .collect()
    }

    /// Files and folders that are named and do not exist.
    #[must_use]
    pub fn missing_files(&self, root: &Path) -> Vec<String> {
        self.paths
            .iter()
            .filter(|path| !root.join(path).exists())
            .map(|path| format!("ARCHITECTURE.md: {path} does not exist"))
            .collect()
    }
}

impl Rule {
    /// A row whose first cell names one crate in backticks; anything else is no rule.
    fn parse(line: &str) -> Option<Self> {
        let mut cells = line.trim().strip_prefix('|')?.split('|');
        let name = quoted(cells.next()?).into_iter().next()?.0;
        let (in_tests, uses): (Vec<_>, Vec<_>) = quoted(cells.next()?)
            .into_iter()
            .partition(|(_, after)| after.trim_start().starts_with("(tests)"));
        let never = cells.next().unwrap_or_default();
        let names = |list: Vec<(String, &str)>| list.into_iter().map(|(name, _)| name).collect();
        let pure = cells.next().is_some_and(|cell| cell.trim() == "pure");
        Some(Self { name, uses: names(uses), in_tests: names(in_tests), never: names(quoted(never)), pure })
    }
}

/// The words in backticks, each with the text that follows it.
fn quoted(text: &str) -> Vec<(String, &str)> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('`') {
        let Some((word, after)) = after.split_once('`') else { break };
        words.push((word.to_owned(), after));
        rest = after;
    }
    words
}

/// From a heading to the next one of its rank.
fn section<'a>(text: &'a str, heading: &str) -> Result<&'a str> {
    let start = text
        .find(&format!("\n{heading}\n"))
        .ok_or_else(|| Failure::new(format!("ARCHITECTURE.md: no heading `{heading}`")))?;
    let body = &text[start + heading.len() + 2..];
    Ok(body.find("\n## ").map_or(body, |end| &body[..end]))
}

/// Everything in backticks that is a path: it has a slash and no space or pattern in it.
fn paths(text: &str) -> BTreeSet<String> {
    let outside_blocks = text.split("```").step_by(2);
    outside_blocks
        .flat_map(|part| part.lines())
        .flat_map(quoted)
        .map(|(word, _)| word)
        .filter(|word| is_path(word))
        .map(|word| word.split("::").next().unwrap_or_default().to_owned())
        .collect()
}

fn is_path(word: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-:".contains(character);
    let (first, rest) = word.split_once('/').unwrap_or((word, ""));
    word.chars().all(plain)
        && !first.is_empty()
        && !first.contains(':')
        && (!rest.is_empty() || word.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A\n\n## Code map\n\n`one` does, see `src/lib.rs::run`.\n\n## Who may import whom\n\n| crate | uses | never | kind |\n|---|---|---|---|\n| `one` | – | `tokio` | pure |\n| `two` | `one`, `three` (tests) | | |\n\n## Rest\n\n`/graphql` `http://x/y` `a b/c` `gone/file.rs`\n";

    #[test]
    fn the_table_becomes_rules() {
        let document = Document::parse(TEXT).unwrap();
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(
            document.rules,
            [
                Rule { name: "one".to_owned(), never: set(&["tokio"]), pure: true, ..Rule::default() },
                Rule {
                    name: "two".to_owned(),
                    uses: set(&["one"]),
                    in_tests: set(&["three"]),
                    ..Rule::default()
                },
            ]
        );
    }

    #[test]
    fn a_crate_outside_the_map_and_a_file_that_is_gone_are_found() {
        let document = Document::parse(TEXT).unwrap();
        let crates = ["one", "two"].map(str::to_owned).into();
        assert_eq!(document.unmapped(&crates), ["ARCHITECTURE.md: `two` is not in the code map"]);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(document.missing_files(root), ["ARCHITECTURE.md: gone/file.rs does not exist"]);
    }

    #[test]
    fn a_document_without_its_table_is_refused() {
        assert!(Document::parse("# A\n\n## Code map\n\nx\n").is_err());
    }
}
