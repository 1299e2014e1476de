//! What the author wrote, with spans, without meaning. Both front ends give this.

use std::ops::Range;

use crate::source::{Span, Spanned};

#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    pub span: Span,
    /// What the program is called, where the text says so: `workflow order-fulfillment { … }`. In JSON the file says it.
    pub slug: Option<Text>,
    pub name: Option<Text>,
    pub description: Option<Text>,
    pub version: Option<Text>,
    pub nodes: Vec<Node>,
    pub connections: Vec<Connection>,
    pub settings: Option<Object>,
    /// Names of lints whose findings are accepted everywhere.
    pub allow: Vec<Text>,
    /// `type Order = { … }`: the name, and where the braces stand; it is resolved already. In JSON there are none.
    pub types: Vec<Spanned<String>>,
    /// What several nodes share: it stands in each of their configs already. In JSON there is none.
    pub shared: Vec<Shared>,
}

/// `api shop { … }`, `smtp post { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// Its word: `api` or `smtp`.
    pub what: &'static str,
    pub name: Text,
    /// The kind of the nodes that use it.
    pub kind: &'static str,
    pub config: Object,
    /// A key that it does not have and that a node counts on.
    pub lacks: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub span: Span,
    pub id: Text,
    /// The kind's word: `webhook`, `http`, … In JSON it stands in `trigger_type` or `action_type`. `None`: it is missing, which has
    /// been reported.
    pub kind: Option<Text>,
    /// Whether the author called it a trigger. In JSON: `"type": "trigger"`.
    pub trigger: bool,
    pub name: Option<Text>,
    pub description: Option<Text>,
    pub config: Object,
    pub dependencies: Vec<Text>,
    /// Names of lints whose findings are accepted in this node and in the connections out of it.
    pub allow: Vec<Text>,
}

impl Node {
    /// The word of its kind; empty where it is missing.
    pub fn word(&self) -> &str {
        self.kind.as_ref().map_or("", |kind| &kind.value)
    }
}

/// Stands where the name of a host that is missing would: the mistake is said once, and the rest is checked as if it were there.
pub const UNKNOWN_HOST: &str = "unknown.invalid";

#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    pub span: Span,
    pub from: Text,
    pub to: Text,
    /// JSON: a string holding an expression.
    pub condition: Option<Value>,
}

/// A string as the author wrote it, decoded, with the way back to the source for every character.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub value: String,
    /// With its quotes.
    pub span: Span,
    /// Where decoded text and source drift apart: `(decoded offset, source offset)` at the start, and after every escape.
    /// Between two entries both advance together. Empty when the text stands nowhere as it is: all of it is its span.
    pub(super) map: Vec<(u32, u32)>,
}

/// The longest escape: `\u{10ffff}`.
const ESCAPE_MAX: u32 = 10;

impl Text {
    /// Text that stands in the source as it is, beginning at `start`; `span` includes its quotes.
    pub(crate) fn verbatim(value: String, span: Span, start: u32) -> Text {
        Text { value, span, map: vec![(0, start)] }
    }

    /// Where a range of the decoded text stands in the source. Both ends must be character boundaries.
    pub fn span_of(&self, decoded: Range<usize>) -> Span {
        if self.map.is_empty() {
            return self.span;
        }
        let (start, end) = (self.source_offset(decoded.start), self.source_offset(decoded.end));
        // Behind it begins what stands elsewhere: an api's URL ends, and the path that a node adds to it comes.
        let last = decoded.end.saturating_sub(1).max(decoded.start);
        let end = match self.source_offset(last) + 1 {
            near if !(near..near + ESCAPE_MAX).contains(&end) && decoded.end > decoded.start => near,
            _ => end,
        };
        Span { file: self.span.file, start, end }
    }

    /// Text that a front end made of what stands elsewhere: what is wrong with it is reported there.
    pub fn is_derived(&self) -> bool {
        self.map.is_empty()
    }

