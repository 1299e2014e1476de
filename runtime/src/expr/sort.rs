//! Sorting: stable, and never surprised by a comparison that contradicts itself.

use super::convert::to_number;
use crate::value::{Fault, JsString, Value};

/// Arrays shorter than this are sorted with V8's own steps, so that even a comparison that contradicts itself (such as
/// `(a, b) => a > b`) leaves them as Node does. Longer ones are the same for every comparison that does not.
const INSERTION_MAX: usize = 64;

/// By the UTF-16 units of `String(x)`, with undefined at the end.
pub(super) fn sort_by_text(items: &[Value]) -> Vec<Value> {
    let present = items.iter().filter(|item| !matches!(item, Value::Undefined));
    let mut keyed: Vec<(JsString, &Value)> = present.map(|item| (item.to_js_string(), item)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.compare(b));
    with_undefined(keyed.into_iter().map(|(_, item)| item.clone()).collect(), items.len())
}

/// By what `compare(a, b)` gives: less than zero puts `a` first. Undefined goes to the end without being asked about.
pub(super) fn sort_by_comparison(
    items: &[Value],
    compare: &dyn Fn(&[Value]) -> Result<Value, Fault>,
) -> Result<Vec<Value>, Fault> {
    let mut present: Vec<Value> = items.iter().filter(|item| !matches!(item, Value::Undefined)).cloned().collect();
    let less = |a: &Value, b: &Value| Ok(to_number(&compare(&[a.clone(), b.clone()])?) < 0.0);
    merge_sort(&mut present, &less)?;
    Ok(with_undefined(present, items.len()))
}

fn with_undefined(mut sorted: Vec<Value>, length: usize) -> Vec<Value> {
    sorted.resize(length, Value::Undefined);
    sorted
}

type Less<'a> = &'a dyn Fn(&Value, &Value) -> Result<bool, Fault>;

fn merge_sort(items: &mut [Value], less: Less) -> Result<(), Fault> {
    if items.len() < INSERTION_MAX {
        return insertion_sort(items, less);
    }
    let (left, right) = items.split_at_mut(items.len() / 2);
    merge_sort(left, less)?;
    merge_sort(right, less)?;
    let left = left.to_vec();
    let right = right.to_vec();
    let (mut l, mut r) = (0, 0);
    for place in items.iter_mut() {
        let from_right = r < right.len() && (l == left.len() || less(&right[r], &left[l])?);
        *place = if from_right { right[r].clone() } else { left[l].clone() };
        if from_right { r += 1 } else { l += 1 }
    }
    Ok(())
}

/// TimSort's way with a short array: keeps the run it begins with, and inserts the rest by binary search.
fn insertion_sort(items: &mut [Value], less: Less) -> Result<(), Fault> {
    for at in begin_run(items, less)?..items.len() {
        let (mut left, mut right) = (0, at);
        while left < right {
            let middle = left + (right - left) / 2;
            if less(&items[at], &items[middle])? { right = middle } else { left = middle + 1 }
        }
        items[left..=at].rotate_right(1);
    }
    Ok(())
}

/// The length of the ascending run at the beginning; a strictly descending one is turned round.
fn begin_run(items: &mut [Value], less: Less) -> Result<usize, Fault> {
    if items.len() < 2 {
        return Ok(items.len());
    }
    let descending = less(&items[1], &items[0])?;
    let mut length = 2;
    while length < items.len() && less(&items[length], &items[length - 1])? == descending {
        length += 1;
    }
    if descending {
        items[..length].reverse();
    }
    Ok(length)
}
