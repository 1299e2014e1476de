//! Action `data_filter`.

use super::{Key, KeyType, KindSpec};

pub const SPEC: KindSpec = KindSpec {
    word: "data_filter",
    trigger: false,
    summary: "Passes or does not: unconditional edges are taken only if it passed.",
    keys: &[
        Key {
            name: "filter_condition",
            ty: KeyType::Expression,
            required: true,
            default: "",
            doc: "Passes when the value is truthy.",
        },
        Key {
            name: "error_message",
            ty: KeyType::Text,
            required: false,
            default: "the condition was not met",
            doc: "`error.message` when it does not pass.",
        },
    ],
    output: "`passed`, always a boolean.",
    example: r#"{
  "id": "validate-order",
  "type": "action",
  "action_type": "data_filter",
  "config": {
    "filter_condition": "input_data.order_id && input_data.items.length > 0",
    "error_message": "the order has no items"
  }
}"#,
};
