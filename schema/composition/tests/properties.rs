//! What holds of every composition, over generated subgraphs.

mod generator;

use apollo_compiler::Schema;
use composition::{SubgraphInput, compose};
use generator::{Shape, generate};
use proptest::prelude::*;
use proptest::sample::SizeRange;

fn shapes() -> impl Strategy<Value = Vec<SubgraphInput>> {
    (2..6usize, 3..16usize, 1..4usize)
        .prop_map(|(subgraphs, types, fields)| generate(Shape { subgraphs, types, fields }))
}

fn shuffled() -> impl Strategy<Value = (Vec<SubgraphInput>, Vec<SubgraphInput>)> {
    shapes().prop_flat_map(|subgraphs| (Just(subgraphs.clone()), Just(subgraphs).prop_shuffle()))
}

/// Lines of SDL that are broken more often than not.
fn scraps() -> impl Strategy<Value = Vec<String>> {
    let scrap = prop::sample::select(vec![
        "type T0 @key(fields: \"id nope\") { id: ID! extra: Int }",
        "type T1 { id: ID @shareable f0: Int }",
        "interface T2 { id: ID! }",
        "extend type T0 @key(fields: \"id\") { id: ID! @external more: T9 }",
        "union U = T0 | T1",
        "input T3 { a: Int! b: [T3!] }",
        "type Query { version: String t0: [T0!]! }",
        "enum E { A B @inaccessible }",
        "type T0 @interfaceObject { id: ID! }",
        "scalar String",
        "}",
    ]);
    prop::collection::vec(scrap.prop_map(str::to_owned), SizeRange::from(1..6))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn shuffled_subgraphs_give_the_same_supergraph((subgraphs, shuffled) in shuffled()) {
        prop_assert_eq!(compose(&subgraphs), compose(&shuffled));
    }

    #[test]
    fn a_supergraph_survives_printing_and_parsing(subgraphs in shapes()) {
        let sdl = compose(&subgraphs).unwrap().supergraph_sdl;
        let parsed = Schema::parse_and_validate(&sdl, "supergraph.graphql").unwrap();
        let again = Schema::parse_and_validate(parsed.to_string(), "supergraph.graphql").unwrap();
        prop_assert_eq!(parsed, again);
    }

    #[test]
    fn broken_subgraphs_give_errors_and_never_a_panic(subgraphs in shapes(), scraps in scraps()) {
        let mut subgraphs = subgraphs;
        for (index, scrap) in scraps.into_iter().enumerate() {
            let count = subgraphs.len();
            subgraphs[index % count].sdl.push_str(&scrap);
        }
        if let Err(errors) = compose(&subgraphs) {
            prop_assert!(!errors.0.is_empty());
        }
    }
}
