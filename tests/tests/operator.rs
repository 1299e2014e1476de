//! The operator's commands on the journal of a real service, running, killed and started again.

use flow_tests::compile;
use flow_world::process::{self, Ended, Process};
use flow_world::{Answer, Event, HttpServer, Request, Script, World};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);

/// A service that may be down, and what follows.
const WORKFLOW: &str = r#"{
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

struct Shop {
    world: World,
    service: HttpServer,
    binary: PathBuf,
    env: BTreeMap<String, String>,
    folder: TempDir,
}

impl Shop {
    fn new(retry_delay: &str) -> Shop {
        let world = World::start().expect("a world");
        let service = world.http("shop", Script::default()).expect("a port");
        let folder = tempfile::tempdir().unwrap();
        let text = WORKFLOW.replace("\"DELAY\"", retry_delay);
        let binary = compile::binary(&text, &folder.path().join("orders.json"));
        let mut env =
            BTreeMap::from([("SHOP_URL".to_owned(), service.url()), ("LOG_FORMAT".to_owned(), "json".to_owned())]);
        env.insert("FLOW_DATA_DIR".to_owned(), folder.path().join("journal").to_str().unwrap().to_owned());
        Shop { world, service, binary, env, folder }
    }

    fn serve(&self) -> Process {
        let process =
            Process::start(&self.binary, &["serve", "--listen", "127.0.0.1:0"], self.folder.path(), &self.env);
        process.listening();
        process
    }

    fn command(&self, arguments: &[&str]) -> Ended {
        Process::start(&self.binary, arguments, self.folder.path(), &self.env).wait(LIMIT)
    }

    /// Sends an order; its execution's id.
    fn order(&self, server: &Process) -> String {
        let headers = [("content-type", "application/json")];
        let (status, answer) =
            process::call(server.listening(), "POST /webhooks/orders", &headers, br#"{"order_id":"O-1"}"#);
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["execution_id"].as_str().unwrap().to_owned()
    }

    fn show(&self, id: &str) -> Value {
        let ended = self.command(&["show", id, "--compact"]);
        assert!(ended.status.success(), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Looks at an execution until it is so.
    fn until(&self, id: &str, so: impl Fn(&Value) -> bool) -> Value {
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

    fn down_once(&self) {
        let charge = [Answer::status(503), Answer::json(r#"{"id":7}"#)];
        self.service.play(Script::default().answers("POST /charge", charge).answer("POST /ship", "{}"));
    }

    fn requests(&self) -> Vec<Request> {
        let request = |event| match event {
            Event::Request(request) => Some(request),
            Event::Mail(_) => None,
        };
        self.world.events().into_iter().filter_map(request).collect()
    }
}

fn waits_for_a_retry(view: &Value) -> bool {
    view["current_node"] == "charge"
}

#[test]
fn an_execution_goes_on_after_kill_9() {
    let shop = Shop::new("2");
    shop.down_once();
    let server = shop.serve();
    let id = shop.order(&server);
    while shop.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    shop.until(&id, waits_for_a_retry);
    drop(server); // SIGKILL

    let listed = shop.command(&["executions", "--json", "--status", "running"]);
    let line: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((&line["execution_id"], &line["status"]), (&id.as_str().into(), &"running".into()));
    let server = shop.serve();
    let view = shop.until(&id, |view| view["status"] != "running");
    assert_eq!(view["status"], "completed", "{view:#}");
    let requests = shop.requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/charge", "/charge", "/ship"]);
    assert_eq!(requests[0].body, requests[1].body, "the same time stamp, too");
    assert!(requests[0].header("idempotency-key").is_some());
    assert_eq!(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));

    let second = shop.command(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(2));
    assert!(second.stderr.contains(&format!("in use by process {}", server.id())), "{}", second.stderr);
    let table = shop.command(&["executions"]).stdout;
    assert!(table.lines().nth(1).is_some_and(|line| line.starts_with(&format!("{id}  completed"))), "{table}");
}

#[test]
fn an_execution_is_cancelled_with_and_without_a_service() {
    let shop = Shop::new("3600");
    shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
    let server = shop.serve();
    let (first, second) = (shop.order(&server), shop.order(&server));
    for id in [&first, &second] {
        shop.until(id, waits_for_a_retry);
    }
    let cancelled = shop.command(&["cancel", &first]);
    assert!(cancelled.status.success(), "{}", cancelled.stderr);
    assert!(cancelled.stderr.contains("is cancelled"), "{}", cancelled.stderr);
    drop(server);
    assert!(shop.command(&["cancel", &second]).status.success());
    for id in [&first, &second] {
        assert_eq!(shop.show(id)["status"], "cancelled");
        assert_eq!(shop.show(id)["executed_nodes"][1]["status"], "cancelled");
        let again = shop.command(&["cancel", id]);
        assert_eq!(again.status.code(), Some(1));
        assert!(again.stderr.contains("has ended already: cancelled"), "{}", again.stderr);
    }
    let unknown = shop.command(&["show", "exec-00000000000000000000000000000000"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(unknown.stderr.contains("there is no execution"), "{}", unknown.stderr);
}

#[test]
fn an_execution_is_resumed_without_a_service() {
    let shop = Shop::new("1");
    shop.down_once();
    let server = shop.serve();
    let id = shop.order(&server);
    while shop.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(server);
    let resumed = shop.command(&["resume", &id, "--compact"]);
    assert!(resumed.status.success(), "{}", resumed.stderr);
    let view: Value = serde_json::from_str(&resumed.stdout).unwrap();
    assert_eq!((&view["execution_id"], &view["status"]), (&id.as_str().into(), &"completed".into()));
    let exported = shop.command(&["export"]).stdout;
    let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["input"], serde_json::json!({"order_id": "O-1"}));
    assert_eq!(lines[0]["executed_nodes"], view["executed_nodes"]);
}

#[test]
fn the_disk_is_waited_for_once_before_each_effect_and_once_at_the_end() {
    let shop = Shop::new("1");
    shop.service.play(Script::default().answer("POST /charge", r#"{"id":7}"#).answer("POST /ship", "{}"));
    let server = shop.serve();
    let id = shop.order(&server);
    shop.until(&id, |view| view["status"] == "completed");
    server.terminate();
    let ended = server.wait(LIMIT);
    let mut lines = ended.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let closed = lines.rfind(|line| line["event"] == "journal closed").expect("the journal is closed");
    assert_eq!((&closed["commits"], &closed["events"]), (&3.into(), &7.into()), "{closed}");
}
