//! A booking service in memory, for tests: cancels a few bookings with each call.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use entities::ids::EventId;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::Bookings;
use crate::peer::PeerError;

/// How many bookings one call cancels.
const STEP: i32 = 10;

/// The service in memory.
#[derive(Debug, Default)]
pub struct FakeBookings {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    open: BTreeMap<EventId, i32>,
    down: bool,
    calls: u32,
}

impl FakeBookings {
    /// From now on it is unavailable, or available again.
    pub fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    /// So many bookings of the event are open.
    pub fn open(&self, event: EventId, bookings: i32) {
        self.lock().open.insert(event, bookings);
    }

    /// How many are.
    #[must_use]
    pub fn still_open(&self, event: EventId) -> i32 {
        self.lock().open.get(&event).copied().unwrap_or(0)
    }

    /// How often it was called.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.lock().calls
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bookings for FakeBookings {
    fn cancel_all(&self, event: EventId) -> BoxFuture<'_, Result<i32, PeerError>> {
        async move {
            let mut inner = self.lock();
            inner.calls += 1;
            if inner.down {
                return Err(PeerError::unavailable("down"));
            }
            let open = inner.open.entry(event).or_default();
            *open = (*open - STEP).max(0);
            Ok(*open)
        }
        .boxed()
    }
}
