//! [`File`] → `ast::Workflow`, as the JSON front end gives it.
//!
//! Comes in: the items without a mistake. Goes out: the workflow; names of the text's own (types, shared settings) are
//! resolved here, for JSON has none of them. Always true: the AST means exactly what the text says; what the format calls
//! otherwise stands in [`words`](super::words), and nothing is decided that the checker decides.

mod config;
mod graph;
mod node;
mod request;
mod ty;
mod value;

use config::Config;
pub use graph::otherwise;
use std::collections::{BTreeMap, BTreeSet};
pub use ty::{MARKS, NAMES as TYPE_NAMES};

use super::mistake;
use super::read::text_of;
use super::text::synthetic;
use super::token::Comment;
use super::tree::{Block, Entry, EntryKind, File, ItemKind, Lost, Node, Ty, Value, ValueKind, Word};
use super::words;
use crate::catalog;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, Text};

/// Builds the workflow; `span` is the whole text.
pub fn workflow(file: &File, span: Span, diagnostics: &mut Diagnostics) -> ast::Workflow {
    let mut builder = Builder {
        diagnostics,
        types: BTreeMap::new(),
        apis: BTreeMap::new(),
        ended: BTreeSet::new(),
        servers: BTreeMap::new(),
        lost: &file.lost,
        shared: Vec::new(),
        needed: BTreeMap::new(),
        schema_size: 0,
        unknown_type: false,
    };
    builder.declarations(file);
    let mut workflow = ast::Workflow {
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
    let (mut header, mut graph): (Option<Span>, Option<Span>) = (None, None);
    for item in &file.items {
        let keyword = |word: &str| Span { end: item.span.start + word.len() as u32, ..item.span };
        match &item.kind {
            ItemKind::Workflow(slug, block) => {
                match header {
                    Some(first) => builder.report(mistake::block_twice("workflow", keyword("workflow"), first)),
                    None => builder.header(&mut workflow, slug.as_ref(), block, &item.docs),
                }
                header.get_or_insert(keyword("workflow"));
            }
            ItemKind::Flow(flow) => {
                match graph {
                    Some(first) => builder.report(mistake::block_twice("flow", keyword("flow"), first)),
                    None => workflow.connections = builder.connections(flow),
                }
                graph.get_or_insert(keyword("flow"));
            }
            ItemKind::Type(name, ty) => workflow.types.push(Spanned { value: name.text.clone(), span: ty.span }),
            ItemKind::Node(_) | ItemKind::Shared(..) => {}
        }
    }
    for item in &file.items {
        if let ItemKind::Node(node) = &item.kind
            && meant_server(node).is_none()
        {
            let node = builder.node(node, item.span, &item.docs);
            workflow.nodes.push(node);
        }
    }
    builder.unused();
    workflow.shared = builder.shared;
    workflow
}

/// As [`workflow`], with what could not be read as far as its name is known: it is none that nobody declares.
pub fn around_lost(file: &File, span: Span, diagnostics: &mut Diagnostics) -> ast::Workflow {
    let mut workflow = workflow(file, span, diagnostics);
    for lost in file.lost.iter().filter(|lost| !words::KEYWORDS.contains(&lost.keyword.as_str())) {
        let Some(name) = &lost.name else { continue };
        if workflow.nodes.iter().any(|node| node.id.value == name.text) {
            continue;
        }
        workflow.nodes.push(ast::Node {
            span: name.span,
            id: text_of(name),
            kind: None,
            trigger: words::kind(&lost.keyword).and_then(catalog::kind).is_none_or(|spec| spec.trigger),
            name: None,
            description: None,
            config: ast::Object { span: name.span, entries: Vec::new() },
            dependencies: Vec::new(),
            allow: Vec::new(),
        });
    }
    workflow.nodes.sort_by_key(|node| node.id.span);
    workflow
}

/// The block of a `mail` node that has what an `smtp` has, and nothing of a mail.
fn meant_server(node: &Node) -> Option<&Block> {
    let is_mail = words::kind(&node.kind.text) == Some("send_email") && node.clauses.is_empty();
    let block = node.block.as_ref().filter(|_| is_mail)?;
    let has = |keys: &[&str]| {
        let is_one =
            |entry: &Entry| matches!(&entry.kind, EntryKind::Pair(key, _) if keys.contains(&key.text.value.as_str()));
        block.entries.iter().any(is_one)
    };
    (has(&["server"]) && !has(&["to", "subject", "body", "html", "template"])).then_some(block)
}

struct Builder<'a, 'd> {
    diagnostics: &'d mut Diagnostics,
    types: BTreeMap<&'a str, Declared<&'a Ty>>,
    apis: BTreeMap<&'a str, Declared<Config>>,
    servers: BTreeMap<&'a str, Declared<Config>>,
    /// What else is declared and could not be read.
    lost: &'a [Lost],
    /// Both of them, as they are checked.
    shared: Vec<ast::Shared>,
    /// The nodes that a node needs, by its id: edges `=>`.
    needed: BTreeMap<String, Vec<Text>>,
    /// How large the schemas are that the types have become: a type may be used again and again.
    schema_size: usize,
    /// A type was named that nothing declares.
    unknown_type: bool,
    /// The apis of whose URLs was said that nothing can follow.
    ended: BTreeSet<String>,
}

/// Something with a name that others use.
struct Declared<T> {
    what: T,
    span: Span,
    used: bool,
}

impl<'a> Builder<'a, '_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn declarations(&mut self, file: &'a File) {
        for item in &file.items {
            let twice = match &item.kind {
                ItemKind::Type(name, ty) => match ty::NAMES.iter().any(|(known, _)| *known == name.text) {
                    true => Some(mistake::name_of_the_language(name)),
                    false => declare(&mut self.types, "type", name, ty),
                },
                ItemKind::Shared(what, name, block) => self.declare_shared(&what.text, name, block),
                ItemKind::Node(node) => meant_server(node).and_then(|block| {
                    self.report(mistake::mail_for_smtp(node));
                    self.declare_shared("smtp", &node.id, block)
                }),
                ItemKind::Workflow(..) | ItemKind::Flow(_) => None,
            };
            if let Some(twice) = twice {
                self.report(twice);
            }
        }
    }

    fn declare_shared(&mut self, what: &str, name: &'a Word, block: &'a Block) -> Option<Diagnostic> {
        // What is wrong in it is wrong once, however many nodes use it.
        self.diagnostics.say_once(block.span);
        let (kind, what) = if what == "api" { ("http", "api") } else { ("send_email", "smtp") };
        let config = self.shared_block(kind, block);
        self.shared.push(ast::Shared {
            what,
            name: text_of(name),
            kind,
            config: config.as_shared(block.span),
            lacks: None,
        });
        match what {
            "api" => declare(&mut self.apis, "api", name, config),
            _ => declare(&mut self.servers, "mail server", name, config),
        }
    }

    fn header(&mut self, workflow: &mut ast::Workflow, slug: Option<&Word>, block: &'a Block, docs: &[Comment]) {
        self.duplicates("settings", block);
        workflow.slug = slug.map(text_of);
        if let Some(slug) = slug.filter(|slug| !crate::syntax::flow::is_slug(&slug.text)) {
            self.report(
                Diagnostic::new(Code::BadId, slug.span, format!("`{}` cannot be the name of a workflow", slug.text))
                    .label("not a name")
                    .help(
                        "it names the program: it has letters, digits, `_` and single `-`, as in `order-fulfillment`",
                    ),
            );
        }
        (workflow.name, workflow.description) = documentation(docs);
        let mut settings = Vec::new();
        for entry in &block.entries {
            let (key, value) = match &entry.kind {
                EntryKind::Pair(key, value) => (key, value),
                EntryKind::Shorthand(bare) => {
                    self.report(no_shorthand(bare.span, &bare.text.value));
                    continue;
                }
                EntryKind::Request { method, .. } => {
                    self.report(mistake::misplaced_request(method.span));
                    continue;
                }
            };
            match key.text.value.as_str() {
                "name" => self.said_of_itself(&mut workflow.name, key, value),
                "description" => self.said_of_itself(&mut workflow.description, key, value),
                "version" => workflow.version = self.literal_text(key, value),
                "allow" => workflow.allow = self.names(value, "an entry of `allow`"),
                _ => {
                    let json = super::words::json_key("settings", &key.text.value);
                    let ty = catalog::SETTINGS.iter().find(|known| known.name == json).map(|known| known.ty);
                    let value = self.value(value, ty);
                    let key = if json == key.text.value { key.text.clone() } else { synthetic(json, key.text.span) };
                    settings.push(ast::Entry { key, value });
                }
            }
        }
        if !settings.is_empty() {
            workflow.settings = Some(ast::Object { span: block.span, entries: settings });
        }
    }

    /// The key `name` or `description`. `said`: what the lines `///` say.
    fn said_of_itself(&mut self, said: &mut Option<Text>, key: &super::tree::Key, value: &Value) {
        if let Some(doc) = said.take() {
            self.report(mistake::documented_twice(key, doc.span));
        }
        *said = self.literal_text(key, value);
    }

    /// Text without anything else: a name, a version.
    fn literal_text(&mut self, key: &super::tree::Key, value: &Value) -> Option<Text> {
        match &value.kind {
            ValueKind::Text(strings) => Some(super::text::joined(strings)),
            kind => {
                let headline = format!("`{}` takes text, not {}", key.text.value, describe(kind));
                let mut diagnostic = Diagnostic::new(Code::WrongType, value.span, headline).label("expected text");
                if let ValueKind::Number(written) = kind {
                    diagnostic = diagnostic.help(format!("write it in quotes: \"{written}\""));
                }
                self.report(diagnostic);
                None
            }
        }
    }

    /// The names of the types, the apis or the mail servers that could not be read.
    fn lost_names(&self, keyword: &'static str) -> impl Iterator<Item = &'a str> + use<'a> {
        let is_one = move |lost: &&Lost| lost.keyword == keyword || lost.may_be_anything();
        let lost = self.lost.iter().filter(is_one);
        lost.filter_map(|lost| lost.name.as_ref().map(|name| name.text.as_str()))
    }

    /// Every key that a block has more than once, also where it has two names. `kind`: whose block it is, in JSON.
    /// Gives the positions of the entries that say one again.
    fn duplicates(&mut self, kind: &str, block: &Block) -> Vec<usize> {
        let mut seen: BTreeMap<String, Text> = BTreeMap::new();
        let mut repeated = Vec::new();
        for (at, entry) in block.entries.iter().enumerate() {
            let key = match &entry.kind {
                EntryKind::Pair(key, _) => key.text.clone(),
                EntryKind::Shorthand(bare) => bare.name(),
                EntryKind::Request { .. } => continue,
            };
            let json = super::words::json_key(kind, &key.value).to_owned();
            let Some(first) = seen.get(&json) else {
                seen.insert(json, key);
                continue;
            };
            repeated.push(at);
            let again = if first.value == key.value { "again here" } else { "again here, by its other name" };
            let headline = format!("the key `{}` stands twice in this block", key.value);
            self.report(
                Diagnostic::new(Code::DuplicateKey, key.span, headline)
                    .label(again)
                    .also(first.span, "first here")
                    .help("keep one of them"),
            );
        }
        repeated
    }

    /// Who knows what a node that cannot be read would have used.
    fn mark_all_used(&mut self) {
        self.types.values_mut().for_each(|declared| declared.used = true);
        self.apis.values_mut().for_each(|declared| declared.used = true);
        self.servers.values_mut().for_each(|declared| declared.used = true);
    }

    /// What is declared and never used, and so was never checked either.
    fn unused(&mut self) {
        let mut found = Vec::new();
        let mut unused = |what: &str, name: &str, span: Span, user: &str| {
            let diagnostic = Diagnostic::new(Code::DeadKey, span, format!("no {user} uses the {what} `{name}`"));
            found.push(diagnostic.label("nothing reads this").help("remove it, or use it by its name"));
        };
        for (name, declared) in self.apis.iter().filter(|(_, declared)| !declared.used) {
            unused("api", name, declared.span, "request");
        }
        for (name, declared) in self.servers.iter().filter(|(_, declared)| !declared.used) {
            unused("mail server", name, declared.span, "mail");
        }
        let types: Vec<(&str, &'a Ty, Span)> = self
            .types
            .iter()
            .filter(|(_, declared)| !declared.used)
            .map(|(name, declared)| (*name, declared.what, declared.span))
            .collect();
        // What is wrong in them is said all the same.
        for (_, ty, _) in &types {
            self.ty(ty);
        }
        // Where a name of a type is wrong, one of these was meant.
        for (name, _, span) in types.into_iter().filter(|_| !self.unknown_type) {
            unused("type", name, span, "node");
        }
        found.into_iter().for_each(|diagnostic| self.report(diagnostic));
    }
}

