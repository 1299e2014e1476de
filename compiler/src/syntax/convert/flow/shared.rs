//! What several nodes share: services with an address and a key, mail servers.

use super::{Writer, block, is_unsaid, item, pair, word};
use crate::catalog::BODY_TYPE;
use crate::syntax::ast::{self, Entry, Node, Object, Part, Text, Value, ValueKind, Workflow};
use crate::syntax::flow::synthetic;
use crate::syntax::flow::tree::{Item, ItemKind};
use crate::syntax::flow::words;
use std::collections::{BTreeMap, BTreeSet};

/// The keys of a mail that say which server it goes through.
pub(super) const SERVER: [&str; 5] = ["smtp_server", "smtp_port", "username", "password", "use_tls"];

/// What was found, by the position of the node.
pub(super) struct Shared {
    pub items: Vec<Item>,
    pub apis: BTreeMap<usize, Api>,
    pub servers: BTreeMap<usize, String>,
    /// Who sends what goes through the node's server, unless the node says so.
    pub senders: BTreeMap<usize, String>,
}

/// What a node takes from an api.
pub(super) struct Api {
    pub name: String,
    /// What follows the api's own URL.
    pub path: Text,
    /// How many of the node's first headers stand there.
    pub headers: usize,
}

pub(super) fn find(writer: &Writer, workflow: &Workflow) -> Shared {
    let mut shared =
        Shared { items: Vec::new(), apis: BTreeMap::new(), servers: BTreeMap::new(), senders: BTreeMap::new() };
    let mut taken = bare_urls(workflow);
    apis(writer, workflow, &mut taken, &mut shared);
    servers(writer, workflow, &mut shared);
    shared
}

/// Fields that are the whole URL of a request: `GET callback` asks an api where there is one of that name.
fn bare_urls(workflow: &Workflow) -> BTreeSet<String> {
    let field = |node: &Node| {
        let Some(Value { kind: ValueKind::String(url), .. }) = node.config.get("url") else { return None };
        let expression = url.value.strip_prefix("${")?.strip_suffix('}')?.trim();
        Some(expression.strip_prefix("input_data.")?.to_owned())
    };
    workflow.nodes.iter().filter_map(field).collect()
}

/// A node, its position, and the path it calls.
type Call<'a> = (usize, &'a Node, String);

fn apis(writer: &Writer, workflow: &Workflow, taken: &mut BTreeSet<String>, shared: &mut Shared) {
    // In the order in which the services are first called.
    let mut groups: Vec<(String, Vec<Call>)> = Vec::new();
    for (at, node) in workflow.nodes.iter().enumerate() {
        let Some(Value { kind: ValueKind::String(url), .. }) = node.config.get("url") else { continue };
        if node.word() != "http" {
            continue;
        }
        let Some((base, path)) = split(writer, url) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == base) {
            Some((_, nodes)) => nodes.push((at, node, path)),
            None => groups.push((base, vec![(at, node, path)])),
        }
    }
    let several = groups.len() > 1;
    for (base, nodes) in groups {
        let common = common_headers(nodes.iter().map(|(_, node, _)| *node));
        // What depends on the input is the request's own, even where all of them say it.
        let same = common.iter().take_while(|header| is_constant(writer, &header.value)).count();
        let common = &common[..same];
        // A service that is called once is worth a name where there are others, and it has more than an address.
        if nodes.len() < 2 && !(several && base.starts_with("${") && !common.is_empty()) {
            continue;
        }
        let name = unique(&name_of(&base), taken);
        let mut entries = vec![pair("url", writer.text(&synthetic(&base), false))];
        entries.extend(writer.headers(common));
        shared.items.push(item(ItemKind::Shared(word("api"), word(&name), block(entries))));
        for (at, _, path) in nodes {
            let path = synthetic(&path);
            shared.apis.insert(at, Api { name: name.clone(), path, headers: common.len() });
        }
    }
}

