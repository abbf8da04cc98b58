//! The booking database: transactions, the clock, and one module of SQL per table.
//!
//! A booking moves by compare-and-set on its `version`: whoever read an older one gets [`BookingError::Stale`], and what it
//! wanted to write with it is rolled back.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::booking::bookings::Model;
use entities::ids::BookingId;
use sea_orm::DatabaseConnection;
use subgraph::clock::Clock;
use subgraph::database::{Database, Transaction};
use subgraph::feed::Feed;

use crate::error::BookingError;

pub(crate) mod announcements;
pub(crate) mod audit;
pub(crate) mod bookings;
pub(crate) mod keys;
pub(crate) mod notices;
pub(crate) mod payments;
pub(crate) mod refunds;
pub(crate) mod test_charges;

/// The booking database.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    clock: Clock,
    changes: Arc<Changes>,
    at_once: usize,
}

/// How many rows of a batch are worked on at the same time.
const AT_ONCE: usize = 8;

/// The bookings that somebody watches.
pub type Changes = Feed<BookingId, Option<Model>>;

impl Store {
    /// The store over `database`, by `clock`.
    #[must_use]
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock, changes: Arc::default(), at_once: AT_ONCE }
    }

    /// The same, with another number of rows of a batch that are worked on at the same time: one, where a test must be able
    /// to repeat what it saw.
    #[must_use]
    pub fn at_once(self, rows: usize) -> Self {
        Self { at_once: rows, ..self }
    }

    /// How many rows of a batch are worked on at the same time.
    pub(crate) const fn batch_width(&self) -> usize {
        self.at_once
    }

    /// The database itself.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// What changes, for those who watch.
    #[must_use]
    pub const fn changes(&self) -> &Arc<Changes> {
        &self.changes
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) const fn read(&self) -> &DatabaseConnection {
        self.database.read()
    }

    /// Runs `work` in one transaction, again from the start when it loses a deadlock. Whoever watches is told.
    pub(crate) async fn transaction<T, F, Fut>(&self, work: F) -> Result<T, BookingError>
    where
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T, BookingError>>,
    {
        let outcome = self.database.transaction(work).await;
        if outcome.is_ok() {
            self.changes.wake();
        }
        outcome
    }
}
