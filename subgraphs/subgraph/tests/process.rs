//! A subgraph from start to drain, over real HTTP on a real database.

mod sample;

use std::time::Duration;

use reqwest::StatusCode;
use sample::{Config, Notes, TABLE};
use service::env::Reader;
use service::identity::{Role, ServiceName};
use subgraph::access::{self, Rule, Who};
use subgraph::cli::{self, Command};
use subgraph::run::Subgraph;
use subgraph::testing::{self, TestService};
use uuid::Uuid;

async fn start() -> TestService {
    TestService::start::<Notes>(Config::default()).await
}

async fn get(service: &TestService, path: &str) -> (StatusCode, String) {
    let answer = reqwest::get(format!("{}{path}", service.url)).await.expect("an answer");
    (answer.status(), answer.text().await.expect("a whole answer"))
}

#[tokio::test]
async fn a_subgraph_answers_on_all_its_paths() {
    let service = start().await;
    service.call("{ notes { id } }").data().await;
    assert_eq!(
        get(&service, "/health").await,
        (StatusCode::OK, r#"{"status":"ok","service":"ticket-service"}"#.into())
    );
    assert_eq!(get(&service, "/ready").await, (StatusCode::OK, r#"{"status":"ready"}"#.into()));
    assert_eq!(get(&service, "/extra").await, (StatusCode::OK, "extra".into()));
    let (status, metrics) = get(&service, "/metrics").await;
    assert!(status.is_success() && metrics.contains("graphql_requests_total"), "{metrics}");
    assert_eq!(get(&service, "/nothing").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_written_is_read_back() {
    let service = start().await;
    let add = service.call("mutation($t: String!) { add(text: $t) { id } }").variable("t", "x");
    let added = add.as_user(Uuid::now_v7(), Role::Customer).data().await;
    let read = service.call("{ notes { id body } }").data().await;
    assert_eq!((&read["notes"][0]["id"], &read["notes"][0]["body"]), (&added["add"]["id"], &"x".into()));
    assert_eq!(Notes::facts(&service.database).await.unwrap()["count"], 1);
}

#[tokio::test]
async fn one_read_is_one_statement() {
    let service = start().await;
    let before = service.database.statements();
    service.call("{ notes { id } }").data().await;
    assert_eq!(service.database.statements() - before, 1);
}

#[tokio::test]
async fn the_access_table_is_whole_and_true() {
    assert_eq!(access::gaps(&Notes::sdl(), TABLE), Vec::<String>::new());
    assert_eq!(testing::access::contradictions(&start().await, TABLE).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_false_access_table_is_found_out() {
    let service = start().await;
    for (who, probe) in [
        (Who::Admin, "{ notes { id } }"),
        (Who::User, "{ notes { id } }"),
        (Who::OwnerOrAdmin, "mutation { add(text: \"x\") { id } }"),
        (Who::Anyone, "mutation { clear }"),
        (Who::Admin, "mutation { add(text: \"x\") { id } }"),
        (Who::Service(&[ServiceName::Booking]), "{ notes { id } }"),
        (Who::Service(&[ServiceName::Event]), "mutation { slow(wait: false) }"),
        (Who::Anyone, "{ nope }"),
    ] {
        let lie = [Rule { field: "Query.x", who, probe }];
        assert_ne!(testing::access::contradictions(&service, &lie).await, Vec::<String>::new(), "{probe}");
    }
}

#[tokio::test]
async fn a_write_is_finished_although_its_client_leaves() {
    let config = Config::default();
    let service = TestService::start::<Notes>(config.clone()).await;
    let call = service.call("mutation { slow(wait: true) }").through(ServiceName::Booking).send();
    tokio::select! {
        _ = call => panic!("answered before it was let go"),
        () = config.begun.notified() => {}
    }
    config.go.notify_one();
    tokio::time::timeout(Duration::from_secs(5), config.ended.notified()).await.expect("the write ends");
}

#[tokio::test]
async fn stopping_drains_and_closes() {
    let config = Config::default();
    let service = TestService::start::<Notes>(config.clone()).await;
    let url = service.url.clone();
    service.stop().await;
    assert!(reqwest::get(format!("{url}/health")).await.is_err());
}

#[tokio::test]
async fn a_worker_that_ends_by_itself_stops_the_process() {
    let service = TestService::start::<Notes>(Config { worker_fails: true, ..Config::default() }).await;
    let gone = async {
        while reqwest::get(format!("{}/health", service.url)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("the process stops");
}

#[test]
fn the_sdl_is_federation_2_and_stable() {
    let sdl = Notes::sdl();
    assert!(
        sdl.contains("https://specs.apollo.dev/federation/v2") && sdl.ends_with("}\n")
            || sdl.ends_with(")\n"),
        "{sdl}"
    );
    assert_eq!(sdl, Notes::sdl());
}

/// Runs a command of the sample's binary with these variables and hands out what it prints.
async fn command(command: Command, variables: &[(&str, String)]) -> Result<String, String> {
    let mut out = Vec::new();
    let env = Reader::from_pairs(variables.iter().map(|(name, value)| (*name, value.clone())));
    let outcome = cli::execute::<Notes>(command, env, &mut out).await;
    outcome.map(|()| String::from_utf8_lossy(&out).into_owned()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn the_sdl_is_printed_without_any_configuration() {
    assert_eq!(command(Command::Sdl, &[]).await, Ok(Notes::sdl()));
}

#[tokio::test]
async fn migrations_and_facts_work_on_the_configured_database() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite://{}/x.db?mode=rwc", directory.path().display());
    let variables = [("DATABASE_URL", url)];
    let printed = command(Command::Migrate, &variables).await;
    assert_eq!(
        printed,
        Ok("applied m20260101_000001_notes\nticket: 1 migration(s) applied, none missing\n".into())
    );
    let again = command(Command::Migrate, &variables).await;
    assert_eq!(again, Ok("ticket: 0 migration(s) applied, none missing\n".into()));
    assert_eq!(command(Command::Facts, &variables).await, Ok("{\"service\":\"notes\",\"count\":0}\n".into()));
}

#[tokio::test]
async fn health_asks_the_process_where_it_listens() {
    let service = start().await;
    let listen = [("EVENTHUB_LISTEN", service.url.replace("http://", ""))];
    assert_eq!(command(Command::Health, &listen).await, Ok(String::new()));
    service.stop().await;
    assert!(command(Command::Health, &listen).await.is_err());
}

#[tokio::test]
async fn a_bad_environment_is_reported_whole_before_anything_starts() {
    let variables = [
        ("DATABASE_URL", "postgres://x".to_owned()),
        ("EVENTHUB_LISTEN", "x".to_owned()),
        ("EVENTHUB_GUARD_DEPTH", "deep".to_owned()),
    ];
    let problems = command(Command::Serve, &variables).await.unwrap_err();
    for (name, _) in &variables {
        assert!(problems.contains(name), "{problems}");
    }
}
