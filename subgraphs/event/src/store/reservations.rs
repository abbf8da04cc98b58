//! Claims on rooms: taken, settled and undone, each in one writing transaction.
//!
//! Two claims never overlap because a claim looks and writes under a lock of its room: on SQLite the transaction is the only writer from its
//! first statement, on MySQL it begins by locking the room's row.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use entities::event::status::{EventState, OutboxTask, ReservationState};
use entities::event::{events, room_reservations as rows, rooms};
use entities::ids::{EventId, ReservationId};
use entities::moment::Moment;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use subgraph::audit;
use subgraph::idempotency::{self, Request};

use super::audit::{blocked, created};
use super::events::{Wording, change_event, reworded};
use super::{Store, StoreError, outbox};
use crate::domain::time::Slot;

/// Who works on a claim, and for how long nobody else may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The process.
    pub owner: String,
    /// How long.
    pub length: TimeDelta,
}

/// A room at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The venue.
    pub venue: i32,
    /// The room.
    pub room: i32,
    /// How many people it takes.
    pub capacity: i32,
    /// When.
    pub slot: Slot,
}

/// What a claim is for.
#[derive(Clone, Debug)]
pub enum Purpose<'a> {
    /// An event that does not exist yet; it is written invisible, with the claim.
    NewEvent(&'a events::Model),
    /// Another time or room for an event, as it was read.
    Move(&'a events::Model),
    /// A block set by hand.
    Block,
}

impl Purpose<'_> {
    fn event(&self) -> Option<EventId> {
        match self {
            Self::NewEvent(event) | Self::Move(event) => Some(event.id),
            Self::Block => None,
        }
    }
}

impl Store {
    /// Claims a room, for a request if it has a key. The claim is PENDING until it is settled or undone, and holds the room from now on.
    ///
    /// # Errors
    /// [`StoreError::Twin`] when the key of the request is taken; [`StoreError::Overlaps`] with the claims that are in the way; [`StoreError::Changed`] when the event to be moved is not as it was
    /// read, or is being moved by somebody else.
    pub async fn claim(
        &self,
        (purpose, request): (Purpose<'_>, Option<&Request>),
        room: i32,
        slot: Slot,
        (lease, now): (&Lease, DateTime<Utc>),
    ) -> Result<rows::Model, StoreError> {
        let claim = new_claim(purpose.event(), room, slot, (lease, now));
        let (row, purpose) = (&claim, &purpose);
        self.db
            .transaction(|tx| async move {
                lock_room(&*tx, room).await?;
                // Before all that a twin could be refused for: what it claimed is in the way.
                if !idempotency::claim(&*tx, request, subject(row), now).await? {
                    return Err(StoreError::Twin);
                }
                if let Purpose::Move(event) = purpose {
                    still_movable(&*tx, event).await?;
                }
                let in_the_way = holding(room, &slot, purpose.event()).all(&*tx).await?;
                if !in_the_way.is_empty() {
                    return Err(StoreError::Overlaps(in_the_way));
                }
                if let Purpose::NewEvent(event) = purpose {
                    let event = events::ActiveModel::from((*event).clone()).reset_all();
                    events::Entity::insert(event).exec_without_returning(&*tx).await?;
                }
                let row = rows::ActiveModel::from(row.clone()).reset_all();
                rows::Entity::insert(row).exec_without_returning(&*tx).await?;
                Ok(())
            })
            .await?;
        Ok(claim)
    }

    /// The claim of a new event has its room: the event is seen from now on, and the ticket service is to hear of it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the lease was lost and somebody else has settled or undone the claim.
    pub async fn settle_new_event(&self, claim: &rows::Model, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Some(id) = claim.event_id else { return Err(StoreError::Changed) };
        self.db
            .transaction(|tx| async move {
                activate(&*tx, claim, now).await?;
                show(&*tx, id, now).await?;
                audit::record(&*tx, now, [created(id, claim)]).await?;
                outbox::raise(&*tx, id, OutboxTask::SyncTickets, now).await
            })
            .await
    }

    /// The claim of a block has its room.
    ///
    /// # Errors
    /// As [`Store::settle_new_event`].
    pub async fn settle_block(&self, claim: &rows::Model, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.db
            .transaction(|tx| async move {
                activate(&*tx, claim, now).await?;
                Ok(audit::record(&*tx, now, [blocked(claim)]).await?)
            })
            .await
    }

    /// The claim of a move has its room: the event moves there, and what it held before is free.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the event is no longer as it was read, or the lease was lost.
    pub async fn settle_move(
        &self,
        claim: &rows::Model,
        event: &events::Model,
        (place, wording): (Place, Wording),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let change = &reworded(moved(place), wording);
        self.db
            .transaction(|tx| async move {
                activate(&*tx, claim, now).await?;
                change_event(&*tx, event, change.clone(), now).await?;
                free_rooms(&*tx, event.id, Some(claim.id), now).await?;
                outbox::raise(&*tx, event.id, OutboxTask::SyncTickets, now).await
            })
            .await
    }

    /// Takes a pending claim back, and with it the event that was never seen and the key of its request. What the ticket service may have been told of a move is
    /// told anew.
    ///
    /// Nothing happens when the claim is no longer pending under its lease.
    ///
    /// # Errors
    /// When the database fails; then a worker undoes it when the lease is over.
    pub async fn undo(&self, claim: &rows::Model, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.db
            .transaction(|tx| async move {
                let gone = rows::Entity::delete_many().filter(leased(claim)).exec(&*tx).await?;
                match claim.event_id {
                    _ if gone.rows_affected != 1 => Ok(()),
                    Some(id) => forget_unseen(&*tx, id, now).await,
                    None => Ok(idempotency::free(&*tx, claim.id).await?),
                }
            })
            .await
    }

    /// The pending claims whose lease is over, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn abandoned_claims(&self, now: DateTime<Utc>) -> Result<Vec<rows::Model>, StoreError> {
        let claims = rows::Entity::find()
            .filter(rows::Column::State.eq(ReservationState::Pending))
            .filter(rows::Column::LeaseUntil.lte(now))
            .order_by_asc(rows::Column::CreatedAt)
            .limit(32);
        Ok(claims.all(self.reader()).await?)
    }

