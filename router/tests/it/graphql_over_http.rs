//! `/graphql` by the letter of GraphQL over HTTP: media types, statuses, methods, parameters.

use serde_json::{Value, json};

use crate::support::{Answer, Stack};

const NEW: &str = "application/graphql-response+json";

async fn accepting(stack: &Stack, accept: &str, body: Value) -> Answer {
    Answer::of(stack.router.post_json("/graphql", &body).header("accept", accept)).await
}

#[tokio::test]
async fn a_request_error_is_400_in_the_new_media_type_and_200_in_the_old() {
    let stack = Stack::start().await;
    for (body, code) in [
        (json!({ "query": "{" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "{ nonsense }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "query($id: ID!) { event(id: $id) { id } }" }), "BAD_USER_INPUT"),
        (json!({ "query": "{ people }", "operationName": "Other" }), "OPERATION_RESOLUTION_FAILURE"),
        (json!({ "query": "query A { people } query B { people }" }), "OPERATION_RESOLUTION_FAILURE"),
    ] {
        let new = accepting(&stack, NEW, body.clone()).await;
        assert_eq!((new.status.as_u16(), new.code().as_str()), (400, code), "{body}");
        assert!(new.header("content-type").starts_with(NEW));
        assert_eq!(new.json().get("data"), None);
        let old = accepting(&stack, "application/json", body.clone()).await;
        assert_eq!((old.status.as_u16(), old.code().as_str()), (200, code), "{body}");
        assert!(old.header("content-type").starts_with("application/json"));
    }
    assert!(stack.user.seen().is_empty());
}

#[tokio::test]
async fn an_error_says_where_it_is() {
    let stack = Stack::start().await;
    let answer = stack.router.query("{\n  people\n  nonsense\n}").await;
    assert_eq!(answer.json()["errors"][0]["locations"], json!([{ "line": 3, "column": 3 }]));
}

#[tokio::test]
async fn get_answers_queries_only() {
    let stack = Stack::start().await;
    let query = Answer::of(stack.router.get("/graphql").query_string("query=%7B%20people%20%7D")).await;
    assert_eq!(query.json(), json!({ "data": { "people": 3 } }));
    let mutation = Answer::of(
        stack.router.get("/graphql").query_string("query=mutation%7Brename(name%3A%22x%22)%7Bid%7D%7D"),
    )
    .await;
    assert_eq!((mutation.status.as_u16(), mutation.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(mutation.header("allow"), "GET, POST");
    assert_eq!(stack.user.seen().len(), 1);
    let put = Answer::of(reqwest::Client::new().put(format!("{}/graphql", stack.router.url))).await;
    assert_eq!(put.status, 405);
}

#[tokio::test]
async fn an_empty_operation_name_names_the_only_operation() {
    let stack = Stack::start().await;
    let body = json!({ "query": "query A { people }", "operationName": "" });
    for path in ["/graphql", "/user/graphql"] {
        let posted = Answer::of(stack.router.post_json(path, &body)).await;
        assert_eq!(posted.json()["data"]["people"], 3, "{path}");
        let got = stack.router.get(path).query_string("query=query%20A%7Bpeople%7D&operationName=");
        assert_eq!(Answer::of(got).await.json()["data"]["people"], 3, "{path}");
        let mutation = "query=mutation%7Brename(name%3A%22x%22)%7Bid%7D%7D&operationName=";
        assert_eq!(Answer::of(stack.router.get(path).query_string(mutation)).await.status, 405, "{path}");
    }
}

#[tokio::test]
async fn what_a_page_can_send_without_asking_is_refused() {
    let stack = Stack::start().await;
    let body = r#"{"query":"mutation { rename(name: \"x\") { id } }"}"#;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let answer =
            Answer::of(stack.router.post("/graphql").header("content-type", content_type).body(body)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
            "{content_type}"
        );
    }
    assert!(stack.user.seen().is_empty());
}

#[tokio::test]
async fn an_answer_that_nobody_accepts_is_not_made() {
    let stack = Stack::start().await;
    let answer = accepting(&stack, "text/html", json!({ "query": "{ people }" })).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (406, "NOT_ACCEPTABLE"));
}

#[tokio::test]
async fn a_browser_is_shown_the_explorer() {
    let stack = Stack::start().await;
    for path in ["/graphql", "/"] {
        let page = Answer::of(stack.router.get(path).header("accept", "text/html,*/*;q=0.8")).await;
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert!(page.text.contains("EventHUB explorer"));
        assert!(!page.text.contains("https://"), "the page needs nothing from elsewhere");
    }
    let off = Stack::with(&[("explorer", "false")]).await;
    assert_eq!(Answer::of(off.router.get("/")).await.status, 404);
}

#[tokio::test]
async fn a_document_may_be_named_by_its_hash_once_it_was_sent() {
    let stack = Stack::start().await;
    let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let alone = json!({ "extensions": extensions });
    let first = Answer::of(stack.router.post_json("/graphql", &alone)).await;
    assert_eq!(first.json()["errors"][0]["message"], "PersistedQueryNotFound");
    let wrong = json!({ "query": "{ people }", "extensions": extensions });
    assert_eq!(
        Answer::of(stack.router.post_json("/graphql", &wrong)).await.code(),
        "PERSISTED_QUERY_HASH_MISMATCH"
    );
    let both = json!({ "query": "{__typename}", "extensions": extensions });
    assert_eq!(
        Answer::of(stack.router.post_json("/graphql", &both)).await.json(),
        json!({ "data": { "__typename": "Query" } })
    );
    assert_eq!(
        Answer::of(stack.router.post_json("/graphql", &alone)).await.json(),
        json!({ "data": { "__typename": "Query" } })
    );
}

#[tokio::test]
async fn a_subscription_is_refused_with_its_code() {
    let sdl = r#"
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
        type Query { a: Int } type Subscription { ticks: Int }"#;
    let input = composition::SubgraphInput {
        name: "a".into(),
        url: "http://127.0.0.1:9/graphql".into(),
        sdl: sdl.into(),
        source: None,
    };
    let sdl = composition::compose(&[input]).unwrap().supergraph_sdl;
    let router = crate::support::Router::start(&sdl, &[]).await;
    assert_eq!(router.query("subscription { ticks }").await.code(), "SUBSCRIPTION_NOT_SUPPORTED");
}

#[tokio::test]
async fn introspection_can_be_turned_off() {
    let stack = Stack::with(&[("introspection", "false")]).await;
    assert_eq!(
        stack.router.query("{ __schema { queryType { name } } }").await.code(),
        "INTROSPECTION_DISABLED"
    );
    assert_eq!(
        stack.router.query("{ __typename }").await.json(),
        json!({ "data": { "__typename": "Query" } })
    );
}

trait QueryString {
    fn query_string(self, query: &str) -> Self;
}

impl QueryString for reqwest::RequestBuilder {
    fn query_string(self, query: &str) -> Self {
        let (client, request) = self.build_split();
        let mut request = request.unwrap();
        request.url_mut().set_query(Some(query));
        Self::from_parts(client, request)
    }
}
