//! Values → values as JSON has them: an expression is text with `${…}` around it.

use super::Builder;
use crate::catalog::KeyType;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Text};
use crate::syntax::flow::text;
use crate::syntax::flow::tree::{Bare, Block, EntryKind, Value, ValueKind};
use crate::syntax::flow::{mistake, words};

impl<'a> Builder<'a, '_> {
    /// `ty` is what the key takes, where the catalog knows it.
    pub(super) fn value(&mut self, value: &'a Value, ty: Option<KeyType>) -> ast::Value {
        let expressed = ty == Some(KeyType::Expression);
        let kind = match &value.kind {
            ValueKind::Null | ValueKind::Bool(_) | ValueKind::Number(_) if expressed => {
                let written = match &value.kind {
                    ValueKind::Bool(value) => value.to_string(),
                    ValueKind::Number(written) => written.clone(),
                    _ => "null".to_owned(),
                };
                ast::ValueKind::String(Text::verbatim(written, value.span, value.span.start))
            }
            ValueKind::Null => ast::ValueKind::Null,
            ValueKind::Bool(value) => ast::ValueKind::Bool(*value),
            ValueKind::Number(written) => number(written),
            ValueKind::Duration(written) if ty.is_some_and(is_counted) => {
                self.report(duration_for_number(written, value.span));
                number("1")
            }
            ValueKind::Duration(written) => duration(written),
            ValueKind::Text(strings) => {
                let text = text::joined(strings);
                if expressed && !text.value.trim_start().starts_with("${") {
                    self.report(quoted_expression(&text));
                }
                ast::ValueKind::String(text)
            }
            ValueKind::Bare(bare) => ast::ValueKind::String(self.expression(bare, ty)),
            ValueKind::Array(elements, _) => {
                ast::ValueKind::Array(elements.iter().map(|element| self.value(&element.value, ty)).collect())
            }
            ValueKind::Object(block) => ast::ValueKind::Object(self.object(block, ty)),
            // These are taken apart where their key is known; read as what stands in front.
            ValueKind::Retry(retry) => return self.value(&retry.count, ty),
            ValueKind::Filled(strings, _) => ast::ValueKind::String(text::joined(strings)),
            ValueKind::Sorted(bare, _) => ast::ValueKind::String(self.expression(bare, ty)),
        };
        ast::Value { span: value.span, kind }
    }

    pub(super) fn object(&mut self, block: &'a Block, ty: Option<KeyType>) -> ast::Object {
        // Inside an object the values are data, and a key has one name.
        self.duplicates("", block);
        let ty = ty.filter(|ty| matches!(ty, KeyType::Fields | KeyType::Schema));
        let mut entries = Vec::with_capacity(block.entries.len());
        for entry in &block.entries {
            match &entry.kind {
                EntryKind::Pair(key, value) => {
                    let value = self.value(value, ty);
                    entries.push(ast::Entry { key: key.text.clone(), value });
                }
                EntryKind::Shorthand(bare) => {
                    let value = ast::ValueKind::String(self.expression(bare, ty));
                    entries.push(ast::Entry { key: bare.name(), value: ast::Value { span: bare.span, kind: value } });
                }
                EntryKind::Request { method, .. } => self.report(mistake::misplaced_request(method.span)),
            }
        }
        ast::Object { span: block.span, entries }
    }

    /// An expression as the key takes it: bare in JSON too, a word, or `${…}`.
    fn expression(&mut self, bare: &Bare, ty: Option<KeyType>) -> Text {
        match ty {
            Some(KeyType::Expression | KeyType::Fields) => bare.text.clone(),
            Some(KeyType::OneOf(_)) if bare.tokens.len() == 1 => bare.text.clone(),
            Some(KeyType::Schema) => {
                self.report(expression_in_schema(bare));
                bare.text.clone()
            }
            _ => text::template(&bare.text),
        }
    }

    /// Names in an array: ids of nodes, lints.
    pub(super) fn names(&mut self, value: &'a Value, what: &str) -> Vec<Text> {
        let single;
        let values: Vec<&Value> = match &value.kind {
            ValueKind::Array(elements, _) => elements.iter().map(|element| &element.value).collect(),
            _ => {
                single = value;
                vec![single]
            }
        };
        let mut names = Vec::with_capacity(values.len());
        for value in values {
            match &value.kind {
                ValueKind::Bare(bare) if bare.tokens.len() == 1 => names.push(bare.text.clone()),
                ValueKind::Text(strings) => names.push(text::joined(strings)),
                kind => {
                    let headline = format!("{what} is a name, not {}", super::describe(kind));
                    let diagnostic = Diagnostic::new(Code::WrongType, value.span, headline).label("expected a name");
                    let written = match kind {
                        ValueKind::Bool(written) => Some(written.to_string()),
                        ValueKind::Null => Some("null".to_owned()),
                        _ => None,
                    };
                    let quotes = written.map(|written| format!("what is called so stands in quotes: \"{written}\""));
                    self.report(Diagnostic { help: quotes.into_iter().collect(), ..diagnostic });
                }
            }
        }
        names
    }
}

