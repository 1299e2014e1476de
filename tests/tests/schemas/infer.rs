//! `flowc infer`: each sample is valid against the schema inferred from all, no value of theirs is in it, and flowc
//! understands it.

use super::{complaints, validator};
use flow_compiler::diagnostic::Diagnostics;
use flow_compiler::infer::{infer, samples::samples};
use flow_compiler::source::FileId;
use flow_compiler::syntax::json;
use flow_tests::compile;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The schema of a document's samples.
fn schema(document: &str) -> Value {
    let document = json::read(document, FileId::WORKFLOW, &mut Diagnostics::default()).expect("JSON");
    let samples = samples(&document, None).expect("samples");
    infer(samples.iter().map(|sample| sample.value))
}

/// What flowc has to say about a trigger with this schema.
fn findings(schema: &Value) -> Vec<&'static str> {
    let workflow = json!({ "nodes": [
        { "id": "start", "type": "trigger", "trigger_type": "manual", "config": { "input_schema": schema } }
    ] });
    compile::check(workflow.to_string().as_bytes(), Path::new("x/workflow.json")).codes
}

#[test]
fn the_examples_samples_are_valid() {
    let file = flow_tests::order_workflow().with_file_name("test-data.json");
    let text = fs::read_to_string(file).expect("test data");
    let schema = schema(&text);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let validator = validator(&schema);
    for (name, sample) in document.as_object().expect("named samples") {
        assert_eq!(complaints(&validator, sample), "", "{name}");
    }
    assert_eq!(schema["required"], json!(["customer_email"]));
    assert_eq!(findings(&schema), Vec::<&str>::new());
    // The schema says something.
    assert!(!validator.is_valid(&json!({ "customer_email": "nobody" })));
    assert!(!validator.is_valid(&json!({ "customer_email": "a@example.com", "items": [{ "sku": 1 }] })));
}

/// Texts of every format, nearly of one, and of none. `§` marks what must not be told.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,8}@[a-z0-9.-]{1,8}\\.(com|org|c|x1)",
        "https?://[a-zA-Z0-9.:@/?#%&=\\[\\]~ ä-]{0,20}",
        "[0-9]{4}-[0-1][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,3})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])?",
        any::<String>(),
    ]
    .prop_map(|text| if text.len() % 7 == 0 { format!("§{text}") } else { text })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1000..1000i64).prop_map(Value::from),
        (-1e6..1e6f64).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

/// Few names, so that samples share them; now and then keys that are data.
fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = serde_json::Map<String, Value>> {
    let key = prop_oneof![9 => "[a-e]", 1 => "[a-z0-9@ -]{0,12}"];
    prop::collection::vec((key, value), 0..5).prop_map(|entries| entries.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_sample_is_valid(samples in prop::collection::vec(object(value()), 1..5)) {
        let document = Value::from(samples.iter().cloned().map(Value::from).collect::<Vec<_>>());
        let schema = schema(&document.to_string());
        let validator = validator(&schema);
        for sample in document.as_array().expect("an array") {
            prop_assert_eq!(complaints(&validator, sample), "", "{}", &schema);
        }
        let told = schema.to_string();
        prop_assert!(!told.contains('§'), "{}", told);
        prop_assert_eq!(findings(&schema), Vec::<&str>::new(), "{}", told);
    }
}
