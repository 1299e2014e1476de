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
        doc: "JSON Schema of the input. Has no effect yet, and a warning says so.",
    }],
    output: "The input, as `input_data` is.",
    example: r#"{ "id": "start", "type": "trigger", "trigger_type": "manual" }"#,
};
