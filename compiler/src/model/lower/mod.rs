//! AST → model: names become ids.
//!
//! Comes in: what the author wrote. Goes out: [`Workflow`], with everything wrong in names and configuration reported.
//! Always true: lowering never stops early. What cannot be understood becomes an explicit `Unknown`, so that the checks
//! can carry on and report more.
//!
//! Steps: ids of all nodes → settings → nodes, each by its kind → edges.

mod config;
mod email;
pub mod expr;
mod function_names;
mod key_names;
mod kinds;
mod literals;
mod mail_template;
mod rust;
mod schema;
mod shadowed;
mod silences;
mod slips;
mod text;
mod transform;

pub use transform::is_field_path;

use super::{EnvId, Keys, Kind, Node, NodeId, Settings, Variable, Workflow};
use crate::catalog::{self, KindSpec, SETTINGS};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, suggest};
use crate::files::Files;
use crate::source::{Dialect, Sources, Span, Spanned};
use crate::syntax::ast;
use crate::syntax::flow::words;
use config::Config;
use expr::Place;
use flow_runtime::flow::{Delay, Retry};
use key_names::Owner;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// How many nodes of an execution run at once unless the workflow says otherwise.
const PARALLEL_NODES_DEFAULT: usize = 10;

/// An attempt of a node that names no `timeout`.
const NODE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

/// The wait before a retry of a node that names no `retry_delay`.
const RETRY_DELAY_DEFAULT: Duration = Duration::from_secs(1);

/// Ids become names of functions, labels of metrics and parts of log lines.
const ID_LENGTH_MAX: usize = 128;

/// Lowers a workflow. `slug` is what the binary will be called.
pub fn lower(
    workflow: &ast::Workflow,
    slug: &str,
    sources: &mut Sources,
    files: &dyn Files,
    diagnostics: &mut Diagnostics,
) -> Workflow {
    let slug = workflow.slug.as_ref().map_or(slug, |slug| &slug.value);
    let dialect = sources.workflow().dialect();
    let mut lowering = Lowering {
        diagnostics,
        dialect,
        sources,
        files,
        ids: HashMap::new(),
        id_list: workflow.nodes.iter().map(|node| node.id.value.clone()).collect(),
        environment: Vec::new(),
        environment_ids: HashMap::new(),
        environment_readers: HashSet::new(),
        default_retries: 0,
        schema_files: schema::SchemaFiles::default(),
        shadowed_fields: Vec::new(),
        slips_of_fields: Vec::new(),
    };
    // Where none could be read, that is said.
    if workflow.nodes.is_empty() && !lowering.diagnostics.has_errors() {
        lowering.diagnostics.push(no_nodes(workflow, dialect));
    }
    lowering.collect_ids(&workflow.nodes);
    let settings = lowering.settings(workflow.settings.as_ref());
    workflow.shared.iter().for_each(|shared| lowering.shared(shared));
    let nodes: Vec<Node> =
        workflow.nodes.iter().enumerate().map(|(index, node)| lowering.node(NodeId(index), node)).collect();
    let edges = lowering.edges(workflow, &nodes);
    lowering.report_shadowed_fields(&nodes);
    lowering.report_slips_of_fields(&nodes);
    let silences = lowering.silences(workflow);
    Workflow {
        slug: slug.to_string(),
        title: workflow.name.as_ref().map_or_else(|| slug.to_string(), |name| name.value.clone()),
        version: workflow.version.as_ref().map_or_else(|| "0.0.0".to_string(), |version| version.value.clone()),
        settings,
        nodes,
        edges,
        environment: lowering.environment,
        silences,
        types: workflow.types.clone(),
    }
}

/// What people call the end of a way.
const ENDS: &[&str] =
    &["done", "end", "stop", "finish", "finished", "exit", "return", "nothing", "none", "noop", "terminate", "success"];

/// What lowering knows while it walks.
pub(super) struct Lowering<'a> {
    diagnostics: &'a mut Diagnostics,
    /// In a .flow text a bare name may be that of a node.
    dialect: Dialect,
    sources: &'a mut Sources,
    files: &'a dyn Files,
    /// Of duplicate ids (reported) the first.
    ids: HashMap<String, NodeId>,
    id_list: Vec<String>,
    environment: Vec<Variable>,
    environment_ids: HashMap<String, EnvId>,
    /// Which nodes read each variable.
    environment_readers: HashSet<(EnvId, NodeId)>,
    default_retries: u32,
    schema_files: schema::SchemaFiles,
    /// Names that are read as fields of the input and were probably not meant so, with what to say then.
    shadowed_fields: Vec<(String, Diagnostic)>,
    /// Names of fields that stand in text where a template was probably meant, with what to say if there is such a field.
    slips_of_fields: Vec<(String, Diagnostic)>,
}

