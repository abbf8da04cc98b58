//! Delivering announcements: tried until they arrive, ever less often, and given up in the end, for somebody to have them tried again.
//!
//! Any number of replicas may run this: a delivery is taken by moving its `due_at`, as everything that is due here. The answer's status decides;
//! its body is never read, so that its length and its speed do not matter.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use chrono::{DateTime, TimeDelta, Utc};
use entities::booking::status::{DeliveryFailure, DeliveryState};
use entities::booking::webhook_deliveries::Model;
use entities::booking::webhook_listeners::Model as Listener;
use futures_util::StreamExt;
use subgraph::seal::Sealer;
use tokio_util::sync::CancellationToken;

use super::address::{AddressError, Reach};
use super::listeners::opened;
use crate::domain::schedule::LEASE;
use crate::error::BookingError;
use crate::store::Store;
use crate::store::announcements::{self, Outcome};

/// How many are taken at once: what can be tried within the lease, even when nobody answers.
const BATCH: u64 = 16;
/// How often a delivery is tried before it is given up: for more than a day.
const TRIES: i32 = 12;
/// The pause after the first try; each later one is four times as long, up to the longest.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(6);

/// How often it is looked at what may be forgotten, and how many are at once.
const FORGETS_EVERY: Duration = Duration::from_hours(1);
const OLDEST: u64 = 100;

/// What delivers.
#[derive(Clone, Debug)]
pub struct Courier {
    store: Store,
    sealer: Option<Arc<Sealer>>,
    http: reqwest::Client,
    reach: Reach,
}

impl Courier {
    /// One that delivers what is in `store`, as far as `reach`.
    ///
    /// # Errors
    /// When the platform cannot provide what an HTTP client needs.
    pub fn new(store: Store, sealer: Option<Arc<Sealer>>, reach: Reach) -> Result<Self, reqwest::Error> {
        Ok(Self { store, sealer, http: reach.client()?, reach })
    }

    /// Looks every `interval`, until `stop`.
    pub async fn run(self, interval: Duration, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.run_once().await {
                tracing::warn!(%error, "announcements could not be looked at");
            }
        }
    }

    /// Forgets every hour what arrived longer ago than `keep`, until `stop`.
    pub async fn run_forgetting(self, keep: TimeDelta, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(FORGETS_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.forget(keep).await {
                tracing::warn!(%error, "old announcements could not be forgotten");
            }
        }
    }

    /// Forgets what arrived longer ago than `keep`; answers how many deliveries that were. What is dead stays until somebody has seen it.
    ///
    /// # Errors
    /// [`BookingError::Database`]: some may be forgotten.
    pub async fn forget(&self, keep: TimeDelta) -> Result<usize, BookingError> {
        let Some(before) = self.store.now().checked_sub_signed(keep) else { return Ok(0) };
        let mut forgotten = 0;
        loop {
            let old = announcements::delivered_before(self.store.read(), before, OLDEST).await?;
            let count = old.len();
            if count > 0 {
                announcements::forget(self.store.database().write(), old).await?;
            }
            forgotten += count;
            if count < OLDEST as usize {
                return Ok(forgotten);
            }
        }
    }

    /// Tries everything that is due once; answers how many arrived.
    ///
    /// # Errors
    /// [`BookingError::Database`]. What does not arrive is no error: it is due again later, or given up.
    pub async fn run_once(&self) -> Result<usize, BookingError> {
        let mut arrived = 0;
        loop {
            let rows = self.claim().await?;
            let all = rows.len() as u64;
            let tries = futures_util::stream::iter(rows.into_iter().map(|row| self.deliver(row)));
            let tries = tries.buffer_unordered(self.store.batch_width());
            arrived += tries.filter(|arrived| futures_util::future::ready(*arrived)).count().await;
            if all < BATCH {
                return Ok(arrived);
            }
        }
    }

    async fn claim(&self) -> Result<Vec<Model>, BookingError> {
        let now = self.store.now();
        let claim = self.store.transaction(|tx| async move {
            Ok(announcements::claim_due(&*tx, now, now + LEASE, BATCH).await?)
        });
        claim.await
    }

    async fn deliver(&self, row: Model) -> bool {
        let (id, listener, kind) = (row.announcement_id, row.listener_id, row.kind.as_str());
        let outcome = match self.try_once(&row).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(announcement = %id, %listener, %error, "left to the end of its lease");
                return false;
            }
        };
        tracing::info!(announcement = %id, %listener, kind, tries = row.tries, ?outcome, "announcement tried");
        let written =
            announcements::finish(self.store.database().write(), &row, outcome, self.store.now()).await;
        if let Err(error) = written {
            // It is tried again: whoever listens knows it by its id.
            tracing::warn!(announcement = %id, %listener, %error, "what came of a delivery could not be written");
        }
        outcome.state == DeliveryState::Delivered
    }

    async fn try_once(&self, row: &Model) -> Result<Outcome, BookingError> {
        let listener = announcements::listener(self.store.read(), row.listener_id).await?;
        let Some(listener) = listener.filter(|listener| listener.removed_at.is_none()) else {
            return Ok(given_up(None, DeliveryFailure::Removed));
        };
        let (status, failure) = match self.send(row, &listener).await {
            Ok(status) if status.is_success() => return Ok(delivered(status)),
            Ok(status) => (Some(i32::from(status.as_u16())), DeliveryFailure::Refused),
            Err(failure) => (None, failure),
        };
        Ok(match pause(row.tries) {
            Some(pause) => Outcome {
                state: DeliveryState::Waiting,
                due_at: Some(self.store.now() + pause),
                status,
                failure: Some(failure),
            },
            None => given_up(status, failure),
        })
    }

    async fn send(&self, row: &Model, listener: &Listener) -> Result<reqwest::StatusCode, DeliveryFailure> {
        // The rules may have become stricter since it was registered; and a number in an address asks no resolver.
        let url = self.reach.url(&listener.url).map_err(|_| DeliveryFailure::AddressRefused)?;
        let secret = self.sealer.as_deref().and_then(|sealer| opened(sealer, listener));
        let secret = secret.ok_or(DeliveryFailure::NoSecret)?;
        let (id, sent): (_, DateTime<Utc>) = (row.announcement_id.to_string(), self.store.now());
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("user-agent", concat!("EventHUB/", env!("CARGO_PKG_VERSION")))
            .header("webhook-signature", secret.sign(&id, sent, &row.body))
            .header("webhook-timestamp", sent.timestamp())
            .header("webhook-id", id)
            .body(row.body.clone());
        request.send().await.map(|answer| answer.status()).map_err(|error| failure(&error))
    }
}

