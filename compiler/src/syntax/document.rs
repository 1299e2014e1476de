//! A JSON value → the workflow it describes.
//!
//! Comes in: any value. Goes out: the workflow, without the nodes and connections that have no identity; every finding
//! about the document's shape is reported.
//! Always true: keys inside `config` and `settings` are not looked at here; the catalog knows them.

#[cfg(test)]
mod tests;

use super::ast::{Connection, Entry, Node, Object, Text, Value, ValueKind, Workflow};
use super::flow::words;
use crate::catalog;
use crate::catalog::document::{self, Field};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, suggest};
use crate::source::{Dialect, Span};

/// Reads the whole document. `None` when it is not an object.
pub fn workflow(value: Value, diagnostics: &mut Diagnostics) -> Option<Workflow> {
    let span = value.span;
    let ValueKind::Object(object) = value.kind else {
        diagnostics.push(not_a_workflow(&value));
        return None;
    };
    let mut fields = Fields::new("a workflow", opening(object.span), document::WORKFLOW, &object, diagnostics);
    let mut workflow = Workflow {
        span,
        slug: None,
        name: None,
        description: None,
        version: None,
        nodes: Vec::new(),
        connections: Vec::new(),
        settings: None,
        allow: Vec::new(),
        types: Vec::new(),
        shared: Vec::new(),
    };
    for entry in object.entries {
        match fields.key(&entry) {
            "name" => workflow.name = fields.text(entry),
            "description" => workflow.description = fields.text(entry),
            "version" => workflow.version = fields.text(entry),
            "nodes" => {
                let items = fields.array(entry);
                workflow.nodes = items.into_iter().filter_map(|item| node(item, fields.diagnostics)).collect();
            }
            "connections" => {
                let items = fields.array(entry);
                workflow.connections =
                    items.into_iter().filter_map(|item| connection(item, fields.diagnostics)).collect();
            }
            "settings" => workflow.settings = fields.object(entry),
            "allow" => workflow.allow = fields.names(entry, "an entry of `allow` is the name of a lint"),
            _ => {}
        }
    }
    fields.require("nodes");
    Some(workflow)
}

fn node(value: Value, diagnostics: &mut Diagnostics) -> Option<Node> {
    let ValueKind::Object(object) = value.kind else {
        diagnostics.push(wrong_item(&value, "a node"));
        return None;
    };
    let owner = identity(&object, "id");
    let mut fields = Fields::new("a node", owner, document::NODE, &object, diagnostics);
    let is_trigger = |role: &Value| matches!(&role.kind, ValueKind::String(role) if role.value == "trigger");
    fields.other_kind = Some(if object.get("type").is_some_and(is_trigger) { "action_type" } else { "trigger_type" });
    let mut id = None;
    let mut role = None;
    let mut trigger_type = None;
    let mut action_type = None;
    let mut node = PartialNode::default();
    for entry in object.entries {
        match fields.key(&entry) {
            "id" => id = fields.text(entry),
            "type" => role = Some(entry),
            "trigger_type" => trigger_type = Some(entry),
            "action_type" => action_type = Some(entry),
            "name" => node.name = fields.text(entry),
            "description" => node.description = fields.text(entry),
            "config" => node.config = fields.object(entry),
            "dependencies" => node.dependencies = fields.names(entry, "a dependency is the id of a node"),
            "allow" => node.allow = fields.names(entry, "an entry of `allow` is the name of a lint"),
            _ => {}
        }
    }
    fields.require("id");
    let (trigger, kind) = kind(role, trigger_type, action_type, &mut fields);
    let no_config = Object { span: opening(object.span).before(), entries: Vec::new() };
    Some(Node {
        span: object.span,
        id: id?,
        kind,
        trigger,
        name: node.name,
        description: node.description,
        config: node.config.unwrap_or(no_config),
        dependencies: node.dependencies,
        allow: node.allow,
    })
}

