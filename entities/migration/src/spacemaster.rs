//! Migrations of the database of the SpaceMaster stand-in: venues, their rooms, and every row of every room's schedule.

use sea_orm_migration::prelude::*;

/// Everything that was ever done to the stand-in's database, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateSchedules)]
    }
}

/// The tables of the first release.
struct CreateSchedules;

impl MigrationName for CreateSchedules {
    fn name(&self) -> &str {
        "m0001_create_schedules"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateSchedules {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [venues(), rooms(), schedules()] {
            manager.create_table(table).await?;
        }
        let by_room = Index::create()
            .name("schedules_by_room")
            .table("schedules")
            .col("room_id")
            .col("starts_local")
            .to_owned();
        manager.create_index(by_room).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["schedules", "rooms", "venues"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn venues() -> TableCreateStatement {
    Table::create()
        .table("venues")
        .col(ColumnDef::new("id").integer().not_null().primary_key())
        .col(ColumnDef::new("name").string_len(255).not_null())
        .col(ColumnDef::new("city").string_len(255).not_null())
        .col(ColumnDef::new("address").string_len(500).not_null())
        .col(ColumnDef::new("description").text())
        .to_owned()
}

fn rooms() -> TableCreateStatement {
    Table::create()
        .table("rooms")
        .col(ColumnDef::new("id").integer().not_null().primary_key())
        .col(ColumnDef::new("venue_id").integer().not_null())
        .col(ColumnDef::new("name").string_len(255).not_null())
        .col(ColumnDef::new("capacity").integer().not_null())
        .to_owned()
}

fn schedules() -> TableCreateStatement {
    Table::create()
        .table("schedules")
        .col(ColumnDef::new("id").integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new("room_id").integer().not_null())
        .col(ColumnDef::new("starts_local").date_time().not_null())
        .col(ColumnDef::new("ends_local").date_time().not_null())
        .col(ColumnDef::new("status").string_len(16).not_null())
        .check(Expr::cust("ends_local > starts_local"))
        .check(Expr::cust("status IN ('AVAILABLE', 'BLOCKED', 'MAINTENANCE')"))
        .to_owned()
}
