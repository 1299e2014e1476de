//! What the engine itself costs: executions of nine nodes whose effects are over at once.
//!
//! `cargo bench -p flow-runtime --features service --bench engine` prints nanoseconds per node; the budget is 5 µs.

use flow_runtime::engine::{Capacity, Effect, Effects, Engine, Parts, Retention, StartedBy, SystemClock};
use flow_runtime::env::{Environment, Paths, Sources};
use flow_runtime::flow::{Body, Delay, Edge, Filter, Http, Kind, Node, Retry, Settings, Workflow};
use flow_runtime::journal::Memory;
use flow_runtime::node::Attempt;
use flow_runtime::scope::{Field, Of, Scope};
use flow_runtime::value::{Doc, Fault, Limits, Shape, ShapeField};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

static INPUT: Shape = Shape {
    slots: 2,
    fields: &[
        ShapeField { name: "order_id", slot: Some(0), fields: &[] },
        ShapeField { name: "items", slot: Some(1), fields: &[] },
    ],
};
static OUTPUT: Shape = Shape {
    slots: 2,
    fields: &[ShapeField {
        name: "result",
        slot: None,
        fields: &[
            ShapeField { name: "success", slot: Some(0), fields: &[] },
            ShapeField { name: "passed", slot: Some(1), fields: &[] },
        ],
    }],
};
static ITEMS: Field = Field { of: Of::InputSlot(1), path: "input_data.items" };

const ORDER: &str = r#"{"order_id":"ORD-1001","customer_email":"a@example.com","total_amount":99.5,"items":[{"sku":"A-1","quantity":2,"price":30},{"sku":"B-7","quantity":1,"price":39.5}],"shipping_address":{"street":"1 Main St","city":"Springfield","zip":"12345","country":"US"}}"#;
const ANSWER: &str = r#"{"success":true,"transaction_id":"txn_123","status_code":200,"response":{"success":true,"transaction_id":"txn_123"},"headers":{"content-type":"application/json"},"duration":0.012}"#;

/// Effects that are over as soon as they begin.
struct Instantly;
struct Over;

impl Effects for Instantly {
    fn prepare(&self, _: &'static Node, _: &Scope) -> Result<Arc<dyn Effect>, Fault> {
        Ok(Arc::new(Over))
    }
}

impl Effect for Over {
    fn attempt(self: Arc<Self>, _: Duration) -> Pin<Box<dyn Future<Output = Attempt> + Send>> {
        Box::pin(async { Attempt::succeeded(ANSWER.to_owned()) })
    }
}

fn node(id: &'static str, kind: Kind) -> Node {
    let retry = Retry { retries: 3, delay: Delay::Fixed(Duration::from_secs(1)) };
    Node { id, title: id, kind, input_schema: None, output: &OUTPUT, retry, timeout: Duration::from_secs(30) }
}

fn workflow(effects: bool) -> &'static Workflow {
    let http = || Http {
        method: "POST",
        url: |_, _| Ok(()),
        headers: None,
        params: None,
        body: Body::None,
        response_schema: None,
        cache: None,
    };
    let filter = || Filter { condition: |scope| Ok(scope.get(&ITEMS).truthy()), error_message: |_, _| Ok(()) };
    let mut nodes = vec![node("webhook", Kind::Manual), node("validate", Kind::Filter(filter()))];
    for id in ["check", "charge", "update", "ship", "confirm", "status", "warehouse"] {
        nodes.push(node(id, if effects { Kind::Http(http()) } else { Kind::Filter(filter()) }));
    }
    let edge =
        |from: usize| Edge { from, to: from + 1, required: true, condition: (from % 2 == 1).then_some(|_| Ok(true)) };
    let edges: Vec<Edge> = (0..nodes.len() - 1).map(edge).collect();
    let settings = Settings { timeout: Some(Duration::from_secs(600)), fail_fast: false, max_parallel_nodes: 3 };
    Box::leak(Box::new(Workflow {
        name: "bench",
        title: "Bench",
        version: "1",
        hash: "",
        settings,
        environment: &[],
        input: &INPUT,
        nodes: nodes.leak(),
        edges: edges.leak(),
        openapi: "{}",
        outline: &[],
    }))
}

async fn measure(name: &str, effects: bool) {
    const EXECUTIONS: u32 = 20_000;
    let environment = {
        let sources = Sources::read(Path::new("."), &Paths::default()).expect("sources");
        Environment::load(&[], &sources).expect("nothing is missing")
    };
    let retention = Retention::default();
    let parts = Parts {
        effects: Box::new(Instantly),
        journal: Arc::new(Memory),
        clock: Arc::new(SystemClock),
        retention,
        capacity: Capacity::default(),
    };
    let workflow = workflow(effects);
    let engine = Engine::with_parts(workflow, environment, parts);
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        for _ in 0..EXECUTIONS {
            let input = Doc::read(ORDER.as_bytes(), &INPUT, &Limits::default()).expect("JSON");
            engine.start(input, StartedBy::Hand).await.expect("accepted").finished().await;
        }
        best = best.min(began.elapsed());
    }
    let per_node = best / EXECUTIONS / workflow.nodes.len() as u32;
    println!("{name}: {} ns per node, {:?} per execution", per_node.as_nanos(), best / EXECUTIONS);
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        measure("nodes without effects", false).await;
        measure("effects that are over at once", true).await;
    });
}
