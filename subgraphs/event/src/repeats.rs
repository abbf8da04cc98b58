//! Requests that come again under their key: they find what the first one began.
//!
//! A key is written with the claim of its request, before the room is pushed to the scheduler. So what is found may still be pending, by another
//! process or in the hands of the workers: it is waited for as long as the first request would have waited. What is taken back frees its key, and
//! whoever waited begins anew.

use std::time::Duration;

use entities::event::events::Model as Event;
use entities::event::room_reservations::Model as Claim;
use entities::event::status::{EventState, ReservationState};
use entities::ids::{EventId, ReservationId, UserId};
use serde_json::json;
use subgraph::idempotency::Request;

use crate::context::Context;
use crate::error::EventError;
use crate::events::NewEvent;
use crate::schedules::NewBlock;
use crate::store::StoreError;

/// How often a request begins in all when it finds nothing, meets a twin, and nothing remains of the twin.
const TRIES: usize = 3;
/// How long to wait before looking again. Another process works on it, so nothing rings.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl NewEvent {
    /// This, asked for by `user`, when it has a key. As it was written: what a time means may change with the zones, what was written does not.
    #[must_use]
    pub fn request(&self, user: UserId) -> Option<Request> {
        let Self { title, description, venue, room, start, end, key } = self;
        let body = [json!(title), json!(description), json!(venue), json!(room), json!(start), json!(end)];
        key.clone().map(|key| Request::new(user, "createEvent", key, &body))
    }
}

impl NewBlock {
    /// This, asked for by `user`, when it has a key.
    #[must_use]
    pub fn request(&self, user: UserId) -> Option<Request> {
        let Self { room, start, end, key } = self;
        let body = [json!(room), json!(start), json!(end)];
        key.clone().map(|key| Request::new(user, "blockSchedule", key, &body))
    }
}

impl Context {
    /// The event that this request created before; `None` when there is none, or none any more.
    pub(crate) async fn event_made_before(
        &self,
        request: Option<&Request>,
    ) -> Result<Option<Event>, EventError> {
        let Some(id) = self.store.made_by::<EventId>(request).await? else { return Ok(None) };
        let pending = |event: &Event| event.state == EventState::PendingRoom;
        self.until_settled(|| self.store.event_in_any_state(id), pending).await
    }

    /// The block that this request set before; `None` when there is none, or none any more.
    pub(crate) async fn block_made_before(
        &self,
        request: Option<&Request>,
    ) -> Result<Option<Claim>, EventError> {
        let Some(id) = self.store.made_by::<ReservationId>(request).await? else { return Ok(None) };
        let pending = |claim: &Claim| claim.state == ReservationState::Pending;
        self.until_settled(|| self.store.claim_in_any_state(id), pending).await
    }

    async fn until_settled<T, Fut>(
        &self,
        look: impl Fn() -> Fut,
        pending: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, EventError>
    where
        Fut: Future<Output = Result<Option<T>, StoreError>>,
    {
        self.in_time(async {
            loop {
                match look().await? {
                    Some(found) if pending(&found) => tokio::time::sleep(LOOK_AGAIN).await,
                    settled => return Ok::<_, StoreError>(settled),
                }
            }
        })
        .await
    }
}

/// Begins `once` again, which first looks for what was made before, as long as a twin is faster and comes to nothing.
///
/// # Errors
/// What `once` answers; [`EventError::Unavailable`] when no twin came to anything.
pub(crate) async fn past_twins<T, Fut>(once: impl Fn() -> Fut) -> Result<T, EventError>
where
    Fut: Future<Output = Result<T, EventError>>,
{
    for _ in 0..TRIES {
        match once().await {
            Err(EventError::Store(StoreError::Twin)) => {}
            outcome => return outcome,
        }
    }
    Err(EventError::Unavailable { peer: "SpaceMaster", cause: "every twin of this request failed".into() })
}
