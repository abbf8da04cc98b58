//! SQL over vouchers and their counters. Every counter moves by one conditional `UPDATE`, or not at all.

use chrono::{DateTime, Utc};
use entities::ids::{EventId, TicketTypeId, VoucherId};
use entities::moment::Moment;
use entities::ticket::status::StockMove;
use entities::ticket::vouchers::{Column, Entity, Model};
use entities::voucher_code::VoucherCode;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, UpdateMany,
};
use subgraph::page::Page;

use crate::domain::voucher::Validity;
use subgraph::database::inserted;

/// The voucher `id`.
pub(crate) async fn find(db: &impl ConnectionTrait, id: VoucherId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The same, kept from others until the transaction ends. Whoever locks a type row too locks it before this one.
pub(crate) async fn lock(db: &impl ConnectionTrait, id: VoucherId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(db).await
}

/// The voucher of an event with this code.
pub(crate) async fn by_code(
    db: &impl ConnectionTrait,
    event: EventId,
    code: VoucherCode,
) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::EventId.eq(event)).filter(Column::Code.eq(code)).one(db).await
}

/// The vouchers of an event, oldest first.
pub(crate) async fn of_event(
    db: &impl ConnectionTrait,
    event: EventId,
    page: Page,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::EventId.eq(event))
        .order_by_asc(Column::Id)
        .limit(page.sql_limit())
        .offset(page.offset)
        .all(db)
        .await
}

/// Writes a new voucher; `false` when its event has one of that code.
pub(crate) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<bool, DbErr> {
    inserted(Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}

/// Writes the new terms of a locked voucher.
pub(crate) async fn update_terms(
    db: &impl ConnectionTrait,
    id: VoucherId,
    (usage_limit, validity): (i32, Validity),
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::UsageLimit, Expr::value(usage_limit))
        .col_expr(Column::ValidFrom, Expr::value(validity.from.map(Moment::from)))
        .col_expr(Column::ValidUntil, Expr::value(validity.until.map(Moment::from)))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Deletes the vouchers that are for one type only, which is about to go.
pub(crate) async fn delete_of_type(
    db: &impl ConnectionTrait,
    ticket_type: TicketTypeId,
) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::TicketTypeId.eq(ticket_type)).exec(db).await?;
    Ok(())
}

fn taken_after(quantity: i32) -> Expr {
    Expr::col(Column::Used).add(Expr::col(Column::Held)).add(quantity)
}

/// Sets `quantity` uses aside, if it has them and is good at `now`. What it takes off never changes.
pub(crate) async fn hold(
    db: &impl ConnectionTrait,
    id: VoucherId,
    quantity: i32,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let now = Moment::from(now);
    let update = Entity::update_many()
        .col_expr(Column::Held, Expr::col(Column::Held).add(quantity))
        .filter(Column::ValidFrom.is_null().or(Column::ValidFrom.lte(now)))
        .filter(Column::ValidUntil.is_null().or(Column::ValidUntil.gt(now)))
        .filter(taken_after(quantity).lte(Expr::col(Column::UsageLimit)));
    one(db, id, update).await
}

/// Moves `quantity` between the counters, as the type's move; `false`, and nothing, when they do not cover it.
pub(crate) async fn apply(
    db: &impl ConnectionTrait,
    id: VoucherId,
    step: StockMove,
    quantity: i32,
) -> Result<bool, DbErr> {
    let (used, held) = (Expr::col(Column::Used), Expr::col(Column::Held));
    let update = Entity::update_many();
    let update = match step {
        StockMove::Stay => return Ok(true),
        StockMove::Sell => update
            .col_expr(Column::Held, held.sub(quantity))
            .col_expr(Column::Used, used.add(quantity))
            .filter(Column::Held.gte(quantity)),
        StockMove::Reacquire => update
            .col_expr(Column::Used, used.add(quantity))
            .filter(taken_after(quantity).lte(Expr::col(Column::UsageLimit))),
        StockMove::Free => {
            update.col_expr(Column::Held, held.sub(quantity)).filter(Column::Held.gte(quantity))
        }
        StockMove::Unsell => {
            update.col_expr(Column::Used, used.sub(quantity)).filter(Column::Used.gte(quantity))
        }
    };
    one(db, id, update).await
}

async fn one(db: &impl ConnectionTrait, id: VoucherId, update: UpdateMany<Entity>) -> Result<bool, DbErr> {
    Ok(update.filter(Column::Id.eq(id)).exec(db).await?.rows_affected == 1)
}
