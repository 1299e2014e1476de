//! A .flow text as it is laid out: what `flowc fmt` prints and `flowc convert` makes.
//!
//! Always true: every comment of the text stands somewhere in the tree; nothing is looked up, nothing is merged.

use super::token::{Comment, Rule};
use super::words;
use crate::source::Span;
use crate::syntax::ast::Text;

/// A whole text.
#[derive(Debug, Clone, Default)]
pub struct File {
    pub items: Vec<Item>,
    /// Items that could not be read, which has been reported.
    pub lost: Vec<Lost>,
    /// Comments after the last item.
    pub end: Vec<Comment>,
}

/// An item that could not be read, as far as its first words say what it was.
#[derive(Debug, Clone)]
pub struct Lost {
    /// The one that was meant.
    pub keyword: String,
    /// What it is called.
    pub name: Option<Word>,
}

impl Lost {
    /// Whether the word it begins with says nothing.
    pub fn may_be_anything(&self) -> bool {
        !words::KEYWORDS.contains(&self.keyword.as_str()) && words::kind(&self.keyword).is_none()
    }
}

/// What stands around an item, an entry, a branch: everything that gets lines of its own.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// A blank line before it (and before its comments).
    pub blank: bool,
    pub before: Vec<Comment>,
    /// A blank line between those comments and it.
    pub gap: bool,
    /// On the same line.
    pub after: Option<Comment>,
}

#[derive(Debug, Clone)]
pub struct Item {
    pub around: Around,
    /// `///` lines: the name first, the description below.
    pub docs: Vec<Comment>,
    /// From its keyword to its last token.
    pub span: Span,
    pub kind: ItemKind,
}

#[derive(Debug, Clone)]
pub enum ItemKind {
    Workflow(Option<Word>, Block),
    Type(Word, Ty),
    /// `api` or `smtp`, its name, and what it says.
    Shared(Word, Word, Block),
    Flow(Graph),
    Node(Box<Node>),
}

/// A name as it stands; an id may stand in quotes.
#[derive(Debug, Clone)]
pub struct Word {
    pub text: String,
    pub span: Span,
    pub quoted: bool,
}

#[derive(Debug, Clone)]
pub struct Node {
    /// `http`, `mail`, `filter`, …
    pub kind: Word,
    pub id: Word,
    /// `(Order)`
    pub input: Option<Ty>,
    /// `at "orders"`, `via mail`, `cron "0 9 * * *"`, `every 5m`, `in "Europe/Berlin"`
    pub clauses: Vec<(Word, Value)>,
    /// `= crate::fraud::check(order)`
    pub call: Option<Call>,
    /// `-> { success: bool }`
    pub output: Option<Ty>,
    pub block: Option<Block>,
}

/// A function of the surrounding crate, and what it is given.
#[derive(Debug, Clone)]
pub struct Call {
    /// Without spaces: `crate::fraud::check`.
    pub function: Text,
    pub arguments: Vec<Element>,
    /// Between the parentheses.
    pub span: Span,
    /// Comments before the closing parenthesis.
    pub end: Vec<Comment>,
}

/// `{ … }`
#[derive(Debug, Clone)]
pub struct Block {
    pub span: Span,
    pub entries: Vec<Entry>,
    /// Comments before the closing brace.
    pub end: Vec<Comment>,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub around: Around,
    pub span: Span,
    pub kind: EntryKind,
}

#[derive(Debug, Clone)]
pub enum EntryKind {
    /// `key: value`
    Pair(Key, Value),
    /// `order_id`, which is `order_id: order_id`; `pay.result.id || "none"`, which is `id: pay.result.id || "none"`
    Shorthand(Bare),
    /// `POST payment "/charge"`
    Request { method: Word, api: Option<Word>, url: Value },
}

#[derive(Debug, Clone)]
pub struct Key {
    pub text: Text,
    pub quoted: bool,
}

#[derive(Debug, Clone)]
pub struct Value {
    pub span: Span,
    pub kind: ValueKind,
}

#[derive(Debug, Clone)]
pub enum ValueKind {
    Null,
    Bool(bool),
    Number(String),
    /// `30s`
    Duration(String),
    /// Strings that follow one another.
    Text(Vec<Str>),
    Array(Vec<Element>, Vec<Comment>),
    Object(Block),
    /// An expression on its own.
    Bare(Bare),
    /// `3 every 2s`, `5 from 1s to 30s jitter`
    Retry(Retry),
    /// `"order-confirmation" { … }`: a mail template and what it is filled with.
    Filled(Vec<Str>, Block),
    /// `unit_price desc`
    Sorted(Bare, Word),
}