fn number(written: &str) -> ast::ValueKind {
    let digits = written.replace('_', "");
    let radix = |prefix: &str, radix| {
        let digits = digits.trim_start_matches('-').strip_prefix(prefix)?;
        u64::from_str_radix(digits, radix).ok().map(|value| value as f64)
    };
    let sign = if digits.starts_with('-') { -1.0 } else { 1.0 };
    match radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2)) {
        Some(value) => ast::ValueKind::Number((sign * value).to_string(), sign * value),
        None => {
            let value: f64 = digits.parse().unwrap_or(f64::NAN);
            // JSON knows no leading zeros.
            let leading = digits.trim_start_matches('-');
            let json = leading.len() < 2 || !leading.starts_with('0') || !leading.as_bytes()[1].is_ascii_digit();
            ast::ValueKind::Number(if json { digits } else { value.to_string() }, value)
        }
    }
}

/// In seconds, as the format counts.
fn duration(written: &str) -> ast::ValueKind {
    let end = written.find(|char: char| char.is_ascii_alphabetic()).unwrap_or(written.len());
    let (digits, unit) = written.split_at(end);
    let number: f64 = digits.parse().unwrap_or(f64::NAN);
    let milliseconds = words::UNITS.iter().find(|known| known.word == unit).map_or(1000, |unit| unit.milliseconds);
    // One rounding: whole seconds are a factor, parts of one a divisor.
    let seconds = match milliseconds {
        0..1000 => number / (1000 / milliseconds) as f64,
        _ => number * (milliseconds / 1000) as f64,
    };
    ast::ValueKind::Number(seconds.to_string(), seconds)
}

/// `{ type: object }`
fn expression_in_schema(bare: &Bare) -> Diagnostic {
    let headline = "a schema has no expressions: text in it stands in quotes";
    let diagnostic = Diagnostic::new(Code::WrongType, bare.span, headline).label("this is an expression");
    match bare.is_path() {
        true => diagnostic.help(format!("write \"{}\"", bare.text.value)),
        false => diagnostic,
    }
}

/// What is a number of something else than seconds.
fn is_counted(ty: KeyType) -> bool {
    matches!(ty, KeyType::Count | KeyType::PositiveCount | KeyType::Port)
}

/// `retry: 3s`, `port: 10m`
fn duration_for_number(written: &str, span: Span) -> Diagnostic {
    let number = written.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    Diagnostic::new(Code::WrongType, span, format!("expected a number, not the duration `{written}`"))
        .label("has a unit of time")
        .help(format!("write `{number}`"))
}

fn quoted_expression(text: &Text) -> Diagnostic {
    Diagnostic::new(Code::WrongType, text.span, "an expression stands here, without quotes")
        .label("this is text")
        .help(format!("write `{}`", text.value.replace('\'', "\"")))
}

/// A string that stands nowhere as it is.
pub(super) fn string(value: &str, span: Span) -> ast::Value {
    ast::Value { span, kind: ast::ValueKind::String(text::synthetic(value, span)) }
}
