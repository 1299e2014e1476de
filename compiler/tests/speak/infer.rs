//! `flowc infer`: the example's samples, and a schema in a workflow.

use super::{expect, flowc, folder};
use std::fs;
use std::path::Path;

fn samples() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment/test-data.json");
    file.to_str().unwrap().to_owned()
}

#[test]
fn the_examples_samples() {
    let (code, stdout, stderr) = flowc(&folder(""), &[], &["infer", "--from", &samples()], "");
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.ends_with("3 samples: `valid_order`, `backorder_scenario`, `invalid_order`\n"), "{stderr}");
    expect(&folder("infer").join("order.json"), &stdout);
    let data = fs::read_to_string(samples()).unwrap();
    assert!(data.contains("John Doe") && !stdout.contains("John") && !stdout.contains("4242"));
}

/// What is inferred is understood: the workflow checks as it did, and knows its input.
#[test]
fn a_workflow_takes_the_schema() {
    let out = tempfile::tempdir().unwrap();
    let text = r#"{
  "nodes": [
    { "id": "start", "type": "trigger", "trigger_type": "manual" },
    { "id": "tell", "type": "action", "action_type": "http", "config": { "url": "${SHOP_URL}/${input_data.order_id}" } }
  ],
  "connections": [{ "from": "start", "to": "tell" }]
}
"#;
    fs::write(out.path().join("workflow.json"), text).unwrap();
    let write = ["infer", "-q", "--from", "-", "--samples", "one", "--write", "."];
    let run =
        |arguments: &[&str]| flowc(out.path(), &[], arguments, r#"{ "order_id": "A-1", "items": [{ "sku": "x" }] }"#);
    assert_eq!(run(&write), (0, String::new(), String::new()));
    let written = fs::read_to_string(out.path().join("workflow.json")).unwrap();
    let schema = r#" "config": { "input_schema": {
      "type": "object",
      "properties": {
        "order_id": { "type": "string" },
        "items": {
          "type": "array",
          "items": {
            "type": "object",
            "properties": { "sku": { "type": "string" } },
            "required": ["sku"]
          }
        }
      },
      "required": ["order_id", "items"]
    } },"#;
    let added = written.replacen(schema, "", 1);
    assert_eq!(added, text, "{written}");
    let (code, _, stderr) = flowc(out.path(), &[], &["check", "."], "");
    assert!(code == 0 && !stderr.contains("schema"), "{stderr}");
    let (code, _, stderr) = run(&write);
    assert_eq!(
        (code, stderr.as_str()),
        (2, "error: ./workflow.json: `start` has an `input_schema` already: remove it first\n")
    );
}

#[test]
fn what_are_no_samples_is_said() {
    let infer = |stdin: &str| flowc(&folder(""), &[], &["infer", "--from", "-"], stdin);
    let (code, stdout, stderr) = infer("[{}, 1]");
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert_eq!(stderr, "error: -: sample `2` is a number, and an input is an object\n");
    let (code, _, stderr) = infer("[{ \"a\": 1, }]");
    assert!(code == 1 && stderr.contains("error[json-syntax]") && stderr.contains("<stdin>:1:"), "{stderr}");
    let (code, _, stderr) = flowc(&folder(""), &[], &["infer"], "");
    assert!(code == 2 && stderr.contains("--from"), "{stderr}");
}
