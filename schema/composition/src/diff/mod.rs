//! The difference of two graphs: what changed for clients, and what for the owners of the other subgraphs.
//!
//! It judges, it does not decide: what is allowed, and what nobody uses, is for the caller. Descriptions are not compared: no answer depends
//! on them. Read in this order: `graph` (what is compared), `clients` (types and directives of the API), `fields`, `inputs` (their parts),
//! `subgraphs` (keys, sharing, moves).

mod clients;
mod code;
mod fields;
mod graph;
mod inputs;
mod ownership;
mod places;
mod subgraphs;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::SourceLocation;

pub use code::{ChangeCode, Criticality, Whom};
pub use graph::Graph;

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What kind of change it is.
    pub code: ChangeCode,
    /// Schema coordinate of what changed: `Event.title`, `Query.event(id:)`, `EventStatus.SCHEDULED`, `@tag`. Members of unions and interfaces
    /// of types are written like fields, `SearchResult.Event`: the specification has no coordinate for them.
    pub coordinate: String,
    /// How bad it is.
    pub criticality: Criticality,
    /// Whom it concerns.
    pub whom: Whom,
    /// What happened, in words.
    pub message: String,
    /// Where it stood; for something new, where it would have.
    pub before: Vec<SourceLocation>,
    /// Where it stands; for something gone, where it would.
    pub after: Vec<SourceLocation>,
}

/// Everything in which `after` differs from `before`: the worst first, then by coordinate.
#[must_use]
pub fn diff(before: &Graph, after: &Graph) -> Vec<Change> {
    let mut differences = Differences { before, after, changes: Vec::new() };
    clients::compare(&mut differences);
    subgraphs::compare(&mut differences);
    let mut changes = differences.changes;
    changes.sort_by(|a, b| {
        (a.criticality, a.whom, &a.coordinate, a.code, &a.message).cmp(&(
            b.criticality,
            b.whom,
            &b.coordinate,
            b.code,
            &b.message,
        ))
    });
    changes
}

/// Both sides, and what was found so far.
struct Differences<'a> {
    before: &'a Graph,
    after: &'a Graph,
    changes: Vec<Change>,
}

impl Differences<'_> {
    /// Records a change that is as bad as its kind usually is.
    fn report(&mut self, code: ChangeCode, coordinate: impl Into<String>, message: String) {
        let coordinate = coordinate.into();
        let before = self.before.places.near(&coordinate);
        let after = self.after.places.near(&coordinate);
        let (before, after) = (same_subgraphs(before, after), same_subgraphs(after, before));
        let (criticality, whom) = (code.usually(), code.whom());
        self.changes.push(Change { code, coordinate, criticality, whom, message, before, after });
    }
}

/// Those of `places` that are in a subgraph of `others`, where there are any: `Query` stands in every subgraph, but the field that is gone
/// from it did not.
fn same_subgraphs(places: &[SourceLocation], others: &[SourceLocation]) -> Vec<SourceLocation> {
    let is_there = |place: &&SourceLocation| others.iter().any(|other| other.subgraph == place.subgraph);
    let common: Vec<SourceLocation> = places.iter().filter(is_there).cloned().collect();
    if common.is_empty() { places.to_vec() } else { common }
}
