//! `$ref`: a JSON pointer into the same document, or into a file beside the workflow.

use super::openapi::{self, Found};
use super::{Document, Reading};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::schema::Rule;
use crate::source::{SourceFile, Span};
use crate::syntax::ast::{self, ValueKind};
use crate::syntax::json;
use std::sync::Arc;

/// A schema, and the document it stands in. Found anew on every look: copying what it holds would cost its size each time.
#[derive(Clone)]
pub(super) struct Place {
    root: Arc<ast::Value>,
    /// Positions of entries and items, from the root on.
    steps: Vec<u32>,
    pub(super) document: Document,
}

impl Place {
    /// A whole value.
    pub(super) fn of(root: Arc<ast::Value>, document: Document) -> Place {
        Place { root, steps: Vec::new(), document }
    }

    pub(super) fn value(&self) -> &ast::Value {
        self.steps.iter().fold(&self.root, |value, step| match &value.kind {
            ValueKind::Object(object) => &object.entries[*step as usize].value,
            ValueKind::Array(items) => &items[*step as usize],
            _ => value,
        })
    }

    pub(super) fn inside(&self, steps: &[usize]) -> Place {
        let mut place = self.clone();
        place.steps.extend(steps.iter().map(|step| *step as u32));
        place
    }
}

/// References that only lead to further ones.
const HOPS_MAX: usize = 32;

/// What may stand beside a `$ref` without saying anything about the value.
const BESIDE_REF: &[&str] =
    &["$ref", "title", "description", "summary", "$comment", "deprecated", "example", "examples"];

impl Reading<'_, '_> {
    /// Where a schema leads that is nothing but a reference; else the schema itself.
    pub(super) fn followed(&mut self, place: &Place) -> Place {
        let mut place = place.clone();
        for _ in 0..HOPS_MAX {
            let ValueKind::Object(object) = &place.value().kind else { return place };
            let (Some(entry), true) =
                (object.entry("$ref"), object.entries.iter().all(|entry| BESIDE_REF.contains(&&*entry.key.value)))
            else {
                return place;
            };
            match self.target(&place, &entry.value) {
                Some(target) => place = target,
                None => return self.opaque(&place, entry.value.span),
            }
        }
        self.report(
            Diagnostic::new(Code::UnknownRef, place.value().span, "this reference leads only to further references")
                .label("never a schema")
                .help("one of them has to lead to a schema that says something"),
        );
        let span = place.value().span;
        self.opaque(&place, span)
    }

    /// A place of which nothing is known: the reason was reported.
    fn opaque(&mut self, place: &Place, span: Span) -> Place {
        let id = self.new_rule(Rule { opaque: true, ..Rule::anything(span) });
        self.known.insert(span, id);
        Place::of(Arc::new(ast::Value { span, kind: ValueKind::Bool(true) }), place.document.clone())
    }

    /// What a `$ref` refers to. `None`: nothing, which is reported.
    pub(super) fn target(&mut self, from: &Place, reference: &ast::Value) -> Option<Place> {
        let ValueKind::String(text) = &reference.kind else {
            self.report(
                Diagnostic::new(
                    Code::BadSchema,
                    reference.span,
                    format!("`$ref` is text, not {}", reference.describe()),
                )
                .label("such as \"#/$defs/item\" or \"inventory.openapi.json#/components/schemas/Item\""),
            );
            return None;
        };
        let (file, pointer) = text.value.split_once('#').unwrap_or((&text.value, ""));
        let document = match file {
            "" => from.document.clone(),
            file => self.document(&from.document, file, text)?,
        };
        let start = text.value.len() - pointer.len();
        let found = self.walk(&document, pointer, start, text)?;
        match openapi::schema_of(&document.root, found.value()) {
            Found::Schema => Some(found),
            Found::Inside(value) => Some(Place::of(Arc::new(value), document)),
            Found::NoSchema(diagnosis) => {
                let diagnostic = Diagnostic::new(Code::UnknownRef, text.span, diagnosis.headline).label("no schema");
                let diagnostic = match diagnosis.help {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                };
                self.report(diagnostic.also(self.start_of(found.value()), "leads here"));
                None
            }
        }
    }

    fn walk(&mut self, document: &Document, pointer: &str, start: usize, text: &ast::Text) -> Option<Place> {
        let mut place = Place::of(document.root.clone(), document.clone());
        if pointer.is_empty() {
            return Some(place);
        }
        let Some(steps) = pointer.strip_prefix('/') else {
            self.report(
                Diagnostic::new(Code::UnknownRef, text.span, "flowc does not look up the names of schemas")
                    .label(format!("`#{pointer}` is a name, not a JSON pointer"))
                    .help("write the way to it, such as `#/$defs/item`"),
            );
            return None;
        };
        let mut at = start + 1;
        for step in steps.split('/') {
            let range = at..at + step.len();
            at += step.len() + 1;
            let name = unescaped(step);
            let next = match &place.value().kind {
                ValueKind::Object(object) => object.entries.iter().rposition(|entry| entry.key.value == name),
                ValueKind::Array(items) => name.parse::<usize>().ok().filter(|index| *index < items.len()),
                _ => None,
            };
            match next {
                Some(next) => place = place.inside(&[next]),
                None => {
                    let diagnostic = self.nothing_there(document, place.value(), &name, text.span_of(range), text);
                    self.report(diagnostic);
                    return None;
                }
            }
        }
        Some(place)
    }

