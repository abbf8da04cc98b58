//! Signing keys: kept, sealed, published ahead, rotated.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::EntityTrait;
use service::identity::Actor;
use subgraph::clock::Clock;
use subgraph::testing::{TestDatabase, database};
use user::config::Config;
use user::domain::rotation::Schedule;
use user::error::Error;
use user::keys::{KeyRing, Sealer};
use user::store::Store;
use user::use_cases::UseCases;

use crate::kit::{ADMIN, SECRET, config, header, nobody_to_ask, secret, start_with, user_common};

const SCHEDULE: Schedule = Schedule {
    period: Duration::from_secs(1000),
    lead: Duration::from_secs(100),
    keep: Duration::from_secs(50),
};

async fn ring(database: &TestDatabase, clock: &Clock) -> Arc<KeyRing> {
    let sealer = Sealer::new(&secret(SECRET)).unwrap();
    KeyRing::open(Store::new(database.database.clone()), sealer, SCHEDULE, clock.clone()).await.unwrap()
}

fn signer(ring: &KeyRing) -> String {
    ring.signer().unwrap().kid().to_owned()
}

fn published(ring: &KeyRing) -> Vec<String> {
    let jwks = ring.jwks();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_stays_until_its_tokens_have_run_out() {
    let database = database::<migration::user::Migrator>().await;
    let clock = Clock::standing_at(chrono::Utc::now());
    let ring = ring(&database, &clock).await;
    let later = async |seconds| {
        clock.advance(chrono::TimeDelta::seconds(seconds));
        ring.tick().await.unwrap();
        (signer(&ring), published(&ring))
    };
    let (first, alone) = later(899).await;
    assert_eq!(alone, [&*first]);
    let (still_first, both) = later(1).await;
    assert_eq!((still_first, both.len()), (first.clone(), 2), "the successor is published, the first signs");
    let second = both[1].clone();
    assert_eq!(later(99).await, (first.clone(), both.clone()));
    assert_eq!(
        later(1).await,
        (second.clone(), both.clone()),
        "the successor signs, the first is still published"
    );
    assert_eq!(later(49).await, (second.clone(), both));
    assert_eq!(later(1).await, (second.clone(), vec![second]), "the first is gone");
}

#[tokio::test]
async fn replicas_agree_without_talking() {
    let database = database::<migration::user::Migrator>().await;
    let clock = Clock::standing_at(chrono::Utc::now());
    let (one, other) = tokio::join!(ring(&database, &clock), ring(&database, &clock));
    assert_eq!(published(&one), published(&other), "only one first key is made");
    clock.advance(chrono::TimeDelta::seconds(950));
    let (left, right) = tokio::join!(one.tick(), other.tick());
    left.and(right).unwrap();
    assert_eq!(
        (published(&one).len(), published(&one)),
        (2, published(&other)),
        "only one successor is made"
    );
    clock.advance(chrono::TimeDelta::seconds(100));
    assert_eq!(signer(&one), signer(&other));
}

async fn start(config: &Config, database: &TestDatabase, clock: &Clock) -> UseCases {
    let given = (database.database.clone(), nobody_to_ask());
    UseCases::start(&user_common(), config, given, clock.clone()).await.unwrap()
}

/// An access token of the administrator.
async fn token(cases: &UseCases) -> String {
    let grant = cases.sessions.log_in(ADMIN.0, ADMIN.1.to_owned(), None).await.unwrap();
    grant.access_token.into_inner()
}

async fn holds(cases: &UseCases, token: &str) -> bool {
    cases.speaking(Actor::Anonymous, Some(token.to_owned())).await.is_ok()
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    let database = database::<migration::user::Migrator>().await;
    let before = start(&config(), &database, &Clock::system()).await;
    let token = token(&before).await;
    let after = start(&config(), &database, &Clock::system()).await;
    assert_eq!(after.ring.jwks(), before.ring.jwks());
    assert!(holds(&after, &token).await);
}

#[tokio::test]
async fn a_token_of_the_key_before_still_holds_and_new_ones_use_the_new_key() {
    let database = database::<migration::user::Migrator>().await;
    let clock = Clock::standing_at(chrono::Utc::now() - chrono::TimeDelta::seconds(1000));
    let config = Config { key_schedule: SCHEDULE, ..config() };
    let cases = start(&config, &database, &clock).await;
    clock.advance(chrono::TimeDelta::seconds(999));
    cases.ring.tick().await.unwrap();
    let old = token(&cases).await;
    clock.advance(chrono::TimeDelta::seconds(102));
    cases.ring.tick().await.unwrap();
    let kid = |token: &str| header(token)["kid"].as_str().unwrap().to_owned();
    assert!(holds(&cases, &old).await);
    assert_ne!(signer(&cases.ring), kid(&old));
    clock.advance(chrono::TimeDelta::seconds(50));
    cases.ring.tick().await.unwrap();
    assert!(!holds(&cases, &old).await, "a key that is over verifies nothing");
    assert_eq!(kid(&token(&cases).await), signer(&cases.ring));
}

#[tokio::test]
async fn another_secret_does_not_open_the_keys() {
    let database = database::<migration::user::Migrator>().await;
    let clock = Clock::system();
    ring(&database, &clock).await;
    let sealer = Sealer::new(&secret("another secret of more than 32 bytes")).unwrap();
    let opened = KeyRing::open(Store::new(database.database.clone()), sealer, SCHEDULE, clock).await;
    assert!(matches!(opened, Err(Error::WrongKeySecret)));
}

#[tokio::test]
async fn a_private_key_is_neither_in_the_database_nor_in_the_key_set() {
    let service = start_with(config()).await;
    let rows = entities::user::signing_key::Entity::find().all(service.database.read()).await.unwrap();
    let sealed = &rows[0].sealed_private_key.0;
    let opened = Sealer::new(&secret(SECRET)).unwrap().open(rows[0].id, &rows[0].sealed_private_key).unwrap();
    let plain = {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(opened.pkcs8().expose())
    };
    assert!(!sealed.contains(&plain) && sealed.len() > plain.len());
    let jwks: serde_json::Value =
        reqwest::get(format!("{}/.well-known/jwks.json", service.url)).await.unwrap().json().await.unwrap();
    let key = jwks["keys"][0].as_object().unwrap();
    assert!(
        !key.contains_key("d") && key["crv"] == "Ed25519" && key["alg"] == "EdDSA" && key["use"] == "sig"
    );
}
