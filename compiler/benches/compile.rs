//! How long check and codegen take, and whether they stay linear.
#![expect(clippy::disallowed_methods, reason = "the seed's workflow is read from the examples")]

mod synthetic;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flow_compiler::pipeline::{self, Accepted};
use flow_compiler::source::SourceFile;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

fn check(text: &str) -> Accepted {
    let file = SourceFile { name: "workflow.json".to_owned(), text: text.to_owned() };
    pipeline::check(file, "synthetic", &BTreeMap::<String, String>::new()).unwrap_or_else(|rejected| {
        let text = flow_compiler::diagnostic::render::render(&rejected.diagnostics, &rejected.sources, false);
        panic!("the benchmark's workflow is wrong:\n{text}")
    })
}

fn compile(criterion: &mut Criterion) {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment/workflow.json");
    let seed = std::fs::read_to_string(&seed).unwrap_or_else(|error| panic!("{}: {error}", seed.display()));
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10);
    group.bench_function("seed", |bencher| bencher.iter(|| check(black_box(&seed))));
    for (shape, make) in synthetic::SHAPES {
        for nodes in SIZES {
            let text = make(nodes);
            group.throughput(Throughput::Elements(nodes as u64));
            group.bench_function(BenchmarkId::new(shape, nodes), |bencher| bencher.iter(|| check(black_box(&text))));
        }
    }
    group.finish();

    let sized = [48, 120, 1_000].map(|nodes| (nodes, synthetic::workflow(nodes)));
    let workflows = [(12, seed)].into_iter().chain(sized).collect::<Vec<_>>();
    let mut group = criterion.benchmark_group("codegen");
    for (nodes, text) in &workflows {
        let plan = check(text).plan();
        group.throughput(Throughput::Elements(*nodes as u64));
        group
            .bench_function(BenchmarkId::from_parameter(nodes), |bencher| bencher.iter(|| black_box(&plan).generate()));
    }
    group.finish();
}

criterion_group!(benches, compile);
criterion_main!(benches);
