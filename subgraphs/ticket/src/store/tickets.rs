//! SQL over tickets.

use chrono::{DateTime, Utc};
use entities::ids::BookingId;
use entities::ticket::status::AdmissionStatus;
use entities::ticket::tickets::{Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

/// Writes the tickets of a booking.
pub(crate) async fn insert(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<(), DbErr> {
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// The tickets of a booking in order, kept from others until the transaction ends.
pub(crate) async fn lock_of(db: &impl ConnectionTrait, booking: BookingId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::BookingId.eq(booking))
        .order_by_asc(Column::Seq)
        .lock_exclusive()
        .all(db)
        .await
}

/// Voids the tickets of a booking.
pub(crate) async fn void(
    db: &impl ConnectionTrait,
    booking: BookingId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(AdmissionStatus::Void))
        .col_expr(Column::VoidedAt, Expr::value(now))
        .filter(Column::BookingId.eq(booking))
        .exec(db)
        .await?;
    Ok(())
}
