//! SQL over holds.

use chrono::{DateTime, Utc};
use entities::ids::{HoldId, TicketTypeId, UserId};
use entities::ticket::holds::{Column, Entity, Model};
use entities::ticket::status::{HoldStatus, StockMove};
use entities::ticket::{ticket_types, tickets};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    UpdateMany,
};
use subgraph::database::Writes;

use subgraph::database::{inserted, is_taken};

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

/// What came of taking a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is written, and the counter of its type has moved.
    Both,
    /// It is written; the counter has not moved, because the type does not have them now.
    HoldAlone,
    /// Nothing is written: there is a hold or tombstone of that id.
    Neither,
}

/// Writes a hold, and sets its tickets of `offer` aside: [`super::ticket_types::hold`].
pub(crate) async fn take(
    db: &impl ConnectionTrait,
    row: Model,
    offer: &ticket_types::Model,
    now: DateTime<Utc>,
) -> Result<Taken, DbErr> {
    let counter = super::ticket_types::holding(offer, row.quantity, now);
    let both = Writes::to(db).and(&Entity::insert(row.into_active_model()), 1).and(&counter, 1);
    match both.run(db).await {
        Ok(true) => Ok(Taken::Both),
        Ok(false) => Ok(Taken::HoldAlone),
        Err(error) if is_taken(&error) => Ok(Taken::Neither),
        Err(error) => Err(error),
    }
}

/// Turns a locked hold into tickets: writes where it stands now and its tickets, and takes `step`; `false` when the counters of its type do not
/// cover that.
pub(crate) async fn confirm(
    db: &impl ConnectionTrait,
    hold: &Model,
    rows: Vec<tickets::Model>,
    step: Option<(TicketTypeId, StockMove)>,
) -> Result<bool, DbErr> {
    let status = status_of([hold.id], hold.status, hold.updated_at);
    let count = rows.len();
    let rows = tickets::Entity::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model));
    let writes = Writes::to(db).and(&status, 1).and(&rows, count);
    // Last, because everybody who wants this type waits from here to the commit.
    let counter = step.and_then(|(id, step)| super::ticket_types::applying(id, step, hold.quantity));
    match counter {
        Some(counter) => writes.and(&counter, 1).run(db).await,
        None => writes.run(db).await,
    }
}

/// Writes where a locked hold stands now.
pub(crate) async fn set_status(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = HoldId>,
    status: HoldStatus,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    status_of(ids, status, now).exec(db).await?;
    Ok(())
}

fn status_of(
    ids: impl IntoIterator<Item = HoldId>,
    status: HoldStatus,
    now: DateTime<Utc>,
) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.is_in(ids))
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
