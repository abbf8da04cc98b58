//! What the room scheduler was told to block: how we know our own rows among its.

use chrono::{DateTime, NaiveDateTime, Utc};
use entities::event::scheduler_blocks::{ActiveModel, Column, Entity, Model};
use entities::event::status::BlockState;
use entities::ids::ReservationId;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{Store, StoreError};
use crate::domain::interval::Interval;

impl Store {
    /// The blocks of ours that share a moment with `wall`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_blocks(
        &self,
        room: i32,
        wall: Interval<NaiveDateTime>,
    ) -> Result<Vec<Model>, StoreError> {
        let blocks = Entity::find()
            .filter(Column::RoomId.eq(room))
            .filter(Column::StartsLocal.lt(wall.end()))
            .filter(Column::EndsLocal.gt(wall.start()));
        Ok(blocks.all(self.writer()).await?)
    }

    /// Writes down that a block is about to be sent. Must be on disk before it is: after a crash, a row of the scheduler with this very
    /// interval is ours because of it.
    ///
    /// # Errors
    /// When the database fails; then nothing may be sent.
    pub async fn note_block(
        &self,
        (room, wall): (i32, Interval<NaiveDateTime>),
        claim: ReservationId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let block = ActiveModel {
            room_id: Set(room),
            starts_local: Set(wall.start()),
            ends_local: Set(wall.end()),
            state: Set(BlockState::Pushing),
            reservation_id: Set(claim),
            created_at: Set(now),
        };
        let again = OnConflict::columns([Column::RoomId, Column::StartsLocal, Column::EndsLocal])
            .update_columns([Column::State, Column::ReservationId])
            .to_owned();
        Entity::insert(block).on_conflict(again).exec_without_returning(self.writer()).await?;
        Ok(())
    }

    /// The scheduler has the block.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm_block(&self, room: i32, wall: Interval<NaiveDateTime>) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::State, Expr::value(BlockState::Pushed))
            .filter(this(room, wall))
            .exec(self.writer())
            .await?;
        Ok(())
    }

    /// The scheduler certainly has no such block of ours.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_block(&self, room: i32, wall: Interval<NaiveDateTime>) -> Result<(), StoreError> {
        Entity::delete_many().filter(this(room, wall)).exec(self.writer()).await?;
        Ok(())
    }

    /// Every block of ours, for the checker.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_blocks(&self) -> Result<Vec<Model>, StoreError> {
        let blocks = Entity::find().order_by_asc(Column::RoomId).order_by_asc(Column::StartsLocal);
        Ok(blocks.all(self.reader()).await?)
    }
}

fn this(room: i32, wall: Interval<NaiveDateTime>) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(Column::RoomId.eq(room))
        .add(Column::StartsLocal.eq(wall.start()))
        .add(Column::EndsLocal.eq(wall.end()))
}
