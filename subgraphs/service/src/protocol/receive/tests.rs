//! What comes through the door, and what does not.

use futures_util::stream;

use super::*;

async fn post(content_type: Option<&str>, body: impl Into<Body>) -> Result<Incoming, Refusal> {
    post_within(&Limits::default(), content_type, body).await
}

async fn post_within(
    limits: &Limits,
    content_type: Option<&str>,
    body: impl Into<Body>,
) -> Result<Incoming, Refusal> {
    let mut builder = Request::builder().method(Method::POST);
    if let Some(content_type) = content_type {
        builder = builder.header("content-type", content_type);
    }
    receive(&mut builder.body(body), limits).await
}

async fn get(query: &str) -> Result<Incoming, Refusal> {
    let uri: Uri = format!("/graphql?{query}").parse().unwrap();
    receive(&mut Request::builder().uri(uri).finish(), &Limits::default()).await
}

fn request(incoming: Result<Incoming, Refusal>) -> GraphqlRequest {
    match incoming {
        Ok(Incoming::Single(accepted)) => accepted.request,
        other => panic!("{other:?}"),
    }
}

const JSON: Option<&str> = Some("application/json");

#[tokio::test]
async fn a_post_carries_four_parameters() {
    let body = r#"{"query":"query Q($a:Int){a}","operationName":"Q","variables":{"a":1},"extensions":{"b":2},"more":0}"#;
    let request = request(post(JSON, body).await);
    assert_eq!(
        (request.query.as_str(), request.operation_name.as_deref()),
        ("query Q($a:Int){a}", Some("Q"))
    );
    assert_eq!((request.variables["a"].as_i64(), request.extensions["b"].as_i64()), (Some(1), Some(2)));
}

#[tokio::test]
async fn parameters_may_be_null_but_not_of_another_type() {
    let body = r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#;
    assert!(post(JSON, body).await.is_ok());
    for bad in [
        r#"{}"#,
        r#"{"query":null}"#,
        r#"{"query":1}"#,
        r#"{"query":{"a":1}}"#,
        r#"{"query":["{a}"]}"#,
        r#"{"query":"{a}","operationName":1}"#,
        r#"{"query":"{a}","variables":"{}"}"#,
        r#"{"query":"{a}","variables":[1]}"#,
        r#"{"query":"{a}","extensions":7}"#,
        r#""{a}""#,
        r#"7"#,
        r#"null"#,
    ] {
        assert!(matches!(post(JSON, bad).await, Err(Refusal::NotARequest(_))), "{bad}");
    }
    for bad in ["", "{", "{a}", r#"{"query":"{a}"} {"#, r#"{"query":"{a}",}"#, "\u{feff}{}"] {
        assert_eq!(post(JSON, bad).await, Err(Refusal::JsonMalformed), "{bad}");
    }
}

