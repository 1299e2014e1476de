//! Strings with `${…}` → [`Text`], JSON with templates → [`Tree`].

use super::expr::Place;
use super::{Lowering, expr};
use crate::model::{Expr, Piece, Text, Tree};
use crate::source::Span;
use crate::syntax::ast::{self, ValueKind};
use crate::syntax::template;

impl Lowering<'_> {
    pub(super) fn text(&mut self, place: Place, text: &ast::Text) -> Text {
        let parsed = template::parse_template(text, self.diagnostics);
        self.shadowed_text(text, &parsed.parts);
        let pieces = parsed.parts.iter().map(|part| match part {
            ast::Part::Literal(literal, _) => Piece::Literal(literal.clone()),
            ast::Part::Expression(parsed, _) => Piece::Expr(expr::lower(self, place, parsed)),
        });
        let pieces = pieces.collect();
        merged(text.span, pieces)
    }

    /// Text in which only the values' text matters: constants become part of the literal.
    pub(super) fn prose(&mut self, place: Place, text: &ast::Text) -> Text {
        let text = self.text(place, text);
        let pieces = text.pieces.into_iter().map(|piece| match piece {
            Piece::Expr(expr) if expr.as_constant().is_some_and(|value| !value.is_nullish()) => {
                Piece::Literal(expr.as_constant().map(|value| value.to_text()).unwrap_or_default())
            }
            piece => piece,
        });
        merged(text.span, pieces.collect())
    }

    pub(super) fn tree(&mut self, place: Place, value: &ast::Value) -> Tree {
        match &value.kind {
            ValueKind::Null => Tree::Null,
            ValueKind::Bool(value) => Tree::Bool(*value),
            ValueKind::Number(written, number) => {
                self.check_exact(written, *number, value.span);
                Tree::Number(*number)
            }
            ValueKind::String(text) => {
                let text = self.text(place, text);
                match text.as_whole() {
                    Some(expr) => Tree::Whole(expr.clone()),
                    None => Tree::Text(text),
                }
            }
            ValueKind::Array(items) => Tree::Array(items.iter().map(|item| self.tree(place, item)).collect()),
            ValueKind::Object(object) => Tree::Object(self.fields(place, object)),
        }
    }

    pub(super) fn fields(&mut self, place: Place, object: &ast::Object) -> Vec<(String, Tree)> {
        let mut fields = Vec::with_capacity(object.entries.len());
        for entry in &object.entries {
            self.shadowed_key(&entry.key);
            fields.push((entry.key.value.clone(), self.tree(place, &entry.value)));
        }
        fields
    }

    /// An expression without `${…}` around it; with one it is accepted all the same, as n8n and GitHub Actions do.
    pub(super) fn expression(&mut self, place: Place, text: &ast::Text) -> Expr {
        if text.value.trim_start().starts_with("${")
            && let Some(whole) = self.text(place, text).as_whole()
        {
            return whole.clone();
        }
        match template::parse_expression(text, self.diagnostics) {
            Some(parsed) => expr::lower(self, place, &parsed),
            None => Expr::unknown(text.span),
        }
    }
}

/// Text of one literal, for defaults.
pub(super) fn literal(span: Span, text: &str) -> Text {
    merged(span, vec![Piece::Literal(text.to_string())])
}

fn merged(span: Span, pieces: Vec<Piece>) -> Text {
    let mut merged: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (merged.last_mut(), piece) {
            (_, Piece::Literal(text)) if text.is_empty() => {}
            (Some(Piece::Literal(before)), Piece::Literal(text)) => before.push_str(&text),
            (_, piece) => merged.push(piece),
        }
    }
    Text { span, pieces: merged }
}
