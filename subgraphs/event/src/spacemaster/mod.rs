//! SpaceMaster, the external room scheduler: what we ask of it, and nothing of how.
//!
//! It knows wall clocks without a zone, blocks without an id or an owner, and no way to take a block back. It may refuse, repeat, hang or
//! answer nonsense, and none of that may become invented data here. [`http`] speaks to the real one, [`fake`] stands in for it in tests;
//! one contract test suite holds both, and the stand-in server, to this trait.

pub mod breaker;
pub mod fake;
pub mod http;

use chrono::NaiveDateTime;
use futures_util::future::BoxFuture;

use crate::domain::interval::Interval;

/// A place with rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Its number.
    pub id: i32,
    /// What it is called.
    pub name: String,
    /// The city it is in.
    pub city: String,
    /// Where in the city.
    pub address: String,
    /// More about it.
    pub description: Option<String>,
    /// Its rooms, by number.
    pub rooms: Vec<Room>,
}

/// A room of a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its number.
    pub id: i32,
    /// What it is called.
    pub name: String,
    /// How many people it takes.
    pub capacity: i32,
    /// The venue it is in.
    pub venue_id: i32,
}

/// A stretch of a room's schedule in which the room is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When, by the wall.
    pub wall: Interval<NaiveDateTime>,
    /// Closed for works: never a block of ours.
    pub maintenance: bool,
}

/// No answer, or none that makes sense. The text is for the log, not for clients.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SpaceMaster is unavailable: {0}")]
pub struct Unavailable(pub String);

/// How a block was not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It said no.
    #[error("SpaceMaster refused: {0}")]
    Refused(String),
    /// It was never asked: the block is certainly not set.
    #[error("SpaceMaster was not reached: {0}")]
    NotSent(String),
    /// It was asked and its answer was lost: the block may be set, or may still be.
    #[error("SpaceMaster's answer was lost: {0}")]
    Unknown(String),
}

/// A future of the port; boxed, so that the adapter is chosen when the process starts.
pub type Answer<'a, T, E = Unavailable> = BoxFuture<'a, Result<T, E>>;

/// The room scheduler.
///
/// The reading calls may be repeated freely and an adapter does so within its budget; [`RoomScheduler::block`] is sent once.
pub trait RoomScheduler: Send + Sync + 'static {
    /// Every venue with its rooms.
    fn venues(&self) -> Answer<'_, Vec<Venue>>;

    /// One venue with its rooms; `None` when there is no such venue.
    fn venue(&self, id: i32) -> Answer<'_, Option<Venue>>;

    /// One room; `None` when there is no such room.
    fn room(&self, id: i32) -> Answer<'_, Option<Room>>;

    /// When the room is taken, in order of time; rows that only offer it are left out.
    fn taken(&self, room: i32) -> Answer<'_, Vec<Taken>>;

    /// Blocks the room. Not idempotent: the same block a second time may be refused.
    fn block(&self, room: i32, wall: Interval<NaiveDateTime>) -> Answer<'_, (), BlockError>;
}
