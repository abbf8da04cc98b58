//! Migrations of the ticket database: what may be sold, what is held, what was sold.
//!
//! No foreign keys: with them InnoDB would take a shared lock on the one hot parent row for every hold, and a tombstone has no parent at all.
//! The rules that must never break are `CHECK`s and unique keys instead, because two racing writers can both pass a prior read.
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::column::{id, instant, nullable_instant};

/// Everything that was ever done to the ticket database, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(CreateSale),
            Box::new(OpenDoors),
            Box::new(LimitSales),
            Box::new(TakeVouchers),
            Box::new(LetWait),
            Box::new(KeepAudit),
            Box::new(KnowRepeats),
        ]
    }
}

/// The tables of the first release.
struct CreateSale;

impl MigrationName for CreateSale {
    fn name(&self) -> &str {
        "m0001_create_sale"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateSale {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [events(manager), ticket_types(manager), holds(manager), tickets(manager)] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["tickets", "holds", "ticket_types", "events"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The capacity row of an event: `allocated` is the sum of its types' quotas, and never more than `capacity`.
fn events(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("events")
        .col(id("id").primary_key())
        .col(ColumnDef::new("capacity").integer().not_null())
        .col(ColumnDef::new("allocated").big_integer().not_null())
        .col(ColumnDef::new("cancelled").boolean().not_null())
        .col(instant(manager, "starts_at"))
        .col(instant(manager, "ends_at"))
        .col(instant(manager, "updated_at"))
        .check(Expr::cust("allocated >= 0 AND allocated <= capacity"))
        .to_owned()
}

fn ticket_types(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("ticket_types")
        .col(id("id").primary_key())
        .col(id("event_id"))
        .col(ColumnDef::new("name").string_len(16).not_null())
        .col(ColumnDef::new("price").big_integer().not_null())
        .col(ColumnDef::new("currency").char_len(3).not_null())
        .col(ColumnDef::new("quota").integer().not_null())
        .col(ColumnDef::new("sold").integer().not_null())
        .col(ColumnDef::new("held").integer().not_null())
        .col(ColumnDef::new("state").string_len(8).not_null())
        .col(instant(manager, "created_at"))
        .col(instant(manager, "updated_at"))
        .check(Expr::cust("sold >= 0 AND held >= 0 AND sold + held <= quota"))
        .check(Expr::cust("price >= 0"))
        .check(Expr::cust("state IN ('OPEN', 'CLOSED')"))
        .to_owned()
}

/// A hold that was released before it was taken is a tombstone: it has no type, no event and no price.
fn holds(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("holds")
        .col(id("id").primary_key())
        .col(ColumnDef::new("event_id").char_len(36))
        .col(ColumnDef::new("ticket_type_id").char_len(36))
        .col(ColumnDef::new("user_id").char_len(36))
        .col(ColumnDef::new("quantity").integer().not_null())
        .col(ColumnDef::new("unit_price").big_integer().not_null())
        .col(ColumnDef::new("currency").char_len(3).not_null())
        .col(ColumnDef::new("status").string_len(16).not_null())
        .col(instant(manager, "expires_at"))
        .col(instant(manager, "created_at"))
        .col(instant(manager, "updated_at"))
        .check(Expr::cust("quantity > 0 OR (quantity = 0 AND status = 'RELEASED')"))
        .check(Expr::cust("status IN ('HELD', 'CONFIRMED', 'RELEASED', 'EXPIRED')"))
        .to_owned()
}

/// One admission each. The code is compared byte by byte on every database.
fn tickets(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("tickets")
        .col(id("booking_id"))
        .col(ColumnDef::new("seq").integer().not_null())
        .col(id("event_id"))
        .col(id("ticket_type_id"))
        .col(id("user_id"))
        .col(ColumnDef::new("code").char_len(26).not_null())
        .col(ColumnDef::new("status").string_len(8).not_null())
        .col(instant(manager, "created_at"))
        .col(nullable_instant(manager, "used_at"))
        .col(nullable_instant(manager, "voided_at"))
        .primary_key(Index::create().col("booking_id").col("seq"))
        .check(Expr::cust("status IN ('VALID', 'USED', 'VOID')"))
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
        index("ticket_types_by_name", "ticket_types", &["event_id", "name"]).unique().to_owned(),
        index("holds_by_type", "holds", &["ticket_type_id", "status", "expires_at"]),
        index("holds_by_expiry", "holds", &["status", "expires_at"]),
        index("tickets_by_code", "tickets", &["code"]).unique().to_owned(),
        index("tickets_by_user", "tickets", &["user_id", "booking_id"]),
    ]
}

/// What the doors need: where a ticket was used, every scan, and the keys by which codes are verified.
struct OpenDoors;

impl MigrationName for OpenDoors {
    fn name(&self) -> &str {
        "m0002_open_doors"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for OpenDoors {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let gate = ColumnDef::new("used_gate").string_len(64).to_owned();
        manager.alter_table(Table::alter().table("tickets").add_column(gate).to_owned()).await?;
        manager.create_table(scans(manager)).await?;
        manager.create_table(code_keys(manager)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["code_keys", "scans"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        manager.alter_table(Table::alter().table("tickets").drop_column("used_gate").to_owned()).await
    }
}

/// The same gate scans the same ticket at the same moment once: uploading again finds the row.
fn scans(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("scans")
        .col(id("booking_id"))
        .col(ColumnDef::new("seq").integer().not_null())
        .col(instant(manager, "scanned_at"))
        .col(ColumnDef::new("gate").string_len(64).not_null())
        .col(id("told_by"))
        .col(instant(manager, "told_at"))
        .primary_key(Index::create().col("booking_id").col("seq").col("scanned_at").col("gate"))
        .to_owned()
}

/// Only public halves: the private one is made from the service's key and stays with it.
fn code_keys(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("code_keys")
        .col(ColumnDef::new("id").char_len(16).not_null().primary_key())
        .col(ColumnDef::new("public_key").char_len(43).not_null())
        .col(instant(manager, "created_at"))
        .to_owned()
}

/// The rules of a sale beside its quota: when, how many at once, how many for one buyer.
struct LimitSales;

impl MigrationName for LimitSales {
    fn name(&self) -> &str {
        "m0003_limit_sales"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for LimitSales {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One statement a column: SQLite takes no more.
        for column in rules(manager) {
            manager.alter_table(Table::alter().table("ticket_types").add_column(column).to_owned()).await?;
        }
        let index = Index::create()
            .name("holds_by_buyer")
            .table("holds")
            .col("user_id")
            .col("ticket_type_id")
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("holds_by_buyer").table("holds").to_owned()).await?;
        for column in rules(manager) {
            let name = column.get_column_name();
            manager.alter_table(Table::alter().table("ticket_types").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

fn rules(manager: &SchemaManager<'_>) -> Vec<ColumnDef> {
    let at_least_one = |name: &'static str| {
        ColumnDef::new(name).integer().check(Expr::cust(format!("{name} >= 1"))).to_owned()
    };
    vec![
        nullable_instant(manager, "sales_open_at"),
        nullable_instant(manager, "sales_close_at"),
        at_least_one("min_per_order"),
        at_least_one("max_per_order"),
        at_least_one("max_per_buyer"),
    ]
}

/// Vouchers with their counters, and the holds that were taken with one.
struct TakeVouchers;

impl MigrationName for TakeVouchers {
    fn name(&self) -> &str {
        "m0004_take_vouchers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for TakeVouchers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(vouchers(manager)).await?;
        let index = |name: &'static str| Index::create().name(name).table("vouchers").to_owned();
        let by_code = index("vouchers_by_code").col("event_id").col("code").unique().to_owned();
        manager.create_index(by_code).await?;
        manager.create_index(index("vouchers_by_type").col("ticket_type_id").to_owned()).await?;
        let voucher = ColumnDef::new("voucher_id").char_len(36).to_owned();
        manager.alter_table(Table::alter().table("holds").add_column(voucher).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("holds").drop_column("voucher_id").to_owned()).await?;
        manager.drop_table(Table::drop().table("vouchers").to_owned()).await
    }
}

/// The uses of a voucher are counted as stock is, and guarded in the same way. Codes are written in upper case only, so that
/// the unique key knows no second spelling of one.
fn vouchers(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("vouchers")
        .col(id("id").primary_key())
        .col(id("event_id"))
        .col(ColumnDef::new("ticket_type_id").char_len(36))
        .col(ColumnDef::new("code").string_len(32).not_null())
        .col(ColumnDef::new("discount_kind").string_len(8).not_null())
        .col(ColumnDef::new("discount_value").big_integer().not_null())
        .col(ColumnDef::new("currency").char_len(3))
        .col(nullable_instant(manager, "valid_from"))
        .col(nullable_instant(manager, "valid_until"))
        .col(ColumnDef::new("usage_limit").integer().not_null())
        .col(ColumnDef::new("used").integer().not_null())
        .col(ColumnDef::new("held").integer().not_null())
        .col(instant(manager, "created_at"))
        .col(instant(manager, "updated_at"))
        .check(Expr::cust("used >= 0 AND held >= 0 AND used + held <= usage_limit"))
        .check(Expr::cust("discount_kind IN ('PERCENT', 'AMOUNT', 'PRICE')"))
        .check(Expr::cust("discount_value >= 0 AND (discount_kind <> 'PERCENT' OR discount_value <= 100)"))
        .check(Expr::cust("discount_kind = 'PERCENT' OR currency IS NOT NULL"))
        .to_owned()
}

/// The audit log.
struct KeepAudit;

impl MigrationName for KeepAudit {
    fn name(&self) -> &str {
        "m0006_keep_audit"
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

/// Waiting lists: the places on them, and what the type's row must say of them to whoever wants to buy.
struct LetWait;

impl MigrationName for LetWait {
    fn name(&self) -> &str {
        "m0005_let_wait"
    }
}

/// Counted in the row that every hold reads and changes anyway, so that a type without a list costs nothing more.
fn queue_columns() -> [ColumnDef; 2] {
    let count = |name: &'static str| {
        let count = ColumnDef::new(name).integer().not_null().default(0).take();
        count.clone().check(Expr::cust(format!("{name} >= 0"))).take()
    };
    [count("waiting"), count("offered")]
}

#[async_trait::async_trait]
impl MigrationTrait for LetWait {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in queue_columns() {
            manager.alter_table(Table::alter().table("ticket_types").add_column(column).to_owned()).await?;
        }
        manager.create_table(waiting_places(manager)).await?;
        for index in queue_indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["ticket_types_by_waiting", "ticket_types_by_offered"] {
            manager.drop_index(Index::drop().name(name).table("ticket_types").to_owned()).await?;
        }
        manager.drop_table(Table::drop().table("waiting_places").to_owned()).await?;
        for name in ["offered", "waiting"] {
            manager.alter_table(Table::alter().table("ticket_types").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

/// `active` is true while a place counts and `NULL` afterwards, so that a unique key lets a buyer have one of a type that counts
/// and any number that do not.
fn waiting_places(manager: &SchemaManager<'_>) -> TableCreateStatement {
    let mut key = ColumnDef::new("idempotency_key");
    match manager.get_database_backend() {
        // The server's default collation takes "a" and "A" for one key.
        DbBackend::MySql => key.custom("varchar(128) CHARACTER SET ascii COLLATE ascii_bin"),
        _ => key.string_len(128),
    };
    Table::create()
        .table("waiting_places")
        .col(id("id").primary_key())
        .col(id("event_id"))
        .col(id("ticket_type_id"))
        .col(id("user_id"))
        .col(ColumnDef::new("quantity").integer().not_null())
        .col(ColumnDef::new("status").string_len(16).not_null())
        .col(ColumnDef::new("active").boolean())
        .col(ColumnDef::new("offered").integer().not_null())
        .col(nullable_instant(manager, "offer_expires_at"))
        .col(key)
        .col(instant(manager, "joined_at"))
        .col(instant(manager, "updated_at"))
        .check(Expr::cust("quantity > 0 AND offered >= 0 AND offered <= quantity"))
        .check(Expr::cust("offered = 0 OR status = 'OFFERED'"))
        .check(Expr::cust("status IN ('WAITING', 'OFFERED', 'TAKEN', 'LAPSED', 'LEFT', 'ENDED')"))
        .to_owned()
}

fn queue_indexes() -> [IndexCreateStatement; 5] {
    let index = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table(table).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    [
        index("waiting_by_buyer", "waiting_places", &["user_id", "ticket_type_id", "active"])
            .unique()
            .to_owned(),
        index("waiting_by_key", "waiting_places", &["user_id", "idempotency_key"]).unique().to_owned(),
        index("waiting_by_turn", "waiting_places", &["ticket_type_id", "status", "joined_at", "id"]),
        index("ticket_types_by_waiting", "ticket_types", &["waiting"]),
        index("ticket_types_by_offered", "ticket_types", &["offered"]),
    ]
}

/// What was asked before, and under which key.
struct KnowRepeats;

impl MigrationName for KnowRepeats {
    fn name(&self) -> &str {
        "m0007_know_repeats"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for KnowRepeats {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::idempotency::create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::idempotency::remove(manager).await
    }
}
