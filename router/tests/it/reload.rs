//! Hot reload: a good file is taken over, a bad one is not, and a request keeps the supergraph it began with.

use std::{path::Path, sync::Arc, time::Duration};

use router::reload;
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{Answer, FakeSubgraph, Reply, Router, event, supergraph, user};

/// Waits for what a watcher does in its own time.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
}

fn write(path: &Path, sdl: &str) {
    // As deployments do: a new file under another name, moved into place.
    let beside = path.with_extension("new");
    std::fs::write(&beside, sdl).unwrap();
    std::fs::rename(beside, path).unwrap();
}

#[tokio::test]
async fn a_changed_file_is_taken_over_and_a_bad_one_is_not() {
    let (first, second) = (
        FakeSubgraph::start(user).await,
        FakeSubgraph::start(|_| Reply::data(json!({ "people": 99 }))).await,
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    let sdl = supergraph(&first.url, "http://127.0.0.1:9");
    write(&file, &sdl);
    let router = Router::start(&sdl, &[("supergraph", file.to_str().unwrap())]).await;
    let _watching = reload::watch(&router.app, std::slice::from_ref(&file)).unwrap();
    let people = async || router.query("{ people }").await.json()["data"]["people"].as_i64();
    assert_eq!(people().await, Some(3));

    write(&file, &supergraph(&second.url, "http://127.0.0.1:9"));
    until(async || people().await == Some(99)).await;

    let id = router.app.snapshot().id.clone();
    write(&file, "type Query { this is no supergraph }");
    let refused = Answer::of(router.post_json("/api/reload", &json!({}))).await;
    assert_eq!(refused.status, 409);
    assert!(!refused.json()["message"].as_str().unwrap().is_empty());
    assert_eq!(router.app.snapshot().id, id);
    assert_eq!(people().await, Some(99), "the last good one is served on");
}

#[tokio::test]
async fn a_request_keeps_the_supergraph_it_began_with() {
    let (entered, proceed) = (Arc::new(Notify::new()), Duration::from_millis(300));
    let told = Arc::clone(&entered);
    // The first request of the plan waits while the supergraph is replaced; the second must still go where the old one says.
    let events = FakeSubgraph::start(move |seen| {
        told.notify_one();
        event(seen).after(proceed)
    })
    .await;
    let users = FakeSubgraph::start(user).await;
    let router = Router::start(&supergraph(&users.url, &events.url), &[]).await;
    let replace = async {
        entered.notified().await;
        router.app.replace(&supergraph("http://127.0.0.1:9", "http://127.0.0.1:9")).unwrap();
    };
    let (answer, ()) = tokio::join!(router.query("{ events { host { name } } }"), replace);
    assert_eq!(answer.json()["data"]["events"][0]["host"]["name"], "name of u1");
    assert_eq!(router.query("{ people }").await.code(), "SUBGRAPH_UNREACHABLE", "the next one sees the new");
}