/// The nodes an unknown id is compared with.
const SUGGESTED_FROM: usize = 2_000;

impl Lowering<'_> {
    fn collect_ids(&mut self, nodes: &[ast::Node]) {
        for (index, node) in nodes.iter().enumerate() {
            let id = &node.id;
            if !is_id(&id.value) {
                self.diagnostics.push(bad_id(id));
            }
            match self.ids.get(&id.value) {
                Some(first) => {
                    let first = nodes[first.0].id.span;
                    self.diagnostics.push(
                        Diagnostic::new(Code::DuplicateId, id.span, format!("two nodes are called `{}`", id.value))
                            .label("again")
                            .also(first, "here already")
                            .help("give one of them another id; connections and templates name nodes by it"),
                    );
                }
                None => {
                    self.ids.insert(id.value.clone(), NodeId(index));
                }
            }
        }
    }

    fn node_id(&self, id: &str) -> Option<NodeId> {
        self.ids.get(id).copied()
    }

    fn unknown_node(&self, id: &str, span: Span) -> Diagnostic {
        let diagnostic =
            Diagnostic::new(Code::UnknownNode, span, format!("there is no node `{id}`")).label("unknown node");
        // Of very many nodes the first are looked at.
        match suggest::nearest(id, self.id_list.iter().map(String::as_str).take(SUGGESTED_FROM)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None if self.id_list.len() <= 12 => {
                let ids: Vec<&str> = self.id_list.iter().map(String::as_str).collect();
                diagnostic.help(format!("the workflow has {}", suggest::list(ids.iter().copied(), "and")))
            }
            None => diagnostic,
        }
    }

    /// The id of an environment variable, which `reader` reads.
    fn environment(&mut self, name: &str, reader: NodeId, optional: bool) -> EnvId {
        let next = EnvId(self.environment.len());
        let id = *self.environment_ids.entry(name.to_string()).or_insert(next);
        if id == next {
            self.environment.push(Variable { name: name.to_string(), optional, read_by: Vec::new() });
        }
        let variable = &mut self.environment[id.0];
        variable.optional &= optional;
        if self.environment_readers.insert((id, reader)) {
            variable.read_by.push(reader);
        }
        id
    }

    fn settings(&mut self, object: Option<&ast::Object>) -> Settings {
        let mut settings = Settings {
            timeout: None,
            fail_fast: false,
            max_parallel_nodes: PARALLEL_NODES_DEFAULT,
            durable: true,
            sequential: false,
            keys: Keys::default(),
        };
        let Some(object) = object else { return settings };
        let config = Config::check(self, object, SETTINGS, Owner { kind: "settings", said: "`settings`" }, object.span);
        settings.keys = config.keys(SETTINGS);
        settings.timeout = config.number("timeout").map(Duration::from_secs_f64);
        settings.fail_fast = config.bool("fail_fast").unwrap_or(false);
        if let Some(most) = config.number("max_parallel_nodes") {
            settings.max_parallel_nodes = most as usize;
        }
        if config.bool("parallel_execution") == Some(false) {
            settings.sequential = true;
            settings.max_parallel_nodes = 1;
        }
        settings.durable = config.text("store").is_none_or(|store| store.value != "memory");
        self.default_retries = config.number("max_retries").unwrap_or(0.0) as u32;
        settings
    }

    /// What nodes share is checked where it stands, for a node may say otherwise, and there may be none that uses it.
    fn shared(&mut self, shared: &ast::Shared) {
        let Some(spec) = catalog::kind(shared.kind) else { return };
        let owner = Owner { kind: spec.word, said: &format!("the {} `{}`", shared.what, shared.name.value) };
        let config = Config::check_present(self, &shared.config, spec.keys, owner);
        if let Some(found) = config.text("url").and_then(literals::url_start) {
            self.diagnostics.push(found);
        }
        if let Some(key) = shared.lacks.filter(|key| !config.means(key)) {
            let key = words::flow_key(spec.word, key);
            let example = if key == "url" { "SHOP_API_URL" } else { "SMTP_SERVER" };
            self.diagnostics.push(
                Diagnostic::new(Code::MissingKey, shared.name.span, format!("{} has no `{key}`", owner.said))
                    .label(format!("`{key}` is missing"))
                    .help(format!("write `{key}: {example}` in it")),
            );
        }
        for header in config.object("headers").map_or(&[][..], |headers| &headers.entries) {
            self.check_header_type(&header.value);
        }
    }

    fn node(&mut self, id: NodeId, node: &ast::Node) -> Node {
        let mut lowered = Node {
            id: Spanned { value: node.id.value.clone(), span: node.id.span },
            span: node.span,
            title: node.name.as_ref().map_or_else(|| node.id.value.clone(), |name| name.value.clone()),
            kind: Kind::Unknown,
            // The kind of a node in a .flow text is missing where the node could not be read: what it is, is known all the same.
            may_start: node.trigger || node.kind.is_some() || self.dialect == Dialect::Json,
            retry: Retry { retries: 0, delay: Delay::Fixed(RETRY_DELAY_DEFAULT) },
            timeout: NODE_TIMEOUT_DEFAULT,
            keys: Keys::default(),
        };
        let Some(spec) = self.kind_spec(node) else { return lowered };
        let owner = format!("{} `{}` node", if spec.word == "http" { "an" } else { "a" }, spec.word);
        let owner = Owner { kind: spec.word, said: &owner };
        let config = Config::check(self, &node.config, spec.keys, owner, node.id.span);
        lowered.keys = config.keys(spec.keys);
        lowered.kind = self.kind(id, node, spec, &config);
        if lowered.kind.is_effect() {
            // Whether a function may be called twice only its author knows: it is, where the node itself says so.
            let default = if matches!(lowered.kind, Kind::Rust(_)) { 0 } else { self.default_retries };
            lowered.retry.retries = config.number("retry_count").map_or(default, |count| count as u32);
            if let Some(delay) = config.get("retry_delay") {
                lowered.retry.delay = self.retry_delay(delay);
            }
            if let Some(seconds) = config.number("timeout") {
                lowered.timeout = Duration::from_secs_f64(seconds);
            }
        }
        lowered
    }

    fn kind_spec(&mut self, node: &ast::Node) -> Option<&'static KindSpec> {
        let kind = node.kind.as_ref()?;
        let word = kind.value.as_str();
        let role = |trigger: bool| if trigger { "trigger" } else { "action" };
        let Some(spec) = catalog::kind(word) else {
            if let Some(later) = catalog::later(word) {
                self.diagnostics.push(later.not_yet(word, kind.span, self.dialect));
                return None;
            }
            let headline = match self.dialect {
                Dialect::Json => format!("there is no {} kind `{word}`", role(node.trigger)),
                Dialect::Flow => format!("there is no kind of node `{word}`"),
            };
            let mut diagnostic = Diagnostic::new(Code::UnknownKind, kind.span, headline).label("unknown kind");
            // In a .flow text an unknown word does not say which of the two it is.
            let is_meant = |trigger: bool| self.dialect == Dialect::Flow || trigger == node.trigger;
            let of_role = || catalog::KINDS.iter().filter(|kind| is_meant(kind.trigger));
            let meant = || words::meant_kind(word).filter(|meant| of_role().any(|kind| kind.word == *meant));
            if let Some(near) = suggest::nearest(word, of_role().map(|kind| kind.word)).or_else(meant) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            let words: Vec<&str> = of_role().filter(|kind| !kind.is_for_later()).map(|kind| kind.word).collect();
            let whose = if self.dialect == Dialect::Flow { "the" } else { role(node.trigger) };
            let list = suggest::list(words.iter().copied(), "and");
            self.diagnostics.push(diagnostic.help(format!("{whose} kinds are {list}")));
            return None;
        };
        if spec.trigger != node.trigger {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::UnknownKind,
                    kind.span,
                    format!("`{word}` is a kind of {}, not of {}", role(spec.trigger), role(node.trigger)),
                )
                .label(format!("a kind of {}", role(spec.trigger)))
                .help(format!("write \"type\": \"{0}\" and \"{0}_type\": \"{word}\"", role(spec.trigger))),
            );
            return None;
        }
        Some(spec)
    }

    fn retry_delay(&mut self, value: &ast::Value) -> Delay {
        match &value.kind {
            ast::ValueKind::Number(_, seconds) => Delay::Fixed(Duration::from_secs_f64(*seconds)),
            ast::ValueKind::Object(object) => {
                let owner = Owner { kind: "", said: "`retry_delay`" };
                let config = Config::check(self, object, catalog::attempt::RETRY_DELAY_OBJECT, owner, object.span);
                let seconds =
                    |name: &str, default: f64| Duration::from_secs_f64(config.number(name).unwrap_or(default));
                let initial = seconds("initial", 1.0);
                if config.text("strategy").is_some_and(|strategy| strategy.value == "fixed") {
                    for entry in config.entries().filter(|entry| ["max", "jitter"].contains(&&*entry.key.value)) {
                        self.diagnostics.push(
                            Diagnostic::new(
                                Code::DeadKey,
                                entry.key.span,
                                format!("a `fixed` delay does not read `{}`", entry.key.value),
                            )
                            .label("nothing reads this")
                            .help("every wait is `initial` long; for growing ones write \"strategy\": \"exponential\""),
                        );
                    }
                    return Delay::Fixed(initial);
                }
                let max = seconds("max", 30.0);
                if let (true, Some(value)) = (initial > max, config.get("initial")) {
                    let mut diagnostic = Diagnostic::new(
                        Code::ConflictingKeys,
                        value.span,
                        format!("the first wait is longer than the longest, {} s", max.as_secs_f64()),
                    )
                    .label("the first wait");
                    match config.get("max") {
                        Some(max) => diagnostic = diagnostic.also(max.span, "the longest wait"),
                        None => diagnostic = diagnostic.help("`max` is 30 unless it is given"),
                    }
                    self.diagnostics.push(diagnostic);
                }
                Delay::Exponential { initial, max, jitter: config.bool("jitter").unwrap_or(false) }
            }
            _ => Delay::Fixed(RETRY_DELAY_DEFAULT),
        }
    }

    fn edges(&mut self, workflow: &ast::Workflow, nodes: &[Node]) -> Vec<super::Edge> {
        let mut edges: Vec<super::Edge> = Vec::new();
        let mut by_pair: HashMap<(NodeId, NodeId), usize> = HashMap::new();
        for connection in &workflow.connections {
            let from = self.resolve(&connection.from);
            let to = self.resolve_target(connection);
            let condition = match (from, &connection.condition) {
                (Some(from), Some(value)) => match self.meant_branch(value, nodes) {
                    true => Some(super::Expr::unknown(value.span)),
                    false => self.condition(from, value),
                },
                _ => None,
            };
            let (Some(from), Some(to)) = (from, to) else { continue };
            if let Some(first) = by_pair.get(&(from, to)) {
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::DuplicateConnection,
                        connection.to.span,
                        format!("`{}` and `{}` are connected twice", connection.from.value, connection.to.value),
                    )
                    .label("again")
                    .also(edges[*first].span, "here already")
                    .help("join the two conditions with `||`, or remove one connection"),
                );
                continue;
            }
            by_pair.insert((from, to), edges.len());
            edges.push(super::Edge { from, to, required: false, condition, span: connection.to.span });
        }
        for (index, node) in workflow.nodes.iter().enumerate() {
            let to = NodeId(index);
            for dependency in &node.dependencies {
                let Some(from) = self.resolve(dependency) else { continue };
                match by_pair.get(&(from, to)) {
                    Some(edge) => edges[*edge].required = true,
                    None => {
                        by_pair.insert((from, to), edges.len());
                        edges.push(super::Edge { from, to, required: true, condition: None, span: dependency.span });
                    }
                }
            }
        }
        edges
    }

    /// Empty text is no condition: editors write it for a connection without one.
    fn condition(&mut self, from: NodeId, value: &ast::Value) -> Option<super::Expr> {
        match &value.kind {
            // What says nothing would hold whatever happens.
            ast::ValueKind::String(text) if text.value.trim().is_empty() => {
                self.diagnostics.push(
                    Diagnostic::new(Code::ExpressionSyntax, value.span, "the condition is empty")
                        .label("says nothing")
                        .help("leave `condition` out: without one, the connection is taken whenever its node succeeds"),
                );
                Some(super::Expr::unknown(value.span))
            }
            ast::ValueKind::String(text) => {
                let (found, fields) = (self.diagnostics.count(), self.shadowed_fields.len());
                let condition = self.expression(Place::Condition(from), text);
                // `else` repeats the conditions above it, and what is wrong with them has been said there.
                if text.is_derived() {
                    self.diagnostics.forget(found);
                    self.shadowed_fields.truncate(fields);
                }
                Some(condition)
            }
            // Reported when the document was read.
            _ => Some(super::Expr::unknown(value.span)),
        }
    }

    /// Where a connection leads. What other systems have nodes for, that nothing follows, is no node here.
    fn resolve_target(&mut self, connection: &ast::Connection) -> Option<NodeId> {
        let (id, found) = (&connection.to, self.diagnostics.count());
        let target = self.resolve(id);
        let is_end = || ENDS.iter().any(|end| end.eq_ignore_ascii_case(&id.value));
        if target.is_none() && self.diagnostics.count() > found && is_end() {
            self.diagnostics.forget(found);
            let what = match (self.dialect, &connection.condition) {
                (Dialect::Json, _) => "this connection".to_owned(),
                (Dialect::Flow, Some(_)) => "this branch".to_owned(),
                (Dialect::Flow, None) => format!("`-> {}`", id.value),
            };
            let help = format!("a way ends where nothing follows, and needs no node for it: remove {what}");
            let diagnostic = self.unknown_node(&id.value, id.span);
            let near = diagnostic.help.iter().filter(|help| help.starts_with("did you mean")).cloned().collect();
            self.diagnostics.push(Diagnostic { help: near, ..diagnostic }.help(help));
        }
        target
    }

    fn resolve(&mut self, id: &ast::Text) -> Option<NodeId> {
        let found = self.node_id(&id.value);
        // Where no node could be read, that is said.
        let is_news = !self.id_list.is_empty() && self.diagnostics.has_room(Code::UnknownNode.severity());
        if found.is_none() && is_news {
            let diagnostic = self.unknown_node(&id.value, id.span);
            self.diagnostics.push(diagnostic);
        }
        found
    }
}

