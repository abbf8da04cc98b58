//! Claims that a crash left pending: finished when the scheduler lets them, undone when it does not.
//!
//! Nobody was told of their success, so undoing is always right; finishing is better where the claim says everything that is needed: that is
//! so for a new event and for a block. A move is undone, because the event stands where it stood and its new place is in nobody's mind but
//! that of a client who got no answer.

use entities::event::room_reservations::Model as Claim;
use entities::event::status::EventState;

use super::backoff;
use crate::context::{Context, delta};
use crate::error::EventError;

/// What a pending claim turned out to be for.
enum Kind {
    NewEvent,
    Block,
    Move,
}

impl Context {
    /// Takes up every claim whose lease is over.
    pub async fn recover_claims(&self) {
        let claims = match self.store.abandoned_claims(self.clock.now()).await {
            Ok(claims) => claims,
            Err(error) => return tracing::error!(%error, "abandoned claims could not be read"),
        };
        for claim in claims {
            if let Err(error) = self.recover(&claim).await {
                tracing::error!(claim = %claim.id, %error, "a claim could not be recovered");
            }
        }
    }

    async fn recover(&self, claim: &Claim) -> Result<(), EventError> {
        let now = self.clock.now();
        let Some(claim) = self.store.take_over(claim, (&self.lease(), now)).await? else { return Ok(()) };
        let kind = self.kind(&claim).await?;
        let too_old = claim.created_at + delta(self.timing.pending) <= now || claim.starts_at.utc() <= now;
        match kind {
            Kind::Move => self.give_up(&claim, "the event stays where it is").await,
            Kind::NewEvent | Kind::Block if too_old => self.give_up(&claim, "it waited too long").await,
            Kind::NewEvent | Kind::Block => self.finish(&claim, &kind).await,
        }
    }

    async fn kind(&self, claim: &Claim) -> Result<Kind, EventError> {
        Ok(match (claim.event_id, self.store.event_of(claim).await?) {
            (None, _) => Kind::Block,
            (Some(_), Some(event)) if event.state == EventState::PendingRoom => Kind::NewEvent,
            (Some(_), _) => Kind::Move,
        })
    }

    async fn finish(&self, claim: &Claim, kind: &Kind) -> Result<(), EventError> {
        match self.push(claim).await {
            Ok(()) => self.settle(claim, kind).await,
            Err(EventError::Unavailable { cause, .. }) => {
                tracing::warn!(claim = %claim.id, cause, "a claim waits for SpaceMaster");
                let again = self.clock.now() + delta(backoff(claim.attempts));
                Ok(self.store.leave_claim(claim, again).await?)
            }
            Err(error) => self.give_up(claim, &error.to_string()).await,
        }
    }

    async fn settle(&self, claim: &Claim, kind: &Kind) -> Result<(), EventError> {
        let now = self.clock.now();
        match kind {
            Kind::NewEvent => self.store.settle_new_event(claim, now).await?,
            Kind::Block | Kind::Move => self.store.settle_block(claim, now).await?,
        }
        tracing::info!(claim = %claim.id, "a claim was finished after a crash");
        Ok(())
    }

    async fn give_up(&self, claim: &Claim, why: &str) -> Result<(), EventError> {
        self.store.undo(claim, self.clock.now()).await?;
        tracing::info!(claim = %claim.id, why, "a claim was undone after a crash");
        Ok(())
    }
}
