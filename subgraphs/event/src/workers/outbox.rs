//! Telling the ticket and booking services what became of events.
//!
//! Bookings of a cancelled event are cancelled only after the ticket service has closed its sale: otherwise new ones would come in behind.

use std::time::Duration;

use entities::event::outbox::Model as Task;
use entities::event::status::OutboxTask;

use super::backoff;
use crate::context::{Context, delta};
use crate::error::EventError;
use crate::events::terms;
use crate::peer::PeerError;

/// How long to wait between two steps of a sweep that goes on.
const STEP: Duration = Duration::from_millis(200);

/// What one try brought.
enum Told {
    All,
    /// There is more to do on the other side.
    Some {
        remaining: i32,
    },
    /// Another task of the event comes first.
    NotYet,
}

impl Context {
    /// Takes up every task that is due.
    pub async fn tell_others(&self) {
        let tasks = match self.store.due_tasks(self.clock.now()).await {
            Ok(tasks) => tasks,
            Err(error) => return tracing::error!(%error, "due tasks could not be read"),
        };
        for task in tasks {
            if let Err(error) = self.take_up(&task).await {
                tracing::error!(event = %task.event_id, task = ?task.task, %error, "a task could not be taken up");
            }
        }
    }

    async fn take_up(&self, task: &Task) -> Result<(), EventError> {
        let at = (&self.lease(), self.clock.now());
        let Some(mut task) = self.store.take_task(task, at).await? else { return Ok(()) };
        let told = tokio::time::timeout(self.timing.push, self.tell(&task)).await;
        let now = self.clock.now();
        match told.unwrap_or_else(|_| Err(PeerError::unavailable("no answer in time").into())) {
            Ok(Told::All) => {
                task.remaining = Some(0);
                self.store.finish_task(&task).await?;
                self.work.notify_one();
            }
            Ok(Told::Some { remaining }) => {
                (task.remaining, task.attempts) = (Some(remaining), 0);
                self.store.postpone_task(&task, now + delta(STEP)).await?;
            }
            Ok(Told::NotYet) => self.store.postpone_task(&task, now + delta(STEP)).await?,
            Err(error) => {
                task.attempts = task.attempts.saturating_add(1);
                let pause = backoff(task.attempts);
                tracing::warn!(event = %task.event_id, task = ?task.task, %error, pause_ms = pause.as_millis(), "not told yet");
                self.store.postpone_task(&task, now + delta(pause)).await?;
            }
        }
        Ok(())
    }

    async fn tell(&self, task: &Task) -> Result<Told, TellError> {
        match task.task {
            OutboxTask::SyncTickets => self.sync_tickets(task).await,
            OutboxTask::CancelBookings => self.cancel_bookings(task).await,
        }
    }

    /// While an event moves into a smaller room, the ticket service has been told of the smaller one already: telling the old terms now would
    /// put tickets on offer that the new room does not take.
    async fn sync_tickets(&self, task: &Task) -> Result<Told, TellError> {
        let moving = self.store.is_moving(task.event_id).await?;
        // An event that is gone was never seen, and nobody was told of it.
        let Some(event) = self.store.event(task.event_id).await? else { return Ok(Told::All) };
        let terms = terms(&event);
        if moving && !terms.cancelled {
            return Ok(Told::NotYet);
        }
        self.tickets.sync(terms).await?;
        Ok(Told::All)
    }

    async fn cancel_bookings(&self, task: &Task) -> Result<Told, TellError> {
        let tasks = self.store.tasks_of(&[task.event_id]).await?;
        let selling = |other: &Task| other.task == OutboxTask::SyncTickets && other.done < other.wanted;
        if tasks.iter().any(selling) {
            return Ok(Told::NotYet);
        }
        match self.bookings.cancel_all(task.event_id).await? {
            0 => Ok(Told::All),
            remaining => Ok(Told::Some { remaining }),
        }
    }
}

/// Why something was not told.
#[derive(Debug, thiserror::Error)]
enum TellError {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}
