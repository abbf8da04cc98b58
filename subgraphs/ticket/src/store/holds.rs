//! SQL over holds.

use chrono::{DateTime, Utc};
use entities::ids::{HoldId, TicketTypeId, UserId};
use entities::ticket::holds::{Column, Entity, Model};
use entities::ticket::status::HoldStatus;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::inserted;

/// The hold `id`.
pub(crate) async fn find(db: &impl ConnectionTrait, id: HoldId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The same, kept from others until the transaction ends. Whoever locks its type too locks it after this one.
pub(crate) async fn lock(db: &impl ConnectionTrait, id: HoldId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(db).await
}

/// Writes a hold or tombstone; `false` when there is one of that id.
pub(crate) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<bool, DbErr> {
    inserted(Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}

/// Writes where a locked hold stands now.
pub(crate) async fn set_status(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = HoldId>,
    status: HoldStatus,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.is_in(ids))
        .exec(db)
        .await?;
    Ok(())
}

/// How many of a type a buyer holds or has bought. Whoever has changed the type's row sees all that others have taken.
///
/// Added up here: a database's sum has another type on each of them, and the rows are few.
pub(crate) async fn of_buyer(
    db: &impl ConnectionTrait,
    ticket_type: TicketTypeId,
    buyer: UserId,
) -> Result<i32, DbErr> {
    let quantities: Vec<i32> = Entity::find()
        .select_only()
        .column(Column::Quantity)
        .filter(Column::UserId.eq(buyer))
        .filter(Column::TicketTypeId.eq(ticket_type))
        .filter(Column::Status.is_in([HoldStatus::Held, HoldStatus::Confirmed]))
        .into_tuple()
        .all(db)
        .await?;
    Ok(quantities.into_iter().sum())
}

/// Which lapsed holds are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    /// Any.
    Anything,
    /// Those of one type.
    Type(TicketTypeId),
    /// Those of one type that one buyer had before this hold.
    Buyer(TicketTypeId, UserId, HoldId),
}

/// At most `limit` holds that have lapsed, locked.
///
/// Rows that another transaction has are passed over: it expires, confirms or releases them itself, and waiting for it
/// here, with the type's row in hand, would be half of a deadlock.
pub(crate) async fn lock_lapsed(
    db: &impl ConnectionTrait,
    of: Of,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let lapsed =
        Entity::find().filter(Column::Status.eq(HoldStatus::Held)).filter(Column::ExpiresAt.lte(now));
    let lapsed = match of {
        Of::Anything => lapsed,
        Of::Type(ticket_type) => lapsed.filter(Column::TicketTypeId.eq(ticket_type)),
        Of::Buyer(ticket_type, buyer, hold) => lapsed
            .filter(Column::TicketTypeId.eq(ticket_type))
            .filter(Column::UserId.eq(buyer))
            .filter(Column::Id.ne(hold)),
    };
    lapsed
        .order_by_asc(Column::ExpiresAt)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(db)
        .await
}
