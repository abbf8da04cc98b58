//! The local copy of the venues, renewed by one replica for all.

use crate::context::{Context, delta};
use crate::error::EventError;
use crate::store::reservations::Lease;

const WORK: &str = "venues";

impl Context {
    /// Renews the copy when this process has that work. While the scheduler is down the copy stays as it is, and its age shows.
    pub async fn refresh_venues(&self) {
        if let Err(error) = self.renew().await {
            tracing::warn!(%error, "the copy of the venues was not renewed");
        }
    }

    async fn renew(&self) -> Result<(), EventError> {
        let lease = Lease { length: delta(self.timing.venues * 2), ..self.lease() };
        if !self.store.hold_work(WORK, (&lease, self.clock.now())).await? {
            return Ok(());
        }
        let venues = self.in_time(self.scheduler.venues()).await?;
        Ok(self.store.keep_venues(&venues, self.clock.now()).await?)
    }
}
