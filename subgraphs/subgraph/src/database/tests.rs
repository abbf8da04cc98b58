//! On SQLite always; the same on MySQL when `EVENTHUB_TEST_MYSQL_URL` is set.

use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, ExprTrait, IntoActiveModel,
    QueryFilter, SqlErr, Statement,
};
use sea_orm_migration::prelude::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};

use super::{Database, Writes};
use crate::error::Error;
use crate::testing::{self, TestDatabase};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Stock)]
    }
}

struct Stock;

impl MigrationName for Stock {
    fn name(&self) -> &'static str {
        "m1_stock"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Stock {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql =
            "CREATE TABLE stock (id INTEGER PRIMARY KEY, held INTEGER NOT NULL, quota INTEGER NOT NULL)";
        manager.get_connection().execute_unprepared(sql).await.map(drop)
    }
}

async fn fresh() -> TestDatabase {
    let database = testing::database::<Migrator>().await;
    database.write().execute_unprepared("INSERT INTO stock VALUES (1, 0, 10), (2, 0, 10)").await.unwrap();
    database
}

async fn held(database: &Database, id: i32) -> i64 {
    let sql = format!("SELECT held FROM stock WHERE id = {id}");
    let row = database.read().query_one_raw(Statement::from_string(database.backend(), sql)).await.unwrap();
    row.unwrap().try_get("", "held").unwrap()
}

