//! SQL over bookings and their history. A booking is changed in one place: [`advance`].

use chrono::{DateTime, Utc};
use entities::booking::booking_history;
use entities::booking::bookings::{Column, Entity, Model};
use entities::booking::status::{BookingState, BookingStatus, Phase};
use entities::ids::{BookingId, EventId, UserId};
use entities::money::Money;
use sea_orm::sea_query::{Condition, Expr, LockBehavior, LockType, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityName, EntityTrait, ExprTrait, Insert, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr,
};
use subgraph::database::Writes;
use subgraph::doer::Doer;
use subgraph::error::Code;
use subgraph::page::Page;

use crate::announcements::Announcement;
use crate::domain::refusal::Refusal;
use crate::domain::schedule;
use crate::error::BookingError;

/// A step of a booking: where it goes, and what is known from then on.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    /// The new state.
    pub(crate) to: BookingState,
    /// Who did it.
    pub(crate) by: String,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// The price that the hold froze.
    pub(crate) price: Option<Price>,
    /// Why the hold was refused.
    pub(crate) refusal: Option<Refusal>,
}

/// What the hold says it costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    /// One ticket.
    pub(crate) unit: Money,
    /// All of them.
    pub(crate) total: Money,
}

/// The booking `id`.
pub(crate) async fn find(db: &impl ConnectionTrait, id: BookingId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// What the world may see: a booking whose tickets were held, and not a request that never got that far.
fn visible() -> Expr {
    Column::Total.is_not_null()
}

/// The visible ones of `ids`, in one statement.
pub(crate) async fn find_many(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = BookingId>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Id.is_in(ids)).filter(visible()).all(db).await
}

/// The visible bookings of `users`, oldest first, in one statement.
pub(crate) async fn of_users(
    db: &impl ConnectionTrait,
    users: impl IntoIterator<Item = UserId>,
    page: Page,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.is_in(users))
        .filter(visible())
        .order_by_asc(Column::Id)
        .limit(page.sql_limit())
        .offset(page.offset)
        .all(db)
        .await
}

/// Everything that `user` ever asked for, visible or not, oldest first.
pub(crate) async fn all_of_user(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::UserId.eq(user)).order_by_asc(Column::Id).all(db).await
}

/// When `user` ordered with a voucher that there was not, since `since`, newest first; with what was ordered with one and is not answered yet, as
/// its phase says.
pub(crate) async fn wrong_vouchers(
    db: &impl ConnectionTrait,
    user: UserId,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<(DateTime<Utc>, Option<Phase>)>, DbErr> {
    let wrong = Column::RefusalCode.eq(Code::VoucherInvalid.as_str());
    Entity::find()
        .select_only()
        .columns([Column::CreatedAt, Column::Phase])
        .filter(Column::UserId.eq(user))
        .filter(Column::Voucher.is_not_null())
        .filter(Column::CreatedAt.gt(since))
        .filter(wrong.or(Column::Phase.eq(Phase::New)))
        .order_by_desc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// How many bookings of `user` wait for their payment or are being cancelled.
pub(crate) async fn count_unsettled(db: &impl ConnectionTrait, user: UserId) -> Result<u64, DbErr> {
    Entity::find().filter(Column::UserId.eq(user)).filter(Column::Phase.is_not_null()).count(db).await
}

/// The ids of the bookings of `user`, as a part of another statement.
pub(super) fn ids_of_user(user: UserId) -> SelectStatement {
    Query::select().column(Column::Id).from(Entity).and_where(Column::UserId.eq(user)).take()
}

/// The visible bookings of `events`, oldest first, in one statement.
pub(crate) async fn of_events(
    db: &impl ConnectionTrait,
    events: impl IntoIterator<Item = EventId>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::EventId.is_in(events))
        .filter(visible())
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

/// Writes a new booking and the first line of its history.
pub(crate) async fn insert(db: &impl ConnectionTrait, row: &Model, by: &str) -> Result<(), DbErr> {
    let booking = Entity::insert(row.clone().into_active_model());
    let writes = Writes::to(db).and(&booking, 1).and(&history_line(None, row, by), 1);
    writes.run(db).await?;
    Ok(())
}

/// Moves a booking, if it still is what `row` says, writes the line of its history, and what others are told of it.
///
/// # Errors
/// [`BookingError::Stale`] when somebody else moved it.
pub(crate) async fn advance(
    db: &impl ConnectionTrait,
    row: &Model,
    step: &Move,
) -> Result<Model, BookingError> {
    advance_with(db, row, step, Writes::to(db)).await
}

/// The same together with what goes with it.
///
/// # Errors
/// [`BookingError::Stale`] when somebody else moved it, or changed what goes with it.
pub(crate) async fn advance_with(
    db: &impl ConnectionTrait,
    row: &Model,
    step: &Move,
    others: Writes,
) -> Result<Model, BookingError> {
    let moved = after(row, step);
    let booking = Entity::update_many()
        .set(changes(&moved))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Version.eq(row.version));
    let line = history_line(Some(row.status), &moved, &step.by);
    match Writes::to(db).and(&booking, 1).and(&line, 1).with(others).run(db).await {
        Ok(true) => {}
        Ok(false) => return Err(BookingError::Stale),
        Err(error) if is_of_another(&error) => return Err(BookingError::Stale),
        Err(error) => return Err(error.into()),
    }
    if let Some(announcement) = Announcement::of_booking(row.status, &moved) {
        super::announcements::put(db, &announcement).await?;
    }
    Ok(moved)
}

/// Whether the line of the history was refused, because that of somebody else is there who moved the booking: where all is written at once, that
/// comes up before it is counted how many rows have changed.
fn is_of_another(error: &DbErr) -> bool {
    let table = booking_history::Entity.table_name();
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(words)) if words.contains(table))
}

