//! Subgraphs that answer something else: always a well-formed response, an error at the client's path, and bounded memory.

use executor::Limits;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{Plan, Script, answer, data, errors, query, run, run_with, text};

fn user() -> Plan {
    query("{ me: User { id: ID! name: String } n: Int }")
        .fetch("a", &[])
        .root("me { id }")
        .fetch("n", &[])
        .root("n")
        .fetch("b", &[0])
        .entities("me", &["User { id }"], "__typename name")
}

const ME: (&str, &str) = ("a", r#"{"data":{"me":{"id":"1"}}}"#);
const N: (&str, &str) = ("n", r#"{"data":{"n":1}}"#);

#[tokio::test]
async fn a_root_answer_that_is_none_fails_its_fields_alone() {
    let deep = format!(r#"{{"data":{{"x":{}1{}}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "",
        " ",
        "<html><body>502 Bad Gateway</body></html>",
        "null",
        "[]",
        "7",
        "{}",
        "{\"data\"",
        r#"{"data":null}"#,
        r#"{"data":7}"#,
        r#"{"data":[]}"#,
        r#"{"data":{"me":{"id":"1"}}"#,
        r#"{"data":{"me":{"id":"1"}}} trailing"#,
        r#"{"data":{"me":{"id":"1"}},}"#,
        r#"{"data":{"me":{"id":"1",}}}"#,
        r#"{"data":{"me":{"id":01}}}"#,
        r#"{"data":{"me":{"id":"\x"}}}"#,
        r#"{"data":{"me":{"id":"\ud800"}}}"#,
        r#"{"data":{"me":{"id":"\udc00\ud800"}}}"#,
        "{\"data\":{\"me\":{\"id\":\"\n\"}}}",
        r#"{"data":{"me":{"id":nul}}}"#,
        r#"{"data":{"me":{"id":"1"}},"errors":[}"#,
        r#"{"data":null,"errors":[]}"#,
        r#"{"data":null,"errors":"many"}"#,
        r#"{data:{me:{id:1}}}"#,
        &deep,
    ] {
        let response = run(&user().prepared(), &Script::new(&[("a", body), N])).await;
        assert_eq!(data(&response), r#"{"me":null,"n":1}"#, "{body:.80}");
        assert_eq!(errors(&response), [r#"["me"] SUBGRAPH_BAD_RESPONSE"#], "{body:.80}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused() {
    let body = bytes::Bytes::from_static(b"{\"data\":{\"me\":{\"id\":\"\xff\"}}}");
    let script = Script::new(&[N]).with("a", Ok(executor::SubgraphResponse { status: 200, body }));
    let response = run(&user().prepared(), &script).await;
    assert_eq!(errors(&response), [r#"["me"] SUBGRAPH_BAD_RESPONSE"#]);
}

#[tokio::test]
async fn entities_that_do_not_match_what_was_sent_are_refused() {
    for body in [
        r#"{"data":{}}"#,
        r#"{"data":{"_entities":null}}"#,
        r#"{"data":{"_entities":{}}}"#,
        r#"{"data":{"_entities":"none"}}"#,
        r#"{"data":{"_entities":[]}}"#,
        r#"{"data":{"_entities":[{"name":"A"},{"name":"B"}]}}"#,
        r#"{"data":{"_entities":[[{"name":"A"}]]}}"#,
        r#"{"data":{"_entities":["A"]}}"#,
        r#"{"data":{"_entities":[7]}}"#,
        r#"{"data":{"entities":[{"name":"A"}]}}"#,
    ] {
        let response = run(&user().prepared(), &Script::new(&[ME, N, ("b", body)])).await;
        assert_eq!(data(&response), r#"{"me":{"id":"1","name":null},"n":1}"#, "{body}");
        assert_eq!(errors(&response), [r#"["me","name"] SUBGRAPH_BAD_RESPONSE"#], "{body}");
    }
}

#[tokio::test]
async fn an_entity_of_another_type_is_refused() {
    let plan = query("{ all: [Node <User { name: String } | Admin { name: String }>] }")
        .fetch("a", &[])
        .root("all { __typename id }")
        .fetch("b", &[0])
        .entities("all @", &["User,Admin -> _ { id }"], "__typename name")
        .prepared();
    let script = Script::new(&[
        ("a", r#"{"data":{"all":[{"__typename":"User","id":1},{"__typename":"Admin","id":2}]}}"#),
        (
            "b",
            r#"{"data":{"_entities":[{"__typename":"Admin","name":"wrong"},{"__typename":"Admin","name":"right"}]}}"#,
        ),
    ]);
    let response = run(&plan, &script).await;
    assert_eq!(data(&response), r#"{"all":[{"name":null},{"name":"right"}]}"#);
    assert_eq!(errors(&response), [r#"["all",0,"name"] SUBGRAPH_BAD_RESPONSE"#]);
}

#[tokio::test]
async fn values_of_another_kind_are_null_and_an_error() {
    let plan = || {
        query("{ o: O { l: [P { x: Int }] p: P { x: Int } } }").fetch("a", &[]).root("o { l { x } p { x } }")
    };
    for (value, shown, told) in [
        (r#""text""#, r#"{"o":null}"#, vec![r#"["o"] SUBGRAPH_BAD_RESPONSE"#]),
        ("[]", r#"{"o":null}"#, vec![r#"["o"] INVALID_VALUE"#]),
        (
            r#"{"l":7,"p":true}"#,
            r#"{"o":{"l":null,"p":null}}"#,
            vec![r#"["o","l"] SUBGRAPH_BAD_RESPONSE"#, r#"["o","p"] SUBGRAPH_BAD_RESPONSE"#],
        ),
        (
            r#"{"l":{"x":1},"p":[{"x":1}]}"#,
            r#"{"o":{"l":null,"p":null}}"#,
            vec![r#"["o","l"] INVALID_VALUE"#, r#"["o","p"] INVALID_VALUE"#],
        ),
        (
            r#"{"l":[[{"x":1}],7,{"x":{}}],"p":{"x":[]}}"#,
            r#"{"o":{"l":[null,null,{"x":null}],"p":{"x":null}}}"#,
            vec![
                r#"["o","l",0] INVALID_VALUE"#,
                r#"["o","l",1] SUBGRAPH_BAD_RESPONSE"#,
                r#"["o","l",2,"x"] INVALID_VALUE"#,
                r#"["o","p","x"] INVALID_VALUE"#,
            ],
        ),
    ] {
        let body = format!(r#"{{"data":{{"o":{value}}}}}"#);
        let response = run(&plan().prepared(), &Script::new(&[("a", &body)])).await;
        assert_eq!(data(&response), shown, "{value}");
        assert_eq!(errors(&response), told, "{value}");
    }
}

#[tokio::test]
async fn a_status_without_graphql_is_a_bad_response() {
    for body in ["", "{}", "<html>", r#"{"message":"no"}"#] {
        let script = Script::new(&[N]).with("a", Ok(answer(503, body)));
        let response = run(&user().prepared(), &script).await;
        assert_eq!(errors(&response), [r#"["me"] SUBGRAPH_BAD_RESPONSE"#]);
    }
}

#[tokio::test]
async fn keys_that_are_repeated_or_not_asked_for_do_no_harm() {
    let script = Script::new(&[
        ("a", r#"{"data":{"me":{"id":"1","id":"2","password":"x"},"secret":[{}],"me":{"id":"3"}}}"#),
        N,
        ("b", r#"{"data":{"_entities":[{"name":"A","name":"B","__typename":"User"}]}}"#),
    ]);
    let response = run(&user().prepared(), &script).await;
    assert_eq!(data(&response), r#"{"me":{"id":"1","name":"A"},"n":1}"#);
}

#[tokio::test]
async fn a_type_name_with_quotes_cannot_break_out() {
    let plan = query("{ one: Media <Book { v: Int }> }")
        .fetch("a", &[])
        .root("one { __typename id }")
        .fetch("b", &[0])
        .entities("one", &["_ { id }"], "v")
        .prepared();
    let script = Script::new(&[
        ("a", r#"{"data":{"one":{"__typename":"x\",\"y\":\"","id":1}}}"#),
        ("b", r#"{"data":{"_entities":[null]}}"#),
    ]);
    run(&plan, &script).await;
    assert_eq!(script.variables("b"), r#"{"representations":[{"__typename":"x\",\"y\":\"","id":1}]}"#);
}

#[tokio::test]
async fn memory_is_bounded_whatever_is_sent() {
    let wide: String = (0..200).map(|n| format!("f{n} ")).collect();
    let shape: String = (0..200).map(|n| format!("f{n}: Int ")).collect();
    let plan = query(&format!("{{ all: [Wide {{ {shape} }}] }}"))
        .fetch("a", &[])
        .root(&format!("all {{ {wide} }}"))
        .prepared();
    let limits = Limits { values: 100_000, ..Limits::default() };
    for element in ["{}", "1", "{\"f1\":[]}"] {
        let body = format!(r#"{{"data":{{"all":[{}]}}}}"#, vec![element; 200_000].join(","));
        let response = run_with(&plan, &Script::new(&[("a", &body)]), &Map::new(), limits).await;
        assert_eq!(data(&response), r#"{"all":null}"#);
        assert_eq!(errors(&response), [r#"["all"] SUBGRAPH_TOO_LARGE"#]);
    }
}

#[tokio::test]
async fn copies_of_shared_entities_are_bounded_too() {
    let plan = query("{ all: [P { big: [B { a: Int b: Int }] }] }")
        .fetch("a", &[])
        .root("all { id n }")
        .fetch("b", &[0])
        .entities("all @", &["P { id }"], "big { a }")
        .fetch("c", &[1])
        .entities("all @", &["P { id }"], "big { b }")
        .prepared();
    let all = places_of_one_entity();
    let big = vec![r#"{"a":1}"#; 1_000].join(",");
    let script = Script::new(&[
        ("a", &format!(r#"{{"data":{{"all":[{all}]}}}}"#)),
        ("b", &format!(r#"{{"data":{{"_entities":[{{"big":[{big}]}}]}}}}"#)),
        ("c", r#"{"data":{"_entities":[null]}}"#),
    ]);
    let limits = Limits { values: 50_000, ..Limits::default() };
    let response = run_with(&plan, &script, &Map::new(), limits).await;
    assert!(errors(&response).iter().any(|error| error.ends_with("SUBGRAPH_TOO_LARGE")));
}

/// A thousand places of one entity, each with something of its own.
fn places_of_one_entity() -> String {
    (0..1_000).map(|n| format!(r#"{{"id":1,"n":{n}}}"#)).collect::<Vec<_>>().join(",")
}

/// A thousand places of one entity cost the tree little, and the response its whole text a thousand times.
#[tokio::test]
async fn a_response_that_repeats_what_was_answered_once_is_bounded() {
    let plan = query("{ n: Int all: [P { big: [B { a: Int }] }] }")
        .fetch("a", &[])
        .root("n all { id n }")
        .fetch("b", &[0])
        .entities("all @", &["P { id }"], "big { a }")
        .prepared();
    let big = (0..1_000).map(|a| format!(r#"{{"a":{}}}"#, a % 10)).collect::<Vec<_>>().join(",");
    for all in [places_of_one_entity(), vec![r#"{"id":1}"#; 1_000].join(",")] {
        let script = Script::new(&[
            ("a", &format!(r#"{{"data":{{"n":1,"all":[{all}]}}}}"#)),
            ("b", &format!(r#"{{"data":{{"_entities":[{{"big":[{big}]}}]}}}}"#)),
        ]);
        let limits = |data_bytes| Limits { data_bytes, ..Limits::default() };
        let response = run_with(&plan, &script, &Map::new(), limits(100_000)).await;
        assert_eq!((data(&response), response.data_is_null), ("null".to_owned(), true));
        let errors = errors(&response);
        assert!(errors.len() == 1 && errors[0].ends_with("RESPONSE_TOO_LARGE"), "{errors:?}");
        assert!(response.body.len() < 1_000, "{}", response.body.len());
        let response = run_with(&plan, &script, &Map::new(), limits(10_000_000)).await;
        assert_eq!((response.errors, response.body.len() > 8_000_000), (0, true));
    }
}

#[tokio::test]
async fn a_flood_of_errors_is_cut() {
    let error = format!(r#"{{"message":"{}","path":["me"]}}"#, "x".repeat(1_000));
    let body = format!(r#"{{"data":{{"me":null}},"errors":[{}]}}"#, vec![error.as_str(); 20_000].join(","));
    let response = run(&user().prepared(), &Script::new(&[("a", &body), N])).await;
    assert!((900..=1_001).contains(&response.errors), "{}", response.errors);
    assert!(response.body.len() < 1_100_000, "{}", response.body.len());
    assert!(
        text(&response)
            .ends_with("more errors are not listed.\",\"extensions\":{\"code\":\"TOO_MANY_ERRORS\"}}]}")
    );
}

#[tokio::test]
async fn errors_that_are_none_are_still_told() {
    for error in [
        "null",
        "7",
        r#""text""#,
        "{}",
        r#"{"message":7}"#,
        r#"{"message":"a","message":"b"}"#,
        r#"{"extensions":[1]}"#,
    ] {
        let body = format!(r#"{{"data":null,"errors":[{error}]}}"#);
        let response = run(&user().prepared(), &Script::new(&[("a", &body), N])).await;
        assert_eq!(data(&response), r#"{"me":null,"n":1}"#);
        assert_eq!(errors(&response), [r#"["me"] SUBGRAPH_ERROR"#], "{error}");
    }
}

/// JSON made of the words that answers are made of.
fn made_up() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 12] = [
        "all",
        "id",
        "title",
        "x",
        "size",
        "w",
        "_entities",
        "__typename",
        "Item",
        "message",
        "path",
        "extensions",
    ];
    let word = prop::sample::select(&WORDS[..]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_u32).prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// An error whose path may lead anywhere.
fn made_up_error() -> impl Strategy<Value = Value> {
    let segment = prop_oneof![
        prop::sample::select(vec!["all", "_entities", "id", "x", "size", "w"]).prop_map(Value::from),
        (0..4_u32).prop_map(Value::from),
    ];
    prop::collection::vec(segment, 0..5).prop_map(|path| json!({"message": "e", "path": path}))
}

fn answers_with(data: Value, errors: Vec<Value>) -> String {
    if errors.is_empty() { json!({ "data": data }) } else { json!({ "data": data, "errors": errors }) }
        .to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever comes: a well-formed response (which `run` checks), and every null that is not allowed has its error.
    #[test]
    fn made_up_answers_give_a_response(
        all in prop_oneof![made_up(), Just(json!([{"id": 1}, {"id": 2}, {"id": 1}]))],
        entities in prop_oneof![made_up(), prop::collection::vec(made_up(), 2).prop_map(Value::from)],
        root_errors in prop::collection::vec(made_up_error(), 0..3),
        entity_errors in prop::collection::vec(made_up_error(), 0..3),
        whole in made_up(),
        which in 0..6,
    ) {
        let plan = query("{ all: [Item! { id: ID! t=title: String! s=size: Size { w: Int! } }] }")
            .fetch("a", &[])
            .root("all { id }")
            .fetch("b", &[0])
            .entities("all @", &["Item { id }"], "__typename x:title size { w }")
            .fetch("c", &[1])
            .entities("all @ size", &["Size { w }"], "w")
            .prepared();
        let a = answers_with(json!({ "all": all }), root_errors);
        let b = if which == 0 { whole.to_string() } else { answers_with(json!({ "_entities": entities }), entity_errors) };
        let c = if which == 1 { whole.to_string() } else { answers_with(whole, vec![]) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let response = runtime.block_on(run(&plan, &Script::new(&[("a", &a), ("b", &b), ("c", &c)])));
        let shown: Value = serde_json::from_slice(&response.body).expect("JSON");
        let is_list_or_explained = shown["data"]["all"].is_array() || response.errors > 0 || a.contains("\"all\":null");
        prop_assert!(is_list_or_explained, "{}", shown);
    }

    /// Answers that break off or are damaged at any byte.
    #[test]
    fn damaged_answers_give_a_response(cut in 0..400_usize, at in 0..400_usize, byte in any::<u8>()) {
        let plan = user().prepared();
        let mut body = br#"{"data":{"_entities":[{"__typename":"User","name":"a \"name\" \u00e4\ud83d\ude00"}]},"errors":[{"message":"e","path":["_entities",0,"name"]}]}"#.to_vec();
        if let Some(at) = body.get_mut(at) {
            *at = byte;
        }
        body.truncate(cut);
        let damaged = executor::SubgraphResponse { status: 200, body: body.into() };
        let script = Script::new(&[ME, N]).with("b", Ok(damaged));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let response = runtime.block_on(run(&plan, &script));
        prop_assert!(!response.data_is_null);
    }
}
