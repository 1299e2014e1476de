//! Action `rust`: a function of the crate that `flow!` stands in.

use super::{Key, KeyType, KindSpec};

pub const SPEC: KindSpec = KindSpec {
    word: "rust",
    trigger: false,
    summary: "Calls an async Rust function of the crate that a `flow!` stands in; an executable that `flowc build` makes has none.",
    keys: &[
        Key {
            name: "function",
            ty: KeyType::Literal,
            required: true,
            default: "",
            doc: "The path of the function, such as `crate::fraud::check`; it is async and gives a `Result`.",
        },
        Key {
            name: "arguments",
            ty: KeyType::List,
            required: false,
            default: "none",
            doc: "What the function is given, in its order; templates at any depth.",
        },
        Key {
            name: "result_schema",
            ty: KeyType::Schema,
            required: false,
            default: "",
            doc: "JSON Schema of what the function gives: rustc checks the function against it. Without one it gives a `serde_json::Value`.",
        },
        Key {
            name: "timeout",
            ty: KeyType::Seconds,
            required: false,
            default: "30",
            doc: "For each attempt, in seconds.",
        },
        Key {
            name: "retry_count",
            ty: KeyType::Count,
            required: false,
            default: "0",
            doc: "Retries after the first attempt: after errors and time-outs, unless the error says `Failure::permanent`. `settings.max_retries` does not count here.",
        },
        Key { name: "retry_delay", ty: KeyType::RetryDelay, required: false, default: "1", doc: "As for `http`." },
    ],
    output: "What the function gives; missing after a failure.",
    example: r#"{
  "id": "check-fraud",
  "type": "action",
  "action_type": "rust",
  "config": {
    "function": "crate::fraud::check",
    "arguments": ["${input_data.order_id}", "${input_data.total}"],
    "result_schema": { "type": "object", "properties": { "risky": { "type": "boolean" } }, "required": ["risky"] }
  }
}"#,
};
