//! Equal queries that are under way at the same time are one request to a subgraph, and never an answer from before a change.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{FakeSubgraph, Reply, Router, Seen, event, supergraph, user};

/// Long enough for requests sent at once to meet.
const SLOW: Duration = Duration::from_millis(400);

/// A user subgraph that takes its time for queries, and none for mutations.
fn slow(seen: &Seen) -> Reply {
    let reply = user(seen);
    if seen.query().contains("mutation") { reply } else { reply.after(SLOW) }
}

async fn stack(settings: &[(&str, &str)]) -> (Router, FakeSubgraph, FakeSubgraph) {
    let (user, event) = (FakeSubgraph::start(slow).await, FakeSubgraph::start(event).await);
    let router = Router::start(&supergraph(&user.url, &event.url), settings).await;
    (router, user, event)
}

async fn people(router: &Router, token: &str) -> String {
    let request = router.post_json("/graphql", &json!({ "query": "{ people }" }));
    request.header("authorization", token).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn callers_with_the_same_credentials_share_a_request() {
    let (router, user, _event) = stack(&[]).await;
    let answers = join_all((0..5).map(|_| people(&router, "Bearer a"))).await;
    assert!(answers.iter().all(|answer| answer == r#"{"data":{"people":3}}"#), "{answers:?}");
    assert_eq!(user.seen().len(), 1);
}

#[tokio::test]
async fn callers_with_other_credentials_do_not() {
    let (router, user, _event) = stack(&[]).await;
    join_all(["Bearer a", "Bearer b"].map(|token| people(&router, token))).await;
    assert_eq!(user.seen().len(), 2);
}

#[tokio::test]
async fn sharing_can_be_turned_off() {
    let (router, user, _event) = stack(&[("subgraph_join", "false")]).await;
    join_all((0..3).map(|_| people(&router, "Bearer a"))).await;
    assert_eq!(user.seen().len(), 3);
}

#[tokio::test]
async fn what_begins_after_a_mutation_is_asked_anew() {
    for path in ["/graphql", "/user/graphql"] {
        let (router, user, _event) = stack(&[]).await;
        let change = async {
            // The query is under way when the mutation is answered, and when the second query begins.
            while user.seen().is_empty() {
                tokio::task::yield_now().await;
            }
            let mutation = json!({ "query": "mutation { rename(name: \"new\") { id } }" });
            router.post_json(path, &mutation).send().await.unwrap();
            people(&router, "Bearer a").await
        };
        let (_, second) = tokio::join!(people(&router, "Bearer a"), change);
        assert_eq!(second, r#"{"data":{"people":3}}"#);
        assert_eq!(user.seen().len(), 3, "{path}: a query, a mutation, a query");
    }
}