async fn hold(transaction: &DatabaseTransaction, id: i32) -> Result<u64, DbErr> {
    let sql = format!("UPDATE stock SET held = held + 1 WHERE id = {id} AND held < quota");
    Ok(transaction.execute_unprepared(&sql).await?.rows_affected())
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_nothing() {
    let database = fresh().await;
    let outcome: Result<(), Error> = database
        .transaction(|tx| async move {
            hold(&tx, 1).await?;
            Err(Error::forbidden())
        })
        .await;
    assert_eq!(outcome.unwrap_err().code(), crate::Code::Forbidden);
    assert_eq!(held(&database, 1).await, 0);
    database.transaction(|tx| async move { hold(&tx, 1).await }).await.unwrap();
    assert_eq!(held(&database, 1).await, 1);
}

#[tokio::test]
async fn a_transaction_dropped_halfway_leaves_nothing() {
    let database = fresh().await;
    let transaction = database.begin().await.unwrap();
    hold(&transaction, 1).await.unwrap();
    drop(transaction);
    assert_eq!(held(&database, 1).await, 0);
    database.transaction(|tx| async move { hold(&tx, 1).await }).await.unwrap();
    assert_eq!(held(&database, 1).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_writers_at_once_hold_exactly_the_quota() {
    let database = fresh().await;
    let writers = (0..100).map(|_| {
        let database = database.database.clone();
        // What a resolver does: a future that has to be `Send`, with what it borrows from outside.
        tokio::spawn(async move {
            let id = 1;
            let id = &id;
            database.transaction(|tx| async move { Ok::<_, Error>(hold(&tx, *id).await?) }).await.unwrap()
        })
    });
    let held_by_each = futures_util::future::join_all(writers).await;
    let sum: u64 = held_by_each.into_iter().map(Result::unwrap).sum();
    assert_eq!((sum, held(&database, 1).await), (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_write_at_once_fails_one_by_one() {
    let database = fresh().await;
    let writers = (0..50).map(|number| {
        let database = database.database.clone();
        tokio::spawn(async move {
            let work = |tx: super::Transaction| async move {
                hold(&tx, 1).await?;
                let sql = format!("INSERT INTO stock VALUES ({}, 0, 1)", 10 + number / 2);
                tx.execute_unprepared(&sql).await.map(drop)
            };
            database.transaction::<_, DbErr, _, _>(work).await.is_ok()
        })
    });
    let written =
        futures_util::future::join_all(writers).await.into_iter().filter(|done| *done.as_ref().unwrap());
    // Each id was wanted twice: whoever came second undid its own hold, and nobody else's.
    assert_eq!(written.count(), 25);
    assert_eq!(held(&database, 1).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_leaves_in_the_middle_takes_nobody_along() {
    let database = fresh().await;
    let (entered, has_entered) = tokio::sync::oneshot::channel::<()>();
    let entered = std::sync::Mutex::new(Some(entered));
    let leaves = database.transaction::<(), DbErr, _, _>(|tx| {
        let entered = entered.lock().unwrap().take();
        async move {
            hold(&tx, 1).await?;
            drop(entered);
            std::future::pending().await
        }
    });
    tokio::select! { _ = leaves => unreachable!(), _ = has_entered => {} }
    database.transaction(|tx| async move { hold(&tx, 2).await }).await.unwrap();
    assert_eq!((held(&database, 1).await, held(&database, 2).await), (0, 1));
}

mod stock {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stock")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub held: i32,
        pub quota: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Moves `held` of a row that is there, and adds a row.
fn writes(db: &DatabaseTransaction, moved: i32, by: i32, added: i32) -> Writes {
    let held = Expr::col(stock::Column::Held).add(by);
    let update = stock::Entity::update_many().col_expr(stock::Column::Held, held);
    let row = stock::Model { id: added, held: 3, quota: 10 };
    Writes::to(db)
        .and(&update.filter(stock::Column::Id.eq(moved)), 1)
        .and(&stock::Entity::insert(row.into_active_model()), 1)
}

#[tokio::test]
async fn what_is_written_together_is_all_written() {
    let database = fresh().await;
    let write = |moved, added| {
        let work = move |tx: super::Transaction| async move {
            let others = writes(&tx, 2, 7, added + 1);
            writes(&tx, moved, 5, added).with(others).run(&*tx).await
        };
        database.transaction::<_, DbErr, _, _>(work)
    };
    assert!(write(1, 100).await.unwrap());
    let all = [(1, 5), (2, 7), (100, 3), (101, 3)];
    for (id, expected) in all {
        assert_eq!(held(&database, id).await, expected, "{id}");
    }
    assert!(!write(99, 200).await.unwrap(), "there is no 99");
    let taken = write(1, 101).await.unwrap_err();
    assert!(matches!(taken.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))), "{taken}");
}

/// Polls `future` so often, and drops it if it is not done by then.
async fn leave_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = polls;
    std::future::poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_a_writer_leaves_it_takes_nobody_along() {
    let database = fresh().await;
    let write = |id: i32| database.transaction(move |tx| async move { hold(&tx, id).await });
    database.write().execute_unprepared("UPDATE stock SET quota = 1000").await.unwrap();
    let (mut stayed, mut told) = (0, 0);
    for polls in (0..12).cycle().take(240) {
        let (before, leaves, after) = tokio::join!(write(1), leave_after(polls, write(2)), write(1));
        let outcome = format!("after {polls} polls: {before:?} {leaves:?} {after:?}");
        assert!(before.is_ok() && after.is_ok(), "{outcome}");
        stayed += 2;
        told += i64::from(leaves.is_some_and(|left| left.is_ok()));
        assert_eq!(held(&database, 1).await, stayed, "{outcome}");
    }
    // Who has left may have been written all the same; who was told has been.
    let written = held(&database, 2).await;
    assert!((told..=240).contains(&written), "{told} were told, {written} are written");
}

#[tokio::test]
async fn when_the_database_undoes_everything_nobody_of_the_group_is_told_that_it_was_written() {
    let database = fresh().await;
    if !database.is_sqlite() {
        return;
    }
    let good = async { database.transaction(|tx| async move { hold(&tx, 1).await }).await };
    let bad = async {
        // What a full disk does to a transaction.
        let work = |tx: super::Transaction| async move { tx.execute_unprepared("ROLLBACK").await.map(drop) };
        database.transaction::<_, DbErr, _, _>(work).await
    };
    let (good, bad) = tokio::join!(good, bad);
    assert!(good.is_err() && bad.is_err(), "{good:?} {bad:?}");
    assert_eq!(held(&database, 1).await, 0);
    database.transaction(|tx| async move { hold(&tx, 1).await }).await.unwrap();
    assert_eq!(held(&database, 1).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_victim_of_a_deadlock_is_run_again() {
    let database = fresh().await;
    let runs = AtomicU32::new(0);
    let both = |first: i32, second: i32| {
        let (database, runs) = (&database, &runs);
        async move {
            database
                .transaction(|tx| async move {
                    runs.fetch_add(1, Ordering::Relaxed);
                    hold(&tx, first).await?;
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    hold(&tx, second).await
                })
                .await
        }
    };
    let (one, other) = tokio::join!(both(1, 2), both(2, 1));
    assert_eq!((one.unwrap(), other.unwrap()), (1, 1));
    assert_eq!((held(&database, 1).await, held(&database, 2).await), (2, 2));
    let expected = if database.is_sqlite() { 2..=2 } else { 2..=3 };
    assert!(expected.contains(&runs.load(Ordering::Relaxed)), "{runs:?}");
}

#[tokio::test]
async fn readers_of_sqlite_cannot_write() {
    let database = fresh().await;
    let written = database.read().execute_unprepared("UPDATE stock SET held = 1").await;
    assert_eq!(written.is_err(), database.is_sqlite());
}

#[tokio::test]
async fn statements_are_counted() {
    let database = fresh().await;
    let before = database.statements();
    held(&database, 1).await;
    held(&database, 2).await;
    assert_eq!(database.statements() - before, 2);
}

#[tokio::test]
async fn the_database_tells_the_time() {
    let database = fresh().await;
    let told = database.now(database.read()).await.unwrap();
    let apart = (chrono::Utc::now() - told).abs();
    assert!(apart < chrono::TimeDelta::seconds(5), "{apart}");
}

#[tokio::test]
async fn migrations_apply_once() {
    let database = fresh().await;
    assert_eq!(super::pending::<Migrator>(&database).await.unwrap(), Vec::<String>::new());
    super::migrate::<Migrator>(&database, &database.config).await.unwrap();
}

#[tokio::test]
async fn a_directory_that_is_missing_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/down/x.db");
    let config = super::Config::at(format!("sqlite://{}?mode=rwc", path.display()));
    Database::connect(&config).await.unwrap().ping().await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn what_is_committed_after_failed_commits_is_committed() {
    let database = fresh().await;
    if database.backend() != sea_orm::DbBackend::Sqlite {
        return;
    }
    let table = "CREATE TABLE debts (stock INTEGER REFERENCES stock (id) DEFERRABLE INITIALLY DEFERRED)";
    database.write().execute_unprepared(table).await.unwrap();
    // What SQLite does by itself when the disk is full at the end of a transaction: all is undone before our COMMIT fails. And a COMMIT
    // that fails with nothing undone.
    for fails in ["ROLLBACK", "INSERT INTO debts VALUES (999)"] {
        let outcome: Result<(), Error> = database
            .transaction(|tx| async move {
                hold(&tx, 1).await?;
                Ok(tx.execute_unprepared(fails).await.map(drop)?)
            })
            .await;
        outcome.unwrap_err();
    }
    let outcome: Result<u64, Error> = database.transaction(|tx| async move { Ok(hold(&tx, 2).await?) }).await;
    assert_eq!(outcome.unwrap(), 1);
    assert_eq!((held(&database, 1).await, held(&database, 2).await), (0, 1));
}

#[tokio::test]
async fn a_full_database_is_unavailable_and_works_again_when_there_is_room() {
    let database = fresh().await;
    if database.backend() != sea_orm::DbBackend::Sqlite {
        return;
    }
    let fill = "INSERT INTO stock WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) SELECT i, 0, 1 FROM n";
    let write = async || {
        let outcome: Result<u64, Error> = database
            .transaction(|tx| async move { Ok(tx.execute_unprepared(fill).await?.rows_affected()) })
            .await;
        outcome
    };
    database.write().execute_unprepared("PRAGMA max_page_count = 1").await.unwrap();
    let error = write().await.unwrap_err();
    assert_eq!(error.code(), crate::error::Code::Unavailable, "{:?}", error.cause());
    database.write().execute_unprepared("PRAGMA max_page_count = 100000").await.unwrap();
    assert_eq!(write().await.unwrap(), 8001);
}