#[tokio::test]
async fn only_json_in_utf_8_is_a_graphql_request() {
    for good in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        assert!(post(Some(good), r#"{"query":"{a}"}"#).await.is_ok(), "{good}");
    }
    for bad in [
        None,
        Some(""),
        Some("text/plain"),
        Some("text/plain; application/json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/jsonp"),
        Some("application/json; charset=utf-16"),
        Some("application/graphql"),
    ] {
        assert_eq!(post(bad, r#"{"query":"{a}"}"#).await, Err(Refusal::UnsupportedMediaType), "{bad:?}");
    }
    let mut encoded = Request::builder()
        .method(Method::POST)
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body("x");
    assert_eq!(receive(&mut encoded, &Limits::default()).await, Err(Refusal::UnsupportedContentEncoding));
}

#[tokio::test]
async fn get_answers_queries_only() {
    let request =
        request(get("query=query%20Q(%24a:Int)%7Ba%7D&operationName=Q&variables=%7B%22a%22:1%7D").await);
    assert_eq!((request.query.as_str(), request.variables["a"].as_i64()), ("query Q($a:Int){a}", Some(1)));
    for bad in [
        "query=mutation%7Ba%7D",
        "query=query%20A%7Ba%7Dmutation%20B%7Bb%7D&operationName=B",
        "query=subscription%7Ba%7D",
    ] {
        assert!(matches!(get(bad).await, Err(Refusal::MethodNotAllowed(_))), "{bad}");
    }
    assert!(matches!(get("").await, Err(Refusal::NotARequest(_))));
    assert!(matches!(get("query=%7Ba%7D&variables=1").await, Err(Refusal::NotARequest(_))));
    let malformed = get("query=%7Ba%7D&variables=%7B").await;
    assert_eq!(malformed, Err(Refusal::NotARequest("the variables parameter is not valid JSON")));
    let deep = format!("query=%7Ba%7D&variables={}", "[".repeat(5_000));
    assert_eq!(get(&deep).await, Err(Refusal::JsonTooDeep { limit: 64 }));
}

#[tokio::test]
async fn an_empty_parameter_is_an_absent_one() {
    let posted = request(post(JSON, r#"{"query":"{a}","operationName":""}"#).await);
    let got = request(get("query=%7Ba%7D&operationName=&variables=&extensions=").await);
    assert_eq!(posted, got);
    assert_eq!(got, GraphqlRequest { query: "{a}".to_owned(), ..GraphqlRequest::default() });
}

#[tokio::test]
async fn other_methods_are_refused() {
    for method in [Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS, Method::PATCH] {
        let mut request = Request::builder().method(method).finish();
        assert!(matches!(receive(&mut request, &Limits::default()).await, Err(Refusal::MethodNotAllowed(_))));
    }
}

#[tokio::test]
async fn batches_are_off_until_they_are_configured() {
    let body = r#" [{"query":"{a}"},{"query":"{b}"}]"#;
    assert_eq!(post(JSON, body).await, Err(Refusal::BatchingDisabled));
    let limits = Limits { batch: 2, ..Limits::default() };
    assert!(matches!(post_within(&limits, JSON, body).await, Ok(Incoming::Batch(two)) if two.len() == 2));
    let three = r#"[{"query":"{a}"},{"query":"{b}"},{"query":"{c}"}]"#;
    assert_eq!(post_within(&limits, JSON, three).await, Err(Refusal::BatchTooLarge { limit: 2 }));
    assert!(post_within(&limits, JSON, "[]").await.is_err());
}

#[tokio::test]
async fn a_body_is_cut_where_the_limit_is_whatever_it_announced() {
    let limits = Limits { body_bytes: 1_000, ..Limits::default() };
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 400])));
    let refused = post_within(&limits, JSON, Body::from_bytes_stream(endless)).await;
    assert_eq!(refused, Err(Refusal::BodyTooLarge { limit: 1_000 }));
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    assert_eq!(post(JSON, Body::from_bytes_stream(broken)).await, Err(Refusal::BodyIncomplete));
}

#[tokio::test]
async fn json_bombs_are_refused_before_they_are_parsed() {
    let bomb = format!(r#"{{"query":"{{a}}","variables":{}"#, r#"{"a":"#.repeat(100_000));
    assert_eq!(post(JSON, bomb).await, Err(Refusal::JsonTooDeep { limit: 64 }));
}

#[tokio::test]
async fn the_guard_sees_the_document() {
    let body = r#"{"query":"{...a} fragment a on Q{...a}"}"#;
    assert_eq!(post(JSON, body).await, Err(Refusal::FragmentCycle("a".into())));
}

#[tokio::test]
async fn a_body_that_stops_coming_is_not_waited_for() {
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]).chain(stream::pending());
    let (body, limits) = (Body::from_bytes_stream(begun), Limits::default());
    assert_eq!(read_body(body, &limits, Duration::from_millis(10)).await, Err(Refusal::BodyTooSlow));
}

#[tokio::test]
async fn a_body_announced_too_long_is_refused_unread() {
    let mut request = Request::builder()
        .method(Method::POST)
        .header("content-type", "application/json")
        .header("content-length", "9999999")
        .body(Body::from_bytes_stream(stream::pending::<Result<Bytes, std::io::Error>>()));
    let refused = receive(&mut request, &Limits::default()).await;
    assert_eq!(refused, Err(Refusal::BodyTooLarge { limit: 1024 * 1024 }));
}
