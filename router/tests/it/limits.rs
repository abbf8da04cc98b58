//! Deadline, room, and clients that leave.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::sync::Notify;

use crate::support::{Alarm, Answer, FakeSubgraph, Reply, Router, Stack, supergraph, user};

#[tokio::test]
async fn the_deadline_covers_the_whole_request() {
    let slow = FakeSubgraph::start(|seen| user(seen).after(Duration::from_secs(60))).await;
    let router =
        Router::start(&supergraph(&slow.url, "http://127.0.0.1:9"), &[("limits.deadline", "200ms")]).await;
    let answer = router.query("{ people }").await;
    // Whether the fetch or the whole request gives up first, the client gets its answer.
    assert!(["SUBGRAPH_TIMEOUT", "TIMEOUT"].contains(&answer.code().as_str()), "{}", answer.text);
    let answer = Answer::of(router.get("/user/anything")).await;
    assert_eq!(answer.status, 504);
}

#[tokio::test]
async fn there_is_room_for_so_many_requests_and_others_are_told_at_once() {
    let (entered, leave) = (Arc::new(Notify::new()), Duration::from_millis(300));
    let told = Arc::clone(&entered);
    let slow = FakeSubgraph::start(move |seen| {
        told.notify_one();
        user(seen).after(leave)
    })
    .await;
    let router =
        Router::start(&supergraph(&slow.url, "http://127.0.0.1:9"), &[("limits.in_flight", "1")]).await;
    let first = async { router.query("{ people }").await };
    let second = async {
        entered.notified().await;
        router.query("{ people }").await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.status, 200);
    assert_eq!((second.status.as_u16(), second.code().as_str()), (503, "OVERLOADED"));
    assert_eq!(second.header("retry-after"), "1");
    assert_eq!(router.query("{ people }").await.status, 200, "the place is free again");
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_requests_upstream_along() {
    let (entered, broken) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, dropped) = (Arc::clone(&entered), Arc::clone(&broken));
    let slow = FakeSubgraph::start(move |_| {
        told.notify_one();
        // An answer that takes 20 s; it ends early only because its connection is closed.
        let piece = (Duration::from_millis(20), bytes::Bytes::from_static(b" "));
        Reply {
            pieces: vec![piece; 1_000],
            alarm: Some(Arc::new(Alarm(Arc::clone(&dropped)))),
            ..Reply::text("")
        }
    })
    .await;
    let router = Router::start(&supergraph(&slow.url, "http://127.0.0.1:9"), &[]).await;
    let client = router.post_json("/graphql", &json!({ "query": "{ people }" }));
    let waiting = tokio::spawn(async move { client.send().await.is_ok() });
    entered.notified().await;
    waiting.abort();
    tokio::time::timeout(Duration::from_secs(5), broken.notified()).await.unwrap();
}

#[tokio::test]
async fn a_request_in_flight_is_finished_when_the_router_is_told_to_stop() {
    let entered = Arc::new(Notify::new());
    let told = Arc::clone(&entered);
    let slow = FakeSubgraph::start(move |seen| {
        told.notify_one();
        user(seen).after(Duration::from_millis(200))
    })
    .await;
    let router = Router::start(&supergraph(&slow.url, "http://127.0.0.1:9"), &[]).await;
    let stop = async {
        entered.notified().await;
        router.stop();
    };
    let (answer, ()) = tokio::join!(router.query("{ people }"), stop);
    assert_eq!(answer.json(), json!({ "data": { "people": 3 } }));
}

#[tokio::test]
async fn pages_of_configured_origins_may_call() {
    let stack = Stack::with(&[("cors.origins", "https://shop.example")]).await;
    let preflight = |origin: &'static str| {
        let client = reqwest::Client::new();
        let request = client.request(http::Method::OPTIONS, format!("{}/graphql", stack.router.url));
        Answer::of(request.header("origin", origin).header("access-control-request-method", "POST"))
    };
    let allowed = preflight("https://shop.example").await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://shop.example");
    let refused = preflight("https://evil.example").await;
    assert_eq!(refused.header("access-control-allow-origin"), "");
    assert_eq!(refused.status, 405);
}
