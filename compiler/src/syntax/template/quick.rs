//! The few shapes that most templates have, read without the grammar: text, `${a.b-c.d}`, and two such operands around
//! one operator that compares or chooses, as in `result.success == false` and `${input_data.currency || 'USD'}`.
//!
//! Comes in: decoded text. Goes out: what the grammar gives for it, spans included, or `None`: ask the grammar.
//! Always true: template.pest stays the definition. Whatever is not plainly one of these shapes is left to it, mistakes
//! above all; the tests below compare the two on random texts.

use super::build::name;
use super::{literal, mistake};
use crate::syntax::ast::{Binary, Expr, ExprKind, Part, Property, Template, Text};

/// Longer paths come near the limit on the height of a tree, which is the builder's to watch.
const STEPS_MAX: usize = 32;

/// Longer signs before those that they start with.
const OPERATORS: [Binary; 11] = [
    Binary::StrictEqual,
    Binary::StrictNotEqual,
    Binary::Equal,
    Binary::NotEqual,
    Binary::LessOrEqual,
    Binary::GreaterOrEqual,
    Binary::And,
    Binary::Or,
    Binary::Coalesce,
    Binary::Less,
    Binary::Greater,
];

/// Text with any number of templates in it.
pub fn template(text: &Text) -> Option<Template> {
    let mut parts = Vec::new();
    let mut reader = Reader { text, at: 0 };
    let literal = |range: std::ops::Range<usize>| {
        (!range.is_empty()).then(|| Part::Literal(text.value[range.clone()].to_owned(), text.span_of(range)))
    };
    while let Some(open) = text.value[reader.at..].find("${") {
        let open = reader.at + open;
        if text.value[..open].ends_with('$') {
            return None;
        }
        parts.extend(literal(reader.at..open));
        reader.at = open + "${".len();
        let expr = reader.expression()?;
        if reader.next() != Some(b'}') {
            return None;
        }
        reader.at += 1;
        parts.push(Part::Expression(expr, text.span_of(open..reader.at)));
    }
    parts.extend(literal(reader.at..text.value.len()));
    Some(Template { span: text.span, parts })
}

/// A whole text that is one expression.
pub fn expression(text: &Text) -> Option<Expr> {
    let mut reader = Reader { text, at: 0 };
    let expr = reader.expression()?;
    reader.next().is_none().then_some(expr)
}

struct Reader<'a> {
    text: &'a Text,
    at: usize,
}

impl<'a> Reader<'a> {
    fn next(&self) -> Option<u8> {
        self.text.value.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, accepted: impl Fn(u8) -> bool) {
        while self.next().is_some_and(&accepted) {
            self.at += 1;
        }
    }

    /// With the white space around it. What stands behind it is for the caller to look at.
    fn expression(&mut self) -> Option<Expr> {
        self.skip(is_space);
        let left = self.operand()?;
        let Some(binary) = self.operator() else { return Some(left) };
        self.skip(is_space);
        let right = self.operand()?;
        let span = left.span.to(right.span);
        Some(Expr { span, kind: ExprKind::Binary(binary, Box::new(left), Box::new(right)) })
    }

    fn operator(&mut self) -> Option<Binary> {
        let rest = &self.text.value[self.at..];
        let binary = OPERATORS.into_iter().find(|operator| rest.starts_with(operator.sign()))?;
        self.at += binary.sign().len();
        Some(binary)
    }

    /// A path, a string or a whole number, with the white space behind it.
    fn operand(&mut self) -> Option<Expr> {
        let expr = match self.next()? {
            quote @ (b'"' | b'\'') => self.string(quote),
            first if first.is_ascii_digit() => self.number(),
            _ => self.path(),
        }?;
        self.skip(is_space);
        Some(expr)
    }

    fn path(&mut self) -> Option<Expr> {
        let start = self.at;
        let root = self.name()?;
        let span = self.text.span_of(start..self.at);
        if mistake::RESERVED.contains(&root) {
            return None;
        }
        let mut path = Expr { span, kind: name(root) };
        for _ in 0..STEPS_MAX {
            if self.next() != Some(b'.') {
                return Some(path);
            }
            self.at += 1;
            let start = self.at;
            let step = self.name()?.to_owned();
            let step = Property { name: step, span: self.text.span_of(start..self.at) };
            path = Expr { span: path.span.to(step.span), kind: ExprKind::Member(Box::new(path), step) };
        }
        None
    }

    /// A name of ASCII letters, digits and `_`, with single hyphens inside.
    fn name(&mut self) -> Option<&'a str> {
        let text: &'a str = &self.text.value;
        let start = self.at;
        if !self.next()?.is_ascii_alphabetic() && self.next()? != b'_' {
            return None;
        }
        loop {
            self.skip(is_name_part);
            let hyphen = self.next() == Some(b'-');
            if !hyphen || !self.text.value.as_bytes().get(self.at + 1).copied().is_some_and(is_name_part) {
                break;
            }
            self.at += 1;
        }
        // What belongs to a name beyond ASCII is for the grammar to say.
        let plain = self.next().is_none_or(|byte| byte.is_ascii() && byte != b'$' && byte != b'-');
        plain.then(|| &text[start..self.at])
    }

    fn string(&mut self, quote: u8) -> Option<Expr> {
        let start = self.at;
        self.at += 1;
        self.skip(|byte| byte != quote && !matches!(byte, b'\\' | b'\n' | b'\r'));
        if self.next()? != quote {
            return None;
        }
        self.at += 1;
        let value = literal::string(&self.text.value[start + 1..self.at - 1]).ok()?;
        Some(Expr { span: self.text.span_of(start..self.at), kind: ExprKind::String(value) })
    }

    fn number(&mut self) -> Option<Expr> {
        let start = self.at;
        self.skip(|byte| byte.is_ascii_digit());
        let digits = &self.text.value[start..self.at];
        let behind = self.next();
        let ends = behind.is_none_or(|byte| is_space(byte) || byte == b'}' || b"=!<>&|?".contains(&byte));
        if !ends || (digits.len() > 1 && digits.starts_with('0')) {
            return None;
        }
        Some(Expr { span: self.text.span_of(start..self.at), kind: ExprKind::Number(literal::number(digits)) })
    }
}

fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
