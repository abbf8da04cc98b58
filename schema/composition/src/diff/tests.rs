//! A pair of graphs for every kind of change, and what holds of all pairs.

use proptest::prelude::*;

use super::{Change, ChangeCode, Criticality, Graph, Whom, diff};
use crate::SubgraphInput;

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", \
                    import: [\"@key\", \"@shareable\", \"@override\", \"@composeDirective\", \"@inaccessible\"])\n";

fn inputs(sdls: &[&str]) -> Vec<SubgraphInput> {
    let names = ["a", "b", "c"];
    let input = |(name, sdl): (&str, &&str)| SubgraphInput {
        name: name.to_owned(),
        url: format!("http://{name}"),
        sdl: format!("{LINK}{sdl}"),
        source: None,
    };
    names.into_iter().zip(sdls).map(input).collect()
}

fn graph(sdls: &[&str]) -> Graph {
    Graph::compose(&inputs(sdls)).unwrap_or_else(|errors| panic!("{errors}\n{sdls:#?}"))
}

/// The codes, coordinates and judgements of the changes from `before` to `after`.
fn found(before: &[&str], after: &[&str]) -> Vec<(ChangeCode, String, Criticality)> {
    let changes = diff(&graph(before), &graph(after));
    changes.into_iter().map(|change| (change.code, change.coordinate, change.criticality)).collect()
}

