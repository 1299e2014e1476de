//! Things on one line; `None` where a comment or a text of several parts wants more than one.

use super::expression;
use crate::syntax::flow::tree::{
    Around, Block, Call, Element, Entry, EntryKind, Field, Key, Retry, Str, Ty, TyKind, Value, ValueKind, Word,
};

pub fn word(word: &Word) -> String {
    match word.quoted {
        true => quoted(&word.text),
        false => word.text.clone(),
    }
}

pub fn key(key: &Key) -> String {
    match key.quoted {
        true => quoted(&key.text.value),
        false => key.text.value.clone(),
    }
}

/// Text as a string literal; what it holds is no template.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", crate::syntax::print::escaped(text))
}

pub fn block(block: &Block) -> Option<String> {
    if !block.end.is_empty() {
        return None;
    }
    if block.entries.is_empty() {
        return Some("{}".to_owned());
    }
    let entries: Option<Vec<String>> = block.entries.iter().map(entry).collect();
    Some(format!("{{ {} }}", entries?.join(", ")))
}

fn entry(entry: &Entry) -> Option<String> {
    plain(&entry.around)?;
    Some(match &entry.kind {
        EntryKind::Shorthand(bare) => expression::line(bare),
        EntryKind::Pair(name, of) => format!("{}: {}", key(name), value(of)?),
        EntryKind::Request { method, api, url } => {
            let api = api.as_ref().map_or(String::new(), |api| format!("{} ", api.text));
            format!("{} {api}{}", method.text, value(url)?)
        }
    })
}

pub fn value(of: &Value) -> Option<String> {
    Some(match &of.kind {
        ValueKind::Null => "null".to_owned(),
        ValueKind::Bool(value) => value.to_string(),
        ValueKind::Number(written) | ValueKind::Duration(written) => written.clone(),
        ValueKind::Text(strings) => text(strings)?,
        ValueKind::Array(elements, end) => {
            if !end.is_empty() {
                return None;
            }
            let elements: Option<Vec<String>> = elements.iter().map(element).collect();
            format!("[{}]", elements?.join(", "))
        }
        ValueKind::Object(inside) => block(inside)?,
        ValueKind::Bare(bare) => expression::line(bare),
        ValueKind::Retry(of) => retry(of)?,
        ValueKind::Filled(strings, inside) => format!("{} {}", text(strings)?, block(inside)?),
        ValueKind::Sorted(bare, order) => format!("{} {}", expression::line(bare), order.text),
    })
}

fn text(strings: &[Str]) -> Option<String> {
    match strings {
        [only] => Some(only.raw.clone()),
        _ => None,
    }
}

fn element(element: &Element) -> Option<String> {
    plain(&element.around)?;
    value(&element.value)
}

/// `(order, total)`
pub fn arguments(call: &Call) -> Option<String> {
    if !call.end.is_empty() {
        return None;
    }
    let arguments: Option<Vec<String>> = call.arguments.iter().map(element).collect();
    Some(format!("({})", arguments?.join(", ")))
}

fn retry(of: &Retry) -> Option<String> {
    let mut out = value(&of.count)?;
    for (word, value_of) in [("every", &of.every), ("from", &of.from), ("to", &of.to)] {
        if let Some(wait) = value_of {
            out.push_str(&format!(" {word} {}", value(wait)?));
        }
    }
    if of.jitter.is_some() {
        out.push_str(" jitter");
    }
    Some(out)
}

fn plain(around: &Around) -> Option<()> {
    (around.before.is_empty() && around.after.is_none()).then_some(())
}

pub fn ty(of: &Ty) -> Option<String> {
    Some(match &of.kind {
        TyKind::Name(name) => name.text.clone(),
        TyKind::Literal(text) => text.raw.clone(),
        TyKind::Array(items) => format!("[{}]", ty(items)?),
        TyKind::Union(members) => {
            let members: Option<Vec<String>> = members.iter().map(ty).collect();
            members?.join(" | ")
        }
        TyKind::Object(fields, end) => {
            if !end.is_empty() {
                return None;
            }
            if fields.is_empty() {
                return Some("{}".to_owned());
            }
            let fields: Option<Vec<String>> =
                fields.iter().map(|field| Some(format!("{}{}", self::field(field)?, marks(field)))).collect();
            format!("{{ {} }}", fields?.join(", "))
        }
    })
}

/// Without its marks.
pub fn field(field: &Field) -> Option<String> {
    plain(&field.around)?;
    Some(format!("{}{}", field_start(field), ty(&field.ty)?))
}

pub fn field_start(field: &Field) -> String {
    format!("{}{}: ", key(&field.key), if field.optional { "?" } else { "" })
}

pub fn marks(field: &Field) -> String {
    field.marks.iter().map(|mark| format!(" @{}", mark.text)).collect()
}
