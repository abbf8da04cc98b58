//! The stand-in's rows: read freely, blocked one at a time.

use chrono::NaiveDateTime;
use entities::spacemaster::schedules::{self, ScheduleStatus};
use entities::spacemaster::{rooms, venues};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use subgraph::database::Database;

use crate::seed;

/// The database; copies share it.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: Database,
}

/// Why a room was not blocked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlockError {
    /// There is no such room.
    #[error("Room {0} not found")]
    UnknownRoom(i32),
    /// The room is taken at some moment of it.
    #[error("Room is already booked at that time")]
    Taken,
    /// The database failed.
    #[error("{0}")]
    Db(#[from] DbErr),
}

impl Store {
    pub(crate) const fn new(db: Database) -> Self {
        Self { db }
    }

    /// Puts the venues and rooms in at the first start.
    pub(crate) async fn seed(&self) -> Result<(), DbErr> {
        self.db
            .transaction(|tx| async move {
                if venues::Entity::find().count(&*tx).await? > 0 {
                    return Ok(());
                }
                venues::Entity::insert_many(seed::venues()).exec_without_returning(&*tx).await?;
                rooms::Entity::insert_many(seed::rooms()).exec_without_returning(&*tx).await?;
                Ok(())
            })
            .await
    }

    pub(crate) async fn venues(&self) -> Result<Vec<venues::Model>, DbErr> {
        venues::Entity::find().order_by_asc(venues::Column::Id).all(self.db.read()).await
    }

    pub(crate) async fn venue(&self, id: i32) -> Result<Option<venues::Model>, DbErr> {
        venues::Entity::find_by_id(id).one(self.db.read()).await
    }

    pub(crate) async fn rooms(&self, venues: &[i32]) -> Result<Vec<rooms::Model>, DbErr> {
        let rooms = rooms::Entity::find().filter(rooms::Column::VenueId.is_in(venues.iter().copied()));
        rooms.order_by_asc(rooms::Column::Id).all(self.db.read()).await
    }

    pub(crate) async fn room(&self, id: i32) -> Result<Option<rooms::Model>, DbErr> {
        rooms::Entity::find_by_id(id).one(self.db.read()).await
    }

    pub(crate) async fn schedules(&self) -> Result<Vec<schedules::Model>, DbErr> {
        schedules::Entity::find().order_by_asc(schedules::Column::Id).all(self.db.read()).await
    }

    /// The stretches in which the room is taken.
    pub(crate) async fn taken(&self, room: i32) -> Result<Vec<(NaiveDateTime, NaiveDateTime)>, DbErr> {
        let rows = occupying(room).all(self.db.read()).await?;
        Ok(rows.into_iter().map(|row| (row.starts_local, row.ends_local)).collect())
    }

    /// Blocks the room. Looking and writing are one transaction, which on SQLite is the only writer; on MySQL the room's row, locked
    /// before anything is read, makes it the only one for this room.
    pub(crate) async fn block(
        &self,
        room: i32,
        start: NaiveDateTime,
        end: NaiveDateTime,
    ) -> Result<(), BlockError> {
        self.db
            .transaction(|tx| async move {
                if rooms::Entity::find_by_id(room).lock_exclusive().one(&*tx).await?.is_none() {
                    return Err(BlockError::UnknownRoom(room));
                }
                let in_the_way = occupying(room)
                    .filter(schedules::Column::StartsLocal.lt(end))
                    .filter(schedules::Column::EndsLocal.gt(start));
                if in_the_way.count(&*tx).await? > 0 {
                    return Err(BlockError::Taken);
                }
                let row = schedules::ActiveModel {
                    id: NotSet,
                    room_id: Set(room),
                    starts_local: Set(start),
                    ends_local: Set(end),
                    status: Set(ScheduleStatus::Blocked),
                };
                schedules::Entity::insert(row).exec_without_returning(&*tx).await?;
                Ok(())
            })
            .await
    }
}

/// A row that only offers the room does not occupy it.
fn occupying(room: i32) -> sea_orm::Select<schedules::Entity> {
    schedules::Entity::find()
        .filter(schedules::Column::RoomId.eq(room))
        .filter(schedules::Column::Status.ne(ScheduleStatus::Available))
}
