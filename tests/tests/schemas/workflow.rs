//! `flowc schema`: what flowc accepts, the schema accepts; what is wrong in its shape, the schema refuses.

use super::{cases, complaints, validator};
use flow_compiler::catalog::{self, schema::schema};
use flow_compiler::diagnostic::{Code, Diagnostic};
use flow_compiler::source::Sources;
use flow_tests::{case::Case, compile};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn accepts(validator: &Validator, text: &str, name: &Path) {
    assert_eq!(complaints(validator, &read(text)), "", "{}", name.display());
}

#[test]
fn it_is_a_schema_of_its_draft() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(jsonschema::meta::is_valid(&schema));
}

#[test]
fn every_example_is_valid() {
    let validator = validator(&schema());
    for folder in ["order-fulfillment", "monitoring"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(folder).join("workflow.json");
        accepts(&validator, &fs::read_to_string(&file).expect("an example"), &file);
    }
    for kind in catalog::KINDS.iter().filter(|kind| !kind.is_for_later()) {
        let workflow = json!({ "$schema": "./workflow.schema.json", "nodes": [read(kind.example)] });
        assert_eq!(complaints(&validator, &workflow), "", "{}", kind.word);
    }
}

#[test]
fn every_accepted_case_is_valid() {
    let validator = validator(&schema());
    for case in cases("ok").into_iter().chain(cases("quiet")) {
        let (text, file) = flow_tests::workflow(&case);
        if file.extension().is_none_or(|dialect| dialect != "json") {
            continue;
        }
        accepts(&validator, &text, &file);
    }
    for case in cases("run") {
        accepts(&validator, &Case::read(&case).workflow_text(), &case);
    }
}

/// Warnings are the checker's: an editor would show them as mistakes.
#[test]
fn a_case_with_nothing_but_warnings_is_valid() {
    let validator = validator(&schema());
    for file in cases("ui").into_iter().map(|case| case.join("workflow.json")).filter(|file| file.exists()) {
        let bytes = fs::read(&file).expect("a case has a workflow");
        if compile::check(&bytes, &file).accepted.is_some() {
            accepts(&validator, &String::from_utf8(bytes).expect("text"), &file);
        }
    }
}

#[test]
fn what_has_the_wrong_shape_is_refused() {
    let validator = validator(&schema());
    let mut refused = 0;
    for file in cases("ui").into_iter().map(|case| case.join("workflow.json")).filter(|file| file.exists()) {
        let bytes = fs::read(&file).expect("a case has a workflow");
        let found = compile::check(&bytes, &file);
        let Ok(workflow) = serde_json::from_slice::<Value>(&bytes) else { continue };
        if let Some(about) = found.diagnostics.iter().find(|about| is_shape(about, &found.sources)) {
            assert!(!validator.is_valid(&workflow), "{}: {}", file.display(), about.headline);
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
}

/// Whether a finding is about the shape of the document: not about what stands in an expression.
fn is_shape(about: &Diagnostic, sources: &Sources) -> bool {
    match about.code {
        Code::UnknownKey | Code::MissingKey | Code::UnknownWord | Code::InvalidNodeType => true,
        Code::WrongType => serde_json::from_str::<Value>(sources.text(about.primary.span)).is_ok(),
        _ => false,
    }
}

/// Keys that belong to another kind, to another role, or to nothing.
#[test]
fn keys_depend_on_the_kind() {
    let validator = validator(&schema());
    let node = |node: Value| validator.is_valid(&json!({ "nodes": [node] }));
    let http = |config: Value| node(json!({ "id": "a", "type": "action", "action_type": "http", "config": config }));
    assert!(http(json!({ "url": "${API_URL}" })));
    assert!(!http(json!({ "url": "${API_URL}", "subject": "Hello" })));
    assert!(!http(json!({})));
    assert!(!node(json!({ "id": "a", "type": "action", "action_type": "http" })));
    assert!(!node(json!({ "id": "a", "type": "trigger", "trigger_type": "http" })));
    assert!(!node(json!({ "id": "a", "type": "trigger", "action_type": "manual" })));
    assert!(node(json!({ "id": "a", "type": "trigger", "trigger_type": "manual" })));
    let webhook = |id: &str| {
        node(json!({ "id": "a", "type": "trigger", "trigger_type": "webhook", "config": { "webhook_id": id } }))
    };
    assert!(webhook("orders-$5") && webhook("$") && webhook("{$}") && !webhook("${ID}") && !webhook("a$${ID}"));
}
