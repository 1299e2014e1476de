//! What a node gives: the type of its envelope, `{status, result, error, attempts, …}`.
//!
//! Always true: an envelope is a union that `status` (and, of a filter, `result.passed`) tells apart, as if the node had run.

use super::names::error;
use crate::catalog::http::OF_EVERY_ANSWER;
use crate::model::ty::{Field, Format, Object, Rest, Type};
use crate::model::{Http, Kind};
use std::sync::Arc;

/// The envelope of a node whose kind decides it; `None` for a transform, whose result depends on what it reads.
pub(super) fn envelope(kind: &Kind) -> Option<Type> {
    let schema = |schema: &Option<crate::model::Schema>| schema.as_ref().map_or(Type::Json, |schema| schema.ty.clone());
    Some(match kind {
        Kind::Webhook(webhook) => completed(schema(&webhook.input_schema), Type::Missing),
        Kind::Manual(manual) => completed(schema(&manual.input_schema), Type::Missing),
        Kind::Http(http) => completed(answer(http), error().join(&Type::Missing)).join(&failed(failed_answer(http))),
        Kind::Email(_) => completed(sent(), Type::Missing).join(&failed(unsent())),
        Kind::Rust(rust) => completed(schema(&rust.result_schema), Type::Missing).join(&failed(Type::Missing)),
        Kind::Filter(_) => {
            let passed = |passed: Type| Type::object(vec![Field::required("passed", passed)], Rest::Closed);
            let yes = completed(passed(Type::TRUE), Type::Missing);
            let no = completed(passed(Type::FALSE), error());
            Type::union([yes, no, failed(Type::Missing)])
        }
        Kind::Transform(_) => return None,
        Kind::Unknown => Type::Json,
    })
}

/// Of a transform with a result of this type.
pub(super) fn of_transform(result: Type) -> Type {
    completed(result, Type::Missing).join(&failed(Type::Missing))
}

/// The envelope of a node that may fail after it has completed: with its result, and an error.
pub(super) fn misrouted(envelope: &Type) -> Type {
    let failed = [Field::required("status", Type::text("failed")), Field::required("error", error())];
    let lost = |ty: &Type| match ty {
        Type::Object(object) if object.field("status").is_some_and(|status| status.ty == Type::text("completed")) => {
            Type::Object(Arc::new(object.with(failed.clone())))
        }
        _ => Type::Never,
    };
    envelope.join(&Type::union(envelope.members().iter().map(lost)))
}

fn completed(result: Type, error: Type) -> Type {
    with_status("completed", result, error)
}

fn failed(result: Type) -> Type {
    with_status("failed", result, error())
}

fn with_status(status: &str, result: Type, error: Type) -> Type {
    let maybe = |name: &str, ty: Type| match ty.may_be_missing() {
        true => Field::optional(name, ty.without_missing()),
        false => Field::required(name, ty),
    };
    let fields = vec![
        Field::required("status", Type::text(status)),
        maybe("result", result),
        maybe("error", error),
        Field::required("attempts", Type::Number),
        Field::required("started_at", Type::String(Format::Time)),
        Field::required("completed_at", Type::String(Format::Time)),
        Field::required("execution_time", Type::Number),
    ];
    Type::object(fields, Rest::Closed)
}

/// The result of a mail that went out, or that may have.
fn sent() -> Type {
    let delivery = Type::union(["sent", "unknown"].map(Type::text));
    let fields = vec![
        Field::required("message_id", Type::STRING),
        Field::required("accepted", Type::Number),
        Field::required("delivery", delivery),
        Field::required("success", Type::TRUE),
    ];
    Type::object(fields, Rest::Closed)
}

fn unsent() -> Type {
    Type::object(vec![Field::required("success", Type::FALSE)], Rest::Closed)
}

/// The result of a 2xx answer: the body's fields, then what the body has no field for.
fn answer(http: &Http) -> Type {
    let Some(schema) = &http.response_schema else { return Type::Json };
    let headers = Type::object(Vec::new(), Rest::Of(Type::STRING));
    let one = |body: &Type| match body {
        Type::Json => Type::Json,
        Type::Object(object) => with_answer(object, &headers),
        _ => with_answer(&Object::new(Vec::new(), Rest::Closed, None), &headers).with_field("response", body),
    };
    Type::union(schema.ty.members().iter().map(one))
}

fn with_answer(body: &Object, headers: &Type) -> Type {
    let whole = Type::Object(Arc::new(body.clone()));
    let extras = [
        ("status_code", Type::Number),
        ("response", whole),
        ("headers", headers.clone()),
        ("duration", Type::Number),
        ("success", Type::TRUE),
    ];
    let extras = extras.into_iter().map(|(name, ty)| match body.field(name) {
        // The body's own, where it has one.
        Some(field) if field.optional => Field { ty: field.ty.join(&ty), optional: false, ..field.clone() },
        Some(field) => field.clone(),
        None => Field::required(name, ty.join(&body.rest_type())),
    });
    Type::Object(Arc::new(body.with(extras)))
}

impl Type {
    /// An object type with a field put in place of the one of its name.
    fn with_field(self, name: &str, ty: &Type) -> Type {
        match self {
            Type::Object(object) => Type::Object(Arc::new(object.with([Field::required(name, ty.clone())]))),
            other => other,
        }
    }
}

/// Of a failure only `success` is known: its body has no schema. A field of the schema is hardly there; what every answer is
/// given has another value then. Without any schema nothing is declared.
fn failed_answer(http: &Http) -> Type {
    let Some(schema) = &http.response_schema else { return Type::Json };
    let mut fields = vec![Field::required("success", Type::FALSE)];
    for ty in schema.ty.members() {
        let Type::Object(object) = ty else { continue };
        for field in object.fields().iter().filter(|field| !OF_EVERY_ANSWER.contains(&&*field.name)) {
            match fields.iter_mut().find(|known| known.name == field.name) {
                Some(known) => known.ty = known.ty.join(&field.ty),
                None => fields.push(Field { optional: true, ..field.clone() }),
            }
        }
    }
    Type::object(fields, Rest::Of(Type::Json)).join(&Type::Missing)
}

/// What a schema says of the result of a node that completed.
pub(in crate::check) fn declared(kind: &Kind) -> Option<Type> {
    match kind {
        Kind::Http(http) => http.response_schema.is_some().then(|| answer(http)),
        Kind::Webhook(webhook) => webhook.input_schema.as_ref().map(|schema| schema.ty.clone()),
        Kind::Manual(manual) => manual.input_schema.as_ref().map(|schema| schema.ty.clone()),
        Kind::Rust(rust) => rust.result_schema.as_ref().map(|schema| schema.ty.clone()),
        Kind::Email(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Unknown => None,
    }
}
