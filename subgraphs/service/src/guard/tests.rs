//! Abusive documents are refused in no time, honest ones pass, and both hold for documents nobody thought of.

mod abuse;
mod properties;

use super::*;

/// What GraphiQL and code generators send.
const INTROSPECTION: &str = include_str!("tests/introspection.graphql");

/// No limits: to see what the guard counts.
fn boundless() -> Limits {
    Limits {
        body_bytes: usize::MAX,
        json_depth: usize::MAX,
        batch: usize::MAX,
        document_bytes: usize::MAX,
        tokens: usize::MAX,
        depth: usize::MAX / 4,
        aliases: u64::MAX,
        root_fields: u64::MAX,
        directives: u64::MAX,
        definitions: usize::MAX,
        selections: u64::MAX,
        introspection: u64::MAX,
        values: u64::MAX,
        nested_values: u64::MAX,
        credential_mutations: Vec::new(),
    }
}

fn check(document: &str) -> Result<DocumentFacts, Refusal> {
    check_document(document, &Limits::default())
}

#[test]
fn the_standard_introspection_query_passes() {
    let facts = check(INTROSPECTION).unwrap();
    assert!(facts.introspection && !facts.federation);
    assert_eq!(facts.kind_of(None), Some(OperationKind::Query));
    let half = Limits { introspection: Limits::default().introspection * 2 / 3, ..Limits::default() };
    assert!(check_document(INTROSPECTION, &half).is_ok(), "there is room above the standard query");
}

#[test]
fn what_people_write_passes() {
    for document in [
        "{ a }",
        "query Q($a: [Int!]! = [1, 2] @d, $b: In = { c: { d: \"}\" } }) @x(y: 1) { a(b: $b) { c } }",
        "mutation { createBooking(input: { eventId: \"1\", quantity: 2 }) { id } }",
        "subscription S { s }",
        "\u{feff}query { a } # } { comment",
        "{ a(b: \"\"\"block \\\"\"\" { still } \"\"\") b(c: \"\\\"{\") }",
        "fragment F on T { on type query fragment } query { ...F ... on T { a } ... @include(if: true) { b } ... { c } }",
        "{ a(x: -1.5e10, y: ENUM, z: null, w: true) }",
        "query A { a } mutation B { b }",
        "{a:b c:d}",
        "{\r\n,,,a,,,\r\n}",
    ] {
        assert!(check(document).is_ok(), "{document}: {:?}", check(document));
    }
}

#[test]
fn what_cannot_be_graphql_is_named_with_its_place() {
    for (document, line, column) in [
        ("", 1, 1),
        ("   # nothing", 1, 13),
        ("{ a", 1, 4),
        ("{\n  é }", 2, 3),
        ("{ a(b: 1 }", 1, 10),
        ("{ a(b: [1) }", 1, 10),
        ("{ ..a }", 1, 3),
        ("{ a(b: \"x\ny\") }", 1, 8),
        ("{ a(b: \"\\", 1, 8),
        ("{ a(b: \"\"\"x\"\") }", 1, 8),
        ("type Query { a: Int }", 1, 1),
        ("query Q", 1, 8),
        ("{ a } }", 1, 7),
        ("{ ...F { a } }", 1, 8),
        ("{ ... on T }", 1, 12),
        ("fragment on on T { a }", 1, 13),
        ("fragment F T { a }", 1, 14),
        ("{ a: }", 1, 6),
        ("{ \"a\" }", 1, 3),
        ("query { a } \"x\" query { b }", 1, 13),
    ] {
        match check(document) {
            Err(Refusal::Syntax { at, .. }) => assert_eq!((at.line, at.column), (line, column), "{document}"),
            other => panic!("{document}: {other:?}"),
        }
    }
}

#[test]
fn facts_say_which_operation_would_run() {
    let facts = check("query A { a } mutation B { b } fragment F on T { c }").unwrap();
    assert_eq!(facts.kind_of(Some("B")), Some(OperationKind::Mutation));
    assert_eq!(facts.kind_of(Some("C")), None);
    assert_eq!(facts.kind_of(None), None);
}

#[test]
fn federation_fields_are_seen_behind_aliases_and_in_fragments() {
    for document in [
        "{ _entities(representations: []) { __typename } }",
        "{ x: _service { sdl } }",
        "{ ...F } fragment F on Query { ... { _service { sdl } } }",
        "query A { a } query B { _service { sdl } }",
    ] {
        assert!(check(document).unwrap().federation, "{document}");
    }
    assert!(!check("{ a(_entities: \"_service\") entities }").unwrap().federation);
}

#[test]
fn fragments_are_counted_once_each_and_written_out() {
    let facts =
        check_document("{ ...A ...A } fragment A on T { a { ...B } } fragment B on T { b c }", &boundless());
    // Two spreads, each bringing: a, the spread of B, b, c.
    assert_eq!(facts.unwrap().selections, 2 + 2 * 4);
}

#[test]
fn depth_is_that_of_the_answer_with_fragments_written_out() {
    let document = "{ a { ...A } } fragment A on T { b { ... on T { c { d } } } }";
    for (depth, fits) in [(4, true), (3, false)] {
        let limits = Limits { depth, ..boundless() };
        assert_eq!(check_document(document, &limits).is_ok(), fits, "{depth}");
    }
}

#[test]
fn one_document_tries_one_credential() {
    let passes = |document: &str| check(document) != Err(Refusal::ManyCredentials);
    assert!(passes("mutation { login(email: \"a\", password: \"b\") { accessToken } other }"));
    assert!(passes("query { login createUser }"), "reading a field of that name tries nothing");
    assert!(passes("mutation { a { login createUser } }"), "nor does one further in");
    for document in [
        "mutation { a: login(p: 1) { t } b: login(p: 2) { t } }",
        "mutation { login createUser }",
        "mutation { ...F ...F } fragment F on Mutation { login }",
        "mutation { ... { login } ... on Mutation { login } }",
        "mutation A { login } mutation B { login }",
    ] {
        assert!(!passes(document), "{document}");
    }
}

#[test]
fn bodies_are_measured_on_their_bytes() {
    let limits = Limits { body_bytes: 1_000, ..Limits::default() };
    let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(check_body(nest(64).as_bytes(), &limits), Ok(()));
    assert_eq!(check_body(nest(65).as_bytes(), &limits), Err(Refusal::JsonTooDeep { limit: 64 }));
    assert_eq!(check_body("{\"a\":".repeat(65).as_bytes(), &limits), Err(Refusal::JsonTooDeep { limit: 64 }));
    assert_eq!(check_body(&[b' '; 1_001], &limits), Err(Refusal::BodyTooLarge { limit: 1_000 }));
    let brackets_in_text = format!(r#"{{"a":"\"{}\\"}}"#, "[".repeat(500));
    assert_eq!(check_body(brackets_in_text.as_bytes(), &limits), Ok(()));
    assert_eq!(check_body(format!("[{}]", "[],".repeat(300)).as_bytes(), &limits), Ok(()));
}
