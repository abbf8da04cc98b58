//! The endpoint over real requests: protocol, identity, errors, panics.

use async_graphql::{ComplexObject, Context, EmptySubscription, ID, Object, Schema, SimpleObject};
use http::StatusCode;
use poem::test::{TestClient, TestResponse};
use poem::{EndpointExt, Route, endpoint::BoxEndpoint};
use serde_json::{Value, json};
use service::identity::{Role, ServiceName};
use uuid::Uuid;

use super::*;
use crate::access;
use crate::testing::{service_token, service_verifier, user_token, user_verifier};

struct Query;
struct Mutation;

#[derive(SimpleObject)]
#[graphql(complex)]
struct Thing {
    id: ID,
}

#[ComplexObject]
impl Thing {
    async fn late(&self) -> i32 {
        tokio::task::yield_now().await;
        1
    }

    async fn soft(&self) -> Result<Option<i32>, Error> {
        Err(Error::not_found("it"))
    }
}

/// Has something that fails and may be null, and something that fails and may not.
struct Shelf;

#[Object]
impl Shelf {
    async fn name(&self) -> &'static str {
        "top"
    }

    /// Ten more.
    async fn shelves(&self) -> Vec<Shelf> {
        std::iter::repeat_with(|| Self).take(10).collect()
    }

    async fn soft(&self) -> Result<Option<i32>, Error> {
        Err(Error::not_found("it"))
    }

    async fn hard(&self) -> Result<i32, Error> {
        Err(Error::not_found("it"))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("SELECT password FROM users: connection refused by 10.0.0.7")]
struct Leak;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.unwrap_or_default())
    }

    async fn whoami(&self, ctx: &Context<'_>) -> String {
        format!("{:?}", access::caller(ctx))
    }

    async fn admins(&self, ctx: &Context<'_>) -> Result<i32, Error> {
        access::require_admin(ctx).map(|_| 1)
    }

    async fn sold_out(&self) -> Result<Option<i32>, Error> {
        Err(Error::new(Code::SoldOut, "2 left").with_detail("available", 2).with_field("quantity"))
    }

    async fn late(&self) -> i32 {
        tokio::task::yield_now().await;
        1
    }

    async fn shelf(&self) -> Shelf {
        Shelf
    }

    async fn shelves(&self) -> Vec<Option<Shelf>> {
        vec![Some(Shelf), None]
    }

    async fn full(&self) -> Vec<Shelf> {
        vec![Shelf]
    }

    async fn perhaps(&self) -> Option<Shelf> {
        Some(Shelf)
    }

    async fn leak(&self) -> async_graphql::Result<Option<i32>> {
        Err(Leak)?
    }

    async fn odd(&self) -> async_graphql::Result<Option<i32>> {
        Err(async_graphql::Error::new("said on purpose"))
    }

    async fn panics(&self, nothing: Option<i32>) -> i32 {
        nothing.expect("with a secret")
    }

    #[graphql(entity)]
    async fn thing(&self, id: ID) -> Option<Thing> {
        (*id != "none").then_some(Thing { id })
    }
}

#[Object]
impl Mutation {
    async fn write(&self) -> i32 {
        1
    }
}

fn app_with(introspection: bool, limits: Limits) -> TestClient<BoxEndpoint<'static, Response>> {
    let schema = crate::sdl::house(Schema::build(Query, Mutation, EmptySubscription)).finish();
    let services = service_verifier(ServiceName::Ticket);
    let options = Options { users: user_verifier(), services, limits, introspection };
    TestClient::new(Route::new().at("/graphql", Graphql::new(schema, options)).map_to_response().boxed())
}

fn app() -> TestClient<BoxEndpoint<'static, Response>> {
    app_with(true, Limits::default())
}

struct Got {
    status: StatusCode,
    content_type: String,
    body: Value,
}

