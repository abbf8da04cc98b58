//! The ledger of use: which client used which coordinate, and when last. What nobody uses can be removed without breaking anybody.
//!
//! One JSON object a line; empty lines mean nothing. A line a coordinate and client:
//!
//! ```json
//! {"coordinate":"Event.title","client":"web","lastSeen":"2026-11-20"}
//! ```
//!
//! `coordinate` is a schema coordinate of the API: a field (`Event.title`) that an operation selects, an argument (`Query.event(id:)`) or input
//! field (`CreateBookingInput.quantity`) that it gives, an enum value (`EventStatus.SCHEDULED`) that it sends, a type (`Event`) that it names, a
//! directive (`@live`) that it carries. `client` is the name by which the router knows the client, `lastSeen` a day in UTC.
//! A type is used when anything of it is. An enum value that is only answered counts as unused: without it no operation becomes invalid.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use composition::diff::Change;
use serde::Deserialize;

use crate::failure::{Failure, Result};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Line {
    coordinate: String,
    client: String,
    last_seen: NaiveDate,
}

/// Who used what.
#[derive(Debug)]
pub(super) struct Ledger(BTreeMap<String, Use>);

/// The last use of a coordinate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) day: NaiveDate,
    pub(super) client: String,
}

impl Ledger {
    /// Reads a ledger; uses before `since` do not count. One without a line is refused: it would call everything unused.
    pub(super) fn parse(text: &str, since: Option<NaiveDate>) -> Result<Self> {
        let mut errors = Vec::new();
        let mut lines = 0;
        let mut uses: BTreeMap<String, Use> = BTreeMap::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            lines += 1;
            match serde_json::from_str::<Line>(line) {
                Ok(line) if since.is_some_and(|since| line.last_seen < since) => {}
                Ok(line) => record(&mut uses, line),
                Err(error) => errors.push(format!("line {}: {error}", number + 1)),
            }
        }
        if lines == 0 {
            errors.push("no use is recorded: that would make everything unused".to_owned());
        }
        if errors.is_empty() { Ok(Self(uses)) } else { Err(Failure::new(errors.join("\n  "))) }
    }

    /// The last use of what the change removes.
    pub(super) fn last_use(&self, change: &Change) -> Option<&Use> {
        let coordinate = change.coordinate.as_str();
        let is_part = |used: &str| {
            used.strip_prefix(coordinate)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('('))
        };
        let uses = self.0.iter().filter(|(used, _)| is_part(used));
        uses.map(|(_, last)| last).max_by_key(|last| last.day)
    }
}

fn record(uses: &mut BTreeMap<String, Use>, line: Line) {
    let new = Use { day: line.last_seen, client: line.client };
    let last = uses.entry(line.coordinate).or_insert_with(|| new.clone());
    if last.day < new.day {
        *last = new;
    }
}

#[cfg(test)]
mod tests {
    use composition::diff::{ChangeCode, Criticality, Whom};

    use super::*;

    const LEDGER: &str = r#"
{"coordinate":"Event.title","client":"web","lastSeen":"2026-11-02"}
{"coordinate":"Event.title","client":"app","lastSeen":"2026-11-20"}
{"coordinate":"Query.event(id:)","client":"web","lastSeen":"2026-11-20"}
"#;

    fn removal(coordinate: &str) -> Change {
        Change {
            code: ChangeCode::FieldRemoved,
            coordinate: coordinate.to_owned(),
            criticality: Criticality::Breaking,
            whom: Whom::Clients,
            message: String::new(),
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    fn last_client(since: Option<&str>, coordinate: &str) -> Option<String> {
        let since = since.map(|day| day.parse().unwrap());
        let ledger = Ledger::parse(LEDGER, since).unwrap();
        ledger.last_use(&removal(coordinate)).map(|last| last.client.clone())
    }

    #[test]
    fn a_coordinate_is_used_when_it_or_a_part_of_it_is() {
        for (coordinate, client) in [
            ("Event.title", Some("app")),
            ("Event", Some("app")),
            ("Query.event", Some("web")),
            ("Event.titles", None),
            ("Event.tit", None),
            ("Even", None),
        ] {
            assert_eq!(last_client(None, coordinate).as_deref(), client, "{coordinate}");
        }
    }

    #[test]
    fn what_was_used_long_ago_is_unused() {
        assert_eq!(last_client(Some("2026-11-20"), "Event.title").as_deref(), Some("app"));
        assert_eq!(last_client(Some("2026-11-21"), "Event.title"), None);
    }

    #[test]
    fn a_ledger_that_says_nothing_or_nonsense_is_refused() {
        for text in
            ["", "\n\n", r#"{"coordinate":"Event"}"#, r#"{"coordinate":"E","client":"c","lastSeen":"today"}"#]
        {
            assert!(Ledger::parse(text, None).is_err(), "{text}");
        }
    }
}
