//! Rows of `audit_entries`: who changed what. Every service has the table in its own database; rows are only ever added.
//!
//! An entry holds no secret and no personal data: of what a person may take away, it names the field and not the value.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::StringLen;

use crate::ids::AuditId;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))")]
pub enum Action {
    /// Somebody opened an account.
    #[sea_orm(string_value = "USER_REGISTERED")]
    UserRegistered,
    /// A profile was changed.
    #[sea_orm(string_value = "USER_CHANGED")]
    UserChanged,
    /// An account got another role.
    #[sea_orm(string_value = "USER_ROLE_CHANGED")]
    UserRoleChanged,
    /// An account got another password.
    #[sea_orm(string_value = "USER_PASSWORD_CHANGED")]
    UserPasswordChanged,
    /// An account lost everything that said who it was.
    #[sea_orm(string_value = "USER_ANONYMISED")]
    UserAnonymised,
    /// Too many failures to log in.
    #[sea_orm(string_value = "LOGIN_LOCKED")]
    LoginLocked,
    /// A refresh token came twice, and its session was ended.
    #[sea_orm(string_value = "SESSION_STOLEN")]
    SessionStolen,
    /// An event is seen from now on.
    #[sea_orm(string_value = "EVENT_CREATED")]
    EventCreated,
    /// An event was changed or moved.
    #[sea_orm(string_value = "EVENT_CHANGED")]
    EventChanged,
    /// An event was called off.
    #[sea_orm(string_value = "EVENT_CANCELLED")]
    EventCancelled,
    /// A room was blocked by hand.
    #[sea_orm(string_value = "ROOM_BLOCKED")]
    RoomBlocked,
    /// A ticket type was created.
    #[sea_orm(string_value = "TICKET_TYPE_CREATED")]
    TicketTypeCreated,
    /// A ticket type was changed.
    #[sea_orm(string_value = "TICKET_TYPE_CHANGED")]
    TicketTypeChanged,
    /// A ticket type was deleted.
    #[sea_orm(string_value = "TICKET_TYPE_DELETED")]
    TicketTypeDeleted,
    /// A ticket was scanned, and somebody let in.
    #[sea_orm(string_value = "TICKET_CHECKED_IN")]
    TicketCheckedIn,
    /// A booking became PENDING, PAID or CANCELLED.
    #[sea_orm(string_value = "BOOKING_CHANGED")]
    BookingChanged,
    /// Something came of a payment.
    #[sea_orm(string_value = "PAYMENT_CHANGED")]
    PaymentChanged,
    /// A refund is owed, or got on.
    #[sea_orm(string_value = "REFUND_CHANGED")]
    RefundChanged,
    /// Somebody is told what becomes of bookings from now on.
    #[sea_orm(string_value = "WEBHOOK_REGISTERED")]
    WebhookRegistered,
    /// Somebody is told no more.
    #[sea_orm(string_value = "WEBHOOK_REMOVED")]
    WebhookRemoved,
    /// What had been given up is told again.
    #[sea_orm(string_value = "WEBHOOK_REDELIVERED")]
    WebhookRedelivered,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entries")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditId,
    /// When.
    pub at: DateTimeUtc,
    /// Who: `user:<id>`, `service:<name>`, `provider`, `worker` or `nobody`.
    pub actor: String,
    /// The role of the user, as their token had it.
    pub actor_role: Option<String>,
    /// The request, when there was one.
    pub request_id: Option<String>,
    /// What was done.
    pub action: Action,
    /// With what: its id.
    pub subject: String,
    /// What became of it: a JSON list of fields with what they were and are.
    #[sea_orm(column_type = "Text")]
    pub changes: String,
}

/// None: what an entry is about may be gone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
