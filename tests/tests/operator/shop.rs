//! A shop: a workflow, the services behind it, and the journal of its executable.

use flow_tests::compile;
use flow_world::process::{self, Ended, Process};
use flow_world::{Answer, Event, HttpServer, Request, Script, World};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const LIMIT: Duration = Duration::from_secs(60);

/// A service that may be down, and what follows.
pub const WORKFLOW: &str = r#"{
  "name": "Orders",
  "nodes": [
    {"id": "order", "type": "trigger", "trigger_type": "webhook", "config": {"webhook_id": "orders", "validate_signature": false}},
    {"id": "charge", "type": "action", "action_type": "http", "config": {
      "method": "POST", "url": "${SHOP_URL}/charge", "body": {"order": "${input_data.order_id}", "at": "${timestamp}"},
      "retry_count": 3, "retry_delay": "DELAY", "idempotent": true}},
    {"id": "ship", "type": "action", "action_type": "http", "config": {
      "method": "POST", "url": "${SHOP_URL}/ship", "body": {"id": "${previous_outputs.charge.result.id}"}}}
  ],
  "connections": [
    {"from": "order", "to": "charge"},
    {"from": "charge", "to": "ship"}
  ]
}"#;

pub struct Shop {
    pub world: World,
    pub service: HttpServer,
    pub binary: PathBuf,
    pub env: BTreeMap<String, String>,
    pub folder: TempDir,
}

impl Shop {
    pub fn new(retry_delay: &str) -> Shop {
        Shop::of(&WORKFLOW.replace("\"DELAY\"", retry_delay))
    }

    pub fn of(workflow: &str) -> Shop {
        let world = World::start().expect("a world");
        let service = world.http("shop", Script::default()).expect("a port");
        let folder = tempfile::tempdir().unwrap();
        let binary = compile::binary(workflow, &folder.path().join("orders.json"));
        let mut env =
            BTreeMap::from([("SHOP_URL".to_owned(), service.url()), ("LOG_FORMAT".to_owned(), "json".to_owned())]);
        env.insert("FLOW_DATA_DIR".to_owned(), folder.path().join("journal").to_str().unwrap().to_owned());
        Shop { world, service, binary, env, folder }
    }

    pub fn serve(&self) -> Process {
        self.serve_with(&self.binary, &[])
    }

    pub fn serve_with(&self, binary: &Path, options: &[&str]) -> Process {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], options].concat();
        let process = Process::start(binary, &arguments, self.folder.path(), &self.env);
        process.listening();
        process
    }

    pub fn command(&self, arguments: &[&str]) -> Ended {
        self.command_of(&self.binary, arguments)
    }

    /// As another version of the executable has it.
    pub fn command_of(&self, binary: &Path, arguments: &[&str]) -> Ended {
        Process::start(binary, arguments, self.folder.path(), &self.env).wait(LIMIT)
    }

    /// Sends an order; its execution's id.
    pub fn order(&self, server: &Process) -> String {
        let (status, answer) = self.send(server);
        assert_eq!(status, 200, "{answer}");
        answer["execution_id"].as_str().unwrap().to_owned()
    }

    /// An order whose charge has been refused or is about to be, and whose service was killed at that.
    pub fn cut_off_order(&self) -> String {
        self.down_once();
        let server = self.serve();
        let id = self.order(&server);
        self.until_asked(1);
        self.until(&id, stands_at_charge);
        drop(server); // SIGKILL
        id
    }

    /// Waits until a process has the journal.
    pub fn until_owned_by(&self, process: &Process) {
        let (lock, deadline) = (self.folder.path().join("journal/lock"), Instant::now() + LIMIT);
        while fs::read_to_string(&lock).unwrap().split(' ').next() != Some(&process.id().to_string()) {
            assert!(Instant::now() < deadline, "it does not own the journal");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends an order; the answer.
    pub fn send(&self, server: &Process) -> (u16, Value) {
        let headers = [("content-type", "application/json")];
        let order = br#"{"order_id":"O-1"}"#;
        let (status, answer) = process::call(server.listening(), "POST /webhooks/orders", &headers, order);
        (status, serde_json::from_str(&answer).unwrap())
    }

    pub fn show(&self, id: &str) -> Value {
        let ended = self.command(&["show", id, "--compact"]);
        assert!(ended.status.success(), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Looks at an execution until it is so.
    pub fn until(&self, id: &str, so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + LIMIT;
        loop {
            let view = self.show(id);
            if so(&view) {
                return view;
            }
            assert!(Instant::now() < deadline, "{view:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until so many requests have arrived.
    pub fn until_asked(&self, requests: usize) {
        let deadline = Instant::now() + LIMIT;
        while self.requests().len() < requests {
            assert!(Instant::now() < deadline, "{:?}", self.requests());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn down_once(&self) {
        let charge = [Answer::status(503), Answer::json(r#"{"id":7}"#)];
        self.service.play(Script::default().answers("POST /charge", charge).answer("POST /ship", "{}"));
    }

    pub fn requests(&self) -> Vec<Request> {
        let request = |event| match event {
            Event::Request(request) => Some(request),
            Event::Mail(_) => None,
        };
        self.world.events().into_iter().filter_map(request).collect()
    }
}

/// The charge is under way, or waits for its retry.
pub fn stands_at_charge(view: &Value) -> bool {
    view["current_node"] == "charge"
}
