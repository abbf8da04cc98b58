//! Subscriptions: events joined from a second subgraph, over both protocols on both sides, and every way in which they end.

use composition::SubgraphInput;
use serde_json::{Value, json};
use service::{identity::Role, tokens::SigningKey, tokens::jwks};

use crate::{
    support::{
        Answer, FakeSubgraph, Reply, Router, USER,
        ticker::{EventReader, Socket, TICKER, Ticker},
        user,
    },
    tokens::claims,
};

const CHANGED: &str = "subscription Watch { changed { n by { name } } }";

fn sdl(ticker: &str, user: &str) -> String {
    let input = |name: &str, base: &str, sdl: &str| SubgraphInput {
        name: name.to_owned(),
        url: format!("{base}/graphql"),
        sdl: sdl.to_owned(),
        source: None,
    };
    composition::compose(&[input("ticker", ticker, TICKER), input("user", user, USER)])
        .unwrap()
        .supergraph_sdl
}

struct Stack {
    router: Router,
    ticker: Ticker,
    user: FakeSubgraph,
}

impl Stack {
    async fn with(settings: &[(&str, &str)]) -> Self {
        let (ticker, user) = (Ticker::start().await, FakeSubgraph::start(user).await);
        let router = Router::start(&sdl(&ticker.url, &user.url), settings).await;
        Self { router, ticker, user }
    }

    fn post(&self, query: &str) -> reqwest::RequestBuilder {
        self.router.post_json("/graphql", &json!({ "query": query }))
    }

    async fn events(&self, query: &str) -> EventReader {
        EventReader::open(self.post(query)).await
    }
}

fn joined(n: i32, user: &str) -> Value {
    json!({ "data": { "changed": { "n": n, "by": { "name": format!("name of {user}") } } } })
}

