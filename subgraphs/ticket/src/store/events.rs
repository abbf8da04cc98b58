//! SQL over the capacity rows.

use chrono::{DateTime, Utc};
use entities::ids::EventId;
use entities::moment::Moment;
use entities::ticket::events::{Column, Entity, Model};
use entities::ticket::status::SaleState;
use entities::ticket::ticket_types;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use crate::event::EventFacts;
use subgraph::database::inserted;

/// The capacity row of `id`.
pub(crate) async fn find(db: &impl ConnectionTrait, id: EventId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The same, kept from others until the transaction ends. Whoever locks a type row too locks it after this one.
pub(crate) async fn lock(db: &impl ConnectionTrait, id: EventId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(db).await
}

/// Writes the first row of an event; `false` when somebody else has.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    event: EventFacts,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let row = Model {
        id: event.id,
        capacity: event.capacity,
        allocated: 0,
        cancelled: event.cancelled,
        starts_at: event.starts_at.into(),
        ends_at: event.ends_at.into(),
        updated_at: now,
    };
    inserted(Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}

/// Brings a row up to date with what the event service says. What was called off stays so.
pub(crate) async fn update(
    db: &impl ConnectionTrait,
    event: EventFacts,
    capacity: i32,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut update = Entity::update_many()
        .col_expr(Column::Capacity, Expr::value(capacity))
        .col_expr(Column::StartsAt, Expr::value(Moment::from(event.starts_at)))
        .col_expr(Column::EndsAt, Expr::value(Moment::from(event.ends_at)))
        .col_expr(Column::UpdatedAt, Expr::value(now));
    if event.cancelled {
        update = update.col_expr(Column::Cancelled, Expr::value(true));
    }
    update.filter(Column::Id.eq(event.id)).exec(db).await?;
    Ok(())
}

/// Closes every type of an event: the barrier that no hold passes any more.
pub(crate) async fn close_types(
    db: &impl ConnectionTrait,
    id: EventId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    ticket_types::Entity::update_many()
        .col_expr(ticket_types::Column::State, Expr::value(SaleState::Closed))
        .col_expr(ticket_types::Column::UpdatedAt, Expr::value(now))
        .filter(ticket_types::Column::EventId.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Adds `change` to what the quotas of an event come to; `false`, and nothing, when its room does not take it.
///
/// One conditional statement: two organisers who add types at once cannot both pass a sum they read before.
pub(crate) async fn allocate(db: &impl ConnectionTrait, id: EventId, change: i64) -> Result<bool, DbErr> {
    let allocated = Expr::col(Column::Allocated).add(change);
    let done = Entity::update_many()
        .col_expr(Column::Allocated, allocated.clone())
        .filter(Column::Id.eq(id))
        .filter(allocated.clone().gte(0))
        .filter(allocated.lte(Expr::col(Column::Capacity)))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}
