//! Staying logged in, logging out, and what ends a session.

use serde_json::json;
use subgraph::testing::TestService;

use crate::kit::{
    PASSWORD, Person, REFRESH, admin, config, customer, logged_in, login, me, person, set_role, start,
    start_standing,
};

async fn refreshed(service: &TestService, person_: &Person) -> Person {
    let data = service.call(REFRESH).variable("token", &*person_.refresh).data().await;
    person(&data["refreshToken"], &person_.email)
}

async fn refresh_refused(service: &TestService, token: &str) -> String {
    service.call(REFRESH).variable("token", token).refused().await
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_a_new_pair() {
    let service = start().await;
    let budi = customer(&service, "budi").await;
    let again = refreshed(&service, &budi).await;
    assert!(again.refresh != budi.refresh && again.token != budi.token && again.id == budi.id);
    me(&service, &again.token).data().await;
    refreshed(&service, &again).await;
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_its_session_and_no_other() {
    let service = start().await;
    let stolen = customer(&service, "budi").await;
    let elsewhere = logged_in(&service, &stolen.email, PASSWORD).await;
    let thief = refreshed(&service, &stolen).await;
    assert_eq!(refresh_refused(&service, &stolen.refresh).await, "TOKEN_REUSED");
    assert_eq!(refresh_refused(&service, &thief.refresh).await, "UNAUTHENTICATED");
    refreshed(&service, &elsewhere).await;
}

#[tokio::test]
async fn a_refresh_token_exchanged_by_many_at_once_is_good_for_one_at_most() {
    let service = start().await;
    let budi = customer(&service, "budi").await;
    let calls: Vec<_> =
        (0..8).map(|_| service.call(REFRESH).variable("token", &*budi.refresh).send()).collect();
    let answers = futures_util::future::join_all(calls).await;
    let good: Vec<_> = answers.iter().filter(|answer| answer.code().is_none()).collect();
    assert_eq!(good.len(), 1);
    // The first that comes too late ends the session; those after it find none.
    let refusals: Vec<_> = answers.iter().filter_map(|answer| answer.code()).collect();
    assert!(
        refusals.iter().all(|code| *code == "TOKEN_REUSED" || *code == "UNAUTHENTICATED"),
        "{refusals:?}"
    );
    assert!(refusals.contains(&"TOKEN_REUSED"), "{refusals:?}");
    let winner = good[0].at("/refreshToken/refreshToken").as_str().unwrap();
    assert_eq!(refresh_refused(&service, winner).await, "UNAUTHENTICATED", "the session has ended");
}

#[tokio::test]
async fn a_session_ends_however_often_it_is_refreshed() {
    let (service, clock) = start_standing(config()).await;
    let budi = customer(&service, "budi").await;
    clock.advance(chrono::TimeDelta::days(29));
    let later = refreshed(&service, &budi).await;
    clock.advance(chrono::TimeDelta::days(1));
    assert_eq!(refresh_refused(&service, &later.refresh).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let service = start().await;
    let budi = customer(&service, "budi").await;
    for token in ["", "x", &budi.token, &"x".repeat(43), &"x".repeat(100_000)] {
        assert_eq!(refresh_refused(&service, token).await, "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn refresh_tokens_are_not_in_the_database() {
    use entities::user::refresh_token::Entity;
    use sea_orm::EntityTrait;
    let service = start().await;
    let budi = customer(&service, "budi").await;
    let rows = Entity::find().all(service.database.read()).await.unwrap();
    assert!(rows.iter().all(|row| row.hash.len() == 64 && row.hash != budi.refresh), "{rows:?}");
}

#[tokio::test]
async fn logging_out_ends_one_session_or_all() {
    let service = start().await;
    let phone = customer(&service, "budi").await;
    let laptop = logged_in(&service, &phone.email, PASSWORD).await;
    let document = "mutation($token: String) { logout(refreshToken: $token) { ok } }";
    let data =
        service.call(document).variable("token", &*phone.refresh).with_token(&phone.token).data().await;
    assert_eq!(data["logout"], json!({ "ok": true }));
    assert_eq!(me(&service, &phone.token).refused().await, "UNAUTHENTICATED");
    assert_eq!(refresh_refused(&service, &phone.refresh).await, "UNAUTHENTICATED");
    let laptop = refreshed(&service, &laptop).await;
    me(&service, &laptop.token).data().await;
    service.call("mutation { logout { ok } }").with_token(&laptop.token).data().await;
    assert_eq!(me(&service, &laptop.token).refused().await, "UNAUTHENTICATED");
    assert_eq!(refresh_refused(&service, &laptop.refresh).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn another_role_makes_old_tokens_worthless_and_keeps_the_session() {
    let service = start().await;
    let (admin, budi) = (admin(&service).await, customer(&service, "budi").await);
    let data = set_role(&service, &admin, &budi.id, "ADMIN").data().await;
    assert_eq!(data["setRole"]["user"]["role"], "ADMIN");
    assert_eq!(me(&service, &budi.token).refused().await, "UNAUTHENTICATED");
    let promoted = refreshed(&service, &budi).await;
    service.call("{ users { id } }").with_token(&promoted.token).data().await;
    set_role(&service, &admin, &budi.id, "CUSTOMER").data().await;
    let users = service.call("{ users { id } }");
    assert_eq!(users.with_token(&promoted.token).refused().await, "UNAUTHENTICATED");
    let demoted = refreshed(&service, &promoted).await;
    assert_eq!(service.call("{ users { id } }").with_token(&demoted.token).refused().await, "FORBIDDEN");
}

#[tokio::test]
async fn a_new_password_ends_every_session_but_the_new_one() {
    let service = start().await;
    let budi = customer(&service, "budi").await;
    let document = "mutation($old: String!, $new: String!) {
        changePassword(currentPassword: $old, newPassword: $new) { accessToken refreshToken user { id } }
    }";
    let change = |old: &'static str, new: &'static str| {
        service.call(document).variable("old", old).variable("new", new).with_token(&budi.token)
    };
    assert_eq!(change("wrong password", "another password").refused().await, "INVALID_CREDENTIALS");
    let short = change(PASSWORD, "short").send().await;
    assert_eq!(short.body["errors"][0]["extensions"]["field"], "newPassword");
    let data = change(PASSWORD, "another password").data().await;
    let new = person(&data["changePassword"], &budi.email);
    me(&service, &new.token).data().await;
    assert_eq!(me(&service, &budi.token).refused().await, "UNAUTHENTICATED");
    assert_eq!(refresh_refused(&service, &budi.refresh).await, "UNAUTHENTICATED");
    assert_eq!(login(&service, &budi.email, PASSWORD).refused().await, "INVALID_CREDENTIALS");
    logged_in(&service, &budi.email, "another password").await;
}

#[tokio::test]
async fn guessing_the_present_password_is_guessing() {
    let service = start().await;
    let budi = customer(&service, "budi").await;
    let document = r#"mutation { changePassword(currentPassword: "wrong password", newPassword: "another password") { accessToken } }"#;
    for _ in 0..5 {
        assert_eq!(service.call(document).with_token(&budi.token).refused().await, "INVALID_CREDENTIALS");
    }
    assert_eq!(service.call(document).with_token(&budi.token).refused().await, "TOO_MANY_ATTEMPTS");
}
