//! An operation that asks for more than any plan may hold is refused with an error, soon.

#![allow(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::fmt::Write;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use composition::{SubgraphInput, compose};
use federation::Supergraph;
use planner::{Conditions, PlanError, Planner};

fn planner() -> Planner {
    let input = SubgraphInput {
        name: "a".to_owned(),
        url: String::new(),
        sdl: "type Query { node: Node } type Node { id: ID node: Node }".to_owned(),
        source: None,
    };
    let composed = compose(&[input]).unwrap();
    Planner::new(Arc::new(Supergraph::parse(&composed.supergraph_sdl).unwrap()))
}

/// Every level asks for the next twice: `2^levels` fields at the bottom, none of which is another's twin.
fn doubling(levels: usize) -> String {
    let mut document = "{ node { ...F0 } }".to_owned();
    for level in 0..levels {
        let next = level + 1;
        write!(
            document,
            " fragment F{level} on Node {{ a: node {{ ...F{next} }} b: node {{ ...F{next} }} }}"
        )
        .unwrap();
    }
    write!(document, " fragment F{levels} on Node {{ id }}").unwrap();
    document
}

#[test]
fn an_operation_that_grows_with_every_fragment_is_too_complex() {
    let planner = planner();
    let plan = |levels| {
        let schema = &planner.supergraph().api_schema;
        let document =
            ExecutableDocument::parse_and_validate(schema, doubling(levels), "doubling.graphql").unwrap();
        planner.plan(&document, None, &Conditions::default()).map(|_| ())
    };
    assert_eq!(plan(5), Ok(()));
    assert_eq!(plan(20), Err(PlanError::TooComplex));
}