#[tokio::test]
async fn events_are_joined_whatever_the_subgraph_speaks() {
    for protocol in ["graphql-transport-ws", "sse"] {
        let stack = Stack::with(&[("subgraphs.ticker.subscriptions", protocol)]).await;
        let request =
            stack.post(CHANGED).header("authorization", "Bearer abc").header("x-request-id", "req-1");
        let mut events = EventReader::open(request).await;
        stack.ticker.opened().await;
        for (n, by) in [(1, "u1"), (2, "u2")] {
            stack.ticker.tick(n, by);
            assert_eq!(events.next().await, Some(joined(n, by)), "{protocol}");
        }
        stack.ticker.complete();
        assert_eq!(events.next().await, None, "{protocol}");
        assert_eq!(stack.user.seen().len(), 2, "one join for each event");
        let (headers, operation) = stack.ticker.seen()[0].clone();
        assert!(operation["query"].as_str().unwrap().starts_with("subscription"));
        assert_eq!(
            (&headers["authorization"], &headers["x-request-id"]),
            (&"Bearer abc".parse().unwrap(), &"req-1".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn one_socket_carries_many_operations_of_every_kind() {
    let stack = Stack::with(&[]).await;
    let mut socket = Socket::begin(&stack.router.url, json!({ "Authorization": "Bearer abc" })).await;
    socket.subscribe("s", CHANGED).await;
    stack.ticker.opened().await;
    assert_eq!(stack.ticker.seen()[0].0["authorization"], "Bearer abc");
    stack.ticker.tick(1, "u1");
    assert_eq!(
        socket.hear().await.unwrap(),
        json!({ "id": "s", "type": "next", "payload": joined(1, "u1") })
    );

    socket.subscribe("q", "{ people }").await;
    assert_eq!(socket.hear().await.unwrap()["payload"], json!({ "data": { "people": 3 } }));
    assert_eq!(socket.hear().await.unwrap(), json!({ "id": "q", "type": "complete" }));
    socket.subscribe("m", r#"mutation { rename(name: "new") { name } }"#).await;
    assert_eq!(socket.hear().await.unwrap()["payload"]["data"]["rename"]["name"], "new");
    assert_eq!(socket.hear().await.unwrap()["type"], "complete");

    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await.unwrap(), json!({ "type": "pong" }));
    stack.ticker.complete();
    assert_eq!(socket.hear().await.unwrap(), json!({ "id": "s", "type": "complete" }));
}

#[tokio::test]
async fn what_holds_for_a_post_holds_on_a_socket() {
    let stack = Stack::with(&[("guard.depth", "4"), ("introspection", "false")]).await;
    let mut socket = Socket::begin(&stack.router.url, Value::Null).await;
    let deep = format!("{}a{}", "{a".repeat(8), "}".repeat(8));
    for (query, code) in [
        (deep.as_str(), "DOCUMENT_TOO_DEEP"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ __schema { queryType { name } } }", "INTROSPECTION_DISABLED"),
    ] {
        socket.subscribe("1", query).await;
        let message = socket.hear().await.unwrap();
        assert_eq!(message["type"], "error", "{message}");
        assert_eq!(message["payload"][0]["extensions"]["code"], code, "{message}");
    }
    socket.say(json!({ "id": "1", "type": "subscribe", "payload": { "query": 1 } })).await;
    assert_eq!(socket.hear().await.unwrap()["payload"][0]["extensions"]["code"], "BAD_REQUEST");
}

#[tokio::test]
async fn what_cannot_be_executed_is_told_as_an_event() {
    let stack = Stack::with(&[]).await;
    let mut events = stack.events("{ nonsense }").await;
    let errors = events.next().await.unwrap();
    assert_eq!(errors["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(events.next().await, None);
    let mut events = stack.events("{ people }").await;
    assert_eq!(events.next().await, Some(json!({ "data": { "people": 3 } })));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn who_takes_both_is_answered_by_what_is_asked() {
    let stack = Stack::with(&[]).await;
    let both = "application/graphql-response+json, application/json, text/event-stream";
    let answer = Answer::of(stack.post("{ people }").header("accept", both)).await;
    assert_eq!(answer.json(), json!({ "data": { "people": 3 } }));
    let response = stack.post(CHANGED).header("accept", both).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
}

#[tokio::test]
async fn a_subgraph_that_dies_is_an_error_and_the_end() {
    let stack = Stack::with(&[]).await;
    let (mut events, mut socket) =
        (stack.events(CHANGED).await, Socket::begin(&stack.router.url, Value::Null).await);
    stack.ticker.opened().await;
    socket.subscribe("1", CHANGED).await;
    stack.ticker.opened().await;
    stack.ticker.stop();
    let last = events.next().await.unwrap();
    assert_eq!(last["data"], Value::Null);
    assert_eq!(last["errors"][0]["path"], json!(["changed"]));
    assert!(last["errors"][0]["extensions"]["code"].as_str().unwrap().starts_with("SUBGRAPH_"), "{last}");
    assert_eq!(events.next().await, None);
    assert_eq!(socket.hear().await.unwrap()["payload"]["errors"][0]["path"], json!(["changed"]));
    assert_eq!(socket.hear().await.unwrap()["type"], "complete");
}

#[tokio::test]
async fn a_subgraph_that_is_not_there_or_says_nothing_is_an_error_and_the_end() {
    let user = FakeSubgraph::start(user).await;
    let silent = FakeSubgraph::start(|_| Reply::text("").after(super::support::ticker::PATIENCE * 6)).await;
    for (url, protocol, code) in [
        ("http://127.0.0.1:9", "graphql-transport-ws", "SUBGRAPH_UNREACHABLE"),
        ("http://127.0.0.1:9", "sse", "SUBGRAPH_UNREACHABLE"),
        (silent.url.as_str(), "graphql-transport-ws", "SUBGRAPH_TIMEOUT"),
        (silent.url.as_str(), "sse", "SUBGRAPH_TIMEOUT"),
    ] {
        let settings = [("subgraphs.ticker.subscriptions", protocol), ("subgraphs.ticker.timeout", "200ms")];
        let router = Router::start(&sdl(url, &user.url), &settings).await;
        let request = router.post_json("/graphql", &json!({ "query": CHANGED }));
        let mut events = EventReader::open(request).await;
        let last = events.next().await.unwrap();
        assert_eq!(last["errors"][0]["extensions"]["code"], code, "{protocol}: {last}");
        assert_eq!(events.next().await, None);
    }
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_subscription_upstream_along() {
    let stack = Stack::with(&[]).await;
    let events = stack.events(CHANGED).await;
    stack.ticker.opened().await;
    drop(events);
    stack.ticker.left().await;

    let mut socket = Socket::begin(&stack.router.url, Value::Null).await;
    socket.subscribe("1", CHANGED).await;
    stack.ticker.opened().await;
    socket.say(json!({ "id": "1", "type": "complete" })).await;
    stack.ticker.left().await;
    socket.subscribe("1", CHANGED).await;
    stack.ticker.opened().await;
    drop(socket);
    stack.ticker.left().await;
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_told_by_the_code() {
    let stack = Stack::with(&[("subscriptions.init_timeout", "2s")]).await;
    let init = r#"{"type":"connection_init"}"#;
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": CHANGED } }).to_string();
    for (messages, code) in [
        (vec!["{"], 4400),
        (vec!["[]"], 4400),
        (vec![r#"{"type":"nonsense"}"#], 4400),
        (vec![subscribe.as_str()], 4401),
        (vec![init, &subscribe, &subscribe], 4409),
        (vec![init, init], 4429),
    ] {
        let mut socket = Socket::open(&stack.router.url, &[]).await.unwrap();
        for message in &messages {
            socket.say_text(message).await;
        }
        let closed = loop {
            if let Err(code) = socket.hear().await {
                break code;
            }
        };
        assert_eq!(closed, code, "{messages:?}");
    }
    let deep = format!(r#"{{"type":"ping","payload":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let mut socket = Socket::begin(&stack.router.url, Value::Null).await;
    socket.say_text(&deep).await;
    assert_eq!(socket.hear().await, Err(4400));

    let hasty = Stack::with(&[("subscriptions.init_timeout", "50ms")]).await;
    let mut socket = Socket::open(&hasty.router.url, &[]).await.unwrap();
    assert_eq!(socket.hear().await, Err(4408));
    let idle = Stack::with(&[("subscriptions.idle_timeout", "50ms")]).await;
    let mut socket = Socket::begin(&idle.router.url, Value::Null).await;
    assert_eq!(socket.hear().await, Err(1000));
}

#[tokio::test]
async fn only_known_pages_and_the_right_protocol_open_a_socket() {
    let stack = Stack::with(&[("cors.origins", "https://shop.example")]).await;
    let open = async |headers: &[(&'static str, &str)]| Socket::open(&stack.router.url, headers).await.err();
    assert_eq!(open(&[("origin", "https://shop.example")]).await, None);
    assert_eq!(open(&[("origin", &stack.router.url)]).await, None);
    assert_eq!(open(&[("origin", "https://evil.example")]).await, Some(403));
    assert_eq!(open(&[("sec-websocket-protocol", "graphql-ws")]).await, Some(400));
    assert_eq!(open(&[("x-eventhub-service-token", "x")]).await, Some(403));
}

#[tokio::test]
async fn there_is_room_for_so_many() {
    let code = |message: &Value| message["payload"][0]["extensions"]["code"].clone();
    let stack = Stack::with(&[("subscriptions.per_socket", "1"), ("subscriptions.sockets", "1")]).await;
    let mut socket = Socket::begin(&stack.router.url, Value::Null).await;
    socket.subscribe("1", CHANGED).await;
    stack.ticker.opened().await;
    socket.subscribe("2", CHANGED).await;
    assert_eq!(code(&socket.hear().await.unwrap()), "TOO_MANY_OPERATIONS");
    assert_eq!(Socket::open(&stack.router.url, &[]).await.err(), Some(503));

    let stack = Stack::with(&[("subscriptions.in_flight", "1")]).await;
    let events = stack.events(CHANGED).await;
    stack.ticker.opened().await;
    let mut socket = Socket::begin(&stack.router.url, Value::Null).await;
    socket.subscribe("1", CHANGED).await;
    assert_eq!(code(&socket.hear().await.unwrap()), "OVERLOADED");
    drop(events);
    stack.ticker.left().await;
}

#[tokio::test]
async fn a_token_that_expires_ends_what_it_opened() {
    let key = SigningKey::generate("k1").unwrap();
    let set = jwks([&key]).to_string();
    let keys = FakeSubgraph::start(move |_| Reply::text(set.clone())).await;
    let stack = Stack::with(&[("auth.jwks_url", &format!("{}/.well-known/jwks.json", keys.url))]).await;
    let mut claims = claims(Role::Customer);
    let forged = claims.sign(&SigningKey::generate("k1").unwrap()).unwrap();
    // Clocks may be five seconds apart: the token holds for one or two seconds more.
    claims.exp = claims.iat - 3;
    let token = format!("Bearer {}", claims.sign(&key).unwrap());

    let mut events = EventReader::open(stack.post(CHANGED).header("authorization", &token)).await;
    let mut socket = Socket::begin(&stack.router.url, json!({ "authorization": token })).await;
    socket.subscribe("1", CHANGED).await;
    assert_eq!(events.next().await.unwrap()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(events.next().await, None);
    assert_eq!(socket.hear().await, Err(4403));

    let mut socket = Socket::open(&stack.router.url, &[]).await.unwrap();
    let payload = json!({ "Authorization": format!("Bearer {forged}") });
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.hear().await, Err(4403));
    let refused = Answer::of(
        stack
            .post(CHANGED)
            .header("accept", "text/event-stream")
            .header("authorization", format!("Bearer {forged}")),
    );
    assert_eq!(refused.await.status, 401);
    assert_eq!(Socket::open(&stack.router.url, &[("authorization", "Bearer x")]).await.err(), Some(401));
}

#[tokio::test]
async fn draining_ends_subscriptions_in_order() {
    let stack = Stack::with(&[]).await;
    let (mut events, mut socket) =
        (stack.events(CHANGED).await, Socket::begin(&stack.router.url, Value::Null).await);
    stack.ticker.opened().await;
    socket.subscribe("1", CHANGED).await;
    stack.ticker.opened().await;
    stack.router.stop();
    assert_eq!(events.next().await, None);
    assert_eq!(socket.hear().await, Err(1001));
    stack.ticker.left().await;
    stack.ticker.left().await;
}

#[tokio::test]
async fn a_subscription_keeps_the_supergraph_that_it_began_with() {
    let stack = Stack::with(&[]).await;
    let mut events = stack.events(CHANGED).await;
    stack.ticker.opened().await;
    stack.router.app.replace(&crate::support::supergraph(&stack.user.url, "http://127.0.0.1:9")).unwrap();
    stack.ticker.tick(1, "u1");
    assert_eq!(events.next().await, Some(joined(1, "u1")));
    let mut later = stack.events(CHANGED).await;
    assert_eq!(later.next().await.unwrap()["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_given_up() {
    let settings = [("subscriptions.patience", "100ms"), ("subscriptions.buffer", "1")];
    let stack = Stack::with(&settings).await;
    let long = "x".repeat(1 << 20);
    let flood = || (0..40).for_each(|n| stack.ticker.tick(n, &long));
    let events = stack.events(CHANGED).await;
    stack.ticker.opened().await;
    flood();
    stack.ticker.left().await;
    drop(events);

    let mut socket = Socket::begin(&stack.router.url, Value::Null).await;
    socket.subscribe("1", CHANGED).await;
    stack.ticker.opened().await;
    flood();
    stack.ticker.left().await;
}
