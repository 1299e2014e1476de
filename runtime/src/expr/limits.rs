//! How large a value may become while it is computed.
//!
//! JavaScript has such limits too (a string of 512 MiB is a RangeError); ours are lower, because the data comes from
//! strangers and one process serves many of them.

use crate::value::{DEPTH_MAX, Fault, Value};

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

/// For a value that is fed back into what made it: text that doubles, nesting that grows with every step, and an array
/// that holds itself twice (shared in memory, but not once it is printed).
pub(super) fn check_growth(value: &Value) -> Result<(), Fault> {
    match value {
        Value::String(string) => check_text(string.as_str().map_or_else(|| string.len(), str::len)),
        Value::Array(_) | Value::Object(_) => check_inside(value, DEPTH_MAX, &mut (4 * ITEMS_MAX)),
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn check_inside(value: &Value, depth: usize, values_left: &mut usize) -> Result<(), Fault> {
    if !matches!(value, Value::Array(_) | Value::Object(_)) {
        return Ok(());
    }
    if depth == 0 {
        return Err(Fault::new(format!("more than {DEPTH_MAX} arrays and objects inside one another")));
    }
    let mut inside = |value: &Value| {
        *values_left = values_left.checked_sub(1).ok_or_else(|| Fault::new("the value would become too large"))?;
        check_inside(value, depth - 1, values_left)
    };
    match value {
        Value::Array(items) => items.iter().try_for_each(&mut inside),
        Value::Object(object) => object.iter().try_for_each(|(_, value)| inside(value)),
        _ => Ok(()),
    }
}
