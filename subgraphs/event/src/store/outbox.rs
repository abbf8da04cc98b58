//! What other services must still be told.

use chrono::{DateTime, Utc};
use entities::event::outbox::{ActiveModel, Column, Entity, Model};
use entities::event::status::OutboxTask;
use entities::ids::EventId;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::reservations::Lease;
use super::{Store, StoreError};

/// Writes down, in the transaction of the change, that it must be told.
pub(super) async fn raise(
    tx: &impl ConnectionTrait,
    event: EventId,
    task: OutboxTask,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        event_id: Set(event),
        task: Set(task),
        wanted: Set(1),
        done: Set(0),
        remaining: Set(None),
        attempts: Set(0),
        next_at: Set(now),
        lease_owner: Set(None),
        lease_until: Set(now),
        created_at: Set(now),
    };
    // A lease that somebody holds stays his: he sees at the end that more is wanted than he told.
    let again = OnConflict::columns([Column::EventId, Column::Task])
        .value(Column::Wanted, Expr::col((Entity, Column::Wanted)).add(1))
        .value(Column::NextAt, Expr::value(now))
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

impl Store {
    /// The tasks that are due and that nobody is at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_tasks(&self, now: DateTime<Utc>) -> Result<Vec<Model>, StoreError> {
        let due = Entity::find().filter(open(now)).order_by_asc(Column::NextAt).limit(32);
        Ok(due.all(self.reader()).await?)
    }

    /// Takes a task; `None` when another worker was faster. The answer is the row as it is under the lease.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_task(
        &self,
        task: &Model,
        (lease, now): (&Lease, DateTime<Utc>),
    ) -> Result<Option<Model>, StoreError> {
        let taken = Entity::update_many()
            .col_expr(Column::LeaseOwner, Expr::value(lease.owner.clone()))
            .col_expr(Column::LeaseUntil, Expr::value(now + lease.length))
            .filter(this(task))
            .filter(open(now))
            .exec(self.writer())
            .await?;
        if taken.rows_affected != 1 {
            return Ok(None);
        }
        let mine = Entity::find_by_id((task.event_id, task.task)).one(self.writer()).await?;
        Ok(mine.filter(|row| row.lease_owner.as_deref() == Some(lease.owner.as_str())))
    }

    /// What was wanted when the task was taken has been told. What has been wanted since stays open.
    ///
    /// # Errors
    /// When the database fails; then it is told once more when the lease is over.
    pub async fn finish_task(&self, task: &Model) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::Done, Expr::value(task.wanted))
            .col_expr(Column::Attempts, Expr::value(0))
            .col_expr(Column::Remaining, Expr::value(task.remaining))
            .col_expr(Column::LeaseOwner, Expr::value(Option::<String>::None))
            .col_expr(Column::LeaseUntil, Expr::value(task.created_at))
            .filter(mine(task))
            .exec(self.writer())
            .await?;
        Ok(())
    }

    /// The task is not through: tried again at `at`.
    ///
    /// # Errors
    /// When the database fails; then it is tried again when the lease is over.
    pub async fn postpone_task(&self, task: &Model, at: DateTime<Utc>) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::Attempts, Expr::value(task.attempts))
            .col_expr(Column::Remaining, Expr::value(task.remaining))
            .col_expr(Column::NextAt, Expr::value(at))
            .col_expr(Column::LeaseOwner, Expr::value(Option::<String>::None))
            .col_expr(Column::LeaseUntil, Expr::value(task.created_at))
            .filter(mine(task))
            .exec(self.writer())
            .await?;
        Ok(())
    }

    /// How far the tasks of these events are, in one statement.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tasks_of(&self, events: &[EventId]) -> Result<Vec<Model>, StoreError> {
        let tasks = Entity::find().filter(Column::EventId.is_in(events.iter().copied()));
        Ok(tasks.all(self.reader()).await?)
    }

    /// How many tasks are open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_tasks(&self) -> Result<u64, StoreError> {
        use sea_orm::PaginatorTrait;
        let open = Entity::find().filter(Expr::col(Column::Done).lt(Expr::col(Column::Wanted)));
        Ok(open.count(self.reader()).await?)
    }
}

fn this(task: &Model) -> Condition {
    Condition::all().add(Column::EventId.eq(task.event_id)).add(Column::Task.eq(task.task))
}

/// The row under the lease it was taken with; an owner that lost it finds nothing to write.
fn mine(task: &Model) -> Condition {
    this(task)
        .add(Column::LeaseOwner.eq(task.lease_owner.clone()))
        .add(Column::LeaseUntil.eq(task.lease_until))
}

fn open(now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(Expr::col(Column::Done).lt(Expr::col(Column::Wanted)))
        .add(Column::NextAt.lte(now))
        .add(Column::LeaseUntil.lte(now))
}
