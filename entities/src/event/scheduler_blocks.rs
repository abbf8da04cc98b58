//! Rows of `scheduler_blocks`: what we told the room scheduler to block.
//!
//! The scheduler's rows have no owner and cannot be taken back. This table is how we know our own among them: a block of ours that no
//! reservation needs any more does not keep a room from being claimed again.

use sea_orm::entity::prelude::*;

use super::status::BlockState;
use crate::ids::ReservationId;

/// One block, by the very interval that was sent.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scheduler_blocks")]
pub struct Model {
    /// The room.
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: i32,
    /// Its beginning, in the scheduler's own clock: the venue's wall.
    #[sea_orm(primary_key, auto_increment = false)]
    pub starts_local: DateTime,
    /// Its end, in the same clock.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ends_local: DateTime,
    /// How sure we are that the scheduler has it.
    pub state: BlockState,
    /// The reservation it was first sent for.
    pub reservation_id: ReservationId,
    /// When it was first sent.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
