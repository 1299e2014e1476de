//! The block of a node, and the shared settings it uses → `config`.

use super::Builder;
use super::request::unknown_base;
use super::value::string;
use crate::catalog::{self, KeyType};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Text};
use crate::syntax::flow::mistake;
use crate::syntax::flow::read::text_of;
use crate::syntax::flow::text::{self, joined};
use crate::syntax::flow::tree::{Block, Entry, EntryKind, Key, Value, ValueKind, Word};
use crate::syntax::flow::words;
use std::collections::BTreeSet;

/// A `config` as it grows: what the node says wins over what it shares.
#[derive(Clone)]
pub(super) struct Config {
    pub kind: String,
    /// Entries from here on are the node's own.
    own: usize,
    entries: Vec<ast::Entry>,
    headers: Vec<ast::Entry>,
    headers_span: Option<Span>,
    own_headers: usize,
    /// Of an api: the first part of every URL.
    pub base: Option<ast::Entry>,
    pub request: Option<Span>,
    /// What is said in two ways: where again, and where first.
    twice: Vec<(Text, Span)>,
}

impl Config {
    pub fn new(kind: &str) -> Config {
        Config {
            kind: kind.to_owned(),
            own: 0,
            entries: Vec::new(),
            headers: Vec::new(),
            headers_span: None,
            own_headers: 0,
            base: None,
            request: None,
            twice: Vec::new(),
        }
    }

    /// What comes from now on is the node's own.
    pub fn begin_own(&mut self) {
        self.own = self.entries.len();
        self.own_headers = self.headers.len();
    }

    pub fn push(&mut self, key: &str, at: Span, value: ast::Value) {
        self.add(text::synthetic(key, at), value);
    }

    pub fn add(&mut self, key: Text, value: ast::Value) {
        self.forget_shared(&key.value);
        if let Some(first) = self.entries[self.own..].iter().find(|entry| entry.key.value == key.value) {
            self.twice.push((key, first.key.span));
            return;
        }
        self.entries.push(ast::Entry { key, value });
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key.value == key)
    }

    /// What stands in it twice, once by its key and once in a form of its own: `POST "…"` and `method: "PUT"`.
    pub fn said_twice(&mut self) -> Vec<Diagnostic> {
        let found = std::mem::take(&mut self.twice).into_iter().map(|(again, first)| {
            Diagnostic::new(Code::DuplicateKey, again.span, format!("`{}` is said twice in this block", again.value))
                .label("again here")
                .also(first, "first here")
                .help("keep one of them")
        });
        found.collect()
    }

    /// As what it is written: the entries of an api or a mail server.
    pub fn as_shared(&self, span: Span) -> ast::Object {
        let mut shared = self.clone();
        shared.entries.extend(shared.base.take());
        shared.finish(span)
    }

    /// What is shared does not count where the node says it in another way.
    fn forget_shared(&mut self, key: &str) {
        if let Some(shared) = self.entries[..self.own].iter().position(|entry| entry.key.value == key) {
            self.entries.remove(shared);
            self.own -= 1;
        }
    }

    fn header(&mut self, entry: ast::Entry, block: Span) {
        let same = |other: &ast::Entry| other.key.value.eq_ignore_ascii_case(&entry.key.value);
        if let Some(shared) = self.headers[..self.own_headers].iter().position(same) {
            self.headers.remove(shared);
            self.own_headers -= 1;
        }
        self.headers.push(entry);
        self.headers_span = Some(block);
    }

    pub fn finish(mut self, span: Span) -> ast::Object {
        // Of a wrong type they stand among the entries.
        let is_wrong = self.entries[self.own..].iter().any(|entry| entry.key.value == "headers");
        if let Some(headers) = self.headers_span.filter(|_| !is_wrong) {
            let value =
                ast::ValueKind::Object(ast::Object { span: headers, entries: std::mem::take(&mut self.headers) });
            self.push("headers", headers, ast::Value { span: headers, kind: value });
        }
        ast::Object { span, entries: self.entries }
    }
}

