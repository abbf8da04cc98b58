//! Commits in groups, on SQLite.
//!
//! There is one writer, and a commit that survives a power cut waits for the disk: a thousand commits are a thousand waits, though all of them
//! could have been one. So whoever comes while others wait works in the same transaction as they do, one after the other, each within a
//! savepoint of its own that fails alone; then all are committed at once, and nobody is answered before. Nobody waits for a group to become
//! larger: it takes whoever has been waiting meanwhile.
//!
//! On MySQL the server does this by itself.

use std::fmt;
use std::sync::Arc;

use sea_orm::{DatabaseTransaction, DbErr, RuntimeErr, TransactionTrait};
use tokio::sync::{Mutex, watch};

use super::Database;
use super::transaction::Transaction;

/// The groups of one database, of which at most one is open.
#[derive(Clone, Default)]
pub(super) struct Groups(Arc<Mutex<Option<Group>>>);

/// Transactions that are committed together.
struct Group {
    whole: DatabaseTransaction,
    outcome: watch::Sender<Option<Outcome>>,
}

/// What became of a group; an error in words, because all its members are told.
type Outcome = Result<(), Arc<str>>;

impl Groups {
    /// Runs `work` in a savepoint of the open group; returns when the group is committed, whatever `work` answered: it may have refused
    /// because of what others wrote shortly before.
    ///
    /// Dropping the future undoes `work` alone, or nothing once it has ended.
    pub(super) async fn run<T, E, F, Fut>(&self, database: &Database, work: F) -> Result<T, E>
    where
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<DbErr>,
    {
        let mut turn = self.0.lock().await;
        let group = match turn.take() {
            Some(group) => turn.insert(group),
            None => turn.insert(self.open(database).await?),
        };
        let outcome = group.outcome.subscribe();
        let answer = match group.whole.begin().await {
            Ok(savepoint) => within(savepoint, work).await,
            Err(error) => Err(error),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                // The database has undone more than a savepoint, most likely everything: disk full, for instance.
                if let Some(group) = turn.take() {
                    group.give_up(&error).await;
                }
                return Err(error.into());
            }
        };
        drop(turn);
        committed(outcome).await?;
        answer
    }

    /// Begins a group, and has it committed as soon as all who wait at this moment had their turn: the lock is given in the order in which it
    /// is asked for. A task of its own does it, which nobody who leaves early can take away.
    async fn open(&self, database: &Database) -> Result<Group, DbErr> {
        let whole = database.begin().await?;
        let groups = self.clone();
        tokio::spawn(async move {
            let mut turn = groups.0.lock().await;
            if let Some(group) = turn.take() {
                group.commit().await;
            }
        });
        Ok(Group { whole, outcome: watch::Sender::new(None) })
    }
}

/// Runs `work` in `savepoint` and ends it. The outer result is the database's, the inner one that of `work`.
async fn within<T, E, F, Fut>(savepoint: DatabaseTransaction, work: F) -> Result<Result<T, E>, DbErr>
where
    F: Fn(Transaction) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let transaction = Transaction::new(savepoint);
    let answer = work(transaction.clone()).await;
    match answer {
        Ok(_) => transaction.commit().await?,
        Err(_) => transaction.rollback().await?,
    }
    Ok(answer)
}

async fn committed(mut outcome: watch::Receiver<Option<Outcome>>) -> Result<(), DbErr> {
    let lost = |why: &str| {
        let text = format!("the transactions of a group were not committed: {why}");
        DbErr::Conn(RuntimeErr::Internal(text))
    };
    let outcome = outcome.wait_for(Option::is_some).await.map_err(|_| lost("the process is stopping"))?;
    match outcome.as_ref() {
        Some(Err(why)) => Err(lost(why)),
        Some(Ok(())) | None => Ok(()),
    }
}

impl Group {
    async fn commit(self) {
        let outcome = self.whole.commit().await.map_err(|error| Arc::from(error.to_string()));
        self.outcome.send_replace(Some(outcome));
    }

    async fn give_up(self, error: &DbErr) {
        // It may be gone already; what counts is that nothing of it stays.
        let undone = self.whole.rollback().await;
        tracing::warn!(%error, ?undone, "a group of transactions is given up");
        self.outcome.send_replace(Some(Err(Arc::from(error.to_string()))));
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Groups")
    }
}
