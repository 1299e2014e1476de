//! The node kinds: which keys each takes, of which type, and what they mean. The one place that knows.
//!
//! Comes in: nothing; these are tables. Goes out: lookup, and the checks every kind shares. The lowering of each kind
//! reads its keys by name; the reference in `docs/nodes.md` is generated from here.

pub mod attempt;
mod data_filter;
pub mod data_transform;
pub mod document;
pub mod http;
mod later;
mod manual;
pub mod reference;
mod rust;
mod schedule;
#[cfg(feature = "cli")]
pub mod schema;
pub mod send_email;
mod settings;
mod webhook;

use crate::diagnostic::suggest::list;
pub use later::{LATER, later};
pub use settings::SETTINGS;

/// One kind of node.
#[derive(Debug)]
pub struct KindSpec {
    /// The word in `trigger_type` or `action_type`.
    pub word: &'static str,
    pub trigger: bool,
    /// One sentence.
    pub summary: &'static str,
    pub keys: &'static [Key],
    /// What stands in `previous_outputs.<id>.result`.
    pub output: &'static str,
    /// A node of this kind as JSON. Checked by the tests.
    pub example: &'static str,
}

/// Keys that say what holds without them, too: the kind of node (or `settings`), the key, and the value as JSON.
pub const UNSAID: &[(&str, &str, &str)] = &[
    ("settings", "fail_fast", "false"),
    ("settings", "parallel_execution", "true"),
    ("http", "timeout", "30"),
    ("rust", "timeout", "30"),
    ("send_email", "use_tls", "true"),
];

/// The type that the body of a request has when it is neither text nor a form, and no header says another.
pub const BODY_TYPE: (&str, &str) = ("Content-Type", "application/json");

/// One key of a `config` (or of `settings`).
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub ty: KeyType,
    pub required: bool,
    /// As text for people; empty: none.
    pub default: &'static str,
    pub doc: &'static str,
}

/// What a key's value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// Text, in which templates are allowed.
    Text,
    /// Text without templates: it has to be known when the workflow is compiled.
    Literal,
    /// Text in which templates are allowed, or a number.
    Port,
    Bool,
    /// Seconds, more than 0.
    Seconds,
    /// A whole number from 0.
    Count,
    /// A whole number from 1.
    PositiveCount,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An expression, without `${…}`.
    Expression,
    /// Any JSON, templates at any depth.
    Json,
    /// An array of any JSON, templates at any depth.
    List,
    /// An object whose values are JSON, templates at any depth.
    Object,
    /// An object of texts.
    Headers,
    /// An array of addresses or networks.
    AddressList,
    /// Text, or an array of texts: mail addresses.
    Recipients,
    /// Seconds, or `{"strategy": "exponential", …}`.
    RetryDelay,
    /// `{"ttl": seconds}`.
    Cache,
    /// An array of names, or an object.
    Fields,
    /// A JSON Schema.
    Schema,
}

impl KeyType {
    /// What to call it in a message: "`timeout` takes …".
    pub fn describe(self) -> String {
        match self {
            KeyType::Text => "text".into(),
            KeyType::Literal => "text without templates".into(),
            KeyType::Port => "a port number, or text with a template".into(),
            KeyType::Bool => "`true` or `false`".into(),
            KeyType::Seconds => "a number of seconds, more than 0".into(),
            KeyType::Count => "a whole number, 0 or more".into(),
            KeyType::PositiveCount => "a whole number, 1 or more".into(),
            KeyType::OneOf(words) => format!("one of {}", list(words.iter().copied(), "and")),
            KeyType::Expression => "text holding an expression".into(),
            KeyType::Json => "any JSON".into(),
            KeyType::List => "an array".into(),
            KeyType::Object => "an object".into(),
            KeyType::Headers => "an object of texts".into(),
            KeyType::AddressList => "an array of addresses such as \"10.0.0.0/8\"".into(),
            KeyType::Recipients => "a mail address, or an array of them".into(),
            KeyType::RetryDelay => "a number of seconds, or an object with a `strategy`".into(),
            KeyType::Cache => "an object `{\"ttl\": seconds}`".into(),
            KeyType::Fields => "an array of names, or an object".into(),
            KeyType::Schema => "a JSON Schema".into(),
        }
    }
}

/// Every kind there is, in the order of the reference.
pub const KINDS: &[&KindSpec] = &[
    &webhook::SPEC,
    &manual::SPEC,
    &schedule::SPEC,
    &http::SPEC,
    &send_email::SPEC,
    &data_filter::SPEC,
    &data_transform::SPEC,
    &rust::SPEC,
];

/// The kind of this word, if there is one.
pub fn kind(word: &str) -> Option<&'static KindSpec> {
    KINDS.iter().copied().find(|kind| kind.word == word)
}

impl KindSpec {
    /// Whether its configuration is checked and this version compiles none of it yet.
    pub fn is_for_later(&self) -> bool {
        LATER.iter().any(|later| later.word == self.word)
    }

    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