/// What each kind of change for clients looks like: the code, where, and one subgraph before and after.
const CLIENTS: &[(ChangeCode, &str, &str, &str)] = {
    use ChangeCode as C;
    &[
        (
            C::RootTypeRemoved,
            "Mutation",
            "type Query { a: Int } type Mutation { m: Int }",
            "type Query { a: Int }",
        ),
        (C::TypeRemoved, "T", "type Query { a: Int } type T { t: Int }", "type Query { a: Int }"),
        (C::TypeAdded, "T", "type Query { a: Int }", "type Query { a: Int } type T { t: Int }"),
        (C::TypeKindChanged, "T", "type Query { a: T } type T { t: Int }", "type Query { a: T } scalar T"),
        (C::FieldRemoved, "Query.b", "type Query { a: Int b: Int }", "type Query { a: Int }"),
        (C::FieldAdded, "Query.b", "type Query { a: Int }", "type Query { a: Int b: Int }"),
        (C::FieldTypeChanged, "Query.a", "type Query { a: Int! }", "type Query { a: Int }"),
        (C::FieldTypeChanged, "Query.a", "type Query { a: [Int!] }", "type Query { a: [Int]! }"),
        (C::FieldTypeChanged, "Query.a", "type Query { a: Int }", "type Query { a: [Int] }"),
        (C::FieldTypeChanged, "Query.a", "type Query { a: Int }", "type Query { a: Float }"),
        (C::FieldMadeNonNull, "Query.a", "type Query { a: Int }", "type Query { a: Int! }"),
        (C::FieldMadeNonNull, "Query.a", "type Query { a: [Int] }", "type Query { a: [Int!]! }"),
        (C::ArgumentRemoved, "Query.a(b:)", "type Query { a(b: Int): Int }", "type Query { a: Int }"),
        (C::RequiredArgumentAdded, "Query.a(b:)", "type Query { a: Int }", "type Query { a(b: Int!): Int }"),
        (C::OptionalArgumentAdded, "Query.a(b:)", "type Query { a: Int }", "type Query { a(b: Int): Int }"),
        (
            C::OptionalArgumentAdded,
            "Query.a(b:)",
            "type Query { a: Int }",
            "type Query { a(b: Int! = 1): Int }",
        ),
        (
            C::ArgumentTypeChanged,
            "Query.a(b:)",
            "type Query { a(b: Int): Int }",
            "type Query { a(b: Int!): Int }",
        ),
        (
            C::ArgumentTypeChanged,
            "Query.a(b:)",
            "type Query { a(b: Int): Int }",
            "type Query { a(b: [Int]): Int }",
        ),
        (
            C::ArgumentMadeNullable,
            "Query.a(b:)",
            "type Query { a(b: Int!): Int }",
            "type Query { a(b: Int): Int }",
        ),
        (
            C::ArgumentMadeNullable,
            "Query.a(b:)",
            "type Query { a(b: [Int!]!): Int }",
            "type Query { a(b: [Int]!): Int }",
        ),
        (
            C::ArgumentMadeRequired,
            "Query.a(b:)",
            "type Query { a(b: Int! = 1): Int }",
            "type Query { a(b: Int!): Int }",
        ),
        (
            C::ArgumentDefaultChanged,
            "Query.a(b:)",
            "type Query { a(b: Int = 1): Int }",
            "type Query { a(b: Int = 2): Int }",
        ),
        (
            C::InputFieldRemoved,
            "I.b",
            "type Query { a(i: I): Int } input I { a: Int b: Int }",
            "type Query { a(i: I): Int } input I { a: Int }",
        ),
        (
            C::RequiredInputFieldAdded,
            "I.b",
            "type Query { a(i: I): Int } input I { a: Int }",
            "type Query { a(i: I): Int } input I { a: Int b: Int! }",
        ),
        (
            C::OptionalInputFieldAdded,
            "I.b",
            "type Query { a(i: I): Int } input I { a: Int }",
            "type Query { a(i: I): Int } input I { a: Int b: Int }",
        ),
        (
            C::InputFieldTypeChanged,
            "I.a",
            "type Query { a(i: I): Int } input I { a: Int }",
            "type Query { a(i: I): Int } input I { a: Int! }",
        ),
        (
            C::InputFieldMadeNullable,
            "I.a",
            "type Query { a(i: I): Int } input I { a: Int! }",
            "type Query { a(i: I): Int } input I { a: Int }",
        ),
        (
            C::InputFieldMadeRequired,
            "I.a",
            "type Query { a(i: I): Int } input I { a: Int! = 1 }",
            "type Query { a(i: I): Int } input I { a: Int! }",
        ),
        (
            C::InputFieldDefaultChanged,
            "I.a",
            "type Query { a(i: I): Int } input I { a: Int = 1 }",
            "type Query { a(i: I): Int } input I { a: Int }",
        ),
        (
            C::OneOfAdded,
            "I",
            "type Query { a(i: I): Int } input I { a: Int }",
            "type Query { a(i: I): Int } input I @oneOf { a: Int }",
        ),
        (
            C::OneOfRemoved,
            "I",
            "type Query { a(i: I): Int } input I @oneOf { a: Int }",
            "type Query { a(i: I): Int } input I { a: Int }",
        ),
        (
            C::EnumValueRemoved,
            "E.B",
            "type Query { a: E } enum E { A B }",
            "type Query { a: E } enum E { A }",
        ),
        (C::EnumValueAdded, "E.B", "type Query { a: E } enum E { A }", "type Query { a: E } enum E { A B }"),
        (
            C::UnionMemberRemoved,
            "U.T",
            "type Query { a: U t: T } union U = S | T type S { s: Int } type T { t: Int }",
            "type Query { a: U t: T } union U = S type S { s: Int } type T { t: Int }",
        ),
        (
            C::UnionMemberAdded,
            "U.T",
            "type Query { a: U t: T } union U = S type S { s: Int } type T { t: Int }",
            "type Query { a: U t: T } union U = S | T type S { s: Int } type T { t: Int }",
        ),
        (
            C::InterfaceRemoved,
            "T.I",
            "type Query { a: I } interface I { t: Int } type S implements I { t: Int } type T implements I { t: Int }",
            "type Query { a: I } interface I { t: Int } type S implements I { t: Int } type T { t: Int }",
        ),
        (
            C::InterfaceAdded,
            "T.I",
            "type Query { a: I } interface I { t: Int } type S implements I { t: Int } type T { t: Int }",
            "type Query { a: I } interface I { t: Int } type S implements I { t: Int } type T implements I { t: Int }",
        ),
        (C::DeprecationAdded, "Query.a", "type Query { a: Int }", "type Query { a: Int @deprecated }"),
        (
            C::DeprecationAdded,
            "E.B",
            "type Query { a: E } enum E { A B }",
            "type Query { a: E } enum E { A B @deprecated }",
        ),
        (
            C::DeprecationRemoved,
            "Query.a(b:)",
            "type Query { a(b: Int @deprecated): Int }",
            "type Query { a(b: Int): Int }",
        ),
    ]
};

/// The same for directives, which operations may use where every subgraph defines them.
const DIRECTIVES: &[(ChangeCode, &str, &str, &str)] = {
    use ChangeCode as C;
    &[
        (C::DirectiveRemoved, "@d", "directive @d on FIELD", ""),
        (C::DirectiveAdded, "@d", "", "directive @d on FIELD"),
        (C::DirectiveLocationRemoved, "@d", "directive @d on FIELD | QUERY", "directive @d on FIELD"),
        (C::DirectiveNotRepeatable, "@d", "directive @d repeatable on FIELD", "directive @d on FIELD"),
        (C::ArgumentRemoved, "@d(b:)", "directive @d(b: Int) on FIELD", "directive @d on FIELD"),
        (C::RequiredArgumentAdded, "@d(b:)", "directive @d on FIELD", "directive @d(b: Int!) on FIELD"),
    ]
};

