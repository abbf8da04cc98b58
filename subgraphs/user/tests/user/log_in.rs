//! Registering and logging in, and those who try it by force.

use serde_json::json;
use service::tokens::{SigningKey, UserClaims};
use subgraph::testing::user_token;
use user::config::Config;
use user::throttle::Policies;

use crate::kit::{
    CREATE, PASSWORD, admin, claims, config, create, customer, header, jwks_kids, login, me, start, start_at,
    start_standing, start_with, strict,
};

#[tokio::test]
async fn an_access_token_says_who_for_whom_and_for_how_long() {
    let service = start().await;
    let budi = customer(&service, "budi").await;
    let (header, claims) = (header(&budi.token), claims(&budi.token));
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("JWT")));
    assert_eq!(jwks_kids(&service).await, [header["kid"].as_str().unwrap()]);
    assert_eq!([&claims["iss"], &claims["aud"]], ["eventhub-user", "eventhub"]);
    assert_eq!([&claims["sub"], &claims["role"]], [&*budi.id, "CUSTOMER"]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert!(claims["jti"].is_string() && claims["ver"] == 0 && claims["nbf"] == claims["iat"]);
}

#[tokio::test]
async fn an_address_is_one_account_in_any_case() {
    let service = start().await;
    create(&service, "Budi@Example.com").data().await;
    let answer = create(&service, " bUDI@example.COM ").send().await;
    assert_eq!(
        (answer.code(), &answer.body["errors"][0]["extensions"]["field"]),
        (Some("EMAIL_TAKEN"), &json!("email"))
    );
    let data = login(&service, "BUDI@EXAMPLE.COM", PASSWORD).data().await;
    assert_eq!(data["login"]["user"]["role"], "CUSTOMER");
}

#[tokio::test]
async fn two_who_register_one_address_at_once_get_one_account() {
    let service = start().await;
    let tries: Vec<_> = (0..8).map(|_| create(&service, "race@example.com").send()).collect();
    let answers = futures_util::future::join_all(tries).await;
    let codes: Vec<_> = answers.iter().filter_map(|answer| answer.code()).collect();
    assert_eq!(codes, ["EMAIL_TAKEN"; 7]);
}

#[tokio::test]
async fn nobody_chooses_their_own_role() {
    let service = start().await;
    for document in [
        r#"mutation { createUser(name: "x", email: "x@example.com", password: "12345678", role: "ADMIN") { user { id } } }"#,
        r#"mutation { createUser(name: "x", email: "x@example.com", password: "12345678", role: ADMIN) { user { id } } }"#,
        r#"mutation { createUser(input: { role: ADMIN }) { user { id } } }"#,
        r#"mutation { updateUser(id: "x", role: ADMIN) { user { id } } }"#,
    ] {
        assert_eq!(service.call(document).refused().await, "GRAPHQL_VALIDATION_FAILED", "{document}");
    }
    let call = service.call(CREATE).variable("name", "x").variable("email", "x@example.com");
    let call = call.variable("password", PASSWORD).variable("role", "ADMIN").variable("tokenVersion", -1);
    assert_eq!(call.data().await["createUser"]["user"]["role"], "CUSTOMER");
    let x = login(&service, "x@example.com", PASSWORD).data().await;
    let set_role = format!(
        r#"mutation {{ setRole(id: "{}", role: ADMIN) {{ user {{ id }} }} }}"#,
        x["login"]["user"]["id"].as_str().unwrap()
    );
    let token = x["login"]["accessToken"].as_str().unwrap();
    assert_eq!(service.call(set_role).with_token(token).refused().await, "FORBIDDEN");
}

