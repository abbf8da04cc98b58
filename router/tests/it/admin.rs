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
async fn what_services_tell_operators_is_told_to_operators() {
    let open = Stack::start().await;
    let guarded = Stack::with(&[("admin.token", "let-me-in")]).await;
    for path in ["/user/metrics", "/user/ready", "/event//metrics/"] {
        assert_eq!(Answer::of(open.router.get(path)).await.status, 200, "{path}");
        let proxied = Answer::of(open.router.get(path).header("x-forwarded-for", "1.2.3.4")).await;
        assert_eq!((proxied.status.as_u16(), proxied.code().as_str()), (403, "FORBIDDEN"), "{path}");
        let without = Answer::of(guarded.router.get(path)).await;
        assert_eq!((without.status.as_u16(), without.code().as_str()), (401, "UNAUTHENTICATED"), "{path}");
        let with = guarded.router.get(path).header("authorization", "Bearer let-me-in");
        assert_eq!(Answer::of(with).await.status, 200, "{path}");
    }
    assert_eq!(Answer::of(guarded.router.get("/user/%6detrics")).await.status, 404);
    assert_eq!(Answer::of(guarded.router.get("/user/health")).await.status, 200);
    assert!(guarded.user.seen().iter().all(|seen| seen.header("authorization").is_none()));
}

#[tokio::test]
async fn a_page_in_a_browser_on_this_machine_is_not_the_operator() {
    let stack = Stack::start().await;
    let reload = |headers: &[(&str, &str)]| {
        let request = headers
            .iter()
            .fold(stack.router.post("/api/reload"), |request, (name, value)| request.header(*name, *value));
        async move { Answer::of(request).await.status.as_u16() }
    };
    let json = ("content-type", "application/json");
    assert_eq!(reload(&[json]).await, 409, "the stack has no file to reload");
    assert_eq!(reload(&[json, ("origin", "https://evil.example")]).await, 403);
    assert_eq!(reload(&[json, ("host", "evil.example")]).await, 403);
    assert_eq!(reload(&[("content-type", "text/plain")]).await, 403);
    assert_eq!(reload(&[]).await, 403);
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_refused_in_our_form() {
    let stack = Stack::with(&[("admin.token", "let-me-in")]).await;
    for (content_type, body, status, code) in [
        ("application/json", "{", 400, "BAD_REQUEST"),
        ("application/json", "{}", 400, "BAD_REQUEST"),
        ("text/plain", "{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ] {
        let request = stack.router.post("/api/plan").header("authorization", "Bearer let-me-in");
        let answer = Answer::of(request.header("content-type", content_type).body(body)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{body}");
        assert!(answer.header("content-type").starts_with("application/json"));
    }
}

#[tokio::test]
async fn without_a_token_a_proxied_request_is_refused() {
    let stack = Stack::start().await;
    let answer = Answer::of(stack.router.get("/api/config").header("x-forwarded-for", "1.2.3.4")).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "FORBIDDEN"));
}
