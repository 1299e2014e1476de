//! `flowc serve`: any workflow, over the API.

use super::{Shop, example, until};
use flow_world::process::{Process, call};
use flow_world::{Answer, Script};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;

const KEY: (&str, &str) = ("authorization", "Bearer test-key");

fn serve(shop: &mut Shop, listen: &str, more: &[&str]) -> (Process, SocketAddr) {
    shop.env.insert("FLOW_API_KEYS".to_owned(), "other-key,test-key".to_owned());
    let folder = std::env::temp_dir();
    let process = shop.flowc(&[&["serve", "--listen", listen], more].concat(), &folder);
    let address = process.listening();
    (process, address)
}

fn ask(address: SocketAddr, head: &str, body: &Value) -> (u16, Value) {
    let (status, text) = call(address, head, &[KEY], body.to_string().as_bytes());
    (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

fn workflow() -> Value {
    serde_json::from_str(&std::fs::read_to_string(example().join("workflow.json")).unwrap()).unwrap()
}

fn order() -> Value {
    let data = std::fs::read_to_string(example().join("test-data.json")).unwrap();
    serde_json::from_str::<Value>(&data).unwrap()["valid_order"].clone()
}

fn execute(address: SocketAddr, flow: &Value, input: &Value) -> String {
    let (status, answer) =
        ask(address, "POST /api/v1/flows/execute", &json!({ "flow_data": flow, "input_variables": input }));
    assert_eq!((status, &answer["success"], &answer["status"]), (200, &json!(true), &json!("running")), "{answer}");
    answer["execution_id"].as_str().unwrap().to_owned()
}

fn view(address: SocketAddr, id: &str) -> Value {
    ask(address, &format!("GET /api/v1/flows/execution/{id}"), &json!(null)).1
}

fn ended(address: SocketAddr, id: &str) -> Value {
    until("the end of an execution", || {
        let view = view(address, id);
        matches!(view["status"].as_str(), Some("completed" | "error" | "cancelled")).then_some(view)
    })
}

/// One request, to a service of the shop.
fn one_call(name: &str) -> Value {
    json!({
        "name": name,
        "nodes": [
            { "id": "start", "type": "trigger", "trigger_type": "manual", "config": {} },
            { "id": "check", "type": "action", "action_type": "http",
              "config": { "method": "POST", "url": "${INVENTORY_API_URL}/inventory/check", "body": {}, "retry_count": 0 } },
        ],
        "connections": [{ "from": "start", "to": "check" }],
    })
}

#[test]
fn any_workflow_is_checked_compiled_and_executed() {
    let mut shop = Shop::open();
    let (_process, address) = serve(&mut shop, "127.0.0.1:0", &[]);
    let (status, answer) = ask(address, "POST /api/v1/flows/validate", &workflow());
    assert_eq!((status, &answer["valid"], &answer["errors"]), (200, &json!(true), &json!([])));

    let id = execute(address, &workflow(), &order());
    let first = ended(address, &id);
    assert_eq!((&first["status"], &first["execution_id"]), (&json!("completed"), &json!(id)), "{first}");
    assert_eq!(first["build"]["state"], "done");
    assert_eq!(first["executed_nodes"].as_array().unwrap().len(), 9);
    assert_eq!(shop.world.log().mails().len(), 2);

    // Another workflow beside it.
    let second = ended(address, &execute(address, &one_call("Other"), &json!({})));
    assert_eq!((&second["status"], &second["flow_id"]), (&json!("completed"), &json!("other")), "{second}");

    let (_, page) = ask(address, "GET /api/v1/flows/executions?status=completed&limit=1", &json!(null));
    assert_eq!((&page["total_count"], &page["pagination"]["has_more"]), (&json!(2), &json!(true)));
    assert_eq!(page["executions"][0]["execution_id"], second["execution_id"]);
    assert!(page["executions"][0].get("executed_nodes").is_none(), "{page}");

    // It has ended, and the answer says how.
    let path = format!("DELETE /api/v1/flows/execution/{id}");
    let (status, answer) = ask(address, &path, &json!(null));
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("EXECUTION_ENDED")));
    let body = json!({ "flow_data": one_call("Other"), "input_variables": {}, "wait": 60 });
    let (_, waited) = ask(address, "POST /api/v1/flows/execute", &body);
    assert_eq!(
        (&waited["status"], &waited["execution"]["flow_id"]),
        (&json!("completed"), &json!("other")),
        "{waited}"
    );
}

