//! A room scheduler in memory, for tests: the same rules as the real one, and faults on demand.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::NaiveDateTime;
use futures_util::FutureExt;

use super::{Answer, BlockError, Room, RoomScheduler, Taken, Unavailable, Venue};
use crate::domain::interval::Interval;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It cannot be reached.
    Down,
    /// It never answers.
    Hang,
    /// It says no to every block.
    Refuse,
    /// It sets the block, and its answer is lost.
    LoseAnswer,
}

/// The scheduler in memory.
#[derive(Debug, Default)]
pub struct FakeScheduler {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    venues: BTreeMap<i32, Venue>,
    taken: Vec<(i32, Taken)>,
    fault: Fault,
    blocks: u32,
}

impl FakeScheduler {
    /// One with these venues and nothing taken.
    #[must_use]
    pub fn new(venues: impl IntoIterator<Item = Venue>) -> Self {
        let venues = venues.into_iter().map(|venue| (venue.id, venue)).collect();
        Self { inner: Mutex::new(Inner { venues, ..Inner::default() }) }
    }

    /// Venue 1 with rooms 101 (500 places) and 102 (80), venue 2 with room 201 (1200).
    #[must_use]
    pub fn with_examples() -> Self {
        let room = |id, venue_id, capacity| Room { id, name: format!("Room {id}"), capacity, venue_id };
        let venue = |id: i32, city: &str, rooms| Venue {
            id,
            name: format!("Venue {id}"),
            city: city.to_owned(),
            address: format!("{id} Main Street"),
            description: None,
            rooms,
        };
        Self::new([
            venue(1, "Jakarta", vec![room(101, 1, 500), room(102, 1, 80)]),
            venue(2, "Makassar", vec![room(201, 2, 1200)]),
        ])
    }

    /// From now on this goes wrong.
    pub fn set_fault(&self, fault: Fault) {
        self.lock().fault = fault;
    }

    /// Takes the room as if somebody else had, or as works.
    pub fn take(&self, room: i32, wall: Interval<NaiveDateTime>, maintenance: bool) {
        self.lock().taken.push((room, Taken { wall, maintenance }));
    }

    /// How many blocks were asked for.
    #[must_use]
    pub fn blocks_asked(&self) -> u32 {
        self.lock().blocks
    }

    /// How many stretches of the room are taken.
    #[must_use]
    pub fn blocks_of(&self, room: i32) -> usize {
        self.lock().taken.iter().filter(|(of, _)| *of == room).count()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T: Send + 'static>(&self, look: impl FnOnce(&Inner) -> T + Send + 'static) -> Answer<'_, T> {
        async move {
            let fault = self.lock().fault;
            match fault {
                Fault::Down => Err(Unavailable("down".into())),
                Fault::Hang => std::future::pending().await,
                Fault::None | Fault::Refuse | Fault::LoseAnswer => Ok(look(&self.lock())),
            }
        }
        .boxed()
    }

    fn set_block(&self, room: i32, wall: Interval<NaiveDateTime>) -> Result<(), BlockError> {
        let mut inner = self.lock();
        if !inner.venues.values().any(|venue| venue.rooms.iter().any(|known| known.id == room)) {
            return Err(BlockError::Refused(format!("Room {room} not found")));
        }
        if inner.taken.iter().any(|(of, taken)| *of == room && taken.wall.overlaps(&wall)) {
            return Err(BlockError::Refused("Room is already booked at that time".into()));
        }
        inner.taken.push((room, Taken { wall, maintenance: false }));
        Ok(())
    }
}

impl RoomScheduler for FakeScheduler {
    fn venues(&self) -> Answer<'_, Vec<Venue>> {
        self.read(|inner| inner.venues.values().cloned().collect())
    }

    fn venue(&self, id: i32) -> Answer<'_, Option<Venue>> {
        self.read(move |inner| inner.venues.get(&id).cloned())
    }

    fn room(&self, id: i32) -> Answer<'_, Option<Room>> {
        self.read(move |inner| {
            inner.venues.values().flat_map(|venue| &venue.rooms).find(|room| room.id == id).cloned()
        })
    }

    fn taken(&self, room: i32) -> Answer<'_, Vec<Taken>> {
        self.read(move |inner| {
            let mut taken: Vec<_> =
                inner.taken.iter().filter(|(of, _)| *of == room).map(|(_, taken)| *taken).collect();
            taken.sort_by_key(|taken| taken.wall);
            taken
        })
    }

    fn block(&self, room: i32, wall: Interval<NaiveDateTime>) -> Answer<'_, (), BlockError> {
        async move {
            let fault = {
                let mut inner = self.lock();
                inner.blocks += 1;
                inner.fault
            };
            match fault {
                Fault::None => self.set_block(room, wall),
                Fault::Refuse => Err(BlockError::Refused("Refused".into())),
                Fault::Down => Err(BlockError::NotSent("down".into())),
                Fault::Hang => std::future::pending().await,
                Fault::LoseAnswer => {
                    self.set_block(room, wall)?;
                    Err(BlockError::Unknown("lost".into()))
                }
            }
        }
        .boxed()
    }
}
