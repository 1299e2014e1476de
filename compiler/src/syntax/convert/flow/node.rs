//! One node: what its kind has words for, and the rest key by key.

use super::shared::{Shared, bearer, said_headers, sender};
use super::{
    NOWHERE, Writer, block, documentation, entry, is_unsaid, item, key, literal, names, pair, string, value, word,
};
use crate::catalog::{self, KeyType};
use crate::syntax::ast::{self, Object, Text, Workflow};
use crate::syntax::flow::tree::{Call, EntryKind, Item, ItemKind, Node, Retry, Ty, Value, ValueKind};
use crate::syntax::flow::{read, words};

/// The keys of a `config` that are not said yet.
pub(super) struct Rest<'a> {
    pub entries: Vec<&'a ast::Entry>,
}

impl<'a> Rest<'a> {
    fn new(config: &'a Object) -> Rest<'a> {
        Rest { entries: config.entries.iter().collect() }
    }

    pub fn peek(&self, key: &str) -> Option<&'a ast::Value> {
        self.entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value)
    }

    pub fn take(&mut self, key: &str) -> Option<&'a ast::Value> {
        let at = self.entries.iter().position(|entry| entry.key.value == key)?;
        Some(&self.entries.remove(at).value)
    }

    /// Forgets what holds anyway.
    fn leave_unsaid(&mut self, kind: &str) {
        self.entries.retain(|entry| !is_unsaid(kind, entry));
    }

    fn text(&self, key: &str) -> Option<&'a Text> {
        match &self.peek(key)?.kind {
            ast::ValueKind::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Writer {
    pub(super) fn node(&mut self, workflow: &Workflow, at: usize, node: &ast::Node, shared: &Shared) -> Item {
        let kind = node.word();
        let mut written = Node {
            kind: word(words::word(kind)),
            id: word(&node.id.value),
            input: None,
            clauses: Vec::new(),
            call: None,
            output: None,
            block: None,
        };
        let mut rest = Rest::new(&node.config);
        let mut entries = Vec::new();
        let docs = documentation(&mut entries, node.name.as_ref(), node.description.as_ref());
        match kind {
            "webhook" => {
                if let Some(path) = rest.text("webhook_id") {
                    rest.take("webhook_id");
                    written.clauses.push((word("at"), self.text(path, false)));
                }
                written.input = self.schema(&mut rest, "input_schema", &node.id.value, "Input");
            }
            "manual" => written.input = self.schema(&mut rest, "input_schema", &node.id.value, "Input"),
            "schedule" => self.schedule(&mut rest, &mut written),
            "http" => {
                written.output = self.schema(&mut rest, "response_schema", &node.id.value, "Answer");
                rest.leave_unsaid(kind);
                self.request(at, &mut rest, &mut entries, shared);
            }
            "send_email" => self.mail(at, &mut rest, &mut written, &mut entries, shared),
            "data_transform" => self.transform(&mut rest, &mut entries),
            "rust" => {
                rest.leave_unsaid(kind);
                written.call = self.call(&mut rest);
                written.output = self.schema(&mut rest, "result_schema", &node.id.value, "Result");
            }
            _ => {}
        }
        self.remaining(kind, &mut rest, &mut entries);
        let unconnected = node.dependencies.iter().filter(|dependency| {
            let edge = |connection: &ast::Connection| {
                connection.from.value == dependency.value && connection.to.value == node.id.value
            };
            !workflow.connections.iter().any(edge)
        });
        let unconnected: Vec<Text> = unconnected.cloned().collect();
        if !unconnected.is_empty() {
            entries.push(pair("dependencies", names(&unconnected)));
        }
        if !node.allow.is_empty() {
            entries.push(pair("allow", names(&node.allow)));
        }
        if !entries.is_empty() {
            written.block = Some(block(entries));
        }
        Item { docs, ..item(ItemKind::Node(Box::new(written))) }
    }

    /// Every key that has no form of its own.
    fn remaining(&self, kind: &str, rest: &mut Rest, entries: &mut Vec<super::Entry>) {
        let retry = matches!(kind, "http" | "send_email" | "rust").then(|| self.retry(rest)).flatten();
        for field in std::mem::take(&mut rest.entries) {
            let name = field.key.value.as_str();
            let ty = catalog::kind(kind).and_then(|spec| spec.key(name)).map(|key| key.ty);
            let prose = kind == "send_email" && matches!(name, "body" | "html");
            let value = match (&field.value.kind, ty) {
                (ast::ValueKind::String(text), _) if prose => self.text(text, true),
                (ast::ValueKind::String(text), Some(KeyType::Expression)) if name == "field" => self.field(text),
                (ast::ValueKind::Object(object), Some(KeyType::Cache)) => match object.entries.as_slice() {
                    [only] if only.key.value == "ttl" => self.value(&only.value, Some(KeyType::Seconds)),
                    _ => self.value(&field.value, ty),
                },
                _ => self.value(&field.value, ty),
            };
            entries.push(pair(words::flow_key(kind, name), value));
        }
        if let Some(retry) = retry {
            entries.push(pair("retry", retry));
        }
    }

    /// `retry_count` and `retry_delay` in one.
    fn retry(&self, rest: &mut Rest) -> Option<Value> {
        let count = rest.peek("retry_count")?;
        let seconds = |of: &ast::Value| self.value(of, Some(KeyType::Seconds));
        let mut retry =
            Retry { count: Box::new(self.value(count, None)), every: None, from: None, to: None, jitter: None };
        match rest.peek("retry_delay").map(|delay| &delay.kind) {
            None => {}
            Some(ast::ValueKind::Number(..)) => {
                retry.every = rest.peek("retry_delay").map(|delay| Box::new(seconds(delay)));
            }
            Some(ast::ValueKind::Object(object)) => {
                let get =
                    |key: &str| object.entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value);
                let exponential = matches!(get("strategy"), Some(ast::Value { kind: ast::ValueKind::String(text), .. }) if text.value == "exponential");
                let known = object
                    .entries
                    .iter()
                    .all(|entry| ["strategy", "initial", "max", "jitter"].contains(&&*entry.key.value));
                let initial = get("initial").filter(|_| exponential && known)?;
                retry.from = Some(Box::new(seconds(initial)));
                retry.to = get("max").map(|max| Box::new(seconds(max)));
                match get("jitter").map(|jitter| &jitter.kind) {
                    Some(ast::ValueKind::Bool(true)) => retry.jitter = Some(NOWHERE),
                    Some(ast::ValueKind::Bool(false)) | None => {}
                    Some(_) => return None,
                }
            }
            Some(_) => return None,
        }
        rest.take("retry_count");
        rest.take("retry_delay");
        Some(match retry.every.is_none() && retry.from.is_none() {
            true => *retry.count,
            false => value(ValueKind::Retry(retry)),
        })
    }

    fn schedule(&self, rest: &mut Rest, written: &mut Node) {
        let ty = rest.text("schedule_type").map(|text| text.value.as_str());
        let (clause, of, other) = match ty {
            Some("cron") => ("cron", "cron_expression", "interval_seconds"),
            Some("interval") => ("every", "interval_seconds", "cron_expression"),
            _ => return,
        };
        let Some(of) = rest.peek(of).filter(|_| rest.peek(other).is_none()) else { return };
        let of = self.value(of, Some(KeyType::Seconds));
        written.clauses.push((word(clause), of));
        for key in ["schedule_type", "cron_expression", "interval_seconds"] {
            rest.take(key);
        }
        if let Some(zone) = rest.take("timezone") {
            written.clauses.push((word("in"), self.value(zone, None)));
        }
    }

    fn request(&self, at: usize, rest: &mut Rest, entries: &mut Vec<super::Entry>, shared: &Shared) {
        let Some(url) = rest.text("url") else { return };
        let method = rest.text("method");
        if rest.peek("method").is_some() && !method.is_some_and(|method| read::is_name(&method.value)) {
            return;
        }
        let method = word(method.map_or("GET", |method| &method.value));
        rest.take("method");
        rest.take("url");
        let api = shared.apis.get(&at);
        let url = match api {
            Some(api) => self.text(&api.path, false),
            None => self.text(url, false),
        };
        let api_name = api.map(|api| word(&api.name));
        entries.push(entry(EntryKind::Request { method, api: api_name, url }));
        let common = api.map_or(0, |api| api.headers);
        if let Some(ast::Value { kind: ast::ValueKind::Object(headers), .. }) = rest.peek("headers") {
            rest.take("headers");
            entries.extend(self.headers(&said_headers(headers, rest.peek("body"))[common..]));
            if headers.entries.is_empty() {
                entries.push(pair("headers", value(ValueKind::Object(block(Vec::new())))));
            }
        }
    }

    /// Headers, a bearer's token in its own words.
    pub(super) fn headers(&self, headers: &[ast::Entry]) -> Vec<super::Entry> {
        let mut entries = Vec::new();
        let mut plain = headers;
        if let Some((first, others)) = headers.split_first()
            && let Some(token) = bearer(first)
        {
            entries.push(pair("bearer", self.text(&token, false)));
            plain = others;
        }
        if !plain.is_empty() {
            let headers = plain.iter().map(|header| pair(&header.key.value, self.value(&header.value, None)));
            entries.push(pair("headers", value(ValueKind::Object(block(headers.collect())))));
        }
        entries
    }

    fn mail(&self, at: usize, rest: &mut Rest, written: &mut Node, entries: &mut Vec<super::Entry>, shared: &Shared) {
        if let Some(server) = shared.servers.get(&at) {
            let name = read::bare(server).map_or_else(|| literal(server), |bare| value(ValueKind::Bare(bare)));
            written.clauses.push((word("via"), name));
            for key in super::shared::SERVER {
                rest.take(key);
            }
        } else {
            rest.leave_unsaid("send_email");
        }
        if let Some(whole) = sender(rest.peek("from_name"), rest.peek("from_email")) {
            rest.take("from_name");
            rest.take("from_email");
            if shared.senders.get(&at) != Some(&whole) {
                entries.push(pair("from", self.text(&crate::syntax::flow::synthetic(&whole), false)));
            }
        } else if rest.text("from_email").is_some_and(|address| address.value.ends_with('>')) {
            // Would be taken apart.
            return;
        }
        if let (Some(name), Some(ast::Value { kind: ast::ValueKind::Object(vars), .. })) =
            (rest.text("template"), rest.peek("template_vars"))
        {
            rest.take("template");
            rest.take("template_vars");
            let filled = ValueKind::Filled(vec![string(&name.value)], self.object(vars, None));
            self.remaining_before("template", rest, entries);
            entries.push(pair("template", value(filled)));
        }
    }

    /// Addresses and subject come before what the mail says.
    fn remaining_before(&self, _what: &str, rest: &mut Rest, entries: &mut Vec<super::Entry>) {
        for name in ["from_email", "from_name", "to_email", "cc", "bcc", "reply_to", "subject"] {
            if let Some(of) = rest.take(name) {
                entries.push(pair(words::flow_key("send_email", name), self.value(of, None)));
            }
        }
    }

    fn transform(&self, rest: &mut Rest, entries: &mut Vec<super::Entry>) {
        let Some(ty) = rest.text("transform_type") else { return };
        let Some((verb, json, of)) = words::TRANSFORMS.iter().find(|(_, json, _)| *json == ty.value) else { return };
        // A key that this transform does not read stays what it is.
        let reads =
            |key: &str| key == *of || matches!(key, "transform_type" | "input") || key == "order" && *verb == "sort";
        if !rest.entries.iter().all(|entry| reads(&entry.key.value)) {
            return;
        }
        let written = match rest.peek(of) {
            Some(written) => written,
            None if *json == "json_to_csv" => {
                rest.take("transform_type");
                entries.push(pair(verb, value(ValueKind::Bool(true))));
                return;
            }
            None => return,
        };
        let of_value = match (*of, *verb) {
            ("fields", "add") => self.value(written, None),
            ("fields", _) => paths(written),
            _ => match &written.kind {
                ast::ValueKind::String(text) if *of == "field" => self.field(text),
                ast::ValueKind::String(text) => self.expression(text),
                _ => return,
            },
        };
        let of_value = match (of_value.kind, rest.text("order").map(|order| order.value.as_str())) {
            (ValueKind::Bare(bare), Some(order)) => value(ValueKind::Sorted(bare, word(order))),
            (_, Some(_)) => return,
            (kind, None) => value(kind),
        };
        rest.take("transform_type");
        rest.take(of);
        rest.take("order");
        entries.push(super::entry(EntryKind::Pair(key(verb), of_value)));
        if let Some(input) = rest.take("input") {
            entries.insert(entries.len() - 1, pair("input", self.value(input, None)));
        }
    }

    /// `function` and `arguments` as a call; `None` where the one is no path or the other no array.
    fn call(&self, rest: &mut Rest) -> Option<Call> {
        let function = rest.text("function").filter(|function| is_path(&function.value))?;
        let arguments = match rest.peek("arguments").map(|arguments| &arguments.kind) {
            // Without any, the key would be gone on the way back.
            Some(ast::ValueKind::Array(items)) if !items.is_empty() => items.as_slice(),
            None => &[],
            Some(_) => return None,
        };
        let arguments = arguments.iter().map(|argument| crate::syntax::flow::tree::Element {
            around: super::Around::default(),
            value: self.value(argument, None),
        });
        let call = Call {
            function: crate::syntax::flow::synthetic(&function.value),
            arguments: arguments.collect(),
            span: NOWHERE,
            end: Vec::new(),
        };
        rest.take("function");
        rest.take("arguments");
        Some(call)
    }

    /// The type for a schema, taken out of the `config`; where no type says exactly that, the schema stays there.
    fn schema(&mut self, rest: &mut Rest, key: &str, id: &str, what: &str) -> Option<Ty> {
        let ty = super::ty::of_schema(rest.peek(key)?)?;
        rest.take(key);
        Some(self.named(ty, id, what))
    }
}

