//! Reading a `config`: every key known, every value of the type its key takes.

use super::Lowering;
use crate::catalog::{Key, KeyType};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::Keys;
use crate::source::{Dialect, Span};
use crate::syntax::ast::{self, ValueKind};

/// An object checked against its keys. Values of a wrong type have been reported and read as absent.
pub(super) struct Config<'a> {
    object: &'a ast::Object,
    fitting: Vec<bool>,
}

impl<'a> Config<'a> {
    /// Checks `object`; `owner` is what it belongs to, such as "an `http` node", and `span` where to report missing keys.
    pub(super) fn check(
        lowering: &mut Lowering,
        object: &'a ast::Object,
        keys: &[Key],
        owner: &str,
        span: Span,
    ) -> Config<'a> {
        let mut fitting = vec![false; object.entries.len()];
        for (entry, fits) in object.entries.iter().zip(&mut fitting) {
            match keys.iter().find(|key| key.name == entry.key.value) {
                None => lowering.diagnostics.push(unknown_key(entry, keys, owner)),
                Some(key) => match mismatch(key, &entry.value) {
                    None => {
                        *fits = true;
                        // A `.flow` text says the unit.
                        if lowering.dialect == Dialect::Json
                            && let Some(found) = likely_milliseconds(key, owner, &entry.value)
                        {
                            lowering.diagnostics.push(found);
                        }
                    }
                    Some(diagnostic) => lowering.diagnostics.push(diagnostic),
                },
            }
        }
        for key in keys.iter().filter(|key| key.required) {
            if !object.entries.iter().any(|entry| entry.key.value == key.name) {
                lowering.diagnostics.push(missing_key(key, owner, span));
            }
        }
        Config { object, fitting }
    }

    /// The value of a key, when it is there and of the right type. Of duplicates (reported already) the last.
    pub(super) fn get(&self, name: &str) -> Option<&'a ast::Value> {
        let found = self.object.entries.iter().zip(&self.fitting).rev().find(|(entry, _)| entry.key.value == name);
        found.filter(|(_, fits)| **fits).map(|(entry, _)| &entry.value)
    }

    /// Whether the key is there, whatever its value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries().any(|entry| entry.key.value == name)
    }

    /// Where the values of the right type stand.
    pub(super) fn keys(&self, keys: &[Key]) -> Keys {
        let mut values = Vec::with_capacity(self.fitting.len());
        for (entry, _) in self.entries().zip(&self.fitting).filter(|(_, fits)| **fits) {
            let known = keys.iter().find(|key| key.name == entry.key.value);
            values.extend(known.map(|key| (key.name, entry.value.span)));
        }
        Keys { wrong: values.len() < self.fitting.len(), values }
    }

    /// Every entry, whatever its value.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'a ast::Entry> {
        self.object.entries.iter()
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a ast::Text> {
        match &self.get(name)?.kind {
            ValueKind::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn bool(&self, name: &str) -> Option<bool> {
        match self.get(name)?.kind {
            ValueKind::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)?.kind {
            ValueKind::Number(_, value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn object(&self, name: &str) -> Option<&'a ast::Object> {
        match &self.get(name)?.kind {
            ValueKind::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// What a value is, in the author's words.
pub(super) fn kind_of(value: &ast::Value) -> &'static str {
    match value.kind {
        ValueKind::Null => "`null`",
        ValueKind::Bool(_) => "a boolean",
        ValueKind::Number(..) => "a number",
        ValueKind::String(_) => "text",
        ValueKind::Array(_) => "an array",
        ValueKind::Object(_) => "an object",
    }
}

/// The finding, if the value is not what the key takes.
fn mismatch(key: &Key, value: &ast::Value) -> Option<Diagnostic> {
    let fits = match (key.ty, &value.kind) {
        (KeyType::Text | KeyType::Expression, ValueKind::String(_)) => true,
        (KeyType::Literal, ValueKind::String(text)) => {
            if text.has_template() {
                return Some(
                    Diagnostic::new(Code::WrongType, value.span, format!("`{}` cannot hold `${{…}}`", key.name))
                        .label("has to be known when the workflow is compiled"),
                );
            }
            true
        }
        (KeyType::Port, ValueKind::String(_)) => true,
        (KeyType::Port, ValueKind::Number(_, port)) => port.fract() == 0.0 && (1.0..=65535.0).contains(port),
        (KeyType::Bool, ValueKind::Bool(_)) => true,
        // Longer than a century is a mistake, and would not fit the clock.
        (KeyType::Seconds, ValueKind::Number(_, seconds)) => *seconds > 0.0 && *seconds <= 3.2e9,
        (KeyType::Count, ValueKind::Number(_, count)) => count.fract() == 0.0 && (0.0..=1_000_000.0).contains(count),
        (KeyType::PositiveCount, ValueKind::Number(_, count)) => {
            count.fract() == 0.0 && (1.0..=1_000_000.0).contains(count)
        }
        (KeyType::OneOf(words), ValueKind::String(text)) => {
            if !words.contains(&text.value.as_str()) {
                return Some(not_one_of(key, words, text));
            }
            true
        }
        (KeyType::Json, _) => true,
        (KeyType::Object | KeyType::Headers | KeyType::Schema | KeyType::Cache, ValueKind::Object(_)) => true,
        (KeyType::AddressList | KeyType::List, ValueKind::Array(_)) => true,
        (KeyType::Recipients, ValueKind::String(_) | ValueKind::Array(_)) => true,
        (KeyType::RetryDelay, ValueKind::Number(_, seconds)) => *seconds >= 0.0 && *seconds <= 3.2e9,
        (KeyType::RetryDelay, ValueKind::Object(_)) => true,
        (KeyType::Fields, ValueKind::Array(_) | ValueKind::Object(_)) => true,
        _ => false,
    };
    if fits {
        return None;
    }
    let mut diagnostic = Diagnostic::new(
        Code::WrongType,
        value.span,
        format!("`{}` takes {}, not {}", key.name, key.ty.describe(), described(value)),
    )
    .label("wrong type");
    if let (KeyType::Seconds | KeyType::Count | KeyType::PositiveCount | KeyType::RetryDelay, ValueKind::String(text)) =
        (key.ty, &value.kind)
    {
        diagnostic = match text.value.trim().trim_end_matches('s').parse::<f64>() {
            Ok(number) => diagnostic.help(format!("write the number without quotes: `{number}`")),
            Err(_) => diagnostic.help("it has to be known when the workflow is compiled: write a number"),
        };
    }
    if let (KeyType::Bool, ValueKind::String(text)) = (key.ty, &value.kind)
        && matches!(text.value.as_str(), "true" | "false")
    {
        diagnostic = diagnostic.help(format!("write it without quotes: `{}`", text.value));
    }
    Some(diagnostic)
}

/// Seconds that nobody would choose, and as many milliseconds as people do.
fn likely_milliseconds(key: &Key, owner: &str, value: &ast::Value) -> Option<Diagnostic> {
    let (KeyType::Seconds | KeyType::RetryDelay, ValueKind::Number(_, seconds)) = (key.ty, &value.kind) else {
        return None;
    };
    // Shorter ones may be meant: a wait of a quarter of an hour, half an hour for an attempt, two hours for an execution.
    let least = match key.name {
        "timeout" if owner == "`settings`" => 10_000.0,
        "timeout" => 2000.0,
        "retry_delay" | "initial" | "max" => 1000.0,
        _ => return None,
    };
    let is_round = |unit: f64| seconds % unit == 0.0;
    (*seconds >= least && is_round(500.0) && !is_round(3600.0)).then(|| {
        let (long, meant) = (seconds / 3600.0, seconds / 1000.0);
        let headline = format!("`{}` is {long:.1} hours: times are in seconds", key.name);
        Diagnostic::new(Code::LikelyMilliseconds, value.span, headline)
            .label("milliseconds?")
            .help(format!("for {meant} seconds write `{meant}`"))
    })
}

/// Numbers are shown, because for them it is the value that is wrong.
fn described(value: &ast::Value) -> String {
    match &value.kind {
        ValueKind::Number(text, _) => format!("`{text}`"),
        _ => kind_of(value).to_string(),
    }
}

fn not_one_of(key: &Key, words: &[&str], text: &ast::Text) -> Diagnostic {
    let mut diagnostic =
        Diagnostic::new(Code::UnknownWord, text.span, format!("`{}` cannot be `{}`", key.name, text.value))
            .label("not one of the known words");
    let upper = text.value.to_uppercase();
    if let Some(word) = words.iter().find(|word| **word == upper) {
        diagnostic = diagnostic.help(format!("write it in capitals: `{word}`"));
    } else if let Some(near) = suggest::nearest(&text.value, words.iter().copied()) {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    diagnostic.help(format!("`{}` is one of {}", key.name, suggest::list(words.iter().copied(), "and")))
}

/// What other systems call our keys.
const SYNONYMS: &[(&str, &str)] = &[
    ("query", "params"),
    ("data", "body"),
    ("json", "body"),
    ("payload", "body"),
    ("endpoint", "url"),
    ("uri", "url"),
    ("to", "to_email"),
    ("from", "from_email"),
    ("smtp_host", "smtp_server"),
    ("host", "smtp_server"),
];

fn unknown_key(entry: &ast::Entry, keys: &[Key], owner: &str) -> Diagnostic {
    let name = &entry.key.value;
    let ours = SYNONYMS.iter().filter(|(theirs, _)| theirs == name).map(|(_, ours)| *ours);
    let ours = ours.into_iter().find(|ours| keys.iter().any(|key| key.name == *ours));
    let diagnostic = Diagnostic::new(Code::UnknownKey, entry.key.span, format!("{owner} has no key `{name}`"));
    match ours.or_else(|| suggest::nearest(name, keys.iter().map(|key| key.name))) {
        Some(near) => diagnostic.label("unknown key").help(format!("did you mean `{near}`?")),
        None => {
            let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
            let known = if names.is_empty() {
                "it takes no keys".into()
            } else {
                format!("it takes {}", suggest::list(names.iter().copied(), "and"))
            };
            diagnostic.label("unknown key").help(known)
        }
    }
}

fn missing_key(key: &Key, owner: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::MissingKey, span, format!("{owner} needs `{}`", key.name))
        .label(format!("`{}` is missing", key.name))
        .help(match owner.starts_with('`') {
            // An object inside a config.
            true => format!("add \"{}\"; it takes {}", key.name, key.ty.describe()),
            false => format!("add \"{}\" to its `config`; it takes {}", key.name, key.ty.describe()),
        })
}