impl<'a> Builder<'a, '_> {
    /// The block of an api or a mail server.
    pub(super) fn shared_block(&mut self, kind: &str, block: &'a Block) -> Config {
        let mut config = Config::new(kind);
        for entry in self.distinct(kind, block) {
            self.entry(&mut config, entry, true);
        }
        config.said_twice().into_iter().for_each(|twice| self.report(twice));
        config
    }

    /// The settings of an api or a mail server, before the node's own.
    pub(super) fn shared(&mut self, config: &mut Config, what: &'static str, name: &Word) {
        let lost: Vec<&str> = self.lost_names(what).collect();
        let all = if what == "api" { &mut self.apis } else { &mut self.servers };
        match all.get_mut(name.text.as_str()) {
            Some(declared) => {
                declared.used = true;
                *config = declared.what.clone();
            }
            None => {
                let known: Vec<String> = all.keys().chain(&lost).map(|name| (*name).to_owned()).collect();
                // Used, though by a wrong name: which one was meant, nobody knows.
                all.values_mut().for_each(|declared| declared.used = true);
                let names = known.iter().map(String::as_str);
                let words = if what == "api" { what } else { "mail server" };
                if !lost.contains(&name.text.as_str()) {
                    self.report(mistake::unknown_name(words, &name.text, name.span, names));
                }
                match what {
                    "api" => config.base = Some(unknown_base(name.span)),
                    _ => config.push("smtp_server", name.span, string(ast::UNKNOWN_HOST, name.span)),
                }
            }
        }
    }

    /// A mail needs a server: where what it goes `via` has none, that is said there.
    pub(super) fn lacking_server(&mut self, config: &mut Config, via: Option<&Word>) {
        let via = via.filter(|_| !config.has("smtp_server"));
        if let Some(shared) = via.and_then(|via| self.shared_named("smtp", &via.text)) {
            shared.lacks = Some("smtp_server");
            config.push("smtp_server", shared.name.span, string(ast::UNKNOWN_HOST, shared.name.span));
        }
    }

    pub(super) fn shared_named(&mut self, what: &str, name: &str) -> Option<&mut ast::Shared> {
        self.shared.iter_mut().find(|shared| shared.what == what && shared.name.value == name)
    }

    pub(super) fn entry(&mut self, config: &mut Config, entry: &'a Entry, shared: bool) {
        match &entry.kind {
            EntryKind::Pair(key, value) => self.pair(config, key, value, shared),
            EntryKind::Shorthand(bare) => {
                let kind = ast::ValueKind::String(text::template(&bare.text));
                let name = bare.name();
                let key = words::json_key(&config.kind, &name.value);
                config.push(key, bare.span, ast::Value { span: bare.span, kind });
            }
            EntryKind::Request { method, api, url } if config.kind == "http" && !shared => {
                self.request(config, entry.span, method, api.as_ref(), url);
            }
            EntryKind::Request { method, .. } => self.report(mistake::misplaced_request(method.span)),
        }
    }

    fn pair(&mut self, config: &mut Config, key: &'a Key, value: &'a Value, shared: bool) {
        let name = key.text.value.as_str();
        let kind = config.kind.clone();
        match (kind.as_str(), name, &value.kind) {
            ("http", "url", _) if shared => {
                let value = self.value(value, Some(KeyType::Text));
                config.base = Some(ast::Entry { key: key.text.clone(), value });
            }
            ("http", "bearer", _) => {
                let token = self.value(value, Some(KeyType::Text));
                let ast::ValueKind::String(token) = token.kind else {
                    let headline = format!("`bearer` takes text, not {}", super::describe(&value.kind));
                    self.report(Diagnostic::new(Code::WrongType, value.span, headline).label("expected text"));
                    return;
                };
                if let Some(rest) = token.value.strip_prefix(BEARER) {
                    self.report(bearer_twice(rest, value.span));
                    return;
                }
                let mut header = text::Builder::new();
                header.push(BEARER, value.span.start);
                header.append(&token);
                let header = ast::ValueKind::String(header.finish(value.span));
                let header = ast::Value { span: value.span, kind: header };
                let name = text::synthetic("Authorization", key.text.span);
                config.header(ast::Entry { key: name, value: header }, key.text.span);
            }
            ("http", "headers", ValueKind::Object(block)) => {
                let mut names = BTreeSet::new();
                for entry in self.object(block, None).entries {
                    // That a name stands there twice has been said.
                    if names.insert(entry.key.value.clone()) {
                        config.header(entry, block.span);
                    }
                }
                config.headers_span = Some(block.span);
            }
            ("http" | "send_email" | "rust", "retry", _) => self.retry(config, key, value),
            ("http", "cache", ValueKind::Duration(_) | ValueKind::Number(_)) => {
                let ttl = ast::Entry { key: text::synthetic("ttl", value.span), value: self.value(value, None) };
                let object = ast::Object { span: value.span, entries: vec![ttl] };
                let kind = ast::ValueKind::Object(object);
                config.add(key.text.clone(), ast::Value { span: value.span, kind });
            }
            ("send_email", "template", ValueKind::Filled(strings, vars)) => {
                let name = joined(strings);
                let span = name.span;
                config.add(key.text.clone(), ast::Value { span, kind: ast::ValueKind::String(name) });
                let vars = ast::Value { span: vars.span, kind: ast::ValueKind::Object(self.object(vars, None)) };
                config.push("template_vars", span, vars);
            }
            ("send_email", "from", ValueKind::Text(strings)) => self.sender(config, key, &joined(strings)),
            ("data_transform", _, _) if words::TRANSFORMS.iter().any(|(here, ..)| *here == name) => {
                self.transform(config, key, value);
            }
            ("data_transform", "transform" | "operation", ValueKind::Text(strings)) => {
                let named = joined(strings);
                let known =
                    words::TRANSFORMS.iter().find(|(here, json, _)| [*here, *json].contains(&named.value.as_str()));
                let Some((word, json, _)) = known.filter(|_| config.request.is_none()) else {
                    config.add(key.text.clone(), self.value(value, None));
                    return;
                };
                self.report(mistake::transform_by_name(key.text.span, name, word));
                config.request = Some(key.text.span);
                config.push("transform_type", key.text.span, string(json, key.text.span));
            }
            _ => {
                let json = words::json_key(&config.kind, name);
                let ty = catalog::kind(&config.kind).and_then(|kind| kind.key(json)).map(|key| key.ty);
                let ty = ty.filter(|ty| !matches!(ty, KeyType::Fields));
                // The field of an item may stand in quotes: it is a path, and no expression.
                let quoted = name == "field" && matches!(value.kind, ValueKind::Text(_));
                let value = self.value(value, ty.filter(|_| !quoted));
                let mut written = key.text.clone();
                if json != name {
                    written = text::synthetic(json, written.span);
                }
                config.add(written, value);
            }
        }
    }

    /// `"Shop <orders@example.com>"` is a name and an address.
    fn sender(&mut self, config: &mut Config, key: &Key, from: &Text) {
        let text = |text: Text| ast::Value { span: text.span, kind: ast::ValueKind::String(text) };
        let whole = from.value.as_str();
        match whole.strip_suffix('>').and_then(|rest| rest.rfind('<')) {
            Some(open) => {
                let name = whole[..open].trim_end().len();
                config.push("from_email", key.text.span, text(slice(from, open + 1, whole.len() - 1)));
                if name > 0 {
                    config.push("from_name", key.text.span, text(slice(from, 0, name)));
                }
            }
            None => config.push("from_email", key.text.span, text(from.clone())),
        }
    }

    /// `3 every 2s`, `5 from 1s to 30s jitter`
    fn retry(&mut self, config: &mut Config, key: &Key, value: &'a Value) {
        config.forget_shared("retry_delay");
        let ValueKind::Retry(retry) = &value.kind else {
            let count = self.value(value, Some(KeyType::Count));
            config.push("retry_count", key.text.span, count);
            return;
        };
        let count = self.value(&retry.count, Some(KeyType::Count));
        config.push("retry_count", key.text.span, count);
        if let Some(every) = &retry.every {
            let delay = self.value(every, None);
            config.push("retry_delay", every.span, delay);
        }
        if let Some(from) = &retry.from {
            let mut entries = vec![ast::Entry {
                key: text::synthetic("strategy", from.span),
                value: string("exponential", from.span),
            }];
            let mut add = |name: &str, value: ast::Value| {
                entries.push(ast::Entry { key: text::synthetic(name, value.span), value });
            };
            add("initial", self.value(from, None));
            if let Some(to) = &retry.to {
                add("max", self.value(to, None));
            }
            if let Some(span) = retry.jitter {
                add("jitter", ast::Value { span, kind: ast::ValueKind::Bool(true) });
            }
            let delay = ast::ValueKind::Object(ast::Object { span: value.span, entries });
            config.push("retry_delay", from.span, ast::Value { span: value.span, kind: delay });
        }
    }

    /// `filter: item.price > 10`
    fn transform(&mut self, config: &mut Config, key: &'a Key, value: &'a Value) {
        let name = key.text.value.as_str();
        let Some((_, transform, of)) = words::TRANSFORMS.iter().find(|(here, ..)| *here == name) else { return };
        if let Some(first) = config.request.replace(key.text.span) {
            self.report(
                Diagnostic::new(Code::DuplicateKey, key.text.span, "a transform does one thing")
                    .label("a second one")
                    .also(first, "the first one")
                    .help("make another `transform` node of it, and connect the two in the `flow` block"),
            );
            return;
        }
        config.push("transform_type", key.text.span, string(transform, key.text.span));
        // `csv: true` takes every field there is.
        if let ("csv", ValueKind::Bool(true)) = (name, &value.kind) {
            return;
        }
        let ty = match *of {
            "field" if matches!(value.kind, ValueKind::Text(_)) => KeyType::Literal,
            "filter_condition" | "expression" | "field" => KeyType::Expression,
            _ if name == "add" => KeyType::Json,
            _ => KeyType::Fields,
        };
        if let ValueKind::Sorted(_, order) = &value.kind {
            let kind = ast::ValueKind::String(text_of(order));
            config.push("order", order.span, ast::Value { span: order.span, kind });
        }
        let value = self.value(value, Some(ty));
        config.push(of, key.text.span, value);
    }

    /// The entries of a block, without those that say a key again.
    pub(super) fn distinct(&mut self, kind: &str, block: &'a Block) -> Vec<&'a Entry> {
        let again = self.duplicates(kind, block);
        block.entries.iter().enumerate().filter(|(at, _)| !again.contains(at)).map(|(_, entry)| entry).collect()
    }
}

/// How a token is sent.
const BEARER: &str = "Bearer ";

fn bearer_twice(token: &str, span: Span) -> Diagnostic {
    let expression = token.trim().strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let token = match expression.filter(|inside| !inside.contains("${")) {
        Some(expression) => expression.to_owned(),
        None => format!("\"{token}\""),
    };
    Diagnostic::new(Code::BadHeader, span, "`bearer` puts the word `Bearer` in front of the token itself")
        .label("would be sent twice")
        .help(format!("write `bearer: {token}`"))
}

/// A part of a text; both ends are character boundaries.
pub(super) fn slice(text: &Text, start: usize, end: usize) -> Text {
    let span = text.span_of(start..end);
    if text.map.is_empty() {
        return text::synthetic(&text.value[start..end], span);
    }
    let mut map = vec![(0, span.start)];
    let inside = text.map.iter().filter(|(decoded, _)| (*decoded as usize) > start && (*decoded as usize) < end);
    map.extend(inside.map(|&(decoded, source)| (decoded - start as u32, source)));
    Text { value: text.value[start..end].to_owned(), span, map }
}
