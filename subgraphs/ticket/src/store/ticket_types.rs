//! SQL over ticket types and their counters. Every counter moves by one conditional `UPDATE`, or not at all.

use chrono::{DateTime, Utc};
use entities::ids::{EventId, TicketTypeId};
use entities::moment::Moment;
use entities::ticket::events;
use entities::ticket::status::{SaleState, StockMove};
use entities::ticket::ticket_types::{Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, JoinType, QueryFilter,
    QueryOrder, QuerySelect, UpdateMany,
};

use crate::domain::terms::Terms;
use subgraph::database::inserted;

/// The type `id`.
pub(crate) async fn find(db: &impl ConnectionTrait, id: TicketTypeId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The type `id` and its event, in one statement.
pub(crate) async fn find_with_event(
    db: &impl ConnectionTrait,
    id: TicketTypeId,
) -> Result<Option<(Model, Option<events::Model>)>, DbErr> {
    let its_event = Entity::belongs_to(events::Entity).from(Column::EventId).to(events::Column::Id);
    let both = Entity::find_by_id(id).join(JoinType::LeftJoin, its_event.into());
    both.select_also(events::Entity).one(db).await
}

/// The type `id`, kept from others until the transaction ends.
pub(crate) async fn lock(db: &impl ConnectionTrait, id: TicketTypeId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(db).await
}

/// The types `ids`, in one statement.
pub(crate) async fn find_many(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = TicketTypeId>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Id.is_in(ids)).all(db).await
}

/// The types of `events`, oldest first, in one statement.
pub(crate) async fn of_events(
    db: &impl ConnectionTrait,
    events: impl IntoIterator<Item = EventId>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::EventId.is_in(events)).order_by_asc(Column::Id).all(db).await
}

/// Writes a new type; `false` when its event has one of that name.
pub(crate) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<bool, DbErr> {
    inserted(Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}

/// Writes new terms; `false` when its event has another type of that name.
pub(crate) async fn update_terms(
    db: &impl ConnectionTrait,
    id: TicketTypeId,
    terms: Terms,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::Name, Expr::value(terms.name))
        .col_expr(Column::Price, Expr::value(terms.price))
        .col_expr(Column::Quota, Expr::value(terms.quota))
        .col_expr(Column::State, Expr::value(terms.state))
        .col_expr(Column::SalesOpenAt, Expr::value(terms.rules.open_at.map(Moment::from)))
        .col_expr(Column::SalesCloseAt, Expr::value(terms.rules.close_at.map(Moment::from)))
        .col_expr(Column::MinPerOrder, Expr::value(terms.rules.min_per_order))
        .col_expr(Column::MaxPerOrder, Expr::value(terms.rules.max_per_order))
        .col_expr(Column::MaxPerBuyer, Expr::value(terms.rules.max_per_buyer))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id));
    inserted(update.exec(db).await.map(|done| done.rows_affected))
}

/// Deletes a type that nobody bought or holds; `false` otherwise.
pub(crate) async fn delete(db: &impl ConnectionTrait, id: TicketTypeId) -> Result<bool, DbErr> {
    let done = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::Sold.eq(0))
        .filter(Column::Held.eq(0))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

fn free_after(quantity: i32) -> Expr {
    Expr::col(Column::Sold).add(Expr::col(Column::Held)).add(quantity)
}

/// Sets `quantity` of what `offer` was read from aside, if it is on sale at `now`, has them, still costs that, and takes such
/// an order. How many a buyer may have is not asked, only that it has not changed: see [`super::holds::of_buyer`].
pub(crate) async fn hold(
    db: &impl ConnectionTrait,
    offer: &Model,
    quantity: i32,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    Ok(holding(offer, quantity, now).exec(db).await?.rows_affected == 1)
}

/// What [`hold`] writes, to be written together with the hold.
pub(super) fn holding(offer: &Model, quantity: i32, now: DateTime<Utc>) -> UpdateMany<Entity> {
    let now = Moment::from(now);
    let unlimited_or = |column: Column, within: Expr| column.is_null().or(within);
    let same_share = match offer.max_per_buyer {
        Some(maximum) => Column::MaxPerBuyer.eq(maximum),
        None => Column::MaxPerBuyer.is_null(),
    };
    Entity::update_many()
        .col_expr(Column::Held, Expr::col(Column::Held).add(quantity))
        .filter(Column::Id.eq(offer.id))
        .filter(Column::State.eq(SaleState::Open))
        .filter(Column::Price.eq(offer.price))
        .filter(unlimited_or(Column::SalesOpenAt, Column::SalesOpenAt.lte(now)))
        .filter(unlimited_or(Column::SalesCloseAt, Column::SalesCloseAt.gt(now)))
        .filter(unlimited_or(Column::MinPerOrder, Column::MinPerOrder.lte(quantity)))
        .filter(unlimited_or(Column::MaxPerOrder, Column::MaxPerOrder.gte(quantity)))
        .filter(same_share)
        // What is free while somebody waits is theirs.
        .filter(Column::Waiting.eq(0))
        .filter(free_after(quantity).lte(Expr::col(Column::Quota)))
}