/// `${PAYMENT_API_URL}/charge`, `https://api.example.com/charge`: the service, and the rest.
fn split(writer: &Writer, url: &Text) -> Option<(String, String)> {
    let template = writer.respeller.template(url);
    let at = match template.parts.first()? {
        Part::Expression(expr, _) => {
            let ast::ExprKind::Name(name) = &expr.kind else { return None };
            let start = url.value.find('}')? + 1;
            crate::model::lower::expr::is_environment_name(name).then_some(start)?
        }
        Part::Literal(literal, _) => {
            let host = literal.find("://")? + 3;
            host + literal[host..].find('/')?
        }
    };
    let (base, path) = url.value.split_at(at);
    (path.starts_with('/') && !path.starts_with("/$$")).then(|| (base.to_owned(), path.to_owned()))
}

/// The headers that all of them begin with.
fn common_headers<'a>(mut nodes: impl Iterator<Item = &'a Node>) -> Vec<Entry> {
    let headers = |node: &'a Node| match node.config.get("headers") {
        Some(Value { kind: ValueKind::Object(object), .. }) => said_headers(object, node.config.get("body")),
        _ => Vec::new(),
    };
    let mut common = nodes.next().map_or_else(Vec::new, headers);
    for node in nodes {
        let others = headers(node);
        let same = common
            .iter()
            .zip(&others)
            .take_while(|(left, right)| left.key.value == right.key.value && same_value(&left.value, &right.value));
        let same = same.count();
        common.truncate(same);
    }
    common
}

/// Headers, without the type that a body of data has anyway.
pub(super) fn said_headers(headers: &Object, body: Option<&Value>) -> Vec<Entry> {
    let has_data = body.is_some_and(|body| !matches!(body.kind, ValueKind::String(_)));
    let is_body_type = |header: &Entry| {
        let is_json = matches!(&header.value.kind, ValueKind::String(text) if text.value == BODY_TYPE.1);
        has_data && is_json && header.key.value.eq_ignore_ascii_case(BODY_TYPE.0)
    };
    headers.entries.iter().filter(|header| !is_body_type(header)).cloned().collect()
}

/// `Shop <orders@example.com>`, where both are text that says nothing else that way.
pub(super) fn sender(name: Option<&Value>, address: Option<&Value>) -> Option<String> {
    let plain = |value: Option<&Value>| match &value?.kind {
        ValueKind::String(Text { value: text, .. }) => {
            let plain = !text.is_empty() && text.trim() == text && !text.contains(['<', '>']);
            plain.then(|| text.clone())
        }
        _ => None,
    };
    Some(format!("{} <{}>", plain(name)?, plain(address)?))
}

/// Whether the value is known before the input is.
fn is_constant(writer: &Writer, value: &Value) -> bool {
    let ValueKind::String(text) = &value.kind else { return true };
    writer.respeller.template(text).parts.iter().all(|part| match part {
        Part::Literal(..) => true,
        Part::Expression(expr, _) => {
            matches!(&expr.kind, ast::ExprKind::Name(name) if crate::model::lower::expr::is_environment_name(name))
        }
    })
}

/// Whether two values say the same, wherever they stand.
pub(super) fn same_value(left: &Value, right: &Value) -> bool {
    match (&left.kind, &right.kind) {
        (ValueKind::Null, ValueKind::Null) => true,
        (ValueKind::Bool(left), ValueKind::Bool(right)) => left == right,
        (ValueKind::Number(left, _), ValueKind::Number(right, _)) => left == right,
        (ValueKind::String(left), ValueKind::String(right)) => left.value == right.value,
        (ValueKind::Array(left), ValueKind::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_value(left, right))
        }
        (ValueKind::Object(left), ValueKind::Object(right)) => {
            left.entries.len() == right.entries.len()
                && left
                    .entries
                    .iter()
                    .zip(&right.entries)
                    .all(|(left, right)| left.key.value == right.key.value && same_value(&left.value, &right.value))
        }
        _ => false,
    }
}

