//! Templates with every name resolved.

use super::Expr;
use crate::source::Span;

/// Text with expressions in it.
#[derive(Debug, Clone)]
pub struct Text {
    pub span: Span,
    /// Neighbouring literals are merged; none is empty.
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
pub enum Piece {
    Literal(String),
    /// What stands between `${` and `}`.
    Expr(Expr),
}

impl Text {
    /// The text, when there is no expression in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The expression, when the text is one whole template.
    pub fn as_whole(&self) -> Option<&Expr> {
        match self.pieces.as_slice() {
            [Piece::Expr(expr)] => Some(expr),
            _ => None,
        }
    }

    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Expr(expr) => Some(expr),
            Piece::Literal(_) => None,
        })
    }
}

/// JSON with templates at any depth.
#[derive(Debug, Clone)]
pub enum Tree {
    Null,
    Bool(bool),
    Number(f64),
    /// A string: literal or mixed text.
    Text(Text),
    /// A string that is one whole template keeps the type of its value.
    Whole(Expr),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// Calls `visit` for every expression, in source order.
    pub fn expressions<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => {}
            Tree::Text(text) => text.expressions().for_each(visit),
            Tree::Whole(expr) => visit(expr),
            Tree::Array(items) => items.iter().for_each(|item| item.expressions(visit)),
            Tree::Object(fields) => fields.iter().for_each(|(_, value)| value.expressions(visit)),
        }
    }
}
