//! Scans at the door, and what came of them.

use async_graphql::{Enum, ID, InputObject, Object, SimpleObject};
use chrono::SubsecRound;
use subgraph::error::Error;
use subgraph::ids::given;
use subgraph::scalars::DateTime;

use super::ticket::Ticket;
use crate::domain::admission::{Gate, Outcome, Scan as Row};
use crate::tickets::{OfflineScan, Verdict};

/// What a scan comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Outcome")]
pub(super) enum CheckInOutcome {
    /// The first scan of the ticket: let them in.
    Admitted,
    /// Somebody came in with this ticket before: `first` says when and where.
    AlreadyUsed,
    /// The sale was taken back.
    Voided,
    /// The ticket is for another event than the one at this door.
    OtherEvent,
    /// No ticket has this code.
    Unknown,
    /// It looks like a code of ours, but none of our keys signed it.
    Forged,
    /// `scannedAt` has not come yet: set the clock of the gate. Nothing was kept of it.
    InFuture,
}

/// A ticket held out at a gate.
#[derive(Debug, SimpleObject)]
pub(super) struct Scan {
    gate: String,
    scanned_at: DateTime,
}

impl From<Row> for Scan {
    fn from(scan: Row) -> Self {
        Self { gate: scan.gate, scanned_at: scan.at }
    }
}

/// What came of a scan.
pub(super) struct CheckIn(pub(super) Verdict);

#[Object]
impl CheckIn {
    async fn outcome(&self) -> CheckInOutcome {
        self.0.outcome.into()
    }

    /// The ticket, when there is one.
    async fn ticket(&self) -> Option<Ticket> {
        self.0.ticket.clone().map(Ticket::from)
    }

    /// The scan that counts as the use of the ticket: the earliest that is known.
    async fn first(&self) -> Option<Scan> {
        self.0.ticket.as_ref().and_then(Row::first_of).map(Scan::from)
    }

    /// In an upload: all other scans that let somebody in with this ticket, earliest first. Not empty means that more people
    /// came in than paid.
    async fn conflicts(&self) -> Vec<Scan> {
        self.0.conflicts.iter().cloned().map(Scan::from).collect()
    }
}

/// A scan that a gate made while it could not ask.
#[derive(Debug, InputObject)]
pub(super) struct ScanInput {
    code: String,
    gate: String,
    scanned_at: DateTime,
    /// The event at this door, when the gate knows it.
    event_id: Option<ID>,
}

impl TryFrom<ScanInput> for OfflineScan {
    type Error = Error;

    fn try_from(input: ScanInput) -> Result<Self, Error> {
        let gate = gate_named(&input.gate)?.as_str().to_owned();
        // No database keeps more, and a scan that is told again must be the same.
        let at = input.scanned_at.trunc_subsecs(6);
        let event_id = input.event_id.map(|id| given(&id, "eventId")).transpose()?;
        Ok(Self { code: input.code, scan: Row { at, gate }, event_id })
    }
}

pub(super) fn gate_named(name: &str) -> Result<Gate, Error> {
    Gate::new(name).ok_or_else(|| Error::bad_input("gate", "A gate has a name of 1 to 64 bytes"))
}
