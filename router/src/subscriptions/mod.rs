//! Answers in many parts: how many there may be at a time, one operation from its first part to its last, and the socket that carries many.
//!
//! An operation passes the same stages as one that comes by POST ([`crate::pipeline`]); only its last stage is run once for every event. It
//! keeps the snapshot that it began with. The protocols themselves are shared with the subgraphs: `service::subscription`.

mod follow;
pub mod socket;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use follow::{answers, follow};

use crate::{config, refusal::Refusal};

/// Room for what lasts: it is counted apart from requests, whose places it would take for hours.
#[derive(Debug)]
pub struct Rooms {
    subscriptions: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
}

impl Rooms {
    /// Room for as many as configured.
    pub fn new(config: &config::Subscriptions) -> Self {
        let room = |places: usize| Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { subscriptions: room(config.in_flight), sockets: room(config.sockets) }
    }

    /// A place for a subscription, kept until the result is dropped.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`].
    pub fn subscription(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        place(&self.subscriptions)
    }

    /// A place for a socket, kept until the result is dropped.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`].
    pub fn socket(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        place(&self.sockets)
    }
}

fn place(room: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Refusal> {
    Arc::clone(room).try_acquire_owned().map_err(|_| Refusal::Overloaded)
}
