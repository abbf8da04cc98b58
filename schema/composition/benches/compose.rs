//! How long composition takes: four subgraphs as ours, and a curve over generated ones.

#![allow(missing_docs, reason = "criterion's macros generate undocumented items")]

#[path = "../tests/generator/mod.rs"]
mod generator;

use std::fs;
use std::hint::black_box;
use std::path::Path;

use composition::{SubgraphInput, compose};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use generator::{Shape, generate};

fn four_subgraphs() -> Vec<SubgraphInput> {
    let case = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases/the_event_ticket_and_booking_subgraphs_compose");
    ["booking", "event", "ticket", "user"]
        .into_iter()
        .map(|name| SubgraphInput {
            name: name.to_owned(),
            url: format!("http://{name}/graphql"),
            sdl: fs::read_to_string(case.join(format!("{name}.graphql"))).unwrap_or_default(),
            source: None,
        })
        .collect()
}

fn benchmarks(criterion: &mut Criterion) {
    let four = four_subgraphs();
    criterion.bench_function("four_subgraphs", |bencher| bencher.iter(|| compose(black_box(&four))));
    let mut curve = criterion.benchmark_group("generated");
    curve.sample_size(10);
    for types in [250, 500, 1000, 2000] {
        let subgraphs = generate(Shape { subgraphs: types / 20, types, fields: 5 });
        curve.bench_with_input(BenchmarkId::from_parameter(types), &subgraphs, |bencher, subgraphs| {
            bencher.iter(|| compose(black_box(subgraphs)));
        });
    }
    curve.finish();
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