    /// Takes an abandoned claim over; `None` when another worker was faster.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_over(
        &self,
        claim: &rows::Model,
        (lease, now): (&Lease, DateTime<Utc>),
    ) -> Result<Option<rows::Model>, StoreError> {
        let until = now + lease.length;
        let taken = rows::Entity::update_many()
            .col_expr(rows::Column::LeaseOwner, Expr::value(lease.owner.clone()))
            .col_expr(rows::Column::LeaseUntil, Expr::value(until))
            .col_expr(rows::Column::Attempts, Expr::value(claim.attempts + 1))
            .filter(rows::Column::Id.eq(claim.id))
            .filter(rows::Column::State.eq(ReservationState::Pending))
            .filter(rows::Column::Attempts.eq(claim.attempts))
            .filter(rows::Column::LeaseUntil.lte(now))
            .exec(self.writer())
            .await?;
        let mine = rows::Model {
            lease_owner: Some(lease.owner.clone()),
            lease_until: until,
            attempts: claim.attempts + 1,
            ..claim.clone()
        };
        Ok((taken.rows_affected == 1).then_some(mine))
    }

    /// Leaves a claim to the workers, to be taken up again at `at`.
    ///
    /// # Errors
    /// When the database fails; then it is taken up when the lease is over.
    pub async fn leave_claim(&self, claim: &rows::Model, at: DateTime<Utc>) -> Result<(), StoreError> {
        rows::Entity::update_many()
            .col_expr(rows::Column::LeaseUntil, Expr::value(at))
            .filter(leased(claim))
            .exec(self.writer())
            .await?;
        Ok(())
    }

    /// The event that a claim is for, seen or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event_of(&self, claim: &rows::Model) -> Result<Option<events::Model>, StoreError> {
        match claim.event_id {
            Some(id) => Ok(events::Entity::find_by_id(id).one(self.reader()).await?),
            None => Ok(None),
        }
    }

    /// Whether a claim of the event is pending.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_moving(&self, event: EventId) -> Result<bool, StoreError> {
        moving(self.writer(), event).await
    }

    /// The claim, pending or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_in_any_state(&self, id: ReservationId) -> Result<Option<rows::Model>, StoreError> {
        Ok(rows::Entity::find_by_id(id).one(self.reader()).await?)
    }

    /// Every claim there ever was, for the checker.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_claims(&self) -> Result<Vec<rows::Model>, StoreError> {
        Ok(rows::Entity::find().order_by_asc(rows::Column::Id).all(self.reader()).await?)
    }
}

/// What the key of a claim's request stands for: the event, or where there is none the claim itself.
fn subject(claim: &rows::Model) -> String {
    claim.event_id.map_or_else(|| claim.id.to_string(), |event| event.to_string())
}

/// On MySQL the row lock makes writers of one room follow each other. SQLite drops the clause: there the transaction itself is the lock.
async fn lock_room(tx: &impl ConnectionTrait, room: i32) -> Result<(), StoreError> {
    rooms::Entity::find_by_id(room).lock_exclusive().one(tx).await?.ok_or(StoreError::UnknownRoom)?;
    Ok(())
}

async fn still_movable(tx: &impl ConnectionTrait, event: &events::Model) -> Result<(), StoreError> {
    let current = events::Entity::find_by_id(event.id).one(tx).await?;
    if current.is_none_or(|current| current.version != event.version || current.state != event.state) {
        return Err(StoreError::Changed);
    }
    if moving(tx, event.id).await? { Err(StoreError::Changed) } else { Ok(()) }
}

