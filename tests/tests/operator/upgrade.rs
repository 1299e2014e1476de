//! A new version of a workflow, and what its senders repeat of what the old one has had.

use super::shop::{LIMIT, Shop, WORKFLOW, stands_at_charge};
use flow_tests::compile;
use flow_world::process::{self, Process};
use flow_world::{Answer, Script};
use serde_json::Value;
use std::fs;

#[test]
fn a_delivery_that_is_known_gets_its_answer_though_the_new_schema_asks_for_more() {
    let mut shop = Shop::new("3600");
    shop.env.insert("FLOW_API_KEYS".to_owned(), "key".to_owned());
    shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
    let webhook = |server: &Process, key: &str, body: &str| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let (status, answer) = process::call(server.listening(), "POST /webhooks/orders", &headers, body.as_bytes());
        (status, serde_json::from_str::<Value>(&answer).unwrap())
    };
    let api = |server: &Process, key: &str| {
        let headers = [("authorization", "Bearer key"), ("idempotency-key", key)];
        let body = br#"{"input_variables":{"order_id":"O-1"}}"#;
        let (status, answer) = process::call(server.listening(), "POST /api/v1/flows/execute", &headers, body);
        (status, serde_json::from_str::<Value>(&answer).unwrap())
    };
    const ORDER: &str = r#"{"order_id":"O-1"}"#;
    let server = shop.serve();
    let (delivered, started) = (webhook(&server, "d-1", ORDER), api(&server, "r-1"));
    assert_eq!((delivered.0, started.0), (200, 200), "{delivered:?} {started:?}");
    shop.until(delivered.1["execution_id"].as_str().unwrap(), stands_at_charge);
    server.terminate();
    server.wait(LIMIT);

    let schema =
        r#""validate_signature": false, "input_schema": {"type": "object", "required": ["order_id", "total"]}"#;
    let text = WORKFLOW.replace("\"DELAY\"", "3600").replace(r#""validate_signature": false"#, schema);
    fs::create_dir(shop.folder.path().join("new")).unwrap();
    let new = compile::binary(&text, &shop.folder.path().join("new/orders.json"));
    let server = shop.serve_with(&new, &[]);
    assert_eq!(webhook(&server, "d-1", ORDER), delivered);
    assert_eq!(api(&server, "r-1"), started);
    // What is new has to fit, and leaves no trace if it does not.
    let code = |(status, answer): (u16, Value)| (status, answer["error"]["code"].as_str().map(str::to_owned));
    let refused = |code: &str| (422, Some(code.to_owned()));
    assert_eq!(code(webhook(&server, "d-2", ORDER)), refused("INPUT_MISMATCH"));
    assert_eq!(code(api(&server, "r-2")), refused("INPUT_MISMATCH"));
    assert_eq!(webhook(&server, "d-2", r#"{"order_id":"O-2","total":1}"#).0, 200);
    // What came with another body is that first, whether or not it fits.
    assert_eq!(code(webhook(&server, "d-1", "{}")), refused("IDEMPOTENCY_KEY_REUSED"));
}
