//! The order of requests, what they carry, and what is reported about them.

use std::sync::Mutex;

use executor::{
    ExecutionRequest, Limits, PreparedPlan, SubgraphClient, SubgraphError, SubgraphRequest, SubgraphResponse,
};
use planner::OperationKind;
use serde_json::{Map, Value, json};
use tokio::sync::{Barrier, oneshot};

use crate::support::{Plan, Script, answer, check, data, query, run, run_with, text};

/// Every request waits until as many are under way.
struct Together(Barrier);

impl SubgraphClient for Together {
    async fn fetch(&self, request: SubgraphRequest<'_>) -> Result<SubgraphResponse, SubgraphError> {
        self.0.wait().await;
        Ok(answer(200, &format!(r#"{{"data":{{"{}":1}}}}"#, request.subgraph_name)))
    }
}

#[tokio::test]
async fn independent_fetches_are_under_way_at_the_same_time() {
    let plan = query("{ a: Int b: Int c: Int }")
        .fetch("a", &[])
        .root("a")
        .fetch("b", &[])
        .root("b")
        .fetch("c", &[])
        .root("c")
        .prepared();
    let response = run_with(&plan, &Together(Barrier::new(3)), &Map::new(), Limits::default()).await;
    assert_eq!(text(&response), r#"{"data":{"a":1,"b":1,"c":1}}"#);
}

/// `slow` answers only when `after` was asked: a fetch waits for what it depends on, and for nothing else.
struct SlowUntil {
    after: &'static str,
    release: Mutex<Option<oneshot::Sender<()>>>,
    wait: tokio::sync::Mutex<Option<oneshot::Receiver<()>>>,
}

impl SubgraphClient for SlowUntil {
    async fn fetch(&self, request: SubgraphRequest<'_>) -> Result<SubgraphResponse, SubgraphError> {
        if request.subgraph_name == self.after
            && let Some(release) = self.release.lock().expect("no panic").take()
        {
            release.send(()).expect("somebody waits");
        }
        if request.subgraph_name == "slow"
            && let Some(wait) = self.wait.lock().await.take()
        {
            wait.await.expect("released");
        }
        Ok(answer(
            200,
            &format!(r#"{{"data":{{"{0}":{{"id":"{0}"}},"_entities":[{{"v":1}}]}}}}"#, request.subgraph_name),
        ))
    }
}

#[tokio::test]
async fn a_fetch_waits_for_its_own_dependencies_only() {
    let plan = query("{ slow: X { id: ID! } fast: X { v: Int } }")
        .fetch("slow", &[])
        .root("slow { id }")
        .fetch("fast", &[])
        .root("fast { id }")
        .fetch("next", &[1])
        .entities("fast", &["X { id }"], "v")
        .prepared();
    let (release, wait) = oneshot::channel();
    let client = SlowUntil {
        after: "next",
        release: Mutex::new(Some(release)),
        wait: tokio::sync::Mutex::new(Some(wait)),
    };
    let response = run_with(&plan, &client, &Map::new(), Limits::default()).await;
    assert_eq!(text(&response), r#"{"data":{"slow":{"id":"slow"},"fast":{"v":1}}}"#);
}

#[tokio::test]
async fn mutations_run_one_after_the_other_and_then_their_joins() {
    let plan = query("{ one: A { v: Int } two: Int three: Int }")
        .fetch("a", &[])
        .root("one { id }")
        .fetch("b", &[0])
        .root("two")
        .fetch("c", &[1])
        .root("three")
        .kind(OperationKind::Mutation)
        .fetch("d", &[0])
        .entities("one", &["A { id }"], "v");
    let script = check(
        plan,
        &[
            ("a", r#"{"data":{"one":{"id":1}}}"#),
            ("b", r#"{"data":{"two":null},"errors":[{"message":"no","path":["two"],"extensions":{"code":"X"}}]}"#),
            ("c", r#"{"data":{"three":3}}"#),
            ("d", r#"{"data":{"_entities":[{"v":1}]}}"#),
        ],
        r#"{"data":{"one":{"v":1},"two":null,"three":3},"errors":[{"message":"no","path":["two"],"extensions":{"code":"X","service":"b"}}]}"#,
    )
    .await;
    let asked: Vec<_> = script.asked().into_iter().map(|(name, _)| name).collect();
    let mutations: Vec<_> = asked.iter().filter(|name| *name != "d").collect();
    assert_eq!(mutations, ["a", "b", "c"]);
}

fn with_variables() -> PreparedPlan {
    query("{ a: Int b: Int }")
        .fetch("a", &[])
        .root("a")
        .variables(&["x", "y"])
        .fetch("b", &[])
        .root("b")
        .prepared()
}

#[tokio::test]
async fn a_variable_goes_where_it_is_used_and_absent_is_not_null() {
    for (variables, sent) in [
        (json!({}), r#"{"query":"query0"}"#),
        (json!({"x": null}), r#"{"query":"query0","variables":{"x":null}}"#),
        (
            json!({"y": [1, {"k": "\"\u{e4}\n"}], "x": 1.5}),
            "{\"query\":\"query0\",\"variables\":{\"x\":1.5,\"y\":[1,{\"k\":\"\\\"\u{e4}\\n\"}]}}",
        ),
        (json!({"z": 1}), r#"{"query":"query0"}"#),
    ] {
        let Value::Object(variables) = variables else { unreachable!("an object") };
        let script = Script::new(&[("a", r#"{"data":{"a":1}}"#), ("b", r#"{"data":{"b":1}}"#)]);
        run_with(&with_variables(), &script, &variables, Limits::default()).await;
        assert_eq!(
            script.asked(),
            [("a".to_owned(), sent.to_owned()), ("b".to_owned(), r#"{"query":"query1"}"#.to_owned())]
        );
    }
}

#[tokio::test]
async fn client_variables_and_representations_travel_together() {
    let plan = query("{ me: U { v: Int } }")
        .fetch("a", &[])
        .root("me { id }")
        .fetch("b", &[0])
        .entities("me", &["U { id }"], "v")
        .variables(&["n"])
        .prepared();
    let script =
        Script::new(&[("a", r#"{"data":{"me":{"id":1}}}"#), ("b", r#"{"data":{"_entities":[{"v":1}]}}"#)]);
    let variables = [("n".to_owned(), json!(5))].into_iter().collect();
    run_with(&plan, &script, &variables, Limits::default()).await;
    assert_eq!(script.variables("b"), r#"{"n":5,"representations":[{"__typename":"U","id":1}]}"#);
}

#[tokio::test]
async fn documents_are_sent_as_they_are() {
    let mut plan = query("{ a: Int }").fetch("a", &[]).root("a");
    plan.plan.fetches[0].document = "{a(s:\"q\\\\\u{1}\n\u{e4}\")}".to_owned();
    let script = Script::new(&[("a", r#"{"data":{"a":1}}"#)]);
    run(&plan.prepared(), &script).await;
    let sent: Value = serde_json::from_str(&script.asked()[0].1).expect("JSON");
    assert_eq!(sent["query"], "{a(s:\"q\\\\\u{1}\n\u{e4}\")}");
}

#[tokio::test]
async fn introspection_stands_beside_data() {
    let plan = query("{ s=%: X a: Int t=%: X }").fetch("a", &[]).root("a").prepared();
    let introspection = json!({"s": {"queryType": {"name": "Query"}}});
    let request = ExecutionRequest {
        variables: &Map::new(),
        introspection: introspection.as_object(),
        limits: Limits::default(),
    };
    let script = Script::new(&[("a", r#"{"data":{"a":1}}"#)]);
    let response = executor::execute(&plan, &request, &script).await;
    assert_eq!(text(&response), r#"{"data":{"s":{"queryType":{"name":"Query"}},"a":1,"t":null}}"#);
}

#[tokio::test]
async fn an_event_takes_the_place_of_the_first_answer() {
    let plan = query("{ changed: T { id: ID! left: Int } }")
        .fetch("a", &[])
        .root("changed { id }")
        .fetch("b", &[0])
        .entities("changed", &["T { id }"], "left")
        .prepared();
    let request = ExecutionRequest { variables: &Map::new(), introspection: None, limits: Limits::default() };
    let script = Script::new(&[("b", r#"{"data":{"_entities":[{"left":4}]}}"#)]);
    let event = answer(200, r#"{"data":{"changed":{"id":"t"}}}"#);
    let response = executor::execute_event(&plan, &request, &script, Ok(event)).await;
    assert_eq!(text(&response), r#"{"data":{"changed":{"id":"t","left":4}}}"#);
    assert_eq!(script.asked().len(), 1, "the first fetch is not sent");
    let opening = executor::opening(&plan, &request).expect("a request");
    assert_eq!((opening.subgraph_name, opening.fetch), ("a", 0));
    assert!(opening.body.starts_with(br#"{"query":"#));
}

#[tokio::test]
async fn a_subscription_that_breaks_off_is_an_error_at_its_root_field() {
    let plan = query("{ changed: T { id: ID! } }").fetch("a", &[]).root("changed { id }").prepared();
    let request = ExecutionRequest { variables: &Map::new(), introspection: None, limits: Limits::default() };
    let broken = Err(executor::SubgraphError::Interrupted("closed".to_owned()));
    let response = executor::execute_event(&plan, &request, &Script::default(), broken).await;
    assert!(
        response.errors == 1 && text(&response).contains(r#""data":{"changed":null}"#),
        "{}",
        text(&response)
    );
}

#[tokio::test]
async fn every_request_is_reported() {
    let plan = query("{ all: [P { v: Int }] }")
        .fetch("a", &[])
        .root("all { id }")
        .fetch("b", &[0])
        .entities("all @", &["P { id }"], "v")
        .prepared();
    let script = Script::new(&[("a", r#"{"data":{"all":[{"id":1},{"id":2},{"id":1}]}}"#), ("b", "<html>")]);
    let response = run(&plan, &script).await;
    let [a, b] = &response.fetches[..] else { panic!("two requests") };
    assert_eq!((a.fetch, a.representations, a.failure), (0, 0, None));
    assert_eq!((b.fetch, b.representations, b.response_bytes), (1, 2, 6));
    assert_eq!(b.failure, Some(executor::ErrorCode::SubgraphBadResponse));
    assert_eq!(b.request_bytes, script.asked()[1].1.len());
}

#[tokio::test]
async fn a_plan_is_executed_again_and_again() {
    let plan = query("{ n: Int }").fetch("a", &[]).root("n").prepared();
    for n in 0..3 {
        let script = Script::new(&[("a", &format!(r#"{{"data":{{"n":{n}}}}}"#))]);
        assert_eq!(data(&run(&plan, &script).await), format!(r#"{{"n":{n}}}"#));
    }
}

#[tokio::test]
async fn deep_and_wide_plans_are_executed() {
    // Forty entities deep, each from another fetch.
    let depth = 40;
    let shape = (0..depth).fold("x: Int".to_owned(), |inner, _| format!("c: C {{ {inner} }}"));
    let mut plan: Plan = query(&format!("{{ {shape} }}")).fetch("s0", &[]).root("c { id }");
    let mut path = "c".to_owned();
    let mut answers = vec![("s0".to_owned(), r#"{"data":{"c":{"id":1}}}"#.to_owned())];
    for level in 1..depth {
        plan = plan.fetch(&format!("s{level}"), &[level - 1]).entities(&path, &["C { id }"], "x c { id x }");
        path.push_str(" c");
        answers.push((format!("s{level}"), r#"{"data":{"_entities":[{"c":{"id":1,"x":5}}]}}"#.to_owned()));
    }
    let answers: Vec<_> = answers.iter().map(|(name, body)| (name.as_str(), body.as_str())).collect();
    let expected = (0..depth).fold(r#""x":5"#.to_owned(), |inner, _| format!(r#""c":{{{inner}}}"#));
    check(plan, &answers, &format!(r#"{{"data":{{{expected}}}}}"#)).await;
}

#[test]
fn the_future_may_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let plan = with_variables();
    let variables = Map::new();
    let request = ExecutionRequest { variables: &variables, introspection: None, limits: Limits::default() };
    is_send(executor::execute(&plan, &request, &Script::default()));
}
