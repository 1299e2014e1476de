//! The type of a value that is of two types at once: what `allOf` asks for.

use crate::model::ty::{Field, Format, Object, Rest, Type};
use std::sync::Arc;

/// Always a superset of the values of both; exact for scalars.
pub(super) fn meet(left: &Type, right: &Type) -> Type {
    if left.is_json() {
        return right.clone();
    }
    if right.is_json() {
        return left.clone();
    }
    let pairs = left.members().iter().flat_map(|left| right.members().iter().map(move |right| (left, right)));
    Type::union(pairs.map(|(left, right)| meet_one(left, right)))
}

/// Neither is a union.
fn meet_one(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Array(left), Type::Array(right)) => {
            Type::Array(Arc::new(left.pairs(right, left.least.max(right.least), meet)))
        }
        (Type::Object(left), Type::Object(right)) => Type::Object(Arc::new(meet_objects(left, right))),
        // An address that is also a URL: nothing is lost by forgetting one.
        (Type::String(format), Type::String(other)) if *format != Format::Any && *other != Format::Any => left.clone(),
        (left, right) if left.accepts(right) => right.clone(),
        (left, right) if right.accepts(left) => left.clone(),
        _ => Type::Never,
    }
}

fn meet_objects(left: &Object, right: &Object) -> Object {
    let mut fields: Vec<Field> = Vec::new();
    for field in left.fields() {
        fields.push(match right.field(&field.name) {
            Some(other) => Field {
                ty: meet(&field.ty, &other.ty),
                optional: field.optional && other.optional,
                private: field.private.max(other.private),
                ..field.clone()
            },
            None => field.clone(),
        });
    }
    fields.extend(right.fields().iter().filter(|field| left.field(&field.name).is_none()).cloned());
    let rest = match (&left.rest, &right.rest) {
        (Rest::Closed, _) | (_, Rest::Closed) => Rest::Closed,
        (Rest::Of(left), Rest::Of(right)) => Rest::Of(meet(left, right)),
        (Rest::Of(ty), Rest::Undeclared) | (Rest::Undeclared, Rest::Of(ty)) => Rest::Of(ty.clone()),
        (Rest::Undeclared, Rest::Undeclared) => Rest::Undeclared,
    };
    Object::new(fields, rest, left.span.or(right.span))
}
