//! Transactions that write: begun right, and repeated when the database asks for it.

use std::error::Error as StdError;
use std::ops::Deref;
use std::sync::Arc;

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{
    DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::Database;

/// How often a transaction that lost a deadlock is tried in all.
const TRIES: u32 = 4;

impl Database {
    /// Begins a transaction that writes; dropping it without a commit rolls it back.
    ///
    /// # Errors
    /// When no connection is free in time, or the database does not answer.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await
    }

    /// Runs `work` in a transaction: committed when it answers `Ok`, rolled back when it answers `Err`. When the database
    /// chose it as the victim of a deadlock, everything is run again, so `work` must do nothing but database work. On SQLite it is
    /// committed together with others (`group.rs`), and has the only writer to itself: it must not wait for another transaction.
    ///
    /// ```ignore
    /// let id = &id;
    /// database.transaction(|tx| async move { store::hold(&tx, id).await }).await?;
    /// ```
    ///
    /// # Errors
    /// What `work` answers, or what the database says, as `E`.
    pub async fn transaction<T, E, F, Fut>(&self, work: F) -> Result<T, E>
    where
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<DbErr> + StdError + 'static,
    {
        if let Some(groups) = &self.groups {
            return groups.run(self, work).await;
        }
        let mut tries = 1;
        loop {
            let transaction = Transaction::new(self.begin().await?);
            let outcome = match work(transaction.clone()).await {
                Ok(value) => transaction.commit().await.map(|()| value).map_err(E::from),
                // Dropping it would roll back too, but later: the next one might still see its locks.
                Err(error) => transaction.rollback().await.map_err(E::from).and(Err(error)),
            };
            match outcome {
                Err(error) if tries < TRIES && lost_deadlock(&error) => tries += 1,
                outcome => return outcome,
            }
        }
    }
}

/// The transaction in which the work of [`Database::transaction`] is done; `&tx` is a `&DatabaseTransaction`.
#[derive(Debug, Clone)]
pub struct Transaction(Arc<DatabaseTransaction>);

impl Transaction {
    pub(super) fn new(transaction: DatabaseTransaction) -> Self {
        Self(Arc::new(transaction))
    }

    pub(super) async fn commit(self) -> Result<(), DbErr> {
        self.only()?.commit().await
    }

    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        self.only()?.rollback().await
    }

    fn only(self) -> Result<DatabaseTransaction, DbErr> {
        Arc::into_inner(self.0)
            .ok_or_else(|| DbErr::Custom("the work kept its transaction beyond its end".into()))
    }
}

impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.0
    }
}

/// Whether `error`, or what it came from, says that the database undid everything to end a deadlock.
fn lost_deadlock(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source())
        .filter_map(|error| error.downcast_ref::<DbErr>())
        .any(is_deadlock)
}

fn is_deadlock(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "40001")
}
