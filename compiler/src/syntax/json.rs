//! JSON text → values with the span of every key and value.
//!
//! Comes in: any text. Goes out: the value, or the one finding that explains why there is none.
//! Always true: arrays and objects are kept on a stack of this module's own, so no text can exhaust the thread's; after
//! the first wrong token nothing else is said, for the rest would be guesswork. Duplicate keys are no syntax error: all
//! of them are reported, and the value is there.

mod mistake;
mod quick;
mod string;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use pest::Parser;
use pest_derive::Parser;

use super::ast::{Entry, Object, Text, Value, ValueKind};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// Larger texts are not read at all.
pub const SIZE_MAX: usize = 16 * 1024 * 1024;
/// How many arrays and objects may stand inside one another.
pub const DEPTH_MAX: usize = 128;

/// How many values a text may hold. In memory one takes up to some 250 bytes, however short it is written.
pub const VALUES_MAX: usize = 2_000_000;

/// Some editors begin a file with it.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

#[derive(Parser)]
#[grammar = "syntax/json.pest"]
struct Grammar;

/// One word of the text.
#[derive(Clone, Copy)]
struct Token<'a> {
    rule: Rule,
    text: &'a str,
    span: Span,
}

/// What may stand at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The whole document.
    Document,
    /// After `[`: a value or `]`.
    FirstItem,
    /// After a comma in an array.
    Item,
    /// After `{`: a key or `}`.
    FirstKey,
    /// After a comma in an object.
    Key,
    Colon,
    /// After a colon.
    Member,
    /// After a value in an array or object.
    CommaOrEnd,
    /// After the document.
    Nothing,
}

/// An array or object whose end has not come yet.
enum Open {
    Array { start: Span, items: Vec<Value> },
    Object { start: Span, entries: Vec<Entry>, key: Option<Text> },
}

