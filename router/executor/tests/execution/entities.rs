//! Entities: how they are collected, represented, shared and joined.

use crate::support::{Script, check, data, errors, query, run};

const REVIEWS: &str = r#"{"data":{"reviews":[{"product":{"id":"1"}},{"product":{"id":"2"}},{"product":null},{"product":{"id":"1"}}]}}"#;

#[tokio::test]
async fn equal_entities_are_asked_for_once_and_shown_everywhere() {
    let script = check(
        query("{ reviews: [Review { product: Product { name: String size: Size { w: Int } id: ID! } }] }")
            .fetch("reviews", &[])
            .root("reviews { product { id } }")
            .fetch("products", &[0])
            .entities("reviews @ product", &["Product { id }"], "name size { w }"),
        &[
            ("reviews", REVIEWS),
            ("products", r#"{"data":{"_entities":[{"name":"one","size":{"w":1}},{"name":"two","size":null}]}}"#),
        ],
        r#"{"data":{"reviews":[{"product":{"name":"one","size":{"w":1},"id":"1"}},{"product":{"name":"two","size":null,"id":"2"}},{"product":null},{"product":{"name":"one","size":{"w":1},"id":"1"}}]}}"#,
    )
    .await;
    assert_eq!(
        script.asked()[1].1,
        r#"{"query":"query1","variables":{"representations":[{"__typename":"Product","id":"1"},{"__typename":"Product","id":"2"}]}}"#
    );
}

#[tokio::test]
async fn what_is_shared_first_and_joined_later_stays_apart() {
    // Both products have the same maker for the first fetch; the second fetch tells their makers' offers apart.
    let plan = query("{ all: [P { maker: Maker { name: String offer: Int } }] }")
        .fetch("a", &[])
        .root("all { id color }")
        .fetch("b", &[0])
        .entities("all @", &["P { id }"], "maker { name }")
        .fetch("c", &[1])
        .entities("all @", &["P { id color }"], "maker { offer }");
    let script = check(
        plan,
        &[
            ("a", r#"{"data":{"all":[{"id":1,"color":"red"},{"id":1,"color":"blue"}]}}"#),
            ("b", r#"{"data":{"_entities":[{"maker":{"name":"M"}}]}}"#),
            ("c", r#"{"data":{"_entities":[{"maker":{"offer":1}},{"maker":{"offer":2}}]}}"#),
        ],
        r#"{"data":{"all":[{"maker":{"name":"M","offer":1}},{"maker":{"name":"M","offer":2}}]}}"#,
    )
    .await;
    assert_eq!(script.variables("b"), r#"{"representations":[{"__typename":"P","id":1}]}"#);
}

#[tokio::test]
async fn several_targets_are_one_request_and_one_without_work_gets_an_empty_list() {
    let plan = || {
        query("{ me: User { name: String } top: [Product { name: String }] }")
            .fetch("a", &[])
            .root("me { id } top { upc }")
            .fetch("b", &[0])
            .entities("me", &["User { id }"], "name")
            .entities("top @", &["Product { upc }"], "name")
    };
    let script = check(
        plan(),
        &[
            ("a", r#"{"data":{"me":{"id":"u"},"top":[{"upc":"p"}]}}"#),
            ("b", r#"{"data":{"e1":[{"name":"P"}],"_entities":[{"name":"U"}]}}"#),
        ],
        r#"{"data":{"me":{"name":"U"},"top":[{"name":"P"}]}}"#,
    )
    .await;
    assert_eq!(
        script.variables("b"),
        r#"{"representations":[{"__typename":"User","id":"u"}],"r1":[{"__typename":"Product","upc":"p"}]}"#
    );

    let script = check(
        plan(),
        &[
            ("a", r#"{"data":{"me":null,"top":[{"upc":"p"}]}}"#),
            ("b", r#"{"data":{"_entities":[],"e1":[{"name":"P"}]}}"#),
        ],
        r#"{"data":{"me":null,"top":[{"name":"P"}]}}"#,
    )
    .await;
    assert_eq!(script.variables("b"), r#"{"representations":[],"r1":[{"__typename":"Product","upc":"p"}]}"#);

    let script =
        check(plan(), &[("a", r#"{"data":{"me":null,"top":[]}}"#)], r#"{"data":{"me":null,"top":[]}}"#).await;
    assert_eq!(script.asked().len(), 1, "there is nothing to ask of b");
}

#[tokio::test]
async fn what_follows_a_fetch_that_had_nothing_to_ask_runs_all_the_same() {
    let plan = query("{ me: User { name: String } n: Int }")
        .fetch("a", &[])
        .root("me { id }")
        .fetch("b", &[0])
        .entities("me", &["User { id }"], "name")
        .fetch("c", &[1])
        .root("n");
    check(
        plan,
        &[("a", r#"{"data":{"me":null}}"#), ("c", r#"{"data":{"n":1}}"#)],
        r#"{"data":{"me":null,"n":1}}"#,
    )
    .await;
}

#[tokio::test]
async fn entities_within_lists_of_lists_keep_their_places() {
    check(
        query("{ grid: [[Cell { v: Int }]] }").fetch("a", &[]).root("grid { id }").fetch("b", &[0]).entities(
            "grid @ @",
            &["Cell { id }"],
            "v",
        ),
        &[
            ("a", r#"{"data":{"grid":[[{"id":1},null,{"id":2}],[],null,[{"id":1}]]}}"#),
            ("b", r#"{"data":{"_entities":[{"v":10},{"v":20}]}}"#),
        ],
        r#"{"data":{"grid":[[{"v":10},null,{"v":20}],[],null,[{"v":10}]]}}"#,
    )
    .await;
}

#[tokio::test]
async fn runtime_types_decide_who_is_represented_and_how() {
    let script = check(
        query("{ all: [Media <Book { n: Int } | Film { n: Int } | Show { n: Int }>] }")
            .fetch("a", &[])
            .root("all { __typename id isbn }")
            .fetch("b", &[0])
            .entities("all @ [Book,Film]", &["Book -> Book { isbn }", "Film -> _ { id }", "Show -> Show { id }"], "n"),
        &[
            ("a", r#"{"data":{"all":[{"__typename":"Book","isbn":"b"},{"__typename":"Film","id":1},{"__typename":"Show","id":2},{"__typename":"Other","id":3}]}}"#),
            ("b", r#"{"data":{"_entities":[{"n":1},{"n":2}]}}"#),
        ],
        r#"{"data":{"all":[{"n":1},{"n":2},{"n":null},null]}}"#,
    )
    .await;
    assert_eq!(
        script.variables("b"),
        r#"{"representations":[{"__typename":"Book","isbn":"b"},{"__typename":"Film","id":1}]}"#
    );
}

#[tokio::test]
async fn a_representation_may_be_nested_hold_lists_and_nulls() {
    let script = check(
        query("{ p: P { cost: Int } }")
            .fetch("a", &[])
            .root("p { k:id price tags size { __typename w h } parts { n } json }")
            .fetch("b", &[0])
            .entities(
                "p",
                &["P { id price? gone? tags size { w [Box] w2=w [Bag] h } parts { n? } json }"],
                "cost",
            ),
        &[
            ("a", r#"{"data":{"p":{"k":"1","price":null,"tags":["a",null],"size":{"__typename":"Box","w":1.50,"h":2},"parts":[{"n":1},null,{}],"json":{"a":[1]}}}}"#),
            ("b", r#"{"data":{"_entities":[{"cost":5}]}}"#),
        ],
        r#"{"data":{"p":{"cost":5}}}"#,
    )
    .await;
    assert!(script.asked()[1].1.ends_with(
        r#"[{"__typename":"P","id":"1","price":null,"gone":null,"tags":["a",null],"size":{"w":1.50,"w2":1.50},"parts":[{"n":1},null,{"n":null}],"json":{"a":[1]}}]}}"#
    ));
}

#[tokio::test]
async fn an_entity_without_its_key_is_not_asked_for() {
    let plan = || {
        query("{ all: [P { name: String }] }").fetch("a", &[]).root("all { id }").fetch("b", &[0]).entities(
            "all @",
            &["P { id }"],
            "name",
        )
    };
    let script = check(
        plan(),
        &[
            ("a", r#"{"data":{"all":[{"id":null},{"id":"2"},{}]}}"#),
            ("b", r#"{"data":{"_entities":[{"name":"two"}]}}"#),
        ],
        r#"{"data":{"all":[{"name":null},{"name":"two"},{"name":null}]}}"#,
    )
    .await;
    assert_eq!(script.variables("b"), r#"{"representations":[{"__typename":"P","id":"2"}]}"#);
    let script =
        check(plan(), &[("a", r#"{"data":{"all":[{"id":null}]}}"#)], r#"{"data":{"all":[{"name":null}]}}"#)
            .await;
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn an_entity_that_a_subgraph_does_not_know_has_no_fields_from_it() {
    let plan = |ty: &str| {
        query(&format!("{{ all: [P {{ id: ID! name: {ty} }}] }}"))
            .fetch("a", &[])
            .root("all { id }")
            .fetch("b", &[0])
            .entities("all @", &["P { id }"], "name")
            .prepared()
    };
    let script = Script::new(&[
        ("a", r#"{"data":{"all":[{"id":"1"},{"id":"2"}]}}"#),
        ("b", r#"{"data":{"_entities":[null,{"name":"two"}]}}"#),
    ]);
    let response = run(&plan("String"), &script).await;
    assert_eq!(data(&response), r#"{"all":[{"id":"1","name":null},{"id":"2","name":"two"}]}"#);
    assert_eq!(response.errors, 0);
    let response = run(&plan("String!"), &script).await;
    assert_eq!(data(&response), r#"{"all":[null,{"id":"2","name":"two"}]}"#);
    assert_eq!(errors(&response), [r#"["all",0,"name"] UNEXPECTED_NULL"#]);
}

#[tokio::test]
async fn the_object_type_of_an_interface_object_replaces_the_interface_name() {
    check(
        query("{ all: [Media <Book { t=@: String! title: String likes: Int }>] }")
            .fetch("likes", &[])
            .root("all { __typename id likes }")
            .fetch("media", &[0])
            .entities("all @", &["Media { id }"], "__typename title"),
        &[
            ("likes", r#"{"data":{"all":[{"__typename":"Media","id":1,"likes":7}]}}"#),
            ("media", r#"{"data":{"_entities":[{"__typename":"Book","title":"T"}]}}"#),
        ],
        r#"{"data":{"all":[{"t":"Book","title":"T","likes":7}]}}"#,
    )
    .await;
}

#[tokio::test]
async fn a_root_field_may_be_shared_by_two_subgraphs() {
    let plan = || {
        query("{ me: User { id: ID! name: String tags: [Tag { a: Int b: Int }] } }")
            .fetch("a", &[])
            .root("me { id tags { a } }")
            .fetch("b", &[])
            .root("me { name tags { b } }")
    };
    check(
        plan(),
        &[
            ("a", r#"{"data":{"me":{"id":"1","tags":[{"a":1},{"a":2}]}}}"#),
            ("b", r#"{"data":{"me":{"name":"N","tags":[{"b":3},{"b":4}]}}}"#),
        ],
        r#"{"data":{"me":{"id":"1","name":"N","tags":[{"a":1,"b":3},{"a":2,"b":4}]}}}"#,
    )
    .await;
    // A value beats null, whoever answers first.
    for order in [["a", "b"], ["b", "a"]] {
        let answers =
            [(order[0], r#"{"data":{"me":null}}"#), (order[1], r#"{"data":{"me":{"id":"1","name":"N"}}}"#)];
        let response = run(&plan().prepared(), &Script::new(&answers)).await;
        assert!(!response.data_is_null);
        let expected =
            if order[0] == "a" { r#"{"me":null}"# } else { r#"{"me":{"id":"1","name":null,"tags":null}}"# };
        assert_eq!(data(&response), expected);
    }
}

#[tokio::test]
async fn a_field_may_return_the_query_type_again() {
    check(
        query("{ add: Payload { ok: Boolean query: Query { events: [Event { id: ID! }] n: Int } } }")
            .fetch("a", &[])
            .root("add { ok query { n } }")
            .fetch("b", &[0])
            .root_at("add query", "events { id }"),
        &[
            ("a", r#"{"data":{"add":{"ok":true,"query":{"n":1}}}}"#),
            ("b", r#"{"data":{"events":[{"id":1}]}}"#),
        ],
        r#"{"data":{"add":{"ok":true,"query":{"events":[{"id":"1"}],"n":1}}}}"#,
    )
    .await;
}

#[tokio::test]
async fn keys_that_only_the_router_needs_are_not_shown() {
    check(
        query("{ me: User { id=name: String } }")
            .fetch("a", &[])
            .root("me { _r_id:id name }")
            .fetch("b", &[0])
            .entities("me", &["User { id=id }"], "age"),
        &[
            ("a", r#"{"data":{"me":{"_r_id":"7","name":"N"}}}"#),
            ("b", r#"{"data":{"_entities":[{"age":1}]}}"#),
        ],
        r#"{"data":{"me":{"id":"N"}}}"#,
    )
    .await;
}

#[tokio::test]
async fn ten_thousand_equal_and_different_entities_find_their_places() {
    let items: Vec<_> = (0..10_000).map(|n| format!(r#"{{"id":{}}}"#, n % 5_000)).collect();
    let entities: Vec<_> = (0..5_000).map(|n| format!(r#"{{"v":{}}}"#, n * 2)).collect();
    let expected: Vec<_> = (0..10_000).map(|n| format!(r#"{{"v":{}}}"#, n % 5_000 * 2)).collect();
    check(
        query("{ all: [P { v: Int }] }").fetch("a", &[]).root("all { id }").fetch("b", &[0]).entities(
            "all @",
            &["P { id }"],
            "v",
        ),
        &[
            ("a", &format!(r#"{{"data":{{"all":[{}]}}}}"#, items.join(","))),
            ("b", &format!(r#"{{"data":{{"_entities":[{}]}}}}"#, entities.join(","))),
        ],
        &format!(r#"{{"data":{{"all":[{}]}}}}"#, expected.join(",")),
    )
    .await;
}
