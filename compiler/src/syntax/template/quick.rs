//! The few shapes that most templates have, read without the grammar: text, `${a.b-c.d}`, two such operands around
//! an operator that compares, and any number of all these joined by one that chooses, as in `result.success == false`,
//! `${input_data.currency || 'USD'}` and `order_id && items && items.length > 0`.
//!
//! Comes in: decoded text. Goes out: what the grammar gives for it, spans included, or `None`: ask the grammar.
//! Always true: template.pest stays the definition. Whatever is not plainly one of these shapes is left to it, mistakes
//! above all; the tests below compare the two on random texts.

use super::build::name;
use super::{literal, mistake};
use crate::syntax::ast::{Binary, Expr, ExprKind, Part, Property, Template, Text};

/// Longer paths come near the limit on the height of a tree, which is the builder's to watch; so do longer chains.
const STEPS_MAX: usize = 32;

/// Longer signs before those that they start with.
const COMPARISONS: [Binary; 8] = [
    Binary::StrictEqual,
    Binary::StrictNotEqual,
    Binary::Equal,
    Binary::NotEqual,
    Binary::LessOrEqual,
    Binary::GreaterOrEqual,
    Binary::Less,
    Binary::Greater,
];

/// They bind less than what compares. Two different ones in a row are for the grammar.
const CHOICES: [Binary; 3] = [Binary::And, Binary::Or, Binary::Coalesce];

/// Text with any number of templates in it.
pub fn template(text: &Text) -> Option<Template> {
    let mut parts = Vec::new();
    let mut reader = Reader { text, at: 0 };
    let literal = |range: std::ops::Range<usize>| {
        (!range.is_empty()).then(|| Part::Literal(text.value[range.clone()].to_owned(), text.span_of(range)))
    };
    while let Some(open) = super::opening(&text.value[reader.at..]) {
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
        let mut left = self.comparison()?;
        let Some(choice) = self.operator(&CHOICES) else { return Some(left) };
        for _ in 0..STEPS_MAX {
            self.skip(is_space);
            left = binary(choice, left, self.comparison()?);
            if self.operator(&[choice]).is_none() {
                return Some(left);
            }
        }
        None
    }

    /// An operand, or two with what compares them between.
    fn comparison(&mut self) -> Option<Expr> {
        let left = self.operand()?;
        let Some(comparison) = self.operator(&COMPARISONS) else { return Some(left) };
        self.skip(is_space);
        Some(binary(comparison, left, self.operand()?))
    }

    fn operator(&mut self, among: &[Binary]) -> Option<Binary> {
        let rest = &self.text.value[self.at..];
        let binary = among.iter().copied().find(|operator| rest.starts_with(operator.sign()))?;
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

fn binary(operator: Binary, left: Expr, right: Expr) -> Expr {
    Expr { span: left.span.to(right.span), kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)) }
}

fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