/// Reads one JSON text.
pub fn read(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Option<Value> {
    if text.len() > SIZE_MAX {
        diagnostics.push(too_large(text.len(), file));
        return None;
    }
    let at = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let mut reader = Reader {
        text,
        file,
        at,
        open: Vec::new(),
        expected: Expected::Document,
        last: None,
        document: None,
        values: 0,
    };
    match reader.read(diagnostics) {
        Ok(value) => Some(value),
        Err(diagnostic) => {
            diagnostics.push(*diagnostic);
            None
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    file: FileId,
    /// Where the next token, or white space before it, begins.
    at: usize,
    open: Vec<Open>,
    expected: Expected,
    /// The token before, which some messages point at.
    last: Option<Token<'a>>,
    document: Option<Value>,
    /// How many there have been.
    values: usize,
}

/// Boxed: a finding is large and rare.
type Mistake = Box<Diagnostic>;

impl<'a> Reader<'a> {
    fn read(&mut self, diagnostics: &mut Diagnostics) -> Result<Value, Mistake> {
        loop {
            let token = next(self.text, self.at, self.file)?;
            if token.rule == Rule::EOI {
                return match self.document.take() {
                    Some(value) if self.open.is_empty() => Ok(value),
                    _ => Err(self.mistake(token)),
                };
            }
            self.token(token, diagnostics)?;
            if self.values > VALUES_MAX {
                return Err(Box::new(too_many(token.span)));
            }
            self.at = token.span.end as usize;
            self.last = Some(token);
        }
    }

    fn token(&mut self, token: Token<'a>, diagnostics: &mut Diagnostics) -> Result<(), Mistake> {
        use Expected::*;
        match (self.expected, token.rule) {
            (Document | FirstItem | Item | Member, Rule::string) => {
                let text = string::decode(token.text, token.span)?;
                self.value(Value { span: token.span, kind: ValueKind::String(text) });
            }
            (Document | FirstItem | Item | Member, Rule::number) => {
                // Rust reads every JSON number; one beyond the range of doubles becomes infinite, as in JavaScript.
                let number = token.text.parse().unwrap_or(f64::NAN);
                self.value(Value { span: token.span, kind: ValueKind::Number(token.text.to_owned(), number) });
            }
            (Document | FirstItem | Item | Member, Rule::word) => {
                let kind = match token.text {
                    "true" => ValueKind::Bool(true),
                    "false" => ValueKind::Bool(false),
                    "null" => ValueKind::Null,
                    _ => return Err(self.mistake(token)),
                };
                self.value(Value { span: token.span, kind });
            }
            (Document | FirstItem | Item | Member, Rule::open_array) => {
                self.nest(Open::Array { start: token.span, items: Vec::new() }, token)?;
                self.expected = FirstItem;
            }
            (Document | FirstItem | Item | Member, Rule::open_object) => {
                self.nest(Open::Object { start: token.span, entries: Vec::new(), key: None }, token)?;
                self.expected = FirstKey;
            }
            (FirstKey | Key, Rule::string) => {
                let text = string::decode(token.text, token.span)?;
                let Some(Open::Object { key, .. }) = self.open.last_mut() else {
                    unreachable!("keys are expected inside objects only")
                };
                *key = Some(text);
                self.expected = Colon;
            }
            (Colon, Rule::colon) => self.expected = Member,
            (CommaOrEnd, Rule::comma) => {
                self.expected = match self.open.last() {
                    Some(Open::Array { .. }) => Item,
                    _ => Key,
                };
            }
            (FirstItem | FirstKey | CommaOrEnd, Rule::close_array | Rule::close_object) => {
                match (self.open.pop(), token.rule) {
                    (Some(Open::Array { start, items }), Rule::close_array) => {
                        self.value(Value { span: start.to(token.span), kind: ValueKind::Array(items) });
                    }
                    (Some(Open::Object { start, entries, .. }), Rule::close_object) => {
                        report_duplicates(&entries, diagnostics);
                        let span = start.to(token.span);
                        self.value(Value { span, kind: ValueKind::Object(Object { span, entries }) });
                    }
                    (open, _) => {
                        self.open.extend(open);
                        return Err(self.mistake(token));
                    }
                }
            }
            _ => return Err(self.mistake(token)),
        }
        Ok(())
    }

    fn nest(&mut self, open: Open, token: Token) -> Result<(), Mistake> {
        if self.open.len() == DEPTH_MAX {
            return Err(mistake::too_deep(token.span));
        }
        self.open.push(open);
        Ok(())
    }

    /// Puts a finished value where it belongs.
    fn value(&mut self, value: Value) {
        self.expected = Expected::CommaOrEnd;
        self.values += 1;
        match self.open.last_mut() {
            Some(Open::Array { items, .. }) => items.push(value),
            Some(Open::Object { entries, key, .. }) => entries.extend(key.take().map(|key| Entry { key, value })),
            None => {
                self.document = Some(value);
                self.expected = Expected::Nothing;
            }
        }
    }

    fn mistake(&self, token: Token) -> Mistake {
        mistake::explain(self, token)
    }
}

/// The token at or after a place: from the grammar, but for what is plainly right.
fn next(text: &str, at: usize, file: FileId) -> Result<Token<'_>, Mistake> {
    match quick::word(text, at) {
        Some((rule, range)) => {
            let span = Span { file, start: range.start as u32, end: range.end as u32 };
            Ok(Token { rule, text: &text[range], span })
        }
        None => by_grammar(text, at, file),
    }
}

fn by_grammar(text: &str, at: usize, file: FileId) -> Result<Token<'_>, Mistake> {
    match Grammar::parse(Rule::next, &text[at..]) {
        Ok(mut pairs) => {
            let Some(pair) = pairs.next() else { unreachable!("the grammar ends with the end of the text") };
            let span = pair.as_span();
            let span = Span { file, start: (at + span.start()) as u32, end: (at + span.end()) as u32 };
            Ok(Token { rule: pair.as_rule(), text: &text[span.range()], span })
        }
        // The grammar matches every text and does not nest; only a thread almost out of stack gets here.
        Err(error) => Err(mistake::unreadable(file, at, error.location)),
    }
}

/// So few keys are compared with each other faster than they are hashed.
const COMPARED_MAX: usize = 16;

/// Every key that an object has more than once, pointing at the first.
fn report_duplicates(entries: &[Entry], diagnostics: &mut Diagnostics) {
    let is_new = |(at, entry): (usize, &Entry)| !entries[..at].iter().any(|other| other.key.value == entry.key.value);
    if entries.len() <= COMPARED_MAX && entries.iter().enumerate().all(is_new) {
        return;
    }
    let mut seen: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
    for entry in entries {
        let first = *seen.entry(&entry.key.value).or_insert(entry.key.span);
        if first != entry.key.span && diagnostics.has_room(Code::DuplicateKey.severity()) {
            diagnostics.push(duplicate_key(&entry.key, first));
        }
    }
}

fn duplicate_key(key: &Text, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DuplicateKey, key.span, format!("the key `{}` stands twice in this object", key.value))
        .label("again here")
        .also(first, "first here")
        .help("keep one of them: of two equal keys most programs read only the last")
}

pub(super) fn too_large(size: usize, file: FileId) -> Diagnostic {
    let headline = format!("the file is larger than the {} MiB flowc reads", SIZE_MAX / 1024 / 1024);
    Diagnostic::new(Code::TooLarge, Span { file, start: 0, end: 0 }, headline).label(format!("{size} bytes"))
}

fn too_many(span: Span) -> Diagnostic {
    let headline = format!("the file holds more than the {VALUES_MAX} values flowc reads");
    Diagnostic::new(Code::TooLarge, span, headline).label("one too many")
}
