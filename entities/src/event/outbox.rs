//! Rows of `outbox`: one for each event and task, raised in the transaction of the change that another service must hear of.
//!
//! The row says *that* something must be told; *what* is read from the event when it is told. So a late delivery never tells an older
//! truth than an earlier one, and the lease keeps two workers from telling at once.

use sea_orm::entity::prelude::*;

use super::status::OutboxTask;
use crate::ids::EventId;

/// How far one task of one event is.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The task.
    #[sea_orm(primary_key, auto_increment = false)]
    pub task: OutboxTask,
    /// Raised by every change.
    pub wanted: i32,
    /// The `wanted` that has been told. Open while it is smaller.
    pub done: i32,
    /// What the other side says is still to do there.
    pub remaining: Option<i32>,
    /// Failures since the last success.
    pub attempts: i32,
    /// Not to be tried before.
    pub next_at: DateTimeUtc,
    /// Who is at it.
    pub lease_owner: Option<String>,
    /// Until when nobody else may be.
    pub lease_until: DateTimeUtc,
    /// When it was first wanted.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
