//! What is inferred, and where it is written.

use super::samples::{Layout, samples};
use super::{infer, write};
use crate::diagnostic::Diagnostics;
use crate::pipeline::Parsed;
use crate::source::{FileId, SourceFile};
use crate::syntax::{ast, json};
use serde_json::{Value, json};

fn read(text: &str) -> ast::Value {
    json::read(text, FileId::WORKFLOW, &mut Diagnostics::default()).unwrap_or_else(|| panic!("no JSON: {text}"))
}

/// The samples of a document, and their schema.
fn check(document: &Value, expected: Value) {
    let document = read(&document.to_string());
    let samples = samples(&document, None).expect("samples");
    assert_eq!(infer(samples.iter().map(|sample| sample.value)), expected);
}

#[test]
fn what_stands_in_all_samples_is_required() {
    check(
        &json!([{ "a": 1, "b": "x" }, { "b": "y", "c": true }]),
        json!({
            "type": "object",
            "properties": { "a": { "type": "integer" }, "b": { "type": "string" }, "c": { "type": "boolean" } },
            "required": ["b"],
        }),
    );
}

#[test]
fn types_are_joined() {
    let field = |values: Value, expected: Value| {
        let samples: Vec<Value> = values.as_array().unwrap().iter().map(|value| json!({ "a": value })).collect();
        check(&json!(samples), json!({ "type": "object", "properties": { "a": expected }, "required": ["a"] }));
    };
    field(json!([1, 2]), json!({ "type": "integer" }));
    field(json!([1, 2.5]), json!({ "type": "number" }));
    field(json!([1, "x", null]), json!({ "type": ["string", "integer", "null"] }));
    field(json!([null]), json!({}));
    field(json!(["a@example.com", "b@example.com"]), json!({ "type": "string", "format": "email" }));
    field(json!(["a@example.com", "unknown"]), json!({ "type": "string" }));
    field(json!(["a@example.com", "https://example.com"]), json!({ "type": "string" }));
    field(json!([[]]), json!({ "type": "array" }));
    field(json!([[1], ["x"], []]), json!({ "type": "array", "items": { "type": ["string", "integer"] } }));
    field(
        json!([[{ "x": 1, "y": 1 }, { "x": 2 }], {}]),
        json!({
            "type": ["object", "array"],
            "items": {
                "type": "object",
                "properties": { "x": { "type": "integer" }, "y": { "type": "integer" } },
                "required": ["x"]
            },
        }),
    );
}

/// Amounts are often whole, and written as amounts.
#[test]
fn a_fraction_of_nothing_is_a_fraction() {
    let document = read(r#"{ "amount": 10.0, "count": 10 }"#);
    let schema = infer([&document]);
    assert_eq!(schema["properties"]["amount"]["type"], "number");
    assert_eq!(schema["properties"]["count"]["type"], "integer");
}

/// Keys that are data make a dictionary: they are not told either.
#[test]
fn dictionaries() {
    for keys in [["4711", "4712"], ["ann@example.com", "x"], ["ORD-2024-001234", "other"], ["Ann Smith", ""]] {
        check(
            &json!([{ "by": { keys[0]: { "n": 1 }, keys[1]: { "n": 2.5, "m": 1 } } }]),
            json!({
                "type": "object",
                "properties": { "by": { "type": "object", "additionalProperties": {
                    "type": "object",
                    "properties": { "n": { "type": "number" }, "m": { "type": "integer" } },
                    "required": ["n"],
                } } },
                "required": ["by"],
            }),
        );
    }
}

#[test]
fn what_the_samples_are() {
    let names = |document: Value, layout| {
        let document = read(&document.to_string());
        samples(&document, layout).map(|samples| samples.into_iter().map(|sample| sample.name).collect::<Vec<_>>())
    };
    let named = json!({ "good": { "id": 1, "to": "x" }, "bad": { "id": 2 } });
    assert_eq!(names(named.clone(), None).unwrap(), ["good", "bad"]);
    assert_eq!(names(named, Some(Layout::One)).unwrap(), ["1"]);
    assert_eq!(names(json!({ "customer": { "name": "x" }, "cart": { "items": [] } }), None).unwrap(), ["1"]);
    assert_eq!(names(json!({ "only": { "id": 1 } }), None).unwrap(), ["1"]);
    assert_eq!(names(json!({ "only": { "id": 1 } }), Some(Layout::Named)).unwrap(), ["only"]);
    assert_eq!(names(json!([{}, {}]), None).unwrap(), ["1", "2"]);
    assert_eq!(names(json!([{}, 5]), None).unwrap_err(), "sample `2` is a number, and an input is an object");
    assert_eq!(names(json!("x"), None).unwrap_err(), "an input is an object, not a string");
    assert_eq!(names(json!([]), None).unwrap_err(), "there is no sample in it");
}

fn written(config: &str) -> Result<String, String> {
    let start = format!("{{ \"id\": \"start\", \"type\": \"trigger\", \"trigger_type\": \"manual\"{config} }}");
    let text = format!("{{\n  \"nodes\": [\n    {start}\n  ]\n}}\n");
    let read =
        |text: &str| Parsed::read(SourceFile { name: "w.json".into(), text: text.into() }).map(|parsed| parsed.ast);
    let (text, id) = write::insert(&text, &read(&text).expect("a workflow"), None, &json!({ "type": "object" }))?;
    assert_eq!(id, "start");
    let schema = serde_json::from_str::<Value>(&text).expect("JSON")["nodes"][0]["config"]["input_schema"].take();
    assert_eq!(schema, json!({ "type": "object" }), "{text}");
    Ok(text)
}

#[test]
fn it_is_written_wherever_the_config_leaves_room() {
    let contains = |config: &str, expected: &str| {
        let text = written(config).unwrap();
        assert!(text.contains(&expected.replace("OBJECT", "{ \"type\": \"object\" }")), "{text}");
    };
    contains("", "[\n    { \"config\": { \"input_schema\": OBJECT }, \"id\"");
    contains(", \"config\": { }", "\"config\": {\n      \"input_schema\": OBJECT\n    } }");
    contains(", \"config\": { \"a\": 1 }", "{ \"a\": 1, \"input_schema\": OBJECT } }");
    contains(
        ",\n      \"config\": {\n        \"a\": 1\n      }",
        "\"a\": 1,\n        \"input_schema\": OBJECT\n      } }",
    );
    let taken = written(", \"config\": { \"input_schema\": {} }");
    assert_eq!(taken.unwrap_err(), "`start` has an `input_schema` already: remove it first");
}

#[test]
fn what_fits_on_a_line_stands_on_one() {
    let field = |number: usize| (format!("a_longer_name_{number}"), json!({ "type": "string" }));
    let long: Value = (0..6).map(field).collect::<serde_json::Map<_, _>>().into();
    let text = super::print::print(&json!({ "properties": long, "required": ["a", "b"], "items": {} }), 2);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..3], ["{", "    \"properties\": {", "      \"a_longer_name_0\": { \"type\": \"string\" },"]);
    assert_eq!(lines[8..], ["    },", "    \"required\": [\"a\", \"b\"],", "    \"items\": {}", "  }"]);
}
