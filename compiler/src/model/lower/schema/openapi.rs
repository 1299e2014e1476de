//! OpenAPI: a reference may lead to an operation, its `responses`, one response or a media type, and means its schema.

use crate::diagnostic::suggest;
use crate::source::Span;
use crate::syntax::ast::{Entry, Object, Text, Value, ValueKind};

/// What stands at the end of a reference.
pub(super) enum Found {
    /// A schema.
    Schema,
    /// Something of OpenAPI that holds one.
    Inside(Value),
    NoSchema(Diagnosis),
}

pub(super) struct Diagnosis {
    pub(super) headline: String,
    pub(super) help: Option<String>,
}

const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The schema that is meant by a value of this document.
pub(super) fn schema_of(root: &Value, value: &Value) -> Found {
    let ValueKind::Object(document) = &root.kind else { return Found::Schema };
    if !["openapi", "swagger"].iter().any(|key| document.get(key).is_some()) {
        return Found::Schema;
    }
    let ValueKind::Object(object) = &value.kind else { return Found::Schema };
    if object.get("$ref").is_some() {
        return Found::Schema;
    }
    if let Some(Value { kind: ValueKind::Object(responses), .. }) = object.get("responses") {
        return of_responses(document, responses);
    }
    if is_responses(object) {
        return of_responses(document, object);
    }
    if let Some(found) = of_response(document, object) {
        return found;
    }
    let methods: Vec<&str> = METHODS.iter().copied().filter(|method| object.get(method).is_some()).collect();
    if !methods.is_empty() {
        return Found::NoSchema(Diagnosis {
            headline: "the reference leads to a path, which has several operations".into(),
            help: Some(format!("say which one: add `/` and {}", suggest::list(methods, "or"))),
        });
    }
    Found::Schema
}

/// The schema of every 2xx answer: one of them.
fn of_responses(document: &Object, responses: &Object) -> Found {
    let mut schemas = Vec::new();
    for entry in responses.entries.iter().filter(|entry| is_success(&entry.key.value)) {
        let response = through_reference(document, &entry.value);
        let ValueKind::Object(object) = &response.kind else { continue };
        match of_response(document, object) {
            Some(Found::Inside(schema)) => schemas.push(schema),
            Some(_) => {}
            // No body at all.
            None => schemas.push(null(entry)),
        }
    }
    match schemas.len() {
        0 => Found::NoSchema(Diagnosis {
            headline: "no 2xx answer of this operation has a JSON schema".into(),
            help: Some("refer to a schema under `components/schemas`, or leave `response_schema` out".into()),
        }),
        1 => Found::Inside(schemas.remove(0)),
        _ => {
            let span = schemas[0].span;
            Found::Inside(any_of(span, schemas))
        }
    }
}

fn is_success(status: &str) -> bool {
    status.len() == 3 && status.starts_with('2')
}

fn is_responses(object: &Object) -> bool {
    let is_status = |key: &str| {
        key == "default"
            || (key.len() == 3 && key.starts_with(|first: char| ('1'..='5').contains(&first)) && {
                key[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'X')
            })
    };
    !object.entries.is_empty()
        && object.entries.iter().all(|entry| is_status(&entry.key.value) || entry.key.value.starts_with("x-"))
}

/// Of a response, or of a media type. `None`: it is neither, or a response without a body.
fn of_response(document: &Object, object: &Object) -> Option<Found> {
    if let Some(Value { kind: ValueKind::Object(content), .. }) = object.get("content") {
        let is_json = |media: &str| {
            let media = media.split(';').next().unwrap_or(media).trim().to_ascii_lowercase();
            media == "application/json" || media.ends_with("+json") || media == "*/*" || media == "application/*"
        };
        let json = content.entries.iter().find(|entry| is_json(&entry.key.value));
        let schema = json.and_then(|entry| match &entry.value.kind {
            ValueKind::Object(media) => media.get("schema"),
            _ => None,
        });
        return Some(match schema {
            Some(schema) => Found::Inside(schema.clone()),
            None => Found::NoSchema(Diagnosis {
                headline: "this response has no JSON body with a schema".into(),
                help: None,
            }),
        });
    }
    // A media type; in OpenAPI 2 also a response.
    let is_wrapper = object.get("type").is_none() && object.get("properties").is_none();
    match object.get("schema") {
        Some(schema) if is_wrapper => Some(Found::Inside(through_reference(document, schema).clone())),
        _ => None,
    }
}

/// `{"$ref": "#/components/responses/NotFound"}` inside the same document.
fn through_reference<'a>(document: &'a Object, value: &'a Value) -> &'a Value {
    let ValueKind::Object(object) = &value.kind else { return value };
    let Some(Value { kind: ValueKind::String(reference), .. }) = object.get("$ref") else { return value };
    let Some(pointer) = reference.value.strip_prefix("#/components/responses/") else { return value };
    let step = |object: &'a Object, name: &str| match object.get(name) {
        Some(Value { kind: ValueKind::Object(inner), .. }) => Some(inner),
        _ => None,
    };
    let responses = step(document, "components").and_then(|components| step(components, "responses"));
    responses.and_then(|responses| responses.get(pointer)).unwrap_or(value)
}

/// The schema of an empty body.
fn null(entry: &Entry) -> Value {
    let span = entry.key.span;
    let ty = Value { span, kind: ValueKind::String(Text::verbatim("null".into(), span, span.start)) };
    object(span, "type", ty)
}

fn any_of(span: Span, schemas: Vec<Value>) -> Value {
    // Told apart from the first of them by an empty span before it.
    let span = span.before();
    object(span, "anyOf", Value { span, kind: ValueKind::Array(schemas) })
}

fn object(span: Span, key: &str, value: Value) -> Value {
    let key = Text::verbatim(key.into(), span, span.start);
    Value { span, kind: ValueKind::Object(Object { span, entries: vec![Entry { key, value }] }) }
}