/// `crate::fraud::check`, of names that both languages know.
fn is_path(function: &str) -> bool {
    function.strip_prefix("::").unwrap_or(function).split("::").all(read::is_name)
}

/// Names and dotted paths, without quotes where they read as such.
fn paths(of: &ast::Value) -> Value {
    let path = |text: &Text| match read::bare(&text.value) {
        Some(bare)
            if bare.tokens.iter().all(|(_, token)| token == "." || read::is_name(token))
                && !super::is_word_of_json(&text.value) =>
        {
            value(ValueKind::Bare(bare))
        }
        _ => literal(&text.value),
    };
    let leaf = |of: &ast::Value| match &of.kind {
        ast::ValueKind::String(text) => path(text),
        _ => value(ValueKind::Null),
    };
    match &of.kind {
        ast::ValueKind::Array(items) => {
            let elements = items
                .iter()
                .map(|item| crate::syntax::flow::tree::Element { around: super::Around::default(), value: leaf(item) });
            value(ValueKind::Array(elements.collect(), Vec::new()))
        }
        ast::ValueKind::Object(object) => {
            let entries = object.entries.iter().map(|entry| pair(&entry.key.value, leaf(&entry.value)));
            value(ValueKind::Object(block(entries.collect())))
        }
        _ => value(ValueKind::Null),
    }
}
