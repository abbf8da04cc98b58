//! The audit log in the graph: the same types in every subgraph.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use chrono::Utc;
use entities::audit::{Action, Model};

use super::{FieldChange, Filter};
use crate::error::Error;
use crate::page::Page;
use crate::scalars::DateTime;

/// How many entries are told at once when nobody says how many.
const PAGE: i32 = 100;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Action")]
pub enum AuditAction {
    /// Somebody opened an account.
    UserRegistered,
    /// A profile was changed.
    UserChanged,
    /// An account got another role.
    UserRoleChanged,
    /// An account got another password.
    UserPasswordChanged,
    /// An account lost everything that said who it was.
    UserAnonymised,
    /// Too many failures to log in.
    LoginLocked,
    /// A refresh token came twice, and its session was ended.
    SessionStolen,
    /// An event is seen from now on.
    EventCreated,
    /// An event was changed or moved.
    EventChanged,
    /// An event was called off.
    EventCancelled,
    /// A room was blocked by hand.
    RoomBlocked,
    /// A ticket type was created.
    TicketTypeCreated,
    /// A ticket type was changed.
    TicketTypeChanged,
    /// A ticket type was deleted.
    TicketTypeDeleted,
    /// A ticket was scanned, and somebody let in.
    TicketCheckedIn,
    /// A booking became PENDING, PAID or CANCELLED.
    BookingChanged,
    /// Something came of a payment.
    PaymentChanged,
    /// A refund is owed, or got on.
    RefundChanged,
    /// Somebody is told what becomes of bookings from now on.
    WebhookRegistered,
    /// Somebody is told no more.
    WebhookRemoved,
    /// What had been given up is told again.
    WebhookRedelivered,
}

/// What one field was and became. Values that a person may take away are not told.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(shareable)]
pub struct AuditChange {
    /// Its name.
    field: String,
    /// What it was, if anything.
    before: Option<String>,
    /// What it is, if anything.
    after: Option<String>,
}

/// One change of something, and who made it. Entries are only ever added.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(shareable)]
pub struct AuditEntry {
    /// Which entry.
    id: ID,
    /// When.
    at: DateTime,
    /// Who: `user:<id>`, `service:<name>`, `provider`, `worker` or `nobody`.
    actor: String,
    /// The role of the user, as their token had it.
    actor_role: Option<String>,
    /// The request, as in `x-request-id` and in the logs, when there was one.
    request_id: Option<String>,
    /// What was done.
    action: AuditAction,
    /// With what: its id.
    subject: ID,
    /// What became of it.
    changes: Vec<AuditChange>,
}

impl AuditEntry {
    pub(super) const fn moment(&self) -> DateTime {
        self.at
    }

    /// An entry that another table than `audit_entries` tells.
    #[must_use]
    pub fn told(id: String, changes: Vec<FieldChange>, row: Model) -> Self {
        let changes = changes.into_iter().map(AuditChange::from).collect();
        Self {
            id: id.into(),
            at: row.at,
            actor: row.actor,
            actor_role: row.actor_role,
            request_id: row.request_id,
            action: row.action.into(),
            subject: row.subject.into(),
            changes,
        }
    }
}

impl From<FieldChange> for AuditChange {
    fn from(FieldChange { field, before, after }: FieldChange) -> Self {
        Self { field, before, after }
    }
}

impl From<Model> for AuditEntry {
    fn from(row: Model) -> Self {
        // What cannot be read must not hide that something was done.
        let changes = serde_json::from_str(&row.changes).unwrap_or_default();
        Self::told(row.id.to_string(), changes, row)
    }
}

/// Which entries are wanted; what is left out lets all through.
#[derive(Debug, Default, InputObject)]
pub struct AuditFilter {
    /// About the thing with this id.
    subject: Option<ID>,
    /// By this one, written as entries write it.
    actor: Option<String>,
    /// Of this kind.
    action: Option<AuditAction>,
    /// Of this request.
    request_id: Option<String>,
    /// Not before this moment.
    since: Option<chrono::DateTime<Utc>>,
    /// Before this moment.
    until: Option<chrono::DateTime<Utc>>,
}

impl From<Option<AuditFilter>> for Filter {
    fn from(filter: Option<AuditFilter>) -> Self {
        let filter = filter.unwrap_or_default();
        Self {
            subject: filter.subject.map(|id| id.0),
            actor: filter.actor,
            action: filter.action.map(Into::into),
            request_id: filter.request_id,
            since: filter.since.map(comparable),
            until: filter.until.map(comparable),
        }
    }
}

/// The same moment, or the last or first one that the column can be compared with: MariaDB reads the parameter as a `TIMESTAMP`, and what lies
/// outside of that is `NULL` to it. No entry lies there either.
fn comparable(moment: chrono::DateTime<Utc>) -> chrono::DateTime<Utc> {
    const LAST: i64 = i32::MAX as i64;
    chrono::DateTime::from_timestamp(moment.timestamp().clamp(1, LAST), 0)
        .filter(|clamped| clamped.timestamp() != moment.timestamp())
        .unwrap_or(moment)
}

impl AuditEntry {
    /// The page that two arguments ask for; a hundred entries without a limit.
    ///
    /// # Errors
    /// As [`Page::from_arguments`].
    pub fn page(limit: Option<i32>, offset: Option<i32>) -> Result<Page, Error> {
        Page::from_arguments(limit.or(Some(PAGE)), offset)
    }
}
