//! `flowc dev`: every save is served.

use super::{Shop, until};
use flow_world::process::{Process, call};
use std::net::SocketAddr;
use std::time::Instant;

const ONE: &str = r#"{
  "name": "Greeting",
  "nodes": [
    { "id": "hook", "type": "trigger", "trigger_type": "webhook", "config": { "webhook_id": "one", "validate_signature": false } },
    { "id": "tell", "type": "action", "action_type": "data_transform",
      "config": { "transform_type": "add_fields", "fields": { "text": "hello" } } }
  ],
  "connections": [{ "from": "hook", "to": "tell" }]
}"#;

/// Whether the service has a webhook of that name now.
fn has(address: SocketAddr, webhook: &str) -> bool {
    call(address, &format!("POST /webhooks/{webhook}"), &[("content-type", "application/json")], b"{}").0 == 200
}

fn listening(process: &Process) -> SocketAddr {
    until("the address", || {
        let said = process.stderr();
        let address = said.split("on http://").nth(1)?.split(';').next()?.to_owned();
        address.parse().ok()
    })
}

#[test]
fn every_save_is_served_and_mistakes_leave_the_last_good_version() {
    let shop = Shop::open();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("workflow.json");
    std::fs::write(&file, ONE).unwrap();
    let process = shop.flowc(&["dev", ".", "--listen", "127.0.0.1:0"], folder.path());
    let address = listening(&process);
    until("the first version", || process.stderr().contains("after the save").then_some(()));
    assert!(has(address, "one"));
    until("the log of an execution", || process.stderr().contains("execution finished").then_some(()));

    std::fs::write(&file, ONE.replace("\"to\": \"tell\"", "\"to\": \"tel\"")).unwrap();
    until("the finding", || process.stderr().contains("did you mean `tell`?").then_some(()));
    until("the reassurance", || process.stderr().contains("still serving the version before").then_some(()));
    assert!(has(address, "one"));

    let saved = Instant::now();
    std::fs::write(&file, ONE.replace("\"one\"", "\"two\"")).unwrap();
    until("the new version", || {
        let served = call(address, "POST /webhooks/two", &[("content-type", "application/json")], b"{}").0 == 200;
        served.then_some(())
    });
    // Under a second where nothing else runs; printed for whoever wants to know.
    println!("from save to the new version answering: {:.2} s", saved.elapsed().as_secs_f64());
    assert!(!has(address, "one"));
}
