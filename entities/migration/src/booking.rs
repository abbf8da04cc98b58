//! Migrations of the booking database: bookings, their payments and refunds, and what was asked before.
//!
//! `due_at` in `bookings`, `refunds` and `payment_notices` and in `webhook_deliveries` is the queue of the workers: the moment at which somebody must look at the row again, or `NULL` when
//! it rests. A worker takes a row by moving `due_at` into the future, so that a worker that dies gives it back by doing nothing.
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::column::{id, idempotency_key, instant, nullable_instant};

/// Everything that was ever done to the booking database, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(CreateBookings),
            Box::new(AddPaymentPages),
            Box::new(KeepRefusals),
            Box::new(BookWithVouchers),
            Box::new(KeepAudit),
            Box::new(TellOthers),
            Box::new(RegisterOnce),
            Box::new(KeepHistory),
        ]
    }
}

/// The tables of the first release.
struct CreateBookings;

impl MigrationName for CreateBookings {
    fn name(&self) -> &str {
        "m0001_create_bookings"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateBookings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            bookings(manager),
            booking_history(manager),
            idempotency_keys(manager),
            payment_attempts(manager),
            refunds(manager),
            test_charges(manager),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in
            ["test_charges", "refunds", "payment_attempts", "idempotency_keys", "booking_history", "bookings"]
        {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// `unit_price`, `currency` and `total` come with the hold: a booking without them was never more than a request.
fn bookings(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("bookings")
        .col(id("id").primary_key())
        .col(id("user_id"))
        .col(id("event_id"))
        .col(id("ticket_type_id"))
        .col(ColumnDef::new("quantity").integer().not_null())
        .col(ColumnDef::new("status").string_len(16).not_null())
        .col(ColumnDef::new("phase").string_len(16))
        .col(ColumnDef::new("cancel_reason").string_len(32))
        .col(ColumnDef::new("refusal_code").string_len(64))
        .col(ColumnDef::new("refusal_available").integer())
        .col(ColumnDef::new("unit_price").big_integer())
        .col(ColumnDef::new("currency").char_len(3))
        .col(ColumnDef::new("total").big_integer())
        .col(ColumnDef::new("keyed").boolean().not_null())
        .col(instant(manager, "expires_at"))
        .col(ColumnDef::new("version").integer().not_null())
        .col(nullable_instant(manager, "due_at"))
        .col(ColumnDef::new("tries").integer().not_null())
        .col(instant(manager, "created_at"))
        .col(instant(manager, "updated_at"))
        .check(Expr::cust("quantity > 0"))
        .check(Expr::cust("status IN ('PENDING', 'PAID', 'CANCELLED')"))
        .check(Expr::cust("phase IS NULL OR phase IN ('NEW', 'HELD', 'PAYING', 'CONFIRMING', 'CANCELLING')"))
        .check(Expr::cust("total IS NULL OR total = unit_price * quantity"))
        .check(Expr::cust("status <> 'PAID' OR total IS NOT NULL"))
        .to_owned()
}

/// Append-only: one row for every version of a booking.
fn booking_history(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("booking_history")
        .col(id("booking_id"))
        .col(ColumnDef::new("version").integer().not_null())
        .col(ColumnDef::new("from_status").string_len(16))
        .col(ColumnDef::new("to_status").string_len(16).not_null())
        .col(ColumnDef::new("phase").string_len(16))
        .col(ColumnDef::new("cancel_reason").string_len(32))
        .col(ColumnDef::new("actor").string_len(64).not_null())
        .col(instant(manager, "at"))
        .primary_key(Index::create().col("booking_id").col("version"))
        .to_owned()
}

fn idempotency_keys(manager: &SchemaManager<'_>) -> TableCreateStatement {
    let mut key = ColumnDef::new("idempotency_key");
    match manager.get_database_backend() {
        // The server's default collation takes "a" and "A" for one key, and "a " for a third spelling of it.
        DbBackend::MySql => key.custom("varchar(128) CHARACTER SET ascii COLLATE ascii_bin"),
        _ => key.string_len(128),
    };
    Table::create()
        .table("idempotency_keys")
        .col(id("user_id"))
        .col(ColumnDef::new("operation").string_len(32).not_null())
        .col(key.not_null())
        .col(ColumnDef::new("body_hash").char_len(64).not_null())
        .col(id("booking_id"))
        .col(instant(manager, "created_at"))
        .primary_key(Index::create().col("user_id").col("operation").col("idempotency_key"))
        .to_owned()
}

/// Rows are added and move forward, never taken away. `transaction_id` is the provider's own name for the money.
fn payment_attempts(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("payment_attempts")
        .col(id("id").primary_key())
        .col(id("booking_id"))
        .col(ColumnDef::new("seq").integer().not_null())
        .col(ColumnDef::new("provider").string_len(16).not_null())
        .col(ColumnDef::new("amount").big_integer().not_null())
        .col(ColumnDef::new("currency").char_len(3).not_null())
        .col(ColumnDef::new("state").string_len(16).not_null())
        .col(ColumnDef::new("transaction_id").string_len(128))
        .col(ColumnDef::new("paid_amount").big_integer())
        .col(ColumnDef::new("paid_currency").char_len(3))
        .col(instant(manager, "created_at"))
        .col(instant(manager, "updated_at"))
        .check(Expr::cust("amount > 0"))
        .check(Expr::cust(
            "state IN ('CREATED', 'PENDING', 'SUCCEEDED', 'FAILED', 'EXPIRED', 'VOIDED', 'REVERSED')",
        ))
        .to_owned()
}

fn refunds(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("refunds")
        .col(id("id").primary_key())
        .col(id("payment_id"))
        .col(id("booking_id"))
        .col(ColumnDef::new("amount").big_integer().not_null())
        .col(ColumnDef::new("currency").char_len(3).not_null())
        .col(ColumnDef::new("state").string_len(16).not_null())
        .col(nullable_instant(manager, "due_at"))
        .col(ColumnDef::new("tries").integer().not_null())
        .col(instant(manager, "created_at"))
        .col(instant(manager, "updated_at"))
        .check(Expr::cust("amount > 0"))
        .check(Expr::cust("state IN ('REQUESTED', 'SUBMITTED', 'DONE', 'FAILED', 'MANUAL')"))
        .to_owned()
}

/// The books of the built-in test provider: it answers truthfully about what it was told, also after a restart.
fn test_charges(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("test_charges")
        .col(id("id").primary_key())
        .col(ColumnDef::new("amount").big_integer().not_null())
        .col(ColumnDef::new("currency").char_len(3).not_null())
        .col(ColumnDef::new("state").string_len(16).not_null())
        .col(instant(manager, "created_at"))
        .check(Expr::cust("state IN ('PAID', 'VOIDED', 'REFUNDED')"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table(table).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index("bookings_by_user", "bookings", &["user_id", "id"]),
        index("bookings_by_event", "bookings", &["event_id", "status"]),
        index("bookings_due", "bookings", &["due_at"]),
        index("payments_by_booking", "payment_attempts", &["booking_id", "seq"]).unique().to_owned(),
        index("payments_by_transaction", "payment_attempts", &["provider", "transaction_id"])
            .unique()
            .to_owned(),
        index("refunds_by_payment", "refunds", &["payment_id"]).unique().to_owned(),
        index("refunds_by_booking", "refunds", &["booking_id"]),
        index("refunds_due", "refunds", &["due_at"]),
    ]
}

/// Providers with a page of their own, and an inbox for what they tell us.
struct AddPaymentPages;

impl MigrationName for AddPaymentPages {
    fn name(&self) -> &str {
        "m0002_add_payment_pages"
    }
}

/// The columns that payments get. How long the address of a page may be is for its provider to say.
fn page_columns() -> [ColumnDef; 2] {
    [ColumnDef::new("page_reference").string_len(255).take(), ColumnDef::new("page_url").text().take()]
}

#[async_trait::async_trait]
impl MigrationTrait for AddPaymentPages {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One statement each: SQLite alters one thing at a time.
        for column in page_columns() {
            let table = Table::alter().table("payment_attempts").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        manager.create_table(payment_notices(manager)).await?;
        let index = |name: &'static str| Index::create().name(name).table("payment_notices").to_owned();
        manager
            .create_index(index("notices_by_event").col("provider").col("event_key").unique().to_owned())
            .await?;
        manager.create_index(index("notices_due").col("due_at").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("payment_notices").to_owned()).await?;
        for name in ["page_url", "page_reference"] {
            let table = Table::alter().table("payment_attempts").drop_column(name).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}

/// What a provider told us, written down before it is acknowledged.
fn payment_notices(manager: &SchemaManager<'_>) -> TableCreateStatement {
    let mut key = ColumnDef::new("event_key");
    match manager.get_database_backend() {
        // As in `idempotency_keys`: two events must not become one because their names differ in case.
        DbBackend::MySql => key.custom("varchar(128) CHARACTER SET ascii COLLATE ascii_bin"),
        _ => key.string_len(128),
    };
    Table::create()
        .table("payment_notices")
        .col(id("id").primary_key())
        .col(ColumnDef::new("provider").string_len(16).not_null())
        .col(key.not_null())
        .col(ColumnDef::new("kind").string_len(64).not_null())
        .col(ColumnDef::new("payment_reference").string_len(128))
        .col(ColumnDef::new("transaction_id").string_len(128))
        .col(ColumnDef::new("outcome").string_len(16))
        .col(nullable_instant(manager, "due_at"))
        .col(ColumnDef::new("tries").integer().not_null())
        .col(instant(manager, "received_at"))
        .check(Expr::cust("outcome IS NULL OR outcome IN ('APPLIED', 'UNKNOWN')"))
        .to_owned()
}

/// Why a hold was refused, for whoever uses the key again: not only what was left, but the rule that was broken.
struct KeepRefusals;

impl MigrationName for KeepRefusals {
    fn name(&self) -> &str {
        "m0003_keep_refusals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for KeepRefusals {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let facts = ColumnDef::new("refusal_facts").text().take();
        manager.alter_table(Table::alter().table("bookings").add_column(facts).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("bookings").drop_column("refusal_facts").to_owned()).await
    }
}

/// The voucher that a booking asks its hold for.
struct BookWithVouchers;

impl MigrationName for BookWithVouchers {
    fn name(&self) -> &str {
        "m0004_book_with_vouchers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for BookWithVouchers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let voucher = ColumnDef::new("voucher").string_len(32).take();
        manager.alter_table(Table::alter().table("bookings").add_column(voucher).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("bookings").drop_column("voucher").to_owned()).await
    }
}

/// The audit log. The history of bookings is part of it and says who by itself, so that a sale writes no row more than before.
struct KeepAudit;

impl MigrationName for KeepAudit {
    fn name(&self) -> &str {
        "m0005_keep_audit"
    }
}

/// The columns that the history gets.
fn who_columns() -> [ColumnDef; 2] {
    ["actor_role", "request_id"].map(|name| ColumnDef::new(name).string_len(64).take())
}

#[async_trait::async_trait]
impl MigrationTrait for KeepAudit {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in who_columns() {
            let table = Table::alter().table("booking_history").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        let index = |name: &'static str| Index::create().name(name).table("booking_history").to_owned();
        manager.create_index(index("history_by_actor").col("actor").col("at").to_owned()).await?;
        manager.create_index(index("history_by_time").col("at").to_owned()).await?;
        crate::audit::create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::audit::remove(manager).await?;
        for name in ["history_by_time", "history_by_actor"] {
            manager.drop_index(Index::drop().name(name).table("booking_history").to_owned()).await?;
        }
        for column in who_columns() {
            let name = column.get_column_name();
            manager.alter_table(Table::alter().table("booking_history").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

/// Who is told what becomes of bookings, and the outbox of what they are told.
struct TellOthers;

impl MigrationName for TellOthers {
    fn name(&self) -> &str {
        "m_tell_others"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for TellOthers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(webhook_listeners(manager)).await?;
        manager.create_table(webhook_deliveries(manager)).await?;
        let index = |name: &'static str| Index::create().name(name).table("webhook_deliveries").to_owned();
        manager.create_index(index("deliveries_due").col("due_at").to_owned()).await?;
        let by_listener =
            index("deliveries_by_listener").col("listener_id").col("announcement_id").to_owned();
        manager.create_index(by_listener).await?;
        manager
            .create_index(index("deliveries_by_state").col("state").col("announcement_id").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["webhook_deliveries", "webhook_listeners"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn webhook_listeners(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("webhook_listeners")
        .col(id("id").primary_key())
        .col(ColumnDef::new("url").text().not_null())
        .col(ColumnDef::new("kinds").string_len(255).not_null())
        .col(ColumnDef::new("sealed_secret").string_len(255).not_null())
        .col(id("created_by"))
        .col(instant(manager, "created_at"))
        .col(nullable_instant(manager, "removed_at"))
        .to_owned()
}

/// A message is kept byte by byte as it is signed.
fn webhook_deliveries(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("webhook_deliveries")
        .col(id("announcement_id"))
        .col(id("listener_id"))
        .col(ColumnDef::new("kind").string_len(32).not_null())
        .col(ColumnDef::new("body").text().not_null())
        .col(ColumnDef::new("state").string_len(16).not_null())
        .col(nullable_instant(manager, "due_at"))
        .col(ColumnDef::new("tries").integer().not_null())
        .col(ColumnDef::new("last_status").integer())
        .col(ColumnDef::new("last_failure").string_len(16))
        .col(instant(manager, "created_at"))
        .col(instant(manager, "updated_at"))
        .primary_key(Index::create().col("announcement_id").col("listener_id"))
        .check(Expr::cust("state IN ('WAITING', 'DELIVERED', 'DEAD')"))
        .check(Expr::cust("(state = 'WAITING') = (due_at IS NOT NULL)"))
        .to_owned()
}

/// Webhooks know the request that registered them.
struct RegisterOnce;

impl MigrationName for RegisterOnce {
    fn name(&self) -> &str {
        "m0007_register_once"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for RegisterOnce {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let listeners = || Table::alter().table("webhook_listeners").to_owned();
        manager.alter_table(listeners().add_column(idempotency_key(manager)).to_owned()).await?;
        let mut by_key = Index::create();
        by_key.name("listeners_by_key").table("webhook_listeners").unique();
        manager.create_index(by_key.col("created_by").col("idempotency_key").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let by_key = Index::drop().name("listeners_by_key").table("webhook_listeners").to_owned();
        manager.drop_index(by_key).await?;
        let listeners = Table::alter().table("webhook_listeners").drop_column("idempotency_key").to_owned();
        manager.alter_table(listeners).await
    }
}

/// What a booking went through is as little to be changed as the audit log, of which it is a part.
struct KeepHistory;

impl MigrationName for KeepHistory {
    fn name(&self) -> &str {
        "m0008_keep_history"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for KeepHistory {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::audit::append_only(manager, "booking_history", "the history of bookings is append-only").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::audit::changeable(manager, "booking_history").await
    }
}
