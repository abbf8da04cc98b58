//! SQL over places on waiting lists. Whoever writes here has locked the row of their type before.

use chrono::{DateTime, Utc};
use entities::idempotency::IdempotencyKey;
use entities::ids::{TicketTypeId, UserId, WaitingPlaceId};
use entities::ticket::status::PlaceStatus;
use entities::ticket::waiting_places::{Column, Entity, Model};
use sea_orm::sea_query::{Alias, Expr, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder,
};

use subgraph::database::inserted;

/// What a buyer asked for under this key.
pub(crate) async fn by_key(
    db: &impl ConnectionTrait,
    user: UserId,
    key: &IdempotencyKey,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::IdempotencyKey.eq(key.as_str()))
        .one(db)
        .await
}

/// The place on which a buyer waits for a type now, or has an offer.
pub(crate) async fn active(
    db: &impl ConnectionTrait,
    ticket_type: TicketTypeId,
    user: UserId,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::TicketTypeId.eq(ticket_type))
        .filter(Column::Active.eq(true))
        .one(db)
        .await
}

/// Writes a new place; `false` when its buyer has one of that type, or used that key.
pub(crate) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<bool, DbErr> {
    inserted(Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}

/// Whose turn it is.
pub(crate) async fn next(
    db: &impl ConnectionTrait,
    ticket_type: TicketTypeId,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::TicketTypeId.eq(ticket_type))
        .filter(Column::Status.eq(PlaceStatus::Waiting))
        .order_by_asc(Column::JoinedAt)
        .order_by_asc(Column::Id)
        .one(db)
        .await
}

/// The offers of a type that nobody took in time.
pub(crate) async fn lapsed(
    db: &impl ConnectionTrait,
    ticket_type: TicketTypeId,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::TicketTypeId.eq(ticket_type))
        .filter(Column::Status.eq(PlaceStatus::Offered))
        .filter(Column::OfferExpiresAt.lte(now))
        .all(db)
        .await
}

/// Sets `quantity` aside for whoever has the place, until `until`; `false` when it does not wait any more.
pub(crate) async fn offer(
    db: &impl ConnectionTrait,
    place: &Model,
    (quantity, until): (i32, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let done = Entity::update_many()
        .col_expr(Column::Status, Expr::value(PlaceStatus::Offered))
        .col_expr(Column::Offered, Expr::value(quantity))
        .col_expr(Column::OfferExpiresAt, Expr::value(Some(until)))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(place.id))
        .filter(Column::Status.eq(place.status))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends a place as `to`; `false` when it moved since it was read.
pub(crate) async fn finish(
    db: &impl ConnectionTrait,
    place: &Model,
    to: PlaceStatus,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let done = over(to, now)
        .filter(Column::Id.eq(place.id))
        .filter(Column::Status.eq(place.status))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends every place of a type.
pub(crate) async fn finish_all(
    db: &impl ConnectionTrait,
    ticket_type: TicketTypeId,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let all = over(PlaceStatus::Ended, now).filter(Column::TicketTypeId.eq(ticket_type));
    Ok(all.filter(Column::Active.eq(true)).exec(db).await?.rows_affected)
}

fn over(to: PlaceStatus, now: DateTime<Utc>) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::Active, Expr::value(None::<bool>))
        .col_expr(Column::Offered, Expr::value(0))
        .col_expr(Column::OfferExpiresAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::UpdatedAt, Expr::value(now))
}

/// The places that a buyer has now, oldest first.
pub(crate) async fn of_user(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<Model>, DbErr> {
    let active = Entity::find().filter(Column::UserId.eq(user)).filter(Column::Active.eq(true));
    active.order_by_asc(Column::JoinedAt).order_by_asc(Column::Id).all(db).await
}

/// Those of a buyer that are over, too.
pub(crate) async fn ever_of_user(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .order_by_asc(Column::JoinedAt)
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

/// The how-manieth a place is.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Position {
    pub(crate) id: WaitingPlaceId,
    pub(crate) position: i64,
}

/// Where `places` stand among those that wait, the first at 1, in one statement. Offers stand nowhere.
pub(crate) async fn positions(
    db: &impl ConnectionTrait,
    places: impl IntoIterator<Item = WaitingPlaceId>,
) -> Result<Vec<Position>, DbErr> {
    let (mine, ahead) = (Alias::new("mine"), Alias::new("ahead"));
    let column = |table: &Alias, column: Column| Expr::col((table.clone(), column));
    let earlier = column(&ahead, Column::JoinedAt).lt(column(&mine, Column::JoinedAt));
    let same_moment = column(&ahead, Column::JoinedAt)
        .eq(column(&mine, Column::JoinedAt))
        .and(column(&ahead, Column::Id).lte(column(&mine, Column::Id)));
    let waiting = |table: &Alias| column(table, Column::Status).eq(PlaceStatus::Waiting);
    let mut query = Query::select();
    query
        .column((mine.clone(), Column::Id))
        .expr_as(Expr::cust("COUNT(*)"), Alias::new("position"))
        .from_as(Entity, mine.clone())
        .from_as(Entity, ahead.clone())
        .and_where(column(&mine, Column::Id).is_in(places))
        .and_where(waiting(&mine))
        .and_where(waiting(&ahead))
        .and_where(column(&ahead, Column::TicketTypeId).eq(column(&mine, Column::TicketTypeId)))
        .and_where(earlier.or(same_moment))
        .group_by_col((mine, Column::Id));
    Position::find_by_statement(db.get_database_backend().build(&query)).all(db).await
}
