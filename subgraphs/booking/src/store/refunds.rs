//! SQL over refunds.

use chrono::{DateTime, Utc};
use entities::booking::payment_attempts;
use entities::booking::refunds::{Column, Entity, Model};
use entities::booking::status::RefundState;
use entities::ids::{PaymentId, RefundId, UserId};
use entities::money::Money;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use subgraph::audit;

use super::bookings::ids_of_user;
use crate::announcements::Announcement;
use crate::error::BookingError;

/// The id of the one refund that a payment can have.
pub(crate) fn id_for(payment: PaymentId) -> RefundId {
    RefundId::from_uuid(*payment.as_uuid())
}

/// The refund of a payment, if it was ever owed back.
pub(crate) async fn of_payment(db: &impl ConnectionTrait, id: PaymentId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id_for(id)).one(db).await
}

/// Every refund of a user, oldest first.
pub(crate) async fn of_user(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<Model>, DbErr> {
    let theirs = Column::BookingId.in_subquery(ids_of_user(user));
    Entity::find().filter(theirs).order_by_asc(Column::Id).all(db).await
}

/// How many refunds of a user a worker has still to do with. One that is MANUAL is a person's, who knows it by the provider's own name.
pub(crate) async fn count_open(db: &impl ConnectionTrait, user: UserId) -> Result<u64, DbErr> {
    let open = [RefundState::Requested, RefundState::Submitted, RefundState::Failed];
    Entity::find()
        .filter(Column::BookingId.in_subquery(ids_of_user(user)))
        .filter(Column::State.is_in(open))
        .count(db)
        .await
}

/// Owes `amount` of a payment back, unless that is owed already. Due at once.
pub(crate) async fn request(
    db: &impl ConnectionTrait,
    payment: &payment_attempts::Model,
    amount: Money,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let id = id_for(payment.id);
    if Entity::find_by_id(id).one(db).await?.is_some() {
        return Ok(());
    }
    let row = Model {
        id,
        payment_id: payment.id,
        booking_id: payment.booking_id,
        amount: amount.amount(),
        currency: amount.currency(),
        state: RefundState::Requested,
        due_at: Some(now),
        tries: 0,
        created_at: now,
        updated_at: now,
    };
    Entity::insert(row.clone().into_active_model()).exec_without_returning(db).await?;
    tell(db, &row, None).await
}

/// Takes up to `limit` refunds that are due at `now`, and keeps other workers off them until `until`.
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

/// Moves a refund, if it still is what `row` says; `due_at` is when a worker must look at it again.
///
/// # Errors
/// [`BookingError::Stale`] when somebody else moved it.
pub(crate) async fn advance(
    db: &impl ConnectionTrait,
    row: &Model,
    to: RefundState,
    due_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Model, BookingError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(to))
        .col_expr(Column::DueAt, Expr::value(due_at))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq(row.state))
        .exec(db)
        .await?;
    if done.rows_affected != 1 {
        return Err(BookingError::Stale);
    }
    let moved = Model { state: to, due_at, updated_at: now, ..row.clone() };
    tell(db, &moved, Some(row.state)).await?;
    Ok(moved)
}

/// Writes the line of the audit log, and what others are told.
async fn tell(db: &impl ConnectionTrait, row: &Model, from: Option<RefundState>) -> Result<(), DbErr> {
    audit::record(db, row.updated_at, [super::audit::refund(row, from)]).await?;
    match Announcement::of_refund(row) {
        Some(announcement) => super::announcements::put(db, &announcement).await,
        None => Ok(()),
    }
}