#[tokio::test]
async fn bad_input_names_its_field() {
    let service = start().await;
    let good = [
        ("name", "Budi"),
        ("email", "budi@example.com"),
        ("password", PASSWORD),
        ("phone", "0812345"),
        ("address", "x"),
    ];
    let bad = [
        ("name", " ", "name"),
        ("email", "budi", "email"),
        ("email", "budi@example.com\nx", "email"),
        ("password", "short", "password"),
        ("phone", "call me", "phoneNumber"),
        ("address", "\u{1}", "address"),
    ];
    for (argument, value, field) in bad {
        let call = good.iter().fold(service.call(CREATE), |call, (name, value)| call.variable(name, *value));
        let answer = call.variable(argument, value).send().await;
        let extensions = &answer.body["errors"][0]["extensions"];
        assert_eq!(
            (&extensions["code"], &extensions["field"]),
            (&json!("BAD_USER_INPUT"), &json!(field)),
            "{value:?}"
        );
    }
    let users = service.call("{ users { id } }").with_token(&admin(&service).await.token).data().await;
    assert_eq!(users["users"].as_array().unwrap().len(), 1, "nobody was created");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_are_told_apart_by_nothing() {
    let service = start().await;
    customer(&service, "budi").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("budi@example.com", "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("budi@example.com", &"x".repeat(5000)),
    ] {
        let mut answer = login(&service, email, password).send().await;
        assert_eq!(answer.code(), Some("INVALID_CREDENTIALS"));
        answer.body["errors"][0].as_object_mut().unwrap().remove("locations");
        answers.push((answer.status, answer.body));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

#[tokio::test]
async fn a_guesser_is_locked_out_of_an_account_whether_it_exists_or_not() {
    let (service, clock) = start_standing(config()).await;
    customer(&service, "budi").await;
    for email in ["budi@example.com", "nobody@example.com"] {
        for _ in 0..5 {
            assert_eq!(login(&service, email, "wrong password").refused().await, "INVALID_CREDENTIALS");
        }
        let answer = login(&service, email, PASSWORD).send().await;
        assert_eq!(answer.code(), Some("TOO_MANY_ATTEMPTS"), "{email}: even with the right password");
        let wait = answer.body["errors"][0]["extensions"]["retryAfter"].as_u64().unwrap();
        assert!((55..=61).contains(&wait), "{wait}");
    }
    clock.advance(chrono::TimeDelta::seconds(61));
    login(&service, "budi@example.com", PASSWORD).data().await;
    assert_eq!(login(&service, "budi@example.com", "wrong password").refused().await, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn guessing_on_after_a_lock_locks_longer() {
    let (service, clock) = start_standing(config()).await;
    for _ in 0..5 {
        login(&service, "nobody@example.com", "wrong password").refused().await;
    }
    clock.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(
        login(&service, "nobody@example.com", "wrong password").refused().await,
        "INVALID_CREDENTIALS"
    );
    clock.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(login(&service, "nobody@example.com", "wrong password").refused().await, "TOO_MANY_ATTEMPTS");
}

#[tokio::test]
async fn many_guesses_at_once_do_not_slip_past_the_lock() {
    let service = start_with(Config { hashes_at_once: 2, ..config() }).await;
    customer(&service, "budi").await;
    let guesses =
        (0..40).map(|guess| login(&service, "budi@example.com", &format!("guess number {guess}")).send());
    let answers = futures_util::future::join_all(guesses.collect::<Vec<_>>()).await;
    let heard = answers.iter().filter(|answer| answer.code() == Some("INVALID_CREDENTIALS")).count();
    assert!((5..=6).contains(&heard), "{heard} of 40 were compared with the password");
}

#[tokio::test]
async fn one_address_that_tries_many_accounts_is_locked_out_alone() {
    let throttle = Policies { account: strict(5), address: strict(3) };
    let service = start_with(Config { throttle, ..config() }).await;
    customer(&service, "budi").await;
    let from = |address: &'static str, email: &'static str, password: &'static str| {
        let call = login(&service, email, password).through(service::identity::ServiceName::Router);
        call.header("x-forwarded-for", address)
    };
    for email in ["a@example.com", "b@example.com", "c@example.com"] {
        assert_eq!(from("203.0.113.7", email, PASSWORD).refused().await, "INVALID_CREDENTIALS");
    }
    assert_eq!(from("203.0.113.7", "budi@example.com", PASSWORD).refused().await, "TOO_MANY_ATTEMPTS");
    from("203.0.113.8", "budi@example.com", PASSWORD).data().await;
    // Nobody but a service is believed about where a request came from.
    for email in ["a@example.com", "b@example.com", "c@example.com"] {
        login(&service, email, PASSWORD).header("x-forwarded-for", "203.0.113.9").refused().await;
    }
    from("203.0.113.9", "budi@example.com", PASSWORD).data().await;
    assert_eq!(login(&service, "budi@example.com", PASSWORD).refused().await, "TOO_MANY_ATTEMPTS");
}

#[tokio::test]
async fn one_request_tries_one_password() {
    let service = start().await;
    let document = r#"mutation {
        a: login(email: "a@example.com", password: "12345678") { accessToken }
        b: login(email: "b@example.com", password: "12345678") { accessToken }
    }"#;
    let answer = service.call(document).send().await;
    assert!(answer.code().is_some_and(|code| code != "INVALID_CREDENTIALS"), "{}", answer.body);
}

#[tokio::test]
async fn a_token_that_we_did_not_make_is_nobodys() {
    let service = start().await;
    let admin = admin(&service).await;
    let id: uuid::Uuid = admin.id.parse().unwrap();
    let kid = header(&admin.token)["kid"].as_str().unwrap().to_owned();
    let good: UserClaims = serde_json::from_value(claims(&admin.token)).unwrap();
    let foreign = SigningKey::generate(kid).unwrap();
    let (head, rest) = admin.token.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let forged = [
        ("of another key", user_token(id, service::identity::Role::Admin)),
        ("of another key under our kid", good.sign(&foreign).unwrap()),
        ("without a signature", format!("{head}.{body}.")),
        ("with alg none", format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.")),
        ("with another's signature", format!("{head}.{}.{signature}", claims_of_another(&good))),
        ("that is no token", "x".to_owned()),
        ("that is too long", format!("{}{}", admin.token, "x".repeat(5000))),
    ];
    for (kind, token) in &forged {
        assert_eq!(me(&service, token).refused().await, "UNAUTHENTICATED", "a header {kind}");
        let argument =
            service.call("query($t: String!) { me(token: $t) { id } }").variable("t", token.as_str());
        assert_eq!(argument.refused().await, "UNAUTHENTICATED", "an argument {kind}");
    }
}

fn claims_of_another(claims: &UserClaims) -> String {
    use base64::Engine;
    let claims = UserClaims { sub: uuid::Uuid::now_v7(), ..claims.clone() };
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap())
}

#[tokio::test]
async fn a_token_runs_out() {
    for (age, expected) in [(14, None), (16, Some("UNAUTHENTICATED"))] {
        let service = start_at(chrono::Utc::now() - chrono::TimeDelta::minutes(age)).await;
        let budi = customer(&service, "budi").await;
        assert_eq!(me(&service, &budi.token).send().await.code(), expected, "after {age} minutes");
    }
}
