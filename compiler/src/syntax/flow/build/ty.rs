//! Types → JSON Schemas, as values of the AST.

use super::Builder;
use super::value::string;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::source::Span;
use crate::syntax::ast;
use crate::syntax::flow::mistake;
use crate::syntax::flow::text::synthetic;
use crate::syntax::flow::tree::{Field, Ty, TyKind, Word};

/// Names of types and what a schema calls them.
pub const NAMES: &[(&str, &[(&str, &str)])] = &[
    ("string", &[("type", "string")]),
    ("number", &[("type", "number")]),
    ("int", &[("type", "integer")]),
    ("bool", &[("type", "boolean")]),
    ("null", &[("type", "null")]),
    ("json", &[]),
    ("email", &[("type", "string"), ("format", "email")]),
    ("url", &[("type", "string"), ("format", "uri")]),
    ("time", &[("type", "string"), ("format", "date-time")]),
];

/// Types that use others again and again could grow without end.
const SIZE_MAX: usize = 20_000;

impl<'a> Builder<'a, '_> {
    /// The schema of a type; names of types are replaced by what they stand for.
    pub(super) fn ty(&mut self, ty: &'a Ty) -> ast::Value {
        let mut inside = Vec::new();
        self.schema_of(ty, &mut inside)
    }

    fn schema_of(&mut self, ty: &'a Ty, inside: &mut Vec<&'a str>) -> ast::Value {
        self.schema_size += 1;
        if self.schema_size > SIZE_MAX {
            if self.schema_size == SIZE_MAX + 1 {
                let headline = format!("the types of this workflow are larger than {SIZE_MAX} together");
                self.report(Diagnostic::new(Code::TooLarge, ty.span, headline).label("no further"));
            }
            return object(ty.span, Vec::new());
        }
        match &ty.kind {
            TyKind::Name(name) => self.named(name, inside),
            TyKind::Literal(text) => {
                let value = ast::Value { span: ty.span, kind: ast::ValueKind::String(text.text.clone()) };
                object(ty.span, vec![("const", value)])
            }
            TyKind::Array(items) => {
                let items = self.schema_of(items, inside);
                object(ty.span, vec![("type", string("array", ty.span)), ("items", items)])
            }
            TyKind::Object(fields, _) => self.fields(ty.span, fields, inside),
            TyKind::Union(members) => {
                let literals: Option<Vec<ast::Value>> = members.iter().map(literal).collect();
                if let Some(literals) = literals {
                    let literals = ast::Value { span: ty.span, kind: ast::ValueKind::Array(literals) };
                    return object(ty.span, vec![("enum", literals)]);
                }
                let members = members.iter().map(|member| self.schema_of(member, inside)).collect();
                object(ty.span, vec![("anyOf", ast::Value { span: ty.span, kind: ast::ValueKind::Array(members) })])
            }
        }
    }

    fn named(&mut self, name: &'a Word, inside: &mut Vec<&'a str>) -> ast::Value {
        let word = name.text.as_str();
        if let Some(declared) = self.types.get_mut(word) {
            declared.used = true;
            let (ty, span) = (declared.what, declared.span);
            if inside.contains(&word) {
                self.report(
                    Diagnostic::new(Code::Cycle, name.span, format!("the type `{word}` contains itself"))
                        .label("would have no end")
                        .also(span, "declared here")
                        .help("write `json` here: it takes any value"),
                );
                return object(name.span, Vec::new());
            }
            inside.push(word);
            let schema = self.schema_of(ty, inside);
            inside.pop();
            return schema;
        }
        if self.lost_names("type").any(|lost| lost == word) {
            return object(name.span, Vec::new());
        }
        match NAMES.iter().find(|(known, _)| *known == word) {
            Some((_, keys)) => {
                object(name.span, keys.iter().map(|(key, value)| (*key, string(value, name.span))).collect())
            }
            None => {
                self.unknown_type = true;
                let known = self.types.keys().copied().chain(NAMES.iter().map(|(known, _)| *known));
                let known: Vec<&str> = known.chain(self.lost_names("type")).collect();
                let diagnostic = mistake::unknown_name("type", word, name.span, known.iter().copied());
                let diagnostic = match META.iter().find(|(theirs, _)| *theirs == word) {
                    Some((_, ours)) => Diagnostic { help: vec![format!("write `{ours}`")], ..diagnostic },
                    None => diagnostic,
                };
                self.report(diagnostic);
                object(name.span, Vec::new())
            }
        }
    }

    fn fields(&mut self, span: Span, fields: &'a [Field], inside: &mut Vec<&'a str>) -> ast::Value {
        let mut properties: Vec<ast::Entry> = Vec::with_capacity(fields.len());
        let mut required = Vec::new();
        for field in fields {
            let key = &field.key.text;
            if let Some(first) = properties.iter().find(|entry| entry.key.value == key.value) {
                let headline = format!("the field `{}` stands twice in this type", key.value);
                let first = first.key.span;
                self.report(
                    Diagnostic::new(Code::DuplicateKey, key.span, headline)
                        .label("again here")
                        .also(first, "first here")
                        .help("keep one of them"),
                );
            }
            let mut schema = self.schema_of(&field.ty, inside);
            for mark in &field.marks {
                self.mark(&mut schema, mark);
            }
            if !field.optional {
                required.push(ast::Value { span: key.span, kind: ast::ValueKind::String(key.clone()) });
            }
            properties.push(ast::Entry { key: key.clone(), value: schema });
        }
        let properties = ast::ValueKind::Object(ast::Object { span, entries: properties });
        let mut keys = vec![("type", string("object", span)), ("properties", ast::Value { span, kind: properties })];
        if !required.is_empty() {
            keys.push(("required", ast::Value { span, kind: ast::ValueKind::Array(required) }));
        }
        object(span, keys)
    }

    /// `@personal`
    fn mark(&mut self, schema: &mut ast::Value, mark: &Word) {
        if !MARKS.contains(&mark.text.as_str()) {
            let diagnostic =
                Diagnostic::new(Code::UnknownWord, mark.span, format!("there is no mark `@{}`", mark.text))
                    .label("not one of the known words");
            self.report(match suggest::nearest(&mark.text, MARKS.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `@{near}`?")),
                None => diagnostic.help("a field is marked `@personal` or `@sensitive`"),
            });
            return;
        }
        schema.span = mark.span;
        if let ast::ValueKind::Object(object) = &mut schema.kind {
            // The schema of a type stands where the type does; with a mark it is another.
            object.span = mark.span;
            let key = synthetic("x-private", mark.span);
            object.entries.push(ast::Entry { key, value: string(&mark.text, mark.span) });
        }
    }
}

/// Who may see a field.
pub const MARKS: &[&str] = &["personal", "sensitive"];

/// What other languages call them.
const META: &[(&str, &str)] = &[
    ("integer", "int"),
    ("i32", "int"),
    ("i64", "int"),
    ("float", "number"),
    ("double", "number"),
    ("decimal", "number"),
    ("f64", "number"),
    ("boolean", "bool"),
    ("any", "json"),
    ("object", "json"),
    ("str", "string"),
    ("text", "string"),
    ("String", "string"),
    ("date", "time"),
    ("datetime", "time"),
    ("uri", "url"),
];

fn literal(ty: &Ty) -> Option<ast::Value> {
    match &ty.kind {
        TyKind::Literal(text) => Some(ast::Value { span: ty.span, kind: ast::ValueKind::String(text.text.clone()) }),
        _ => None,
    }
}

fn object(span: Span, keys: Vec<(&str, ast::Value)>) -> ast::Value {
    let entries = keys.into_iter().map(|(key, value)| ast::Entry { key: synthetic(key, span), value }).collect();
    ast::Value { span, kind: ast::ValueKind::Object(ast::Object { span, entries }) }
}