fn delivered(status: reqwest::StatusCode) -> Outcome {
    let status = Some(i32::from(status.as_u16()));
    Outcome { state: DeliveryState::Delivered, due_at: None, status, failure: None }
}

const fn given_up(status: Option<i32>, failure: DeliveryFailure) -> Outcome {
    Outcome { state: DeliveryState::Dead, due_at: None, status, failure: Some(failure) }
}

/// Only the kind of what went wrong is kept: the words would tell whoever registers an address what answers inside.
fn failure(error: &reqwest::Error) -> DeliveryFailure {
    let mut causes =
        std::iter::successors(Some(error as &(dyn StdError + 'static)), |error| (*error).source());
    if causes.any(|cause| cause.downcast_ref::<AddressError>().is_some()) {
        return DeliveryFailure::AddressRefused;
    }
    if error.is_timeout() { DeliveryFailure::TimedOut } else { DeliveryFailure::NotReached }
}

/// How long to wait after the `tries`-th try; `None` when it was the last. Somewhere in the second half of a time that grows fourfold: what failed
/// together must not come back together.
fn pause(tries: i32) -> Option<TimeDelta> {
    if tries >= TRIES {
        return None;
    }
    let fourfold = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(7);
    let longest = (FIRST_PAUSE * 4_i32.pow(fourfold)).min(LONGEST_PAUSE);
    let half = longest / 2;
    Some(half + TimeDelta::milliseconds(half.num_milliseconds() * i64::from(chance()) / 256))
}

/// Any byte; without randomness, the middle.
fn chance() -> u8 {
    let mut byte = [128];
    rand::fill(&mut byte).ok();
    byte[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_fourfold_to_six_hours_and_end() {
        let longest = [5, 20, 80, 320, 1_280, 5_120, 20_480, 21_600, 21_600, 21_600, 21_600];
        for (tries, longest) in (1..).zip(longest.map(TimeDelta::seconds)) {
            let pause = pause(tries).unwrap();
            assert!(pause >= longest / 2 && pause <= longest, "{tries}: {pause}");
        }
        assert_eq!(pause(TRIES), None);
    }
}
