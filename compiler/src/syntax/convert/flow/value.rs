//! Values: text and expressions as people write them here.

use super::{NOWHERE, Writer, block, entry, key, value};
use crate::catalog::KeyType;
use crate::model::lower::is_field_path;
use crate::syntax::ast::{self, Expr, ExprKind, Part, Text};
use crate::syntax::flow::read;
use crate::syntax::flow::tree::{Around, Bare, Element, EntryKind, Str, Value, ValueKind};
use crate::syntax::flow::words;
use crate::syntax::{flow::text, print};

/// Longer texts with line breaks stand on several lines.
const LINE_MAX: usize = 72;

impl Writer {
    pub(super) fn value(&self, of: &ast::Value, ty: Option<KeyType>) -> Value {
        let kind = match &of.kind {
            ast::ValueKind::Null => ValueKind::Null,
            ast::ValueKind::Bool(of) => ValueKind::Bool(*of),
            ast::ValueKind::Number(written, seconds) => match ty {
                Some(KeyType::Seconds | KeyType::RetryDelay) => duration(written, *seconds),
                _ => ValueKind::Number(written.clone()),
            },
            ast::ValueKind::String(of) => match ty {
                Some(KeyType::Expression) => return self.expression(of),
                Some(KeyType::Schema) => return super::literal(&of.value),
                Some(KeyType::OneOf(words)) if words.contains(&of.value.as_str()) => match read::bare(&of.value) {
                    Some(bare) if read::is_name(&of.value) => ValueKind::Bare(bare),
                    _ => return self.text(of, false),
                },
                _ => return self.text(of, false),
            },
            ast::ValueKind::Array(items) => {
                let inside = inside(ty);
                let elements =
                    items.iter().map(|item| Element { around: Around::default(), value: self.value(item, inside) });
                ValueKind::Array(elements.collect(), Vec::new())
            }
            ast::ValueKind::Object(object) => ValueKind::Object(self.object(object, inside(ty))),
        };
        value(kind)
    }

    /// `ty` is what the values are taken for.
    pub(super) fn object(&self, object: &ast::Object, ty: Option<KeyType>) -> crate::syntax::flow::tree::Block {
        let entries = object.entries.iter().map(|field| {
            let key = key(&field.key.value);
            let value = self.value(&field.value, ty);
            entry(match &value.kind {
                ValueKind::Bare(bare) if !key.quoted && bare.is_field() && bare.name().value == key.text.value => {
                    EntryKind::Shorthand(bare.clone())
                }
                _ => EntryKind::Pair(key, value),
            })
        });
        block(entries.collect())
    }

    /// Text with templates in it; an expression when it is one whole template. `prose`: the two characters `\n` are a line
    /// break there.
    pub(super) fn text(&self, of: &Text, prose: bool) -> Value {
        let template = self.respeller.template(of);
        if let [Part::Expression(expr, _)] = template.parts.as_slice() {
            return self.whole(expr);
        }
        let mut out = String::new();
        for part in &template.parts {
            match part {
                Part::Literal(literal, _) => {
                    let literal = if prose { literal.replace("\\n", "\n") } else { literal.clone() };
                    out.push_str(&literal.replace("${", "$${"));
                }
                Part::Expression(expr, _) => out.push_str(&hole(expr)),
            }
        }
        value(ValueKind::Text(strings(&out, prose)))
    }

    /// An expression where its key takes one.
    pub(super) fn expression(&self, of: &Text) -> Value {
        match self.respeller.expression(of) {
            Some(expr) => match bare(&expr, &[]) {
                Some(bare) => value(ValueKind::Bare(bare)),
                None => whole_text(&expr),
            },
            None => super::literal(&of.value),
        }
    }

    /// A condition in front of its arrow.
    pub(super) fn condition(&self, of: &Text) -> Value {
        let Some(mut expr) = self.respeller.expression(of) else { return super::literal(&of.value) };
        // A word that is a branch of its own when it stands alone.
        if let ExprKind::Name(name) = &expr.kind
            && words::BRANCHES.contains(&name.as_str())
        {
            expr = self.respeller.long(name, expr.span);
        }
        // A brace behind the branch above would begin branches of its node.
        match bare(&expr, &['{']) {
            Some(bare) => value(ValueKind::Bare(bare)),
            None => whole_text(&expr),
        }
    }

