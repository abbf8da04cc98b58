//! Documents and requests that would hurt a server without a guard, against all nine endpoints: refused with a code, at once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::services::Service;

use super::stack;
use crate::support::people::Person;
use crate::support::stack::Way;
use crate::support::wire::{Answer, Sender};

/// Far above what a refusal costs, far below what the shortest of these documents costs an unguarded server.
const LIMIT: Duration = Duration::from_secs(2);

/// A request that must be refused.
struct Abuse {
    name: &'static str,
    content_type: &'static str,
    body: String,
}

fn document(name: &'static str, query: &str) -> Abuse {
    raw(name, json!({ "query": query }).to_string())
}

fn raw(name: &'static str, body: String) -> Abuse {
    Abuse { name, content_type: "application/json", body }
}

fn abuses() -> Vec<Abuse> {
    let many = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
    vec![
        document("fragments that double at each level", &doubling(30, "")),
        document(
            "the same, 900 bytes, behind an alias and a condition",
            &doubling(24, " @include(if: true)"),
        ),
        document(
            "fragments in a circle",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        ),
        document("a fragment that contains itself", "{ ...A } fragment A on Query { __typename ...A }"),
        document(
            "a selection 10,000 levels deep",
            &format!("{}x{}", "{a".repeat(10_000), "}".repeat(10_000)),
        ),
        document(
            "inline fragments 10,000 levels deep",
            &format!("{{{}__typename{}}}", "...{".repeat(10_000), "}".repeat(10_000)),
        ),
        document(
            "a list 10,000 levels deep",
            &format!("{{ a(b: {}{}) }}", "[".repeat(10_000), "]".repeat(10_000)),
        ),
        document(
            "an object 10,000 levels deep",
            &format!("{{ a(b: {}1{}) }}", "{c:".repeat(10_000), "}".repeat(10_000)),
        ),
        document(
            "a type 10,000 levels deep",
            &format!("query($v: {}Int{}) {{ __typename }}", "[".repeat(10_000), "]".repeat(10_000)),
        ),
        document("10,000 aliases", &format!("{{{}}}", many(10_000, &|n| format!("a{n}:__typename ")))),
        document("one field 50,000 times", &format!("{{{}}}", "__typename ".repeat(50_000))),
        document("10,000 directives", &format!("{{ __typename {} }}", "@include(if: true) ".repeat(10_000))),
        document("10,000 unknown directives", &format!("{{ __typename {} }}", "@x ".repeat(10_000))),
        document("5,000 operations", &many(5_000, &|n| format!("query Q{n} {{ __typename }} "))),
        document(
            "5,000 unused fragments",
            &format!(
                "{{ __typename }} {}",
                many(5_000, &|n| format!("fragment F{n} on Query {{ __typename }} "))
            ),
        ),
        document(
            "10,000 variables",
            &format!("query({}) {{ __typename }}", many(10_000, &|n| format!("$v{n}: Int "))),
        ),
        document("introspection that goes round in circles", &circular_introspection(30)),
        raw(
            "variables nested 16,000 deep",
            format!(
                r#"{{"query":"{{__typename}}","variables":{{"v":{}{}}}}}"#,
                "[".repeat(16_000),
                "]".repeat(16_000)
            ),
        ),
        raw("JSON nested 100,000 deep", "[".repeat(100_000)),
        raw("a batch", format!("[{}]", vec![r#"{"query":"{__typename}"}"#; 100].join(","))),
        raw(
            "a body of 2 MiB",
            json!({ "query": format!("{{ __typename }} #{}", "x".repeat(2 << 20)) }).to_string(),
        ),
        raw("no JSON", "{\"query\": \"{ __typename }\"".to_owned()),
        raw("nothing", String::new()),
        raw("null", "null".to_owned()),
        raw("a number for a query", r#"{"query": 7}"#.to_owned()),
        raw("a list for variables", r#"{"query": "{ __typename }", "variables": [1]}"#.to_owned()),
        raw("bytes that are no text", "{\"query\": \"{ \u{0} }\"}".to_owned()),
        document("a string that never ends", "{ a(b: \"x) }"),
        document("nothing but a comment", "# nothing"),
        Abuse {
            name: "a form from another site",
            content_type: "text/plain",
            body: r#"{"query":"{__typename}"}"#.to_owned(),
        },
        Abuse {
            name: "a form",
            content_type: "application/x-www-form-urlencoded",
            body: "query={__typename}".to_owned(),
        },
    ]
}

fn doubling(levels: usize, directive: &str) -> String {
    let fragments: String = (0..levels)
        .map(|n| format!("fragment F{n} on Query{{...F{next}{directive} ...F{next}}}", next = n + 1))
        .collect();
    format!("{{...F0}} {fragments} fragment F{levels} on Query{{__typename}}")
}

fn circular_introspection(levels: usize) -> String {
    let inner = (0..levels).fold("name".to_owned(), |inner, _| format!("fields{{type{{{inner}}}}}"));
    format!("{{__schema{{types{{{inner}}}}}}}")
}

#[tokio::test]
async fn every_abuse_is_refused_at_once_on_all_nine_endpoints() {
    let mut wrong = Vec::new();
    for (name, endpoint) in stack().endpoints() {
        for abuse in abuses() {
            // A connection of its own for each: a server may well close one on which it was abused.
            let sender = Sender::default();
            let started = Instant::now();
            let answer = sender.post(&endpoint, abuse.content_type, abuse.body).await;
            let took = started.elapsed();
            if let Err(reason) = judge(&answer, took) {
                wrong.push(format!(
                    "{name}: {}: {reason} after {took:?}: {}",
                    abuse.name,
                    shortened(&answer)
                ));
            }
        }
        let after = Sender::default().ask(&endpoint, "{ __typename }", json!({})).await;
        assert_eq!(after.data()["__typename"], "Query", "{name} answers after all that");
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), 9 * abuses().len(), wrong.join("\n"));
}

fn judge(answer: &Answer, took: Duration) -> Result<(), &'static str> {
    if answer.status == 0 || answer.status >= 500 {
        return Err("not refused but failed");
    }
    if answer.code().is_empty() {
        return Err("no code");
    }
    if answer.body.get("data").is_some_and(|data| !data.is_null()) {
        return Err("answered");
    }
    if took > LIMIT { Err("too slow") } else { Ok(()) }
}

fn shortened(answer: &Answer) -> String {
    let text = format!("{} {}", answer.status, answer.body);
    text.chars().take(200).collect()
}

#[tokio::test]
async fn the_standard_introspection_query_passes_on_all_nine_endpoints() {
    for (name, endpoint) in stack().endpoints() {
        let answer = Sender::default().ask(&endpoint, INTROSPECTION, json!({})).await;
        let types = answer.data()["__schema"]["types"].as_array().unwrap().len();
        assert!(types > 10, "{name}: {types} types");
    }
}

#[tokio::test]
async fn a_mutation_over_get_is_refused_on_all_nine_endpoints() {
    for (name, endpoint) in stack().endpoints() {
        let url = format!("{endpoint}?query=mutation%7B__typename%7D");
        let answer = Sender::default().get(&url).await;
        assert!((400..500).contains(&answer.status), "{name}: {answer:?}");
        let url = format!("{endpoint}?query=%7B__typename%7D");
        let answer = Sender::default().get(&url).await;
        assert_eq!(answer.data()["__typename"], "Query", "{name}");
    }
}

#[tokio::test]
async fn what_only_the_router_may_ask_is_closed_to_everybody_else() {
    let admin = Person::admin(stack(), Way::Unified).await;
    for (name, endpoint) in stack().endpoints() {
        for query in [
            "{ _service { sdl } }",
            r#"{ _entities(representations: [{ __typename: "User", id: "1" }]) { __typename } }"#,
        ] {
            for sender in [&Sender::default(), &admin.sender] {
                let answer = sender.ask(&endpoint, query, json!({})).await;
                assert!(!answer.code().is_empty(), "{name}: {query}: {answer:?}");
                assert!(
                    answer.body["data"].is_null() || answer.body["data"]["_service"].is_null(),
                    "{answer:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_service_credential_from_outside_is_refused_by_the_router() {
    for way in [Way::Unified, Way::Legacy] {
        let endpoint = stack().endpoint(way, Service::Ticket);
        let request = Sender::default().http().post(&endpoint).header("x-eventhub-service-token", "x.y.z");
        let answer = request.json(&json!({ "query": "{ __typename }" })).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{way:?}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "SERVICE_CREDENTIAL_REFUSED", "{body}");
    }
}

#[tokio::test]
async fn a_document_tries_one_credential() {
    let query = r#"mutation {
        a: login(email: "x@example.org", password: "guess one") { accessToken }
        b: login(email: "x@example.org", password: "guess two") { accessToken } }"#;
    for way in Way::ALL {
        let answer = Sender::default().ask(&stack().endpoint(way, Service::User), query, json!({})).await;
        assert!(answer.body["data"].is_null(), "{way:?}: {answer:?}");
        assert!(!answer.code().is_empty() && answer.code() != "INVALID_CREDENTIALS", "{way:?}: {answer:?}");
    }
}

/// As tools send it.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { ...FullType } directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description
    fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
    inputFields { ...InputValue } interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";
