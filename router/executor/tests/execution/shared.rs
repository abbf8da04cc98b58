//! Objects that are equal in the text of an answer: one in the data tree, many in the response, and apart wherever something tells them apart.

use crate::support::{Script, check, data, errors, query, run};

#[tokio::test]
async fn equal_objects_are_collected_once_and_filled_everywhere() {
    let plan = query("{ users: [User { reviews: [Review { item: Item { title: String maker: Maker { name: String } } }] }] }")
        .fetch("a", &[])
        .root("users { reviews { item { code maker { id } } } }")
        .fetch("b", &[0])
        .entities("users @ reviews @ item", &["Item { code }"], "title")
        .entities("users @ reviews @ item maker", &["Maker { id }"], "name");
    let script = check(
        plan,
        &[
            (
                "a",
                r#"{"data":{"users":[
                    {"reviews":[{"item":{"code":1,"maker":{"id":7}}},{"item":{"code":2,"maker":{"id":7}}}]},
                    {"reviews":[{"item":{"code":2,"maker":{"id":7}}},{"item":{"code":1,"maker":{"id":8}}}]}]}}"#,
            ),
            (
                "b",
                r#"{"data":{"_entities":[{"title":"one"},{"title":"two"}],"e1":[{"name":"seven"},{"name":"eight"}]}}"#,
            ),
        ],
        concat!(
            r#"{"data":{"users":[{"reviews":[{"item":{"title":"one","maker":{"name":"seven"}}},{"item":{"title":"two","maker":{"name":"seven"}}}]},"#,
            r#"{"reviews":[{"item":{"title":"two","maker":{"name":"seven"}}},{"item":{"title":"one","maker":{"name":"eight"}}}]}]}}"#
        ),
    )
    .await;
    assert_eq!(
        script.variables("b"),
        concat!(
            r#"{"representations":[{"__typename":"Item","code":1},{"__typename":"Item","code":2}],"#,
            r#""r1":[{"__typename":"Maker","id":7},{"__typename":"Maker","id":8}]}"#
        )
    );
}

#[tokio::test]
async fn an_error_at_one_of_several_equal_objects_stays_there() {
    let plan =
        query("{ all: [P { made: Maker { name: String } }] }").fetch("a", &[]).root("all { made { name } }");
    let answer = concat!(
        r#"{"data":{"all":[{"made":{"name":null}},{"made":{"name":null}},{"made":{"name":null}}]},"#,
        r#""errors":[{"message":"gone","path":["all",1,"made","name"]}]}"#
    );
    let response = run(&plan.prepared(), &Script::new(&[("a", answer)])).await;
    assert_eq!(errors(&response), [r#"["all",1,"made","name"] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn what_fails_for_one_object_is_told_at_every_place_where_it_stands() {
    let plan = query("{ all: [P { made: Maker { name: String! size: Int } }] }")
        .fetch("a", &[])
        .root("all { made { id } }")
        .fetch("b", &[0])
        .entities("all @ made", &["Maker { id }"], "name size");
    let script = Script::new(&[
        ("a", r#"{"data":{"all":[{"made":{"id":1}},{"made":{"id":2}},{"made":{"id":1}}]}}"#),
        (
            "b",
            r#"{"data":{"_entities":[null,{"name":"two","size":2}]},"errors":[{"message":"gone","path":["_entities",0,"name"]}]}"#,
        ),
    ]);
    let response = run(&plan.prepared(), &script).await;
    assert_eq!(data(&response), r#"{"all":[{"made":null},{"made":{"name":"two","size":2}},{"made":null}]}"#);
    assert_eq!(
        errors(&response),
        [r#"["all",0,"made","name"] SUBGRAPH_ERROR"#, r#"["all",2,"made","name"] SUBGRAPH_ERROR"#]
    );
}

#[tokio::test]
async fn what_is_written_for_a_parent_that_becomes_null_is_not_copied_from_there() {
    check(
        query("{ all: [P { made: Maker { name: String } must: Int! }] }").fetch("a", &[]).root("all { made { name } must }"),
        &[(
            "a",
            r#"{"data":{"all":[{"made":{"name":"M"},"must":null},{"made":{"name":"M"},"must":1},{"made":{"name":"M"},"must":2}]}}"#,
        )],
        concat!(
            r#"{"data":{"all":[null,{"made":{"name":"M"},"must":1},{"made":{"name":"M"},"must":2}]},"#,
            r#""errors":[{"message":"Cannot return null for non-nullable field P.must.","path":["all",0,"must"],"extensions":{"code":"UNEXPECTED_NULL"}}]}"#
        ),
    )
    .await;
}

#[tokio::test]
async fn equal_objects_that_are_asked_about_below_some_types_only_stay_apart() {
    let plan = query(
        "{ all: [Media <Book { maker: Maker { name: String } } | Film { maker: Maker { name: String } }>] }",
    )
    .fetch("a", &[])
    .root("all { __typename maker { id } }")
    .fetch("b", &[0])
    .entities("all @ [Book] maker", &["Maker { id }"], "name")
    .fetch("c", &[0])
    .entities("all @ [Film] maker", &["Maker { id }"], "name");
    let script = Script::new(&[
        (
            "a",
            r#"{"data":{"all":[{"__typename":"Book","maker":{"id":1}},{"__typename":"Film","maker":{"id":1}}]}}"#,
        ),
        (
            "b",
            r#"{"data":{"_entities":[{"name":null}]},"errors":[{"message":"gone","path":["_entities",0,"name"]}]}"#,
        ),
        ("c", r#"{"data":{"_entities":[{"name":"F"}]}}"#),
    ]);
    let response = run(&plan.prepared(), &script).await;
    assert_eq!(data(&response), r#"{"all":[{"maker":{"name":null}},{"maker":{"name":"F"}}]}"#);
    assert_eq!(errors(&response), [r#"["all",0,"maker","name"] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn objects_whose_fields_another_fetch_tells_apart_from_above_stay_apart() {
    let plan = query("{ all: [P { maker: Maker { name: String offer: Offer { price: Int } } }] }")
        .fetch("a", &[])
        .root("all { id maker { name } }")
        .fetch("b", &[0])
        .entities("all @", &["P { id }"], "maker { offer { price } }");
    check(
        plan,
        &[
            ("a", r#"{"data":{"all":[{"id":1,"maker":{"name":"M"}},{"id":2,"maker":{"name":"M"}}]}}"#),
            (
                "b",
                r#"{"data":{"_entities":[{"maker":{"offer":{"price":5}}},{"maker":{"offer":{"price":6}}}]}}"#,
            ),
        ],
        r#"{"data":{"all":[{"maker":{"name":"M","offer":{"price":5}}},{"maker":{"name":"M","offer":{"price":6}}}]}}"#,
    )
    .await;
}
