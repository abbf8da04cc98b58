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

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DbErr, RuntimeErr};
use tokio::sync::{Mutex, watch};

use super::Database;
use super::transaction::Transaction;

/// The groups of one database, of which at most one is open.
#[derive(Clone, Default)]
pub(super) struct Groups(Arc<Mutex<Option<Group>>>);

/// Transactions that are committed together.
struct Group {
    whole: Transaction,
    /// What makes room for the next one.
    next: &'static str,
    /// That, when whoever began it left before it was done: half of it may be.
    room: Option<BoxFuture<'static, Result<(), DbErr>>>,
    outcome: watch::Sender<Option<Outcome>>,
}

/// Every member's savepoint has this name. It stays when its member is done: the next one needs one anyway, and all end with the commit.
const FIRST: &str = "SAVEPOINT member";
/// One way to the database for both. That there is a savepoint to release says that the database has undone nothing by itself meanwhile.
const AFTER_SUCCESS: &str = "RELEASE member; SAVEPOINT member";
/// Whether it failed or was dropped in the middle.
const AFTER_FAILURE: &str = "ROLLBACK TO member";

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
        if let Some(group) = &mut *turn
            && let Err(error) = group.make_room().await
            && let Some(group) = turn.take()
        {
            // The database has undone more than a savepoint, most likely everything: disk full, for instance.
            group.give_up(&error).await;
        }
        let group = match turn.take() {
            Some(group) => turn.insert(group),
            None => turn.insert(self.open(database).await?),
        };
        let outcome = group.outcome.subscribe();
        let answer = group.serve(work).await;
        drop(turn);
        committed(outcome).await?;
        answer
    }

    /// Begins a group, and has it committed as soon as all who wait at this moment had their turn: the lock is given in the order in which it
    /// is asked for. A task of its own does it, which nobody who leaves early can take away.
    async fn open(&self, database: &Database) -> Result<Group, DbErr> {
        let whole = Transaction::new(database.begin().await?);
        let mut group = Group { whole, next: FIRST, room: None, outcome: watch::Sender::new(None) };
        group.make_room().await?;
        let groups = self.clone();
        tokio::spawn(async move {
            let mut turn = groups.0.lock().await;
            if let Some(group) = turn.take() {
                group.commit().await;
            }
        });
        Ok(group)
    }
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
    /// Sets a savepoint for the next member, without what those before it wrote and then gave up.
    async fn make_room(&mut self) -> Result<(), DbErr> {
        let (whole, next) = (self.whole.clone(), self.next);
        let begin = || async move { whole.execute_unprepared(next).await.map(drop) }.boxed();
        let made = self.room.get_or_insert_with(begin).await;
        self.room = None;
        made
    }

    async fn serve<T, E, F, Fut>(&mut self, work: F) -> Result<T, E>
    where
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.next = AFTER_FAILURE;
        let answer = work(self.whole.clone()).await;
        if answer.is_ok() {
            self.next = AFTER_SUCCESS;
        }
        answer
    }

    async fn commit(mut self) {
        if self.next == AFTER_FAILURE
            && let Err(error) = self.make_room().await
        {
            return self.give_up(&error).await;
        }
        self.room = None;
        let outcome = self.whole.commit().await.map_err(|error| Arc::from(error.to_string()));
        self.outcome.send_replace(Some(outcome));
    }

    async fn give_up(mut self, error: &DbErr) {
        self.room = None;
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