fn no_nodes(workflow: &ast::Workflow, dialect: Dialect) -> Diagnostic {
    let start = Span { end: workflow.span.start, ..workflow.span };
    let span = workflow.connections.first().map_or(start, |connection| connection.from.span);
    let headline = "the workflow has no nodes: it needs a trigger, and something to do";
    Diagnostic::new(Code::MissingKey, span, headline).label("there is no node at all").help(match dialect {
        Dialect::Json => "a trigger is `{ \"id\": \"start\", \"type\": \"trigger\", \"trigger_type\": \"manual\" }`",
        Dialect::Flow => {
            "a trigger is written `manual start`, or `webhook new-order at \"orders\" { secret: WEBHOOK_SECRET }`"
        }
    })
}

/// Ids can be written behind a dot: `previous_outputs.process-payment`.
fn is_id(id: &str) -> bool {
    let letter = |char: char| char.is_ascii_alphabetic() || char == '_';
    id.len() <= ID_LENGTH_MAX
        && id.starts_with(letter)
        && !id.ends_with('-')
        && !id.contains("--")
        && id.chars().all(|char| letter(char) || char.is_ascii_digit() || char == '-')
}

fn bad_id(id: &ast::Text) -> Diagnostic {
    if id.value.len() > ID_LENGTH_MAX {
        let headline = format!("an id of {} characters", id.value.chars().count());
        return Diagnostic::new(Code::BadId, id.span, headline)
            .label("too long")
            .help(format!("an id has at most {ID_LENGTH_MAX}; what people shall read stands in `name`"));
    }
    let headline = match id.value.as_str() {
        "" => "the id of a node is empty".to_string(),
        id => format!("`{id}` cannot be the id of a node"),
    };
    let mut diagnostic = Diagnostic::new(Code::BadId, id.span, headline)
        .label("not an id")
        .help("an id starts with a letter and holds letters, digits, `_` and single `-`, as in `process-payment`");
    let mut proposal = String::new();
    for char in id.value.chars() {
        match char {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => proposal.push(char.to_ascii_lowercase()),
            _ if !proposal.is_empty() && !proposal.ends_with('-') => proposal.push('-'),
            _ => {}
        }
    }
    let proposal = proposal.trim_end_matches('-');
    // With letters left out it would be no word.
    if is_id(proposal) && !id.value.contains(|char: char| char.is_alphabetic() && !char.is_ascii()) {
        diagnostic = diagnostic.help(format!("for example `{proposal}`"));
    }
    diagnostic
}
