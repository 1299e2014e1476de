//! A workflow as JSON.

use std::fmt::Write;

use super::respell::Respeller;
use crate::catalog::{self, Key, KeyType, SETTINGS};
use crate::model::lower::is_field_path;
use crate::source::Dialect;
use crate::syntax::ast::{ExprKind, Node, Object, Part, Text, Value, ValueKind, Workflow};
use crate::syntax::print;

/// An object this short stands on one line, if nothing in it is nested.
const INLINE_MAX: usize = 60;

pub fn write(workflow: &Workflow, from: Dialect) -> String {
    let respeller = Respeller { ids: super::ids(&workflow.nodes), from, to: Dialect::Json };
    let writer = Writer { respeller };
    let mut json = Vec::new();
    let text = |json: &mut Vec<(String, Json)>, key: &str, text: &Option<Text>| {
        if let Some(text) = text {
            json.push((key.to_owned(), Json::Leaf(quoted(&text.value))));
        }
    };
    text(&mut json, "name", &workflow.name);
    text(&mut json, "description", &workflow.description);
    text(&mut json, "version", &workflow.version);
    names(&mut json, "allow", &workflow.allow);
    let nodes = workflow.nodes.iter().map(|node| writer.node(node)).collect();
    json.push(("nodes".to_owned(), Json::Array(nodes)));
    if !workflow.connections.is_empty() {
        let connections = workflow.connections.iter().map(|connection| {
            let mut object = vec![
                ("from".to_owned(), Json::Leaf(quoted(&connection.from.value))),
                ("to".to_owned(), Json::Leaf(quoted(&connection.to.value))),
            ];
            if let Some(Value { kind: ValueKind::String(condition), .. }) = &connection.condition {
                object.push(("condition".to_owned(), Json::Leaf(quoted(&writer.expression(condition)))));
            }
            Json::Object(object)
        });
        json.push(("connections".to_owned(), Json::Array(connections.collect())));
    }
    if let Some(settings) = &workflow.settings {
        json.push(("settings".to_owned(), writer.config(settings, SETTINGS)));
    }
    let mut out = String::new();
    Json::Object(json).print(&mut out, 0);
    out.push('\n');
    out
}

