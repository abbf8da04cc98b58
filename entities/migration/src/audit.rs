//! `audit_entries`: the same table in the database of every service, and the triggers that let nobody change what is in a log.
//!
//! Each migrator has a migration of its own name that calls [`create`]; as with the columns, what an old migration made must not change.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, RuntimeErr, sqlx::mysql::MySqlDatabaseError};

use crate::column::{id, instant};

/// The table.
const TABLE: &str = "audit_entries";
/// What is refused.
const EVENTS: [&str; 2] = ["UPDATE", "DELETE"];
/// What MySQL says to who may not make triggers: no such right, or a binary log and no SUPER.
const NOT_PERMITTED: [u16; 3] = [1142, 1227, 1419];

/// Makes the table, its indexes and its triggers.
pub(crate) async fn create(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.create_table(table(manager)).await?;
    for (name, column) in [("audit_by_subject", "subject"), ("audit_by_actor", "actor")] {
        let index = Index::create().name(name).table(TABLE).col(column).col("at").to_owned();
        manager.create_index(index).await?;
    }
    manager.create_index(Index::create().name("audit_by_time").table(TABLE).col("at").to_owned()).await?;
    append_only(manager, TABLE, "audit entries are append-only").await
}

/// Lets nobody change or delete what is in a table.
pub(crate) async fn append_only(manager: &SchemaManager<'_>, table: &str, words: &str) -> Result<(), DbErr> {
    for event in EVENTS {
        refuse(manager, (table, event), words).await?;
    }
    Ok(())
}

/// Takes back what [`append_only`] did.
pub(crate) async fn changeable(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    for event in EVENTS {
        let sql = format!("DROP TRIGGER IF EXISTS {}", trigger(table, event));
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Takes the table away, and with it what hangs on it.
pub(crate) async fn remove(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table(TABLE).to_owned()).await
}

fn table(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table(TABLE)
        .col(id("id").primary_key())
        .col(instant(manager, "at"))
        .col(ColumnDef::new("actor").string_len(64).not_null())
        .col(ColumnDef::new("actor_role").string_len(16))
        .col(ColumnDef::new("request_id").string_len(64))
        .col(ColumnDef::new("action").string_len(32).not_null())
        .col(ColumnDef::new("subject").string_len(80).not_null())
        .col(ColumnDef::new("changes").text().not_null())
        .to_owned()
}

fn trigger(table: &str, event: &str) -> String {
    format!("{table}_no_{}", event.to_lowercase())
}

/// No code of ours changes an entry; this is for who comes by another way.
///
/// A MySQL server with a binary log lets only SUPER make triggers unless it is told otherwise (`log_bin_trust_function_creators`). The
/// service must not fail to start for want of the second wall: there the first one, the code, stands alone.
async fn refuse(manager: &SchemaManager<'_>, (table, event): (&str, &str), words: &str) -> Result<(), DbErr> {
    let head = format!("CREATE TRIGGER {} BEFORE {event} ON {table}", trigger(table, event));
    let made = match manager.get_database_backend() {
        DbBackend::MySql => {
            let body = format!("FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{words}'");
            manager.get_connection().execute_unprepared(&format!("{head} {body}")).await
        }
        _ => {
            let body = format!("BEGIN SELECT RAISE(ABORT, '{words}'); END");
            manager.get_connection().execute_unprepared(&format!("{head} {body}")).await
        }
    };
    match made {
        Err(error) if !is_not_permitted(&error) => Err(error),
        _ => Ok(()),
    }
}

fn is_not_permitted(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let mysql = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    mysql.is_some_and(|error| NOT_PERMITTED.contains(&error.number()))
}