#[derive(Debug, Clone)]
pub struct Element {
    pub around: Around,
    pub value: Value,
}

/// One string literal.
#[derive(Debug, Clone)]
pub struct Str {
    /// With its quotes.
    pub raw: String,
    pub text: Text,
}

/// An expression outside quotes.
#[derive(Debug, Clone)]
pub struct Bare {
    pub span: Span,
    /// As the expression parser reads it.
    pub text: Text,
    /// As it is written.
    pub tokens: Vec<(Rule, String)>,
}

impl Bare {
    /// Whether it is a path, which may have a default: then it can stand without a key.
    pub fn is_field(&self) -> bool {
        match self.tokens.iter().position(|(rule, _)| matches!(rule, Rule::or | Rule::coalesce)) {
            None => self.is_path(),
            Some(at) => {
                let default = &self.tokens[at + 1..];
                let literal = matches!(default, [(Rule::string | Rule::number, _)]);
                is_path(&self.tokens[..at]) && (literal || is_path(default))
            }
        }
    }

    /// Names with dots between them.
    pub fn is_path(&self) -> bool {
        is_path(&self.tokens)
    }

    /// The last name of the path it begins with: its key, where it stands without one.
    pub fn name(&self) -> Text {
        let whole = self.text.value.as_str();
        let (mut at, mut last) = (0, 0..0);
        for (rule, token) in self.tokens.iter().take_while(|(rule, _)| matches!(rule, Rule::name | Rule::dot)) {
            let Some(start) = whole[at..].find(token.as_str()).map(|start| at + start) else { break };
            at = start + token.len();
            if *rule == Rule::name {
                last = start..at;
            }
        }
        let span = self.text.span_of(last.clone());
        Text::verbatim(whole[last].to_owned(), span, span.start)
    }
}

fn is_path(tokens: &[(Rule, String)]) -> bool {
    let rule_at = |at: usize| if at.is_multiple_of(2) { Rule::name } else { Rule::dot };
    !tokens.len().is_multiple_of(2) && tokens.iter().enumerate().all(|(at, (rule, _))| *rule == rule_at(at))
}

#[derive(Debug, Clone)]
pub struct Retry {
    /// A number, or what else stands there.
    pub count: Box<Value>,
    /// `every`: one wait.
    pub every: Option<Box<Value>>,
    /// `from … to …`: growing waits.
    pub from: Option<Box<Value>>,
    pub to: Option<Box<Value>>,
    pub jitter: Option<Span>,
}

// ---- Types

#[derive(Debug, Clone)]
pub struct Ty {
    pub span: Span,
    pub kind: TyKind,
}

#[derive(Debug, Clone)]
pub enum TyKind {
    Name(Word),
    /// A text that is the only one allowed.
    Literal(Str),
    Array(Box<Ty>),
    Object(Vec<Field>, Vec<Comment>),
    Union(Vec<Ty>),
}

#[derive(Debug, Clone)]
pub struct Field {
    pub around: Around,
    pub key: Key,
    pub optional: bool,
    pub ty: Ty,
    /// `@personal`, `@sensitive`
    pub marks: Vec<Word>,
}

// ---- The flow block

#[derive(Debug, Clone)]
pub struct Graph {
    pub chains: Vec<(Around, Chain)>,
    pub end: Vec<Comment>,
}

/// `a -> b => c { … }`
#[derive(Debug, Clone)]
pub struct Chain {
    /// `None` in a branch: it begins at the node the block belongs to.
    pub start: Option<Word>,
    pub hops: Vec<Hop>,
    pub branches: Option<Branches>,
}

#[derive(Debug, Clone)]
pub struct Hop {
    /// `=>`: the node at its end needs it.
    pub needs: bool,
    pub to: Word,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Branches {
    pub branches: Vec<Branch>,
    pub end: Vec<Comment>,
}

#[derive(Debug, Clone)]
pub struct Branch {
    pub around: Around,
    pub condition: Condition,
    pub chain: Chain,
}

#[derive(Debug, Clone)]
pub enum Condition {
    If(Bare),
    /// When none of the conditions above it holds.
    Else(Span),
    /// `succeeded`: an edge without a condition.
    Succeeded,
    /// `always`: after success and after failure, which is the condition `true`.
    Always(Span),
}
