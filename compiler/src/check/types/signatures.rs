//! What every method and function gives, by the types of what it is given: the one table of signatures.
//!
//! Always true: every name of the runtime stands here (the matches are exhaustive), and the types are compared with the
//! runtime's own functions on generated values.

use crate::model::ty::{Literal, Type};
use flow_runtime::expr::{Global, Method};

/// `receiver.method(arguments)`, for one alternative of the receiver. `None`: it has no such method, and the call fails.
pub(super) fn method(receiver: &Type, method: Method, arguments: &[Type]) -> Option<Type> {
    match receiver {
        // Anything may come out: what the receiver is, is checked when it runs.
        Type::Json => Some(Type::Json),
        Type::Never => Some(Type::Never),
        Type::Missing | Type::Null => Some(Type::Missing),
        Type::String(_) | Type::Literal(Literal::String(_)) => of_text(method, arguments),
        Type::Number | Type::Literal(Literal::Number(_)) => {
            matches!(method, Method::ToFixed | Method::ToString).then_some(Type::STRING)
        }
        Type::Bool | Type::Literal(Literal::Bool(_)) | Type::Object(_) => {
            (method == Method::ToString).then_some(Type::STRING)
        }
        Type::Array(array) => of_array(&array.items, array.least, method, arguments),
        Type::Union(members) => {
            let all: Option<Vec<Type>> = members.iter().map(|ty| self::method(ty, method, arguments)).collect();
            all.map(Type::union)
        }
    }
}

fn of_text(method: Method, arguments: &[Type]) -> Option<Type> {
    Some(match method {
        Method::At => Type::STRING.join(&Type::Missing),
        Method::CharAt
        | Method::Concat
        | Method::PadEnd
        | Method::PadStart
        | Method::Repeat
        | Method::Replace
        | Method::ReplaceAll
        | Method::Slice
        | Method::Substring
        | Method::ToLowerCase
        | Method::ToString
        | Method::ToUpperCase
        | Method::Trim
        | Method::TrimEnd
        | Method::TrimStart => Type::STRING,
        Method::EndsWith | Method::Includes | Method::StartsWith => Type::Bool,
        Method::IndexOf | Method::LastIndexOf => Type::Number,
        Method::Split => {
            // Of a text there is always a first part, unless it is cut into single characters.
            let cut_whole = matches!(arguments, [Type::Literal(Literal::String(separator))] if !separator.is_empty());
            Type::array(Type::STRING, usize::from(cut_whole))
        }
        Method::Flat | Method::Join | Method::Reverse | Method::Sort | Method::ToFixed => return None,
    })
}

fn of_array(items: &Type, least: usize, method: Method, arguments: &[Type]) -> Option<Type> {
    Some(match method {
        Method::At => match arguments {
            [Type::Literal(Literal::Number(at))] if within(*at, least) => items.clone(),
            _ => items.join(&Type::Missing),
        },
        Method::Concat => {
            let mut all = vec![items.clone()];
            let mut length = least;
            for argument in arguments {
                let mut shortest = usize::MAX;
                for ty in argument.members() {
                    let (added, count) = match ty {
                        Type::Array(array) => (array.items.clone(), array.least),
                        Type::Json => (Type::Json, 0),
                        ty => (ty.clone(), 1),
                    };
                    all.push(added);
                    shortest = shortest.min(count);
                }
                // A schema may ask for more than there can be.
                length = length.saturating_add(if shortest == usize::MAX { 0 } else { shortest });
            }
            Type::array(Type::union(all), length)
        }
        Method::Flat => match arguments {
            [] | [Type::Literal(Literal::Number(1.0))] => Type::array(flattened(items), 0),
            _ => Type::array(Type::Json, 0),
        },
        Method::Includes => Type::Bool,
        Method::IndexOf | Method::LastIndexOf => Type::Number,
        Method::Join | Method::ToString => Type::STRING,
        Method::Reverse | Method::Sort => Type::array(items.clone(), least),
        Method::Slice => Type::array(items.clone(), if arguments.is_empty() { least } else { 0 }),
        Method::CharAt
        | Method::EndsWith
        | Method::PadEnd
        | Method::PadStart
        | Method::Repeat
        | Method::Replace
        | Method::ReplaceAll
        | Method::Split
        | Method::StartsWith
        | Method::Substring
        | Method::ToFixed
        | Method::ToLowerCase
        | Method::ToUpperCase
        | Method::Trim
        | Method::TrimEnd
        | Method::TrimStart => return None,
    })
}

/// Whether an array of this length at least has an element there; negative counts from the end.
fn within(at: f64, least: usize) -> bool {
    let at = at.trunc();
    at < least as f64 && -at <= least as f64
}

/// The elements of the arrays among the elements, and the other elements.
pub(super) fn flattened(items: &Type) -> Type {
    Type::union(items.members().iter().map(|ty| match ty {
        Type::Array(array) => array.items.clone(),
        ty => ty.clone(),
    }))
}

/// A global function. (What `Math` takes is checked where operators are.)
pub(super) fn global(function: Global, arguments: &[Type]) -> Type {
    let first = arguments.first().cloned().unwrap_or(Type::Missing);
    match function {
        Global::Boolean => Type::Bool,
        Global::Number => Type::Number,
        Global::String => Type::STRING,
        Global::JsonParse => Type::Json,
        Global::JsonStringify if first.is_json() => Type::Json,
        Global::JsonStringify if first.may_be_missing() => Type::STRING.join(&Type::Missing),
        Global::JsonStringify => Type::STRING,
        Global::ObjectKeys => Type::array(Type::STRING, 0),
        Global::ObjectValues => Type::array(values(&first), 0),
        Global::ObjectEntries => Type::array(Type::tuple(vec![Type::STRING, values(&first)]), 0),
        Global::Abs
        | Global::Acos
        | Global::Acosh
        | Global::Asin
        | Global::Asinh
        | Global::Atan
        | Global::Atan2
        | Global::Atanh
        | Global::Cbrt
        | Global::Ceil
        | Global::Clz32
        | Global::Cos
        | Global::Cosh
        | Global::Exp
        | Global::Expm1
        | Global::Floor
        | Global::Fround
        | Global::Hypot
        | Global::Imul
        | Global::Log
        | Global::Log10
        | Global::Log1p
        | Global::Log2
        | Global::Max
        | Global::Min
        | Global::Pow
        | Global::Round
        | Global::Sign
        | Global::Sin
        | Global::Sinh
        | Global::Sqrt
        | Global::Tan
        | Global::Tanh
        | Global::Trunc => Type::Number,
    }
}

/// Whether a function computes with numbers.
pub(super) fn is_arithmetic(function: Global) -> bool {
    function.name().starts_with("Math.")
}

/// What the fields that are there hold.
fn values(ty: &Type) -> Type {
    Type::union(ty.members().iter().map(|ty| match ty {
        Type::Json => Type::Json,
        Type::Object(object) => {
            Type::union(object.fields().iter().map(|field| field.ty.clone()).chain([object.rest_type()]))
        }
        Type::Array(array) => array.items.clone(),
        Type::String(_) | Type::Literal(Literal::String(_)) => Type::STRING,
        _ => Type::Never,
    }))
}
