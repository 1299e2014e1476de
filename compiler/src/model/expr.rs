//! Expressions with every name resolved.

use super::{EnvId, NodeId};
use crate::source::Span;
pub use crate::syntax::ast::{Binary, Unary};
use flow_runtime::expr::{EachMethod, Global, Method};
use flow_runtime::value::Value;

/// An expression. Its type is no part of it: the checker finds it out, and what it depends on is not known yet.
#[derive(Debug, Clone)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A literal, or what folding made of one.
    Constant(Value),
    Array(Vec<Expr>),
    Object(Vec<(String, Expr)>),
    /// A template literal.
    Text(Vec<Expr>),
    /// A static path into the input, a node's envelope or the bare `error`.
    Path(Path),
    Env(EnvId),
    Timestamp,
    ExecutionId,
    /// All envelopes as one object.
    PreviousOutputs,
    /// An arrow's parameter, or `item`.
    Parameter(Parameter),
    Member(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Method(Box<Expr>, Method, Vec<Expr>),
    Each(Box<Expr>, EachMethod, Box<Arrow>),
    Reduce(Box<Expr>, Box<Arrow>, Option<Box<Expr>>),
    SortBy(Box<Expr>, Box<Arrow>),
    Global(Global, Vec<Expr>),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Reported already.
    Unknown,
}

/// A path whose every step is known at compile time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    pub root: Root,
    pub steps: Vec<String>,
}

impl Path {
    /// Whether this is how a node settled.
    pub fn is_status(&self) -> bool {
        matches!(self.root, Root::Output(_)) && self.steps == ["status"]
    }
}

/// Where a path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    Input,
    /// The envelope of a node. In a condition, `result` is `result` in the envelope of the edge's source.
    Output(NodeId),
    /// The error of the node whose edge activated this one.
    Error,
}

/// A name that an arrow or a transform binds. Numbered within one expression, so that shadowing cannot confuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub number: usize,
}

#[derive(Debug, Clone)]
pub struct Arrow {
    pub parameters: Vec<Parameter>,
    pub body: Expr,
}

/// What the value of an operator is made of. What it is not made of, it only depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Of neither side: a comparison.
    OfNothing,
    OfRight,
    /// It is one side or the other.
    OfEither,
    /// Of both: a sum.
    OfBoth,
}

pub fn made(operator: Binary) -> Made {
    match operator {
        Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => Made::OfBoth,
        Binary::Less
        | Binary::LessOrEqual
        | Binary::Greater
        | Binary::GreaterOrEqual
        | Binary::Equal
        | Binary::NotEqual
        | Binary::StrictEqual
        | Binary::StrictNotEqual => Made::OfNothing,
        // The left side is only given on when it is empty, zero, false or nothing.
        Binary::And => Made::OfRight,
        Binary::Or | Binary::Coalesce => Made::OfEither,
    }
}

impl Expr {
    /// The node whose output this is, or a part of it.
    pub fn source(&self) -> Option<NodeId> {
        match &self.kind {
            ExprKind::Path(Path { root: Root::Output(node), .. }) => Some(*node),
            ExprKind::Member(object, _) | ExprKind::Index(object, _) | ExprKind::Method(object, ..) => object.source(),
            _ => None,
        }
    }

    /// The nodes whose outputs are read in it, as often as they are.
    pub fn nodes_read(&self) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        self.walk(&mut |part| {
            if let ExprKind::Path(Path { root: Root::Output(node), .. }) = &part.kind {
                nodes.push(*node);
            }
        });
        nodes
    }

    /// The nodes from whose outputs `a.x ?? b.x ?? …` and `a.x || b.x || …` take the first value; none where anything else is
    /// among them.
    pub fn sources(&self) -> Vec<NodeId> {
        match &self.kind {
            ExprKind::Binary(Binary::Or | Binary::Coalesce, left, right) => {
                let (mut sources, others) = (left.sources(), right.sources());
                if sources.is_empty() || others.is_empty() {
                    return Vec::new();
                }
                sources.extend(others);
                sources
            }
            _ => self.source().into_iter().collect(),
        }
    }

    pub fn constant(span: Span, value: Value) -> Expr {
        Expr { span, kind: ExprKind::Constant(value) }
    }

    pub fn unknown(span: Span) -> Expr {
        Expr { span, kind: ExprKind::Unknown }
    }

    pub fn as_constant(&self) -> Option<&Value> {
        match &self.kind {
            ExprKind::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Calls `visit` for this expression and everything inside it, outermost first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// Whether anything in it is a call: one can fail for what it is given, an operator cannot.
    pub fn calls(&self) -> bool {
        let is_call = matches!(
            self.kind,
            ExprKind::Method(..)
                | ExprKind::Each(..)
                | ExprKind::Reduce(..)
                | ExprKind::SortBy(..)
                | ExprKind::Global(..)
        );
        is_call || self.children().into_iter().any(Expr::calls)
    }

    /// The expressions directly inside, in source order.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Constant(_)
            | ExprKind::Path(_)
            | ExprKind::Env(_)
            | ExprKind::Timestamp
            | ExprKind::ExecutionId
            | ExprKind::PreviousOutputs
            | ExprKind::Parameter(_)
            | ExprKind::Unknown => Vec::new(),
            ExprKind::Array(items) | ExprKind::Text(items) | ExprKind::Global(_, items) => items.iter().collect(),
            ExprKind::Object(fields) => fields.iter().map(|(_, value)| value).collect(),
            ExprKind::Member(object, _) | ExprKind::Unary(_, object) => vec![object],
            ExprKind::Index(left, right) | ExprKind::Binary(_, left, right) => vec![left, right],
            ExprKind::Method(receiver, _, arguments) => std::iter::once(&**receiver).chain(arguments).collect(),
            ExprKind::Each(receiver, _, arrow) | ExprKind::SortBy(receiver, arrow) => vec![receiver, &arrow.body],
            ExprKind::Reduce(receiver, arrow, initial) => {
                [&**receiver, &arrow.body].into_iter().chain(initial.as_deref()).collect()
            }
            ExprKind::Conditional(test, yes, no) => vec![test, yes, no],
        }
    }
}
