//! What an execution costs while it waits: a hundred thousand orders whose payment service is down for an hour.
//!
//! `cargo bench -p flow-runtime --features service,store --bench waiting [EXECUTIONS]` prints bytes of resident memory for
//! each, and how many syncs the disk was asked for; the budget is 4 KB. Numbers of an unoptimised build (`--profile dev`) are
//! the same but for the time.

use flow_runtime::engine::{Capacity, Effect, Effects, Engine, Parts, Retention, StartedBy, SystemClock, record};
use flow_runtime::env::{Environment, Paths, Sources};
use flow_runtime::flow::{Body, Delay, Edge, Http, Kind, Node, Retry, Settings, Workflow};
use flow_runtime::journal::Journal;
use flow_runtime::journal::sqlite::Sqlite;
use flow_runtime::node::{Attempt, NodeError, Outcome};
use flow_runtime::scope::Scope;
use flow_runtime::value::{Doc, Fault, Limits, Shape};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ORDER: &str = r#"{"order_id":"ORD-1001","customer_email":"a@example.com","total_amount":99.5,"items":[{"sku":"A-1","quantity":2,"price":30},{"sku":"B-7","quantity":1,"price":39.5}],"shipping_address":{"street":"1 Main St","city":"Springfield","zip":"12345","country":"US"},"notes":"please leave the parcel with the neighbours on the first floor if nobody opens the door, they are in from nine to five and know about it"}"#;

const BUDGET: u64 = 4096;

struct Down;

impl Effects for Down {
    fn prepare(&self, _: &'static Node, _: &Scope) -> Result<Arc<dyn Effect>, Fault> {
        Ok(Arc::new(Down))
    }
}

impl Effect for Down {
    fn attempt(self: Arc<Self>, _: Duration) -> Pin<Box<dyn Future<Output = Attempt> + Send>> {
        let error = NodeError::new("HTTP_503", "HTTP 503 Service Unavailable");
        Box::pin(std::future::ready(Attempt::failed(Outcome::Retryable { after: None }, error)))
    }
}

fn node(id: &'static str, kind: Kind) -> Node {
    let retry = Retry { retries: 3, delay: Delay::Fixed(Duration::from_secs(3600)) };
    Node { id, title: id, kind, input_schema: None, output: &Shape::EMPTY, retry, timeout: Duration::from_secs(30) }
}

fn workflow() -> &'static Workflow {
    let http = || Http {
        method: "POST",
        url: |_, _| Ok(()),
        headers: None,
        params: None,
        body: Body::None,
        response_schema: None,
        cache: None,
    };
    let nodes = vec![node("order", Kind::Manual), node("charge", Kind::Http(http())), node("ship", Kind::Http(http()))];
    let edges = vec![Edge::on_success(0, 1), Edge::on_success(1, 2)];
    let settings = Settings { timeout: None, fail_fast: false, max_parallel_nodes: 3 };
    Box::leak(Box::new(Workflow {
        name: "waiting",
        title: "Waiting",
        version: "1",
        hash: "",
        settings,
        environment: &[],
        input: &Shape::EMPTY,
        nodes: nodes.leak(),
        edges: edges.leak(),
        openapi: "{}",
        outline: &[],
    }))
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

fn main() {
    let executions = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(100_000);
    let folder = std::env::temp_dir().join(format!("flow-waiting-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().expect("a runtime");
    runtime.block_on(measure(executions, &folder));
    runtime.shutdown_background();
    std::fs::remove_dir_all(&folder).expect("the folder of the journal");
}

async fn measure(executions: u64, folder: &Path) {
    let workflow = workflow();
    let sources = Sources::read(Path::new("."), &Paths::default()).expect("sources");
    let environment = Environment::load(&[], &sources).expect("nothing is missing");
    let journal = Arc::new(Sqlite::open(folder, &record(workflow)).expect("a journal"));
    let parts = Parts {
        effects: Box::new(Down),
        journal: Arc::clone(&journal) as Arc<dyn Journal>,
        clock: Arc::new(SystemClock),
        retention: Retention::default(),
        capacity: Capacity::default(),
    };
    let engine = Engine::with_parts(workflow, environment, parts);
    let before = resident();
    let began = Instant::now();
    let mut left = executions;
    while left > 0 {
        let batch = left.min(256);
        left -= batch;
        let started: Vec<_> = (0..batch)
            .map(|_| {
                let engine = Arc::clone(&engine);
                let input = Doc::read(ORDER.as_bytes(), &Shape::EMPTY, &Limits::default()).expect("JSON");
                tokio::spawn(async move { engine.start(input, StartedBy::Hand).await.map(drop) })
            })
            .collect();
        for start in started {
            start.await.expect("no panic").expect("accepted");
        }
    }
    while engine.at_work() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = began.elapsed();
    let each = resident().saturating_sub(before) / executions;
    let statistics = flow_runtime::journal::Store::statistics(&*journal);
    let waiting = engine.counts().running;
    println!("{waiting} executions wait, none is at work; they came in {took:.1?}");
    println!("memory: {each} bytes for each ({} MB before, {} MB now)", before >> 20, resident() >> 20);
    println!("journal: {} events in {} commits", statistics.events, statistics.commits);
    assert_eq!(waiting, executions);
    assert!(each <= BUDGET, "more than {BUDGET} bytes for each");
}
