//! Rows of `events`.

use sea_orm::entity::prelude::*;

use super::status::EventState;
use crate::ids::{EventId, UserId};
use crate::moment::Moment;

/// One event.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    /// What it is called.
    pub title: String,
    /// What it is about.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// The venue, by the room scheduler's number.
    pub venue_id: i32,
    /// The room, by the room scheduler's number.
    pub room_id: i32,
    /// How many people the room takes.
    pub capacity: i32,
    /// When it begins.
    pub starts_at: Moment,
    /// When it ends; the first moment that is no longer part of it.
    pub ends_at: Moment,
    /// When it begins by the clock on the venue's wall.
    pub starts_local: DateTime,
    /// When it ends by the clock on the venue's wall.
    pub ends_local: DateTime,
    /// The IANA zone of that clock.
    pub zone: String,
    /// What is stored of its life; the rest is the clock's.
    pub state: EventState,
    /// Raised by every change: a writer that read an older one loses.
    pub version: i32,
    /// Who created it.
    pub created_by: Option<UserId>,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
    /// When it was called off.
    pub cancelled_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
