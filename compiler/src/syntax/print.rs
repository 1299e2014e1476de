//! An expression → its canonical source text.
//!
//! Always true: reading the text gives the same tree; there are no more parentheses than that takes.

#[cfg(test)]
mod tests;

use std::fmt::Write;

use flow_runtime::value::JsString;

use super::ast::{Binary, Expr, ExprKind, Property, TemplatePart, Unary};
use super::template;

/// How tightly an expression holds together; JavaScript's precedence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Arrow,
    Conditional,
    Coalesce,
    Or,
    And,
    Equality,
    Relation,
    Sum,
    Product,
    Unary,
    /// Operands that need no parentheses anywhere.
    Closed,
}

/// Prints an expression on one line, as it stands in JSON: text in single quotes.
pub fn expression(expr: &Expr) -> String {
    let mut out = Out { text: String::new(), bare: false, unsaid: false };
    write(&mut out, expr, Level::Arrow);
    out.text
}

/// Prints an expression as it stands outside quotes in a .flow text: text in double quotes, with Rust's escapes, and
/// `${…}` in it where JavaScript has a template literal. `None` where such text cannot say it: half of a surrogate pair,
/// a `$` right before a `${`.
pub fn bare_expression(expr: &Expr) -> Option<String> {
    let mut out = Out { text: String::new(), bare: true, unsaid: false };
    write(&mut out, expr, Level::Arrow);
    (!out.unsaid).then_some(out.text)
}

/// The inside of a text in double quotes: Rust's escapes. What it holds is a template already.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            _ if is_invisible(character) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}

/// Characters nobody sees, and those that end a line or turn the text around for other tools.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// The text as it grows.
struct Out {
    text: String,
    /// For a place outside quotes.
    bare: bool,
    /// Something could not be said.
    unsaid: bool,
}

impl std::ops::Deref for Out {
    type Target = String;
    fn deref(&self) -> &String {
        &self.text
    }
}

impl std::ops::DerefMut for Out {
    fn deref_mut(&mut self) -> &mut String {
        &mut self.text
    }
}

/// With parentheses if the expression holds together less tightly than its place asks for.
fn write(text: &mut Out, expr: &Expr, place: Level) {
    if level(expr) < place {
        text.push('(');
        write_bare(text, expr);
        text.push(')');
    } else {
        write_bare(text, expr);
    }
}

fn write_bare(text: &mut Out, expr: &Expr) {
    match &expr.kind {
        ExprKind::Undefined => text.push_str("undefined"),
        ExprKind::Null => text.push_str("null"),
        ExprKind::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        ExprKind::Number(value) => write_number(text, *value),
        ExprKind::String(value) => write_string(text, value),
        ExprKind::Template(parts) => write_template(text, parts),
        ExprKind::Array(items) => {
            text.push('[');
            write_list(text, items, Level::Conditional);
            text.push(']');
        }
        ExprKind::Object(entries) => write_object(text, entries),
        ExprKind::Name(name) => text.push_str(name),
        ExprKind::Member(object, property) => {
            // A point after digits would belong to the number.
            let place = match object.kind {
                ExprKind::Number(value) if value.is_finite() => None,
                _ => Some(Level::Closed),
            };
            match place {
                Some(place) => write(text, object, place),
                None => {
                    text.push('(');
                    write_bare(text, object);
                    text.push(')');
                }
            }
            text.push('.');
            text.push_str(&property.name);
        }
        ExprKind::Index(object, index) => {
            write(text, object, Level::Closed);
            text.push('[');
            write(text, index, Level::Conditional);
            text.push(']');
        }
        ExprKind::Call(callee, arguments) => {
            write(text, callee, Level::Closed);
            text.push('(');
            write_list(text, arguments, Level::Arrow);
            text.push(')');
        }
        ExprKind::Unary(unary, operand) => {
            let sign = match unary {
                Unary::Not => '!',
                Unary::Minus => '-',
                Unary::Plus => '+',
            };
            text.push(sign);
            let start = text.len();
            write(text, operand, Level::Unary);
            // Two signs would become another operator.
            if sign != '!' && text[start..].starts_with(sign) {
                text.insert(start, ' ');
            }
        }
        ExprKind::Binary(binary, left, right) => write_binary(text, *binary, left, right),
        ExprKind::Conditional(test, yes, no) => {
            write(text, test, Level::Coalesce);
            text.push_str(" ? ");
            write(text, yes, Level::Conditional);
            text.push_str(" : ");
            write(text, no, Level::Conditional);
        }
        ExprKind::Arrow(parameters, body) => {
            match &parameters[..] {
                [only] => text.push_str(&only.name),
                _ => {
                    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
                    let _ = write!(text, "({})", names.join(", "));
                }
            }
            text.push_str(" => ");
            let start = text.len();
            write(text, body, Level::Conditional);
            // A brace after the arrow would begin a block.
            if text[start..].starts_with('{') {
                text.insert(start, '(');
                text.push(')');
            }
        }
    }
}

fn level(expr: &Expr) -> Level {
    match &expr.kind {
        ExprKind::Arrow(..) => Level::Arrow,
        ExprKind::Conditional(..) => Level::Conditional,
        ExprKind::Binary(binary, ..) => binary_level(*binary),
        ExprKind::Unary(..) => Level::Unary,
        ExprKind::Number(value) if value.is_sign_negative() && !value.is_nan() => Level::Unary,
        ExprKind::Undefined
        | ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Template(_)
        | ExprKind::Array(_)
        | ExprKind::Object(_)
        | ExprKind::Name(_)
        | ExprKind::Member(..)
        | ExprKind::Index(..)
        | ExprKind::Call(..) => Level::Closed,
    }
}

