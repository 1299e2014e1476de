//! How much may be computed for the items of a list.
//!
//! What stands outside of an arrow function is near linear in its data. Inside of one the same is done for each item, and a
//! list of 100,000 that is searched for each of its items is ten billion comparisons: one order would keep a core for a
//! minute, in which it serves nobody else. So work inside of arrows is counted, and too much of it is a fault. It is counted
//! in operations and not in seconds, so that the same data gives the same value on every machine and after a crash.

use super::limits::bytes;
use crate::value::{Fault, JsString, Value};
use std::cell::Cell;

/// Each about a nanosecond: a second on a machine of these years, for a list and all that is done for its items.
const WORK_MAX: usize = 1_000_000_000;

/// One call of an arrow function, at least.
const CALL: usize = 50;

/// To look at an element, or to copy it.
const ELEMENT: usize = 2;

/// So many bytes of text are looked at or copied at once.
const BYTES: usize = 8;

/// To read a byte of JSON.
const PARSED: usize = 8;

thread_local! {
    /// What is left; `None`: nothing is being done for the items of a list.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// While it lives, work is counted. Inside of another one it changes nothing.
pub(crate) struct Counted {
    outermost: bool,
}

impl Counted {
    pub(crate) fn begin() -> Counted {
        Counted::at_most(WORK_MAX)
    }

    pub(super) fn at_most(work: usize) -> Counted {
        let outermost = LEFT.get().is_none();
        if outermost {
            LEFT.set(Some(work));
        }
        Counted { outermost }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.outermost {
            LEFT.set(None);
        }
    }
}

/// Before each call of a function for an item.
///
/// # Errors
/// When too much has been done for the items of this list, or of one around it.
pub(crate) fn step() -> Result<(), Fault> {
    spend(CALL);
    match LEFT.get() {
        Some(0) => Err(Fault::new("this would take too long: too much is done for each item of a long list")),
        _ => Ok(()),
    }
}

/// Elements of an array, or fields of an object.
pub(super) fn elements(count: usize) {
    spend(count.saturating_mul(ELEMENT));
}

pub(super) fn text(text: &JsString) {
    spend(bytes(text) / BYTES);
}

/// Text that is gone through character by character: printed, or searched for a place.
pub(super) fn characters(text: &JsString) {
    spend(bytes(text));
}

/// Text in which a place or the end is looked for, which is there at once only in ASCII.
pub(super) fn place_in(string: &JsString) {
    if LEFT.get().is_none() {
        return;
    }
    match string.as_ascii() {
        Some(_) => text(string),
        None => characters(string),
    }
}

/// Text that is read as JSON.
pub(super) fn parsed(text: &JsString) {
    spend(bytes(text).saturating_mul(PARSED));
}

/// What was made.
pub(super) fn made(value: &Value) {
    match value {
        Value::String(made) => text(made),
        Value::Array(items) => elements(items.len()),
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

fn spend(work: usize) {
    if let Some(left) = LEFT.get() {
        LEFT.set(Some(left.saturating_sub(work)));
    }
}
