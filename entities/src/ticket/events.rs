//! Rows of `events`: what the ticket service must know of an event to sell it.

use sea_orm::entity::prelude::*;

use crate::ids::EventId;
use crate::moment::Moment;

/// The capacity row of one event.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    /// How many people its room takes.
    pub capacity: i32,
    /// The sum of the quotas of its types; never more than `capacity`.
    pub allocated: i64,
    /// Whether it was called off; for ever.
    pub cancelled: bool,
    /// When it begins: the moment sales end.
    pub starts_at: Moment,
    /// When it ends.
    pub ends_at: Moment,
    /// When this row was last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
