//! One node: its header, its block, its name.

use super::config::Config;
use super::value::string;
use super::{Builder, documentation};
use crate::catalog::{self, KeyType};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Text};
use crate::syntax::flow::read::text_of;
use crate::syntax::flow::token::Comment;
use crate::syntax::flow::tree::{EntryKind, Node, Ty, Word};
use crate::syntax::flow::words;

impl<'a> Builder<'a, '_> {
    pub(super) fn node(&mut self, node: &'a Node, span: Span, docs: &[Comment]) -> ast::Node {
        let kind = words::kind(&node.kind.text).unwrap_or(&node.kind.text);
        // Of a kind that nobody knows only that is said, and nothing of what it has.
        let known = self.diagnostics.count();
        let is_known = catalog::kind(kind).is_some();
        let mut config = Config::new(kind);
        let via = self.shared_settings(&mut config, node);
        config.begin_own();
        self.clauses(&mut config, node);
        let (mut name, mut description) = documentation(docs);
        let mut dependencies: Vec<Text> = self.needed.remove(&node.id.text).unwrap_or_default();
        let mut allow = Vec::new();
        if let Some(block) = &node.block {
            for entry in self.distinct(kind, block) {
                let EntryKind::Pair(key, value) = &entry.kind else {
                    self.entry(&mut config, entry, false);
                    continue;
                };
                match key.text.value.as_str() {
                    "name" => self.said_of_itself(&mut name, key, value),
                    "description" => self.said_of_itself(&mut description, key, value),
                    "dependencies" => dependencies.extend(self.names(value, "a dependency")),
                    "allow" => allow = self.names(value, "an entry of `allow`"),
                    _ => self.entry(&mut config, entry, false),
                }
            }
        }
        self.lacking_server(&mut config, via.as_ref());
        config.said_twice().into_iter().for_each(|twice| self.report(twice));
        if !is_known {
            self.diagnostics.forget(known);
            self.mark_all_used();
        }
        let block = node.block.as_ref().map_or(node.id.span.after(), |block| block.span);
        let kind_text = Text::verbatim(kind.to_owned(), node.kind.span, node.kind.span.start);
        ast::Node {
            span,
            id: text_of(&node.id),
            kind: Some(kind_text),
            trigger: catalog::kind(kind).is_some_and(|spec| spec.trigger),
            name,
            description,
            config: config.finish(block),
            dependencies,
            allow,
        }
    }

    /// What `via mail` and `POST shop "/…"` name. Gives the mail server, where there is one.
    fn shared_settings(&mut self, config: &mut Config, node: &'a Node) -> Option<Word> {
        let mut via: Option<Word> = None;
        let clauses = node.clauses.iter().filter(|(clause, _)| clause.text == "via" && config.kind == "send_email");
        for name in clauses.flat_map(|(_, value)| self.names(value, "a mail server")).collect::<Vec<_>>() {
            if let Some(first) = &via {
                self.report(
                    Diagnostic::new(Code::DuplicateKey, name.span, "a mail goes through one server")
                        .label("a second one")
                        .also(first.span, "the first one")
                        .help("keep one of them"),
                );
                continue;
            }
            let word = Word { text: name.value.clone(), span: name.span, quoted: false };
            self.shared(config, "smtp", &word);
            via = Some(word);
        }
        let entries = node.block.iter().flat_map(|block| &block.entries);
        for entry in entries {
            if let (EntryKind::Request { api, url, .. }, "http") = (&entry.kind, config.kind.as_str())
                && let Some(api) = self.api_of(api.as_ref(), url)
            {
                self.shared(config, "api", &api);
                break;
            }
        }
        via
    }

    fn clauses(&mut self, config: &mut Config, node: &'a Node) {
        for (clause, value) in &node.clauses {
            let kind = config.kind.clone();
            let mut put = |builder: &mut Self, key: &str, ty: KeyType| {
                let value = builder.value(value, Some(ty));
                config.push(key, value.span, value);
            };
            match (kind.as_str(), clause.text.as_str()) {
                ("webhook", "at") => put(self, "webhook_id", KeyType::Literal),
                ("schedule", "cron") => {
                    put(self, "cron_expression", KeyType::Literal);
                    config.push("schedule_type", clause.span, string("cron", clause.span));
                }
                ("schedule", "every") => {
                    put(self, "interval_seconds", KeyType::Seconds);
                    config.push("schedule_type", clause.span, string("interval", clause.span));
                }
                ("schedule", "in") => put(self, "timezone", KeyType::Literal),
                ("send_email", "via") => {}
                (_, word) => {
                    let owner = match word {
                        "at" => "a `webhook`",
                        "via" => "a `mail`",
                        _ => "a `schedule`",
                    };
                    let headline = format!("`{word}` belongs to {owner}, not to {}", owned(&node.kind.text));
                    self.report(Diagnostic::new(Code::FlowSyntax, clause.span, headline).label("does not belong here"));
                }
            }
        }
        if let Some(call) = &node.call {
            let function = ast::ValueKind::String(call.function.clone());
            config.push("function", call.function.span, ast::Value { span: call.function.span, kind: function });
            if !call.arguments.is_empty() {
                let arguments = call.arguments.iter().map(|argument| self.value(&argument.value, None)).collect();
                let arguments = ast::Value { span: call.span, kind: ast::ValueKind::Array(arguments) };
                config.push("arguments", call.span, arguments);
            }
        }
        let trigger = matches!(config.kind.as_str(), "webhook" | "manual");
        let input = node.input.as_ref().map(|ty| ("input_schema", ty, trigger, "a trigger's input"));
        let output = node.output.as_ref().map(|ty| match config.kind.as_str() {
            "rust" => ("result_schema", ty, true, "what a `rust` function gives"),
            kind => ("response_schema", ty, kind == "http", "the answer of an `http` node"),
        });
        for (key, ty, fits, what) in [input, output].into_iter().flatten() {
            self.schema(config, key, ty, fits, what, &node.kind);
        }
    }

    fn schema(&mut self, config: &mut Config, key: &str, ty: &'a Ty, fits: bool, what: &str, kind: &Word) {
        // Used, if in the wrong place.
        let schema = self.ty(ty);
        if !fits {
            let headline = format!("a type here is that of {what}, and this is {}", owned(&kind.text));
            self.report(Diagnostic::new(Code::FlowSyntax, ty.span, headline).label("does not belong here"));
            return;
        }
        config.push(key, ty.span, schema);
    }
}

/// ``an `http` node``
fn owned(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u', 'h']) { "an" } else { "a" };
    format!("{article} `{kind}`")
}
