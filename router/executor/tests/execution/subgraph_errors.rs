//! Errors of subgraphs, at the client's paths.

use executor::SubgraphError;

use crate::support::{Plan, Script, check, data, errors, query, run};

/// `all` from `a`; `title` (shown as `t`) and `size` of each item from `b`.
fn items(title: &str) -> Plan {
    query(&format!("{{ list=all: [Item {{ id: ID! t=title: {title} s=size: Size {{ w: Int! }} }}] }}"))
        .fetch("a", &[])
        .root("all { id }")
        .fetch("b", &[0])
        .entities("all @", &["Item { id }"], "x:title size { w }")
}

const THREE: &str = r#"{"data":{"all":[{"id":"1"},{"id":"2"},{"id":"1"}]}}"#;

async fn outcome(plan: Plan, answers: &[(&str, &str)]) -> (String, Vec<String>) {
    let response = run(&plan.prepared(), &Script::new(answers)).await;
    (data(&response), errors(&response))
}

#[tokio::test]
async fn an_error_keeps_its_extensions_and_gets_the_clients_path_for_every_place() {
    check(
        items("String"),
        &[
            ("a", THREE),
            ("b", r#"{"errors":[{"message":"no \"title\"","locations":[{"line":1,"column":2}],"path":["_entities",0,"x"],"extensions":{"code":"GONE","n":1,"service":"liar"}}],"data":{"_entities":[{"x":null,"size":{"w":1}},{"x":"T","size":null}]}}"#),
        ],
        concat!(
            r#"{"data":{"list":[{"id":"1","t":null,"s":{"w":1}},{"id":"2","t":"T","s":null},{"id":"1","t":null,"s":{"w":1}}]},"errors":["#,
            r#"{"message":"no \"title\"","path":["list",0,"t"],"extensions":{"code":"GONE","n":1,"service":"b"}},"#,
            r#"{"message":"no \"title\"","path":["list",2,"t"],"extensions":{"code":"GONE","n":1,"service":"b"}}]}"#
        ),
    )
    .await;
}

#[tokio::test]
async fn an_error_below_a_null_keeps_the_way_down() {
    let answers = [
        ("a", THREE),
        (
            "b",
            r#"{"data":{"_entities":[{"x":"T","size":null},null]},"errors":[{"message":"e","path":["_entities",0,"size","w"]},{"message":"f","path":["_entities",1,"size","w"]}]}"#,
        ),
    ];
    let (data, errors) = outcome(items("String"), &answers).await;
    assert_eq!(
        data,
        r#"{"list":[{"id":"1","t":"T","s":null},{"id":"2","t":null,"s":null},{"id":"1","t":"T","s":null}]}"#
    );
    assert_eq!(
        errors,
        [
            r#"["list",0,"s","w"] SUBGRAPH_ERROR"#,
            r#"["list",1,"s","w"] SUBGRAPH_ERROR"#,
            r#"["list",2,"s","w"] SUBGRAPH_ERROR"#
        ]
    );
}

#[tokio::test]
async fn a_null_that_a_subgraph_explains_is_no_second_error_when_it_goes_up() {
    let answers = [
        ("a", THREE),
        (
            "b",
            r#"{"data":{"_entities":[null,{"x":"T"}]},"errors":[{"message":"e","path":["_entities",0,"x"]}]}"#,
        ),
    ];
    let (data, errors) = outcome(items("String!"), &answers).await;
    assert_eq!(data, r#"{"list":[null,{"id":"2","t":"T","s":null},null]}"#);
    assert_eq!(errors, [r#"["list",0,"t"] SUBGRAPH_ERROR"#, r#"["list",2,"t"] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn one_error_that_took_the_whole_answer_is_told_once() {
    let plan = || query("{ a: A { b: Int! } c: Int d: Int! }").fetch("a", &[]).root("a { b } c d");
    let answers = [("a", r#"{"data":null,"errors":[{"message":"e","path":["a","b"]}]}"#)];
    let (data, errors) = outcome(plan(), &answers).await;
    assert_eq!(data, "null");
    assert_eq!(errors, [r#"["a","b"] SUBGRAPH_ERROR"#]);
    // Without a path it is the error of every field.
    let plan = query("{ a: A { b: Int! } c: Int }").fetch("a", &[]).root("a { b } c");
    let (data, errors) = outcome(plan, &[("a", r#"{"errors":[{"message":"e"}]}"#)]).await;
    assert_eq!(data, r#"{"a":null,"c":null}"#);
    assert_eq!(errors, [r#"["a"] SUBGRAPH_ERROR"#, r#"["c"] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn an_entity_that_fails_takes_the_others_quietly_when_the_answer_is_null() {
    let answers = [("a", THREE), ("b", r#"{"data":null,"errors":[{"message":"e","path":["_entities",1]}]}"#)];
    let (data, errors) = outcome(items("String!"), &answers).await;
    assert_eq!(data, r#"{"list":[null,null,null]}"#);
    assert_eq!(errors, [r#"["list",1,"t"] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn two_errors_of_one_null_are_both_told() {
    let plan = query("{ a: A { b: Int! c: Int! } }").fetch("a", &[]).root("a { b c }");
    let answers = [(
        "a",
        r#"{"data":{"a":null},"errors":[{"message":"1","path":["a","c"]},{"message":"2","path":["a","b"]}]}"#,
    )];
    let (data, errors) = outcome(plan, &answers).await;
    assert_eq!(data, r#"{"a":null}"#);
    assert_eq!(errors, [r#"["a","c"] SUBGRAPH_ERROR"#, r#"["a","b"] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn an_error_beside_a_value_is_told_with_the_value_kept() {
    let plan = || query("{ l: [Int] o=obj: A { v: Int } }").fetch("a", &[]).root("l obj { v }");
    for (path, told) in [
        (r#"["obj","v"]"#, r#"["o","v"] SUBGRAPH_ERROR"#),
        (r#"["l",1]"#, r#"["l",1] SUBGRAPH_ERROR"#),
        (r#"["obj"]"#, r#"["o"] SUBGRAPH_ERROR"#),
        ("null", "null SUBGRAPH_ERROR"),
        (r#"["nowhere"]"#, "null SUBGRAPH_ERROR"),
        (r#"[{"not":"a path"}]"#, "null SUBGRAPH_ERROR"),
        (r#""text""#, "null SUBGRAPH_ERROR"),
    ] {
        let body =
            format!(r#"{{"data":{{"l":[1,2],"obj":{{"v":3}}}},"errors":[{{"message":"e","path":{path}}}]}}"#);
        let (data, errors) = outcome(plan(), &[("a", &body)]).await;
        assert_eq!(data, r#"{"l":[1,2],"o":{"v":3}}"#);
        assert_eq!(errors, [told], "{path}");
    }
}

#[tokio::test]
async fn an_error_in_a_list_of_leaves_has_its_index() {
    let plan = query("{ l: [[Int]] }").fetch("a", &[]).root("l");
    let answers = [("a", r#"{"data":{"l":[[1],[2,null]]},"errors":[{"message":"e","path":["l",1,1]}]}"#)];
    assert_eq!(
        outcome(plan, &answers).await,
        (r#"{"l":[[1],[2,null]]}"#.to_owned(), vec![r#"["l",1,1] SUBGRAPH_ERROR"#.to_owned()])
    );
}

#[tokio::test]
async fn an_error_of_a_hidden_field_is_told_where_it_is_missed() {
    let plan = query("{ p: P { name: String cost: Int! } }")
        .fetch("a", &[])
        .root("p { id name }")
        .fetch("b", &[0])
        .entities("p", &["P { id }"], "price")
        .fetch("c", &[1])
        .entities("p", &["P { id price }"], "cost");
    let answers = [
        ("a", r#"{"data":{"p":{"id":1,"name":"N"}}}"#),
        (
            "b",
            r#"{"data":{"_entities":[{"price":null}]},"errors":[{"message":"no price","path":["_entities",0,"price"]}]}"#,
        ),
    ];
    let (data, errors) = outcome(plan, &answers).await;
    assert_eq!(data, r#"{"p":null}"#);
    assert_eq!(errors, [r#"["p","cost"] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn an_error_of_a_hidden_field_that_nobody_misses_is_told_at_its_object() {
    let plan = query("{ all: [P { name: String }] }").fetch("a", &[]).root("all { id name hidden { x } }");
    let answers = [(
        "a",
        r#"{"data":{"all":[{"id":1,"name":"N","hidden":null}]},"errors":[{"message":"e","path":["all",0,"hidden","x"]}]}"#,
    )];
    let (data, errors) = outcome(plan, &answers).await;
    assert_eq!(data, r#"{"all":[{"name":"N"}]}"#);
    assert_eq!(errors, [r#"["all",0] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn an_error_in_a_type_that_clients_must_not_see_is_not_told() {
    let plan =
        query("{ one: Media <Book { title: String }> }").fetch("a", &[]).root("one { __typename title }");
    let answers = [(
        "a",
        r#"{"data":{"one":{"__typename":"Secret","title":null}},"errors":[{"message":"e","path":["one","title"]}]}"#,
    )];
    let (data, errors) = outcome(plan, &answers).await;
    assert_eq!(data, r#"{"one":null}"#);
    assert_eq!(errors, Vec::<String>::new());
}

#[tokio::test]
async fn an_error_of_a_field_that_the_client_asks_of_other_types_only_is_not_told() {
    // Subgraph a knows all media by one name, and is asked for the length of every one.
    let plan = query("{ all: [Media <Film { len: Int } | Book { t=@: String! }>] }")
        .fetch("a", &[])
        .root("all { id len }")
        .fetch("b", &[0])
        .entities("all @", &["Media { id }"], "__typename");
    let answers = [
        (
            "a",
            r#"{"data":{"all":[{"id":1,"len":null},{"id":2,"len":null}]},"errors":[{"message":"e","path":["all",0,"len"]},{"message":"f","path":["all",1,"len"]}]}"#,
        ),
        ("b", r#"{"data":{"_entities":[{"__typename":"Book"},{"__typename":"Film"}]}}"#),
    ];
    let (data, errors) = outcome(plan, &answers).await;
    assert_eq!(data, r#"{"all":[{"t":"Book"},{"len":null}]}"#);
    assert_eq!(errors, [r#"["all",1,"len"] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn a_subgraph_that_is_down_leaves_the_rest_of_the_response() {
    for (error, code) in [
        (SubgraphError::Timeout, "SUBGRAPH_TIMEOUT"),
        (SubgraphError::Connect("refused 10.0.0.1".to_owned()), "SUBGRAPH_UNREACHABLE"),
        (SubgraphError::Unavailable("circuit open".to_owned()), "SUBGRAPH_UNAVAILABLE"),
        (SubgraphError::Interrupted("reset".to_owned()), "SUBGRAPH_BAD_RESPONSE"),
        (SubgraphError::Status(502), "SUBGRAPH_BAD_RESPONSE"),
        (SubgraphError::TooLarge { limit_bytes: 9 }, "SUBGRAPH_TOO_LARGE"),
    ] {
        let script = Script::new(&[("a", THREE)]).with("b", Err(error));
        let response = run(&items("String").prepared(), &script).await;
        assert_eq!(
            data(&response),
            r#"{"list":[{"id":"1","t":null,"s":null},{"id":"2","t":null,"s":null},{"id":"1","t":null,"s":null}]}"#
        );
        let expected: Vec<_> = [0, 1, 2]
            .iter()
            .flat_map(|n| ["t", "s"].map(|f| format!("[\"list\",{n},\"{f}\"] {code}")))
            .collect();
        assert_eq!(errors(&response), expected);
        let body: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
        let first = &body["errors"][0];
        assert_eq!(first["extensions"]["service"], "b");
        assert_eq!(first["extensions"]["errorId"].as_str().map(str::len), Some(36));
        assert_eq!(first["extensions"]["errorId"], body["errors"][5]["extensions"]["errorId"]);
        assert!(!first.to_string().contains("10.0.0.1"), "what is inside stays in the log");
        assert_eq!(response.fetches[1].failure.map(executor::ErrorCode::as_str), Some(code));
    }
}

#[tokio::test]
async fn what_another_subgraph_brings_hides_no_failure() {
    let plan = || {
        query("{ me: User { id: ID! name: String! } }")
            .fetch("a", &[])
            .root("me { name }")
            .fetch("b", &[])
            .root("me { id }")
    };
    let script = || Script::new(&[("b", r#"{"data":{"me":{"id":"1"}}}"#)]);
    // Refused at once, and so before the other answer is merged.
    let response = run(&plan().prepared(), &script()).await;
    assert_eq!(data(&response), r#"{"me":null}"#);
    assert_eq!(errors(&response), [r#"["me","name"] SUBGRAPH_UNREACHABLE"#]);
}

#[tokio::test]
async fn errors_are_listed_up_to_a_limit() {
    let plan = items("String").prepared();
    let script = Script::new(&[("a", THREE)]);
    let limits = executor::Limits { errors: 2, ..executor::Limits::default() };
    let response = crate::support::run_with(&plan, &script, &serde_json::Map::new(), limits).await;
    assert_eq!(
        errors(&response),
        [
            r#"["list",0,"t"] SUBGRAPH_UNREACHABLE"#,
            r#"["list",0,"s"] SUBGRAPH_UNREACHABLE"#,
            "null TOO_MANY_ERRORS"
        ]
    );
}
