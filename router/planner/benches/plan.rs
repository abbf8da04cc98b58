//! How long planning takes where it could explode: many subgraphs that share a field, deep operations, wide ones with many fragments, large
//! supergraphs. `cargo bench --bench plan`.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use composition::{SubgraphInput, compose};
use criterion::{Criterion, criterion_group, criterion_main};
use federation::Supergraph;
use planner::{Conditions, Planner};

const HEAD: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@shareable\"])\n";

fn planner(sdls: impl IntoIterator<Item = String>) -> Planner {
    let inputs: Vec<_> = sdls
        .into_iter()
        .enumerate()
        .map(|(index, sdl)| SubgraphInput {
            name: format!("s{index}"),
            url: String::new(),
            sdl: format!("{HEAD}{sdl}"),
            source: None,
        })
        .collect();
    let composed =
        compose(&inputs).unwrap_or_else(|errors| panic!("{}", composition::report::human(&errors, &inputs)));
    Planner::new(Arc::new(Supergraph::parse(&composed.supergraph_sdl).unwrap()))
}

/// A list of items that thirty subgraphs share, and of each item a field from every one of them.
fn shared_by_thirty() -> (Planner, String) {
    let sdl = |index| {
        format!(
            "type Query {{ items: [Item] @shareable }}
             type Item @key(fields: \"id\") {{ id: ID! name: String @shareable peers: [Item] @shareable f{index}: Int }}"
        )
    };
    let fields: String = (0..30).map(|index| format!("f{index} ")).collect();
    (
        planner((0..30).map(sdl)),
        format!("{{ items {{ name {fields} peers {{ name {fields} peers {{ name f3 }} }} }} }}"),
    )
}

/// Forty levels, each in the other of two subgraphs.
fn forty_levels() -> (Planner, String) {
    let a =
        "type Query { node: Node } type Node @key(fields: \"id\") { id: ID! next: Node @shareable a: Int }"
            .to_owned();
    let b = "type Node @key(fields: \"id\") { id: ID! other: Node b: Int }".to_owned();
    let mut operation = "b".to_owned();
    for level in 0..40 {
        let field = if level % 2 == 0 { "next" } else { "other" };
        operation = format!("a b {field} {{ {operation} }}");
    }
    (planner([a, b]), format!("{{ node {{ {operation} }} }}"))
}

/// Five hundred aliases, two hundred fragments.
fn aliases_and_fragments() -> (Planner, String) {
    let a = "type Query { node: Node } type Node @key(fields: \"id\") { id: ID! next: Node a(x: Int): Int }"
        .to_owned();
    let b = "type Node @key(fields: \"id\") { id: ID! b(x: Int): Int }".to_owned();
    let mut operation = "{ node {".to_owned();
    for index in 0..500 {
        let field = if index % 2 == 0 { "a" } else { "b" };
        write!(operation, " x{index}: {field}(x: {index})").unwrap();
    }
    for chain in 0..20 {
        write!(operation, " ...F{}", chain * 10).unwrap();
    }
    operation.push_str(" } }");
    for index in 0..200 {
        let (next, in_chain) = (index + 1, index % 10);
        let below = match in_chain {
            9 => String::new(),
            _ if in_chain % 2 == 0 => format!("...F{next}"),
            _ => format!("next {{ ...F{next} }}"),
        };
        write!(operation, " fragment F{index} on Node {{ id a b y{index}: a(x: {index}) {below} }}").unwrap();
    }
    (planner([a, b]), operation)
}

/// A hundred subgraphs of twenty types each, which form a chain of entities.
fn hundred_subgraphs() -> (Planner, String) {
    let sdl = |index: usize| {
        let mut sdl = if index == 0 { "type Query { start: E0 }".to_owned() } else { String::new() };
        let next = (index + 1) % 100;
        write!(sdl, " type E{index} @key(fields: \"id\") {{ id: ID! f: Int next: E{next} }}").unwrap();
        write!(sdl, " type E{next} @key(fields: \"id\") {{ id: ID! g{index}: String }}").unwrap();
        for ty in 0..18 {
            write!(sdl, " type T{index}x{ty} {{ a: Int b: String c: [Float] }} extend type E{index} {{ t{ty}: T{index}x{ty} }}").unwrap();
        }
        sdl
    };
    let mut operation = "f".to_owned();
    for level in (0..12).rev() {
        operation = format!("f t1 {{ a b }} next {{ g{level} {operation} }}");
    }
    (planner((0..100).map(sdl)), format!("{{ start {{ {operation} }} }}"))
}

/// Makes a supergraph, ready to be planned over, and an operation.
type Case = fn() -> (Planner, String);

fn plan(criterion: &mut Criterion) {
    let cases: [(&str, Case); 4] = [
        ("a field shared by 30 subgraphs", shared_by_thirty),
        ("40 levels", forty_levels),
        ("500 aliases, 200 fragments", aliases_and_fragments),
        ("100 subgraphs, 2,000 types", hundred_subgraphs),
    ];
    for (name, case) in cases {
        let (planner, operation) = case();
        let document =
            ExecutableDocument::parse_and_validate(&planner.supergraph().api_schema, &operation, "operation");
        let document = document.unwrap_or_else(|errors| panic!("{name}: {}", errors.errors));
        let planned = planner.plan(&document, None, &Conditions::default()).unwrap();
        let name = format!("{name} ({} fetches, depth {})", planned.fetches.len(), planned.depth());
        criterion.bench_function(&name, |bencher| {
            bencher.iter(|| black_box(planner.plan(&document, None, &Conditions::default()).unwrap()));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = plan
}
criterion_main!(benches);
