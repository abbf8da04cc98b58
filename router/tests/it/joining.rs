//! Equal queries that are under way at the same time are executed once, equal fetches of different queries are one request to a subgraph, and
//! never is an answer from before a change.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

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
    ask(router, token, "{ people }").await
}

async fn ask(router: &Router, token: &str, query: &str) -> String {
    let request = router.post_json("/graphql", &json!({ "query": query }));
    request.header("authorization", token).send().await.unwrap().text().await.unwrap()
}

/// The only answer of the event subgraph that depends on a variable here.
fn slow_event(seen: &Seen) -> Reply {
    let id = seen.json()["variables"]["id"].clone();
    Reply::data(json!({ "event": { "__typename": "Event", "id": id, "title": format!("title of {id}") } }))
        .after(SLOW)
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
async fn either_way_of_sharing_suffices_and_both_can_be_turned_off() {
    for (settings, requests) in [
        (&[("subgraph_join", "false")][..], 1),
        (&[("request_join", "false")], 1),
        (&[("request_join", "false"), ("subgraph_join", "false")], 3),
    ] {
        let (router, user, _event) = stack(settings).await;
        join_all((0..3).map(|_| people(&router, "Bearer a"))).await;
        assert_eq!(user.seen().len(), requests, "{settings:?}");
    }
}

#[tokio::test]
async fn different_operations_share_the_fetches_that_they_have_in_common() {
    let (router, user, _event) = stack(&[]).await;
    let (one, other) = tokio::join!(
        ask(&router, "Bearer a", "query One { people }"),
        ask(&router, "Bearer a", "query Other { people }")
    );
    assert_eq!(one, other);
    assert_eq!(user.seen().len(), 1);
}

#[tokio::test]
async fn the_same_operation_with_other_variables_is_another() {
    let (user, event) = (FakeSubgraph::start(user).await, FakeSubgraph::start(slow_event).await);
    let router = Router::start(&supergraph(&user.url, &event.url), &[]).await;
    let title = async |id: &str| {
        let query = "query Title($id: ID!) { event(id: $id) { title } }";
        let request = router.post_json("/graphql", &json!({ "query": query, "variables": { "id": id } }));
        request.send().await.unwrap().json::<Value>().await.unwrap()["data"]["event"]["title"].clone()
    };
    let answers = tokio::join!(title("1"), title("2"), title("1"));
    assert_eq!(answers, (json!("title of \"1\""), json!("title of \"2\""), json!("title of \"1\"")));
    assert_eq!(event.seen().len(), 2);
}

#[tokio::test]
async fn equal_mutations_are_each_carried_out() {
    let (router, user, _event) = stack(&[]).await;
    join_all((0..3).map(|_| ask(&router, "Bearer a", "mutation { rename(name: \"new\") { id } }"))).await;
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
