//! The guard and the engine must read a document alike: what the engine's parser accepts, the guard accepts too, and it
//! counts exactly what the engine will walk. Otherwise there would be a way past the guard.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use proptest::collection::vec;
use proptest::prelude::*;
use service::guard::{DocumentFacts, Limits, OperationKind, Refusal, check_document};

fn boundless() -> Limits {
    Limits {
        tokens: usize::MAX,
        depth: 10_000,
        aliases: u64::MAX,
        root_fields: u64::MAX,
        directives: u64::MAX,
        definitions: usize::MAX,
        selections: u64::MAX,
        introspection: u64::MAX,
        credential_mutations: Vec::new(),
        ..Limits::default()
    }
}

/// Pieces that make honest documents, and places where a careless lexer goes astray.
const PIECES: [&str; 44] = [
    "{",
    "}",
    "{ a",
    "}",
    "(",
    ")",
    "(x: ",
    "[",
    "]",
    ":",
    "$v",
    "@skip(if: true)",
    "!",
    "=",
    "...",
    "...F",
    "... on T",
    "query",
    "query Q",
    "mutation",
    "fragment F on T {",
    "a",
    "b",
    "alias: a",
    "\"\"",
    "\"text\"",
    "\"\\\"\"",
    "\"{\"",
    "\"\"\"block\"\"\"",
    "\"\"\"\\\"\"\"{\"\"\"",
    "\"\"\"\"\"\"",
    "\\",
    "\n",
    "# comment {\n",
    "#\r",
    ",",
    "1.5e3",
    "-1",
    "$",
    "null",
    "ENUM",
    "{a: 1}",
    "\u{feff}",
    "é",
];

const HONEST: [&str; 4] = [
    "query Q($a: [Int!]! = [1, 2], $b: In = { c: \"}\" }) { x: a(b: $b, c: \"\"\"{ \\\"\"\" }\"\"\") @skip(if: $a) { ...F b } }\nfragment F on T { c ... on U { d } ... @include(if: true) { e } }",
    "mutation { createBooking(input: { eventId: \"1\", quantity: -2 }) { id } }",
    "query A { a { b { c } } } query B { _service { sdl } } # }",
    "{ a(s: \"\\u0022\\\\\", e: ENUM, f: 1.5e-3, n: null, l: [[], [{}]]) __typename }",
];

/// Selections of an operation with its fragments written out; `None` where a fragment is unknown or circular.
fn written_out(document: &ExecutableDocument, set: &SelectionSet, depth: usize) -> Option<u64> {
    let mut sum = 0;
    for selection in &set.items {
        sum += 1 + match &selection.node {
            _ if depth > 40 => return None,
            Selection::Field(field) => written_out(document, &field.node.selection_set.node, depth + 1)?,
            Selection::InlineFragment(inline) => {
                written_out(document, &inline.node.selection_set.node, depth + 1)?
            }
            Selection::FragmentSpread(spread) => {
                let fragment = document.fragments.get(&spread.node.fragment_name.node)?;
                written_out(document, &fragment.node.selection_set.node, depth + 1)?
            }
        };
    }
    Some(sum)
}

/// `lenient`: the engine's parser reads `querymutation` as a query called `mutation`; the guard need not.
fn agree(text: &str, lenient: bool) -> Result<(), TestCaseError> {
    let Ok(parsed) = parse_query(text) else { return Ok(()) };
    let largest =
        parsed.operations.iter().map(|(_, op)| written_out(&parsed, &op.node.selection_set.node, 0));
    let Some(largest) = largest.collect::<Option<Vec<_>>>() else { return Ok(()) };
    match check_document(text, &boundless()) {
        Ok(facts) => {
            prop_assert_eq!(Some(facts.selections), largest.into_iter().max(), "{}", text);
            prop_assert_eq!(kinds(&facts), parsed_kinds(&parsed), "{}", text);
        }
        Err(Refusal::Syntax { .. }) if lenient => {}
        Err(refusal) => prop_assert!(false, "{text:?} parses, and the guard says: {refusal}"),
    }
    Ok(())
}

fn kinds(facts: &DocumentFacts) -> Vec<OperationKind> {
    let mut kinds: Vec<_> = facts.operations.iter().map(|operation| operation.kind).collect();
    kinds.sort_unstable_by_key(|kind| *kind as u8);
    kinds
}

fn parsed_kinds(document: &ExecutableDocument) -> Vec<OperationKind> {
    let kind = |ty: OperationType| match ty {
        OperationType::Query => OperationKind::Query,
        OperationType::Mutation => OperationKind::Mutation,
        OperationType::Subscription => OperationKind::Subscription,
    };
    let mut kinds: Vec<_> =
        document.operations.iter().map(|(_, operation)| kind(operation.node.ty)).collect();
    kinds.sort_unstable_by_key(|kind| *kind as u8);
    kinds
}

#[test]
fn honest_documents_are_read_alike() {
    for text in HONEST {
        parse_query(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        agree(text, false).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mixtures_are_read_alike(pieces in vec(0..PIECES.len(), 1..24)) {
        let text = pieces.into_iter().map(|at| PIECES[at]).collect::<Vec<_>>().join(" ");
        agree(&text, false)?;
        agree(&format!("{{ a {text} }}"), false)?;
        agree(&format!("{{ a(x: {text}) }}"), false)?;
    }

    #[test]
    fn honest_documents_with_something_put_in_or_taken_out_are_read_alike(
        which in 0..HONEST.len(), at in 0..400_usize, remove in 0..3_usize, piece in 0..PIECES.len(),
    ) {
        let mut characters: Vec<char> = HONEST[which].chars().collect();
        let at = at % characters.len();
        let end = (at + remove).min(characters.len());
        drop(characters.splice(at..end, PIECES[piece].chars()));
        agree(&characters.into_iter().collect::<String>(), true)?;
    }
}
