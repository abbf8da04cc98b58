//! A ticket service in memory, for tests: remembers what it was told, refuses on demand.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use entities::ids::EventId;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{SaleTerms, TicketSales};
use crate::peer::PeerError;

/// The service in memory.
#[derive(Debug, Default)]
pub struct FakeTicketSales {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    told: Vec<SaleTerms>,
    on_offer: BTreeMap<EventId, i32>,
    down: bool,
}

impl FakeTicketSales {
    /// From now on it is unavailable, or available again.
    pub fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    /// Puts so many tickets of the event on offer.
    pub fn offer(&self, event: EventId, tickets: i32) {
        self.lock().on_offer.insert(event, tickets);
    }

    /// Everything it was told, oldest first.
    #[must_use]
    pub fn told(&self) -> Vec<SaleTerms> {
        self.lock().told.clone()
    }

    /// The last it was told of the event.
    #[must_use]
    pub fn terms(&self, event: EventId) -> Option<SaleTerms> {
        self.lock().told.iter().rfind(|terms| terms.event == event).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TicketSales for FakeTicketSales {
    fn sync(&self, terms: SaleTerms) -> BoxFuture<'_, Result<(), PeerError>> {
        async move {
            let mut inner = self.lock();
            if inner.down {
                return Err(PeerError::unavailable("down"));
            }
            if inner.on_offer.get(&terms.event).is_some_and(|offered| *offered > terms.capacity) {
                return Err(PeerError::refused("CAPACITY_EXCEEDED", "more tickets are on offer"));
            }
            inner.told.push(terms);
            Ok(())
        }
        .boxed()
    }
}
