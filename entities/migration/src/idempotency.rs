//! `idempotency_keys`: the same table in the databases of the event and ticket services, for requests that may be repeated.
//!
//! Each migrator has a migration of its own name that calls [`create`]; as with the columns, what an old migration made must not change.

use sea_orm_migration::prelude::*;

use crate::column::{id, idempotency_key, instant};

/// The table.
const TABLE: &str = "idempotency_keys";

/// Makes the table, and the index by which a key is found whose request came to nothing.
pub(crate) async fn create(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.create_table(table(manager)).await?;
    let by_subject = Index::create().name("idempotency_by_subject").table(TABLE).col("subject").to_owned();
    manager.create_index(by_subject).await
}

/// Takes the table away, and with it what hangs on it.
pub(crate) async fn remove(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table(TABLE).to_owned()).await
}

fn table(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table(TABLE)
        .col(id("user_id"))
        .col(ColumnDef::new("operation").string_len(32).not_null())
        .col(idempotency_key(manager).not_null())
        .col(ColumnDef::new("body_hash").char_len(64).not_null())
        .col(id("subject"))
        .col(instant(manager, "created_at"))
        .primary_key(Index::create().col("user_id").col("operation").col("idempotency_key"))
        .to_owned()
}
