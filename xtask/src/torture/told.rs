//! What people were told in one round, by which the stack is judged when it has come to rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that anybody was told or has begun.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Every booking that an idempotency key was answered with.
    pub(super) by_key: BTreeMap<String, BTreeSet<String>>,
    /// Keys that got no answer at all: what they made, nobody was told.
    pub(super) unanswered: BTreeSet<String>,
    /// Bookings of which somebody was told that they are PAID.
    pub(super) paid: BTreeSet<String>,
    /// Bookings of which somebody was told that they are CANCELLED.
    pub(super) cancelled: BTreeSet<String>,
    /// PAID bookings that an administrator has tried to take back.
    pub(super) taken_back: BTreeSet<String>,
    /// How often each ticket let somebody in.
    pub(super) admitted: BTreeMap<String, usize>,
    /// Codes of tickets that people have shown.
    pub(super) codes: Vec<String>,
    /// How many bookings took what was offered to who had waited.
    pub(super) waited: usize,
    /// Whether the event was called off, or might have been.
    pub(super) called_off: bool,
    /// What should never have been answered.
    pub(super) faults: Vec<String>,
}

/// The facts of a round, as everybody in it writes them down.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<Mutex<Facts>>);

impl Told {
    /// The facts so far.
    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
