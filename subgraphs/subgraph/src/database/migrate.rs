//! Bringing a database to the schema that the code expects, at start.
//!
//! Several replicas may start at once: on MySQL the first takes a named lock and the others wait for it to finish; on
//! SQLite there is one writer anyway.

use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::MigratorTrait;

use super::{Config, Database};

const LOCK_SECONDS: u32 = 60;

/// Applies every migration that is missing.
///
/// # Errors
/// When one fails, or another process holds the lock for a minute.
pub async fn migrate<M: MigratorTrait>(database: &Database, config: &Config) -> Result<(), DbErr> {
    if database.is_sqlite() {
        return M::up(database.write(), None).await;
    }
    // The lock belongs to a connection; a pool of one is a connection that stays the same. The tables are made on it too: a connection
    // that was open before the database's character set changed would go on making tables in the old one.
    let locked = Database::connect(&Config { connections: 1, ..config.clone() }).await?;
    let taken = ask(&locked, &format!("SELECT GET_LOCK('eventhub_migrate', {LOCK_SECONDS}) = 1")).await?;
    if taken != Some(1) {
        return Err(DbErr::Custom("another process is migrating this database and does not finish".into()));
    }
    let outcome = apply::<M>(&locked).await;
    let released = ask(&locked, "SELECT RELEASE_LOCK('eventhub_migrate')").await;
    locked.close().await?;
    outcome.and(released.map(drop))
}

/// A database that somebody created without thinking of it may be latin1, and compare without regard to case: text is
/// UTF-8 here and compared as it is. Only a database that is still empty is changed.
async fn apply<M: MigratorTrait>(database: &Database) -> Result<(), DbErr> {
    let connection = database.write();
    if M::get_pending_migrations(connection).await?.len() == M::migrations().len() {
        connection.execute_unprepared("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin").await?;
    }
    M::up(connection, None).await
}

/// The names of the migrations that are missing.
///
/// # Errors
/// When the database does not answer.
pub async fn pending<M: MigratorTrait>(database: &Database) -> Result<Vec<String>, DbErr> {
    let pending = M::get_pending_migrations(database.write()).await?;
    Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
}

async fn ask(database: &Database, sql: &str) -> Result<Option<i64>, DbErr> {
    let row = database.write().query_one_raw(Statement::from_string(database.backend(), sql)).await?;
    row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose().map(Option::flatten)
}
