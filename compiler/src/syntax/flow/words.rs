//! The words of a .flow text and of JSON, side by side: kinds and keys that have two names.

use crate::catalog::http::METHODS;
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

/// The last branch of a block.
pub const ELSE: &str = "else";

/// What stands in front of an arrow in place of a condition.
pub const BRANCHES: &[&str] = &[ELSE, "always", "succeeded"];

/// What other languages write in front of a condition.
pub const BEFORE_CONDITIONS: &[&str] =
    &["if", "else", "elif", "elseif", "elsif", "when", "case", "unless", "on", "not", "catch"];

/// Keys of a node whose value is an expression, whatever it begins with.
pub const EXPRESSIONS: &[&str] = &["require", "filter", "map", "filter_condition", "expression", "dedupe_key"];

/// A unit of time.
pub struct Unit {
    /// As it is written here.
    pub word: &'static str,
    pub milliseconds: u64,
    /// What else people write.
    others: &'static [&'static str],
}

/// The longest first.
pub const UNITS: &[Unit] = &[
    Unit { word: "d", milliseconds: 86_400_000, others: &["day", "days"] },
    Unit { word: "h", milliseconds: 3_600_000, others: &["hr", "hrs", "hour", "hours"] },
    Unit { word: "m", milliseconds: 60_000, others: &["min", "mins", "minute", "minutes"] },
    Unit { word: "s", milliseconds: 1000, others: &["sec", "secs", "second", "seconds"] },
    Unit { word: "ms", milliseconds: 1, others: &["milli", "millis", "millisecond", "milliseconds", "msec"] },
];

/// `20 seconds`, `1h30m`: the duration as it is written here, if it is one.
pub fn duration(text: &str) -> Option<String> {
    let mut rest = text.trim_start();
    let (mut total, mut smallest) = (0u64, None);
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(rest.len());
        let word = rest[..letters].to_ascii_lowercase();
        let unit = UNITS.iter().find(|unit| unit.word == word || unit.others.contains(&word.as_str()))?;
        total = total.checked_add(count.checked_mul(unit.milliseconds)?)?;
        smallest = Some(unit);
        rest = rest[letters..].trim_start();
    }
    let Unit { word, milliseconds, .. } = smallest?;
    Some(format!("{}{word}", total / milliseconds))
}

pub fn is_method(word: &str) -> bool {
    METHODS.contains(&word)
}

/// Whether a request begins so: with a method, or with what looks like one.
pub fn is_like_a_method(word: &str) -> bool {
    METHODS.contains(&word.to_ascii_uppercase().as_str()) || word.bytes().all(|byte| byte.is_ascii_uppercase())
}

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
        "data_filter" | "validate" | "condition" | "choice" | "switch" => "filter",
        "data_transform" | "code" | "function" | "set" => "transform",
        "request" | "get" | "post" | "fetch" | "http_request" | "httpRequest" | "api_call" => "http",
        "connections" | "edges" | "graph" => "flow",
        "struct" | "interface" => "type",
        "trigger" => "webhook",
        "service" | "endpoint" | "server" => "api",
        _ => return None,
    })
}

/// The kind in JSON that a word of other systems stands for.
pub fn meant_kind(text: &str) -> Option<&'static str> {
    if text.eq_ignore_ascii_case("if") {
        return Some("data_filter");
    }
    near_keyword(text).and_then(kind).or_else(|| meant_keyword(text).and_then(kind))
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_of_other_languages() {
        for (written, duration) in [
            ("20 seconds", Some("20s")),
            ("20min", Some("20m")),
            ("1h30m", Some("90m")),
            ("1h 30m", Some("90m")),
            ("20S", Some("20s")),
            ("2w", None),
            ("20", None),
            ("", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(super::duration(written).as_deref(), duration, "{written}");
        }
    }
}
