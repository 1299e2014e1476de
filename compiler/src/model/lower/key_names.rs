//! Names of keys: which there are, as the author writes them, and what was meant by one there is not.

use super::Lowering;
use crate::catalog::Key;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::source::{Dialect, Span};
use crate::syntax::ast;
use crate::syntax::flow::words;

/// What other systems call our keys.
const SYNONYMS: &[(&str, &str)] = &[
    ("query", "params"),
    ("data", "body"),
    ("json", "body"),
    ("payload", "body"),
    ("endpoint", "url"),
    ("uri", "url"),
    ("base_url", "url"),
    ("baseUrl", "url"),
    ("host", "url"),
    ("to", "to_email"),
    ("recipient", "to_email"),
    ("recipients", "to_email"),
    ("from", "from_email"),
    ("sender", "from_email"),
    ("smtp_host", "smtp_server"),
    ("host", "smtp_server"),
    ("user", "username"),
    ("pass", "password"),
    ("ssl", "use_tls"),
    ("text", "body"),
    ("condition", "filter_condition"),
    ("when", "filter_condition"),
    ("items", "input"),
    ("list", "input"),
    ("from", "input"),
    ("path", "webhook_id"),
    ("slug", "webhook_id"),
    ("retry", "retry_count"),
    ("retries", "retry_count"),
    ("max_retries", "retry_count"),
    ("attempts", "retry_count"),
];

/// What other systems call what a transform of a .flow text does.
const TRANSFORM_SYNONYMS: &[(&str, &str)] = &[
    ("sum", "total"),
    ("where", "filter"),
    ("condition", "filter"),
    ("select", "extract"),
    ("pick", "extract"),
    ("order_by", "sort"),
    ("orderBy", "sort"),
];

/// Whose keys they are.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    /// A kind of node, or `settings`; empty for an object inside a config.
    pub(super) kind: &'a str,
    /// In a sentence: "an `http` node".
    pub(super) said: &'a str,
}

/// The keys as the author writes them.
pub(super) struct Spelling<'a> {
    pub(super) dialect: Dialect,
    pub(super) owner: Owner<'a>,
    pub(super) keys: &'a [Key],
}

impl Spelling<'_> {
    /// What a .flow text has a form of its own for is left out.
    fn all(&self) -> Vec<&'static str> {
        let kind = self.owner.kind;
        let names = self.keys.iter().map(|key| key.name);
        match (self.dialect, kind) {
            (Dialect::Json, _) => names.collect(),
            (Dialect::Flow, "data_transform") => {
                std::iter::once("input").chain(words::TRANSFORMS.iter().map(|(here, ..)| *here)).collect()
            }
            (Dialect::Flow, _) => {
                let names = names
                    .filter(|name| *name != "retry_delay" || !self.keys.iter().any(|key| key.name == "retry_count"));
                let names = names.map(|name| words::flow_key(kind, if name == "retry_count" { "retry" } else { name }));
                names.chain(Some("bearer").filter(|_| kind == "http")).collect()
            }
        }
    }

    /// The word that was most likely meant by a name that is no key.
    pub(super) fn meant(&self, name: &str) -> Option<&'static str> {
        let all = self.all();
        let is_transform = self.dialect == Dialect::Flow && self.owner.kind == "data_transform";
        let transforms = TRANSFORM_SYNONYMS.iter().filter(|_| is_transform);
        let said = |ours: &&'static str| all.iter().copied().find(|word| word == ours);
        let ours = transforms.filter(|(theirs, _)| *theirs == name).find_map(|(_, ours)| said(ours));
        let ours = ours.or_else(|| {
            let synonyms = SYNONYMS.iter().filter(|(theirs, _)| *theirs == name);
            synonyms.map(|(_, ours)| words::flow_key(self.flow_kind(), ours)).find_map(|word| said(&word))
        });
        ours.or_else(|| suggest::nearest(name, all.iter().copied()))
    }

    /// The kind, where its keys are spelled otherwise than in JSON.
    fn flow_kind(&self) -> &str {
        if self.dialect == Dialect::Flow { self.owner.kind } else { "" }
    }

    /// The key in JSON that a word stands for.
    pub(super) fn key(&self, word: &str) -> Option<&'static str> {
        let kind = self.flow_kind();
        if kind == "data_transform" && words::TRANSFORMS.iter().any(|(here, ..)| *here == word) {
            return Some("transform_type");
        }
        let json = words::json_key(kind, word);
        self.keys.iter().map(|key| key.name).find(|name| *name == json)
    }

    /// The key in JSON of what a word that is like no key probably says: in a transform of a .flow text, what it does.
    pub(super) fn stands_for(&self) -> Option<&'static str> {
        (self.flow_kind() == "data_transform").then_some("transform_type")
    }

    /// The word that the author wrote for a key: of a transform `csv`, where JSON says `fields`.
    pub(super) fn written<'k>(&self, lowering: &'k Lowering, key: &Key, entry: &ast::Entry) -> &'k str {
        let source = &lowering.sources.get(entry.key.span.file).text;
        let written = source.get(entry.key.span.range()).unwrap_or_default();
        let is_transform = self.flow_kind() == "data_transform";
        match is_transform && words::TRANSFORMS.iter().any(|(here, ..)| *here == written) {
            true => written,
            false => key.name,
        }
    }

    /// In a .flow text what a node takes and gives stands before its block.
    fn type_of_a_node(&self, entry: &ast::Entry) -> Option<String> {
        let kind = self.flow_kind();
        let word = words::word(kind);
        let ty = match &entry.value.kind {
            ast::ValueKind::String(value) => {
                let name = value.value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                name.filter(|name| name.starts_with(|first: char| first.is_ascii_uppercase())).unwrap_or("Order")
            }
            ast::ValueKind::Object(_) => "{ … }",
            _ => return None,
        };
        match entry.key.value.as_str() {
            "input" | "type" | "accepts" | "expects" | "schema" if ["webhook", "manual"].contains(&kind) => {
                Some(format!("its type is written behind the id: `{word} id({ty})`"))
            }
            "output" | "type" | "returns" | "response" | "schema" | "result" | "answer" if kind == "http" => {
                Some(format!("the type of its answer is written behind the id: `{word} id -> {ty} {{ … }}`"))
            }
            _ => None,
        }
    }

    pub(super) fn unknown_key(&self, entry: &ast::Entry, meant: Option<&str>) -> Diagnostic {
        let headline = format!("{} has no key `{}`", self.owner.said, entry.key.value);
        let diagnostic = Diagnostic::new(Code::UnknownKey, entry.key.span, headline).label("unknown key");
        if let Some(form) = self.type_of_a_node(entry) {
            return diagnostic.help(form);
        }
        match (meant, self.all().as_slice()) {
            (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")),
            (None, []) => diagnostic.help("it takes no keys"),
            (None, all) => diagnostic.help(format!("it takes {}", suggest::list(all.iter().copied(), "and"))),
        }
    }
}

pub(super) fn missing_key(key: &Key, owner: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::MissingKey, span, format!("{owner} needs `{}`", key.name))
        .label(format!("`{}` is missing", key.name))
        .help(match owner.starts_with('`') {
            // An object inside a config.
            true => format!("add \"{}\"; it takes {}", key.name, key.ty.describe()),
            false => format!("add \"{}\" to its `config`; it takes {}", key.name, key.ty.describe()),
        })
}
