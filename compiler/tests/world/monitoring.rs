//! The monitoring workflow, asked of a running order service: its alert comes when executions failed, and only then.

use super::{Shop, example, flowc, until};
use flow_world::process::{Process, call};
use flow_world::{Answer, Script};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

const KEY: &str = "flowforge-key";

fn build(workflow: &Path, out: &Path) {
    let arguments = ["build", workflow.to_str().unwrap(), "-o", out.to_str().unwrap(), "-A", "warnings"];
    let built = flowc(out.parent().unwrap(), &arguments);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

/// Executes an order over the API; its status at the end.
fn order(address: SocketAddr) -> String {
    let bearer = format!("Bearer {KEY}");
    let ask = |head: &str, body: &Value| -> Value {
        let (status, text) = call(address, head, &[("authorization", &bearer)], body.to_string().as_bytes());
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    };
    let data = std::fs::read_to_string(example().join("test-data.json")).unwrap();
    let input = serde_json::from_str::<Value>(&data).unwrap()["valid_order"].clone();
    let started = ask("POST /api/v1/flows/execute", &json!({ "input_variables": input }));
    let id = started["execution_id"].as_str().unwrap();
    until("the end of an order", || {
        let view = ask(&format!("GET /api/v1/flows/execution/{id}"), &json!({}));
        let status = view["status"].as_str().unwrap().to_owned();
        ["completed", "error"].contains(&status.as_str()).then_some(status)
    })
}

#[test]
fn an_alert_comes_when_executions_failed_and_only_then() {
    let mut shop = Shop::open();
    shop.env.insert("FLOW_API_KEYS".to_owned(), KEY.to_owned());
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("order");
    build(&example().join("workflow.json"), &program);
    let service = Process::start(&program, &["serve", "--listen", "127.0.0.1:0"], folder.path(), &shop.env);
    let address = service.listening();

    // The documentation's workflow, but for the address of the service and of the mail server.
    let text = std::fs::read_to_string(example().join("../monitoring/workflow.json")).unwrap();
    let mut workflow: Value = serde_json::from_str(&text).unwrap();
    workflow["nodes"][0]["config"]["url"] = format!("http://{address}/api/v1/flows/executions").into();
    workflow["nodes"][2]["config"]["smtp_port"] = "${SMTP_PORT}".into();
    std::fs::create_dir(folder.path().join("monitoring")).unwrap();
    std::fs::write(folder.path().join("monitoring/workflow.json"), workflow.to_string()).unwrap();
    let monitor = folder.path().join("monitor");
    build(&folder.path().join("monitoring"), &monitor);
    let look = || {
        shop.world.log().clear();
        let output = Command::new(&monitor)
            .arg("run")
            .current_dir(folder.path())
            .envs(&shop.env)
            .env("FLOWFORGE_API_KEY", KEY)
            .env("SMTP_FROM", "flowforge@yourstore.com")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mails = shop.world.log().mails();
        mails.iter().map(|mail| mail.letter().text("text/plain").unwrap().trim().to_owned()).collect::<Vec<_>>()
    };

    assert_eq!(order(address), "completed");
    assert_eq!(look(), [""; 0]);
    // An answer that says nothing is an error at once.
    shop.services[0].play(Script::default().answers("POST /inventory/check", [Answer::json("{}")]));
    assert_eq!([order(address), order(address)], ["error", "error"]);
    assert_eq!(look(), ["Found 2 failed orders in the last hour"]);
}
