//! Abuse: requests that would be expensive further in are refused before anything recursive looks at them, on every path.

use std::{fmt::Write, time::Instant};

use serde_json::json;

use crate::support::{Answer, Stack};

/// Fragments that double with every level: a few hundred bytes, exponential for whoever writes them out.
fn doubling(levels: usize) -> String {
    let mut document = "{ ...F0 }".to_owned();
    for level in 0..levels {
        write!(document, " fragment F{level} on Query {{ ...F{0} ...F{0} }}", level + 1).unwrap();
    }
    write!(document, " fragment F{levels} on Query {{ people }}").unwrap();
    document
}

fn abuses() -> Vec<(&'static str, String)> {
    let aliases: String = (0..5_000).map(|n| format!("a{n}: people ")).collect();
    vec![
        ("doubling fragments", doubling(30)),
        ("depth", format!("{}people{}", "{ a".repeat(20_000), "}".repeat(20_000))),
        ("aliases", format!("{{ {aliases} }}")),
        (
            "circular fragments",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned(),
        ),
        ("directives", format!("{{ people {} }}", "@skip(if: false) ".repeat(5_000))),
        ("list depth", format!("{{ event(id: {}1{}) {{ id }} }}", "[".repeat(50_000), "]".repeat(50_000))),
        (
            "many passwords",
            format!(
                "mutation {{ {} }}",
                (0..20).map(|n| format!("a{n}: login(email: \"a\", password: \"{n}\") ")).collect::<String>()
            ),
        ),
    ]
}

#[tokio::test]
async fn expensive_documents_are_refused_cheaply_on_every_path() {
    let stack = Stack::start().await;
    for (name, document) in abuses() {
        for path in ["/graphql", "/user/graphql", "/event/graphql"] {
            let started = Instant::now();
            let answer = Answer::of(stack.router.post_json(path, &json!({ "query": document }))).await;
            assert!(answer.json()["errors"].is_array(), "{name} on {path}: {}", answer.text);
            assert!(started.elapsed().as_millis() < 1_000, "{name} on {path} took {:?}", started.elapsed());
        }
    }
    assert!(stack.user.seen().is_empty() && stack.event.seen().is_empty(), "nothing of it went further");
}

#[tokio::test]
async fn bodies_are_bounded_in_length_and_depth() {
    let stack = Stack::start().await;
    for path in ["/graphql", "/user/graphql"] {
        let long = format!(r#"{{"query":"{{ people }}","extensions":{{"x":"{}"}}}}"#, "x".repeat(1_100_000));
        let deep = format!(
            r#"{{"query":"{{ people }}","variables":{}{}}}"#,
            r#"{"a":"#.repeat(16_000),
            "1}".to_owned() + &"}".repeat(15_999)
        );
        for (body, status, code) in [(long, 413, "BODY_TOO_LARGE"), (deep, 400, "JSON_TOO_DEEP")] {
            let answer =
                Answer::of(stack.router.post(path).header("content-type", "application/json").body(body))
                    .await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{path}");
            let closes = answer.headers.get("connection").is_some_and(|value| value == "close");
            assert_eq!(closes, status == 413, "the rest of a body that is too long is never read");
        }
        let batch = Answer::of(stack.router.post_json(path, &json!([{ "query": "{ people }" }]))).await;
        assert_eq!((batch.status.as_u16(), batch.code().as_str()), (400, "BATCHING_DISABLED"), "{path}");
        let zipped = stack
            .router
            .post_json(path, &json!({ "query": "{ people }" }))
            .header("content-encoding", "gzip");
        assert_eq!(Answer::of(zipped).await.status, 415, "{path}");
    }
    assert!(stack.user.seen().is_empty());
}

#[tokio::test]
async fn a_services_credential_is_refused_on_every_path() {
    let stack = Stack::start().await;
    for path in ["/graphql", "/user/graphql", "/health", "/", "/api/health", "/nowhere"] {
        let answer = Answer::of(stack.router.get(path).header("x-eventhub-service-token", "x")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (403, "SERVICE_CREDENTIAL_REFUSED"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn federation_fields_are_not_served_to_the_outside() {
    let stack = Stack::start().await;
    for document in [
        "{ _service { sdl } }",
        "{ x: _entities(representations: []) { __typename } }",
        "{ ...F } fragment F on Query { _service { sdl } }",
    ] {
        let answer = Answer::of(stack.router.post_json("/user/graphql", &json!({ "query": document }))).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "FORBIDDEN"), "{document}");
        let answer = stack.router.query(document).await;
        assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED", "{document}");
    }
    assert!(stack.user.seen().is_empty());
}

#[tokio::test]
async fn introspection_cannot_be_nested_without_end() {
    let stack = Stack::start().await;
    let nested = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
    assert_eq!(stack.router.query(nested).await.code(), "GRAPHQL_VALIDATION_FAILED");
}
