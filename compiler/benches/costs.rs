//! What a check costs, in time and in memory: a table over shapes and sizes, each in a process of its own.
//!
//! ```text
//! cargo bench -p flow-compiler --bench costs
//! ```
//! Whether a column stays the same down the sizes is what matters: then the cost is linear.
#![expect(clippy::disallowed_methods, reason = "it measures processes")]

mod synthetic;

use flow_compiler::diagnostic::render::render_short;
use flow_compiler::pipeline;
use flow_compiler::source::SourceFile;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

/// As in flowc itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// The fastest of so many is what it costs: the rest is the machine.
const RUNS: usize = 15;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [shape, nodes] = arguments.as_slice() {
        return measure(shape, nodes.parse().expect("a number of nodes"));
    }
    println!("shape        nodes    text kB   check ms   µs a node   peak MB   kB a node");
    for (shape, _) in synthetic::SHAPES {
        for nodes in SIZES {
            let this = std::env::current_exe().expect("a running program has a file");
            let output = Command::new(this).args([shape, &nodes.to_string()]).output().expect("it starts itself");
            print!("{}", String::from_utf8_lossy(&output.stdout));
            assert!(output.status.success(), "{shape} {nodes}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// One line of the table.
fn measure(shape: &str, nodes: usize) {
    let (_, make) = synthetic::SHAPES.into_iter().find(|(name, _)| *name == shape).expect("a shape there is");
    let text = make(nodes);
    let before = peak();
    let best = (0..RUNS).map(|_| check(&text)).min().unwrap_or_default();
    let grown = peak().saturating_sub(before);
    let (size, millis) = (text.len() / 1_000, best.as_secs_f64() * 1e3);
    println!(
        "{shape:10} {nodes:7} {size:10} {millis:10.2} {:11.1} {:9.1} {:11.1}",
        millis * 1e3 / nodes as f64,
        grown as f64 / 1e3,
        grown as f64 / nodes as f64,
    );
}

fn check(text: &str) -> Duration {
    let file = SourceFile { name: "workflow.json".to_owned(), text: text.to_owned() };
    let started = Instant::now();
    let checked = pipeline::check(file, "synthetic", &BTreeMap::<String, String>::new());
    let took = started.elapsed();
    if let Err(rejected) = checked {
        panic!("a benchmark's workflow has no errors\n{}", render_short(&rejected.diagnostics, &rejected.sources));
    }
    took
}

/// The most memory this process has had, in kB; 0 where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