/// The token of `Authorization: Bearer …`.
pub(super) fn bearer(header: &Entry) -> Option<Text> {
    match &header.value.kind {
        ValueKind::String(text) if header.key.value == "Authorization" => {
            let token = text.value.strip_prefix("Bearer ")?;
            // `Bearer` twice is what the author wrote, and `bearer` would not take it.
            (!token.is_empty() && !token.starts_with("Bearer ")).then(|| synthetic(token))
        }
        _ => None,
    }
}

/// `${PAYMENT_API_URL}` → `payment`, `https://api.example.com` → `example`.
fn name_of(base: &str) -> String {
    if let Some(variable) = base.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        let variable = variable.trim();
        let stem =
            ["_API_URL", "_BASE_URL", "_SERVICE_URL", "_URL", "_API"].iter().find_map(|end| variable.strip_suffix(end));
        return stem.filter(|stem| !stem.is_empty()).unwrap_or(variable).to_ascii_lowercase().replace('_', "-");
    }
    let host = base.split("://").nth(1).unwrap_or("service").split([':', '$', '@']).next().unwrap_or_default();
    let label = host.split('.').find(|label| !matches!(*label, "api" | "www"));
    label.unwrap_or("service").to_ascii_lowercase()
}

/// A name that can stand there and that nothing else has.
fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let name = if crate::syntax::flow::read::is_name(name) { name } else { "service" };
    let mut unique = name.to_owned();
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{name}-{number}");
        number += 1;
    }
    unique
}

fn servers(writer: &Writer, workflow: &Workflow, shared: &mut Shared) {
    let settings = |node: &'_ Node| -> Vec<Entry> {
        let entries = node.config.entries.iter().filter(|entry| SERVER.contains(&entry.key.value.as_str()));
        entries.cloned().collect()
    };
    let mut groups: Vec<(Vec<Entry>, Vec<usize>)> = Vec::new();
    for (at, node) in workflow.nodes.iter().enumerate().filter(|(_, node)| node.word() == "send_email") {
        let own = settings(node);
        let same = |known: &[Entry]| {
            known.len() == own.len()
                && known
                    .iter()
                    .zip(&own)
                    .all(|(left, right)| left.key.value == right.key.value && same_value(&left.value, &right.value))
        };
        match groups.iter_mut().find(|(known, _)| same(known)) {
            Some((_, nodes)) => nodes.push(at),
            None => groups.push((own, vec![at])),
        }
    }
    let mut taken = BTreeSet::new();
    for (settings, nodes) in groups {
        if nodes.len() < 2 || settings.is_empty() {
            continue;
        }
        let name = unique("mail", &mut taken);
        let entries = settings.iter().filter(|entry| !is_unsaid("send_email", entry));
        let entries = entries
            .map(|entry| pair(words::flow_key("send_email", &entry.key.value), writer.value(&entry.value, None)));
        let mut entries: Vec<_> = entries.collect();
        if let Some(sender) = usual_sender(writer, nodes.iter().map(|at| &workflow.nodes[*at])) {
            entries.push(pair("from", writer.text(&synthetic(&sender), false)));
            shared.senders.extend(nodes.iter().map(|at| (*at, sender.clone())));
        }
        shared.items.push(item(ItemKind::Shared(word("smtp"), word(&name), block(entries))));
        shared.servers.extend(nodes.into_iter().map(|at| (at, name.clone())));
    }
}

/// Who sends most of these mails, where each of them says who does. What depends on the input is the mail's own.
fn usual_sender<'a>(writer: &Writer, nodes: impl Iterator<Item = &'a Node>) -> Option<String> {
    let of = |node: &'a Node| {
        let [name, address] = ["from_name", "from_email"].map(|key| node.config.get(key));
        let is_usual = [name, address].into_iter().flatten().all(|value| is_constant(writer, value));
        is_usual.then(|| sender(name, address)).flatten()
    };
    let senders = nodes.map(of).collect::<Option<Vec<String>>>()?;
    let count = |sender: &String| senders.iter().filter(|other| *other == sender).count();
    // Of several the first.
    let most = senders.iter().map(count).max().filter(|most| *most > 1)?;
    senders.iter().find(|sender| count(sender) == most).cloned()
}
