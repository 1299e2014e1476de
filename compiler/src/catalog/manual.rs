//! Trigger `manual`.

use super::{Key, KeyType, KindSpec};

pub const SPEC: KindSpec = KindSpec {
    word: "manual",
    trigger: true,
    summary: "Started by hand (`run --input`) or over the API.",
    keys: &[Key {
        name: "input_schema",
        ty: KeyType::Schema,
        required: false,
        default: "",
        doc: "JSON Schema of the input, or a `$ref` to one beside the workflow: what reads `input_data` is checked against it when the workflow is compiled.",
    }],
    output: "The input, as `input_data` is.",
    example: r#"{ "id": "start", "type": "trigger", "trigger_type": "manual" }"#,
};
