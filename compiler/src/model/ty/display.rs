//! Types as people read them: `{order_id: string, items: [{sku: string, …}], note?: string}`.

use super::{Format, Literal, Object, Rest, Type};
use std::fmt::{self, Write};

/// Longer ones end in `…`.
const WIDTH_MAX: usize = 80;

/// What lies deeper is `…`.
const DEPTH_MAX: usize = 3;

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        write(self, 0, &mut out);
        f.write_str(&out)
    }
}

fn write(ty: &Type, depth: usize, out: &mut String) {
    match ty {
        Type::Json => out.push_str("json"),
        Type::Never => out.push_str("never"),
        Type::Missing => out.push_str("missing"),
        Type::Null => out.push_str("null"),
        Type::Bool => out.push_str("bool"),
        Type::Number => out.push_str("number"),
        Type::String(Format::Any) => out.push_str("string"),
        Type::String(Format::Email) => out.push_str("email"),
        Type::String(Format::Url) => out.push_str("url"),
        Type::String(Format::Time) => out.push_str("time"),
        Type::String(Format::Secret) => out.push_str("secret"),
        Type::Literal(literal) => write_literal(literal, out),
        Type::Array(_) if depth == DEPTH_MAX => out.push_str("[…]"),
        Type::Array(array) if array.items.is_never() => out.push_str("[]"),
        Type::Array(array) => {
            out.push('[');
            write(&array.items, depth + 1, out);
            out.push(']');
        }
        Type::Object(object) if object.fields().is_empty() => out.push_str(match object.rest {
            Rest::Closed => "{}",
            Rest::Undeclared | Rest::Of(_) => "object",
        }),
        Type::Object(_) if depth == DEPTH_MAX => out.push_str("{…}"),
        Type::Object(object) => write_object(object, depth, out),
        Type::Union(members) => {
            for (position, ty) in members.iter().enumerate() {
                if position > 0 {
                    out.push_str(" | ");
                }
                if out.len() > WIDTH_MAX {
                    out.push('…');
                    return;
                }
                write(ty, depth, out);
            }
        }
    }
}

fn write_object(object: &Object, depth: usize, out: &mut String) {
    out.push('{');
    for (position, field) in object.fields().iter().enumerate() {
        if position > 0 {
            out.push_str(", ");
        }
        if out.len() > WIDTH_MAX {
            out.push_str("…}");
            return;
        }
        out.push_str(&field.name);
        out.push_str(if field.optional { "?: " } else { ": " });
        write(&field.ty, depth + 1, out);
    }
    if !matches!(object.rest, Rest::Closed) {
        out.push_str(", …");
    }
    out.push('}');
}

fn write_literal(literal: &Literal, out: &mut String) {
    let written = match literal {
        Literal::Bool(value) => write!(out, "{value}"),
        Literal::Number(value) => write!(out, "{}", flow_runtime::value::Value::Number(*value).to_text()),
        Literal::String(text) if text.chars().count() > 24 => {
            write!(out, "\"{}…\"", text.chars().take(20).collect::<String>().escape_debug())
        }
        Literal::String(text) => write!(out, "\"{}\"", text.escape_debug()),
    };
    debug_assert!(written.is_ok());
}
