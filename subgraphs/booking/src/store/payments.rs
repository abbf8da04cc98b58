//! SQL over payment attempts. Rows are added and move forward, never taken away.

use chrono::{DateTime, Utc};
use entities::booking::payment_attempts::{Column, Entity, Model};
use entities::booking::status::PaymentState;
use entities::ids::{BookingId, PaymentId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use subgraph::audit;
use subgraph::database::Writes;

use super::bookings::ids_of_user;
use crate::error::BookingError;
use crate::payment::{Page, Receipt};
use subgraph::database::inserted;

/// Every attempt at paying a booking, in order.
pub(crate) async fn of_booking(db: &impl ConnectionTrait, booking: BookingId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::BookingId.eq(booking)).order_by_asc(Column::Seq).all(db).await
}

/// Every attempt at paying each of `bookings`, in order, in one statement.
pub(crate) async fn of_bookings(
    db: &impl ConnectionTrait,
    bookings: impl IntoIterator<Item = BookingId>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::BookingId.is_in(bookings)).order_by_asc(Column::Seq).all(db).await
}

/// Every attempt of a user, oldest first.
pub(crate) async fn of_user(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<Model>, DbErr> {
    let theirs = Column::BookingId.in_subquery(ids_of_user(user));
    Entity::find().filter(theirs).order_by_asc(Column::Id).all(db).await
}

/// The attempt `id`.
pub(crate) async fn find(db: &impl ConnectionTrait, id: PaymentId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The attempt that the provider knows by its own name for the money.
pub(crate) async fn of_transaction(
    db: &impl ConnectionTrait,
    provider: &str,
    transaction: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::Provider.eq(provider))
        .filter(Column::TransactionId.eq(transaction))
        .one(db)
        .await
}

/// Writes a new attempt; `false` when the booking has one of that number.
pub(crate) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<bool, DbErr> {
    inserted(Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}

/// Moves an attempt, if it still is what `row` says, writes down the receipt when there is one, and the line of the audit log.
///
/// # Errors
/// [`BookingError::Stale`] when somebody else moved it.
pub(crate) async fn advance(
    db: &impl ConnectionTrait,
    row: &Model,
    to: PaymentState,
    receipt: Option<&Receipt>,
    now: DateTime<Utc>,
) -> Result<(), BookingError> {
    let moved = advancing(db, row, to, receipt, now)?.run(db).await?;
    if moved { Ok(()) } else { Err(BookingError::Stale) }
}

/// What [`advance`] writes, to be written together with something else.
///
/// # Errors
/// When the line cannot be put into words.
pub(crate) fn advancing(
    db: &impl ConnectionTrait,
    row: &Model,
    to: PaymentState,
    receipt: Option<&Receipt>,
    now: DateTime<Utc>,
) -> Result<Writes, DbErr> {
    let mut update = Entity::update_many()
        .col_expr(Column::State, Expr::value(to))
        .col_expr(Column::UpdatedAt, Expr::value(now));
    if let Some(receipt) = receipt {
        update = update
            .col_expr(Column::TransactionId, Expr::value(receipt.transaction_id.clone()))
            .col_expr(Column::PaidAmount, Expr::value(receipt.amount.amount()))
            .col_expr(Column::PaidCurrency, Expr::value(receipt.amount.currency()));
    }
    let update = update.filter(Column::Id.eq(row.id)).filter(Column::State.eq(row.state));
    let entry = super::audit::payment(row, to, receipt.map(|receipt| receipt.amount));
    Ok(Writes::to(db).and(&update, 1).and(&audit::line(now, entry)?, 1))
}

/// The provider waits for the buyer, on `page` if it has one; only what is still open has a page.
///
/// # Errors
/// [`BookingError::Stale`] when somebody else moved it.
pub(crate) async fn wait(
    db: &impl ConnectionTrait,
    row: &Model,
    page: Option<&Page>,
    now: DateTime<Utc>,
) -> Result<(), BookingError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(row.state.pend()?))
        .col_expr(Column::PageReference, Expr::value(page.map(|page| page.reference.clone())))
        .col_expr(Column::PageUrl, Expr::value(page.map(|page| page.url.clone())))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq(row.state))
        .exec(db)
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(BookingError::Stale) }
}
