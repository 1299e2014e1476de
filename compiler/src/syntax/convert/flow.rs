//! A workflow as a .flow text: the tree that `print` lays out.
//!
//! Steps: what several nodes share → the header → the graph → the nodes.

mod graph;
mod node;
mod shared;
mod ty;
mod value;

use std::collections::BTreeSet;

use super::respell::Respeller;
use crate::catalog::UNSAID;
use crate::source::{Dialect, Span};
use crate::syntax::ast::{self, Text, Workflow};
use crate::syntax::flow::token::{Comment, Rule};
use crate::syntax::flow::tree::{
    Around, Bare, Block, Entry, EntryKind, File, Item, ItemKind, Key, Str, Value, ValueKind, Word,
};
use crate::syntax::flow::{is_slug, print, read, text, words};
use flow_runtime::value::number_text;

/// Everything written here stands nowhere.
const NOWHERE: Span = Span { file: crate::source::FileId::WORKFLOW, start: 0, end: 0 };

pub fn write(workflow: &Workflow, from: Dialect, slug: &str) -> String {
    let respeller = Respeller { ids: super::ids(&workflow.nodes), from, to: Dialect::Flow };
    let mut writer = Writer { respeller, types: Vec::new(), taken: BTreeSet::new() };
    let shared = shared::find(&writer, workflow);
    let mut file = File::default();
    let slug = workflow.slug.as_ref().map_or_else(|| slug_of(slug), |slug| slug.value.clone());
    file.items.extend(writer.header(workflow, &slug));
    let nodes: Vec<Item> =
        workflow.nodes.iter().enumerate().map(|(at, node)| writer.node(workflow, at, node, &shared)).collect();
    file.items.append(&mut writer.types);
    file.items.extend(shared.items);
    if let Some(graph) = graph::write(&writer, workflow) {
        file.items.push(item(ItemKind::Flow(graph)));
    }
    file.items.extend(nodes);
    print::file(&file)
}

/// `my.order` → `my-order`: what a file is called, as the name of a program.
fn slug_of(stem: &str) -> String {
    if is_slug(stem) {
        return stem.to_owned();
    }
    let parts = stem.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').filter(|part| !part.is_empty());
    let slug = parts.collect::<Vec<_>>().join("-");
    [slug.clone(), format!("workflow-{slug}")]
        .into_iter()
        .find(|slug| is_slug(slug))
        .unwrap_or_else(|| "workflow".to_owned())
}

struct Writer {
    respeller: Respeller,
    /// Types that got a name, as they are met.
    types: Vec<Item>,
    /// Names of types.
    taken: BTreeSet<String>,
}

impl Writer {
    fn header(&self, workflow: &Workflow, slug: &str) -> Option<Item> {
        let mut entries = Vec::new();
        let docs = documentation(&mut entries, workflow.name.as_ref(), workflow.description.as_ref());
        if let Some(version) = &workflow.version {
            entries.push(pair("version", literal(&version.value)));
        }
        if let Some(settings) = &workflow.settings {
            for entry in &settings.entries {
                let key = entry.key.value.as_str();
                if !is_unsaid("settings", entry) {
                    let ty = crate::catalog::SETTINGS.iter().find(|known| known.name == key).map(|known| known.ty);
                    entries.push(pair(words::flow_key("settings", key), self.value(&entry.value, ty)));
                }
            }
        }
        if !workflow.allow.is_empty() {
            entries.push(pair("allow", names(&workflow.allow)));
        }
        // The file is called so, too.
        if workflow.slug.is_none() && entries.is_empty() && docs.is_empty() {
            return None;
        }
        let slug = word(slug);
        Some(Item { docs, ..item(ItemKind::Workflow(Some(slug), block(entries))) })
    }
}

/// Whether an entry says what holds without it.
fn is_unsaid(kind: &str, entry: &ast::Entry) -> bool {
    let written = match &entry.value.kind {
        ast::ValueKind::Bool(value) => value.to_string(),
        ast::ValueKind::Number(_, value) => number_text(*value),
        _ => return false,
    };
    UNSAID.contains(&(kind, entry.key.value.as_str(), written.as_str()))
}

fn item(kind: ItemKind) -> Item {
    Item { around: Around::default(), docs: Vec::new(), span: NOWHERE, kind }
}

fn block(entries: Vec<Entry>) -> Block {
    Block { span: NOWHERE, entries, end: Vec::new() }
}

fn entry(kind: EntryKind) -> Entry {
    Entry { around: Around::default(), span: NOWHERE, kind }
}

fn pair(name: &str, value: Value) -> Entry {
    entry(EntryKind::Pair(key(name), value))
}

fn key(name: &str) -> Key {
    Key { text: Text::verbatim(name.to_owned(), NOWHERE, 0), quoted: !read::is_name(name) }
}

fn word(name: &str) -> Word {
    Word { text: name.to_owned(), span: NOWHERE, quoted: !read::is_name(name) }
}

fn value(kind: ValueKind) -> Value {
    Value { span: NOWHERE, kind }
}

/// Text that is no template.
fn literal(of: &str) -> Value {
    value(ValueKind::Text(vec![string(of)]))
}

/// An expression that can only be said as a text with `${…}`.
fn quoted_expression(of: Value) -> Bare {
    let strings = match of.kind {
        ValueKind::Text(strings) => strings,
        _ => Vec::new(),
    };
    let raw = strings.first().map_or_else(|| "\"\"".to_owned(), |string| string.raw.clone());
    Bare { span: NOWHERE, text: text::joined(&strings), tokens: vec![(Rule::string, raw)] }
}

fn string(of: &str) -> Str {
    Str { raw: print::quoted(of), text: text::synthetic(of, NOWHERE) }
}

/// Ids of nodes, names of lints: in an array.
fn names(texts: &[Text]) -> Value {
    let elements = texts.iter().map(|name| crate::syntax::flow::tree::Element {
        around: Around::default(),
        value: match read::bare(&name.value) {
            Some(bare) if read::is_name(&name.value) && !is_word_of_json(&name.value) => value(ValueKind::Bare(bare)),
            _ => literal(&name.value),
        },
    });
    value(ValueKind::Array(elements.collect(), Vec::new()))
}

/// What is a name in quotes only: without them it is a value.
fn is_word_of_json(name: &str) -> bool {
    matches!(name, "true" | "false" | "null")
}

/// Name and description as `///` lines, or as keys where they are not of that shape.
fn documentation(entries: &mut Vec<Entry>, name: Option<&Text>, description: Option<&Text>) -> Vec<Comment> {
    let fits = |line: &str| !line.contains(|char: char| char.is_control()) && line.trim_end() == line;
    let comment = |line: &str| {
        let text = if line.is_empty() { "///".to_owned() } else { format!("/// {line}") };
        Comment { text, span: NOWHERE, lines: 1 }
    };
    let mut docs = Vec::new();
    let mut key = |name: &str, text: &Text| entries.push(pair(name, literal(&text.value)));
    match name {
        Some(name) if fits(&name.value) && !name.value.is_empty() => docs.push(comment(&name.value)),
        Some(name) => key("name", name),
        None => {}
    }
    if let Some(description) = description {
        let lines: Vec<&str> = description.value.split('\n').collect();
        let edges = [lines.first(), lines.last()].into_iter().flatten().all(|line| !line.is_empty());
        match !docs.is_empty() && edges && lines.iter().all(|line| fits(line)) {
            true => docs.extend(lines.into_iter().map(comment)),
            false => key("description", description),
        }
    }
    docs
}
