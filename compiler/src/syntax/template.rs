//! Text with `${…}` in it → [`Template`]; an expression on its own → [`Expr`].
//!
//! Comes in: decoded text that knows its way back to the source. Goes out: the tree, with spans in the source.
//! Always true: the grammar matches every text, and mistakes are rules of it; a tree is built only from what has none,
//! so building cannot fail but for values (a bad escape), mixed `??` and depth. No tree is deeper than [`HEIGHT_MAX`]:
//! whoever walks it may recurse.

mod build;
mod literal;
mod mistake;
mod quick;
#[cfg(test)]
pub mod tests;

use pest::Parser;
use pest_derive::Parser;

use super::ast::{Expr, Part, Template, Text};
use crate::diagnostic::Diagnostics;
pub use mistake::{foreign_operator, instead_of_bitwise};

/// How many brackets, and how many right-hand sides, may stand inside one another.
pub const DEPTH_MAX: usize = 64;
/// How high a tree may be; `1 + 1 + 1` is three high.
pub const HEIGHT_MAX: usize = 256;

#[derive(Parser)]
#[grammar = "syntax/template.pest"]
struct Grammar;

type Pair<'a> = pest::iterators::Pair<'a, Rule>;

/// Reads text with any number of templates in it. A template with a mistake is reported and left out.
pub fn parse_template(text: &Text, diagnostics: &mut Diagnostics) -> Template {
    quick::template(text).unwrap_or_else(|| template(text, diagnostics))
}

/// Where the first `${` stands.
pub(crate) fn opening(text: &str) -> Option<usize> {
    text.as_bytes().windows(2).position(|pair| pair == b"${")
}

/// By the grammar.
fn template(text: &Text, diagnostics: &mut Diagnostics) -> Template {
    let mut template = Template { span: text.span, parts: Vec::new() };
    let parts = match Grammar::parse(Rule::template, &text.value) {
        Ok(mut pairs) => pairs.next().into_iter().flat_map(Pair::into_inner),
        Err(error) => {
            diagnostics.push(mistake::out_of_stack(text, &error));
            return template;
        }
    };
    for pair in parts {
        match pair.as_rule() {
            Rule::literal => add_literal(&mut template, text, pair.as_str(), &pair),
            Rule::escaped_open => add_literal(&mut template, text, "${", &pair),
            Rule::interpolation => {
                let span = span(text, &pair);
                match interpolation(text, pair) {
                    Ok(expr) => template.parts.push(Part::Expression(expr, span)),
                    Err(mistake) => diagnostics.push(*mistake),
                }
            }
            _ => {}
        }
    }
    template
}

/// Reads a condition, or whatever else is an expression without `${…}` around it; one that has it is taken as well.
pub fn parse_expression(text: &Text, diagnostics: &mut Diagnostics) -> Option<Expr> {
    quick::expression(text).or_else(|| condition(text, diagnostics))
}

/// By the grammar.
fn condition(text: &Text, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let parsed = match Grammar::parse(Rule::condition, &text.value) {
        Ok(mut pairs) => pairs.next().map(Pair::into_inner),
        Err(error) => {
            diagnostics.push(mistake::out_of_stack(text, &error));
            return None;
        }
    };
    let mut inner = parsed?;
    let first = inner.next()?;
    let result = match (first.as_rule(), inner.next()) {
        (Rule::interpolation, Some(rest)) if rest.as_rule() == Rule::unexpected_text => {
            interpolation(text, first).and_then(|_| Err(mistake::text_in_condition(text, &rest)))
        }
        (Rule::interpolation, _) => interpolation(text, first),
        (_, Some(rest)) if rest.as_rule() == Rule::unexpected_rest => {
            mistake::check(text, first).and_then(|_| Err(mistake::unexpected(text, rest.as_span().start(), None)))
        }
        _ => expression(text, first),
    };
    result.map_err(|mistake| diagnostics.push(*mistake)).ok()
}

/// Whether a text can stand as a name after a dot or before a colon.
pub(crate) fn is_name(text: &str) -> bool {
    Grammar::parse(Rule::property, text).is_ok_and(|mut pairs| pairs.next().is_some_and(|pair| pair.as_str() == text))
}

fn interpolation(text: &Text, pair: Pair) -> Result<Expr, mistake::Mistake> {
    mistake::check(text, pair.clone())?;
    match pair.into_inner().find(|inner| inner.as_rule() == Rule::expression) {
        Some(inner) => build::expression(text, inner),
        None => unreachable!("a template without a mistake holds an expression"),
    }
}

fn expression(text: &Text, pair: Pair) -> Result<Expr, mistake::Mistake> {
    mistake::check(text, pair.clone())?;
    build::expression(text, pair)
}

/// Adjacent literals become one, unless a template with a mistake stood between them.
fn add_literal(template: &mut Template, text: &Text, value: &str, pair: &Pair) {
    let span = span(text, pair);
    match template.parts.last_mut() {
        Some(Part::Literal(before, place)) if place.end == span.start => {
            before.push_str(value);
            *place = place.to(span);
        }
        _ => template.parts.push(Part::Literal(value.to_owned(), span)),
    }
}

fn span(text: &Text, pair: &Pair) -> crate::source::Span {
    text.span_of(pair.as_span().start()..pair.as_span().end())
}
