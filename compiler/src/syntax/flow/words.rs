//! The words of a .flow text and of JSON, side by side: kinds and keys that have two names.

use crate::diagnostic::suggest;

/// Kinds of nodes: the word here, and in JSON.
pub const KINDS: &[(&str, &str)] = &[
    ("webhook", "webhook"),
    ("manual", "manual"),
    ("schedule", "schedule"),
    ("http", "http"),
    ("mail", "send_email"),
    ("filter", "data_filter"),
    ("transform", "data_transform"),
    ("rust", "rust"),
];

/// Items that are no nodes.
pub const KEYWORDS: &[&str] = &["workflow", "type", "api", "smtp", "flow"];

/// Keys that are written otherwise here: the kind in JSON (or `settings`), the key here, the key in JSON.
pub const KEYS: &[(&str, &str, &str)] = &[
    ("settings", "retries", "max_retries"),
    ("settings", "parallel", "max_parallel_nodes"),
    ("send_email", "server", "smtp_server"),
    ("send_email", "port", "smtp_port"),
    ("send_email", "tls", "use_tls"),
    ("send_email", "from", "from_email"),
    ("send_email", "to", "to_email"),
    ("data_filter", "require", "filter_condition"),
    ("data_filter", "error", "error_message"),
];

/// What a transform does: the key here, `transform_type` in JSON, and the key of its value there.
pub const TRANSFORMS: &[(&str, &str, &str)] = &[
    ("filter", "filter_items", "filter_condition"),
    ("map", "map_items", "expression"),
    ("sort", "sort_items", "field"),
    ("group", "group_items", "field"),
    ("total", "calculate_total", "field"),
    ("add", "add_fields", "fields"),
    ("extract", "extract_fields", "fields"),
    ("csv", "json_to_csv", "fields"),
];

/// Keys of a node whose value is an expression, whatever it begins with.
pub const EXPRESSIONS: &[&str] = &["require", "filter", "map", "filter_condition", "expression", "dedupe_key"];

/// The kind in JSON.
pub fn kind(word: &str) -> Option<&'static str> {
    KINDS.iter().find(|(here, _)| *here == word).map(|(_, json)| *json)
}

/// The word here for a kind in JSON.
pub fn word(kind: &str) -> &str {
    KINDS.iter().find(|(_, json)| *json == kind).map_or(kind, |(here, _)| here)
}

/// The key in JSON.
pub fn json_key<'a>(kind: &str, key: &'a str) -> &'a str {
    KEYS.iter().find(|(of, here, _)| *of == kind && *here == key).map_or(key, |(_, _, json)| json)
}

/// The key here.
pub fn flow_key<'a>(kind: &str, key: &'a str) -> &'a str {
    KEYS.iter().find(|(of, _, json)| *of == kind && *json == key).map_or(key, |(_, here, _)| here)
}

/// The word an item begins with that was most likely meant.
pub fn near_keyword(text: &str) -> Option<&'static str> {
    suggest::nearest(text, KEYWORDS.iter().copied().chain(KINDS.iter().map(|(here, _)| *here)))
}

/// Words of other languages.
pub fn meant_keyword(text: &str) -> Option<&'static str> {
    Some(match text {
        "email" | "send_email" | "send" => "mail",
        "data_filter" | "validate" | "condition" => "filter",
        "data_transform" => "transform",
        "request" | "get" | "post" | "fetch" => "http",
        "connections" | "edges" | "graph" => "flow",
        "cron" | "timer" => "schedule",
        "struct" | "interface" => "type",
        "trigger" => "webhook",
        _ => return None,
    })
}
