//! A subgraph as small as one can be: notes in a table, with everything that a real one has.

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, ID, Object, Schema, SchemaBuilder, SimpleObject};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::prelude::*;
use serde_json::json;
use service::env::Reader;
use service::identity::ServiceName;
use subgraph::access::{self, Rule, Who};
use subgraph::database::Database;
use subgraph::run::{self, App, StartError, Subgraph};
use subgraph::{Error, ids};
use tokio::sync::Notify;
use uuid::Uuid;

pub(crate) struct Notes;

#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// Told when a slow mutation has begun, and when it has ended.
    pub(crate) begun: Arc<Notify>,
    pub(crate) ended: Arc<Notify>,
    /// Lets it end.
    pub(crate) go: Arc<Notify>,
    /// Whether the worker ends by itself.
    pub(crate) worker_fails: bool,
}

pub(crate) const TABLE: &[Rule] = &[
    Rule { field: "Query.notes", who: Who::Anyone, probe: "{ notes { id } }" },
    Rule {
        field: "Query.note",
        who: Who::OwnerOrAdmin,
        probe: "{ note(id: \"0198a000-0000-7000-8000-000000000000\") { id } }",
    },
    Rule { field: "Mutation.add", who: Who::User, probe: "mutation { add(text: \"x\") { id } }" },
    Rule { field: "Mutation.clear", who: Who::Admin, probe: "mutation { clear }" },
    Rule {
        field: "Mutation.slow",
        who: Who::Service(&[ServiceName::Booking]),
        probe: "mutation { slow(wait: false) }",
    },
];

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(NotesTable)]
    }
}

struct NotesTable;

impl MigrationName for NotesTable {
    fn name(&self) -> &'static str {
        "m20260101_000001_notes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for NotesTable {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "CREATE TABLE notes (id VARCHAR(36) PRIMARY KEY, body VARCHAR(100) NOT NULL)";
        manager.get_connection().execute_unprepared(sql).await.map(drop)
    }
}

#[derive(SimpleObject)]
struct Note {
    id: ID,
    body: String,
}

pub(crate) struct Query;

#[Object]
impl Query {
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<Note>, Error> {
        rows(ctx.data_unchecked::<Database>()).await
    }

    async fn note(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Note>, Error> {
        let caller = access::require_user(ctx)?;
        let Some(id) = ids::sought::<Uuid>(&id) else { return Ok(None) };
        let all = rows(ctx.data_unchecked::<Database>()).await?;
        Ok(all
            .into_iter()
            .find(|note| *note.id == id.to_string() && caller.role == service::identity::Role::Admin))
    }
}

async fn rows(database: &Database) -> Result<Vec<Note>, Error> {
    let sql = Statement::from_string(database.backend(), "SELECT id, body FROM notes ORDER BY id");
    let rows = database.read().query_all_raw(sql).await?;
    let note = |row: &sea_orm::QueryResult| {
        Ok::<_, DbErr>(Note { id: row.try_get::<String>("", "id")?.into(), body: row.try_get("", "body")? })
    };
    Ok(rows.iter().map(note).collect::<Result<_, _>>()?)
}

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    async fn add(&self, ctx: &Context<'_>, text: String) -> Result<Note, Error> {
        access::require_user(ctx)?;
        let database = ctx.data_unchecked::<Database>();
        let (id, text) = (Uuid::now_v7().to_string(), &text);
        let insert = "INSERT INTO notes (id, body) VALUES (?, ?)";
        let statement =
            Statement::from_sql_and_values(database.backend(), insert, [id.clone().into(), text.into()]);
        let statement = &statement;
        database
            .transaction(|tx| async move { Ok::<_, Error>(tx.execute_raw(statement.clone()).await?) })
            .await?;
        Ok(Note { id: id.into(), body: text.clone() })
    }

    async fn clear(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        access::require_admin(ctx)?;
        ctx.data_unchecked::<Database>().write().execute_unprepared("DELETE FROM notes").await?;
        Ok(true)
    }

    async fn slow(&self, ctx: &Context<'_>, wait: bool) -> Result<bool, Error> {
        access::require_service(ctx, &[ServiceName::Booking])?;
        if wait {
            let config = ctx.data_unchecked::<Config>();
            config.begun.notify_one();
            config.go.notified().await;
            config.ended.notify_one();
        }
        Ok(true)
    }
}

fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    subgraph::sdl::house(Schema::build(Query, Mutation, EmptySubscription))
}

impl Subgraph for Notes {
    const NAME: ServiceName = ServiceName::Ticket;
    type Config = Config;
    type Migrator = Migrator;

    fn config(_: &mut Reader) -> Option<Config> {
        Some(Config::default())
    }

    fn sdl() -> String {
        subgraph::sdl::print(&schema().finish())
    }

    async fn build(context: run::Context<Config>) -> Result<App, StartError> {
        let schema = schema().data(context.database.clone()).data(context.config.clone()).finish();
        let (stop, fails) = (context.stop.clone(), context.config.worker_fails);
        Ok(App::new(schema)
            .check("always", || async { Ok(()) })
            .route("/extra", poem::endpoint::make_sync(|_| "extra"))
            .worker("idle", async move {
                if !fails {
                    stop.cancelled().await;
                }
            }))
    }

    async fn facts(database: &Database) -> Result<serde_json::Value, DbErr> {
        let count = Statement::from_string(database.backend(), "SELECT COUNT(*) AS n FROM notes");
        let row = database.read().query_one_raw(count).await?;
        let count: i64 = row.map(|row| row.try_get("", "n")).transpose()?.unwrap_or_default();
        Ok(json!({ "service": "notes", "count": count }))
    }
}
