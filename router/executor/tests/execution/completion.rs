//! From the data tree to the response: leaf values, nulls, lists, abstract types, order.

use crate::support::{Script, answer, check, data, errors, query, run, text};

/// One field `v` of a type, answered with a value: the data, and the errors.
async fn complete(ty: &str, value: &str) -> (String, Vec<String>) {
    let plan = query(&format!("{{ v: {ty} }}")).fetch("a", &[]).root("v").prepared();
    let body = format!(r#"{{"data":{{"v":{value}}}}}"#);
    let response = run(&plan, &Script::new(&[("a", &body)])).await;
    // The text, not a parsed value: numbers and escapes must come out as they went in.
    let text = text(&response);
    let end = text.find(",\"errors\"").unwrap_or(text.len() - 1);
    (text[r#"{"data":"#.len()..end].to_owned(), errors(&response))
}

#[tokio::test]
async fn leaf_values_are_shown_as_their_type_says() {
    for (ty, value, shown) in [
        ("Int", "0", "0"),
        ("Int", "-2147483648", "-2147483648"),
        ("Int", "2147483647", "2147483647"),
        ("Int", "1.0", "1"),
        ("Int", "1e3", "1000"),
        ("Float", "1", "1"),
        ("Float", "1.50", "1.50"),
        ("Float", "0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("Float", "1e300", "1e300"),
        ("String", r#""""#, r#""""#),
        (
            "String",
            r#""a \"quoted\" \u00e9 \ud83d\ude00 text\n""#,
            r#""a \"quoted\" \u00e9 \ud83d\ude00 text\n""#,
        ),
        (
            "String",
            "\"a longer string with an umlaut: \u{e4}\"",
            "\"a longer string with an umlaut: \u{e4}\"",
        ),
        ("Boolean", "true", "true"),
        ("Boolean", "false", "false"),
        ("ID", r#""x""#, r#""x""#),
        ("ID", "17", r#""17""#),
        ("ID", "123456789012345678901234567890", r#""123456789012345678901234567890""#),
        ("Color(RED,BLUE)", r#""RED""#, r#""RED""#),
        ("Color(RED,BLUE)", r#""BL\u0055E""#, r#""BL\u0055E""#),
        ("Json", r#"{"a": [1, {"b": null}]}"#, r#"{"a": [1, {"b": null}]}"#),
        ("Json", "[1,2]", "[1,2]"),
        ("Long", "12345678901234567890", "12345678901234567890"),
        ("[Int]", "[1,null,3]", "[1,null,3]"),
        ("[[Int!]!]!", "[[1],[],[2,3]]", "[[1],[],[2,3]]"),
        ("[Json]", "[[1],{}]", "[[1],{}]"),
        ("[ID!]", "[1,\"2\"]", r#"["1","2"]"#),
    ] {
        let expected = format!(r#"{{"v":{shown}}}"#);
        assert_eq!(complete(ty, value).await, (expected, vec![]), "{ty} {value}");
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_null_and_an_error() {
    for (ty, value) in [
        ("Int", "2147483648"),
        ("Int", "-2147483649"),
        ("Int", "12345678901"),
        ("Int", "1.5"),
        ("Int", r#""1""#),
        ("Int", "true"),
        ("Float", "1e999"),
        ("Float", r#""1.0""#),
        ("String", "1"),
        ("String", "true"),
        ("String", r#"{"a":1}"#),
        ("String", r#"["a"]"#),
        ("Boolean", "0"),
        ("Boolean", r#""true""#),
        ("ID", "1.5"),
        ("ID", "1e3"),
        ("ID", "true"),
        ("Color(RED,BLUE)", r#""GREEN""#),
        ("Color(RED,BLUE)", "1"),
        ("[Int]", "1"),
        ("[Int]", "{}"),
    ] {
        let expected = (r#"{"v":null}"#.to_owned(), vec![r#"["v"] INVALID_VALUE"#.to_owned()]);
        assert_eq!(complete(ty, value).await, expected, "{ty} {value}");
    }
}

#[tokio::test]
async fn null_goes_up_to_the_nearest_place_that_allows_it() {
    for (ty, value, shown, error) in [
        ("Int!", "null", "null", Some(r#"["v"] UNEXPECTED_NULL"#)),
        ("[Int!]", "[1,null]", r#"{"v":null}"#, Some(r#"["v",1] UNEXPECTED_NULL"#)),
        ("[Int]!", "[1,null]", r#"{"v":[1,null]}"#, None),
        ("[Int!]!", "[1,null]", "null", Some(r#"["v",1] UNEXPECTED_NULL"#)),
        ("[[Int!]]", "[[1],[null,2],[3]]", r#"{"v":[[1],null,[3]]}"#, Some(r#"["v",1,0] UNEXPECTED_NULL"#)),
        ("[[Int!]!]", "[[1],[null,2]]", r#"{"v":null}"#, Some(r#"["v",1,0] UNEXPECTED_NULL"#)),
        ("[[Int!]!]!", "[[1],null]", "null", Some(r#"["v",1] UNEXPECTED_NULL"#)),
        ("[Int!]", "[1,\"x\"]", r#"{"v":null}"#, Some(r#"["v",1] INVALID_VALUE"#)),
        ("Color!(RED)", r#""BLUE""#, "null", Some(r#"["v"] INVALID_VALUE"#)),
    ] {
        let errors = error.map(str::to_owned).into_iter().collect();
        assert_eq!(complete(ty, value).await, (shown.to_owned(), errors), "{ty} {value}");
    }
}

#[tokio::test]
async fn the_message_of_a_forbidden_null_names_the_field() {
    check(
        query("{ me: User { id: ID! friends: [User! { name: String! }] } }").fetch("a", &[]).root("me { id friends { name } }"),
        &[("a", r#"{"data":{"me":{"id":"1","friends":[{"name":"A"},{"name":null}]}}}"#)],
        r#"{"data":{"me":{"id":"1","friends":null}},"errors":[{"message":"Cannot return null for non-nullable field User.name.","path":["me","friends",1,"name"],"extensions":{"code":"UNEXPECTED_NULL"}}]}"#,
    )
    .await;
}

#[tokio::test]
async fn each_null_that_goes_up_is_one_error() {
    let plan = query("{ list: [Item { a: Int! b: Int! }] }").fetch("a", &[]).root("list { a b }").prepared();
    let script = Script::new(&[("a", r#"{"data":{"list":[{"a":null,"b":null},{"a":1,"b":2},{"a":1}]}}"#)]);
    let response = run(&plan, &script).await;
    assert_eq!(data(&response), r#"{"list":[null,{"a":1,"b":2},null]}"#);
    assert_eq!(errors(&response), [r#"["list",0,"a"] UNEXPECTED_NULL"#, r#"["list",2,"b"] UNEXPECTED_NULL"#]);
}

#[tokio::test]
async fn keys_come_in_the_order_of_the_operation_whatever_the_subgraph_does() {
    check(
        query("{ c: Int again=a: Int b: [B { y: Int x: Int }] a: Int }").fetch("a", &[]).root("a b { x y } c"),
        &[("a", "{ \"extensions\" : {\"t\":[1,{}]} ,\n \"data\" : { \"b\" : [ {\"y\":2,\"z\":[{}],\"x\":1} ],\t\"c\":3,\"unknown\":{\"a\":[]}, \"a\":1 } }")],
        r#"{"data":{"c":3,"again":1,"b":[{"y":2,"x":1}],"a":1}}"#,
    )
    .await;
}

#[tokio::test]
async fn escaped_keys_are_the_same_keys() {
    check(
        query("{ name: String }").fetch("a", &[]).root("name"),
        &[("a", r#"{"d\u0061ta":{},"data":{"n\u0061me":"x"}}"#)],
        r#"{"data":{"name":"x"}}"#,
    )
    .await;
}

#[tokio::test]
async fn an_abstract_type_shows_what_its_runtime_type_has() {
    check(
        query("{ all: [Media <Book { kind=@: String! title: String } | Film,Show { len: Int t=@: String! }>] }")
            .fetch("a", &[])
            .root("all { __typename title len }"),
        &[("a", r#"{"data":{"all":[{"__typename":"Book","title":"T"},{"__typename":"Show","len":3},{"__typename":"Film"},null]}}"#)],
        r#"{"data":{"all":[{"kind":"Book","title":"T"},{"len":3,"t":"Show"},{"len":null,"t":"Film"},null]}}"#,
    )
    .await;
}

#[tokio::test]
async fn a_runtime_type_that_the_api_does_not_know_is_null_without_a_word() {
    let answers = [(
        "a",
        r#"{"data":{"all":[{"__typename":"Secret","title":"T"},{"__typename":"Book","title":"T"}]}}"#,
    )];
    let plan = |ty: &str| {
        query(&format!("{{ all: [{ty} <Book {{ title: String }}>] }}"))
            .fetch("a", &[])
            .root("all { __typename title }")
    };
    check(plan("Media"), &answers, r#"{"data":{"all":[null,{"title":"T"}]}}"#).await;
    check(
        plan("Media!"),
        &answers,
        r#"{"data":{"all":null},"errors":[{"message":"Cannot return null for non-nullable field Query.all.","path":["all",0],"extensions":{"code":"UNEXPECTED_NULL"}}]}"#,
    )
    .await;
}

#[tokio::test]
async fn an_object_without_its_type_cannot_be_shown() {
    let plan = query("{ one: Media <Book { title: String }> }")
        .fetch("a", &[])
        .root("one { __typename title }")
        .prepared();
    for typename in ["", r#""__typename":null,"#, r#""__typename":3,"#] {
        let script = Script::new(&[("a", &format!(r#"{{"data":{{"one":{{{typename}"title":"T"}}}}}}"#))]);
        let response = run(&plan, &script).await;
        assert_eq!(data(&response), r#"{"one":null}"#);
        assert_eq!(response.errors, 1, "{typename}");
    }
}

#[tokio::test]
async fn an_object_without_fields_to_show_is_empty() {
    check(
        query("{ all: [Media <Book { title: String } | Film { }>] me: User { } }")
            .fetch("a", &[])
            .root("all { __typename title } me { id }"),
        &[("a", r#"{"data":{"all":[{"__typename":"Film"}],"me":{"id":1}}}"#)],
        r#"{"data":{"all":[{}],"me":{}}}"#,
    )
    .await;
}

#[tokio::test]
async fn one_response_key_may_be_two_in_the_request() {
    check(
        query("{ all: [Media <Book { x: String } | Film { x: Int }>] }")
            .fetch("a", &[])
            .root("all { __typename x:x x_1:x }"),
        &[("a", r#"{"data":{"all":[{"__typename":"Book","x":"T"},{"__typename":"Film","x_1":3}]}}"#)],
        r#"{"data":{"all":[{"x":"T"},{"x":3}]}}"#,
    )
    .await;
}

#[tokio::test]
async fn typename_alone_needs_no_subgraph() {
    check(query("{ a=@: String! b=@: String! }"), &[], r#"{"data":{"a":"Query","b":"Query"}}"#).await;
}

#[tokio::test]
async fn a_status_other_than_ok_is_no_matter_when_the_answer_is_graphql() {
    let plan = query("{ v: Int }").fetch("a", &[]).root("v").prepared();
    let script = Script::default().with("a", Ok(answer(500, r#"{"data":{"v":1}}"#)));
    assert_eq!(text(&run(&plan, &script).await), r#"{"data":{"v":1}}"#);
}

#[tokio::test]
async fn two_targets_may_take_the_same_key_of_an_answer() {
    check(
        query("{ n: Int again: Query { n: Int m: Int } }")
            .fetch("a", &[])
            .root("again { __typename }")
            .fetch("b", &[0])
            .root("n")
            .root_at("again", "n m"),
        &[("a", r#"{"data":{"again":{"__typename":"Query"}}}"#), ("b", r#"{"data":{"m":2,"n":1}}"#)],
        r#"{"data":{"n":1,"again":{"n":1,"m":2}}}"#,
    )
    .await;
}

#[tokio::test]
async fn a_type_without_anything_to_show_is_null_and_says_so_where_it_must() {
    let mut plan = query("{ v: Gone! { x: Int } }").fetch("a", &[]).root("v { x }");
    plan.plan.shapes[1].variants.clear();
    let response = run(&plan.prepared(), &Script::new(&[("a", r#"{"data":{"v":{"x":1}}}"#)])).await;
    assert_eq!(data(&response), "null");
    assert_eq!(errors(&response), [r#"["v"] UNEXPECTED_NULL"#]);
}
