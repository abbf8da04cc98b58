//! Rows of `schedules`: every row of every room.

use sea_orm::entity::prelude::*;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// What a row of the schedule means for the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum ScheduleStatus {
    /// An offer; it does not occupy the room.
    #[sea_orm(string_value = "AVAILABLE")]
    Available,
    /// Taken.
    #[sea_orm(string_value = "BLOCKED")]
    Blocked,
    /// Closed for works.
    #[sea_orm(string_value = "MAINTENANCE")]
    Maintenance,
}

/// One row of one room's schedule.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The room.
    pub room_id: i32,
    /// Its beginning.
    pub starts_local: DateTime,
    /// Its end.
    pub ends_local: DateTime,
    /// What it means.
    pub status: ScheduleStatus,
}

impl ActiveModelBehavior for ActiveModel {}