/// Moves `quantity` between the counters; `false`, and nothing, when they do not cover it.
pub(crate) async fn apply(
    db: &impl ConnectionTrait,
    id: TicketTypeId,
    step: StockMove,
    quantity: i32,
) -> Result<bool, DbErr> {
    match applying(id, step, quantity) {
        Some(update) => Ok(update.exec(db).await?.rows_affected == 1),
        None => Ok(true),
    }
}

/// What [`apply`] writes, to be written together with what the step is taken for; `None` when the counters stay.
pub(super) fn applying(id: TicketTypeId, step: StockMove, quantity: i32) -> Option<UpdateMany<Entity>> {
    let (sold, held) = (Expr::col(Column::Sold), Expr::col(Column::Held));
    let update = Entity::update_many();
    let update = match step {
        StockMove::Stay => return None,
        StockMove::Sell => update
            .col_expr(Column::Held, held.sub(quantity))
            .col_expr(Column::Sold, sold.add(quantity))
            .filter(Column::Held.gte(quantity)),
        StockMove::Reacquire => update
            .col_expr(Column::Sold, sold.add(quantity))
            .filter(Column::State.eq(SaleState::Open))
            .filter(free_after(quantity).lte(Expr::col(Column::Quota))),
        StockMove::Free => {
            update.col_expr(Column::Held, held.sub(quantity)).filter(Column::Held.gte(quantity))
        }
        StockMove::Unsell => {
            update.col_expr(Column::Sold, sold.sub(quantity)).filter(Column::Sold.gte(quantity))
        }
    };
    Some(update.filter(Column::Id.eq(id)))
}

/// Adds `change` to what is sold, within the quota and not below nothing; nothing of what somebody waits for.
pub(crate) async fn adjust_sold(
    db: &impl ConnectionTrait,
    id: TicketTypeId,
    change: i32,
) -> Result<bool, DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::Sold, Expr::col(Column::Sold).add(change))
        .filter(Expr::col(Column::Sold).add(change).gte(0))
        .filter(free_after(change).lte(Expr::col(Column::Quota)));
    let update = if change > 0 { update.filter(Column::Waiting.eq(0)) } else { update };
    one(db, id, update).await
}

/// The types with a waiting list: somebody waits, or has an offer.
pub(crate) async fn queued(db: &impl ConnectionTrait) -> Result<Vec<TicketTypeId>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Waiting.gt(0).or(Column::Offered.gt(0)))
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await
}

/// A step of a waiting list: what it adds to the counters of the type.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueueMove {
    pub(crate) waiting: i32,
    pub(crate) offered: i32,
    pub(crate) held: i32,
}

/// Takes a step of a waiting list; `false`, and nothing, when the counters or the quota do not cover it.
pub(crate) async fn move_queue(
    db: &impl ConnectionTrait,
    id: TicketTypeId,
    step: QueueMove,
) -> Result<bool, DbErr> {
    let QueueMove { waiting, offered, held } = step;
    let after = |column: Column, change: i32| Expr::col(column).add(change);
    let update = Entity::update_many()
        .col_expr(Column::Waiting, after(Column::Waiting, waiting))
        .col_expr(Column::Offered, after(Column::Offered, offered))
        .col_expr(Column::Held, after(Column::Held, held))
        .filter(after(Column::Waiting, waiting).gte(0))
        .filter(after(Column::Offered, offered).gte(0))
        .filter(after(Column::Held, held).gte(0))
        .filter(free_after(held).lte(Expr::col(Column::Quota)));
    one(db, id, update).await
}

/// Nobody waits any more, and nothing is offered. `held` first: MySQL assigns from left to right.
pub(crate) async fn end_queue(db: &impl ConnectionTrait, id: TicketTypeId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Held, Expr::col(Column::Held).sub(Expr::col(Column::Offered)))
        .col_expr(Column::Offered, Expr::value(0))
        .col_expr(Column::Waiting, Expr::value(0))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

async fn one(db: &impl ConnectionTrait, id: TicketTypeId, update: UpdateMany<Entity>) -> Result<bool, DbErr> {
    Ok(update.filter(Column::Id.eq(id)).exec(db).await?.rows_affected == 1)
}
