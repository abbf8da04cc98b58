//! Rows of `rooms`: the last thing the room scheduler said about each room.
//!
//! On MySQL the row is also what a writer locks before it looks for a free stretch of the room.

use sea_orm::entity::prelude::*;

/// One room.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rooms")]
pub struct Model {
    /// The room scheduler's number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The venue it is in.
    pub venue_id: i32,
    /// What it is called.
    pub name: String,
    /// How many people it takes.
    pub capacity: i32,
    /// When the scheduler said so.
    pub as_of: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
