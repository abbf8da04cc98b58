//! Whether it lives, whether it is ready, and what it says about itself.

use serde_json::json;

use crate::support::{Answer, FakeSubgraph, Router, Stack, supergraph, user};

#[tokio::test]
async fn health_answers_as_the_original() {
    let stack = Stack::with(&[("instance", "run-7")]).await;
    for path in ["/health", "/health/live"] {
        let answer = Answer::of(stack.router.get(path)).await;
        assert_eq!(answer.text, r#"{"status":"ok","service":"api-gateway"}"#);
        assert_eq!(answer.header("x-eventhub-instance"), "run-7");
    }
}

#[tokio::test]
async fn readiness_names_the_subgraphs_and_nothing_of_their_inside() {
    let user = FakeSubgraph::start(user).await;
    let router = Router::start(&supergraph(&user.url, "http://127.0.0.1:9"), &[]).await;
    for path in ["/health/ready", "/ready"] {
        let answer = Answer::of(router.get(path)).await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!(body["status"], "degraded");
        assert_eq!(body["subgraphs"], json!({ "event": "down", "user": "up" }));
        assert!(!answer.text.contains("127.0.0.1"));
    }
}

#[tokio::test]
async fn a_panic_or_an_unknown_method_is_answered_in_our_form() {
    let stack = Stack::start().await;
    let answer = Answer::of(stack.router.post_json("/health", &json!({}))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
    assert!(!answer.header("x-request-id").is_empty());
}
