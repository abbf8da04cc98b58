//! Migrations of the event database.
//!
//! The tables in the order a reader needs them: `events` and the rooms they claim (`room_reservations`, the room truth of our own), what the
//! external scheduler was told (`scheduler_blocks`) and what it said last (`venues`, `rooms`), and the work that must still happen (`outbox`,
//! `worker_leases`).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::column::{id, instant, nullable_instant};

/// Everything that was ever done to the event database, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateEvents), Box::new(KeepAudit), Box::new(KnowRepeats)]
    }
}

/// The tables of the first release.
struct CreateEvents;

impl MigrationName for CreateEvents {
    fn name(&self) -> &str {
        "m0001_create_events"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateEvents {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            events(manager),
            room_reservations(manager),
            scheduler_blocks(manager),
            venues(manager),
            rooms(manager),
            outbox(manager),
            worker_leases(manager),
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
            ["worker_leases", "outbox", "rooms", "venues", "scheduler_blocks", "room_reservations", "events"]
        {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// A time on the venue's wall, which has no zone.
fn wall_clock(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).date_time().not_null().to_owned()
}

fn table(name: &'static str, manager: &SchemaManager<'_>) -> TableCreateStatement {
    let mut table = Table::create().table(name).to_owned();
    if manager.get_database_backend() == DbBackend::MySql {
        // Without it a server whose default is latin1 turns every other script into question marks.
        table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_unicode_ci");
    }
    table
}

fn events(manager: &SchemaManager<'_>) -> TableCreateStatement {
    table("events", manager)
        .col(id("id").primary_key())
        .col(ColumnDef::new("title").string_len(200).not_null())
        .col(ColumnDef::new("description").text())
        .col(ColumnDef::new("venue_id").integer().not_null())
        .col(ColumnDef::new("room_id").integer().not_null())
        .col(ColumnDef::new("capacity").integer().not_null())
        .col(instant(manager, "starts_at"))
        .col(instant(manager, "ends_at"))
        .col(wall_clock("starts_local"))
        .col(wall_clock("ends_local"))
        .col(ColumnDef::new("zone").string_len(64).not_null())
        .col(ColumnDef::new("state").string_len(16).not_null())
        .col(ColumnDef::new("version").integer().not_null().default(1))
        .col(ColumnDef::new("created_by").char_len(36))
        .col(instant(manager, "created_at"))
        .col(instant(manager, "updated_at"))
        .col(nullable_instant(manager, "cancelled_at"))
        .check(Expr::cust("ends_at > starts_at"))
        .check(Expr::cust("state IN ('PENDING_ROOM', 'SCHEDULED', 'CANCELLED')"))
        .to_owned()
}

fn room_reservations(manager: &SchemaManager<'_>) -> TableCreateStatement {
    table("room_reservations", manager)
        .col(id("id").primary_key())
        .col(ColumnDef::new("room_id").integer().not_null())
        .col(ColumnDef::new("event_id").char_len(36))
        .col(instant(manager, "starts_at"))
        .col(instant(manager, "ends_at"))
        .col(wall_clock("starts_local"))
        .col(wall_clock("ends_local"))
        .col(ColumnDef::new("state").string_len(16).not_null())
        .col(ColumnDef::new("attempts").integer().not_null().default(0))
        .col(ColumnDef::new("lease_owner").string_len(64))
        .col(instant(manager, "lease_until"))
        .col(instant(manager, "created_at"))
        .col(instant(manager, "updated_at"))
        .check(Expr::cust("ends_at > starts_at"))
        .check(Expr::cust("state IN ('PENDING', 'ACTIVE', 'RELEASED')"))
        .to_owned()
}

fn scheduler_blocks(manager: &SchemaManager<'_>) -> TableCreateStatement {
    table("scheduler_blocks", manager)
        .col(ColumnDef::new("room_id").integer().not_null())
        .col(wall_clock("starts_local"))
        .col(wall_clock("ends_local"))
        .col(ColumnDef::new("state").string_len(16).not_null())
        .col(id("reservation_id"))
        .col(instant(manager, "created_at"))
        .primary_key(Index::create().col("room_id").col("starts_local").col("ends_local"))
        .check(Expr::cust("state IN ('PUSHING', 'PUSHED')"))
        .to_owned()
}

fn venues(manager: &SchemaManager<'_>) -> TableCreateStatement {
    table("venues", manager)
        .col(ColumnDef::new("id").integer().not_null().primary_key())
        .col(ColumnDef::new("name").string_len(255).not_null())
        .col(ColumnDef::new("city").string_len(255).not_null())
        .col(ColumnDef::new("address").text().not_null())
        .col(ColumnDef::new("description").text())
        .col(instant(manager, "as_of"))
        .to_owned()
}

fn rooms(manager: &SchemaManager<'_>) -> TableCreateStatement {
    table("rooms", manager)
        .col(ColumnDef::new("id").integer().not_null().primary_key())
        .col(ColumnDef::new("venue_id").integer().not_null())
        .col(ColumnDef::new("name").string_len(255).not_null())
        .col(ColumnDef::new("capacity").integer().not_null())
        .col(instant(manager, "as_of"))
        .to_owned()
}

fn outbox(manager: &SchemaManager<'_>) -> TableCreateStatement {
    table("outbox", manager)
        .col(id("event_id"))
        .col(ColumnDef::new("task").string_len(32).not_null())
        .col(ColumnDef::new("wanted").integer().not_null())
        .col(ColumnDef::new("done").integer().not_null())
        .col(ColumnDef::new("remaining").integer())
        .col(ColumnDef::new("attempts").integer().not_null())
        .col(instant(manager, "next_at"))
        .col(ColumnDef::new("lease_owner").string_len(64))
        .col(instant(manager, "lease_until"))
        .col(instant(manager, "created_at"))
        .primary_key(Index::create().col("event_id").col("task"))
        .check(Expr::cust("done <= wanted"))
        .to_owned()
}

fn worker_leases(manager: &SchemaManager<'_>) -> TableCreateStatement {
    table("worker_leases", manager)
        .col(ColumnDef::new("name").string_len(64).not_null().primary_key())
        .col(ColumnDef::new("owner").string_len(64))
        .col(instant(manager, "until"))
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
        index("events_by_begin", "events", &["starts_at", "id"]),
        index("events_by_venue", "events", &["venue_id", "starts_at"]),
        index("reservations_by_room", "room_reservations", &["room_id", "state", "starts_at"]),
        index("reservations_by_event", "room_reservations", &["event_id", "state"]),
        index("reservations_by_lease", "room_reservations", &["state", "lease_until"]),
        index("rooms_by_venue", "rooms", &["venue_id", "id"]),
        index("outbox_due", "outbox", &["next_at"]),
    ]
}

/// The audit log.
struct KeepAudit;

impl MigrationName for KeepAudit {
    fn name(&self) -> &str {
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

/// What was asked before, and under which key.
struct KnowRepeats;

impl MigrationName for KnowRepeats {
    fn name(&self) -> &str {
        "m0003_know_repeats"
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
