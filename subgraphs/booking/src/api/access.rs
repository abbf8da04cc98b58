//! Who may call each root field. A test holds this table against the schema, and calls every row as everybody.

use service::identity::ServiceName;
use subgraph::access::{Rule, Who};

/// The table.
pub const RULES: &[Rule] = &[
    Rule {
        field: "Query.booking",
        who: Who::OwnerOrAdmin,
        probe: r#"{ booking(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { id } }"#,
    },
    Rule {
        field: "Query.bookingsByUser",
        who: Who::OwnerOrAdmin,
        probe: r#"{ bookingsByUser(userId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { id } }"#,
    },
    Rule {
        field: "Subscription.bookingChanged",
        who: Who::OwnerOrAdmin,
        probe: r#"subscription { bookingChanged(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { id } }"#,
    },
    Rule {
        field: "Query.obligations",
        who: Who::Service(&[ServiceName::User]),
        probe: r#"{ obligations(userId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { bookings } }"#,
    },
    Rule { field: "Query.webhooks", who: Who::Admin, probe: "{ webhooks { id } }" },
    Rule {
        field: "Query.webhookDeliveries",
        who: Who::Admin,
        probe: "{ webhookDeliveries(state: DEAD) { id } }",
    },
    Rule {
        field: "Mutation.registerWebhook",
        who: Who::Admin,
        probe: r#"mutation { registerWebhook(url: "", kinds: [BOOKING_PAID]) { secret } }"#,
    },
    Rule {
        field: "Mutation.removeWebhook",
        who: Who::Admin,
        probe: r#"mutation { removeWebhook(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { ok } }"#,
    },
    Rule {
        field: "Mutation.redeliverWebhook",
        who: Who::Admin,
        probe: r#"mutation { redeliverWebhook(id: "nothing") { count } }"#,
    },
    Rule {
        field: "Mutation.redeliverWebhooks",
        who: Who::Admin,
        probe: r#"mutation { redeliverWebhooks(webhookId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { count } }"#,
    },
    Rule { field: "Query.bookingAudit", who: Who::Admin, probe: "{ bookingAudit(limit: 1) { id } }" },
    Rule {
        field: "Mutation.createBooking",
        who: Who::User,
        probe: r#"mutation { createBooking(input: { eventId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab",
            ticketTypeId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab", quantity: 1 }) { id } }"#,
    },
    Rule {
        field: "Mutation.confirmPayment",
        who: Who::OwnerOrAdmin,
        probe: r#"mutation { confirmPayment(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { id } }"#,
    },
    Rule {
        field: "Mutation.cancelBooking",
        who: Who::Admin,
        probe: r#"mutation { cancelBooking(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { success } }"#,
    },
    Rule {
        field: "Mutation.cancelMyBooking",
        who: Who::User,
        probe: r#"mutation { cancelMyBooking(id: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") { success } }"#,
    },
    Rule {
        field: "Mutation.cancelEventBookings",
        who: Who::Service(&[ServiceName::Event]),
        probe: r#"mutation { cancelEventBookings(eventId: "0193a7c0-1f2e-7a5b-8c3d-0123456789ab") }"#,
    },
];
