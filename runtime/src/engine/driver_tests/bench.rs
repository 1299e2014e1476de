//! An engine for a workflow made on the spot, and the world its nodes see: what a node does is written in a script.

use super::*;

pub(super) static NOTHING: Shape = Shape { slots: 0, fields: &[] };
pub(super) static RESULT: Shape =
    Shape { slots: 1, fields: &[ShapeField { name: "result", slot: Some(0), fields: &[] }] };

/// The wall clock of these tests stands still; durations come from tokio's paused clock.
pub(super) struct Noon;

impl Clock for Noon {
    fn wall(&self) -> Timestamp {
        Timestamp { millis: 1_795_348_800_000 }
    }
}

/// What an attempt does, and when it ends.
#[derive(Clone)]
pub(super) enum Act {
    End(Duration, Attempt),
    Panic,
}

/// A node, its time stamp, and how many outputs it saw.
pub(super) type Rendering = (&'static str, (String, usize));

/// A world in which every node does what a script says; nodes without a script succeed at once with `{"ok":true}`.
#[derive(Default)]
pub(super) struct World {
    pub(super) scripts: Mutex<HashMap<&'static str, VecDeque<Act>>>,
    /// When each attempt began, and of which node.
    pub(super) calls: Mutex<Vec<(&'static str, Duration)>>,
    pub(super) prepared: AtomicUsize,
    pub(super) in_flight: AtomicUsize,
    pub(super) in_flight_max: AtomicUsize,
    pub(super) dropped: AtomicUsize,
    /// What each rendering saw: its time stamp, and how many outputs.
    pub(super) rendered: Mutex<Vec<Rendering>>,
    pub(super) began: Mutex<Option<Instant>>,
}

impl World {
    pub(super) fn script(&self, node: &'static str, acts: impl IntoIterator<Item = Act>) {
        self.scripts.lock().unwrap().insert(node, acts.into_iter().collect());
    }

    pub(super) fn rendered(&self) -> Vec<Rendering> {
        self.rendered.lock().unwrap().clone()
    }

    pub(super) fn calls(&self) -> Vec<(&'static str, u128)> {
        self.calls.lock().unwrap().iter().map(|(node, at)| (*node, at.as_millis())).collect()
    }
}

pub(super) struct Prepared {
    pub(super) world: Arc<World>,
    pub(super) node: &'static str,
    pub(super) at_most_once: bool,
}

impl Effects for Arc<World> {
    fn prepare(&self, node: &'static Node, scope: &Scope) -> Result<Arc<dyn Effect>, Fault> {
        self.prepared.fetch_add(1, Ordering::Relaxed);
        let seen = scope.outputs.iter().flatten().count();
        self.rendered.lock().unwrap().push((node.id, (scope.timestamp().to_owned(), seen)));
        let at_most_once = match &node.kind {
            Kind::Http(http) => {
                (http.url)(scope, &mut crate::render::Url::default())?;
                false
            }
            Kind::Email(email) => email.at_most_once,
            _ => return Err(Fault::new("not an effect of this world")),
        };
        Ok(Arc::new(Prepared { world: Arc::clone(self), node: node.id, at_most_once }))
    }
}

impl Effect for Prepared {
    fn attempt(self: Arc<Self>, _: Duration) -> Pin<Box<dyn Future<Output = Attempt> + Send>> {
        let world = Arc::clone(&self.world);
        let began = *world.began.lock().unwrap().get_or_insert_with(Instant::now);
        world.calls.lock().unwrap().push((self.node, began.elapsed()));
        let mut scripts = world.scripts.lock().unwrap();
        let act = scripts
            .get_mut(self.node)
            .and_then(|acts| if acts.len() > 1 { acts.pop_front() } else { acts.front().cloned() });
        drop(scripts);
        Box::pin(async move {
            let guard = InFlight::new(Arc::clone(&world));
            match act {
                None => succeed(r#"{"ok":true}"#),
                Some(Act::Panic) => panic!("a node panics"),
                Some(Act::End(after, attempt)) => {
                    if !after.is_zero() {
                        sleep(after).await;
                    }
                    guard.done();
                    attempt
                }
            }
        })
    }

    fn unknown(&self) -> Option<Attempt> {
        self.at_most_once.then(|| succeed(r#"{"delivery":"unknown"}"#))
    }
}

/// Counts attempts that run, and those dropped before they ended.
pub(super) struct InFlight {
    pub(super) world: Arc<World>,
    pub(super) done: std::cell::Cell<bool>,
}

impl InFlight {
    pub(super) fn new(world: Arc<World>) -> InFlight {
        let now = world.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        world.in_flight_max.fetch_max(now, Ordering::Relaxed);
        InFlight { world, done: std::cell::Cell::new(false) }
    }

    pub(super) fn done(&self) {
        self.done.set(true);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.world.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.done.get() {
            self.world.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub(super) fn succeed(result: &str) -> Attempt {
    Attempt { outcome: node::Outcome::Succeeded, status: None, result: Some(result.to_owned()), error: None }
}

pub(super) fn error(code: &str, message: &str) -> Option<NodeError> {
    Some(NodeError { message: message.to_owned(), code: code.to_owned(), details: String::from("{}") })
}

pub(super) fn unavailable() -> Attempt {
    let error = error("HTTP_503", "HTTP 503 Service Unavailable");
    Attempt {
        outcome: node::Outcome::Retryable { after: None },
        status: None,
        result: Some(String::from(r#"{"success":false}"#)),
        error,
    }
}

pub(super) fn declined() -> Attempt {
    Attempt { outcome: node::Outcome::Failed, status: None, result: None, error: error("HTTP_402", "Payment declined") }
}

pub(super) fn act(attempt: Attempt) -> Act {
    Act::End(Duration::ZERO, attempt)
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn http(id: &'static str, retries: u32) -> Node {
    let kind = Kind::Http(Http {
        method: "POST",
        url: |_, _| Ok(()),
        headers: None,
        params: None,
        body: Body::None,
        response_schema: None,
        cache: None,
    });
    with_kind(id, kind, retries)
}

pub(super) fn with_kind(id: &'static str, kind: Kind, retries: u32) -> Node {
    let retry = Retry { retries, delay: Delay::Fixed(seconds(2)) };
    Node { id, title: id, kind, input_schema: None, output: &RESULT, retry, timeout: seconds(30) }
}

pub(super) fn webhook() -> Node {
    let kind = Webhook {
        webhook_id: "in",
        secret: None,
        validate_signature: false,
        signature: Signature::Any,
        allowed_ips: &[],
        dedupe_key: None,
    };
    with_kind("webhook", Kind::Webhook(kind), 0)
}

pub(super) fn edge(from: usize, to: usize) -> Edge {
    Edge { from, to, required: false, condition: None }
}

/// An engine for a workflow made on the spot.
pub(super) struct Bench {
    pub(super) engine: Arc<Engine>,
    pub(super) world: Arc<World>,
}

impl Bench {
    pub(super) fn new(nodes: Vec<Node>, edges: Vec<Edge>) -> Bench {
        Bench::with(nodes, edges, Settings { timeout: Some(seconds(600)), fail_fast: false, max_parallel_nodes: 3 })
    }

    pub(super) fn with(nodes: Vec<Node>, edges: Vec<Edge>, settings: Settings) -> Bench {
        Bench::on(nodes, edges, settings, Arc::new(Memory), Retention::default())
    }

    pub(super) fn on(
        nodes: Vec<Node>,
        edges: Vec<Edge>,
        settings: Settings,
        journal: Arc<dyn Journal>,
        retention: Retention,
    ) -> Bench {
        Bench::of_parts(workflow(nodes, edges, settings), |effects| Parts {
            effects,
            journal,
            clock: Arc::new(Noon),
            retention,
            capacity: Capacity::default(),
        })
    }

    /// Without a store, and with room for so many.
    pub(super) fn narrow(nodes: Vec<Node>, capacity: Capacity) -> Bench {
        let settings = Settings { timeout: Some(seconds(600)), fail_fast: false, max_parallel_nodes: 3 };
        Bench::of_parts(workflow(nodes, Vec::new(), settings), |effects| Parts {
            effects,
            journal: Arc::new(Memory),
            clock: Arc::new(Noon),
            retention: Retention::default(),
            capacity,
        })
    }

    pub(super) fn of_parts(workflow: &'static Workflow, parts: impl FnOnce(Box<dyn Effects>) -> Parts) -> Bench {
        let world = Arc::new(World::default());
        let parts = parts(Box::new(Arc::clone(&world)));
        Bench { engine: Engine::with_parts(workflow, environment(), parts), world }
    }

    pub(super) async fn start(&self) -> Handle {
        self.engine.start(input(), StartedBy::Hand).await.unwrap()
    }

    /// Runs one execution to its end and gives its status and its view.
    pub(super) async fn run(&self) -> (Status, serde_json::Value) {
        let handle = self.start().await;
        let status = handle.finished().await;
        (status, self.view(&handle))
    }

    pub(super) fn view(&self, handle: &Handle) -> serde_json::Value {
        serde_json::from_str(&self.engine.view(handle.id()).unwrap()).unwrap()
    }
}

pub(super) fn workflow(nodes: Vec<Node>, edges: Vec<Edge>, settings: Settings) -> &'static Workflow {
    // What a node does is its title.
    let node = |node: &Node| format!("node {} {} title={}", node.id, node.kind.name(), node.title);
    let edge = |edge: &Edge| {
        let when = if edge.condition.is_some() { " when=1" } else { "" };
        format!("edge {} {}{}{when}", edge.from, edge.to, if edge.required { " required" } else { "" })
    };
    let head = format!("outline 1 fail_fast={}", settings.fail_fast);
    let outline = [head].into_iter().chain(nodes.iter().map(node)).chain(edges.iter().map(edge));
    let outline: Vec<&'static str> = outline.map(|line| &*line.leak()).collect();
    // Tables are static; a test's workflow may live as long as the test process.
    Box::leak(Box::new(Workflow {
        name: "order-fulfillment",
        title: "Order",
        version: "1",
        hash: "",
        settings,
        environment: const { &[Variable::new("API_KEY", Use::Secret, &[]).secret()] },
        input: &NOTHING,
        nodes: nodes.leak(),
        edges: edges.leak(),
        openapi: "{}",
        outline: outline.leak(),
    }))
}

pub(super) fn environment() -> Environment {
    Environment { values: vec![String::from("sk_live_12345")] }
}

pub(super) fn input() -> Doc {
    Doc::read(br#"{"order_id":"O-1","items":[1,2]}"#, &NOTHING, &Limits::default()).unwrap()
}
