//! Blocks set by hand: a room that is kept from being booked, here and with the scheduler. A block is never an event.

use entities::event::room_reservations as claims;
use entities::event::status::ReservationState;
use entities::idempotency::IdempotencyKey;
use entities::ids::UserId;
use service::identity::Caller;
use subgraph::idempotency::Request;

use crate::context::{Context, admin};
use crate::domain::time::{Slot, VenueTime};
use crate::error::EventError;
use crate::repeats::past_twins;
use crate::rooms::conflicts;
use crate::store::StoreError;
use crate::store::reservations::Purpose;

/// A block as a client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBlock {
    /// The room's number.
    pub room: i32,
    /// When it begins.
    pub start: String,
    /// When it ends.
    pub end: String,
    /// The client's name for this request.
    pub key: Option<IdempotencyKey>,
}

/// What came of it. A schedule that does not allow it is an answer, not a failure: that is how clients have always been told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// The room is blocked now.
    Done(Slot),
    /// It was already, for exactly that time.
    Already(Slot),
    /// Something is in the way; nothing was changed.
    Refused(String),
}

impl Context {
    /// Blocks a room: admin. Finds the block that this request set before, if it has a key.
    ///
    /// # Errors
    /// [`EventError::KeyReused`];
    /// when the input is wrong, the room unknown or the scheduler unavailable. What is merely in the way is [`Blocked::Refused`].
    pub async fn block_schedule(&self, caller: &Caller, block: NewBlock) -> Result<Blocked, EventError> {
        let request = block.request(UserId::from_uuid(admin(caller)?.id));
        let (block, request) = (&block, request.as_ref());
        past_twins(|| async move {
            match self.block_made_before(request).await? {
                Some(claim) => Ok(Blocked::Done(self.slot_of(&claim).await?)),
                None => self.block_anew(block, request).await,
            }
        })
        .await
    }

    /// The slot of a claim that is there, asking nobody else.
    async fn slot_of(&self, claim: &claims::Model) -> Result<Slot, EventError> {
        let rooms = self.store.rooms_by_ids(&[claim.room_id]).await?;
        let venue = rooms.first().ok_or(EventError::Store(StoreError::UnknownRoom))?.venue_id;
        let start = VenueTime { instant: claim.starts_at.utc(), wall: claim.starts_local };
        let end = VenueTime { instant: claim.ends_at.utc(), wall: claim.ends_local };
        let slot = Slot::new(start, end, self.zones.of(venue));
        slot.map_err(|error| EventError::input("endTime", error.to_string()))
    }

    async fn block_anew(&self, block: &NewBlock, request: Option<&Request>) -> Result<Blocked, EventError> {
        let room = self.room(block.room).await?;
        let slot = Slot::parse(&block.start, &block.end, self.zones.of(room.venue_id))?;
        if slot.instants.end() <= self.clock.now() {
            return Err(EventError::InPast { field: "endTime" });
        }
        self.claim_and_block(room.id, slot, request).await
    }

    async fn claim_and_block(
        &self,
        room: i32,
        slot: Slot,
        request: Option<&Request>,
    ) -> Result<Blocked, EventError> {
        let at = (&self.lease(), self.clock.now());
        let claim = match self.store.claim((Purpose::Block, request), room, slot, at).await {
            Ok(claim) => claim,
            Err(StoreError::Overlaps(claims)) if is_this_block(&claims, &slot) => {
                return Ok(Blocked::Already(slot));
            }
            Err(StoreError::Overlaps(claims)) => return Ok(Blocked::Refused(conflicts(&claims))),
            Err(error) => return Err(error.into()),
        };
        let ready = async {
            self.push(&claim).await?;
            Ok(self.store.settle_block(&claim, self.clock.now()).await?)
        };
        match ready.await {
            Ok(()) => {
                tracing::info!(room, slot = %slot, "room blocked");
                Ok(Blocked::Done(slot))
            }
            Err(error) => {
                self.undo(&claim).await;
                match error {
                    EventError::RoomUnavailable(why) => Ok(Blocked::Refused(why)),
                    error => Err(error),
                }
            }
        }
    }
}

fn is_this_block(claims: &[claims::Model], slot: &Slot) -> bool {
    matches!(claims, [claim] if claim.event_id.is_none()
        && claim.state == ReservationState::Active
        && claim.starts_at.utc() == slot.instants.start()
        && claim.ends_at.utc() == slot.instants.end())
}
