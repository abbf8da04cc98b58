//! The old paths: what crosses, in both directions, and what does not.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::json;

use crate::support::{Answer, FakeSubgraph, Reply, Router, Stack, event, supergraph};

#[tokio::test]
async fn a_request_reaches_its_service_as_it_was_sent() {
    let stack = Stack::start().await;
    let body = json!({ "query": "{ people }", "variables": {}, "operationName": null });
    let request = stack
        .router
        .post_json("/user/graphql?tag=1", &body)
        .header("authorization", "Bearer abc")
        .header("accept", "application/graphql-response+json")
        .header("x-request-id", "req-2")
        .header("x-forwarded-for", "6.6.6.6")
        .header("connection", "keep-alive, x-secret")
        .header("x-secret", "1")
        .header("cookie", "a=b");
    let answer = Answer::of(request).await;
    assert_eq!(answer.json()["data"]["people"], 3);
    assert_eq!(answer.header("x-request-id"), "req-2");
    let seen = &stack.user.seen()[0];
    assert_eq!(seen.uri.to_string(), "/graphql?tag=1");
    assert_eq!(seen.json(), body);
    assert_eq!(seen.header("authorization"), Some("Bearer abc"));
    assert_eq!(seen.header("accept"), Some("application/graphql-response+json"));
    assert_eq!(seen.header("x-request-id"), Some("req-2"));
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!((seen.header("x-secret"), seen.header("cookie")), (None, None));
}

#[tokio::test]
async fn a_trusted_proxy_says_for_whom_it_asks() {
    for (trusted, address) in [("127.0.0.0/8, 10.0.0.1", "203.0.113.7"), ("192.0.2.1", "127.0.0.1")] {
        let stack = Stack::with(&[("trusted_proxies", trusted)]).await;
        for path in ["/user/graphql", "/graphql"] {
            let request = stack.router.post_json(path, &json!({ "query": "{ people }" }));
            Answer::of(request.header("x-forwarded-for", "6.6.6.6, 203.0.113.7, 10.0.0.1")).await;
        }
        let seen = stack.user.seen();
        let told: Vec<_> = seen.iter().map(|seen| seen.header("x-forwarded-for").unwrap()).collect();
        assert_eq!(told, [address, address]);
        for client in ["203.0.113.7", "127.0.0.1"] {
            let proxied = stack.router.get("/api/config").header("x-forwarded-for", client);
            assert_eq!(Answer::of(proxied).await.status, 403, "{client}");
        }
    }
}

#[tokio::test]
async fn get_crosses_with_its_query_string() {
    let stack = Stack::start().await;
    let answer =
        Answer::of(stack.router.get("/event/graphql?query=%7B%20events%20%7B%20id%20%7D%20%7D&x=%26")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        stack.event.seen()[0].uri.to_string(),
        "/graphql?query=%7B%20events%20%7B%20id%20%7D%20%7D&x=%26"
    );
    let mutation = Answer::of(stack.router.get("/user/graphql?query=mutation%20%7B%20a%20%7D")).await;
    assert_eq!(mutation.status, 405);
    let delete =
        Answer::of(reqwest::Client::new().delete(format!("{}/user/graphql", stack.router.url))).await;
    assert_eq!((delete.status.as_u16(), delete.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
}

#[tokio::test]
async fn the_services_status_and_listed_headers_come_back() {
    let strange = FakeSubgraph::start(|_| Reply {
        status: http::StatusCode::IM_A_TEAPOT,
        content_type: "text/plain",
        headers: vec![("etag", "\"1\""), ("set-cookie", "a=b"), ("x-internal", "1"), ("retry-after", "3")],
        ..Reply::text("short and stout")
    })
    .await;
    let router = Router::start(&supergraph(&strange.url, "http://127.0.0.1:9"), &[]).await;
    let answer = Answer::of(router.get("/user/pot")).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (418, "short and stout"));
    assert_eq!((answer.header("etag"), answer.header("retry-after")), ("\"1\"", "3"));
    assert_eq!((answer.header("set-cookie"), answer.header("x-internal")), ("", ""));
}

#[tokio::test]
async fn an_answer_streams() {
    let piece =
        |pause: u64, text: &'static str| (Duration::from_millis(pause), Bytes::from_static(text.as_bytes()));
    let slow = FakeSubgraph::start(move |_| Reply {
        pieces: vec![piece(0, "first"), piece(1_500, "second")],
        ..Reply::text("")
    })
    .await;
    let router = Router::start(&supergraph(&slow.url, "http://127.0.0.1:9"), &[]).await;
    let started = Instant::now();
    let mut stream = router.get("/user/stream").send().await.unwrap().bytes_stream();
    assert_eq!(stream.next().await.unwrap().unwrap(), "first");
    assert!(started.elapsed() < Duration::from_secs(1), "the first piece did not wait for the second");
    assert_eq!(stream.next().await.unwrap().unwrap(), "second");
}

#[tokio::test]
async fn a_service_that_is_down_or_slow_is_named() {
    let slow = FakeSubgraph::start(|seen| event(seen).after(Duration::from_secs(60))).await;
    let sdl = supergraph("http://127.0.0.1:9", &slow.url);
    let router = Router::start(&sdl, &[("subgraphs.event.timeout", "100ms")]).await;
    let down = Answer::of(router.post_json("/user/graphql", &json!({ "query": "{ people }" }))).await;
    assert_eq!((down.status.as_u16(), down.code().as_str()), (502, "SERVICE_UNREACHABLE"));
    assert_eq!(down.json()["errors"][0]["extensions"]["service"], "user");
    let late = Answer::of(router.post_json("/event/graphql", &json!({ "query": "{ events { id } }" }))).await;
    assert_eq!((late.status.as_u16(), late.code().as_str()), (504, "SERVICE_TIMEOUT"));
}

#[tokio::test]
async fn paths_of_nobody_are_not_found() {
    let stack = Stack::start().await;
    for path in
        ["/ticket/graphql", "/nowhere", "/user", "/user/..%2fadmin", "/user/%2e%2e/x", "/health/nowhere"]
    {
        let answer = Answer::of(stack.router.get(path)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"), "{path}");
    }
    assert!(stack.user.seen().is_empty());
}

#[tokio::test]
async fn paths_can_be_added_and_the_original_ones_turned_off() {
    let other = FakeSubgraph::start(|_| Reply::text("{}")).await;
    let stack = Stack::with(&[("pass_through.mode", "off"), ("pass_through.routes.venue", &other.url)]).await;
    assert_eq!(Answer::of(stack.router.get("/venue/a/b?c")).await.status, 200);
    assert_eq!(other.seen()[0].uri.to_string(), "/a/b?c");
    assert_eq!(Answer::of(stack.router.get("/user/graphql")).await.status, 404);
}
