//! Rooms: is there such a one, and does the scheduler know that it is taken.
//!
//! The truth about our own rooms is `room_reservations`. The scheduler is a peer that is validated against and kept in step: before a claim is
//! settled, every moment of it is blocked there, by this claim or by an older block of ours that nobody needs any more.

use chrono::NaiveDateTime;
use entities::event::room_reservations as claims;
use entities::event::scheduler_blocks as blocks;
use entities::event::status::BlockState;

use crate::context::Context;
use crate::domain::interval::Interval;
use crate::domain::time::wall_text;
use crate::error::EventError;
use crate::spacemaster::{BlockError, Room, Taken, Venue};

/// The longest that is repeated of what the scheduler says.
const SAID_MAX: usize = 200;
/// How many conflicts a refusal lists.
const CONFLICTS_LISTED: usize = 5;

type Wall = Interval<NaiveDateTime>;

impl Context {
    /// The room, proved to exist, to be in the venue and to take people.
    ///
    /// # Errors
    /// What is wrong with it, or that the scheduler cannot say.
    pub(crate) async fn room_in(&self, venue: i32, room: i32) -> Result<Room, EventError> {
        let known = self.venue(venue).await?.ok_or(EventError::VenueNotFound(venue))?;
        let found = known.rooms.into_iter().find(|known| known.id == room);
        let found = found.ok_or(EventError::RoomNotFound { room, venue: Some(venue) })?;
        if found.capacity < 1 {
            return Err(EventError::RoomUnavailable(format!("room {room} takes nobody")));
        }
        Ok(found)
    }

    /// The room, wherever it is.
    ///
    /// # Errors
    /// That there is none, or that the scheduler cannot say.
    pub(crate) async fn room(&self, room: i32) -> Result<Room, EventError> {
        let found = self.in_time(self.scheduler.room(room)).await?;
        let found = found.ok_or(EventError::RoomNotFound { room, venue: None })?;
        self.room_in_any_state(found.venue_id, room).await
    }

    /// A room may be blocked although it takes nobody.
    async fn room_in_any_state(&self, venue: i32, room: i32) -> Result<Room, EventError> {
        let known = self.venue(venue).await?.ok_or(EventError::VenueNotFound(venue))?;
        let found = known.rooms.into_iter().find(|known| known.id == room);
        found.ok_or(EventError::RoomNotFound { room, venue: Some(venue) })
    }

    /// The venue as the scheduler has it now; the local copy is renewed on the way.
    async fn venue(&self, venue: i32) -> Result<Option<Venue>, EventError> {
        let found = self.in_time(self.scheduler.venue(venue)).await?;
        self.store.keep_venues(found.as_slice(), self.clock.now()).await?;
        Ok(found)
    }

    /// Blocks with the scheduler what of the claim it does not have yet.
    ///
    /// # Errors
    /// [`EventError::RoomUnavailable`] when the room is taken there by others, or it refuses; [`EventError::Unavailable`] when it cannot
    /// be told in time. The claim is for the caller to undo.
    pub async fn push(&self, claim: &claims::Model) -> Result<(), EventError> {
        self.in_time(self.push_all(claim)).await
    }

    /// An adapter keeps its own budget; this one holds whatever it does.
    pub(crate) async fn in_time<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, EventError>
    where
        EventError: From<E>,
    {
        match tokio::time::timeout(self.timing.push, call).await {
            Ok(outcome) => Ok(outcome?),
            Err(_) => Err(EventError::Unavailable { peer: "SpaceMaster", cause: "no answer in time".into() }),
        }
    }

    async fn push_all(&self, claim: &claims::Model) -> Result<(), EventError> {
        let wall = wall_of(claim)?;
        let taken = self.scheduler.taken(claim.room_id).await?;
        let taken: Vec<_> = taken.into_iter().filter(|taken| taken.wall.overlaps(&wall)).collect();
        let own = self.store.own_blocks(claim.room_id, wall).await?;
        refuse_foreign(claim.room_id, &taken, &own)?;
        let there: Vec<_> = taken.iter().map(|taken| taken.wall).collect();
        for block in own.iter().filter(|block| block.state == BlockState::Pushing) {
            self.confirm_if_there(block, &there).await?;
        }
        for gap in wall.without(&there) {
            let tried = own.iter().any(|block| is(block, gap));
            self.push_block(claim, gap, tried).await?;
        }
        Ok(())
    }

