//! Arguments that outer objects fill in: entities for which they differ are asked for apart, in as few requests as that takes.

use crate::support::{Plan, Script, check, data, errors, query, run};

fn plan(ty: &str) -> Plan {
    query("{ users: [User { ps: [P { f: String }] }] }")
        .fetch("users", &[])
        .root("users { word ps { id } }")
        .fetch("ps", &[0])
        .entities("users @ ps @", &["P { id }"], "f")
        .takes(ty, 2, "word")
}

const USERS: &str = r#"{"data":{"users":[{"word":"a","ps":[{"id":1},{"id":2}]},{"word":null,"ps":[{"id":1}]},{"word":"a","ps":[{"id":3},{"id":1}]}]}}"#;

#[tokio::test]
async fn every_set_of_values_has_a_selection_of_its_own_and_one_request_carries_them() {
    let script = check(
        plan("String"),
        &[("users", USERS), ("ps", r#"{"data":{"e":[{"f":"a1"},{"f":"a2"},{"f":"a3"}],"e_1":[{"f":"n1"}]}}"#)],
        r#"{"data":{"users":[{"ps":[{"f":"a1"},{"f":"a2"}]},{"ps":[{"f":"n1"}]},{"ps":[{"f":"a3"},{"f":"a1"}]}]}}"#,
    )
    .await;
    assert_eq!(
        script.asked()[1].1,
        concat!(
            r#"{"query":"query($r_1:[_Any!]!,$c_1:String,$r:[_Any!]!,$c:String)"#,
            r#"{e:_entities(representations:$r){...on P{f(in:$c)}} e_1:_entities(representations:$r_1){...on P{f(in:$c_1)}}}","#,
            r#""variables":{"c":"a","r":[{"__typename":"P","id":1},{"__typename":"P","id":2},{"__typename":"P","id":3}],"#,
            r#""c_1":null,"r_1":[{"__typename":"P","id":1}]}}"#
        )
    );
}

#[tokio::test]
async fn equal_objects_below_different_outer_ones_stay_apart_and_equal_outer_ones_are_one() {
    let users = r#"{"data":{"users":[{"word":"a","ps":[{"id":1}]},{"word":"b","ps":[{"id":1}]},{"word":"a","ps":[{"id":1}]}]}}"#;
    check(
        plan("String"),
        &[("users", users), ("ps", r#"{"data":{"e":[{"f":"a1"}],"e_1":[{"f":"b1"}]}}"#)],
        r#"{"data":{"users":[{"ps":[{"f":"a1"}]},{"ps":[{"f":"b1"}]},{"ps":[{"f":"a1"}]}]}}"#,
    )
    .await;
}

#[tokio::test]
async fn an_entity_is_not_asked_for_with_null_where_the_argument_needs_a_value() {
    check(
        plan("String!"),
        &[("users", USERS), ("ps", r#"{"data":{"e":[{"f":"a1"},{"f":"a2"},{"f":"a3"}]}}"#)],
        r#"{"data":{"users":[{"ps":[{"f":"a1"},{"f":"a2"}]},{"ps":[{"f":null}]},{"ps":[{"f":"a3"},{"f":"a1"}]}]}}"#,
    )
    .await;
}

#[tokio::test]
async fn nobody_is_asked_when_there_is_no_entity() {
    let script =
        check(plan("String!"), &[("users", r#"{"data":{"users":[]}}"#)], r#"{"data":{"users":[]}}"#).await;
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn an_error_in_a_copied_selection_is_told_where_its_entity_stands() {
    let answer = r#"{"data":{"e":[{"f":"a1"},{"f":"a2"},{"f":"a3"}],"e_1":[{"f":null}]},"errors":[{"message":"no","path":["e_1",0,"f"]}]}"#;
    let script = Script::new(&[("users", USERS), ("ps", answer)]);
    let response = run(&plan("String").prepared(), &script).await;
    assert_eq!(errors(&response), [r#"["users",1,"ps",0,"f"] SUBGRAPH_ERROR"#]);
}

#[tokio::test]
async fn a_copied_selection_with_too_few_entities_loses_its_own_only() {
    let answer = r#"{"data":{"e":[{"f":"a1"},{"f":"a2"},{"f":"a3"}],"e_1":[]}}"#;
    let script = Script::new(&[("users", USERS), ("ps", answer)]);
    let response = run(&plan("String").prepared(), &script).await;
    assert_eq!(
        data(&response),
        r#"{"users":[{"ps":[{"f":"a1"},{"f":"a2"}]},{"ps":[{"f":null}]},{"ps":[{"f":"a3"},{"f":"a1"}]}]}"#
    );
    assert_eq!(errors(&response).len(), 1);
}

#[tokio::test]
async fn more_sets_of_values_than_one_request_carries_go_in_several_at_once() {
    let users: Vec<_> =
        (0..120).map(|number| serde_json::json!({ "word": number, "ps": [{ "id": 1 }] })).collect();
    let users = serde_json::json!({ "data": { "users": users } }).to_string();
    let script = Script::new(&[("users", &users)]);
    let response = run(&plan("Int").prepared(), &script).await;
    let asked = script.asked();
    assert_eq!(asked.len(), 4);
    let sets: Vec<usize> = asked[1..].iter().map(|(_, body)| body.matches("_entities(").count()).collect();
    assert_eq!(sets.iter().sum::<usize>(), 120);
    assert!(sets.iter().all(|sets| *sets <= 50), "{sets:?}");
    // Nobody answers: each request fails for itself, and every place is told.
    assert_eq!(errors(&response).len(), 120);
    assert_eq!(response.fetches.len(), 4);
}
