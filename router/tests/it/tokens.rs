//! User tokens, verified once by the key set and forwarded; the router's own token beside them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use service::{
    identity::{Role, ServiceName},
    tokens::{PublicKeys, ServiceVerifier, SigningKey, UserClaims, jwks},
};

use crate::support::{Answer, FakeSubgraph, Reply, Router, Stack, event, supergraph, user};

pub(crate) fn claims(role: Role) -> UserClaims {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    UserClaims {
        iss: "eventhub-user".into(),
        aud: "eventhub".into(),
        sub: uuid::Uuid::from_u128(7),
        role,
        ver: 1,
        iat: now,
        nbf: now,
        exp: now + 900,
        jti: "t1".into(),
    }
}

/// A stack that verifies tokens by the key set of `key`.
async fn verifying(key: &SigningKey) -> (Stack, FakeSubgraph) {
    let set = jwks([key]).to_string();
    let keys = FakeSubgraph::start(move |_| Reply::text(set.clone())).await;
    let stack = Stack::with(&[("auth.jwks_url", &format!("{}/.well-known/jwks.json", keys.url))]).await;
    (stack, keys)
}

#[tokio::test]
async fn a_token_that_holds_is_forwarded_and_one_that_does_not_refuses_the_request() {
    let key = SigningKey::generate("k1").unwrap();
    let (stack, _keys) = verifying(&key).await;
    let ask = async |path: &str, token: String| {
        let request = stack.router.post_json(path, &json!({ "query": "{ people }" }));
        Answer::of(request.header("authorization", format!("Bearer {token}"))).await
    };
    let good = claims(Role::Customer).sign(&key).unwrap();
    let forged = claims(Role::Admin).sign(&SigningKey::generate("k1").unwrap()).unwrap();
    let expired =
        UserClaims { exp: claims(Role::Customer).iat - 60, ..claims(Role::Customer) }.sign(&key).unwrap();
    let elsewhere = UserClaims { aud: "another".into(), ..claims(Role::Customer) }.sign(&key).unwrap();
    for path in ["/graphql", "/user/graphql"] {
        for bad in [&forged, &expired, &elsewhere, &"nonsense".to_owned()] {
            let answer = ask(path, bad.clone()).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "UNAUTHENTICATED"), "{path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    assert!(stack.user.seen().is_empty());
    assert_eq!(ask("/graphql", good.clone()).await.json()["data"]["people"], 3);
    assert_eq!(stack.user.seen()[0].header("authorization"), Some(format!("Bearer {good}").as_str()));
}

#[tokio::test]
async fn while_the_keys_cannot_be_had_tokens_are_forwarded_unread() {
    for keys in [
        "http://127.0.0.1:9",
        &FakeSubgraph::start(|_| Reply::text("").after(Duration::from_secs(60))).await.url,
    ] {
        let stack = Stack::with(&[("auth.jwks_url", keys)]).await;
        let token = claims(Role::Admin).sign(&SigningKey::generate("k1").unwrap()).unwrap();
        let request = stack.router.post_json("/graphql", &json!({ "query": "{ people }" }));
        let answer = Answer::of(request.header("authorization", format!("Bearer {token}"))).await;
        assert_eq!(answer.json()["data"]["people"], 3, "the subgraphs, which hold keys of their own, decide");
    }
}

#[tokio::test]
async fn the_graphs_own_rules_hold_before_anything_is_planned() {
    let sdl = r#"
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@authenticated"])
        type Query { open: Int, mine: Int @authenticated }"#;
    let subgraph = FakeSubgraph::start(|_| Reply::data(json!({ "open": 1, "mine": 2 }))).await;
    let input = composition::SubgraphInput {
        name: "a".into(),
        url: format!("{}/graphql", subgraph.url),
        sdl: sdl.into(),
        source: None,
    };
    let composed = composition::compose(&[input]).unwrap();
    let router = Router::start(&composed.supergraph_sdl, &[]).await;
    let refused = router.query("{ open mine }").await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (401, "UNAUTHENTICATED"));
    assert!(subgraph.seen().is_empty());
}

#[tokio::test]
async fn the_router_proves_itself_to_the_processes_of_the_house() {
    let key = SigningKey::generate("router").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("router.pem");
    std::fs::write(&file, key.pem().expose()).unwrap();
    let (user, event) = (FakeSubgraph::start(user).await, FakeSubgraph::start(event).await);
    let settings = [("auth.service_key_file", file.to_str().unwrap())];
    let router = Router::start(&supergraph(&user.url, &event.url), &settings).await;
    router.query("{ people }").await;
    Answer::of(router.post_json("/user/graphql", &json!({ "query": "{ people }" }))).await;
    Answer::of(router.get("/user/elsewhere")).await;
    let seen = user.seen();
    let trusted = PublicKeys::from_jwks(&jwks([&key]).to_string()).unwrap();
    let at_user = ServiceVerifier::new(trusted.clone(), ServiceName::User);
    for request in &seen[..2] {
        assert_eq!(at_user.authenticate(&request.headers).unwrap(), Some(ServiceName::Router));
        let at_event = ServiceVerifier::new(trusted.clone(), ServiceName::Event);
        assert!(at_event.authenticate(&request.headers).is_err(), "the token is for one callee only");
    }
    assert_eq!(seen[2].header("x-eventhub-service-token"), None);
}