/// Two subgraphs.
type Pair = [&'static str; 2];

/// The same for the owners of other subgraphs: the judgement, and two subgraphs before and after.
const SUBGRAPHS: &[(ChangeCode, &str, Criticality, Pair, Pair)] = {
    use ChangeCode as C;
    use Criticality::{Breaking, Dangerous, Safe};
    const E: &str = "type Query { e: E } type E @key(fields: \"id\") @shareable { id: ID! n: ID! }";
    const BOTH: &str =
        "type Query { e: E } type E @key(fields: \"id\") @key(fields: \"n\") { id: ID! n: ID! }";
    const GUEST: &str = "type E @key(fields: \"id\") @key(fields: \"n\") { id: ID! n: ID! extra: Int }";
    const STRANGER: &str = "type Query { b: Int }";
    &[
        (C::KeyRemoved, "E", Breaking, [BOTH, GUEST], [E, GUEST]),
        (C::KeyRemoved, "E", Safe, [BOTH, STRANGER], [E, STRANGER]),
        (
            C::KeyChanged,
            "E",
            Breaking,
            [E, GUEST],
            ["type Query { e: E } type E @key(fields: \"n\") @shareable { id: ID! n: ID! }", GUEST],
        ),
        (
            C::EntityUnresolvable,
            "E",
            Breaking,
            [E, "type E @key(fields: \"id\", resolvable: false) { id: ID! } type Query { b: E }"],
            [
                "type Query { e: E } type E @key(fields: \"id\", resolvable: false) { id: ID! n: ID! }",
                "type E @key(fields: \"id\", resolvable: false) { id: ID! } type Query { b: Int }",
            ],
        ),
        (
            C::ShareableRemoved,
            "Query.v",
            Breaking,
            ["type Query { v: Int @shareable a: Int }", "type Query { v: Int @shareable b: Int }"],
            ["type Query { v: Int a: Int }", "type Query { b: Int }"],
        ),
        (
            C::ShareableRemoved,
            "Query.v",
            Safe,
            ["type Query { v: Int @shareable a: Int }", STRANGER],
            ["type Query { v: Int a: Int }", STRANGER],
        ),
        (
            C::FieldMoved,
            "E.n",
            Dangerous,
            [E, "type E @key(fields: \"id\") { id: ID! extra: Int }"],
            [E, "type E @key(fields: \"id\") { id: ID! extra: Int n: ID! @override(from: \"a\") }"],
        ),
        (
            C::ValueTypeChanged,
            "V.x",
            Breaking,
            [
                "type Query { a: V } type V @shareable { x: Int y: Int }",
                "type Query { b: V } type V @shareable { x: Int y: Int }",
            ],
            [
                "type Query { a: V } type V @shareable { y: Int }",
                "type Query { b: V } type V @shareable { y: Int }",
            ],
        ),
        (
            C::ValueTypeChanged,
            "V.x",
            Dangerous,
            [
                "type Query { a: V } type V @shareable { x: Int! }",
                "type Query { b: V } type V @shareable { x: Int! }",
            ],
            [
                "type Query { a: V } type V @shareable { x: Int }",
                "type Query { b: V } type V @shareable { x: Int! }",
            ],
        ),
        (
            C::ValueTypeChanged,
            "V.B",
            Dangerous,
            ["type Query { a: V } enum V { A B }", "type Query { b: V } enum V { A B }"],
            ["type Query { a: V } enum V { A }", "type Query { b: V } enum V { A B }"],
        ),
    ]
};

#[test]
fn every_change_for_clients_is_found_at_its_coordinate() {
    for (code, coordinate, before, after) in CLIENTS {
        let found = found(&[before], &[after]);
        let expected = (*code, (*coordinate).to_owned(), code.usually());
        assert!(found.contains(&expected), "{before}\n{after}\n{found:?}");
    }
}

#[test]
fn every_change_of_a_directive_is_found() {
    for (code, coordinate, before, after) in DIRECTIVES {
        let [before, after] = [before, after].map(|directive| format!("type Query {{ a: Int }} {directive}"));
        let found = found(&[&before], &[&after]);
        assert!(
            found.contains(&(*code, (*coordinate).to_owned(), code.usually())),
            "{before}\n{after}\n{found:?}"
        );
    }
}

#[test]
fn every_change_for_other_subgraphs_is_judged_by_who_depends_on_it() {
    for (code, coordinate, criticality, before, after) in SUBGRAPHS {
        let found = found(before, after);
        assert!(
            found.contains(&(*code, (*coordinate).to_owned(), *criticality)),
            "{code}\n{before:#?}\n{after:#?}\n{found:?}"
        );
    }
}

#[test]
fn every_kind_of_change_has_a_pair_above_and_a_word_of_its_own() {
    let shown =
        CLIENTS.iter().chain(DIRECTIVES).map(|case| case.0).chain(SUBGRAPHS.iter().map(|case| case.0));
    let shown: std::collections::BTreeSet<ChangeCode> = shown.collect();
    let missing: Vec<_> = ChangeCode::ALL.iter().filter(|code| !shown.contains(code)).collect();
    assert_eq!(missing, Vec::<&ChangeCode>::new());
    for code in ChangeCode::ALL {
        assert_eq!(ChangeCode::from_word(code.as_str()), Some(*code));
    }
}

#[test]
fn a_removed_field_has_places_on_both_sides() {
    let before = graph(&["type Query {\n  a: Int\n  gone: Int\n}", "type Query { b: Int }"]);
    let after = graph(&["type Query {\n  a: Int\n}", "type Query { b: Int }"]);
    let changes = diff(&before, &after);
    let [Change { before, after, whom, .. }] = changes.as_slice() else { panic!("{changes:?}") };
    let shown = |places: &[crate::SourceLocation]| -> Vec<String> {
        places.iter().map(|place| format!("{}:{}:{}", place.file, place.line, place.column)).collect()
    };
    assert_eq!(
        (shown(before), shown(after)),
        (vec!["a.graphql:4:3".to_owned()], vec!["a.graphql:2:6".to_owned()])
    );
    assert_eq!(*whom, Whom::Clients);
}

#[test]
fn descriptions_and_what_clients_cannot_see_do_not_count() {
    let before = ["type Query { a: Int hidden: Int @inaccessible }"];
    let after = ["\"new\" type Query { \"what it is\" a: Int }"];
    assert_eq!(found(&before, &after), []);
    let shown = found(&["type Query { a: Int b: Int }"], &["type Query { a: Int b: Int @inaccessible }"]);
    assert_eq!(shown, [(ChangeCode::FieldRemoved, "Query.b".to_owned(), Criticality::Breaking)]);
}

#[test]
fn a_key_in_another_spelling_is_the_same_key() {
    let [before, after] = ["id owner { id kind }", "owner { kind id } id"].map(|key| {
        format!(
            "type Query {{ e: E }} type E @key(fields: \"{key}\") {{ id: ID! owner: O! }} type O {{ id: ID! kind: Int }}"
        )
    });
    assert_eq!(found(&[&before], &[&after]), []);
}

#[test]
fn a_graph_does_not_differ_from_the_supergraph_that_it_composes_to() {
    for (_, _, _, pair, _) in SUBGRAPHS {
        let composed = graph(pair);
        let read = Graph::read(composed.supergraph_sdl(), "supergraph.graphql").unwrap();
        assert_eq!(diff(&read, &composed), []);
    }
}

/// A type with fields of some of these names, in an order of its own.
fn fields() -> impl Strategy<Value = Vec<&'static str>> {
    let all = vec!["a", "b", "c", "d", "e", "f"];
    prop::sample::subsequence(all, 1..=6).prop_shuffle()
}

fn sdl(fields: &[&str]) -> String {
    let field = |name: &&str| format!("{name}(x: Int): E ");
    let values: String = fields.iter().map(|name| format!("V_{name} ")).collect();
    format!("type Query {{ {} }} enum E {{ {values} }}", fields.iter().map(field).collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_graph_does_not_differ_from_itself(fields in fields()) {
        let sdl = sdl(&fields);
        prop_assert_eq!(diff(&graph(&[&sdl]), &graph(&[&sdl])), vec![]);
    }

    #[test]
    fn all_that_is_gone_is_reported_and_nothing_else(old in fields(), new in fields()) {
        let changes = found(&[&sdl(&old)], &[&sdl(&new)]);
        for name in &old {
            let gone = !new.contains(name);
            let field = (ChangeCode::FieldRemoved, format!("Query.{name}"), Criticality::Breaking);
            let value = (ChangeCode::EnumValueRemoved, format!("E.V_{name}"), Criticality::Breaking);
            prop_assert_eq!((changes.contains(&field), changes.contains(&value)), (gone, gone));
        }
        let common = old.iter().filter(|name| new.contains(name)).count();
        prop_assert_eq!(changes.len(), 2 * (old.len() + new.len() - 2 * common));
    }
}
