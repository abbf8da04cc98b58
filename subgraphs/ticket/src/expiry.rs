//! The worker that gives back what has lapsed. Any number of replicas may run it: each takes rows that no other has.
//!
//! Sales do not wait for it: whoever finds a type sold out looks for lapsed holds of it first.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::holds;
use crate::store::Store;

/// Gives lapsed holds back every `interval`, until `stop`.
pub async fn run(store: Store, interval: Duration, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = run_once(&store).await {
            tracing::warn!(%error, "lapsed holds could not be given back; trying again");
        }
    }
}

/// Gives back everything that has lapsed; answers how many holds.
///
/// # Errors
/// As [`holds::expire_lapsed`].
pub async fn run_once(store: &Store) -> Result<usize, crate::error::SaleError> {
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