    /// The field of an item: a path to it, or an expression over `item`.
    pub(super) fn field(&self, of: &Text) -> Value {
        match read::bare(&of.value).filter(|_| is_field_path(&of.value)) {
            Some(bare) if of.value.split('.').all(read::is_name) => value(ValueKind::Bare(bare)),
            _ if is_field_path(&of.value) => super::literal(&of.value),
            _ => self.expression(of),
        }
    }

    /// One whole template: an expression without quotes, unless that would be a value of JSON.
    fn whole(&self, expr: &Expr) -> Value {
        let is_value = match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Template(_)
            | ExprKind::Array(_)
            | ExprKind::Object(_) => true,
            ExprKind::Unary(ast::Unary::Minus, operand) => matches!(operand.kind, ExprKind::Number(_)),
            _ => false,
        };
        match bare(expr, &['{', '[']).filter(|_| !is_value) {
            Some(bare) => value(ValueKind::Bare(bare)),
            None => whole_text(expr),
        }
    }
}

/// What the values inside a value are taken for: those of a schema belong to it, its texts are no templates.
fn inside(ty: Option<KeyType>) -> Option<KeyType> {
    ty.filter(|ty| *ty == KeyType::Schema)
}

/// An expression outside quotes, if it can stand there.
/// `opening`: what at its start would begin something else there, such as an object.
pub(super) fn bare(expr: &Expr, opening: &[char]) -> Option<Bare> {
    let text = print::bare_expression(expr)?;
    // A text alone is no expression.
    let opens = text.starts_with(opening) || matches!(expr.kind, ExprKind::String(_) | ExprKind::Template(_));
    let text = if opens { format!("({text})") } else { text };
    read::bare(&text)
}

fn whole_text(expr: &Expr) -> Value {
    value(ValueKind::Text(strings(&hole(expr), false)))
}

/// `${…}` inside a text.
fn hole(expr: &Expr) -> String {
    let space = if matches!(expr.kind, ExprKind::Object(_)) { " " } else { "" };
    format!("${{{space}{}{space}}}", print::expression(expr))
}

/// A text as literals: where it is long and has line breaks, one for each line.
fn strings(template: &str, prose: bool) -> Vec<Str> {
    let one = |part: &str| Str { raw: format!("\"{}\"", print::escaped(part)), text: text::synthetic(part, NOWHERE) };
    if !prose || template.len() <= LINE_MAX || template.contains("`") {
        return vec![one(template)];
    }
    let mut parts = Vec::new();
    let mut rest = template;
    // After the last of the line breaks that follow one another.
    while let Some(at) = rest.find('\n') {
        let end = at + rest[at..].len() - rest[at..].trim_start_matches('\n').len();
        // A line break in an expression's text is part of it.
        if rest[..end].matches("${").count() > rest[..end].matches('}').count() || end == rest.len() {
            break;
        }
        parts.push(one(&rest[..end]));
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        parts.push(one(rest));
    }
    parts
}

/// Seconds in the unit that says them in a whole number.
fn duration(written: &str, seconds: f64) -> ValueKind {
    let whole = words::UNITS.iter().filter(|unit| unit.milliseconds >= 1000);
    let mut units = whole.map(|unit| (unit.word, (unit.milliseconds / 1000) as f64));
    if let Some((unit, length)) = units.find(|(_, length)| {
        seconds >= 2.0 * length && seconds % length == 0.0 || *length == 1.0 && seconds.fract() == 0.0
    }) && (0.0..1e9).contains(&seconds)
    {
        return ValueKind::Duration(format!("{}{unit}", seconds / length));
    }
    let millis = seconds * 1000.0;
    if millis.fract() == 0.0 && (1.0..1e6).contains(&millis) && millis / 1000.0 == seconds {
        return ValueKind::Duration(format!("{millis}ms"));
    }
    ValueKind::Number(written.to_owned())
}
