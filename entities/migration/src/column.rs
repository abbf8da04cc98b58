//! The columns that every database has, written once so that SQLite and MySQL agree on them.
//!
//! An old migration must not change when this file does: add functions, never alter what one answers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// A typed id: the 36 characters of a UUID.
#[must_use]
pub fn id(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).char_len(36).not_null().take()
}

/// A moment in UTC, kept to the microsecond; `NOT NULL`.
///
/// MySQL's `TIMESTAMP` and `DATETIME` drop the fraction unless told otherwise, and then a row compares unequal to what was written.
/// SQLite keeps RFC 3339 text, whose order is the order of time as long as every writer uses UTC.
#[must_use]
pub fn instant(manager: &SchemaManager<'_>, name: impl IntoIden) -> ColumnDef {
    nullable_instant(manager, name).not_null().take()
}

/// As [`instant`], but it may be `NULL`.
#[must_use]
pub fn nullable_instant(manager: &SchemaManager<'_>, name: impl IntoIden) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    match manager.get_database_backend() {
        DbBackend::MySql => column.custom("datetime(6)"),
        _ => column.timestamp_with_time_zone(),
    };
    column
}

/// `idempotency_key`: a name that a client gave a request; it may be `NULL`.
///
/// The default collation of a MySQL server takes "a" and "A" for one key, and "a " for a third spelling of it.
#[must_use]
pub fn idempotency_key(manager: &SchemaManager<'_>) -> ColumnDef {
    let mut column = ColumnDef::new("idempotency_key");
    match manager.get_database_backend() {
        DbBackend::MySql => column.custom("varchar(128) CHARACTER SET ascii COLLATE ascii_bin"),
        _ => column.string_len(128),
    };
    column
}
