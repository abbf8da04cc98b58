//! Who may call each root field. A test holds this table against the schema, and calls every row as everybody.

use service::identity::ServiceName;
use subgraph::access::{Rule, Who};

const BOOKING: Who = Who::Service(&[ServiceName::Booking]);
const EVENT: Who = Who::Service(&[ServiceName::Event]);

/// The table.
pub const RULES: &[Rule] = &[
    Rule {
        field: "Query.ticketTypesByEvent",
        who: Who::Anyone,
        probe: r#"{ ticketTypesByEvent(eventId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { id } }"#,
    },
    Rule {
        field: "Query.ticketType",
        who: Who::Anyone,
        probe: r#"{ ticketType(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { id } }"#,
    },
    Rule {
        field: "Query.vouchers",
        who: Who::Admin,
        probe: r#"{ vouchers(eventId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { id } }"#,
    },
    Rule { field: "Query.ticket", who: Who::User, probe: r#"{ ticket(code: "nobody's") { id } }"# },
    Rule { field: "Query.myTickets", who: Who::User, probe: "{ myTickets { id } }" },
    Rule { field: "Query.myWaitingList", who: Who::User, probe: "{ myWaitingList { id } }" },
    Rule {
        field: "Query.ticketsAhead",
        who: Who::Service(&[ServiceName::User]),
        probe: r#"{ ticketsAhead(userId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") }"#,
    },
    Rule { field: "Query.ticketAudit", who: Who::Admin, probe: "{ ticketAudit(limit: 1) { id } }" },
    Rule {
        field: "Query.heldBooking",
        who: BOOKING,
        probe: r#"{ heldBooking(bookingId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { status } }"#,
    },
    Rule {
        field: "Subscription.ticketTypeChanged",
        who: Who::Anyone,
        probe: r#"subscription { ticketTypeChanged(eventId: "of no event, so it ends at once") { id } }"#,
    },
    Rule {
        field: "Mutation.createTicketType",
        who: Who::Admin,
        probe: r#"mutation { createTicketType(input: {
            eventId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab", name: VIP, price: 1, quota: 1 }) { id } }"#,
    },
    Rule {
        field: "Mutation.updateTicketType",
        who: Who::Admin,
        probe: r#"mutation { updateTicketType(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab", input: { quota: 1 }) { id } }"#,
    },
    Rule {
        field: "Mutation.updateTicketSold",
        who: BOOKING,
        probe: r#"mutation { updateTicketSold(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab", quantity: 1) { id } }"#,
    },
    Rule {
        field: "Mutation.deleteTicketType",
        who: Who::Admin,
        probe: r#"mutation { deleteTicketType(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { ok } }"#,
    },
    Rule {
        field: "Mutation.createVoucher",
        who: Who::Admin,
        probe: r#"mutation { createVoucher(input: { eventId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab", code: "EARLY",
            discount: { percent: 10 }, usageLimit: 1 }) { id } }"#,
    },
    Rule {
        field: "Mutation.updateVoucher",
        who: Who::Admin,
        probe: r#"mutation { updateVoucher(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab", input: { usageLimit: 1 }) { id } }"#,
    },
    Rule {
        field: "Mutation.joinWaitingList",
        who: Who::User,
        probe: r#"mutation { joinWaitingList(ticketTypeId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab", quantity: 1) { id } }"#,
    },
    Rule {
        field: "Mutation.leaveWaitingList",
        who: Who::User,
        probe: r#"mutation { leaveWaitingList(ticketTypeId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") }"#,
    },
    Rule {
        field: "Mutation.checkIn",
        who: Who::Staff,
        probe: r#"mutation { checkIn(code: "nobody's", gate: "A") { outcome } }"#,
    },
    Rule {
        field: "Mutation.uploadScans",
        who: Who::Staff,
        probe: r#"mutation { uploadScans(scans: []) { outcome } }"#,
    },
    Rule {
        field: "Mutation.hold",
        who: BOOKING,
        probe: r#"mutation { hold(input: { bookingId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ac",
            eventId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab", ticketTypeId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab",
            userId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab", quantity: 1, ttlSeconds: 60 }) { status } }"#,
    },
    Rule {
        field: "Mutation.confirmHold",
        who: BOOKING,
        probe: r#"mutation { confirmHold(bookingId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ad") { status } }"#,
    },
    Rule {
        field: "Mutation.releaseHold",
        who: BOOKING,
        probe: r#"mutation { releaseHold(bookingId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ae") { status } }"#,
    },
    Rule {
        field: "Mutation.syncEvent",
        who: EVENT,
        probe: r#"mutation { syncEvent(input: { eventId: "0193a7c0-1f2e-7a5b-8c3d-0123456789af", capacity: 10,
            startsAt: "2099-01-01T12:00:00Z", endsAt: "2099-01-01T14:00:00Z", status: OPEN }) }"#,
    },
];
