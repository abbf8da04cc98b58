//! SQL over the inbox of payment providers' messages.

use chrono::{DateTime, Utc};
use entities::booking::payment_notices::{Column, Entity, Model};
use entities::booking::status::NoticeOutcome;
use entities::ids::NoticeId;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use subgraph::database::inserted;

/// Writes a message that did not come before; `false` when it did.
pub(crate) async fn insert(db: &impl ConnectionTrait, row: &Model) -> Result<bool, DbErr> {
    inserted(Entity::insert(row.clone().into_active_model()).exec_without_returning(db).await)
}

/// Takes up to `limit` messages that are due at `now`, and keeps other workers off them until `until`.
pub(crate) async fn claim_due(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let due = Entity::find()
        .filter(Column::DueAt.lte(now))
        .order_by_asc(Column::DueAt)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(db)
        .await?;
    if due.is_empty() {
        return Ok(due);
    }
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(until))
        .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
        .filter(Column::Id.is_in(due.iter().map(|row| row.id)))
        .exec(db)
        .await?;
    Ok(due)
}

/// Writes what became of a message: it rests.
pub(crate) async fn finish(
    db: &impl ConnectionTrait,
    id: NoticeId,
    outcome: NoticeOutcome,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Outcome, Expr::value(outcome))
        .col_expr(Column::DueAt, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Puts a message back into the queue, unless something became of it meanwhile.
pub(crate) async fn postpone(
    db: &impl ConnectionTrait,
    id: NoticeId,
    until: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(until))
        .filter(Column::Id.eq(id))
        .filter(Column::Outcome.is_null())
        .exec(db)
        .await?;
    Ok(())
}
