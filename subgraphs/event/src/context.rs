//! What every use-case works with: the store, the peers, the clock and the time it may take.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use service::identity::{Actor, Caller, Role};
use subgraph::clock::Clock;
use tokio::sync::Notify;

use crate::bookings::Bookings;
use crate::error::EventError;
use crate::spacemaster::RoomScheduler;
use crate::store::Store;
use crate::store::reservations::Lease;
use crate::tickets::TicketSales;
use crate::zones::Zones;

/// The context; copies share everything.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub store: Store,
    /// The room scheduler.
    pub scheduler: Arc<dyn RoomScheduler>,
    /// The ticket service.
    pub tickets: Arc<dyn TicketSales>,
    /// The booking service.
    pub bookings: Arc<dyn Bookings>,
    /// The zones of the venues.
    pub zones: Arc<Zones>,
    /// What time it is.
    pub clock: Clock,
    /// How long things may take.
    pub timing: Timing,
    /// The name under which this process takes leases; no two processes share one.
    pub owner: String,
    /// Rung when there is work for the workers, so that they need not wait for their next round.
    pub work: Arc<Notify>,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Telling the scheduler of one claim. Shorter than the lease: who lost the lease must have stopped.
    pub push: Duration,
    /// How long a process has a piece of work to itself.
    pub lease: Duration,
    /// How long a claim may stay pending before a worker undoes it without asking the scheduler.
    pub pending: Duration,
    /// How often workers look for work that nobody rang for.
    pub round: Duration,
    /// How old the local copy of venues and rooms may get while the scheduler answers.
    pub venues: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            push: Duration::from_secs(20),
            lease: Duration::from_secs(45),
            pending: Duration::from_secs(15 * 60),
            round: Duration::from_secs(1),
            venues: Duration::from_secs(60),
        }
    }
}

impl Context {
    /// The lease that this process takes.
    #[must_use]
    pub fn lease(&self) -> Lease {
        Lease { owner: self.owner.clone(), length: delta(self.timing.lease) }
    }
}

/// A duration as the calendar counts it.
#[must_use]
pub fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// The administrator who calls.
///
/// # Errors
/// [`EventError::Unauthenticated`] for nobody, [`EventError::Forbidden`] for anybody else.
pub fn admin(caller: &Caller) -> Result<service::identity::User, EventError> {
    match caller.actor {
        Actor::Anonymous => Err(EventError::Unauthenticated),
        Actor::User(user) if user.role == Role::Admin => Ok(user),
        Actor::User(_) => Err(EventError::Forbidden),
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("owner", &self.owner)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}
