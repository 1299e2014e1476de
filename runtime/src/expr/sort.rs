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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_keep_their_order() {
        let items: Vec<Value> =
            (0..1000).map(|n| Value::array(vec![f64::from(n * 7919 % 10).into(), f64::from(n).into()])).collect();
        let first = |value: &Value| crate::expr::index(value, &0.0.into());
        let sorted =
            sort_by_comparison(&items, &|args| Ok(crate::expr::sub(&first(&args[0]), &first(&args[1])))).unwrap();
        let key = |value: &Value| [0.0, 1.0].map(|at| to_number(&crate::expr::index(value, &at.into())));
        assert!(sorted.is_sorted_by(|a, b| key(a) < key(b)));
    }

    #[test]
    fn a_comparison_that_contradicts_itself_loses_nothing() {
        for length in [0, 1, 2, 63, 64, 500] {
            let items: Vec<Value> = (0..length).map(|n| f64::from(n).into()).collect();
            for answer in [-1.0, 0.0, 1.0, f64::NAN] {
                let sorted = sort_by_comparison(&items, &|_| Ok(answer.into())).unwrap();
                let mut numbers: Vec<f64> = sorted.iter().map(to_number).collect();
                numbers.sort_by(f64::total_cmp);
                assert!(numbers.iter().copied().eq((0..length).map(f64::from)), "{length} {answer}");
            }
        }
    }

    #[test]
    fn undefined_stands_at_the_end_and_is_not_asked_about() {
        let items = [Value::Undefined, 2.0.into(), Value::Undefined, 1.0.into()];
        let compare = |args: &[Value]| {
            assert!(!args.iter().any(|arg| matches!(arg, Value::Undefined)));
            Ok(crate::expr::sub(&args[0], &args[1]))
        };
        for sorted in [sort_by_text(&items), sort_by_comparison(&items, &compare).unwrap()] {
            assert_eq!(Value::array(sorted).to_json().unwrap(), "[1,2,null,null]");
        }
    }
}
