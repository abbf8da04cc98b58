//! Who may book now: so many at the same time, so many who wait for their turn, and nobody for long. Who is turned away is told so before
//! anything was done, and when to come again: a rush makes people wait, and never makes the shop slower than it is.
//!
//! Only new bookings are held up. What pays for one, or gives one back, brings the rush to an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::BookingError;

/// How many may book, and wait, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At the same time.
    pub at_once: usize,
    /// Waiting for their turn.
    pub waiting: usize,
    /// How long somebody waits at most.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: 128, waiting: 4096, patience: Duration::from_secs(2) }
    }
}

/// The door. Clones are one.
#[derive(Clone, Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    limits: Limits,
}

/// Somebody who waits; no longer when dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Admission {
    /// A door with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { places: Arc::new(Semaphore::new(limits.at_once)), waiting: Arc::default(), limits }
    }

    /// Waits for a place, which is given back when the permit is dropped. First come, first served.
    ///
    /// # Errors
    /// [`BookingError::Crowded`], at once when too many wait, or when the wait was too long.
    pub async fn enter(&self) -> Result<OwnedSemaphorePermit, BookingError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let crowded = BookingError::Crowded { retry_after: self.limits.patience };
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.limits.waiting {
            metrics::counter!("bookings_turned_away_total").increment(1);
            return Err(crowded);
        }
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.limits.patience, place).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => {
                metrics::counter!("bookings_turned_away_total").increment(1);
                Err(crowded)
            }
        }
    }
}

impl Default for Admission {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Room for one, and for one more to wait.
    fn door(patience: Duration) -> Admission {
        Admission::new(Limits { at_once: 1, waiting: 1, patience })
    }

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn who_waits_too_long_is_turned_away_and_told_when_to_come_again() {
        let patience = Duration::from_millis(5);
        let door = door(patience);
        let inside = door.enter().await.unwrap();
        let refused = door.enter().await.unwrap_err();
        assert!(matches!(refused, BookingError::Crowded { retry_after } if retry_after == patience));
        drop(inside);
        assert!(door.enter().await.is_ok());
    }

    #[tokio::test]
    async fn who_finds_a_full_waiting_room_is_turned_away_at_once() {
        let door = door(LONG);
        let inside = door.enter().await.unwrap();
        let mut waiting = std::pin::pin!(door.enter());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        door.enter().await.unwrap_err();
        drop(inside);
        assert!(waiting.await.is_ok());
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_room_for_another() {
        let door = door(LONG);
        let _inside = door.enter().await.unwrap();
        for _ in 0..3 {
            let waiting = std::pin::pin!(door.enter());
            assert!(futures_util::poll!(waiting).is_pending());
        }
        assert_eq!(door.waiting.load(Ordering::Relaxed), 0);
    }
}
