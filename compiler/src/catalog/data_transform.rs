//! Action `data_transform`.

use super::{Key, KeyType, KindSpec};

/// What a transform can do.
pub const TRANSFORMS: &[&str] = &[
    "filter_items",
    "add_fields",
    "extract_fields",
    "map_items",
    "sort_items",
    "group_items",
    "calculate_total",
    "json_to_csv",
];

/// The keys a transform reads, the one it needs first.
pub fn reads(transform: &str) -> &'static [&'static str] {
    match transform {
        "filter_items" => &["filter_condition"],
        "map_items" => &["expression"],
        "sort_items" => &["field", "order"],
        "group_items" | "calculate_total" => &["field"],
        _ => &["fields"],
    }
}

pub const SPEC: KindSpec = KindSpec {
    word: "data_transform",
    trigger: false,
    summary: "Computes a value, without any I/O.",
    keys: &[
        Key {
            name: "transform_type",
            ty: KeyType::OneOf(TRANSFORMS),
            required: true,
            default: "",
            doc: "What to do with the input.",
        },
        Key {
            name: "input",
            ty: KeyType::Json,
            required: false,
            default: "the activating node's result, or its only array-valued field",
            doc: "What is transformed: a list, or an object with a list in it. Of an object whose schema requires one list it is that one, whatever else comes.",
        },
        Key {
            name: "filter_condition",
            ty: KeyType::Expression,
            required: false,
            default: "",
            doc: "`filter_items`: which items stay; reads `item`.",
        },
        Key {
            name: "expression",
            ty: KeyType::Expression,
            required: false,
            default: "",
            doc: "`map_items`: what each item becomes; reads `item`.",
        },
        Key {
            name: "fields",
            ty: KeyType::Fields,
            required: false,
            default: "",
            doc: "`add_fields`: an object of fields to add. `extract_fields`, `json_to_csv`: an array of dotted paths; `extract_fields` also an object of names and dotted paths.",
        },
        Key {
            name: "field",
            ty: KeyType::Expression,
            required: false,
            default: "",
            doc: "`sort_items`, `group_items`, `calculate_total`: the item's field (or an expression over `item`).",
        },
        Key {
            name: "order",
            ty: KeyType::OneOf(&["asc", "desc"]),
            required: false,
            default: "asc",
            doc: "`sort_items`: the direction.",
        },
    ],
    output: "Lists: `{items, count, total}`, where `total` is the number of items that came in. `group_items`: by the text of each value (`10` and `\"10\"` are one group, `null` and `\"\"` another), `{items: [{key, items, count}], groups: {<key>: [items]}, count, total}`. `calculate_total`: `{total, count}`. `json_to_csv`: `{csv, count, columns}`; a text that begins with `=`, `+`, `-` or `@` and is no number gets a `'` before it, so that spreadsheets do not run it. `add_fields`, `extract_fields`: the new object.",
    example: r#"{
  "id": "failed",
  "type": "action",
  "action_type": "data_transform",
  "config": {
    "transform_type": "filter_items",
    "input": "${input_data.executions}",
    "filter_condition": "item.status == 'error'"
  }
}"#,
};
