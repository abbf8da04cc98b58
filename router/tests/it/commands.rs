//! `compose`, `plan`, `config`: exit codes and what is written.

use std::{path::Path, process::Output};

use serde_json::{Value, json};

use crate::{
    process::binary,
    support::{EVENT, USER, supergraph},
};

fn run(arguments: &[&str]) -> Output {
    binary().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn compose_writes_a_supergraph_that_plan_can_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("subgraphs")).unwrap();
    std::fs::write(folder.path().join("subgraphs/user.graphql"), USER).unwrap();
    std::fs::write(folder.path().join("subgraphs/event.graphql"), EVENT).unwrap();
    let list = "subgraphs:\n  user: { routing_url: 'http://u/graphql', schema: { file: subgraphs/user.graphql } }\n  event: { routing_url: 'http://e/graphql', schema: { file: subgraphs/event.graphql } }\n";
    let (list_file, out) = (path(folder.path(), "supergraph.yaml"), path(folder.path(), "out.graphql"));
    std::fs::write(&list_file, list).unwrap();
    let composed = run(&["compose", "--subgraphs", &list_file, "--output", &out]);
    assert_eq!(composed.status.code(), Some(0), "{}", text(&composed.stderr));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), supergraph("http://u", "http://e"));

    let operation = path(folder.path(), "operation.graphql");
    std::fs::write(
        &operation,
        "query($with: Boolean!) { events { title host @include(if: $with) { name } } }",
    )
    .unwrap();
    let plan =
        |more: &[&str]| run(&[&["plan", "--supergraph", &out, "--operation", &operation], more].concat());
    let with: Value =
        serde_json::from_slice(&plan(&["--variables", r#"{"with":true}"#, "--format", "json"]).stdout)
            .unwrap();
    let without: Value =
        serde_json::from_slice(&plan(&["--variables", r#"{"with":false}"#, "--format", "json"]).stdout)
            .unwrap();
    assert_eq!(
        (with["fetches"].as_array().unwrap().len(), without["fetches"].as_array().unwrap().len()),
        (2, 1)
    );
    let shown = plan(&["--variables", r#"{"with":true}"#]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(text(&shown.stdout).starts_with("QueryPlan {"));
}

#[test]
fn compose_takes_json_and_reports_every_error_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let (list, out) = (path(folder.path(), "list.json"), path(folder.path(), "out.graphql"));
    let subgraphs = json!([
        { "name": "a", "url": "http://a", "sdl": "type Query { a: Int, both: Int, other: Int }" },
        { "name": "b", "url": "http://b", "sdl": "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\") type Query { both: String, other: String }" },
    ]);
    std::fs::write(&list, subgraphs.to_string()).unwrap();
    let failed = run(&["compose", "--subgraphs", &list, "--output", &out, "--format", "json"]);
    assert_eq!(failed.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&failed.stdout).unwrap();
    let errors = report["errors"].as_array().unwrap();
    assert!(errors.len() >= 2, "{report}");
    for error in errors {
        assert!(
            error["code"].is_string() && error["message"].is_string() && error["locations"].is_array(),
            "{error}"
        );
    }
    assert!(!Path::new(&out).exists(), "nothing is written when it cannot be composed");
    let human = run(&["compose", "--subgraphs", &list, "--output", &out]);
    assert_eq!(human.status.code(), Some(1));
    assert!(text(&human.stderr).contains("error["));
}

#[test]
fn compose_errors_are_written_for_github_and_code_scanners_too() {
    let folder = tempfile::tempdir().unwrap();
    let list = path(folder.path(), "supergraph.yaml");
    std::fs::write(folder.path().join("a.graphql"), "type Query {\n  a: Missing\n}\n").unwrap();
    std::fs::write(&list, "subgraphs: { a: { schema: { file: a.graphql } } }").unwrap();
    let run = |format: &str| run(&["compose", "--subgraphs", &list, "--output", "-", "--format", format]);
    let file = path(folder.path(), "a.graphql");
    let github = run("github");
    assert_eq!((github.status.code(), text(&github.stderr)), (Some(1), String::new()));
    let command = format!("::error file={file},line=2,col=6,title=INVALID_GRAPHQL::[a] ");
    assert!(text(&github.stdout).starts_with(&command), "{}", text(&github.stdout));
    let sarif = run("sarif");
    assert_eq!(sarif.status.code(), Some(1));
    let log: Value = serde_json::from_slice(&sarif.stdout).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&log["version"], &result["ruleId"]), (&json!("2.1.0"), &json!("INVALID_GRAPHQL")));
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
    let human = text(&run("human").stderr);
    assert!(
        human.contains(&format!("--> {file}:2:6 (subgraph a)\n  2 |   a: Missing\n    |      ^")),
        "{human}"
    );
}

#[test]
fn compose_cuts_a_contract_out_of_the_graph_by_tags() {
    let folder = tempfile::tempdir().unwrap();
    let (list, out) = (path(folder.path(), "list.json"), path(folder.path(), "out.graphql"));
    let sdl = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@tag\"])
        type Query { shown: Int @tag(name: \"public\") plain: Int secret: Int @tag(name: \"internal\") }";
    std::fs::write(&list, json!([{ "name": "a", "url": "http://a", "sdl": sdl }]).to_string()).unwrap();
    let seen = |flags: &[&str]| {
        let composed = run(&[&["compose", "--subgraphs", &list, "--output", &out], flags].concat());
        assert_eq!(composed.status.code(), Some(0), "{}", text(&composed.stderr));
        let sdl = std::fs::read_to_string(&out).unwrap();
        let supergraph = federation::Supergraph::parse(&sdl).unwrap();
        let query = supergraph.api_schema.get_object("Query").unwrap().clone();
        query.fields.keys().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(seen(&[]), ["shown", "plain", "secret"]);
    assert_eq!(seen(&["--exclude-tag", "internal"]), ["shown", "plain"]);
    assert_eq!(seen(&["--include-tag", "public", "--exclude-tag", "internal"]), ["shown"]);
    let nothing = run(&["compose", "--subgraphs", &list, "--output", "-", "--include-tag", "nobody"]);
    assert_eq!((nothing.status.code(), text(&nothing.stdout)), (Some(1), String::new()));
    assert!(text(&nothing.stderr).starts_with("error["), "{}", text(&nothing.stderr));
}

#[test]
fn a_list_that_cannot_be_read_is_reported_in_the_asked_form() {
    let failed = run(&["compose", "--subgraphs", "/nowhere.yaml", "--output", "-", "--format", "json"]);
    assert_eq!(failed.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!(report["errors"][0]["code"], "INVALID_SUBGRAPH_LIST");
}

#[test]
fn whatever_keeps_compose_from_its_work_is_reported_in_the_asked_form() {
    let folder = tempfile::tempdir().unwrap();
    let sound = r#"[{"name":"a","url":"http://a","sdl":"type Query { a: Int }"}]"#;
    let urls = r#"[{"name":"a","url":"ftp://a","sdl":"type Query { a: Int }"},{"name":"b","url":"b","sdl":"type Query { b: Int }"}]"#;
    let unread = "subgraphs:\n  a: { schema: { file: nowhere.graphql } }\n";
    let list = path(folder.path(), "list");
    for (content, output, code, count) in [
        ("[{", "-", "INVALID_SUBGRAPH_LIST", 1),
        ("subgraphs: 7", "-", "INVALID_SUBGRAPH_LIST", 1),
        (unread, "-", "INVALID_SUBGRAPH_LIST", 1),
        (urls, "-", "INVALID_URL", 2),
        (sound, "/nowhere/supergraph.graphql", "UNWRITABLE_OUTPUT", 1),
    ] {
        std::fs::write(&list, content).unwrap();
        let failed = run(&["compose", "--subgraphs", &list, "--output", output, "--format", "json"]);
        assert_eq!((failed.status.code(), text(&failed.stderr)), (Some(1), String::new()), "{content}");
        let report: Value = serde_json::from_slice(&failed.stdout).unwrap();
        let errors = report["errors"].as_array().unwrap();
        assert_eq!(errors.len(), count, "{report}");
        for error in errors {
            assert_eq!((&error["code"], &error["locations"]), (&json!(code), &json!([])), "{report}");
            assert!(error["message"].is_string(), "{report}");
        }
    }
}

#[test]
fn a_url_that_compose_does_not_have_serve_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let (list, out) = (path(folder.path(), "list.json"), path(folder.path(), "out.graphql"));
    std::fs::write(&list, r#"[{"name":"a","sdl":"type Query { a: Int }"}]"#).unwrap();
    assert_eq!(run(&["compose", "--subgraphs", &list, "--output", &out]).status.code(), Some(0));
    let refused = run(&["serve", "--supergraph", &out]);
    assert_eq!(refused.status.code(), Some(1));
    let words = text(&refused.stderr);
    assert!(words.contains("subgraph `a` has no URL: give --set subgraphs.a.url=VALUE"), "{words}");
}

/// What `plan` says of an operation that it cannot plan.
fn unplanned(operation: &str, variables: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let sdl = path(folder.path(), "s.graphql");
    std::fs::write(&sdl, supergraph("http://u", "http://e")).unwrap();
    std::fs::write(folder.path().join("mine.graphql"), operation).unwrap();
    let arguments = ["plan", "--supergraph", &sdl, "--operation", "mine.graphql", "--variables", variables];
    let failed = binary().args(arguments).current_dir(folder.path()).output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
    text(&failed.stderr)
}

#[test]
fn plan_says_what_is_wrong_with_an_operation_and_where() {
    let words = unplanned("{ nonsense event(id: \"x\") { foo } }", "{}");
    assert!(words.starts_with("error: type `Query` does not have a field `nonsense`\n"), "{words}");
    assert!(words.contains("\nerror: type `Event` does not have a field `foo`\n"), "{words}");
    assert!(words.contains("mine.graphql:1:3"), "{words}");
    assert!(!words.contains("Error") && !words.contains("subselection"), "{words}");
}

#[test]
fn plan_asks_for_the_variables_that_decide_it() {
    let operation = "query($a: Boolean!) { people @skip(if: $a) }";
    let missing = "error: $a decides the plan: give --variables '{\"a\": true}', or false\n";
    assert_eq!(unplanned(operation, "{}"), missing);
    assert!(unplanned(operation, r#"{"a":"x"}"#).contains("variable a"));
}

#[test]
fn config_check_reports_all_mistakes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "router.yaml");
    std::fs::write(&file, "lisen: 127.0.0.1:1\nlimits: { deadline: soon }\n").unwrap();
    let checked = run(&["config", "check", "--config", &file, "--set", "watch=maybe"]);
    assert_eq!(checked.status.code(), Some(1));
    let words = text(&checked.stderr);
    assert!(
        words.contains(&format!("{file}:1:1: unknown setting `lisen`; did you mean `listen`?")),
        "{words}"
    );
    assert!(words.contains(&format!("{file}:2:21: `limits.deadline`")), "{words}");
    assert!(words.contains("--set: `watch` is `maybe`"), "{words}");
    assert_eq!(words.lines().count(), 3, "{words}");
}

#[test]
fn config_explain_says_who_gave_each_value() {
    let explained = binary()
        .args(["config", "explain", "--listen", "127.0.0.1:7"])
        .env("EVENTHUB_WATCH", "false")
        .output()
        .unwrap();
    assert_eq!(explained.status.code(), Some(0));
    let words = text(&explained.stdout);
    let line = |key: &str| words.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("listen").ends_with("--listen"), "{words}");
    assert!(line("watch").ends_with("EVENTHUB_WATCH"), "{words}");
    assert!(line("drain_timeout").ends_with("default"), "{words}");
    assert!(line("cors.origins").ends_with("unset"), "{words}");
    let schema: Value = serde_json::from_slice(&run(&["config", "schema"]).stdout).unwrap();
    assert_eq!(schema["additionalProperties"], json!(false));
}
