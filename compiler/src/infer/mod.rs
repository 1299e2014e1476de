//! Samples of an input → the JSON Schema they have in common.
//!
//! Comes in: JSON values. Goes out: a schema that accepts each of them.
//! Always true: no value of a sample stands in the schema, only names of fields, types and formats: samples are often
//! somebody's data. Fields stand in the order in which they first appear, so the same samples give the same text.

mod format;
pub mod print;
pub mod samples;
pub mod write;

use crate::syntax::ast::{Object, Value, ValueKind};
use format::Format;
use serde_json::{Map, json};
use std::collections::HashMap;

/// What was seen at one place.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    null: bool,
    bool: bool,
    number: Option<Number>,
    string: Option<Text>,
    array: Option<Box<Shape>>,
    object: Option<Fields>,
}

#[derive(Debug, Clone, Copy)]
struct Number {
    /// Every one of them was written without a fraction.
    whole: bool,
}

#[derive(Debug, Clone, Copy)]
struct Text {
    /// The one that all of them have.
    format: Option<Format>,
}

/// Several objects at one place.
#[derive(Debug, Clone, Default)]
struct Fields {
    /// How many objects.
    seen: usize,
    /// In the order of their first appearance.
    fields: Vec<Field>,
    by_name: HashMap<String, usize>,
}

#[derive(Debug, Clone)]
struct Field {
    name: String,
    /// In how many of the objects.
    seen: usize,
    shape: Shape,
}

/// The schema of these samples.
pub fn infer<'a>(samples: impl IntoIterator<Item = &'a Value>) -> serde_json::Value {
    let mut shape = Shape::default();
    samples.into_iter().for_each(|sample| shape.see(sample));
    shape.schema()
}

impl Shape {
    fn see(&mut self, value: &Value) {
        match &value.kind {
            ValueKind::Null => self.null = true,
            ValueKind::Bool(_) => self.bool = true,
            ValueKind::Number(written, value) => {
                // `1.0` is a whole number for JSON Schema, but was written by somebody who means amounts.
                let whole = value.fract() == 0.0 && !written.contains(['.', 'e', 'E']);
                self.number = Some(Number { whole: whole && self.number.is_none_or(|number| number.whole) });
            }
            ValueKind::String(text) => {
                let format = Format::of(&text.value);
                let format = self.string.map_or(format, |before| before.format.filter(|_| before.format == format));
                self.string = Some(Text { format });
            }
            ValueKind::Array(items) => {
                let shape = self.array.get_or_insert_default();
                items.iter().for_each(|item| shape.see(item));
            }
            ValueKind::Object(object) => self.object.get_or_insert_default().see(object),
        }
    }

    fn join(&mut self, other: Shape) {
        self.null |= other.null;
        self.bool |= other.bool;
        self.number = match (self.number, other.number) {
            (Some(one), Some(other)) => Some(Number { whole: one.whole && other.whole }),
            (one, other) => one.or(other),
        };
        self.string = match (self.string, other.string) {
            (Some(one), Some(other)) => Some(Text { format: one.format.filter(|_| one.format == other.format) }),
            (one, other) => one.or(other),
        };
        match (&mut self.array, other.array) {
            (Some(one), Some(other)) => one.join(*other),
            (one, other) => *one = one.take().or(other),
        }
        match (&mut self.object, other.object) {
            (Some(one), Some(other)) => one.join(other),
            (one, other) => *one = one.take().or(other),
        }
    }

    fn schema(self) -> serde_json::Value {
        let mut types = Vec::new();
        let mut schema = Map::new();
        if let Some(fields) = self.object {
            types.push("object");
            schema.extend(fields.schema());
        }
        if let Some(items) = self.array {
            types.push("array");
            let items = items.schema();
            if items != json!({}) {
                schema.insert("items".into(), items);
            }
        }
        if let Some(Text { format }) = self.string {
            types.push("string");
            schema.extend(format.map(|format| ("format".to_owned(), format.word().into())));
        }
        if let Some(Number { whole }) = self.number {
            types.push(if whole { "integer" } else { "number" });
        }
        if self.bool {
            types.push("boolean");
        }
        // Nothing but null says nothing about what else it may be.
        if self.null && !types.is_empty() {
            types.push("null");
        }
        let ty = match types.as_slice() {
            [] => return json!({}),
            [only] => json!(only),
            several => json!(several),
        };
        // The type first: so people write it.
        let mut whole = Map::from_iter([("type".to_owned(), ty)]);
        whole.extend(schema);
        whole.into()
    }
}

impl Fields {
    fn see(&mut self, object: &Object) {
        self.seen += 1;
        for entry in &object.entries {
            let field = self.field(&entry.key.value);
            field.seen += 1;
            field.shape.see(&entry.value);
        }
    }

    fn join(&mut self, other: Fields) {
        self.seen += other.seen;
        for Field { name, seen, shape } in other.fields {
            let field = self.field(&name);
            field.seen += seen;
            field.shape.join(shape);
        }
    }

    fn field(&mut self, name: &str) -> &mut Field {
        let index = match self.by_name.get(name) {
            Some(index) => *index,
            None => {
                self.by_name.insert(name.to_owned(), self.fields.len());
                self.fields.push(Field { name: name.to_owned(), seen: 0, shape: Shape::default() });
                self.fields.len() - 1
            }
        };
        &mut self.fields[index]
    }

    fn schema(self) -> Map<String, serde_json::Value> {
        let mut schema = Map::new();
        if self.fields.iter().any(|field| is_data(&field.name)) {
            let mut any = Shape::default();
            self.fields.into_iter().for_each(|field| any.join(field.shape));
            schema.insert("additionalProperties".into(), any.schema());
            return schema;
        }
        let always = self.fields.iter().filter(|field| field.seen == self.seen);
        let required: Vec<_> = always.map(|field| field.name.clone()).collect();
        let properties = self.fields.into_iter().map(|field| (field.name, field.shape.schema()));
        let properties: Map<_, _> = properties.collect();
        if !properties.is_empty() {
            schema.insert("properties".into(), properties.into());
        }
        if !required.is_empty() {
            schema.insert("required".into(), required.into());
        }
        schema
    }
}

/// Whether a key is no name that somebody gave to a field but data itself: a number, an address, an id. Objects with such
/// keys are dictionaries, and the keys are nobody else's business.
fn is_data(key: &str) -> bool {
    let begins = |char: char| char.is_alphabetic() || matches!(char, '_' | '$');
    let goes_on = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$' | '-' | '.' | ':');
    !key.starts_with(begins)
        || !key.chars().all(goes_on)
        || key.chars().filter(char::is_ascii_digit).count() > DIGITS_MAX
        || key.chars().count() > NAME_MAX
}

/// `address_line_2`, `sha256`: more digits belong to ids and dates.
const DIGITS_MAX: usize = 3;
/// Longer keys are no names.
const NAME_MAX: usize = 64;

#[cfg(test)]
mod tests;
