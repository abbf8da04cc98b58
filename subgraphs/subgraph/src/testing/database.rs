//! A fresh database for each test: a SQLite file in a temporary directory, or a new MySQL database on the server that
//! `EVENTHUB_TEST_MYSQL_URL` names (`mysql://root@127.0.0.1:3306`).

use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use service::env::{Reader, Secret};
use uuid::Uuid;

use crate::database::{self, Config, Database};

/// A database that is thrown away with the test.
#[derive(Debug)]
pub struct TestDatabase {
    /// The database, migrated.
    pub database: Database,
    /// How to reach it a second time.
    pub config: Config,
    _directory: Option<tempfile::TempDir>,
}

impl std::ops::Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// Makes a database with the tables of `M`.
pub async fn database<M: MigratorTrait>() -> TestDatabase {
    let made = match mysql_server() {
        Some(server) => mysql(&server).await,
        None => sqlite().await,
    };
    database::migrate::<M>(&made.database, &made.config).await.expect("the migrations apply");
    made
}

/// The MySQL server that tests are told to use.
fn mysql_server() -> Option<String> {
    let mut env = Reader::from_process();
    env.optional::<Secret<String>>("EVENTHUB_TEST_MYSQL_URL").flatten().map(Secret::into_inner)
}

async fn sqlite() -> TestDatabase {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("test.db");
    let config = Config { durable: false, ..Config::at(format!("sqlite://{}?mode=rwc", path.display())) };
    let database = Database::connect(&config).await.expect("SQLite opens");
    TestDatabase { database, config, _directory: Some(directory) }
}

async fn mysql(server: &str) -> TestDatabase {
    let server = server.trim_end_matches('/');
    let name = format!("eventhub_test_{}", Uuid::now_v7().simple());
    let admin =
        Database::connect(&Config { connections: 1, ..Config::at(server) }).await.expect("MySQL answers");
    let create = format!("CREATE DATABASE {name}");
    admin.write().execute_unprepared(&create).await.expect("a database can be created");
    admin.close().await.expect("the connection closes");
    let config = Config { connections: 8, ..Config::at(format!("{server}/{name}")) };
    let database = Database::connect(&config).await.expect("the new database answers");
    TestDatabase { database, config, _directory: None }
}
