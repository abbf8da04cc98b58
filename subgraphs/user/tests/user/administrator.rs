//! The first administrator, from the configuration.

use user::config::Config;

use crate::kit::{
    ADMIN, PASSWORD, admin, administrator, config, create, login, me, nobody_to_ask, start_with, user_common,
};

use subgraph::clock::Clock;
use subgraph::testing::database;
use user::use_cases::UseCases;

async fn start_cases(config: &Config, database: &subgraph::testing::TestDatabase) -> UseCases {
    let given = (database.database.clone(), nobody_to_ask());
    UseCases::start(&user_common(), config, given, Clock::system()).await.unwrap()
}

#[tokio::test]
async fn without_configuration_there_is_no_account_at_all() {
    let database = database::<migration::user::Migrator>().await;
    let cases = start_cases(&Config { administrator: None, ..config() }, &database).await;
    assert!(cases.sessions.log_in(ADMIN.0, ADMIN.1.to_owned(), None).await.is_err());
    let facts = <user::UserService as subgraph::run::Subgraph>::facts(&database.database).await.unwrap();
    assert_eq!(facts, serde_json::json!({ "service": "user", "count": 0, "users": [] }));
}

#[tokio::test]
async fn starting_again_changes_nothing() {
    let database = database::<migration::user::Migrator>().await;
    let cases = start_cases(&config(), &database).await;
    let first = cases.sessions.log_in(ADMIN.0, ADMIN.1.to_owned(), None).await.unwrap().account;
    assert_eq!(first.role, entities::user::Role::Admin);
    let other = Config {
        administrator: Some(user::config::Administrator {
            password: user::domain::password::NewPassword::parse("password", "another password".into())
                .unwrap(),
            ..administrator()
        }),
        ..config()
    };
    let cases = start_cases(&other, &database).await;
    let again = cases.sessions.log_in(ADMIN.0, ADMIN.1.to_owned(), None).await.unwrap().account;
    assert_eq!(again, first, "the administrator's own password is not touched");
}

#[tokio::test]
async fn two_replicas_that_start_together_make_one_administrator() {
    let database = database::<migration::user::Migrator>().await;
    let config = config();
    tokio::join!(start_cases(&config, &database), start_cases(&config, &database));
    let facts = <user::UserService as subgraph::run::Subgraph>::facts(&database.database).await.unwrap();
    assert_eq!((&facts["count"], &facts["users"][0]["role"]), (&1.into(), &"ADMIN".into()));
}

#[tokio::test]
async fn an_account_that_squats_the_administrators_address_is_taken_over() {
    let service = start_with(Config { administrator: None, ..config() }).await;
    create(&service, ADMIN.0).data().await;
    let squatter = login(&service, ADMIN.0, PASSWORD).data().await;
    start_cases(&config(), &service.database).await;
    let token = squatter["login"]["accessToken"].as_str().unwrap();
    assert_eq!(me(&service, token).refused().await, "UNAUTHENTICATED");
    assert_eq!(login(&service, ADMIN.0, PASSWORD).refused().await, "INVALID_CREDENTIALS");
    let admin = admin(&service).await;
    assert_eq!(me(&service, &admin.token).data().await["me"]["role"], "ADMIN");
}