/// The keys of a node that may be missing.
#[derive(Default)]
struct PartialNode {
    name: Option<Text>,
    description: Option<Text>,
    config: Option<Object>,
    dependencies: Vec<Text>,
    allow: Vec<Text>,
}

/// Whether the node is a trigger, and the word of its kind: `type` says which of the two other keys holds it. Where that is
/// said wrongly, what was probably meant; `None`: nobody knows.
fn kind(
    role: Option<Entry>,
    trigger_type: Option<Entry>,
    action_type: Option<Entry>,
    fields: &mut Fields,
) -> (bool, Option<Text>) {
    if role.is_none() && !fields.given.contains(&"type") {
        let given = trigger_type.as_ref().map(|_| "trigger").or(action_type.as_ref().map(|_| "action"));
        fields.diagnostics.push(missing_type(fields.owner, given));
    }
    let role = role.and_then(|role| fields.text(role));
    let trigger = match &role {
        Some(role) if role.value == "trigger" => true,
        Some(role) if role.value == "action" => false,
        _ => {
            fields.diagnostics.extend(role.as_ref().map(invalid_type));
            return match trigger_type.or(action_type) {
                Some(kind) => meant(fields.text(kind), false),
                None => meant(role.filter(|role| catalog::kind(&role.value).is_some()), false),
            };
        }
    };
    let (wanted, other, key) = match trigger {
        true => (trigger_type, action_type, "trigger_type"),
        false => (action_type, trigger_type, "action_type"),
    };
    if let (Some(other), Some(role)) = (&other, &role) {
        fields.diagnostics.push(wrong_kind_key(other, role, key));
    }
    match (wanted, other, role) {
        (Some(wanted), ..) => (trigger, fields.text(wanted)),
        (None, Some(other), _) => meant(fields.text(other), trigger),
        (None, None, Some(role)) if !fields.given.contains(&key) => {
            fields.diagnostics.push(missing_kind(&role, key));
            (trigger, None)
        }
        (None, None, _) => (trigger, None),
    }
}

/// A kind whose role is not what it is said to be, or not said.
fn meant(kind: Option<Text>, otherwise: bool) -> (bool, Option<Text>) {
    let spec = kind.as_ref().and_then(|kind| catalog::kind(&kind.value));
    (spec.map_or(otherwise, |spec| spec.trigger), kind)
}

fn connection(value: Value, diagnostics: &mut Diagnostics) -> Option<Connection> {
    let ValueKind::Object(object) = value.kind else {
        diagnostics.push(wrong_item(&value, "a connection"));
        return None;
    };
    let owner = opening(object.span);
    let mut fields = Fields::new("a connection", owner, document::CONNECTION, &object, diagnostics);
    let (mut from, mut to, mut condition) = (None, None, None);
    for entry in object.entries {
        match fields.key(&entry) {
            "from" => from = fields.end(entry),
            "to" => to = fields.end(entry),
            "condition" => condition = fields.condition(entry),
            _ => {}
        }
    }
    fields.require("from");
    fields.require("to");
    Some(Connection { span: object.span, from: from?, to: to?, condition })
}

