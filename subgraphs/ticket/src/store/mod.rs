//! The ticket database: transactions, their clock, and one module of SQL per table.
//!
//! Locks are taken in one order everywhere, so that no two writers wait for each other in a circle: an event's row before a
//! type's, a hold's row before its tickets', those before its type's, that before its voucher's
//! and before the places on its waiting list, several of a kind by id. Rows of others that are merely
//! in the way are skipped.

use std::fmt::Display;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::ids::EventId;
use entities::ticket::ticket_types::Model;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr};
use subgraph::clock::Clock;
use subgraph::database::{self, Database};
use subgraph::feed::Feed;
use subgraph::idempotency::{self, Request};

use crate::error::SaleError;

pub(crate) mod code_keys;
pub(crate) mod events;
pub(crate) mod holds;
pub(crate) mod scans;
pub(crate) mod ticket_types;
pub(crate) mod tickets;
pub(crate) mod vouchers;
pub(crate) mod waiting_places;

/// How often a transaction is run in all when others are in its way.
const TRIES: u32 = 5;

/// The ticket database.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    clock: Option<Clock>,
    changes: Arc<Changes>,
}

/// The ticket types of events that somebody watches.
pub type Changes = Feed<EventId, Vec<Model>>;

impl Store {
    /// The store over `database`, whose own clock decides when a hold lapses: replicas of this service may disagree about
    /// the time, and the database cannot disagree with itself.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, clock: None, changes: Arc::default() }
    }

    /// The same by another clock, for tests.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock: Some(clock), ..self }
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

    pub(crate) const fn read(&self) -> &DatabaseConnection {
        self.database.read()
    }

    /// Runs `work` in one transaction, again from the start when another writer was in its way. Whoever watches is told.
    pub(crate) async fn transaction<T, F, Fut>(&self, work: F) -> Result<T, SaleError>
    where
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T, SaleError>>,
    {
        let mut tries = 1;
        loop {
            let outcome = self.database.transaction(|db| work(Transaction { db, store: self.clone() })).await;
            match outcome {
                Err(SaleError::Contended) if tries < TRIES => tries += 1,
                outcome => {
                    if outcome.is_ok() {
                        self.changes.wake();
                    }
                    return outcome;
                }
            }
        }
    }
}

/// A transaction that writes, and the clock that it goes by.
#[derive(Debug)]
pub(crate) struct Transaction {
    db: database::Transaction,
    store: Store,
}

impl Transaction {
    /// Where its statements go.
    pub(crate) fn db(&self) -> &DatabaseTransaction {
        &self.db
    }

    /// The time by which holds lapse.
    pub(crate) async fn now(&self) -> Result<DateTime<Utc>, DbErr> {
        match &self.store.clock {
            Some(clock) => Ok(clock.now()),
            None => self.store.database.now(self.db()).await,
        }
    }
}

/// Writes down that `request` makes `subject` in this transaction, before anything that its twin could be refused for.
///
/// # Errors
/// [`SaleError::Contended`] when a twin was faster: the next try finds what it made.
pub(crate) async fn claim(
    tx: &Transaction,
    request: Option<&Request>,
    subject: impl Display,
    now: DateTime<Utc>,
) -> Result<(), SaleError> {
    if idempotency::claim(tx.db(), request, subject, now).await? { Ok(()) } else { Err(SaleError::Contended) }
}
