//! An operation that asks for more than any plan may hold is refused with an error, soon.
//!
//! Such operations are short: what a fragment selects is asked for at every place that spreads it. Forty levels that double are more fields than
//! there is memory for, so that these tests only end where nothing is walked once for each of its places.

#![allow(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use composition::{SubgraphInput, compose};
use federation::Supergraph;
use planner::{Conditions, PlanError, Planner};

fn planner(sdls: &[&str]) -> Planner {
    let input = |(index, sdl): (usize, &&str)| SubgraphInput {
        name: format!("s{index}"),
        url: String::new(),
        sdl: format!(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"]) {sdl}"
        ),
        source: None,
    };
    let inputs: Vec<_> = sdls.iter().enumerate().map(input).collect();
    let composed =
        compose(&inputs).unwrap_or_else(|errors| panic!("{}", composition::report::human(&errors, &inputs)));
    Planner::new(Arc::new(Supergraph::parse(&composed.supergraph_sdl).unwrap()))
}

fn plan(planner: &Planner, operation: &str) -> Result<(), PlanError> {
    let schema = &planner.supergraph().api_schema;
    let document = ExecutableDocument::parse_and_validate(schema, operation, "operation.graphql").unwrap();
    planner.plan(&document, None, &Conditions::default()).map(|_| ())
}

/// `{ node { ...F0 } }`, where every fragment is `level` with the next one in the place of `NEXT`, and the last is `end`.
fn nested(levels: usize, level: &str, end: &str) -> String {
    let next = |number: usize| format!("...F{number}");
    let each = (0..levels).map(|number| {
        format!(" fragment F{number} on Node {{ {} }}", level.replace("NEXT", &next(number + 1)))
    });
    format!("{{ node {{ ...F0 }} }}{} fragment F{levels} on Node {{ {end} }}", each.collect::<String>())
}

#[test]
fn an_operation_that_doubles_with_every_fragment_is_too_complex() {
    let planner = planner(&["type Query { node: Node } type Node { id: ID node: Node }"]);
    let doubling = |levels| nested(levels, "a: node { NEXT } b: node { NEXT }", "id");
    assert_eq!(plan(&planner, &doubling(5)), Ok(()));
    for levels in [20, 40] {
        assert_eq!(plan(&planner, &doubling(levels)), Err(PlanError::TooComplex), "{levels} levels");
    }
}

#[test]
fn so_is_one_that_lacks_something_in_every_subgraph() {
    let planner = planner(&[
        "type Query { node: Node } type Node @key(fields: \"id\") { id: ID! node: Node here: Int }",
        "type Node @key(fields: \"id\") { id: ID! elsewhere: Int }",
    ]);
    let doubling = |levels| nested(levels, "a: node { NEXT } b: node { NEXT }", "here elsewhere");
    assert_eq!(plan(&planner, &doubling(5)), Ok(()));
    assert_eq!(plan(&planner, &doubling(40)), Err(PlanError::TooComplex));
}

#[test]
fn one_that_says_the_same_of_every_type_is_planned_however_deep() {
    let planner = planner(&[
        "type Query { node: Node }
         interface Node { id: ID! node: Node }
         type A implements Node @key(fields: \"id\") { id: ID! node: Node a: Int }
         type B implements Node @key(fields: \"id\") { id: ID! node: Node b: Int }",
        "type A @key(fields: \"id\") { id: ID! elsewhere: Int } type B @key(fields: \"id\") { id: ID! elsewhere: Int }",
    ]);
    let level = "... on A { a elsewhere node { NEXT } } ... on B { b elsewhere node { NEXT } }";
    assert_eq!(plan(&planner, &nested(40, level, "id")), Ok(()));
}