async fn moving(connection: &impl ConnectionTrait, event: EventId) -> Result<bool, StoreError> {
    let pending = rows::Entity::find()
        .filter(rows::Column::EventId.eq(event))
        .filter(rows::Column::State.eq(ReservationState::Pending));
    Ok(pending.one(connection).await?.is_some())
}

/// The claims that hold the room at some moment of the slot; those of `event` itself do not stand in its way.
fn holding(room: i32, slot: &Slot, event: Option<EventId>) -> sea_orm::Select<rows::Entity> {
    let others = event
        .map(|id| Condition::any().add(rows::Column::EventId.is_null()).add(rows::Column::EventId.ne(id)));
    rows::Entity::find()
        .filter(rows::Column::RoomId.eq(room))
        .filter(rows::Column::State.is_in([ReservationState::Pending, ReservationState::Active]))
        .filter(rows::Column::StartsAt.lt(Moment::from(slot.instants.end())))
        .filter(rows::Column::EndsAt.gt(Moment::from(slot.instants.start())))
        .filter(Condition::all().add_option(others))
        .order_by_asc(rows::Column::StartsAt)
}

fn new_claim(
    event: Option<EventId>,
    room: i32,
    slot: Slot,
    (lease, now): (&Lease, DateTime<Utc>),
) -> rows::Model {
    rows::Model {
        id: ReservationId::new(),
        room_id: room,
        event_id: event,
        starts_at: slot.instants.start().into(),
        ends_at: slot.instants.end().into(),
        starts_local: slot.wall.start(),
        ends_local: slot.wall.end(),
        state: ReservationState::Pending,
        attempts: 0,
        lease_owner: Some(lease.owner.clone()),
        lease_until: now + lease.length,
        created_at: now,
        updated_at: now,
    }
}

/// The event of a settled claim is seen from now on.
async fn show(tx: &impl ConnectionTrait, id: EventId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let written = events::Entity::update_many()
        .col_expr(events::Column::State, Expr::value(EventState::Scheduled))
        .col_expr(events::Column::UpdatedAt, Expr::value(now))
        .filter(events::Column::Id.eq(id))
        .filter(events::Column::State.eq(EventState::PendingRoom))
        .exec(tx)
        .await?;
    if written.rows_affected == 1 { Ok(()) } else { Err(StoreError::Changed) }
}

/// The event of a claim that was taken back: gone when it was never seen, told of anew when it only did not move.
async fn forget_unseen(tx: &impl ConnectionTrait, id: EventId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let unseen = events::Entity::delete_many()
        .filter(events::Column::Id.eq(id))
        .filter(events::Column::State.eq(EventState::PendingRoom))
        .exec(tx)
        .await?;
    if unseen.rows_affected == 0 {
        return outbox::raise(tx, id, OutboxTask::SyncTickets, now).await;
    }
    Ok(idempotency::free(tx, id).await?)
}

/// What an event holds, but for `kept`, is free.
pub(super) async fn free_rooms(
    tx: &impl ConnectionTrait,
    event: EventId,
    kept: Option<ReservationId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    rows::Entity::update_many()
        .col_expr(rows::Column::State, Expr::value(ReservationState::Released))
        .col_expr(rows::Column::UpdatedAt, Expr::value(now))
        .filter(rows::Column::EventId.eq(event))
        .filter(rows::Column::State.eq(ReservationState::Active))
        .filter(Condition::all().add_option(kept.map(|kept| rows::Column::Id.ne(kept))))
        .exec(tx)
        .await?;
    Ok(())
}

/// The claim as this process holds it. `attempts` counts the owners, so that a process that lost its lease and got it again does not mistake
/// its older self for its newer one.
fn leased(claim: &rows::Model) -> Condition {
    Condition::all()
        .add(rows::Column::Id.eq(claim.id))
        .add(rows::Column::State.eq(ReservationState::Pending))
        .add(rows::Column::Attempts.eq(claim.attempts))
}

async fn activate(
    tx: &impl ConnectionTrait,
    claim: &rows::Model,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let written = rows::Entity::update_many()
        .col_expr(rows::Column::State, Expr::value(ReservationState::Active))
        .col_expr(rows::Column::UpdatedAt, Expr::value(now))
        .filter(leased(claim))
        .exec(tx)
        .await?;
    if written.rows_affected == 1 { Ok(()) } else { Err(StoreError::Changed) }
}

fn moved(place: Place) -> events::ActiveModel {
    let wall = |time: NaiveDateTime| Set(time);
    events::ActiveModel {
        venue_id: Set(place.venue),
        room_id: Set(place.room),
        capacity: Set(place.capacity),
        starts_at: Set(place.slot.instants.start().into()),
        ends_at: Set(place.slot.instants.end().into()),
        starts_local: wall(place.slot.wall.start()),
        ends_local: wall(place.slot.wall.end()),
        zone: Set(place.slot.zone.name().to_owned()),
        ..Default::default()
    }
}
