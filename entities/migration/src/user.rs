//! Migrations of the user database.

use sea_orm_migration::prelude::*;

use crate::column;

/// Brings a user database to the present shape.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTables), Box::new(KeepAudit)]
    }
}

/// Accounts, sessions, refresh tokens, signing keys and counted failures.
struct CreateTables;

impl MigrationName for CreateTables {
    fn name(&self) -> &'static str {
        "m0001_create_user_tables"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_accounts(manager).await?;
        create_sessions(manager).await?;
        create_refresh_tokens(manager).await?;
        create_signing_keys(manager).await?;
        create_attempts(manager).await
    }
}

async fn create_accounts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("accounts")
        .if_not_exists()
        .col(column::id("id").primary_key())
        .col(ColumnDef::new("name").string_len(200).not_null())
        .col(ColumnDef::new("email").string_len(254).not_null())
        .col(ColumnDef::new("email_key").string_len(254).not_null().unique_key())
        .col(ColumnDef::new("password_hash").string_len(255))
        .col(ColumnDef::new("phone_number").string_len(32))
        .col(ColumnDef::new("address").string_len(500))
        .col(ColumnDef::new("role").string_len(16).not_null())
        .col(ColumnDef::new("token_version").big_integer().not_null())
        .col(column::instant(manager, "created_at"))
        .col(column::instant(manager, "updated_at"))
        .col(column::nullable_instant(manager, "deleted_at"))
        .take();
    manager.create_table(table).await
}

async fn create_sessions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("sessions")
        .if_not_exists()
        .col(column::id("id").primary_key())
        .col(column::id("user_id"))
        .col(column::instant(manager, "created_at"))
        .col(column::instant(manager, "expires_at"))
        .col(column::nullable_instant(manager, "revoked_at"))
        .foreign_key(
            ForeignKey::create()
                .name("fk_sessions_account")
                .from("sessions", "user_id")
                .to("accounts", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    manager.create_table(table).await?;
    manager.create_index(index("ix_sessions_user", "sessions", "user_id")).await?;
    manager.create_index(index("ix_sessions_expiry", "sessions", "expires_at")).await
}

async fn create_refresh_tokens(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("refresh_tokens")
        .if_not_exists()
        .col(column::id("id").primary_key())
        .col(column::id("session_id"))
        .col(ColumnDef::new("hash").char_len(64).not_null().unique_key())
        .col(column::instant(manager, "created_at"))
        .col(column::nullable_instant(manager, "used_at"))
        .foreign_key(
            ForeignKey::create()
                .name("fk_refresh_tokens_session")
                .from("refresh_tokens", "session_id")
                .to("sessions", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    manager.create_table(table).await?;
    manager.create_index(index("ix_refresh_tokens_session", "refresh_tokens", "session_id")).await
}

async fn create_signing_keys(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("signing_keys")
        .if_not_exists()
        .col(column::id("id").primary_key())
        .col(ColumnDef::new("generation").integer().not_null().unique_key())
        .col(ColumnDef::new("sealed_private_key").string_len(512).not_null())
        .col(column::instant(manager, "created_at"))
        .col(column::instant(manager, "activates_at"))
        .take();
    manager.create_table(table).await
}

async fn create_attempts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("attempts")
        .if_not_exists()
        .col(ColumnDef::new("subject").string_len(80).not_null().primary_key())
        .col(ColumnDef::new("failures").integer().not_null())
        .col(column::instant(manager, "last_failed_at"))
        .col(column::nullable_instant(manager, "locked_until"))
        .take();
    manager.create_table(table).await?;
    manager.create_index(index("ix_attempts_age", "attempts", "last_failed_at")).await
}

fn index(name: &'static str, table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create().if_not_exists().name(name).table(table).col(column).take()
}

/// The audit log.
struct KeepAudit;

impl MigrationName for KeepAudit {
    fn name(&self) -> &'static str {
        "m0002_keep_audit"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for KeepAudit {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::audit::create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::audit::remove(manager).await
    }
}
