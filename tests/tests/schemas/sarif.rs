//! What every ui case gives as SARIF is valid, one by one and all in one document.

use super::{cases, complaints, validator};
use flow_compiler::diagnostic::sarif::Log;
use flow_tests::compile;
use serde_json::Value;
use std::fs;

/// As published, without the patterns of `language`, which flowc does not write: their `]?` is no regular expression by
/// the rules of JSON Schema.
fn schema() -> Value {
    let mut schema: Value = serde_json::from_str(include_str!("sarif-2.1.0.json")).expect("JSON");
    for owner in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{owner}/properties/language"));
        let removed = language.and_then(Value::as_object_mut).and_then(|language| language.remove("pattern"));
        assert!(removed.is_some(), "the schema was repaired: remove this");
    }
    schema
}

#[test]
fn every_ui_case_is_valid_sarif() {
    let validator = validator(&schema());
    let mut all = Log::default();
    for case in cases("ui") {
        let file = flow_tests::written(&case);
        let found = compile::check(&fs::read(&file).expect("a case has a workflow"), &file);
        let mut log = Log::default();
        for log in [&mut log, &mut all] {
            log.add(&found.diagnostics, &found.sources, &str::to_owned);
        }
        let document = log.finish();
        assert_eq!(complaints(&validator, &document), "", "{}", case.display());
        assert_eq!(document["runs"][0]["results"].as_array().map(Vec::len), Some(found.codes.len()));
    }
    all.failure("there is no file x.json");
    assert_eq!(complaints(&validator, &all.finish()), "");
}

/// The test above could fail.
#[test]
fn the_schema_refuses_what_is_no_sarif() {
    let validator = validator(&schema());
    let mut document = Log::default().finish();
    assert!(validator.is_valid(&document));
    document["runs"][0]["results"] = serde_json::json!([{ "ruleId": "x" }]);
    assert!(!validator.is_valid(&document));
}
