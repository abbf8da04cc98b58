//! SQL over tickets.

use chrono::{DateTime, Utc};
use entities::ids::{BookingId, UserId};
use entities::moment::Moment;
use entities::ticket::events;
use entities::ticket::status::AdmissionStatus;
use entities::ticket::tickets::{Column, Entity, Model};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use subgraph::page::Page;

use crate::domain::admission::Scan;
use crate::domain::signed::TicketKey;

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

/// The ticket `key`.
pub(crate) async fn find(db: &impl ConnectionTrait, key: TicketKey) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((key.booking_id, key.seq)).one(db).await
}

/// The tickets with these random codes.
pub(crate) async fn by_codes(
    db: &impl ConnectionTrait,
    codes: impl IntoIterator<Item = String>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Code.is_in(codes)).all(db).await
}

/// The tickets of a buyer, newest first.
pub(crate) async fn of_user(
    db: &impl ConnectionTrait,
    user: UserId,
    page: Page,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .order_by_desc(Column::BookingId)
        .order_by_asc(Column::Seq)
        .limit(page.sql_limit())
        .offset(page.offset)
        .all(db)
        .await
}

/// How many tickets of a buyer that were not voided are for events that end after `now`.
pub(crate) async fn count_ahead(
    db: &impl ConnectionTrait,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let ahead = Query::select()
        .column(events::Column::Id)
        .from(events::Entity)
        .and_where(events::Column::EndsAt.gt(Moment::from(now)))
        .take();
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.ne(AdmissionStatus::Void))
        .filter(Column::EventId.in_subquery(ahead))
        .count(db)
        .await
}

/// The tickets of `bookings`, kept from others until the transaction ends.
pub(crate) async fn lock_of_bookings(
    db: &impl ConnectionTrait,
    bookings: impl IntoIterator<Item = BookingId>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::BookingId.is_in(bookings))
        .order_by_asc(Column::BookingId)
        .order_by_asc(Column::Seq)
        .lock_exclusive()
        .all(db)
        .await
}

/// Makes `scan` the use of a ticket that is valid; `false`, and nothing, otherwise.
///
/// One conditional statement: of two gates at once only one can be first.
pub(crate) async fn use_now(db: &impl ConnectionTrait, key: TicketKey, scan: &Scan) -> Result<bool, DbErr> {
    set_use(db, key, scan, Column::Status.eq(AdmissionStatus::Valid)).await
}

/// Makes `scan` the use of a ticket that is valid, or that was used later than that; `false`, and nothing, otherwise.
pub(crate) async fn use_earlier(
    db: &impl ConnectionTrait,
    key: TicketKey,
    scan: &Scan,
) -> Result<bool, DbErr> {
    let other_gate = Column::UsedAt.eq(scan.at).and(Column::UsedGate.gt(scan.gate.as_str()));
    let later = Column::UsedAt.gt(scan.at).or(other_gate);
    let used_later = Column::Status.eq(AdmissionStatus::Used).and(later);
    set_use(db, key, scan, Column::Status.eq(AdmissionStatus::Valid).or(used_later)).await
}

async fn set_use(
    db: &impl ConnectionTrait,
    key: TicketKey,
    scan: &Scan,
    allowed: Expr,
) -> Result<bool, DbErr> {
    let done = Entity::update_many()
        .col_expr(Column::Status, Expr::value(AdmissionStatus::Used))
        .col_expr(Column::UsedAt, Expr::value(scan.at))
        .col_expr(Column::UsedGate, Expr::value(scan.gate.as_str()))
        .filter(Column::BookingId.eq(key.booking_id))
        .filter(Column::Seq.eq(key.seq))
        .filter(allowed)
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}