#[test]
fn what_is_wrong_is_said_before_anything_is_compiled() {
    let mut shop = Shop::open();
    let (_process, address) = serve(&mut shop, "127.0.0.1:0", &["--max-body", "20000"]);
    let mut broken = one_call("Broken");
    broken["connections"][0]["to"] = "chekc".into();
    let (status, answer) = ask(address, "POST /api/v1/flows/validate", &broken);
    assert_eq!((status, &answer["valid"], &answer["errors"][0]["type"]), (200, &json!(false), &json!("unknown-node")));
    let (status, answer) = ask(address, "POST /api/v1/flows/execute", &json!({ "flow_data": broken }));
    assert_eq!((status, &answer["error"]["code"]), (422, &json!("INVALID_WORKFLOW")));

    for (head, body, status, code) in [
        ("POST /api/v1/flows/execute", json!({}), 400, "INVALID_REQUEST"),
        ("POST /api/v1/flows/execute", json!({ "flow_data": one_call("Other"), "inputs": {} }), 400, "INVALID_REQUEST"),
        (
            "POST /api/v1/flows/execute",
            json!({ "flow_data": one_call("Other"), "execution_options": { "timeout": 0 } }),
            400,
            "INVALID_REQUEST",
        ),
        (
            "POST /api/v1/flows/execute",
            json!({ "flow_data": one_call("Other"), "wait": "long" }),
            400,
            "INVALID_REQUEST",
        ),
        ("GET /api/v1/flows/executions?stauts=completed", json!(null), 400, "INVALID_PARAMETER"),
        ("GET /api/v1/flows/executions?status=done", json!(null), 400, "INVALID_PARAMETER"),
        ("GET /api/v1/flows/executions?limit=0", json!(null), 400, "INVALID_PARAMETER"),
        ("GET /api/v1/flows/executions?end_date=yesterday", json!(null), 400, "INVALID_PARAMETER"),
        ("POST /api/v1/flows/validate", json!([]), 400, "INVALID_INPUT"),
        ("POST /api/v1/flows/validate", json!({ "a": "x".repeat(30_000) }), 413, "PAYLOAD_TOO_LARGE"),
        ("GET /api/v1/flows/execution/exec-1", json!(null), 404, "EXECUTION_NOT_FOUND"),
        ("PUT /api/v1/flows/execute", json!({}), 405, "METHOD_NOT_ALLOWED"),
        ("GET /elsewhere", json!(null), 404, "NOT_FOUND"),
    ] {
        let (found, answer) = ask(address, head, &body);
        assert_eq!((found, &answer["error"]["code"]), (status, &json!(code)), "{head}: {answer}");
    }
    for headers in [&[][..], &[("authorization", "Bearer test-kez")], &[("authorization", "test-key")]] {
        assert_eq!(call(address, "POST /api/v1/flows/validate", headers, b"{}").0, 401);
    }
    assert_eq!(call(address, "GET /health/ready", &[], b"").0, 200);
}

#[test]
fn an_execution_whose_process_dies_takes_no_other_with_it() {
    let mut shop = Shop::open();
    let slow = Answer { delay: 4.0, ..Answer::json(r#"{"available": true}"#) };
    shop.services[0].play(Script::default().answers("POST /inventory/check", [slow]));
    let (process, address) = serve(&mut shop, "127.0.0.1:0", &[]);
    let running = |id: &str| {
        until("a running node", || (view(address, id)["current_node"] == "check").then_some(()));
    };
    let doomed = execute(address, &one_call("Slow"), &json!({}));
    running(&doomed);
    let children = || -> Vec<String> {
        let output = Command::new("pgrep").args(["-P", &process.id().to_string()]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    };
    let [victim] = <[String; 1]>::try_from(children()).unwrap();
    let other = execute(address, &one_call("Slow"), &json!({}));
    let cancelled = execute(address, &one_call("Slow"), &json!({}));
    running(&other);
    running(&cancelled);
    assert!(Command::new("kill").args(["-KILL", &victim]).status().unwrap().success());
    let (status, _) = ask(address, &format!("DELETE /api/v1/flows/execution/{cancelled}"), &json!(null));
    assert_eq!(status, 200);

    let doomed = ended(address, &doomed);
    assert_eq!((&doomed["status"], &doomed["error_code"]), (&json!("error"), &json!("CRASHED")), "{doomed}");
    assert_eq!(ended(address, &cancelled)["status"], "cancelled");
    assert_eq!(ended(address, &other)["status"], "completed");
    until("no process is left", || children().is_empty().then_some(()));
}

#[test]
fn what_the_environment_lacks_is_the_executions_error() {
    let mut shop = Shop::open();
    shop.env.remove("INVENTORY_API_URL");
    let (_process, address) = serve(&mut shop, "127.0.0.1:0", &["--allow-env"]);
    let view = ended(address, &execute(address, &one_call("Poor"), &json!({})));
    assert_eq!((&view["status"], &view["error_code"]), (&json!("error"), &json!("CONFIGURATION_ERROR")));
    assert!(view["error_message"].as_str().unwrap().contains("INVENTORY_API_URL"), "{view}");
    // A request may bring it, where the operator allows that.
    let environment = json!({ "environment_variables": { "INVENTORY_API_URL": shop.services[0].url() } });
    let body = json!({ "flow_data": one_call("Poor"), "execution_options": environment });
    let (_, started) = ask(address, "POST /api/v1/flows/execute", &body);
    assert_eq!(ended(address, started["execution_id"].as_str().unwrap())["status"], "completed");
}

#[test]
fn the_documentations_integration_test_passes_cold_and_warm() {
    let mut shop = Shop::open();
    // The test knows no other address.
    let _port = super::PORT_8000.lock();
    until("port 8000 is free", || TcpListener::bind("127.0.0.1:8000").ok().map(drop));
    let (_process, _) = serve(&mut shop, "127.0.0.1:8000", &[]);
    let client = example().join("../../clients/python");
    for _ in ["cold", "warm"] {
        let output = Command::new("python3")
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/seed/test_integration.py"])
            .current_dir(&client)
            .env("FLOWFORGE_SERVER", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
}
