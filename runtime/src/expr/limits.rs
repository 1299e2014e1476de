//! How large a value may become while it is computed.
//!
//! JavaScript has such limits too (a string of 512 MiB is a RangeError); ours are lower, because the data comes from
//! strangers and one process serves many of them.

use crate::value::{DEPTH_MAX, Fault, JsString, Value};

/// UTF-16 units of a string that a method or global makes.
pub const TEXT_MAX: usize = 16 * 1024 * 1024;

/// Elements of an array that a method makes.
pub const ITEMS_MAX: usize = 1024 * 1024;

pub(super) fn check_text(length: usize) -> Result<(), Fault> {
    if length > TEXT_MAX {
        Err(Fault::new(format!("the text would be longer than {TEXT_MAX} characters")))
    } else {
        Ok(())
    }
}

pub(super) fn check_items(length: usize) -> Result<(), Fault> {
    if length > ITEMS_MAX {
        Err(Fault::new(format!("the array would have more than {ITEMS_MAX} elements")))
    } else {
        Ok(())
    }
}

/// What a value that arrows made may weigh: about its length in bytes, once it is printed.
const WEIGHT_MAX: usize = 64 * 1024 * 1024;

/// What any value weighs, beside its text.
const WEIGHT_EACH: usize = 16;

/// For a value that arrows made of many: text that doubles with every step of `reduce`, nesting that grows with it, and a
/// large value that `map` puts into each of many (shared in memory, but not once it is printed).
pub(super) fn check_growth(value: &Value) -> Result<(), Fault> {
    if let Value::String(string) = value {
        check_text(bytes(string))?;
    }
    check_weight(value, DEPTH_MAX, &mut WEIGHT_MAX.clone())
}

fn check_weight(value: &Value, depth: usize, left: &mut usize) -> Result<(), Fault> {
    weigh(WEIGHT_EACH, left)?;
    if depth == 0 && matches!(value, Value::Array(_) | Value::Object(_)) {
        return Err(Fault::new(format!("more than {DEPTH_MAX} arrays and objects inside one another")));
    }
    match value {
        Value::String(string) => weigh(bytes(string), left),
        Value::Array(items) => items.iter().try_for_each(|item| check_weight(item, depth - 1, left)),
        Value::Object(object) => object.iter().try_for_each(|(key, value)| {
            weigh(bytes(key), left)?;
            check_weight(value, depth - 1, left)
        }),
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn weigh(weight: usize, left: &mut usize) -> Result<(), Fault> {
    *left = left.checked_sub(weight).ok_or_else(|| Fault::new("the value would become too large"))?;
    Ok(())
}

/// In memory: what is there without counting.
pub(super) fn bytes(string: &JsString) -> usize {
    match string {
        JsString::Utf8(text) => text.len(),
        JsString::Utf16(units) => units.len(),
    }
}
