//! SQL over who listens and what they are told.

use chrono::{DateTime, Utc};
use entities::booking::status::{DeliveryFailure, DeliveryState};
use entities::booking::webhook_deliveries::{Column, Entity, Model};
use entities::booking::webhook_listeners::{self as listeners, Kinds};
use entities::idempotency::IdempotencyKey;
use entities::ids::{AnnouncementId, ListenerId, UserId};
use sea_orm::sea_query::{Condition, Expr, LockBehavior, LockType, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use subgraph::page::Page;

use crate::announcements::Announcement;
use subgraph::database::inserted;

/// The one message for one listener that a delivery is.
pub(crate) type Key = (AnnouncementId, ListenerId);

/// Which deliveries are asked for; every part that is absent lets all through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter {
    /// To this listener.
    pub(crate) listener: Option<ListenerId>,
    /// That stand there.
    pub(crate) state: Option<DeliveryState>,
}

/// Puts `announcement` into the outbox of everybody who listens for it, by one statement: what is told is written with what happened, and costs
/// one round trip whether nobody listens or many do.
pub(crate) async fn put(db: &impl ConnectionTrait, announcement: &Announcement) -> Result<(), DbErr> {
    let Announcement { id, kind, body, at } = announcement;
    let select = Query::select()
        .expr(Expr::value(*id))
        .column(listeners::Column::Id)
        .expr(Expr::value(*kind))
        .expr(Expr::value(body.as_str()))
        .expr(Expr::value(DeliveryState::Waiting))
        .expr(Expr::value(*at))
        .expr(Expr::value(0))
        .expr(Expr::value(*at))
        .expr(Expr::value(*at))
        .from(listeners::Entity)
        .and_where(listeners::Column::RemovedAt.is_null())
        .and_where(listeners::Column::Kinds.like(Kinds::pattern(*kind)))
        .take();
    let columns = [
        Column::AnnouncementId,
        Column::ListenerId,
        Column::Kind,
        Column::Body,
        Column::State,
        Column::DueAt,
        Column::Tries,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];
    let mut insert = Query::insert();
    insert.into_table(Entity).columns(columns);
    insert.select_from(select).map_err(|error| DbErr::Custom(error.to_string()))?;
    db.execute(&insert).await?;
    Ok(())
}

// Listeners

/// Writes a new listener; `false` when whoever registers it has registered one under its key.
pub(crate) async fn insert_listener(db: &impl ConnectionTrait, row: listeners::Model) -> Result<bool, DbErr> {
    inserted(listeners::Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}

/// The listener, removed or not, that `user` registered under this key.
pub(crate) async fn listener_by_key(
    db: &impl ConnectionTrait,
    user: UserId,
    key: &IdempotencyKey,
) -> Result<Option<listeners::Model>, DbErr> {
    let by_key = listeners::Column::IdempotencyKey.eq(key.as_str());
    listeners::Entity::find().filter(listeners::Column::CreatedBy.eq(user)).filter(by_key).one(db).await
}

/// Those who listen, oldest first.
pub(crate) async fn listening(db: &impl ConnectionTrait, page: Page) -> Result<Vec<listeners::Model>, DbErr> {
    listeners::Entity::find()
        .filter(listeners::Column::RemovedAt.is_null())
        .order_by_asc(listeners::Column::Id)
        .limit(page.sql_limit())
        .offset(page.offset)
        .all(db)
        .await
}

/// How many listen.
pub(crate) async fn count_listening(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    listeners::Entity::find().filter(listeners::Column::RemovedAt.is_null()).count(db).await
}

/// The listener `id`, removed or not.
pub(crate) async fn listener(
    db: &impl ConnectionTrait,
    id: ListenerId,
) -> Result<Option<listeners::Model>, DbErr> {
    listeners::Entity::find_by_id(id).one(db).await
}

/// Removes a listener, and gives up what waits for it; `false` when there is none.
pub(crate) async fn remove_listener(
    db: &impl ConnectionTrait,
    id: ListenerId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let removed = listeners::Entity::update_many()
        .col_expr(listeners::Column::RemovedAt, Expr::value(now))
        .filter(listeners::Column::Id.eq(id))
        .filter(listeners::Column::RemovedAt.is_null())
        .exec(db)
        .await?;
    Entity::update_many()
        .col_expr(Column::State, Expr::value(DeliveryState::Dead))
        .col_expr(Column::DueAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::LastFailure, Expr::value(DeliveryFailure::Removed))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::ListenerId.eq(id))
        .filter(Column::State.eq(DeliveryState::Waiting))
        .exec(db)
        .await?;
    Ok(removed.rows_affected == 1)
}

