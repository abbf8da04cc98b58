//! One service's database: SQLite or MySQL/MariaDB behind one type.
//!
//! On SQLite there is **one writer connection** and a pool of readers that cannot write: several writers would wait for
//! each other inside SQLite, with second-long tails. What many write at the same time is committed together. On MySQL both are one pool. A transaction that writes begins with
//! [`Database::begin`] or [`Database::transaction`]; on SQLite it takes the write lock at once (`BEGIN IMMEDIATE`), because
//! a read that becomes a write may have to fail.

mod config;
mod connect;
mod group;
mod health;
mod migrate;
mod transaction;
mod unique;
mod writes;

pub use config::Config;
pub(crate) use health::is_out_of_order;
pub use migrate::{migrate, pending};
pub use transaction::Transaction;
pub use unique::{inserted, is_taken};
pub use writes::Writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, NaiveDateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::clock::Clock;

/// A connected database. Cloning it shares its connections.
#[derive(Debug, Clone)]
pub struct Database {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    /// On SQLite, whose every commit waits for the disk.
    groups: Option<group::Groups>,
    statements: Arc<AtomicU64>,
}

impl Database {
    /// Connects to the configured database, creating the SQLite file and its directory where they are missing.
    ///
    /// # Errors
    /// When the URL is of another kind of database, or the database cannot be reached.
    pub async fn connect(config: &Config) -> Result<Self, DbErr> {
        connect::connect(config).await
    }

    /// For statements that only read. On SQLite it refuses to write.
    #[must_use]
    pub const fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For a single statement that writes. Several that belong together go into a transaction.
    #[must_use]
    pub const fn write(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether this is SQLite.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// The database's own clock, in UTC: what expiry is decided by, however many processes there are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn now<C: ConnectionTrait>(&self, connection: &C) -> Result<DateTime<Utc>, DbErr> {
        if self.is_sqlite() {
            // It runs in this process.
            return Ok(Clock::system().now());
        }
        let sql = "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%d %H:%i:%s.%f') AS now";
        let row = connection.query_one_raw(Statement::from_string(self.backend(), sql)).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the database told no time".into()))?;
        let text: String = row.try_get("", "now")?;
        NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f")
            .map(|naive| naive.and_utc())
            .map_err(|error| DbErr::Type(format!("the database's time {text:?} cannot be read: {error}")))
    }

    /// Whether both connections answer; for `/ready`.
    ///
    /// # Errors
    /// When one does not.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.reader.ping().await?;
        self.writer.ping().await
    }

    /// How many statements have been sent since the connection was made: tests hold "one statement for N objects"
    /// against it.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// When one of them does not close in order.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }
}

#[cfg(test)]
mod tests;
