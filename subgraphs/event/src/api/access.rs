//! Who may call what: one row for each root field. A test fails when one is missing, and tries every row as everybody.

use subgraph::access::{Rule, Who};

/// The access table of the event subgraph.
pub const ACCESS: &[Rule] = &[
    Rule { field: "Query.events", who: Who::Anyone, probe: "{ events(limit: 1) { id } }" },
    Rule {
        field: "Query.event",
        who: Who::Anyone,
        probe: r#"{ event(id: "00000000-0000-7000-8000-000000000000") { id } }"#,
    },
    Rule { field: "Query.eventsByVenue", who: Who::Anyone, probe: "{ eventsByVenue(venueId: 1) { id } }" },
    Rule { field: "Query.eventAudit", who: Who::Admin, probe: "{ eventAudit(limit: 1) { id } }" },
    Rule {
        field: "Mutation.createEvent",
        who: Who::Admin,
        probe: r#"mutation { createEvent(title: "", venueId: 1, roomId: 101, startTime: "", endTime: "") { event { id } } }"#,
    },
    Rule {
        field: "Mutation.updateEvent",
        who: Who::Admin,
        probe: r#"mutation { updateEvent(id: "00000000-0000-7000-8000-000000000000") { event { id } } }"#,
    },
    Rule {
        field: "Mutation.cancelEvent",
        who: Who::Admin,
        probe: r#"mutation { cancelEvent(id: "00000000-0000-7000-8000-000000000000") { event { id } } }"#,
    },
    Rule {
        field: "Mutation.blockSchedule",
        who: Who::Admin,
        probe: r#"mutation { blockSchedule(input: { roomId: -1, startTime: "", endTime: "" }) { success } }"#,
    },
];
