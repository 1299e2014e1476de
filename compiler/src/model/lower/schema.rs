//! A JSON Schema as it is written → [`Schema`].
//!
//! Comes in: the value of `input_schema` or `response_schema`, and through `$ref` files beside the workflow. Goes out: the
//! schema's rules and its type; everything wrong is reported where it stands, also inside another file.
//! Always true: rules are read from a list of what is still to be read, so neither a chain of references nor a schema that
//! contains itself goes deep; a keyword that is not understood is said so and never silently ignored.

mod keywords;
mod openapi;
mod reference;
mod unsatisfiable;

use super::Lowering;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::schema::{Note, Rule, RuleId, Schema, to_type};
use crate::source::Span;
use crate::syntax::ast;
use reference::Place;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Files that schemas refer to; each is read once. `None`: it cannot be read, which has been reported.
#[derive(Default)]
pub(super) struct SchemaFiles {
    files: HashMap<String, Option<Document>>,
    /// What was remarked on already: other nodes may refer to the same part of a file.
    remarked: HashSet<(Code, Span)>,
}

/// What a reference inside it is relative to.
#[derive(Clone)]
pub(super) struct Document {
    root: Arc<ast::Value>,
    /// The file's path beside the workflow; empty for a schema in the workflow itself.
    path: Arc<str>,
}

impl Lowering<'_> {
    /// The schema under this key.
    pub(super) fn schema(&mut self, key: &ast::Text, value: &ast::Value) -> Schema {
        let document = Document { root: Arc::new(value.clone()), path: "".into() };
        let mut reading =
            Reading { lowering: self, rules: Vec::new(), known: HashMap::new(), open: Vec::new(), used_at: key.span };
        let root = reading.id(&Place::of(document.root.clone(), document));
        debug_assert_eq!(root, RuleId::ROOT);
        while let Some((id, place)) = reading.open.pop() {
            reading.rules[id.0] = reading.rule(&place);
        }
        reading.contradictions();
        let rules = reading.rules;
        let typed = to_type(&rules);
        for note in typed.notes {
            self.note(note, key.span);
        }
        Schema { rules, span: key.span, ty: typed.ty }
    }

    fn note(&mut self, note: Note, used_at: Span) {
        let (span, headline, label) = match note {
            Note::Recursive(span) => (span, "a schema that contains itself", "inside itself this is `json`"),
            Note::TooLarge(span) => (span, "a schema larger than flowc spells out", "from here on this is `json`"),
        };
        self.remark(
            Diagnostic::new(Code::UnsupportedSchema, short(span, &self.sources.get(span.file).text), headline)
                .label(label)
                .help("`json` may be anything: nothing is checked there when the workflow is compiled"),
            used_at,
        );
    }

    /// Once for each place; with where it is used, when that is in another file.
    fn remark(&mut self, diagnostic: Diagnostic, used_at: Span) {
        let span = diagnostic.primary.span;
        if !self.schema_files.remarked.insert((diagnostic.code, span)) {
            return;
        }
        let elsewhere = span.file != used_at.file;
        self.diagnostics.push(if elsewhere { diagnostic.also(used_at, "used here") } else { diagnostic });
    }
}

/// Reading one schema.
struct Reading<'a, 'b> {
    lowering: &'a mut Lowering<'b>,
    rules: Vec<Rule>,
    /// Rules by where their schemas stand.
    known: HashMap<Span, RuleId>,
    /// Rules that have an id and are still to be read.
    open: Vec<(RuleId, Place)>,
    /// The key in the workflow that holds the schema.
    used_at: Span,
}

impl Reading<'_, '_> {
    /// The rule of the schema that stands here. A schema that is nothing but a reference is what it refers to.
    fn id(&mut self, place: &Place) -> RuleId {
        let place = self.followed(place);
        let span = place.value().span;
        if let Some(id) = self.known.get(&span) {
            return *id;
        }
        let id = self.new_rule(Rule::anything(span));
        self.known.insert(span, id);
        self.open.push((id, place));
        id
    }

    fn new_rule(&mut self, rule: Rule) -> RuleId {
        self.rules.push(rule);
        RuleId(self.rules.len() - 1)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        let used_at = self.used_at;
        self.lowering.remark(diagnostic, used_at);
    }
}

/// The first line of a long span: an object is shown by where it begins.
fn short(span: Span, text: &str) -> Span {
    let covered = &text[span.range()];
    let length = covered.find('\n').unwrap_or(covered.len()).min(if covered.len() > 60 { 1 } else { covered.len() });
    Span { end: span.start + length.max(1) as u32, ..span }
}