fn binary_level(binary: Binary) -> Level {
    match binary {
        Binary::Coalesce => Level::Coalesce,
        Binary::Or => Level::Or,
        Binary::And => Level::And,
        Binary::Equal | Binary::NotEqual | Binary::StrictEqual | Binary::StrictNotEqual => Level::Equality,
        Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => Level::Relation,
        Binary::Add | Binary::Subtract => Level::Sum,
        Binary::Multiply | Binary::Divide | Binary::Remainder => Level::Product,
    }
}

fn write_binary(text: &mut Out, binary: Binary, left: &Expr, right: &Expr) {
    let (left_place, right_place) = match binary {
        // JavaScript wants parentheses between `??` and the other two, whatever the precedence.
        Binary::Coalesce => {
            let place = |side: &Expr, other| match side.kind {
                ExprKind::Binary(Binary::Or | Binary::And, ..) => Level::Closed,
                _ => other,
            };
            (place(left, Level::Coalesce), place(right, Level::Or))
        }
        Binary::Or => (Level::Or, Level::And),
        Binary::And => (Level::And, Level::Equality),
        Binary::Equal | Binary::NotEqual | Binary::StrictEqual | Binary::StrictNotEqual => {
            (Level::Equality, Level::Relation)
        }
        Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => (Level::Relation, Level::Sum),
        Binary::Add | Binary::Subtract => (Level::Sum, Level::Product),
        Binary::Multiply | Binary::Divide | Binary::Remainder => (Level::Product, Level::Unary),
    };
    write(text, left, left_place);
    let _ = write!(text, " {} ", binary.sign());
    write(text, right, right_place);
}

fn write_list(text: &mut Out, items: &[Expr], place: Level) {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        write(text, item, place);
    }
}

fn write_object(text: &mut Out, entries: &[(Property, Expr)]) {
    if entries.is_empty() {
        text.push_str("{}");
        return;
    }
    text.push_str("{ ");
    for (position, (key, value)) in entries.iter().enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        if matches!(&value.kind, ExprKind::Name(name) if *name == key.name) {
            text.push_str(&key.name);
            continue;
        }
        if template::is_name(&key.name) {
            text.push_str(&key.name);
        } else {
            write_string(text, &JsString::from(key.name.as_str()));
        }
        text.push_str(": ");
        write(text, value, Level::Conditional);
    }
    text.push_str(" }");
}

fn write_string(text: &mut Out, value: &JsString) {
    if text.bare {
        text.push('"');
        write_literal(text, value);
        text.push('"');
        return;
    }
    text.push('\'');
    write_characters(text, value, '\'');
    text.push('\'');
}

/// A literal part of a text in double quotes.
fn write_literal(text: &mut Out, value: &JsString) {
    match value.as_str() {
        Some(value) => text.push_str(&escaped(&value.replace("${", "$${"))),
        None => text.unsaid = true,
    }
}

/// A template literal outside quotes: `"a ${b}"`. What stands in its holes is inside quotes.
fn write_bare_template(text: &mut Out, parts: &[TemplatePart]) {
    text.push('"');
    // Without a hole it would be a string, and its model another.
    text.unsaid |= !parts.iter().any(|part| matches!(part, TemplatePart::Expression(_)));
    for (position, part) in parts.iter().enumerate() {
        match part {
            TemplatePart::Literal(literal) => {
                let dollar = literal.as_str().is_none_or(|literal| literal.ends_with('$'));
                text.unsaid |= dollar && position + 1 < parts.len();
                write_literal(text, literal);
            }
            TemplatePart::Expression(expr) => {
                text.push_str(&escaped(&format!("${{{}}}", expression(expr))));
            }
        }
    }
    text.push('"');
}

fn write_template(text: &mut Out, parts: &[TemplatePart]) {
    if text.bare {
        return write_bare_template(text, parts);
    }
    text.push('`');
    for part in parts {
        match part {
            TemplatePart::Literal(literal) => write_characters(text, literal, '`'),
            TemplatePart::Expression(expr) => {
                text.push_str("${");
                write(text, expr, Level::Conditional);
                text.push('}');
            }
        }
    }
    text.push('`');
}

fn write_number(text: &mut Out, value: f64) {
    let size = value.abs();
    let _ = if value.is_nan() {
        write!(text, "NaN")
    } else if value.is_infinite() {
        write!(text, "{}Infinity", if value < 0.0 { "-" } else { "" })
    } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
        write!(text, "{value:e}")
    } else {
        write!(text, "{value}")
    };
}

/// The inside of a literal between two such quotes. In a template literal a `$` is escaped as well.
fn write_characters(text: &mut Out, value: &JsString, quote: char) {
    for character in char::decode_utf16(value.units().iter().copied()) {
        let _ = match character {
            Ok('\n') => write!(text, "\\n"),
            Ok('\r') => write!(text, "\\r"),
            Ok('\t') => write!(text, "\\t"),
            Ok('\\') => write!(text, "\\\\"),
            Ok('$') if quote == '`' => write!(text, "\\$"),
            Ok(character) if character == quote => write!(text, "\\{character}"),
            Ok(character) if character.is_control() => write!(text, "\\x{:02x}", u32::from(character)),
            Ok(character @ ('\u{2028}' | '\u{2029}')) => write!(text, "\\u{:04x}", u32::from(character)),
            Ok(character) => write!(text, "{character}"),
            Err(surrogate) => write!(text, "\\u{:04x}", surrogate.unpaired_surrogate()),
        };
    }
}