    /// Whether it stands in quotes. An expression of a .flow text does not.
    pub fn is_quoted(&self) -> bool {
        self.map.first().is_some_and(|(_, start)| *start > self.span.start)
    }

    /// Whether anything in it wants [`super::template::parse_template`]: a template, or an escaped one.
    pub fn has_template(&self) -> bool {
        self.value.contains("${")
    }

    fn source_offset(&self, decoded: usize) -> u32 {
        let decoded = decoded as u32;
        let after = self.map.partition_point(|&(start, _)| start <= decoded);
        let (start, source) = self.map[after - 1];
        source + (decoded - start)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    pub span: Span,
    pub kind: ValueKind,
}

impl Value {
    /// Whether it is an array or object with something in it.
    pub fn is_filled(&self) -> bool {
        match &self.kind {
            ValueKind::Array(items) => !items.is_empty(),
            ValueKind::Object(object) => !object.entries.is_empty(),
            ValueKind::Null | ValueKind::Bool(_) | ValueKind::Number(..) | ValueKind::String(_) => false,
        }
    }

    /// What it is, in words: `a string`.
    pub fn describe(&self) -> &'static str {
        match self.kind {
            ValueKind::Null => "null",
            ValueKind::Bool(_) => "a boolean",
            ValueKind::Number(..) => "a number",
            ValueKind::String(_) => "a string",
            ValueKind::Array(_) => "an array",
            ValueKind::Object(_) => "an object",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum ValueKind {
    Null,
    Bool(bool),
    /// The text as written, and its value as a double.
    Number(String, f64),
    String(Text),
    Array(Vec<Value>),
    Object(Object),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub span: Span,
    /// In source order. Duplicate keys have been reported; all are kept.
    pub entries: Vec<Entry>,
}

impl Object {
    /// The value of a key: of duplicates the last, as everybody reads JSON.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key.value == key)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: Text,
    pub value: Value,
}

/// Text with `${…}` in it. A template that is one whole expression is a single `Part::Expression`.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pub span: Span,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Decoded text, never empty, `$${` already turned into `${`.
    Literal(String, Span),
    /// What stands between the braces; the span includes `${` and `}`.
    Expression(Expr, Span),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    String(flow_runtime::value::JsString),
    /// A JavaScript template literal: `` `a ${b}` ``.
    Template(Vec<TemplatePart>),
    Array(Vec<Expr>),
    Object(Vec<(Property, Expr)>),
    /// A bare name: a root such as `input_data`, an environment variable, a field of the input, an arrow's parameter.
    Name(String),
    /// `object.property`
    Member(Box<Expr>, Property),
    /// `object[index]`
    Index(Box<Expr>, Box<Expr>),
    /// `callee(arguments)`. The callee is a `Name` or a `Member`.
    Call(Box<Expr>, Vec<Expr>),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `test ? yes : no`
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `(a, b) => body`. Only as an argument of a call.
    Arrow(Vec<Property>, Box<Expr>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum TemplatePart {
    Literal(flow_runtime::value::JsString),
    Expression(Expr),
}

/// A name that is not looked up: after a dot, before a colon, an arrow's parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    pub name: String,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unary {
    Not,
    Minus,
    Plus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    StrictEqual,
    StrictNotEqual,
    And,
    Or,
    /// `??`
    Coalesce,
}

impl Binary {
    /// Whether what it gives is a number, or for `+` perhaps a text.
    pub fn is_arithmetic(self) -> bool {
        matches!(self, Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder)
    }

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "*",
            Binary::Divide => "/",
            Binary::Remainder => "%",
            Binary::Less => "<",
            Binary::LessOrEqual => "<=",
            Binary::Greater => ">",
            Binary::GreaterOrEqual => ">=",
            Binary::Equal => "==",
            Binary::NotEqual => "!=",
            Binary::StrictEqual => "===",
            Binary::StrictNotEqual => "!==",
            Binary::And => "&&",
            Binary::Or => "||",
            Binary::Coalesce => "??",
        }
    }
}
