//! The OpenAPI document of a compiled workflow, and whether its service keeps to it: schemathesis makes up requests from the
//! document, good and bad ones, and looks at every answer.

use flow_tests::compile;
use flow_world::process::Process;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const KEY: &str = "the-key-of-the-test";

/// No node of it touches the world, so that thousands of executions cost nothing.
const WORKFLOW: &str = r#"{
  "name": "Visits",
  "version": "2.1.0",
  "nodes": [
    {"id": "visit", "type": "trigger", "trigger_type": "webhook", "name": "A visit", "config": {
      "webhook_id": "visits",
      "input_schema": {
        "type": "object",
        "required": ["name", "guests"],
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 40},
          "mail": {"type": "string", "format": "email"},
          "kind": {"enum": ["private", "business"]},
          "guests": {"type": "array", "minItems": 1, "maxItems": 5, "items": {
            "type": "object",
            "required": ["age"],
            "properties": {"age": {"type": "integer", "minimum": 0, "maximum": 150}}
          }}
        }
      }
    }},
    {"id": "not-alone", "type": "action", "action_type": "data_filter", "config": {
      "filter_condition": "input_data.guests.length > 1",
      "error_message": "${HOUSE} takes no single guests"
    }},
    {"id": "answer", "type": "action", "action_type": "data_transform", "config": {
      "transform_type": "add_fields", "input": {}, "fields": {"said": "${input_data.name}"}
    }}
  ],
  "connections": [
    {"from": "visit", "to": "not-alone"},
    {"from": "not-alone", "to": "answer", "condition": "result.passed == true"}
  ]
}"#;

/// Checks that do not apply, operation by operation.
const CONFIG: &str = r#"
[checks]
# Cancelling an execution does not remove it.
use_after_free.enabled = false

[[operations]]
include-name = "POST /api/v1/flows/execute"
# 422: `flow_data` is some object, and has to be this very workflow.
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422"]
"#;

fn serve(directory: &Path) -> (Process, String) {
    let binary = compile::binary(WORKFLOW, Path::new("/nowhere/visits.json"));
    let env = BTreeMap::from([
        ("FLOW_API_KEYS".to_owned(), KEY.to_owned()),
        ("HOUSE".to_owned(), "The house".to_owned()),
        ("LOG_LEVEL".to_owned(), "off".to_owned()),
    ]);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--allow-env", "HOUSE"];
    let process = Process::start(&binary, &arguments, directory, &env);
    let address = process.listening();
    (process, format!("http://{address}"))
}

fn document(directory: &Path) -> Value {
    let (_process, base) = serve(directory);
    let address = base.strip_prefix("http://").unwrap().parse().unwrap();
    super::client::send(address, "GET", "/openapi.json", &[], b"").body
}

#[test]
fn the_document_speaks_of_this_workflow() {
    let directory = tempfile::tempdir().unwrap();
    let document = document(directory.path());
    assert_eq!((&document["openapi"], &document["info"]["title"]), (&json!("3.1.0"), &json!("Visits")));
    assert_eq!(document["info"]["version"], "2.1.0");
    let content = "/requestBody/content/application~1json/schema";
    let webhook = document.pointer(&format!("/paths/~1webhooks~1visits/post{content}/allOf/0")).unwrap();
    assert_eq!(webhook["required"], json!(["name", "guests"]));
    assert_eq!(webhook["properties"]["guests"]["items"]["properties"]["age"]["maximum"], 150);
    let execute = document.pointer(&format!("/paths/~1api~1v1~1flows~1execute/post{content}")).unwrap();
    assert_eq!(execute["required"], json!(["input_variables"]));
    let key = document.pointer("/paths/~1api~1v1~1flows~1execute/post/parameters/0").unwrap();
    assert_eq!((&key["name"], &key["in"]), (&json!("Idempotency-Key"), &json!("header")));
    let described = &document["paths"]["/webhooks/visits"]["post"]["description"];
    assert!(described.as_str().unwrap().contains("`Idempotency-Key`"), "{described}");
    let variables = &execute["properties"]["execution_options"]["properties"]["environment_variables"]["properties"];
    assert_eq!(*variables, json!({"HOUSE": {"type": "string"}}));
    assert_eq!(document["components"]["schemas"]["NodeId"], json!({"enum": ["visit", "not-alone", "answer"]}));
    assert!(!document.to_string().contains("\"@"), "every place is filled");
}

#[test]
fn schemathesis_finds_no_failure() {
    let directory = tempfile::tempdir().unwrap();
    let (_process, base) = serve(directory.path());
    let config = directory.path().join("schemathesis.toml");
    std::fs::write(&config, CONFIG).unwrap();
    // So many examples for each operation: more (`FLOW_SCHEMATHESIS_EXAMPLES=1000`) find more and take longer.
    let examples = std::env::var("FLOW_SCHEMATHESIS_EXAMPLES").unwrap_or_else(|_| "25".to_owned());
    let output = Command::new("schemathesis")
        .arg("--config-file")
        .arg(&config)
        .args(["run", &format!("{base}/openapi.json"), "--url", &base, "--max-examples", &examples, "--seed", "1"])
        .args(["--generation-database", "none", "--suppress-health-check", "all", "--no-color"])
        .args(["--header", &format!("Authorization: Bearer {KEY}")])
        .current_dir(directory.path())
        .output()
        .expect("schemathesis, which .ci/run installs from PyPI");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Tested: 9"), "it has looked at everything:\n{said}");
}
