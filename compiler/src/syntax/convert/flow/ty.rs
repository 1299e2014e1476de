//! A JSON Schema → the type that becomes exactly this schema again, if there is one.

use super::{NOWHERE, Writer, item, key, string, word};
use crate::syntax::ast::{Object, Value, ValueKind};
use crate::syntax::flow::read;
use crate::syntax::flow::tree::{Around, Field, ItemKind, Ty, TyKind};
use crate::syntax::flow::{MARKS, TYPE_NAMES};

pub(super) fn of_schema(schema: &Value) -> Option<Ty> {
    let ValueKind::Object(object) = &schema.kind else { return None };
    let keys: Vec<&str> = object.entries.iter().map(|entry| entry.key.value.as_str()).collect();
    let kind = match keys.as_slice() {
        ["const"] => TyKind::Literal(string(text(object, "const")?)),
        ["enum"] => {
            let ValueKind::Array(items) = &object.get("enum")?.kind else { return None };
            let members: Option<Vec<Ty>> = items.iter().map(literal).collect();
            TyKind::Union(members.filter(|members| members.len() > 1)?)
        }
        ["anyOf"] => {
            let ValueKind::Array(items) = &object.get("anyOf")?.kind else { return None };
            let members: Option<Vec<Ty>> = items.iter().map(of_schema).collect();
            let members = members.filter(|members| members.len() > 1)?;
            // Texts alone would become an `enum`; a union in a union would become one.
            let texts = members.iter().all(|member| matches!(member.kind, TyKind::Literal(_)));
            let nested = members.iter().any(|member| matches!(member.kind, TyKind::Union(_)));
            if texts || nested {
                return None;
            }
            TyKind::Union(members)
        }
        ["type", "items"] if text(object, "type") == Some("array") => {
            TyKind::Array(Box::new(of_schema(object.get("items")?)?))
        }
        ["type", "properties"] | ["type", "properties", "required"] if text(object, "type") == Some("object") => {
            TyKind::Object(fields(object)?, Vec::new())
        }
        _ => TyKind::Name(word(name(object)?)),
    };
    Some(Ty { span: NOWHERE, kind })
}

fn text<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    match &object.get(key)?.kind {
        ValueKind::String(text) => Some(&text.value),
        _ => None,
    }
}

fn literal(value: &Value) -> Option<Ty> {
    match &value.kind {
        ValueKind::String(text) => Some(Ty { span: NOWHERE, kind: TyKind::Literal(string(&text.value)) }),
        _ => None,
    }
}

/// A type with a name of its own.
fn name(object: &Object) -> Option<&'static str> {
    let same = |keys: &[(&str, &str)]| {
        keys.len() == object.entries.len()
            && keys.iter().zip(&object.entries).all(|((key, value), entry)| {
                entry.key.value == *key && matches!(&entry.value.kind, ValueKind::String(text) if text.value == *value)
            })
    };
    TYPE_NAMES.iter().find(|(_, keys)| same(keys)).map(|(name, _)| *name)
}

fn fields(object: &Object) -> Option<Vec<Field>> {
    let ValueKind::Object(properties) = &object.get("properties")?.kind else { return None };
    let required: Vec<&str> = match object.get("required").map(|required| &required.kind) {
        None => Vec::new(),
        Some(ValueKind::Array(items)) if !items.is_empty() => {
            let names = items.iter().map(|item| match &item.kind {
                ValueKind::String(name) => Some(name.value.as_str()),
                _ => None,
            });
            names.collect::<Option<Vec<_>>>()?
        }
        Some(_) => return None,
    };
    let mut needed = required.iter().peekable();
    let mut fields = Vec::with_capacity(properties.entries.len());
    for entry in &properties.entries {
        let name = entry.key.value.as_str();
        let optional = needed.next_if(|next| **next == name).is_none();
        let mut schema = entry.value.clone();
        let mut marks = Vec::new();
        if let ValueKind::Object(inside) = &mut schema.kind
            && inside.entries.last().is_some_and(|last| last.key.value == "x-private")
            && let Some(Value { kind: ValueKind::String(mark), .. }) = inside.entries.pop().map(|last| last.value)
        {
            marks.push(word(MARKS.iter().find(|known| **known == mark.value)?));
        }
        fields.push(Field { around: Around::default(), key: key(name), optional, ty: of_schema(&schema)?, marks });
    }
    // In another order they would be another schema.
    needed.next().is_none().then_some(fields)
}

impl Writer {
    /// A large type gets a name and stands on its own.
    pub(super) fn named(&mut self, ty: Ty, id: &str, what: &str) -> Ty {
        let TyKind::Object(fields, _) = &ty.kind else { return ty };
        if fields.len() <= 3
            && fields.iter().all(|field| !matches!(field.ty.kind, TyKind::Object(..)) && field.marks.is_empty())
        {
            return ty;
        }
        let words = id.split(['-', '_']).filter(|part| !part.is_empty());
        let pascal: String = words
            .map(|part| {
                let (first, rest) = part.split_at(1);
                first.to_ascii_uppercase() + rest
            })
            .collect();
        let base = format!("{pascal}{what}");
        let base = if read::is_name(&base) { base } else { what.to_owned() };
        let mut name = base.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{base}{number}");
            number += 1;
        }
        self.types.push(item(ItemKind::Type(word(&name), ty)));
        Ty { span: NOWHERE, kind: TyKind::Name(word(&name)) }
    }
}
