//! `schema/allowed-changes.yaml`: breaking changes that are wanted, each with its reason.
//!
//! ```yaml
//! allowed:
//!   - change: FIELD_REMOVED@Event.legacyId
//!     reason: the last client that asked for it was switched off in October
//! ```

use std::collections::BTreeSet;

use composition::diff::{Change, ChangeCode};
use serde::Deserialize;

use crate::failure::{Failure, Result};

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

#[cfg(test)]
mod tests {
    use super::*;

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
