//! An event directory in memory, for tests.

use std::sync::{Mutex, PoisonError};

use entities::ids::EventId;
use futures_util::future::{self, BoxFuture, FutureExt};

use super::{DirectoryError, EventDirectory, EventFacts};

/// Knows what it was told; can be told to fail.
#[derive(Debug, Default)]
pub struct FakeEventDirectory {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    events: Vec<EventFacts>,
    down: bool,
}

impl FakeEventDirectory {
    /// From now on it knows `event`.
    pub fn add(&self, event: EventFacts) {
        self.with(|known| known.events.push(event));
    }

    /// From now on it is down, or up again.
    pub fn set_down(&self, down: bool) {
        self.with(|known| known.down = down);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventDirectory for FakeEventDirectory {
    fn find(&self, id: EventId) -> BoxFuture<'_, Result<Option<EventFacts>, DirectoryError>> {
        let answer = self.with(|known| {
            if known.down {
                return Err(DirectoryError { cause: "told to be down".to_owned() });
            }
            Ok(known.events.iter().find(|event| event.id == id).copied())
        });
        future::ready(answer).boxed()
    }
}
