//! The user database, and the only place that speaks SQL.
//!
//! Every method is one statement or one transaction. Constraints are translated where they can happen; whoever may do what is decided above.

mod accounts;
mod attempts;
mod audit;
mod keys;
mod sessions;

pub use accounts::Profile;
pub use sessions::Presented;

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr};
use subgraph::database::{Database, Transaction};

use crate::error::Error;

/// The user database.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
}

impl Store {
    /// Reads and writes `database`, which has been migrated.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    const fn read(&self) -> &DatabaseConnection {
        self.database.read()
    }

    const fn write(&self) -> &DatabaseConnection {
        self.database.write()
    }

    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.database.begin().await
    }

    /// Runs `work` in one transaction, again from the start when it loses a deadlock.
    async fn transaction<T, F, Fut>(&self, work: F) -> Result<T, Error>
    where
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        self.database.transaction(work).await
    }
}
