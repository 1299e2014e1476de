//! Reading a `config`: every key known, every value of the type its key takes.

use super::Lowering;
use super::key_names::{Owner, Spelling, missing_key};
use crate::catalog::{Key, KeyType};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::Keys;
use crate::source::{Dialect, Span};
use crate::syntax::ast::{self, ValueKind};
use crate::syntax::flow::words;

/// An object checked against its keys. Values of a wrong type have been reported and read as absent.
pub(super) struct Config<'a> {
    object: &'a ast::Object,
    fitting: Vec<bool>,
    /// Keys that stand there under a wrong name.
    misspelt: Vec<&'static str>,
}

impl<'a> Config<'a> {
    /// Checks `object`; `span` is where to report missing keys.
    pub(super) fn check(
        lowering: &mut Lowering,
        object: &'a ast::Object,
        keys: &[Key],
        owner: Owner,
        span: Span,
    ) -> Config<'a> {
        let config = Config::check_present(lowering, object, keys, owner);
        for key in keys.iter().filter(|key| key.required && !config.means(key.name)) {
            lowering.diagnostics.push(missing_key(key, owner.said, span));
        }
        config
    }

    /// Checks what is there; nothing need be.
    pub(super) fn check_present(
        lowering: &mut Lowering,
        object: &'a ast::Object,
        keys: &[Key],
        owner: Owner,
    ) -> Config<'a> {
        let spelling = Spelling { dialect: lowering.dialect, owner, keys };
        let mut fitting = vec![false; object.entries.len()];
        let mut misspelt = Vec::new();
        for (entry, fits) in object.entries.iter().zip(&mut fitting) {
            match keys.iter().find(|key| key.name == entry.key.value) {
                None => {
                    let meant = spelling.meant(&entry.key.value);
                    misspelt.extend(meant.map_or_else(|| spelling.stands_for(), |word| spelling.key(word)));
                    lowering.diagnostics.push(spelling.unknown_key(entry, meant));
                }
                Some(key) => {
                    let name = spelling.written(lowering, key, entry);
                    let mut found = mismatch(key, name, &entry.value, spelling.dialect);
                    *fits = found.is_none();
                    if *fits && !lowering.says_unit(&entry.value) {
                        found = likely_milliseconds(key, owner.said, &entry.value, spelling.dialect);
                    }
                    lowering.diagnostics.extend(found);
                }
            }
        }
        Config { object, fitting, misspelt }
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

    /// Whether the key is there, if perhaps under a wrong name: then that is said, and not that it is missing.
    pub(super) fn means(&self, name: &str) -> bool {
        self.has(name) || self.misspelt.contains(&name)
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

/// The finding, if the value is not what the key takes. `name` is what the author called the key.
fn mismatch(key: &Key, name: &str, value: &ast::Value, dialect: Dialect) -> Option<Diagnostic> {
    let fits = match (key.ty, &value.kind) {
        (KeyType::Text | KeyType::Expression, ValueKind::String(_)) => true,
        (KeyType::Literal, ValueKind::String(text)) => {
            if text.has_template() {
                return Some(not_literal(name, value, text));
            }
            true
        }
        (KeyType::Port, ValueKind::String(_)) => true,
        (KeyType::Port, ValueKind::Number(_, port)) => port.fract() == 0.0 && (1.0..=65535.0).contains(port),
        (KeyType::Bool, ValueKind::Bool(_)) => true,
        // Longer than a century is a mistake, and would not fit the clock.
        (KeyType::Seconds, ValueKind::Number(_, seconds)) => *seconds > 0.0 && *seconds <= 3.2e9,
        (KeyType::Count, ValueKind::Number(_, count)) => count.fract() == 0.0 && (0.0..=COUNT_MAX).contains(count),
        (KeyType::PositiveCount, ValueKind::Number(_, count)) => {
            count.fract() == 0.0 && (1.0..=COUNT_MAX).contains(count)
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
    let headline = format!("`{name}` takes {}, not {}", key.ty.describe(), described(value));
    let diagnostic = Diagnostic::new(Code::WrongType, value.span, headline).label("wrong type");
    let help = match (key.ty, &value.kind) {
        (KeyType::Count | KeyType::PositiveCount, ValueKind::Number(_, count)) if *count > COUNT_MAX => {
            Some(format!("at most {COUNT_MAX}"))
        }
        (KeyType::Seconds | KeyType::RetryDelay | KeyType::Count | KeyType::PositiveCount, ValueKind::String(text)) => {
            Some(number_help(key.ty, text, dialect))
        }
        (KeyType::Bool, ValueKind::String(text)) => bool_help(name, text),
        _ => None,
    };
    Some(match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    })
}

/// How often something can be tried, and how many things there can be at once.
const COUNT_MAX: f64 = 1_000_000.0;

/// The expression that stands without quotes where a .flow text wants a value.
fn bare_expression(text: &ast::Text) -> Option<&str> {
    let inside = text.value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inside.filter(|_| !text.is_quoted())
}

fn not_literal(name: &str, value: &ast::Value, text: &ast::Text) -> Diagnostic {
    let found = |headline| {
        let label = "has to be known when the workflow is compiled";
        Diagnostic::new(Code::WrongType, value.span, headline).label(label)
    };
    match bare_expression(text) {
        Some(word) => found(format!("`{name}` takes text, and this is an expression"))
            .help(format!("write it in quotes: \"{}\"", word.replace('"', ""))),
        None => found(format!("`{name}` cannot hold `${{…}}`")),
    }
}

impl Lowering<'_> {
    /// Whether a .flow text says in which unit a time is.
    fn says_unit(&self, time: &ast::Value) -> bool {
        let written = self.sources.text(time.span);
        self.dialect == Dialect::Flow && written.ends_with(|last: char| last.is_ascii_alphabetic())
    }
}

fn number_help(ty: KeyType, text: &ast::Text, dialect: Dialect) -> String {
    let is_duration = matches!(ty, KeyType::Seconds | KeyType::RetryDelay);
    if bare_expression(text).is_some() {
        let example = if is_duration { "`30s`" } else { "`3`" };
        return format!("it must be known when the workflow is compiled, as {example} is");
    }
    let written = text.value.trim();
    let number = written.trim_end_matches('s').parse::<f64>();
    match (number, words::duration(written).filter(|_| dialect == Dialect::Flow && is_duration)) {
        (_, Some(duration)) => format!("write it without quotes: `{duration}`"),
        (Ok(number), None) => format!("write the number without quotes: `{number}`"),
        (Err(_), None) => "it has to be known when the workflow is compiled: write a number".to_owned(),
    }
}

fn bool_help(name: &str, text: &ast::Text) -> Option<String> {
    let word = bare_expression(text).unwrap_or(&text.value);
    let meant = match word.to_ascii_lowercase().as_str() {
        "true" | "false" if text.is_quoted() => return Some(format!("write it without quotes: `{word}`")),
        "true" | "yes" | "on" => "true",
        "false" | "no" | "off" => "false",
        // `idempotent` alone.
        word if word == name => return Some(format!("write `{name}: true`")),
        _ => return None,
    };
    Some(format!("write `{meant}`"))
}

/// Longer times, in seconds, are not written as whole hours: this is two weeks.
const HOURS_MAX: f64 = 14.0 * 24.0 * 3600.0;

/// Seconds that nobody would choose, and as many milliseconds as people do.
fn likely_milliseconds(key: &Key, owner: &str, value: &ast::Value, dialect: Dialect) -> Option<Diagnostic> {
    let (KeyType::Seconds | KeyType::RetryDelay, ValueKind::Number(_, seconds)) = (key.ty, &value.kind) else {
        return None;
    };
    // Shorter ones may be meant: a wait of a quarter of an hour, half an hour for an attempt, two hours for an execution.
    let least = match key.name {
        "timeout" if owner == "`settings`" => 10_000.0,
        "timeout" => 2000.0,
        "retry_delay" | "initial" | "max" => 500.0,
        "ttl" => 10_000.0,
        _ => return None,
    };
    let is_round = |unit: f64| seconds % unit == 0.0;
    let is_said_in_hours = is_round(3600.0) && *seconds < HOURS_MAX;
    (*seconds >= least && is_round(500.0) && !is_said_in_hours).then(|| {
        let (long, meant) = (seconds / 3600.0, seconds / 1000.0);
        let (name, unit) = match (dialect, key.name) {
            (Dialect::Json, name) => (name, ""),
            (Dialect::Flow, "retry_delay") => ("every", "s"),
            (Dialect::Flow, "ttl") => ("cache", "s"),
            (Dialect::Flow, name) => (name, "s"),
        };
        let headline = format!("`{name}` is {long:.1} hours: times are in seconds");
        Diagnostic::new(Code::LikelyMilliseconds, value.span, headline)
            .label("milliseconds?")
            .help(format!("for {meant} seconds write `{meant}{unit}`"))
    })
}

/// Numbers are shown, because for them it is the value that is wrong.
fn described(value: &ast::Value) -> String {
    match &value.kind {
        ValueKind::Number(text, _) => format!("`{text}`"),
        ValueKind::String(text) => match bare_expression(text) {
            Some(short) if short.len() <= 24 => format!("`{short}`"),
            Some(_) => "an expression".to_owned(),
            None => kind_of(value).to_string(),
        },
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
