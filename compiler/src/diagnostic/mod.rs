//! What flowc has to say about a workflow: plain data, no colours.
//!
//! Always true: a diagnostic names its code, points at exact characters, and reads well on its own.

pub mod codes;
pub(crate) mod dialect;
#[cfg(test)]
mod explain;
#[cfg(feature = "cli")]
pub mod github;
#[cfg(feature = "cli")]
pub mod json;
pub mod level;
pub mod position;
pub mod render;
#[cfg(feature = "cli")]
pub mod sarif;
pub mod suggest;

use crate::source::{Dialect, Span};
use std::borrow::Cow;

pub use codes::Code;

/// How bad it is. An error stops the pipeline after the stage that found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Warning,
    Error,
}

impl Severity {
    /// As it is written in front of a message, and in every other form.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// What is wrong, in the author's words: lower case, no final full stop.
    pub headline: String,
    /// Where.
    pub primary: Label,
    /// Other places that matter, such as the node a reference disagrees with.
    pub labels: Vec<Label>,
    /// The ways out, and what else helps to understand.
    pub help: Vec<String>,
    /// What else is worth knowing, such as why a lint is an error.
    pub notes: Vec<String>,
}

/// A text on one line of a terminal: what nobody sees there, or what moves its cursor, is written as an escape.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    match text.contains(is_hidden) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(text.chars().map(escaped).collect()),
    }
}

fn escaped(char: char) -> String {
    if is_hidden(char) { char.escape_default().to_string() } else { char.to_string() }
}

/// What a terminal does not show as a character: control characters, and those that turn the direction of writing round, with
/// which a text reads otherwise than it is (CVE-2021-42574).
fn is_hidden(char: char) -> bool {
    char.is_control() || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text of several lines for a terminal, each character as many bytes long as it was.
fn shown_in_place(text: &str) -> Cow<'_, str> {
    let is_hidden = |char: char| is_hidden(char) && !matches!(char, '\n' | '\r' | '\t');
    let instead = |char: char| match char.len_utf8() {
        _ if !is_hidden(char) => char,
        1 => '?',
        2 => '\u{bf}',
        _ => char::REPLACEMENT_CHARACTER,
    };
    if text.as_bytes().chunks(LANES).all(is_plain) || !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(instead).collect())
}

/// So many bytes are looked at together, without a branch.
const LANES: usize = 64;

/// Whether it is all ASCII, and of its control characters has only those that lay out lines.
fn is_plain(bytes: &[u8]) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    bytes.iter().map(is_plain).fold(true, std::ops::BitAnd::bitand)
}

/// As [`visible`], of a text that has several lines; `indent` stands in front of those after the first.
fn visible_lines(text: &str, indent: &str) -> String {
    let lines: Vec<Cow<str>> = text.split('\n').map(visible).collect();
    lines.join(&format!("\n{indent}"))
}

/// A place, and what to say there (may be empty).
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub span: Span,
    pub message: String,
}

impl Diagnostic {
    /// With the severity its code has by default.
    pub fn new(code: Code, span: Span, headline: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            headline: headline.into(),
            primary: Label { span, message: String::new() },
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// What to say at the primary place.
    pub fn label(mut self, message: impl Into<String>) -> Diagnostic {
        self.primary.message = message.into();
        self
    }

    /// Another place that matters.
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help.push(help.into());
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }
}

/// Everything found so far, in the order it was found.
///
/// Always true: it stays small, whatever the text. Nobody reads the thousandth finding; the rest are counted.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    /// How the author wrote what is talked about.
    dialect: Dialect,
    found: Vec<Diagnostic>,
    /// How many of those are errors.
    errors: usize,
    left_out: usize,
    /// Parts of the text that count for several nodes.
    said_once: Vec<Span>,
}

/// So many errors are kept, and so many warnings.
pub const KEPT_MAX: usize = 1_000;

impl Diagnostics {
    /// For a workflow written in this dialect: findings are worded for it.
    pub fn in_dialect(dialect: Dialect) -> Diagnostics {
        Diagnostics { dialect, ..Diagnostics::default() }
    }

    /// What this part of the text says counts for several nodes: what is wrong there is said for the first of them.
    pub fn say_once(&mut self, part: Span) {
        self.said_once.push(part);
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        let at = diagnostic.primary.span;
        let is_known = |known: &Diagnostic| known.code == diagnostic.code && known.primary.span == at;
        if self.said_once.iter().any(|part| part.contains(at)) && self.found.iter().any(is_known) {
            return;
        }
        if self.has_room(diagnostic.severity) {
            self.errors += usize::from(diagnostic.severity == Severity::Error);
            self.found.push(match self.dialect {
                Dialect::Json => diagnostic,
                Dialect::Flow => dialect::reworded(diagnostic),
            });
        }
    }

    /// Whether another finding is kept. Where it is not, it has been counted, and need not be put into words.
    pub fn has_room(&mut self, severity: Severity) -> bool {
        let kept = match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.found.len() - self.errors,
        };
        self.left_out += usize::from(kept >= KEPT_MAX);
        kept < KEPT_MAX
    }

    /// How many there are: with [`Diagnostics::forget`] a way back.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Forgets what was found after the first `count`.
    pub fn forget(&mut self, count: usize) {
        let forgotten = self.found.drain(count..);
        self.errors -= forgotten.filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    }

    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Keeps what is worth saying beside the rest.
    pub fn retain(&mut self, is_worth: impl FnMut(&Diagnostic) -> bool) {
        self.found.retain(is_worth);
        self.errors = self.found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    }

    /// Takes over what was found elsewhere, and how many of them have been left out.
    pub fn append(&mut self, other: Diagnostics) {
        self.left_out += other.left_out;
        self.extend(other.found);
    }

    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// In the order of the source, duplicates removed: what is shown.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|diagnostic| diagnostic.primary.span);
        self.found.dedup();
        if let (Some(last), 1..) = (self.found.last_mut(), self.left_out) {
            last.notes.push(format!("{} more findings are not shown", self.left_out));
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_would_read_is_counted() {
        let mut diagnostics = Diagnostics::default();
        let warning =
            || Diagnostic { severity: Severity::Warning, ..Diagnostic::new(Code::JsonSyntax, Span::new(0, 1), "x") };
        for index in 0..KEPT_MAX + 7 {
            diagnostics.push(Diagnostic { headline: index.to_string(), ..warning() });
        }
        assert!(!diagnostics.has_errors(), "warnings leave room for errors");
        diagnostics.push(Diagnostic::new(Code::JsonSyntax, Span::new(1, 2), "an error"));
        assert!(diagnostics.has_errors());
        let shown = diagnostics.sorted();
        assert_eq!(shown.len(), KEPT_MAX + 1);
        assert_eq!(shown[KEPT_MAX].notes, ["7 more findings are not shown"]);
    }
}