// Deliveries

/// The deliveries that `filter` lets through, newest first.
pub(crate) async fn find(db: &impl ConnectionTrait, filter: Filter, page: Page) -> Result<Vec<Model>, DbErr> {
    let condition = Condition::all()
        .add_option(filter.listener.map(|id| Column::ListenerId.eq(id)))
        .add_option(filter.state.map(|state| Column::State.eq(state)));
    Entity::find()
        .filter(condition)
        .order_by_desc(Column::AnnouncementId)
        .order_by_asc(Column::ListenerId)
        .limit(page.sql_limit())
        .offset(page.offset)
        .all(db)
        .await
}

/// Takes up to `limit` deliveries that are due at `now`, and keeps other workers off them until `until`.
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
    let keys = due.iter().map(|row| one((row.announcement_id, row.listener_id)));
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(until))
        .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
        .filter(keys.fold(Condition::any(), Condition::add))
        .exec(db)
        .await?;
    Ok(due.into_iter().map(|row| Model { tries: row.tries + 1, ..row }).collect())
}

/// What came of a try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Where the delivery stands from now on.
    pub(crate) state: DeliveryState,
    /// When it is tried again.
    pub(crate) due_at: Option<DateTime<Utc>>,
    /// The status of the answer.
    pub(crate) status: Option<i32>,
    /// Why it did not arrive.
    pub(crate) failure: Option<DeliveryFailure>,
}

/// Writes what came of a try, unless somebody decided otherwise meanwhile.
pub(crate) async fn finish(
    db: &impl ConnectionTrait,
    row: &Model,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(outcome.state))
        .col_expr(Column::DueAt, Expr::value(outcome.due_at))
        .col_expr(Column::LastStatus, Expr::value(outcome.status))
        .col_expr(Column::LastFailure, Expr::value(outcome.failure))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(one((row.announcement_id, row.listener_id)))
        .filter(Column::State.eq(DeliveryState::Waiting))
        .filter(Column::Tries.eq(row.tries))
        .exec(db)
        .await?;
    Ok(())
}

/// Up to `limit` deliveries that arrived before then.
pub(crate) async fn delivered_before(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Key>, DbErr> {
    Entity::find()
        .select_only()
        .columns([Column::AnnouncementId, Column::ListenerId])
        .filter(Column::State.eq(DeliveryState::Delivered))
        .filter(Column::UpdatedAt.lt(before))
        .order_by_asc(Column::AnnouncementId)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// Forgets deliveries that arrived.
pub(crate) async fn forget(
    db: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = Key>,
) -> Result<(), DbErr> {
    let keys = keys.into_iter().map(one).fold(Condition::any(), Condition::add);
    Entity::delete_many().filter(keys).filter(Column::State.eq(DeliveryState::Delivered)).exec(db).await?;
    Ok(())
}

/// Has what was given up tried again from the beginning: one delivery, or all of them, of a listener that still listens. Answers how many.
pub(crate) async fn revive(
    db: &impl ConnectionTrait,
    which: Condition,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let listening = Query::select()
        .column(listeners::Column::Id)
        .from(listeners::Entity)
        .and_where(listeners::Column::RemovedAt.is_null())
        .take();
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(DeliveryState::Waiting))
        .col_expr(Column::DueAt, Expr::value(now))
        .col_expr(Column::Tries, Expr::value(0))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(which)
        .filter(Column::State.eq(DeliveryState::Dead))
        .filter(Column::ListenerId.in_subquery(listening))
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}

/// This delivery.
pub(crate) fn one((announcement, listener): Key) -> Condition {
    Condition::all().add(Column::AnnouncementId.eq(announcement)).add(Column::ListenerId.eq(listener))
}

/// Every delivery of a listener.
pub(crate) fn all_of(listener: ListenerId) -> Condition {
    Condition::all().add(Column::ListenerId.eq(listener))
}
