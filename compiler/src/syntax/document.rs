//! A JSON value → the workflow it describes.
//!
//! Comes in: any value. Goes out: the workflow, without the nodes and connections that have no identity; every finding
//! about the document's shape is reported.
//! Always true: keys inside `config` and `settings` are not looked at here; the catalog knows them.

#[cfg(test)]
mod tests;

use super::ast::{Connection, Entry, Node, Object, Text, Value, ValueKind, Workflow};
use crate::catalog::document::{self, Field};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, suggest};
use crate::source::Span;

/// Reads the whole document. `None` when it is not an object.
pub fn workflow(value: Value, diagnostics: &mut Diagnostics) -> Option<Workflow> {
    let span = value.span;
    let ValueKind::Object(object) = value.kind else {
        diagnostics.push(not_a_workflow(&value));
        return None;
    };
    let mut fields = Fields {
        what: "a workflow",
        owner: opening(object.span),
        known: document::WORKFLOW,
        misspelt: Vec::new(),
        diagnostics,
    };
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
    let mut has_nodes = false;
    for entry in object.entries {
        match entry.key.value.as_str() {
            "name" => workflow.name = fields.text(entry),
            "description" => workflow.description = fields.text(entry),
            "version" => workflow.version = fields.text(entry),
            "nodes" => {
                has_nodes = true;
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
            document::SCHEMA => {}
            _ => fields.unknown(&entry),
        }
    }
    if !has_nodes {
        fields.missing("nodes");
    }
    Some(workflow)
}

fn node(value: Value, diagnostics: &mut Diagnostics) -> Option<Node> {
    let ValueKind::Object(object) = value.kind else {
        diagnostics.push(wrong_item(&value, "a node"));
        return None;
    };
    let owner = identity(&object, "id");
    let mut fields = Fields { what: "a node", owner, known: document::NODE, misspelt: Vec::new(), diagnostics };
    let mut id = None;
    let mut role = None;
    let mut trigger_type = None;
    let mut action_type = None;
    let mut node = PartialNode::default();
    let mut has_id = false;
    for entry in object.entries {
        match entry.key.value.as_str() {
            "id" => {
                has_id = true;
                id = fields.text(entry);
            }
            "type" => role = Some(entry),
            "trigger_type" => trigger_type = Some(entry),
            "action_type" => action_type = Some(entry),
            "name" => node.name = fields.text(entry),
            "description" => node.description = fields.text(entry),
            "config" => node.config = fields.object(entry),
            "dependencies" => node.dependencies = fields.names(entry, "a dependency is the id of a node"),
            "allow" => node.allow = fields.names(entry, "an entry of `allow` is the name of a lint"),
            _ => fields.unknown(&entry),
        }
    }
    if !has_id {
        fields.missing("id");
    }
    let (trigger, kind) = kind(role, trigger_type, action_type, &mut fields)?;
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

/// Whether the node is a trigger, and the word of its kind: `type` says which of the two other keys holds it.
fn kind(
    role: Option<Entry>,
    trigger_type: Option<Entry>,
    action_type: Option<Entry>,
    fields: &mut Fields,
) -> Option<(bool, Text)> {
    let Some(role) = role else {
        if fields.misspelt.contains(&"type") {
            return None;
        }
        let given = trigger_type.map(|_| "trigger").or(action_type.map(|_| "action"));
        fields.diagnostics.push(missing_type(fields.owner, given));
        return None;
    };
    let role = fields.text(role)?;
    let trigger = match role.value.as_str() {
        "trigger" => true,
        "action" => false,
        _ => {
            fields.diagnostics.push(invalid_type(&role));
            return None;
        }
    };
    let (wanted, other, key) = match trigger {
        true => (trigger_type, action_type, "trigger_type"),
        false => (action_type, trigger_type, "action_type"),
    };
    match (wanted, other) {
        (Some(wanted), None) => Some((trigger, fields.text(wanted)?)),
        (Some(wanted), Some(other)) => {
            fields.diagnostics.push(wrong_kind_key(&other, &role, key));
            Some((trigger, fields.text(wanted)?))
        }
        (None, Some(other)) => {
            fields.diagnostics.push(wrong_kind_key(&other, &role, key));
            None
        }
        (None, None) if fields.misspelt.contains(&key) => None,
        (None, None) => {
            fields.diagnostics.push(missing_kind(&role, key));
            None
        }
    }
}

fn connection(value: Value, diagnostics: &mut Diagnostics) -> Option<Connection> {
    let ValueKind::Object(object) = value.kind else {
        diagnostics.push(wrong_item(&value, "a connection"));
        return None;
    };
    let owner = opening(object.span);
    let mut fields =
        Fields { what: "a connection", owner, known: document::CONNECTION, misspelt: Vec::new(), diagnostics };
    let (mut from, mut to, mut condition) = (None, None, None);
    let (mut has_from, mut has_to) = (false, false);
    for entry in object.entries {
        match entry.key.value.as_str() {
            "from" => {
                has_from = true;
                from = fields.text(entry);
            }
            "to" => {
                has_to = true;
                to = fields.text(entry);
            }
            "condition" => condition = fields.condition(entry),
            _ => fields.unknown(&entry),
        }
    }
    if !has_from {
        fields.missing("from");
    }
    if !has_to {
        fields.missing("to");
    }
    Some(Connection { span: object.span, from: from?, to: to?, condition })
}

/// Reads the values of one object's keys, and reports what does not fit.
struct Fields<'a> {
    /// With its article: `a node`.
    what: &'static str,
    /// Where to point when a key is missing.
    owner: Span,
    known: &'static [Field],
    /// Keys that an unknown one was taken for: they are not missing as well.
    misspelt: Vec<&'static str>,
    diagnostics: &'a mut Diagnostics,
}

impl Fields<'_> {
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
        let headline = format!("`{}` of {} is {expected}, not {}", entry.key.value, self.what, entry.value.describe());
        let mut diagnostic = Diagnostic::new(Code::WrongType, entry.value.span, headline);
        diagnostic = diagnostic.label(format!("expected {expected}"));
        diagnostic.help.extend(help);
        self.diagnostics.push(diagnostic);
    }

    fn missing(&mut self, key: &str) {
        if self.misspelt.contains(&key) {
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

    fn unknown(&mut self, entry: &Entry) {
        if !self.diagnostics.has_room(Code::UnknownKey.severity()) {
            return;
        }
        let key = &entry.key.value;
        let known = || self.known.iter().map(|field| field.name);
        let help = match suggest::nearest(key, known()) {
            Some(near) => {
                self.misspelt.push(near);
                format!("did you mean `{near}`?")
            }
            None => {
                let known = known().filter(|key| *key != document::SCHEMA);
                format!("{} has the keys {}", self.what, suggest::list(known, "and"))
            }
        };
        let headline = format!("{} has no key `{key}`", self.what);
        self.diagnostics.push(Diagnostic::new(Code::UnknownKey, entry.key.span, headline).help(help));
    }
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
    match (role.value.as_str(), suggest::nearest(&role.value, ["trigger", "action"])) {
        (_, Some(near)) => diagnostic.help(format!("did you mean `{near}`?")),
        ("webhook" | "schedule" | "manual", None) => {
            diagnostic.help(format!("write \"type\": \"trigger\", \"trigger_type\": \"{}\"", role.value))
        }
        (kind, None) => diagnostic
            .help(format!("for a node of kind `{kind}` write \"type\": \"action\", \"action_type\": \"{kind}\"")),
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