/// Reads the values of one object's keys, and reports what does not fit.
struct Fields<'a> {
    /// With its article: `a node`.
    what: &'static str,
    /// Where to point when a key is missing.
    owner: Span,
    known: &'static [Field],
    /// The key for the kind of what this is not.
    other_kind: Option<&'static str>,
    /// Keys that are there, and those that an unknown one was taken for: they are not missing as well.
    given: Vec<&'static str>,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Fields<'a> {
    fn new(
        what: &'static str,
        owner: Span,
        known: &'static [Field],
        object: &Object,
        diagnostics: &'a mut Diagnostics,
    ) -> Fields<'a> {
        let given = object.entries.iter().filter_map(|entry| name_in(known, &entry.key.value)).collect();
        Fields { what, owner, known, other_kind: None, given, diagnostics }
    }

    /// The key that an entry is for. An unknown one is reported, and read as the one it was probably meant for; empty: as none.
    fn key(&mut self, entry: &Entry) -> &'static str {
        let key = &entry.key.value;
        if let Some(known) = name_in(self.known, key) {
            return known;
        }
        let names = || self.known.iter().map(|field| field.name);
        let is_meant = |field: &&Field| Some(field.name) != self.other_kind && field.is_called(key);
        let called = self.known.iter().find(is_meant).map(|field| field.name);
        let near = called.or_else(|| suggest::nearest(key, names()));
        if self.diagnostics.has_room(Code::UnknownKey.severity()) {
            let help = near.map_or_else(
                || {
                    format!(
                        "{} has the keys {}",
                        self.what,
                        suggest::list(names().filter(|key| *key != document::SCHEMA), "and")
                    )
                },
                |near| format!("did you mean `{near}`?"),
            );
            let headline = format!("{} has no key `{key}`", self.what);
            self.diagnostics.push(Diagnostic::new(Code::UnknownKey, entry.key.span, headline).help(help));
        }
        match near.filter(|near| !self.given.contains(near)) {
            Some(near) => {
                self.given.push(near);
                near
            }
            None => "",
        }
    }

    fn text(&mut self, entry: Entry) -> Option<Text> {
        match entry.value.kind {
            ValueKind::String(text) => Some(text),
            ref kind => {
                let number = match kind {
                    ValueKind::Number(written, _) => Some(format!("write it in quotes: \"{written}\"")),
                    _ => None,
                };
                self.wrong_type(&entry, "a string", number);
                None
            }
        }
    }

    /// The node at one end of a connection.
    fn end(&mut self, entry: Entry) -> Option<Text> {
        if let ValueKind::Array(_) = entry.value.kind {
            let help = String::from("a connection leads from one node to one other: write one for each");
            self.wrong_type(&entry, "a string", Some(help));
            return None;
        }
        self.text(entry)
    }

    fn array(&mut self, entry: Entry) -> Vec<Value> {
        match entry.value.kind {
            ValueKind::Array(items) => items,
            _ => {
                self.wrong_type(&entry, "an array", None);
                Vec::new()
            }
        }
    }

    /// An array of strings; `what` says what each is.
    fn names(&mut self, entry: Entry, what: &str) -> Vec<Text> {
        let items = self.array(entry);
        let mut names = Vec::with_capacity(items.len());
        for item in items {
            match item.kind {
                ValueKind::String(name) => names.push(name),
                _ => {
                    let headline = format!("{what} in a string, not {}", item.describe());
                    self.diagnostics.push(Diagnostic::new(Code::WrongType, item.span, headline));
                }
            }
        }
        names
    }

    fn object(&mut self, entry: Entry) -> Option<Object> {
        match entry.value.kind {
            ValueKind::Object(object) => Some(object),
            _ => {
                self.wrong_type(&entry, "an object", None);
                None
            }
        }
    }

    /// An expression in a string.
    fn condition(&mut self, entry: Entry) -> Option<Value> {
        match entry.value.kind {
            ValueKind::String(_) => Some(entry.value),
            _ => {
                let help = String::from("a condition is an expression in a string, such as \"result.success == true\"");
                self.wrong_type(&entry, "a string", Some(help));
                None
            }
        }
    }

    fn wrong_type(&mut self, entry: &Entry, expected: &str, help: Option<String>) {
        // A key that is misspelt has been reported.
        if name_in(self.known, &entry.key.value).is_none() {
            return;
        }
        let headline = format!("`{}` of {} is {expected}, not {}", entry.key.value, self.what, entry.value.describe());
        let mut diagnostic = Diagnostic::new(Code::WrongType, entry.value.span, headline);
        diagnostic = diagnostic.label(format!("expected {expected}"));
        diagnostic.help.extend(help);
        self.diagnostics.push(diagnostic);
    }

    fn require(&mut self, key: &str) {
        if self.given.contains(&key) {
            return;
        }
        let headline = format!("{} needs the key `{key}`", self.what);
        let mut diagnostic = Diagnostic::new(Code::MissingKey, self.owner, headline);
        diagnostic.help.extend(match key {
            "nodes" => Some("add \"nodes\": [ … ]".to_owned()),
            "id" => Some("add \"id\": \"…\": connections and templates name the node by it".to_owned()),
            "from" | "to" => Some(format!("add \"{key}\": \"…\", the id of a node")),
            _ => None,
        });
        self.diagnostics.push(diagnostic);
    }
}