    async fn confirm_if_there(&self, block: &blocks::Model, there: &[Wall]) -> Result<(), EventError> {
        match there.iter().find(|wall| is(block, **wall)) {
            Some(wall) => Ok(self.store.confirm_block(block.room_id, *wall).await?),
            None => Ok(()),
        }
    }

    /// Sends one block. `tried` says that it was sent before and the answer lost: then a refusal may mean that it arrived meanwhile.
    async fn push_block(&self, claim: &claims::Model, wall: Wall, tried: bool) -> Result<(), EventError> {
        let room = claim.room_id;
        self.store.note_block((room, wall), claim.id, self.clock.now()).await?;
        match self.scheduler.block(room, wall).await {
            Ok(()) => Ok(self.store.confirm_block(room, wall).await?),
            Err(BlockError::NotSent(cause)) => {
                if !tried {
                    self.store.forget_block(room, wall).await?;
                }
                Err(crate::spacemaster::Unavailable(cause).into())
            }
            Err(BlockError::Refused(said)) => {
                if tried && self.scheduler_has(room, wall).await? {
                    return Ok(self.store.confirm_block(room, wall).await?);
                }
                self.store.forget_block(room, wall).await?;
                Err(EventError::RoomUnavailable(format!(
                    "SpaceMaster refused the room: {}",
                    shortened(&said)
                )))
            }
            Err(BlockError::Unknown(cause)) => {
                // The note stays when it is not there: a block that arrives late must be known as ours.
                if self.scheduler_has(room, wall).await? {
                    return Ok(self.store.confirm_block(room, wall).await?);
                }
                Err(crate::spacemaster::Unavailable(cause).into())
            }
        }
    }

    async fn scheduler_has(&self, room: i32, wall: Wall) -> Result<bool, EventError> {
        let taken = self.scheduler.taken(room).await?;
        Ok(taken.iter().any(|taken| taken.wall == wall && !taken.maintenance))
    }
}

/// The wall clock of a claim; the database cannot hold a claim without length.
fn wall_of(claim: &claims::Model) -> Result<Wall, EventError> {
    Wall::new(claim.starts_local, claim.ends_local)
        .map_err(|error| EventError::input("endTime", error.to_string()))
}

fn is(block: &blocks::Model, wall: Wall) -> bool {
    block.starts_local == wall.start() && block.ends_local == wall.end()
}

/// A row of the scheduler that is no block of ours takes the room.
fn refuse_foreign(room: i32, taken: &[Taken], own: &[blocks::Model]) -> Result<(), EventError> {
    let foreign = |taken: &&Taken| taken.maintenance || !own.iter().any(|block| is(block, taken.wall));
    let foreign: Vec<_> = taken.iter().filter(foreign).map(|taken| wall_words(taken.wall)).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(EventError::RoomUnavailable(format!("SpaceMaster has room {room} taken: {}", listed(foreign))))
}

/// Says which claims are in the way.
#[must_use]
pub fn conflicts(claims: &[claims::Model]) -> String {
    let words = claims.iter().map(|claim| {
        let wall = format!("{} – {}", wall_text(claim.starts_local), wall_text(claim.ends_local));
        match claim.event_id {
            Some(event) => format!("event {event} ({wall})"),
            None => format!("a block ({wall})"),
        }
    });
    let room = claims.first().map_or(0, |claim| claim.room_id);
    format!("room {room} is taken by {}", listed(words.collect()))
}

fn wall_words(wall: Wall) -> String {
    format!("{} – {}", wall_text(wall.start()), wall_text(wall.end()))
}

fn listed(mut words: Vec<String>) -> String {
    let more = words.len().saturating_sub(CONFLICTS_LISTED);
    words.truncate(CONFLICTS_LISTED);
    let listed = words.join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

/// What an outsider says is repeated in one line of bounded length.
fn shortened(said: &str) -> String {
    said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAID_MAX).collect()
}
