//! Rows of `webhook_deliveries`: the outbox of what other systems are told, and what came of it.

use sea_orm::entity::prelude::*;

use super::status::{AnnouncementKind, DeliveryFailure, DeliveryState};
use crate::ids::{AnnouncementId, ListenerId};

/// One announcement for one listener.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    /// What is told.
    #[sea_orm(primary_key, auto_increment = false)]
    pub announcement_id: AnnouncementId,
    /// To whom.
    #[sea_orm(primary_key, auto_increment = false)]
    pub listener_id: ListenerId,
    /// What happened.
    pub kind: AnnouncementKind,
    /// The message, byte by byte as it is signed.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is tried next; `None` when it rests.
    pub due_at: Option<DateTimeUtc>,
    /// How often it was tried.
    pub tries: i32,
    /// The status of the latest answer.
    pub last_status: Option<i32>,
    /// Why it did not arrive the last time.
    pub last_failure: Option<DeliveryFailure>,
    /// When it happened.
    pub created_at: DateTimeUtc,
    /// When it was last tried, or had tried again by hand.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