/// A name of the list, if it is one.
fn name_in(known: &'static [Field], key: &str) -> Option<&'static str> {
    known.iter().map(|field| field.name).find(|name| *name == key)
}

/// The `{` of an object: a place to point at when something in it is missing.
fn opening(object: Span) -> Span {
    Span { end: object.start + 1, ..object }
}

/// The value that names an object to its author, else its `{`.
fn identity(object: &Object, key: &str) -> Span {
    object.get(key).map_or(opening(object.span), |value| value.span)
}

fn not_a_workflow(value: &Value) -> Diagnostic {
    // The whole value may be many lines: its first character is enough.
    let span = Span { end: value.span.end.min(value.span.start + 1), ..value.span };
    Diagnostic::new(Code::WrongType, span, format!("a workflow is an object, not {}", value.describe()))
        .help("write `{ \"nodes\": [ … ], \"connections\": [ … ] }`")
}

fn wrong_item(value: &Value, what: &str) -> Diagnostic {
    Diagnostic::new(Code::WrongType, value.span, format!("{what} is an object, not {}", value.describe()))
}

fn missing_type(node: Span, given: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::MissingKey, node, "a node needs the key `type`");
    match given {
        Some(role) => diagnostic.help(format!("add \"type\": \"{role}\"")),
        None => diagnostic
            .help("add \"type\": \"trigger\" and a `trigger_type`, or \"type\": \"action\" and an `action_type`"),
    }
}

fn invalid_type(role: &Text) -> Diagnostic {
    let headline = format!("the `type` of a node is `trigger` or `action`, not `{}`", role.value);
    let diagnostic = Diagnostic::new(Code::InvalidNodeType, role.span, headline);
    if let Some(later) = catalog::later(&role.value) {
        return later.not_yet(&role.value, role.span, Dialect::Json);
    }
    match (role.value.as_str(), suggest::nearest(&role.value, ["trigger", "action"])) {
        (_, Some(near)) => diagnostic.help(format!("did you mean `{near}`?")),
        ("webhook" | "schedule" | "manual", None) => {
            diagnostic.help(format!("write \"type\": \"trigger\", \"trigger_type\": \"{}\"", role.value))
        }
        (word, None) => match catalog::kind(word).map(|kind| kind.word).or_else(|| words::meant_kind(word)) {
            Some(kind) => diagnostic
                .help(format!("for a node of kind `{kind}` write \"type\": \"action\", \"action_type\": \"{kind}\"")),
            None => diagnostic
                .help("write \"type\": \"action\" and what it does, as in \"action_type\": \"http\"")
                .help("what begins an execution is a \"trigger\", with a \"trigger_type\""),
        },
    }
}

fn wrong_kind_key(given: &Entry, role: &Text, wanted: &str) -> Diagnostic {
    let headline = format!("{} has no `{}`", with_article(&role.value), given.key.value);
    Diagnostic::new(Code::UnknownKey, given.key.span, headline)
        .also(role.span, format!("this makes it {}", with_article(&role.value)))
        .help(format!("the kind of {} stands in `{wanted}`", with_article(&role.value)))
}

fn missing_kind(role: &Text, key: &str) -> Diagnostic {
    let headline = format!("{} needs the key `{key}`", with_article(&role.value));
    let example = if key == "trigger_type" { "webhook" } else { "http" };
    Diagnostic::new(Code::MissingKey, role.span, headline).help(format!("such as \"{key}\": \"{example}\""))
}

fn with_article(role: &str) -> &'static str {
    match role {
        "trigger" => "a trigger",
        _ => "an action",
    }
}
