//! `schema/allowed-changes.yaml`: breaking changes that are wanted, each with its reason.
//!
//! ```yaml
//! allowed:
//!   - change: FIELD_REMOVED@Event.legacyId
//!     reason: the last client that asked for it was switched off in October
//! ```
//!
//! `--allow CODE@coordinate --reason WHY` writes such an entry.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use composition::diff::{Change, ChangeCode};
use serde::Deserialize;

use crate::failure::{Context, Failure, Result};

/// Where the file is.
pub(super) const FILE: &str = "schema/allowed-changes.yaml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    allowed: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    change: String,
    #[serde(default)]
    reason: String,
}

/// The changes that are wanted.
#[derive(Debug, Default)]
pub(super) struct Allowed(Vec<Allowance>);

#[derive(Debug)]
struct Allowance {
    code: ChangeCode,
    coordinate: String,
    reason: String,
}

impl Allowed {
    /// What the file at `path` allows; without a file, nothing.
    pub(super) fn read(path: &Path) -> Result<Self> {
        if path.exists() { Self::parse(&text(path)?) } else { Ok(Self::default()) }
    }

    /// Reads the file, or says everything that is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let document: Document =
            serde_saphyr::from_str(text).map_err(|error| Failure::new(format!("{FILE}: {error}")))?;
        let mut errors = Vec::new();
        let mut seen = BTreeSet::new();
        let mut allowed = Vec::new();
        for entry in document.allowed {
            if !seen.insert(entry.change.clone()) {
                errors.push(format!("{}: allowed twice", entry.change));
            }
            match allowance(&entry) {
                Ok(allowance) => allowed.push(allowance),
                Err(error) => errors.push(format!("{}: {error}", entry.change)),
            }
        }
        if errors.is_empty() {
            Ok(Self(allowed))
        } else {
            Err(Failure::new(format!("{FILE}:\n  {}", errors.join("\n  "))))
        }
    }

    /// Why the change is wanted, if it is.
    pub(super) fn reason(&self, change: &Change) -> Option<&str> {
        self.0.iter().find(|allowance| allowance.is_for(change)).map(|allowance| allowance.reason.as_str())
    }

    /// The entries that are about none of the changes.
    pub(super) fn idle<'a>(&'a self, changes: &'a [Change]) -> impl Iterator<Item = String> + 'a {
        let idle = self.0.iter().filter(|allowance| !changes.iter().any(|change| allowance.is_for(change)));
        idle.map(|allowance| format!("{}@{}", allowance.code, allowance.coordinate))
    }
}

impl Allowance {
    fn is_for(&self, change: &Change) -> bool {
        self.code == change.code && self.coordinate == change.coordinate
    }
}

fn allowance(entry: &Entry) -> Result<Allowance, String> {
    let (word, coordinate) = entry.change.split_once('@').ok_or("expected CODE@coordinate")?;
    let code = ChangeCode::from_word(word).ok_or_else(|| format!("there is no change called {word}"))?;
    if coordinate.is_empty() {
        return Err("expected CODE@coordinate".to_owned());
    }
    match entry.reason.trim() {
        "" => Err("needs a reason".to_owned()),
        reason => Ok(Allowance { code, coordinate: coordinate.to_owned(), reason: reason.to_owned() }),
    }
}

/// Enters changes into the file at `path`, all or none, and leaves what else is in it, comments included, as it is.
pub(super) fn allow(path: &Path, changes: &[String], reason: &str) -> Result<()> {
    let before = if path.exists() { text(path)? } else { String::new() };
    let after = with_entries(&before, changes, reason)?;
    fs::write(path, after).context(FILE)
}

fn with_entries(before: &str, changes: &[String], reason: &str) -> Result<String> {
    // An empty list is written as `allowed: []`, to which nothing can be added line by line.
    let open = before.trim_end().trim_end_matches("[]").trim_end();
    let mut after = if open.lines().any(|line| line.starts_with("allowed:")) {
        format!("{open}\n")
    } else {
        format!("{before}allowed:\n")
    };
    for change in changes {
        // A JSON string is a YAML string, whatever is in it.
        after.push_str(&format!("  - change: {}\n    reason: {}\n", quoted(change)?, quoted(reason)?));
    }
    Allowed::parse(&after)?;
    Ok(after)
}

fn quoted(text: &str) -> Result<String> {
    serde_json::to_string(text).context(FILE)
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).context(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_entered_beside_what_is_there() {
        let (first, second) = ("FIELD_REMOVED@Event.old".to_owned(), "DIRECTIVE_REMOVED@@live".to_owned());
        let once =
            with_entries("# why\nallowed: []\n", std::slice::from_ref(&first), "said: \"gone\"").unwrap();
        assert!(once.starts_with("# why\nallowed:\n  - change: "), "{once}");
        for text in [once.as_str(), "allowed:\n  - { change: FIELD_REMOVED@A.b, reason: r }"] {
            let twice = with_entries(text, std::slice::from_ref(&second), "r").unwrap();
            assert_eq!(Allowed::parse(&twice).unwrap().0.len(), 2, "{twice}");
        }
        assert_eq!(
            Allowed::parse(&with_entries("", &[first.clone(), second], "r").unwrap()).unwrap().0.len(),
            2
        );
        for (change, reason) in [(first.as_str(), "r"), ("FIELD_LOST@A.b", "r"), ("FIELD_REMOVED@A.b", " ")] {
            assert!(with_entries(&once, &[change.to_owned()], reason).is_err(), "{change} {reason}");
        }
    }

    #[test]
    fn everything_that_is_wrong_with_the_file_is_said() {
        let text = "allowed:
  - { change: FIELD_REMOVED@Event.old, reason: nobody asks }
  - { change: FIELD_REMOVED@Event.old, reason: nobody asks }
  - { change: FIELD_REMOVED@Event.other }
  - { change: FIELD_LOST@Event.other, reason: r }
  - { change: Event.other, reason: r }
";
        let words = Allowed::parse(text).unwrap_err().to_string();
        for word in [
            "Event.old: allowed twice",
            "Event.other: needs a reason",
            "no change called FIELD_LOST",
            "expected CODE@coordinate",
        ] {
            assert!(words.contains(word), "{word}\n{words}");
        }
        assert!(Allowed::parse("allow: []").is_err(), "an unknown key");
    }

    #[test]
    fn a_directive_has_an_at_sign_of_its_own() {
        let allowed = Allowed::parse("allowed: [{ change: DIRECTIVE_REMOVED@@live, reason: r }]").unwrap();
        assert_eq!(allowed.idle(&[]).collect::<Vec<_>>(), ["DIRECTIVE_REMOVED@@live"]);
    }

    #[test]
    fn the_committed_file_can_be_read() {
        let text = std::fs::read_to_string(crate::workspace::root().join(FILE)).unwrap();
        Allowed::parse(&text).unwrap();
    }
}