    fn nothing_there(
        &self,
        document: &Document,
        value: &ast::Value,
        name: &str,
        span: Span,
        text: &ast::Text,
    ) -> Diagnostic {
        let place = match (&*document.path, &value.kind) {
            ("", _) => "the schema".to_string(),
            (path, _) => format!("`{path}`"),
        };
        let span = if span.start == span.end { text.span } else { span };
        let diagnostic =
            Diagnostic::new(Code::UnknownRef, span, format!("{place} has no `{name}` there")).label("leads nowhere");
        let ValueKind::Object(object) = &value.kind else {
            return diagnostic.also(self.start_of(value), format!("this is {}", value.describe()));
        };
        let keys: Vec<&str> = object.entries.iter().map(|entry| entry.key.value.as_str()).collect();
        let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
        let diagnostic = match suggest::nearest(name, keys.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{}`?", escaped(near))),
            None if keys.is_empty() => diagnostic.help("there is nothing in it"),
            None if keys.len() <= 12 => {
                let keys: Vec<String> = keys.iter().map(|key| escaped(key)).collect();
                diagnostic.help(format!("there is {}", suggest::list(keys.iter().map(String::as_str), "and")))
            }
            None => diagnostic,
        };
        diagnostic.also(self.start_of(value), "looked for in this object")
    }

    /// Where a value begins.
    pub(super) fn start_of(&self, value: &ast::Value) -> Span {
        super::short(value.span, &self.lowering.sources.get(value.span.file).text)
    }

    /// Another file, relative to the one that names it.
    fn document(&mut self, from: &Document, file: &str, text: &ast::Text) -> Option<Document> {
        let folder = from.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = match joined(folder, &unescaped(file)) {
            Ok(path) => path,
            Err(reason) => {
                self.report(
                    Diagnostic::new(Code::UnknownRef, text.span, reason)
                        .label("cannot be read from here")
                        .help("a schema stands in the workflow itself or in a JSON file beside it"),
                );
                return None;
            }
        };
        if let Some(known) = self.lowering.schema_files.files.get(&path) {
            return known.clone();
        }
        let document = self.read(&path, text);
        self.lowering.schema_files.files.insert(path, document.clone());
        document
    }

    fn read(&mut self, path: &str, text: &ast::Text) -> Option<Document> {
        let unreadable = |headline: String, label: &str| {
            Diagnostic::new(Code::UnreadableSchema, text.span, headline).label(label.to_string())
        };
        let lower = path.to_ascii_lowercase();
        if lower.ends_with(".yaml") || lower.ends_with(".yml") {
            self.report(
                unreadable(format!("`{path}` is YAML, and flowc reads schemas as JSON"), "this file")
                    .help("write it as JSON: every OpenAPI tool can export it so"),
            );
            return None;
        }
        let content = match self.lowering.files.read(path) {
            Ok(Some(content)) => content,
            Ok(None) => {
                self.report(
                    unreadable(format!("there is no file `{path}` beside the workflow"), "no such file")
                        .help("the path is relative to the workflow"),
                );
                return None;
            }
            Err(reason) => {
                self.report(unreadable(format!("`{path}` cannot be read: {reason}"), "this file"));
                return None;
            }
        };
        let file = self.lowering.sources.add(SourceFile { name: path.to_string(), text: content.clone() });
        let mut found = crate::diagnostic::Diagnostics::default();
        let root = json::read(&content, file, &mut found);
        for diagnostic in found.iter() {
            self.report(diagnostic.clone());
        }
        Some(Document { root: Arc::new(root?), path: path.into() })
    }
}

/// `~1` is `/`, `~0` is `~`, `%20` a space.
fn unescaped(step: &str) -> String {
    let mut bytes = Vec::with_capacity(step.len());
    let mut rest = step.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let code = match (byte, after) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        if code.is_some() {
            rest = &rest[2..];
        }
        bytes.push(code.unwrap_or(*byte));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.replace("~1", "/").replace("~0", "~")
}

/// A path that stays in the workflow's folder.
fn joined(folder: &str, file: &str) -> Result<String, String> {
    if file.contains("://") {
        return Err(format!("flowc does not fetch schemas from the network: `{file}`"));
    }
    if file.starts_with('/') || file.contains('\\') || file.contains(':') {
        return Err(format!("`{file}` is no path relative to the workflow"));
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in file.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.pop().is_none() => return Err(format!("`{file}` lies outside of the workflow's folder")),
            ".." => {}
            step => steps.push(step),
        }
    }
    Ok(steps.join("/"))
}
