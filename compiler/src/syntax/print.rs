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

/// Prints an expression on one line.
pub fn expression(expr: &Expr) -> String {
    let mut text = String::new();
    write(&mut text, expr, Level::Arrow);
    text
}

/// With parentheses if the expression holds together less tightly than its place asks for.
fn write(text: &mut String, expr: &Expr, place: Level) {
    if level(expr) < place {
        text.push('(');
        write_bare(text, expr);
        text.push(')');
    } else {
        write_bare(text, expr);
    }
}

fn write_bare(text: &mut String, expr: &Expr) {
    match &expr.kind {
        ExprKind::Undefined => text.push_str("undefined"),
        ExprKind::Null => text.push_str("null"),
        ExprKind::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        ExprKind::Number(value) => write_number(text, *value),
        ExprKind::String(value) => {
            text.push('\'');
            write_characters(text, value, '\'');
            text.push('\'');
        }
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

fn write_binary(text: &mut String, binary: Binary, left: &Expr, right: &Expr) {
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

fn write_list(text: &mut String, items: &[Expr], place: Level) {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        write(text, item, place);
    }
}

fn write_object(text: &mut String, entries: &[(Property, Expr)]) {
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
            text.push('\'');
            write_characters(text, &JsString::from(key.name.as_str()), '\'');
            text.push('\'');
        }
        text.push_str(": ");
        write(text, value, Level::Conditional);
    }
    text.push_str(" }");
}

fn write_template(text: &mut String, parts: &[TemplatePart]) {
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

fn write_number(text: &mut String, value: f64) {
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
fn write_characters(text: &mut String, value: &JsString, quote: char) {
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
