//! The event database as the use-cases see it: rows in, rows out, refusals translated where they arise.

mod audit;
pub mod blocks;
pub mod events;
pub mod leases;
pub mod outbox;
pub mod reservations;
pub mod venues;

use std::str::FromStr;

use entities::event::room_reservations;
use sea_orm::{DatabaseConnection, DbErr};
use subgraph::database::Database;
use subgraph::idempotency::{self, KeyError, Request};

/// The database; copies share it.
#[derive(Clone, Debug)]
pub struct Store {
    db: Database,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not as it was read, or is no longer ours.
    #[error("somebody else changed it")]
    Changed,
    /// The room is held by these claims.
    #[error("the room is held by others")]
    Overlaps(Vec<room_reservations::Model>),
    /// The room has no row to lock: it was never seen at the scheduler.
    #[error("the room has no local copy")]
    UnknownRoom,
    /// The same request was made at the same moment, and was faster.
    #[error("a twin of this request was faster")]
    Twin,
    /// The key of the request stands for another one.
    #[error("the key stands for another request")]
    KeyReused,
    /// The database failed.
    #[error("{0}")]
    Db(#[from] DbErr),
}

impl From<KeyError> for StoreError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Reused => Self::KeyReused,
            KeyError::Database(error) => Self::Db(error),
        }
    }
}

impl Store {
    /// The store over this database.
    #[must_use]
    pub const fn new(db: Database) -> Self {
        Self { db }
    }

    /// The id of what a request made before, or began.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`].
    pub async fn made_by<Id: FromStr>(&self, request: Option<&Request>) -> Result<Option<Id>, StoreError> {
        Ok(idempotency::find(self.reader(), request).await?)
    }

    fn reader(&self) -> &DatabaseConnection {
        self.db.read()
    }

    fn writer(&self) -> &DatabaseConnection {
        self.db.write()
    }
}
