//! Operations over two subgraphs: joins, what goes along with every request, and what happens when a subgraph does not do its part.

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, FakeSubgraph, Reply, Router, Stack, event, supergraph, user};

#[tokio::test]
async fn entities_are_joined_in_two_requests() {
    let stack = Stack::start().await;
    let answer = stack.router.query("{ events { title host { name } } }").await;
    assert_eq!(
        answer.json(),
        json!({ "data": { "events": [
            { "title": "Jazz", "host": { "name": "name of u1" } },
            { "title": "Gamelan", "host": { "name": "name of u2" } },
            { "title": "Rock", "host": { "name": "name of u1" } },
        ] } })
    );
    assert_eq!(stack.event.seen().len(), 1);
    assert_eq!(stack.user.seen().len(), 1, "three hosts are two users and one request");
    assert_eq!(stack.user.seen()[0].representations().len(), 2);
}

#[tokio::test]
async fn introspection_is_mixed_with_data() {
    let stack = Stack::start().await;
    let answer = stack
        .router
        .query("{ __schema { queryType { name } } people t: __type(name: \"User\") { name } }")
        .await;
    assert_eq!(
        answer.text,
        r#"{"data":{"__schema":{"queryType":{"name":"Query"}},"people":3,"t":{"name":"User"}}}"#
    );
}

#[tokio::test]
async fn conditions_are_decided_before_anything_is_fetched() {
    let stack = Stack::start().await;
    let query = "query($with: Boolean!) { people events @include(if: $with) { title } }";
    let without = stack.router.query_with(query, json!({ "with": false })).await;
    assert_eq!(without.json(), json!({ "data": { "people": 3 } }));
    assert_eq!(stack.event.seen().len(), 0);
    let with = stack.router.query_with(query, json!({ "with": true })).await;
    assert_eq!(with.json()["data"]["events"][0]["title"], "Jazz");
}

#[tokio::test]
async fn the_callers_identity_the_ids_and_the_deadline_go_along() {
    let stack = Stack::start().await;
    let request = stack
        .router
        .post_json("/graphql", &json!({ "query": "{ people }" }))
        .header("authorization", "Bearer abc")
        .header("x-request-id", "req-1")
        .header("cookie", "a=b")
        .header("x-forwarded-for", "6.6.6.6")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let answer = Answer::of(request).await;
    assert_eq!(answer.header("x-request-id"), "req-1");
    let seen = &stack.user.seen()[0];
    assert_eq!(seen.header("authorization"), Some("Bearer abc"));
    assert_eq!(seen.header("x-request-id"), Some("req-1"));
    assert_eq!(
        seen.header("x-forwarded-for"),
        Some("127.0.0.1"),
        "what the client says of itself is replaced"
    );
    assert_eq!(seen.header("cookie"), None);
    assert!(seen.header("traceparent").unwrap().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert!(seen.header("user-agent").unwrap().starts_with("eventhub-router/"));
    let left: u64 = seen.header("x-eventhub-deadline-ms").unwrap().parse().unwrap();
    assert!((1..=15_000).contains(&left), "{left}");
}

#[tokio::test]
async fn a_dead_subgraph_costs_its_own_fields_only() {
    let (user, dead) = (FakeSubgraph::start(user).await, "http://127.0.0.1:9");
    let router = Router::start(&supergraph(&user.url, dead), &[]).await;
    let answer = router.query("{ people event(id: 1) { title } }").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["data"], json!({ "people": 3, "event": null }));
    assert_eq!(answer.code(), "SUBGRAPH_UNREACHABLE");
    assert_eq!(answer.json()["errors"][0]["path"], json!(["event"]));
}

#[tokio::test]
async fn a_slow_subgraph_is_given_up_and_its_connection_closed() {
    let slow = FakeSubgraph::start(|seen| event(seen).after(Duration::from_secs(60))).await;
    let user = FakeSubgraph::start(user).await;
    let settings = [("subgraphs.event.timeout", "100ms")];
    let router = Router::start(&supergraph(&user.url, &slow.url), &settings).await;
    let answer = router.query("{ people event(id: 1) { title } }").await;
    assert_eq!(answer.json()["data"], json!({ "people": 3, "event": null }));
    assert_eq!(answer.code(), "SUBGRAPH_TIMEOUT");
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_held() {
    let huge = FakeSubgraph::start(|_| Reply {
        pieces: (0..64).map(|_| (Duration::ZERO, bytes::Bytes::from(vec![b' '; 65_536]))).collect(),
        ..Reply::text("")
    });
    let (huge, user) = (huge.await, FakeSubgraph::start(user).await);
    let router = Router::start(&supergraph(&user.url, &huge.url), &[("limits.response", "64KiB")]).await;
    let answer = router.query("{ event(id: 1) { title } }").await;
    assert_eq!(answer.json()["data"], json!({ "event": null }));
    assert_eq!(answer.code(), "SUBGRAPH_TOO_LARGE");
}

#[tokio::test]
async fn a_plan_is_made_once_and_a_document_prepared_once() {
    let stack = Stack::start().await;
    for _ in 0..3 {
        assert_eq!(stack.router.query("{ people }").await.status, 200);
        assert_eq!(stack.router.query("{ nonsense }").await.code(), "GRAPHQL_VALIDATION_FAILED");
    }
    let caches = Answer::of(stack.router.get("/api/caches")).await.json();
    // Counts of the cache are settled lazily: at most one of each is what matters.
    for name in ["operations", "plans", "refusals"] {
        assert!(caches[name].as_u64().unwrap() <= 1, "{caches}");
    }
    let metrics = Answer::of(stack.router.get("/metrics")).await.text;
    assert!(metrics.contains("router_plans_total{cached=\"true\"}"), "{metrics}");
    assert!(
        metrics.contains("router_subgraph_requests_total{subgraph=\"user\",outcome=\"ok\"}"),
        "{metrics}"
    );
}
