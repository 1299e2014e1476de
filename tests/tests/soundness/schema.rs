//! Schemas that are made up, and values that match them.

use crate::random::Random;
use serde_json::{Map, Value, json};

/// Names of fields; some are names of what flowc adds to an answer.
const NAMES: &[&str] =
    &["id", "name", "total", "items", "email", "note", "owner", "tags", "kind", "success", "response"];

#[derive(Debug, Clone)]
pub enum Schema {
    Text,
    Email,
    Number,
    Bool,
    Null,
    Word(&'static [&'static str]),
    List { item: Box<Schema>, least: usize },
    Object { fields: Vec<Field>, open: bool },
    Either(Vec<Schema>),
}

#[derive(Debug, Clone)]
pub struct Field {
    name: &'static str,
    schema: Schema,
    required: bool,
}

impl Schema {
    pub fn object(random: &mut Random, depth: usize) -> Schema {
        let mut fields: Vec<Field> = Vec::new();
        for _ in 0..2 + random.below(5) {
            let name = random.pick(NAMES);
            if fields.iter().all(|field| field.name != name) {
                let schema = if name == "success" { Schema::Bool } else { Schema::any(random, depth + 1) };
                fields.push(Field { name, schema, required: !random.one_in(3) });
            }
        }
        Schema::Object { fields, open: random.one_in(3) }
    }

    fn any(random: &mut Random, depth: usize) -> Schema {
        match random.below(if depth < 3 { 14 } else { 9 }) {
            0..=2 => Schema::Text,
            3 => Schema::Email,
            4 | 5 => Schema::Number,
            6 => Schema::Bool,
            7 => Schema::Word(&["a", "bc", "12"]),
            8 => Schema::Either(vec![
                random.pick(&[&Schema::Text, &Schema::Number, &Schema::Bool]).clone(),
                Schema::Null,
            ]),
            9 | 10 => Schema::List { item: Box::new(Schema::any(random, depth + 1)), least: random.below(3) },
            11 => Schema::Either(vec![Schema::object(random, depth + 1), Schema::any(random, depth + 1)]),
            _ => Schema::object(random, depth + 1),
        }
    }

    pub fn to_json(&self) -> Value {
        match self {
            Schema::Text => json!({ "type": "string" }),
            Schema::Email => json!({ "type": "string", "format": "email" }),
            Schema::Number => json!({ "type": "number" }),
            Schema::Bool => json!({ "type": "boolean" }),
            Schema::Null => json!({ "type": "null" }),
            Schema::Word(words) => json!({ "enum": words }),
            Schema::List { item, least } => json!({ "type": "array", "items": item.to_json(), "minItems": least }),
            Schema::Object { fields, open } => {
                let properties: Map<String, Value> =
                    fields.iter().map(|field| (field.name.to_owned(), field.schema.to_json())).collect();
                let required: Vec<&str> =
                    fields.iter().filter(|field| field.required).map(|field| field.name).collect();
                json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": open })
            }
            Schema::Either(schemas) => json!({ "anyOf": schemas.iter().map(Schema::to_json).collect::<Vec<_>>() }),
        }
    }

    /// A value that matches. Texts are neither empty nor a step in a path, and have one line: what a text says is no
    /// business of types, and such data is refused by the places that cannot take it.
    pub fn sample(&self, random: &mut Random) -> Value {
        match self {
            Schema::Text => random.pick(&["a", "bc", "12", " x, y", "ü/ß?", "0", "${A}", "true"]).into(),
            Schema::Email => random.pick(&["ann@example.com", "bob@example.org"]).into(),
            Schema::Number => match random.below(4) {
                0 => json!(0),
                1 => json!(-2.5),
                2 => json!(6),
                _ => json!(12),
            },
            Schema::Bool => random.one_in(2).into(),
            Schema::Null => Value::Null,
            Schema::Word(words) => random.pick(words).into(),
            Schema::List { item, least } => (0..least + random.below(3)).map(|_| item.sample(random)).collect(),
            Schema::Object { fields, open } => {
                let mut object = Map::new();
                for field in fields {
                    if field.required || random.one_in(2) {
                        object.insert(field.name.to_owned(), field.schema.sample(random));
                    }
                }
                if *open && random.one_in(2) {
                    let name = random.pick(NAMES);
                    if fields.iter().all(|field| field.name != name) {
                        object.insert(
                            name.to_owned(),
                            random.pick(&[&json!(null), &json!(1), &json!([]), &json!("z")]).clone(),
                        );
                    }
                }
                Value::Object(object)
            }
            Schema::Either(schemas) => schemas[random.below(schemas.len())].sample(random),
        }
    }

    /// Everything in such a value that has a name, behind the name of the value itself.
    pub fn paths(&self, name: &str, found: &mut Vec<String>) {
        match self {
            Schema::Object { fields, .. } => {
                for field in fields {
                    let name = format!("{name}.{}", field.name);
                    found.push(name.clone());
                    field.schema.paths(&name, found);
                }
            }
            Schema::List { item, .. } => {
                let first = format!("{name}[0]");
                found.extend([first.clone(), format!("{name}[1]")]);
                item.paths(&first, found);
            }
            Schema::Either(schemas) => schemas.iter().for_each(|schema| schema.paths(name, found)),
            Schema::Text | Schema::Email | Schema::Number | Schema::Bool | Schema::Null | Schema::Word(_) => {}
        }
    }
}
