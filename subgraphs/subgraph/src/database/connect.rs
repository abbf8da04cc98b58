//! Opening the connections, with what each kind of database must be told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::sqlx::Connection;
use sea_orm::sqlx::sqlite::SqliteJournalMode;
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};

use super::group::Groups;
use super::{Config, Database};

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection to a server that nobody uses is believed in.
const TRUSTED: Duration = Duration::from_secs(1);

pub(super) async fn connect(config: &Config) -> Result<Database, DbErr> {
    let statements = Arc::new(AtomicU64::new(0));
    let (writer, reader) = if config.is_sqlite() {
        create_directory(config.url.expose())?;
        let writer = counted(open(sqlite(config, false)).await?, &statements);
        (writer, counted(open(sqlite(config, true)).await?, &statements))
    } else {
        let pool = counted(open(mysql(config)).await?, &statements);
        (pool.clone(), pool)
    };
    let groups = config.is_sqlite().then(Groups::default);
    Ok(Database { writer, reader, groups, statements })
}

async fn open(options: ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    sea_orm::Database::connect(options).await
}

fn common(config: &Config) -> ConnectOptions {
    let mut options = ConnectOptions::new(config.url.expose().clone());
    options.acquire_timeout(ACQUIRE_TIMEOUT).connect_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    options
}

fn sqlite(config: &Config, reader: bool) -> ConnectOptions {
    let synchronous = if config.durable { "FULL" } else { "OFF" };
    let mut options = common(config);
    options.max_connections(if reader { config.connections } else { 1 });
    // A connection of SQLite costs nothing to keep, and the writer must never have to be opened under load.
    options.min_connections(1).idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_before_acquire(|connection, _| {
        Box::pin(std::future::ready(Ok(is_clean(connection))))
    });
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .pragma("synchronous", synchronous)
            .pragma("query_only", if reader { "ON" } else { "OFF" })
            .statement_cache_capacity(256)
    });
    options
}

fn mysql(config: &Config) -> ConnectOptions {
    let mut options = common(config);
    options.max_connections(config.connections);
    // Asking whether the server is there costs as much as a statement, so only a connection that has had time to be lost is asked.
    options.test_before_acquire(false);
    options.map_sqlx_mysql_before_acquire(|connection, kept| {
        Box::pin(async move {
            if !is_clean(connection) {
                return Ok(false);
            }
            if kept.idle_for > TRUSTED {
                connection.ping().await?;
            }
            Ok(true)
        })
    });
    options.map_sqlx_mysql_pool_opts(|pool| {
        pool.after_connect(|connection, _| {
            Box::pin(async move {
                // Contention goes through single conditional updates, which read the latest row at either level; at this
                // one they take no gap locks, and two buyers of one ticket type cannot deadlock over a gap.
                let sql = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
                sea_orm::sqlx::Executor::execute(connection, sql).await.map(drop)
            })
        })
    });
    options
}

/// Whether nothing is left of an earlier transaction. When a commit fails, the database may have undone everything by itself (a full disk); the
/// rollback that follows fails too, and the driver counts a transaction that there is not: the next one would be a savepoint that is
/// never committed, and what it wrote lost with the connection. Such a connection is closed.
fn is_clean<C: Connection>(connection: &C) -> bool {
    let clean = !connection.is_in_transaction();
    if !clean {
        tracing::warn!("a connection with an unfinished transaction is closed");
    }
    clean
}

fn create_directory(url: &str) -> Result<(), DbErr> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    match Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => std::fs::create_dir_all(parent)
            .map_err(|error| DbErr::Custom(format!("{} cannot be created: {error}", parent.display()))),
        None => Ok(()),
    }
}

fn counted(mut connection: DatabaseConnection, statements: &Arc<AtomicU64>) -> DatabaseConnection {
    let statements = Arc::clone(statements);
    connection.set_metric_callback(move |info| {
        statements.fetch_add(1, Ordering::Relaxed);
        metrics::histogram!("database_statement_seconds").record(info.elapsed.as_secs_f64());
        if info.failed {
            metrics::counter!("database_statements_failed_total").increment(1);
        }
        tracing::trace!(sql = info.statement.sql, duration_us = info.elapsed.as_micros(), "statement");
    });
    connection
}
