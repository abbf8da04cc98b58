//! SQL over payment attempts. Rows are added and move forward, never taken away.

use chrono::{DateTime, Utc};
use entities::booking::payment_attempts::{Column, Entity, Model};
use entities::booking::status::PaymentState;
use entities::ids::BookingId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::error::BookingError;
use crate::payment::Receipt;

/// Every attempt at paying a booking, in order.
pub(crate) async fn of_booking(db: &impl ConnectionTrait, booking: BookingId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::BookingId.eq(booking)).order_by_asc(Column::Seq).all(db).await
}

/// Writes a new attempt.
pub(crate) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Moves an attempt, if it still is what `row` says, and writes down the receipt when there is one.
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
    let mut update = Entity::update_many()
        .col_expr(Column::State, Expr::value(to))
        .col_expr(Column::UpdatedAt, Expr::value(now));
    if let Some(receipt) = receipt {
        update = update
            .col_expr(Column::TransactionId, Expr::value(receipt.transaction_id.clone()))
            .col_expr(Column::PaidAmount, Expr::value(receipt.amount.amount()))
            .col_expr(Column::PaidCurrency, Expr::value(receipt.amount.currency()));
    }
    let done = update.filter(Column::Id.eq(row.id)).filter(Column::State.eq(row.state)).exec(db).await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(BookingError::Stale) }
}
