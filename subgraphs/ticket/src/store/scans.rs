//! SQL over scans. Rows of a ticket are written only by who has the ticket's row locked.

use entities::ids::BookingId;
use entities::ticket::scans::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use subgraph::audit;

use crate::audit::checked_in;

/// Writes scans, and the lines of the audit log that tell of them.
pub(crate) async fn insert(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<(), DbErr> {
    let Some(first) = rows.first() else { return Ok(()) };
    audit::record(db, first.told_at, rows.iter().map(checked_in)).await?;
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// The scans of the tickets of `bookings`, earliest first.
pub(crate) async fn of_bookings(
    db: &impl ConnectionTrait,
    bookings: impl IntoIterator<Item = BookingId>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::BookingId.is_in(bookings))
        .order_by_asc(Column::ScannedAt)
        .order_by_asc(Column::Gate)
        .all(db)
        .await
}