impl Got {
    async fn of(response: TestResponse) -> Self {
        let (status, headers) = (response.0.status(), response.0.headers().clone());
        let content_type =
            headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let text = response.0.into_body().into_string().await.unwrap();
        Self { status, content_type, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    fn code(&self) -> &str {
        self.body.pointer("/errors/0/extensions/code").and_then(Value::as_str).unwrap_or("none")
    }
}

const OLD: &str = "application/json";
const NEW: &str = "application/graphql-response+json";

async fn post(accept: &str, headers: &[(&'static str, &str)], body: &Value) -> Got {
    let app = app();
    let mut request = app.post("/graphql").header("accept", accept);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Got::of(request.body_json(body).send().await).await
}

async fn ask(document: &str) -> Got {
    post(OLD, &[], &json!({ "query": document })).await
}

#[tokio::test]
async fn the_status_follows_from_the_media_type_and_the_outcome() {
    for (query, old, new, data) in [
        ("{ hello }", 200, 200, true),
        ("{ soldOut }", 200, 200, true),
        ("{ admins }", 200, 200, true),
        ("{", 200, 400, false),
        ("{ nope }", 200, 400, false),
        ("query($a: String!) { hello(name: $a) }", 200, 400, false),
        ("query A { hello } query B { hello }", 200, 400, false),
        ("{ hello(name: 1) }", 200, 400, false),
        ("{...a} fragment a on Query{...a}", 200, 400, false),
    ] {
        for (accept, status) in [(OLD, old), (NEW, new)] {
            let got = post(accept, &[], &json!({ "query": query })).await;
            assert_eq!(got.status.as_u16(), status, "{accept} {query} {}", got.body);
            assert_eq!(got.content_type, format!("{accept}; charset=utf-8"));
            assert_eq!(got.body.get("data").is_some(), data, "{accept} {query} {}", got.body);
        }
    }
    let unwrapped = post("text/html", &[], &json!({ "query": "{ hello }" })).await;
    assert_eq!(unwrapped.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn variables_that_do_not_fit_are_an_error_of_the_request() {
    for variables in [json!({ "n": 7 }), json!({ "n": [1] }), json!({})] {
        let body = json!({ "query": "query($n: String!) { hello(name: $n) }", "variables": variables });
        let (old, new) = (post(OLD, &[], &body).await, post(NEW, &[], &body).await);
        assert_eq!((old.status.as_u16(), new.status.as_u16()), (200, 400), "{} {}", variables, new.body);
        assert!(matches!(new.code(), "GRAPHQL_VALIDATION_FAILED" | "BAD_USER_INPUT"), "{}", new.body);
    }
}

#[tokio::test]
async fn parse_and_validation_errors_have_codes() {
    assert_eq!(ask("{ hello(").await.code(), "GRAPHQL_PARSE_FAILED");
    assert_eq!(ask("{ hello(name: 1.) }").await.code(), "GRAPHQL_PARSE_FAILED");
    assert_eq!(ask("{ nope }").await.code(), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(ask("query A { hello } query B { hello }").await.code(), "GRAPHQL_VALIDATION_FAILED");
    let validation = ask("{ nope }").await;
    assert!(validation.body.pointer("/errors/0/locations/0/line").is_some(), "{}", validation.body);
    assert!(!validation.body.to_string().contains("did you mean"), "{}", validation.body);
}

#[tokio::test]
async fn a_request_that_is_wrong_everywhere_gets_a_short_answer() {
    let wrong: String = (0..60).map(|at| format!("wrong{at} ")).collect();
    let got = ask(&format!("{{ {wrong} }}")).await;
    assert_eq!(got.body["errors"].as_array().map(Vec::len), Some(20));
}

#[tokio::test]
async fn errors_carry_code_field_and_details() {
    let got = ask("{ soldOut }").await;
    assert_eq!(got.body["data"], json!({ "soldOut": null }));
    let extensions = json!({ "available": 2, "code": "SOLD_OUT", "field": "quantity" });
    assert_eq!(got.body.pointer("/errors/0/extensions"), Some(&extensions));
    assert_eq!(got.body.pointer("/errors/0/path"), Some(&json!(["soldOut"])));
}

#[tokio::test]
async fn an_answer_has_the_shape_that_was_asked_for() {
    for (query, data) in [
        ("{ late hello x: late }", r#"{"late":1,"hello":"hello ","x":1}"#),
        ("{ a: soldOut hello }", r#"{"a":null,"hello":"hello "}"#),
        ("{ perhaps { name soft } }", r#"{"perhaps":{"name":"top","soft":null}}"#),
        ("{ perhaps { soft } }", r#"{"perhaps":{"soft":null}}"#),
        ("{ perhaps { name hard } hello }", r#"{"perhaps":null,"hello":"hello "}"#),
        ("{ shelves { hard name } hello }", r#"{"shelves":[null,null],"hello":"hello "}"#),
        ("{ shelves { soft } }", r#"{"shelves":[{"soft":null},null]}"#),
        ("{ shelf { hard } hello }", "null"),
        ("{ full { name hard } hello }", "null"),
        (
            "{ perhaps { ...F } } fragment F on Shelf { name ... { soft } name }",
            r#"{"perhaps":{"name":"top","soft":null}}"#,
        ),
        ("{ hello @skip(if: true) late soldOut @include(if: false) }", r#"{"late":1}"#),
        ("query($n: Boolean = true) { hello @skip(if: $n) late }", r#"{"late":1}"#),
        ("{ __typename perhaps { t: __typename } }", r#"{"__typename":"Query","perhaps":{"t":"Shelf"}}"#),
        ("{ perhaps { name } perhaps { soft } }", r#"{"perhaps":{"name":"top","soft":null}}"#),
        ("{ perhaps { name @skip(if: true) } }", r#"{"perhaps":{}}"#),
        ("{ perhaps { ... @skip(if: true) { name } } }", r#"{"perhaps":{}}"#),
        ("{ perhaps { soft @include(if: true) name @skip(if: true) } }", r#"{"perhaps":{"soft":null}}"#),
        ("{ shelves { name @skip(if: true) } hello }", r#"{"shelves":[{},null],"hello":"hello "}"#),
        ("{ hello @skip(if: true) }", "{}"),
        ("query($n: Boolean = false) { __typename @include(if: $n) late }", r#"{"late":1}"#),
        ("query($n: Boolean = true) { late @include(if: $n) }", r#"{"late":1}"#),
        (
            "{ late @include(if: true) __schema { queryType { name } } }",
            r#"{"late":1,"__schema":{"queryType":{"name":"Query"}}}"#,
        ),
        (
            "{ late __schema { queryType { name } } }",
            r#"{"late":1,"__schema":{"queryType":{"name":"Query"}}}"#,
        ),
        (
            "query($n: Boolean = true) { late @include(if: $n) __schema { queryType { name } } }",
            r#"{"late":1,"__schema":{"queryType":{"name":"Query"}}}"#,
        ),
    ] {
        let got = ask(query).await;
        assert_eq!(got.body["data"].to_string(), data, "{query} {}", got.body);
    }
}

#[tokio::test]
async fn lists_within_lists_are_bounded_and_one_list_is_not() {
    let limits = Limits { values: 1_000, nested_values: 500, ..Limits::default() };
    let app = app_with(true, limits);
    let ask = async |query: &str| {
        let request = app.post("/graphql").content_type("application/json");
        Got::of(request.body(json!({ "query": query }).to_string()).send().await).await.body
    };
    let flat = "{ shelf { shelves { name } } }";
    assert_eq!(ask(flat).await["data"]["shelf"]["shelves"].as_array().map(Vec::len), Some(10));
    let twice = "{ shelf { shelves { shelves { name } } } }";
    assert_eq!(ask(twice).await["errors"], Value::Null, "220 values");
    for query in ["{ shelf { shelves { shelves { shelves { name } } } } }", &format!("{{ {} }}", much())] {
        let body = ask(query).await;
        assert_eq!(body["data"], Value::Null, "{query}");
        assert_eq!(body["errors"].as_array().map(Vec::len), Some(1), "{body}");
        assert_eq!(body["errors"][0]["extensions"]["code"], "DOCUMENT_TOO_COMPLEX");
    }
}

/// A thousand values, none of them in a list of lists.
fn much() -> String {
    (0..60).map(|n| format!("a{n}: shelf {{ shelves {{ name }} }} ")).collect()
}

#[tokio::test]
async fn entities_are_shaped_by_what_was_asked_for() {
    let service = service_token(ServiceName::Router, ServiceName::Ticket);
    let query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Thing { late id soft } } }";
    let representations =
        json!([{ "__typename": "Thing", "id": "7" }, { "__typename": "Thing", "id": "none" }]);
    let body = json!({ "query": query, "variables": { "r": representations } });
    let got = post(OLD, &[("x-eventhub-service-token", &service)], &body).await;
    assert_eq!(
        got.body["data"].to_string(),
        r#"{"_entities":[{"late":1,"id":"7","soft":null},null]}"#,
        "{}",
        got.body
    );
}

#[tokio::test]
async fn what_a_resolver_lets_slip_stays_inside() {
    for query in ["{ leak }", "{ panics }", "query { panics leak hello }"] {
        let got = ask(query).await;
        let text = got.body.to_string();
        assert!(!text.contains("password") && !text.contains("secret"), "{text}");
        assert_eq!(got.code(), "INTERNAL", "{text}");
        let id = got.body.pointer("/errors/0/extensions/errorId").and_then(Value::as_str).unwrap();
        assert!(Uuid::parse_str(id).is_ok(), "{id}");
    }
    assert_eq!(ask("{ panics }").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(ask("{ odd }").await.body.pointer("/errors/0/message"), Some(&json!("said on purpose")));
}

#[tokio::test]
async fn get_reads_and_never_writes() {
    let app = app();
    let get = async |query: &str| Got::of(app.get("/graphql").query("query", &query).send().await).await;
    assert_eq!(get("{ hello }").await.body["data"]["hello"], "hello ");
    let refused = get("mutation { write }").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"));
    let put = Got::of(app.put("/graphql").send().await).await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_foreign_page_cannot_post() {
    let app = app();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let request =
            app.post("/graphql").content_type(content_type).body(r#"{"query":"mutation { write }"}"#);
        let got = Got::of(request.send().await).await;
        assert_eq!((got.status, got.code()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"));
    }
}

#[tokio::test]
async fn batches_run_in_order_where_they_are_configured() {
    let batch = json!([{ "query": "{ hello }" }, { "query": "{ nope }" }]);
    assert_eq!(post(OLD, &[], &batch).await.code(), "BATCHING_DISABLED");
    let app = app_with(true, Limits { batch: 5, ..Limits::default() });
    let got = Got::of(app.post("/graphql").body_json(&batch).send().await).await;
    assert_eq!(got.body[0]["data"]["hello"], "hello ");
    assert_eq!(got.body[1]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn the_caller_is_who_the_tokens_prove() {
    let id = Uuid::now_v7();
    let bearer = format!("Bearer {}", user_token(id, Role::Customer));
    let service = service_token(ServiceName::Booking, ServiceName::Ticket);
    let both = [("authorization", bearer.as_str()), ("x-eventhub-service-token", service.as_str())];
    let body = json!({ "query": "{ whoami }" });
    let got = post(OLD, &both, &body).await;
    let seen = got.body["data"]["whoami"].as_str().unwrap();
    assert!(seen.contains(&id.to_string()) && seen.contains("Some(Booking)"), "{seen}");
    assert!(post(OLD, &[], &body).await.body["data"]["whoami"].as_str().unwrap().contains("Anonymous"));
}

#[tokio::test]
async fn a_token_that_does_not_hold_refuses_the_whole_request() {
    let elsewhere = service_token(ServiceName::Booking, ServiceName::Event);
    let good = user_token(Uuid::now_v7(), Role::Admin);
    let bad = format!("Bearer {}x", &good[..good.len() - 1]);
    for header in [
        ("authorization", "Bearer nonsense"),
        ("authorization", bad.as_str()),
        ("authorization", "Basic YTpi"),
        ("authorization", good.as_str()),
        ("x-eventhub-service-token", "nonsense"),
        ("x-eventhub-service-token", elsewhere.as_str()),
        ("x-eventhub-service-token", good.as_str()),
    ] {
        let got = post(NEW, &[header], &json!({ "query": "{ hello }" })).await;
        assert_eq!((got.status, got.code()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"), "{header:?}");
        assert!(got.body.get("data").is_none());
    }
}

#[tokio::test]
async fn federation_fields_are_for_services() {
    let service = service_token(ServiceName::Router, ServiceName::Ticket);
    let admin = format!("Bearer {}", user_token(Uuid::now_v7(), Role::Admin));
    for query in [
        "{ _service { sdl } }",
        "{ x: _service { sdl } }",
        "{ ...F } fragment F on Query { _service { sdl } }",
        r#"{ _entities(representations: [{ __typename: "Thing", id: "7" }]) { ... on Thing { id } } }"#,
    ] {
        let body = json!({ "query": query });
        for headers in [&[][..], &[("authorization", admin.as_str())]] {
            let got = post(OLD, headers, &body).await;
            assert_eq!((got.status, got.code()), (StatusCode::FORBIDDEN, "FORBIDDEN"), "{query}");
        }
        let got = post(OLD, &[("x-eventhub-service-token", &service)], &body).await;
        assert!(got.body.get("errors").is_none(), "{query} {}", got.body);
    }
}

#[tokio::test]
async fn introspection_can_be_turned_off() {
    let query = json!({ "query": "{ __schema { queryType { name } } }" });
    let on = Got::of(app().post("/graphql").body_json(&query).send().await).await;
    assert_eq!(on.body["data"]["__schema"]["queryType"]["name"], "Query");
    let off = app_with(false, Limits::default());
    let off = Got::of(off.post("/graphql").body_json(&query).send().await).await;
    assert!(!off.body.to_string().contains("queryType"), "{}", off.body);
}

#[tokio::test]
async fn the_standard_introspection_query_is_answered() {
    let got = ask(include_str!("../../../service/src/guard/tests/introspection.graphql")).await;
    assert!(
        got.body["data"]["__schema"]["types"].as_array().is_some_and(|types| types.len() > 5),
        "{}",
        got.body
    );
}

#[tokio::test]
async fn no_page_and_no_bad_token_opens_a_socket() {
    let open = async |headers: &[(&'static str, &str)]| {
        let app = app();
        let mut request = app.get("/graphql").header("upgrade", "websocket");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.0.status()
    };
    assert_eq!(open(&[("origin", "https://evil.example")]).await, StatusCode::FORBIDDEN);
    assert_eq!(open(&[("authorization", "Bearer nonsense")]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(open(&[]).await, StatusCode::BAD_REQUEST, "it is no complete handshake");
}

#[tokio::test]
async fn whoever_takes_only_events_is_answered_by_events() {
    let app = app();
    let request = app.post("/graphql").header("accept", "text/event-stream");
    let answer = request.body_json(&json!({ "query": "{ hello }" })).send().await;
    answer.assert_content_type("text/event-stream; charset=utf-8");
    let text = answer.0.into_body().into_string().await.unwrap();
    assert!(
        text.ends_with("event: next\ndata: {\"data\":{\"hello\":\"hello \"}}\n\nevent: complete\ndata: \n\n"),
        "{text}"
    );
}
