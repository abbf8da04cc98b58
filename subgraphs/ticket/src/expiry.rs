//! The worker that gives back what has lapsed, and offers what is free to those who wait for it. Any number of replicas may run it: each takes rows that no other has.
//!
//! Sales do not wait for it: whoever finds a type sold out looks for lapsed holds of it first.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::error::SaleError;
use crate::store::Store;
use crate::{holds, waiting_places};

/// Gives lapsed holds back every `interval`, and then serves the waiting lists, until `stop`.
pub async fn run(store: Store, interval: Duration, offer_ttl: TimeDelta, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = run_once(&store).await {
            tracing::warn!(%error, "lapsed holds could not be given back; trying again");
        }
        if let Err(error) = serve_lists(&store, offer_ttl).await {
            tracing::warn!(%error, "waiting lists could not be served; trying again");
        }
    }
}

/// Gives back everything that has lapsed; answers how many holds.
///
/// # Errors
/// As [`holds::expire_lapsed`].
pub async fn run_once(store: &Store) -> Result<usize, SaleError> {
    let mut all = 0;
    loop {
        match holds::expire_lapsed(store).await? {
            0 => break,
            some => all += some,
        }
    }
    if all > 0 {
        metrics::counter!("holds_expired_total").increment(all as u64);
        tracing::info!(holds = all, "lapsed holds given back");
    }
    Ok(all)
}

/// Serves the waiting lists until nothing moves; answers how many places did.
///
/// # Errors
/// As [`waiting_places::serve_all`].
pub async fn serve_lists(store: &Store, offer_ttl: TimeDelta) -> Result<usize, SaleError> {
    let mut all = 0;
    loop {
        match waiting_places::serve_all(store, offer_ttl).await? {
            0 => break,
            some => all += some,
        }
    }
    if all > 0 {
        metrics::counter!("waiting_places_served_total").increment(all as u64);
        tracing::info!(places = all, "waiting lists served");
    }
    Ok(all)
}