fn declare<'a, T>(
    all: &mut BTreeMap<&'a str, Declared<T>>,
    what: &str,
    name: &'a Word,
    declared: T,
) -> Option<Diagnostic> {
    if let Some(first) = all.get(name.text.as_str()) {
        return Some(mistake::declared_twice(what, &name.text, name.span, first.span));
    }
    all.insert(&name.text, Declared { what: declared, span: name.span, used: false });
    None
}

/// `///` lines: the first is the name, those below it the description.
fn documentation(docs: &[Comment]) -> (Option<Text>, Option<Text>) {
    let line = |doc: &Comment| {
        let text = doc.text.trim_start_matches('/');
        text.strip_prefix(' ').unwrap_or(text).to_owned()
    };
    let name = docs.first().map(|doc| synthetic(&line(doc), doc.span)).filter(|name| !name.value.is_empty());
    let lines: Vec<String> = docs.iter().skip(1).map(line).collect();
    let description = lines.join("\n");
    let description = description.trim_matches('\n');
    let span = docs.get(1).map(|first| docs.last().map_or(first.span, |last| first.span.to(last.span)));
    let description = span.filter(|_| !description.is_empty()).map(|span| synthetic(description, span));
    (name, description)
}

fn describe(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "`null`",
        ValueKind::Bool(_) => "a boolean",
        ValueKind::Number(_) => "a number",
        ValueKind::Duration(_) => "a duration",
        ValueKind::Text(_) | ValueKind::Filled(..) => "text",
        ValueKind::Array(..) => "an array",
        ValueKind::Object(_) => "an object",
        ValueKind::Bare(_) | ValueKind::Sorted(..) => "an expression",
        ValueKind::Retry(_) => "a rule for retries",
    }
}

fn no_shorthand(span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(Code::FlowSyntax, span.after(), format!("the key `{name}` has no value"))
        .label("expected `:` and a value")
}
