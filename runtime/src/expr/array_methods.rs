//! Methods of arrays. None changes its receiver: `sort` and `reverse` give a new array.

use super::argument;
use super::convert::{relative_end, relative_position, to_integer};
use super::limits::{check_growth, check_items, check_text};
use super::names::{EachMethod, Method};
use super::operators::{same_value_zero, strict_equals};
use super::sort::sort_by_text;
use super::work;
use crate::value::{Fault, JsString, Value};
use std::sync::Arc;

/// `None`: arrays have no such method. `includes`, `indexOf` and `lastIndexOf` compare contents as `===` does.
pub(super) fn call(items: &Arc<Vec<Value>>, method: Method, args: &[Value]) -> Option<Result<Value, Fault>> {
    if !matches!(method, Method::At | Method::Slice) {
        work::elements(items.len());
    }
    let value = match method {
        Method::At => at(items, argument(args, 0)),
        Method::Concat => return Some(concat(items, args)),
        Method::Flat => return Some(flat(items, args)),
        Method::Includes => {
            let from = relative_position(argument(args, 1), items.len());
            items[from..].iter().any(|item| same_value_zero(item, argument(args, 0))).into()
        }
        Method::IndexOf => {
            let from = relative_position(argument(args, 1), items.len());
            let found = items[from..].iter().position(|item| strict_equals(item, argument(args, 0)));
            position(found.map(|at| at + from))
        }
        Method::Join => return Some(join(items, argument(args, 0))),
        Method::LastIndexOf => position(last_index_of(items, args)),
        Method::Reverse => Value::array(items.iter().rev().cloned().collect()),
        Method::Slice => {
            let from = relative_position(argument(args, 0), items.len());
            let to = relative_end(argument(args, 1), items.len());
            Value::array(items[from.min(to)..to].to_vec())
        }
        Method::Sort => Value::array(sort_by_text(items)),
        Method::ToString => Value::Array(items.clone()).to_js_string().into(),
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
    };
    Some(Ok(value))
}

fn position(found: Option<usize>) -> Value {
    Value::Number(found.map_or(-1.0, |at| at as f64))
}

fn at(items: &[Value], position: &Value) -> Value {
    let position = to_integer(position);
    let position = if position < 0.0 { position + items.len() as f64 } else { position };
    if position < 0.0 { Value::Undefined } else { items.get(position as usize).cloned().unwrap_or(Value::Undefined) }
}

fn last_index_of(items: &[Value], args: &[Value]) -> Option<usize> {
    // Left out it means the end; given as undefined it means 0.
    let last = args.get(1).map_or(f64::INFINITY, to_integer);
    let last = if last < 0.0 { last + items.len() as f64 } else { last };
    if last < 0.0 {
        return None;
    }
    let searched = &items[..items.len().min((last as usize).saturating_add(1))];
    searched.iter().rposition(|item| strict_equals(item, argument(args, 0)))
}

fn concat(items: &[Value], args: &[Value]) -> Result<Value, Fault> {
    let mut all = items.to_vec();
    for arg in args {
        match arg {
            Value::Array(more) => {
                check_items(all.len() + more.len())?;
                all.extend_from_slice(more);
            }
            _ => all.push(arg.clone()),
        }
    }
    Ok(Value::array(all))
}

fn flat(items: &[Value], args: &[Value]) -> Result<Value, Fault> {
    let depth = if matches!(argument(args, 0), Value::Undefined) { 1.0 } else { to_integer(argument(args, 0)) };
    let mut out = Vec::new();
    flatten(items, depth, &mut out)?;
    Ok(Value::array(out))
}

fn flatten(items: &[Value], depth: f64, out: &mut Vec<Value>) -> Result<(), Fault> {
    for item in items {
        match item {
            Value::Array(inner) if depth >= 1.0 => flatten(inner, depth - 1.0, out)?,
            _ => {
                check_items(out.len() + 1)?;
                out.push(item.clone());
            }
        }
    }
    Ok(())
}

fn join(items: &[Value], separator: &Value) -> Result<Value, Fault> {
    let separator = if matches!(separator, Value::Undefined) { ",".into() } else { separator.to_js_string() };
    let mut pieces = Vec::with_capacity(items.len() * 2);
    let mut length = 0;
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            pieces.push(separator.clone());
            length += separator.len();
        }
        if !item.is_nullish() {
            let piece = item.to_js_string();
            length += piece.len();
            pieces.push(piece);
        }
        check_text(length)?;
    }
    Ok(JsString::concat(&pieces).into())
}

/// `map`, `filter` and the others that ask about each element in turn; `f` gets `[item, index, array]`.
pub(super) fn call_each(
    items: &Arc<Vec<Value>>,
    method: EachMethod,
    f: &dyn Fn(&[Value]) -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    let array = Value::Array(items.clone());
    let ask = |at: usize, item: &Value| f(&[item.clone(), Value::Number(at as f64), array.clone()]);
    let mut kept = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let answer = ask(at, item)?;
        match method {
            EachMethod::Map => kept.push(answer),
            EachMethod::FlatMap => match answer {
                Value::Array(inner) => {
                    check_items(kept.len() + inner.len())?;
                    kept.extend_from_slice(&inner);
                }
                _ => kept.push(answer),
            },
            EachMethod::Filter if answer.truthy() => kept.push(item.clone()),
            EachMethod::Find if answer.truthy() => return Ok(item.clone()),
            EachMethod::FindIndex if answer.truthy() => return Ok(position(Some(at))),
            EachMethod::Some if answer.truthy() => return Ok(true.into()),
            EachMethod::Every if !answer.truthy() => return Ok(false.into()),
            EachMethod::Filter | EachMethod::Find | EachMethod::FindIndex | EachMethod::Some | EachMethod::Every => {}
        }
    }
    Ok(match method {
        EachMethod::Map | EachMethod::FlatMap => {
            let made = Value::array(kept);
            check_growth(&made)?;
            made
        }
        EachMethod::Filter => Value::array(kept),
        EachMethod::Find => Value::Undefined,
        EachMethod::FindIndex => position(None),
        EachMethod::Some => false.into(),
        EachMethod::Every => true.into(),
    })
}

/// How many steps of `reduce` go by between two looks at the size of what it makes: each look may cost as much as the
/// value is large.
const STEPS_UNCHECKED: usize = 16;

pub(super) fn reduce(
    items: &Arc<Vec<Value>>,
    f: &dyn Fn(&[Value]) -> Result<Value, Fault>,
    initial: Option<Value>,
) -> Result<Value, Fault> {
    let array = Value::Array(items.clone());
    let skipped = usize::from(initial.is_none());
    let Some(mut accumulator) = initial.or_else(|| items.first().cloned()) else {
        return Err(Fault::new("reduce() of an empty array without an initial value"));
    };
    for (at, item) in items.iter().enumerate().skip(skipped) {
        accumulator = f(&[accumulator, item.clone(), Value::Number(at as f64), array.clone()])?;
        if at % STEPS_UNCHECKED == 0 || matches!(accumulator, Value::String(_)) {
            check_growth(&accumulator)?;
        }
    }
    check_growth(&accumulator)?;
    Ok(accumulator)
}