/// JSON that knows how it is laid out.
enum Json {
    /// As it is written.
    Leaf(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

fn names(json: &mut Vec<(String, Json)>, key: &str, names: &[Text]) {
    if !names.is_empty() {
        let names = names.iter().map(|name| Json::Leaf(quoted(&name.value)));
        json.push((key.to_owned(), Json::Array(names.collect())));
    }
}

struct Writer {
    respeller: Respeller,
}

impl Writer {
    fn node(&self, node: &Node) -> Json {
        let role = if node.trigger { "trigger" } else { "action" };
        let mut object = vec![
            ("id".to_owned(), Json::Leaf(quoted(&node.id.value))),
            ("type".to_owned(), Json::Leaf(quoted(role))),
            (format!("{role}_type"), Json::Leaf(quoted(node.word()))),
        ];
        for (key, text) in [("name", &node.name), ("description", &node.description)] {
            if let Some(text) = text {
                object.push((key.to_owned(), Json::Leaf(quoted(&text.value))));
            }
        }
        if !node.config.entries.is_empty() {
            let keys = catalog::kind(node.word()).map_or(&[][..], |spec| spec.keys);
            object.push(("config".to_owned(), self.config(&node.config, keys)));
        }
        names(&mut object, "dependencies", &node.dependencies);
        names(&mut object, "allow", &node.allow);
        Json::Object(object)
    }

    fn config(&self, config: &Object, keys: &[Key]) -> Json {
        let entries = config.entries.iter().map(|entry| {
            let ty = keys.iter().find(|key| key.name == entry.key.value).map(|key| key.ty);
            let value = match (&entry.value.kind, ty) {
                // The path to a field of an item is no expression.
                (ValueKind::String(text), _) if entry.key.value == "field" && is_field_path(&text.value) => {
                    Json::Leaf(quoted(&text.value))
                }
                (ValueKind::String(text), Some(KeyType::Expression)) => Json::Leaf(quoted(&self.expression(text))),
                // Texts of a schema are no templates.
                (_, Some(KeyType::Schema)) => value(&entry.value, &|text| text.value.clone()),
                _ => value(&entry.value, &|text| self.text(text)),
            };
            (entry.key.value.clone(), value)
        });
        Json::Object(entries.collect())
    }

    fn expression(&self, text: &Text) -> String {
        self.respeller.expression(text).map_or_else(|| text.value.clone(), |expr| print::expression(&expr))
    }

    fn text(&self, text: &Text) -> String {
        if !text.has_template() {
            return text.value.clone();
        }
        let mut out = String::new();
        for part in self.respeller.template(text).parts {
            match part {
                Part::Literal(literal, _) => out.push_str(&literal.replace("${", "$${")),
                Part::Expression(expr, _) => {
                    // `${ {} }` would begin with the same brace twice, which is right, and hard to read.
                    let space = if matches!(expr.kind, ExprKind::Object(_)) { " " } else { "" };
                    let _ = write!(out, "${{{space}{}{space}}}", print::expression(&expr));
                }
            }
        }
        out
    }
}

/// Any value; `text` says what a text in it is.
fn value(of: &Value, text: &dyn Fn(&Text) -> String) -> Json {
    match &of.kind {
        ValueKind::Null => Json::Leaf("null".to_owned()),
        ValueKind::Bool(value) => Json::Leaf(value.to_string()),
        ValueKind::Number(written, _) => Json::Leaf(written.clone()),
        ValueKind::String(written) => Json::Leaf(quoted(&text(written))),
        ValueKind::Array(items) => Json::Array(items.iter().map(|item| value(item, text)).collect()),
        ValueKind::Object(object) => {
            let entries = object.entries.iter();
            Json::Object(entries.map(|entry| (entry.key.value.clone(), value(&entry.value, text))).collect())
        }
    }
}

impl Json {
    fn print(&self, out: &mut String, indent: usize) {
        let line = self.line();
        if let Some(line) = line {
            out.push_str(&line);
            return;
        }
        let (open, close) = if matches!(self, Json::Object(_)) { ('{', '}') } else { ('[', ']') };
        out.push(open);
        let inside = "  ".repeat(indent + 1);
        let separate = |out: &mut String, first: bool| {
            out.push_str(if first { "\n" } else { ",\n" });
            out.push_str(&inside);
        };
        match self {
            Json::Leaf(_) => {}
            Json::Array(items) => {
                for (position, item) in items.iter().enumerate() {
                    separate(out, position == 0);
                    item.print(out, indent + 1);
                }
            }
            Json::Object(entries) => {
                for (position, (key, value)) in entries.iter().enumerate() {
                    separate(out, position == 0);
                    let _ = write!(out, "{}: ", quoted(key));
                    value.print(out, indent + 1);
                }
            }
        }
        let _ = write!(out, "\n{}{close}", "  ".repeat(indent));
    }

    /// On one line, where that is short and nothing is nested.
    fn line(&self) -> Option<String> {
        let leaf = |json: &Json| match json {
            Json::Leaf(text) => Some(text.clone()),
            Json::Array(items) if items.is_empty() => Some("[]".to_owned()),
            Json::Object(entries) if entries.is_empty() => Some("{}".to_owned()),
            Json::Array(_) | Json::Object(_) => None,
        };
        if let Some(leaf) = leaf(self) {
            return Some(leaf);
        }
        let line = match self {
            Json::Leaf(text) => text.clone(),
            Json::Array(items) => format!("[{}]", items.iter().map(leaf).collect::<Option<Vec<_>>>()?.join(", ")),
            Json::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| Some(format!("{}: {}", quoted(key), leaf(value)?)));
                format!("{{ {} }}", entries.collect::<Option<Vec<_>>>()?.join(", "))
            }
        };
        (line.chars().count() <= INLINE_MAX).then_some(line)
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        let _ = match character {
            '"' => write!(out, "\\\""),
            '\\' => write!(out, "\\\\"),
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            _ if character.is_control() => write!(out, "\\u{:04x}", u32::from(character)),
            _ => write!(out, "{character}"),
        };
    }
    out.push('"');
    out
}
