//! The rules of the door: what a scan comes to, and which of several counts.

use chrono::{DateTime, Utc};
use entities::ticket::status::AdmissionStatus;
use entities::ticket::tickets;

/// The longest name of a gate, in bytes: as much as its column takes.
const LONGEST_GATE: usize = 64;

/// The name of a gate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gate(String);

impl Gate {
    /// Reads a name; `None` when it is empty, longer than 64 bytes, or not printable.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let name = name.trim();
        let good = !name.is_empty() && name.len() <= LONGEST_GATE && !name.chars().any(char::is_control);
        good.then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where and when a ticket was held out. Of two, the lesser is the earlier; at the same moment the gates' names decide, so
/// that every replica settles alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scan {
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    pub gate: String,
}

impl Scan {
    /// The scan that a row counts as its use.
    #[must_use]
    pub fn first_of(row: &tickets::Model) -> Option<Self> {
        Some(Self { at: row.used_at?, gate: row.used_gate.clone().unwrap_or_default() })
    }
}

/// What a scan comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the first, and lets its holder in.
    Admitted,
    /// Somebody was let in with this ticket before.
    AlreadyUsed,
    /// The sale was taken back.
    Voided,
    /// The ticket is for another event than the one at this door.
    OtherEvent,
    /// No ticket has this code.
    Unknown,
    /// It looks like a code of ours, but none of our keys signed it.
    Forged,
    /// The scan's time has not come: the clock of the gate is wrong.
    InFuture,
}

impl Outcome {
    /// What `scan` is to the ticket `row` once everything that is known has been settled.
    #[must_use]
    pub fn of(scan: &Scan, row: &tickets::Model) -> Self {
        match row.status.scan() {
            Err(_) => Self::Voided,
            Ok(_) if Scan::first_of(row).as_ref() == Some(scan) => Self::Admitted,
            Ok(_) => Self::AlreadyUsed,
        }
    }
}

/// The scan that becomes the use of `row`; `None` when it stays what it is.
#[must_use]
pub fn settle<'s>(row: &tickets::Model, scans: impl IntoIterator<Item = &'s Scan>) -> Option<&'s Scan> {
    let earliest = scans.into_iter().min()?;
    match row.status {
        AdmissionStatus::Void => None,
        AdmissionStatus::Valid => Some(earliest),
        AdmissionStatus::Used => {
            Scan::first_of(row).is_none_or(|first| *earliest < first).then_some(earliest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entities::ids::{BookingId, EventId, TicketTypeId, UserId};

    fn scan(at: i64, gate: &str) -> Scan {
        Scan { at: DateTime::from_timestamp(at, 0).unwrap(), gate: gate.to_owned() }
    }

    fn row(status: AdmissionStatus, first: Option<&Scan>) -> tickets::Model {
        tickets::Model {
            booking_id: BookingId::new(),
            seq: 1,
            event_id: EventId::new(),
            ticket_type_id: TicketTypeId::new(),
            user_id: UserId::new(),
            code: String::new(),
            status,
            created_at: DateTime::UNIX_EPOCH,
            used_at: first.map(|first| first.at),
            used_gate: first.map(|first| first.gate.clone()),
            voided_at: None,
        }
    }

    #[test]
    fn the_earliest_scan_counts_and_at_one_moment_the_first_gate() {
        let (a, b, late) = (scan(5, "a"), scan(5, "b"), scan(9, "a"));
        let table = [
            (row(AdmissionStatus::Valid, None), Some(&a)),
            (row(AdmissionStatus::Used, Some(&late)), Some(&a)),
            (row(AdmissionStatus::Used, Some(&b)), Some(&a)),
            (row(AdmissionStatus::Used, Some(&a)), None),
            (row(AdmissionStatus::Used, Some(&scan(1, "z"))), None),
            (row(AdmissionStatus::Void, None), None),
        ];
        for (row, settled) in table {
            assert_eq!(settle(&row, [&late, &b, &a]), settled, "{row:?}");
        }
        assert_eq!(settle(&row(AdmissionStatus::Valid, None), []), None);
    }

    #[test]
    fn a_scan_is_judged_by_what_was_settled() {
        let (first, second) = (scan(5, "a"), scan(6, "b"));
        let used = row(AdmissionStatus::Used, Some(&first));
        assert_eq!(Outcome::of(&first, &used), Outcome::Admitted);
        assert_eq!(Outcome::of(&second, &used), Outcome::AlreadyUsed);
        assert_eq!(Outcome::of(&first, &row(AdmissionStatus::Void, Some(&first))), Outcome::Voided);
    }

    #[test]
    fn a_gate_has_a_name_that_can_be_read() {
        assert_eq!(Gate::new(" North 2 ").unwrap().as_str(), "North 2");
        for bad in ["", "  ", "a\nb", &"x".repeat(65)] {
            assert_eq!(Gate::new(bad), None, "{bad:?}");
        }
    }
}