fn after(row: &Model, step: &Move) -> Model {
    let mut moved = Model {
        status: step.to.status(),
        phase: step.to.phase(),
        cancel_reason: step.to.cancel_reason(),
        version: row.version + 1,
        due_at: schedule::due(step.to, row.expires_at, step.at),
        tries: 0,
        updated_at: step.at,
        ..row.clone()
    };
    if let Some(Price { unit, total }) = step.price {
        moved.unit_price = Some(unit.amount());
        moved.currency = Some(unit.currency());
        moved.total = Some(total.amount());
    }
    if let Some(Refusal { code, facts }) = &step.refusal {
        moved.refusal_code = Some(code.as_str().to_owned());
        moved.refusal_available = facts.available;
        moved.refusal_facts = facts.text();
    }
    moved
}

/// Everything of a row that a step may change; who bought what, and when, stays for ever.
fn changes(moved: &Model) -> entities::booking::bookings::ActiveModel {
    use sea_orm::ActiveValue::{NotSet, Set};
    entities::booking::bookings::ActiveModel {
        id: NotSet,
        user_id: NotSet,
        event_id: NotSet,
        ticket_type_id: NotSet,
        quantity: NotSet,
        voucher: NotSet,
        status: Set(moved.status),
        phase: Set(moved.phase),
        cancel_reason: Set(moved.cancel_reason),
        refusal_code: Set(moved.refusal_code.clone()),
        refusal_available: Set(moved.refusal_available),
        refusal_facts: Set(moved.refusal_facts.clone()),
        unit_price: Set(moved.unit_price),
        currency: Set(moved.currency),
        total: Set(moved.total),
        keyed: NotSet,
        expires_at: NotSet,
        version: Set(moved.version),
        due_at: Set(moved.due_at),
        tries: Set(moved.tries),
        created_at: NotSet,
        updated_at: Set(moved.updated_at),
    }
}

fn history_line(
    from_status: Option<BookingStatus>,
    row: &Model,
    by: &str,
) -> Insert<booking_history::ActiveModel> {
    let doer = Doer::current();
    let line = booking_history::Model {
        booking_id: row.id,
        version: row.version,
        from_status,
        to_status: row.status,
        phase: row.phase,
        cancel_reason: row.cancel_reason,
        actor: by.to_owned(),
        actor_role: doer.role().map(|role| role.as_str().to_owned()),
        request_id: doer.request_id(),
        at: row.updated_at,
    };
    booking_history::Entity::insert(line.into_active_model())
}

/// Takes up to `limit` bookings that are due at `now`, and keeps other workers off them until `until`.
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

/// Puts a booking that did not get on back into the queue, unless it moved.
pub(crate) async fn postpone(
    db: &impl ConnectionTrait,
    row: &Model,
    until: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(until))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Version.eq(row.version))
        .exec(db)
        .await?;
    Ok(())
}

/// Up to `limit` bookings of an event that can be cancelled as they stand, locked.
pub(crate) async fn lock_cancellable(
    db: &impl ConnectionTrait,
    event: EventId,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let pending = Condition::all()
        .add(Column::Status.eq(BookingStatus::Pending))
        .add(Column::Phase.is_in([Phase::Held, Phase::Paying]));
    let paid = Condition::all().add(Column::Status.eq(BookingStatus::Paid)).add(Column::Phase.is_null());
    Entity::find()
        .filter(Column::EventId.eq(event))
        .filter(Condition::any().add(pending).add(paid))
        .order_by_asc(Column::Id)
        .limit(limit)
        .lock_exclusive()
        .all(db)
        .await
}

/// Up to `limit` bookings of an event that are being cancelled.
pub(crate) async fn cancelling(
    db: &impl ConnectionTrait,
    event: EventId,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::EventId.eq(event))
        .filter(Column::Phase.eq(Phase::Cancelling))
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await
}

/// How many bookings of an event are not cancelled yet.
pub(crate) async fn count_open(db: &impl ConnectionTrait, event: EventId) -> Result<u64, DbErr> {
    Entity::find()
        .filter(Column::EventId.eq(event))
        .filter(Column::Status.ne(BookingStatus::Cancelled))
        .count(db)
        .await
}
