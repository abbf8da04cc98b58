//! `/api` and `/metrics`: what operators see, and that others do not.

use serde_json::json;

use crate::support::{Answer, Stack};

#[tokio::test]
async fn the_api_describes_itself() {
    let stack = Stack::start().await;
    let description = Answer::of(stack.router.get("/api/openapi.json")).await.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    let paths: Vec<&String> = description["paths"].as_object().unwrap().keys().collect();
    for path in ["/health", "/subgraphs", "/supergraph", "/plan", "/config", "/reload"] {
        assert!(paths.iter().any(|known| *known == path), "{paths:?}");
    }
    assert!(Answer::of(stack.router.get("/api/docs")).await.text.contains("<html"));
}

#[tokio::test]
async fn a_plan_is_explained_and_nothing_executed() {
    let stack = Stack::start().await;
    let operation = json!({ "query": "{ events { host { name } } }" });
    let plan = Answer::of(stack.router.post_json("/api/plan", &operation)).await.json();
    assert_eq!(plan["plan"]["depth"], 2);
    assert_eq!(plan["plan"]["fetches"][1]["subgraph"], "user");
    assert!(plan["text"].as_str().unwrap().starts_with("QueryPlan {"));
    assert!(stack.event.seen().is_empty());
    let invalid = Answer::of(stack.router.post_json("/api/plan", &json!({ "query": "{ nonsense }" }))).await;
    assert_eq!(invalid.status, 400);
    assert!(invalid.json()["message"].as_str().unwrap().contains("nonsense"));
    for (variables, words) in [(json!({}), "$a decides the plan"), (json!({ "a": "x" }), "variable a")] {
        let operation =
            json!({ "query": "query($a: Boolean!) { people @skip(if: $a) }", "variables": variables });
        let refused = Answer::of(stack.router.post_json("/api/plan", &operation)).await;
        assert_eq!(refused.status, 400);
        assert!(refused.json()["message"].as_str().unwrap().contains(words), "{}", refused.text);
    }
}

#[tokio::test]
async fn supergraph_subgraphs_and_configuration_are_shown() {
    let stack = Stack::with(&[("limits.deadline", "7s")]).await;
    let sdl = Answer::of(stack.router.get("/api/supergraph")).await.text;
    assert!(sdl.contains("@join__graph(name: \"user\""));
    assert!(!Answer::of(stack.router.get("/api/schema")).await.text.contains("join__"));
    let subgraphs = Answer::of(stack.router.get("/api/subgraphs")).await.json();
    assert_eq!(subgraphs.as_array().unwrap().len(), 2);
    assert_eq!(subgraphs[0]["up"], true);
    let config = Answer::of(stack.router.get("/api/config")).await.json();
    assert_eq!(config["limits.deadline"], json!({ "value": "7s", "from": "--set" }));
}

#[tokio::test]
async fn with_a_token_configured_every_admin_path_needs_it() {
    let stack = Stack::with(&[("admin.token", "let-me-in")]).await;
    for path in ["/api/config", "/api/openapi.json", "/api/docs", "/metrics", "/api/nowhere"] {
        let without = Answer::of(stack.router.get(path)).await;
        assert_eq!((without.status.as_u16(), without.code().as_str()), (401, "UNAUTHENTICATED"), "{path}");
        let wrong = Answer::of(stack.router.get(path).header("authorization", "Bearer let-me-ib")).await;
        assert_eq!(wrong.status, 401, "{path}");
    }
    let config =
        Answer::of(stack.router.get("/api/config").header("authorization", "Bearer let-me-in")).await;
    assert_eq!(config.json()["admin.token"]["value"], "***");
    assert!(!config.text.contains("let-me-in"));
}

#[tokio::test]
async fn without_a_token_a_proxied_request_is_refused() {
    let stack = Stack::start().await;
    let answer = Answer::of(stack.router.get("/api/config").header("x-forwarded-for", "1.2.3.4")).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "FORBIDDEN"));
}
