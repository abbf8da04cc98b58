//! How long a connection's process serves: what answers without an end of their own watch.

use std::sync::Arc;

use poem::Request;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The lifetime of the server that a request came to; among the data of every request that [`super::serve`] takes.
///
/// A request that did not come through a server (a test's) has one that never ends.
#[derive(Debug, Clone, Default)]
pub struct Lifetime {
    stop: CancellationToken,
    held: TaskTracker,
    place: Option<Arc<OwnedSemaphorePermit>>,
}

/// Keeps the server from ending, and a place among its connections, until it is dropped.
#[derive(Debug)]
pub struct Hold {
    _token: TaskTrackerToken,
    _place: Option<Arc<OwnedSemaphorePermit>>,
}

impl Lifetime {
    pub(super) fn new(stop: CancellationToken, held: TaskTracker, place: OwnedSemaphorePermit) -> Self {
        Self { stop, held, place: Some(Arc::new(place)) }
    }

    /// The lifetime of the server that `request` came to.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        request.data::<Self>().cloned().unwrap_or_default()
    }

    /// Returns when the process is told to stop.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// For what goes on after its connection is no longer the server's, a WebSocket: draining waits for it.
    #[must_use]
    pub fn hold(&self) -> Hold {
        Hold { _token: self.held.token(), _place: self.place.clone() }
    }
}
