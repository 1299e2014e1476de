//! The operators, and access to members.

use super::convert::{primitive_text, to_number, to_primitive};
use super::limits::bytes;
use super::work;
use crate::value::{JsString, Value, array_index};
use std::cmp::Ordering;

/// `a + b`: text as soon as either is text or becomes text (objects and arrays do, as compact JSON), else a sum.
pub fn add(a: &Value, b: &Value) -> Value {
    let is_text = |value: &Value| matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_));
    if is_text(a) || is_text(b) {
        let text = JsString::concat(&[a.to_js_string(), b.to_js_string()]);
        work::text(&text);
        text.into()
    } else {
        Value::Number(to_number(a) + to_number(b))
    }
}

/// `a - b`
pub fn sub(a: &Value, b: &Value) -> Value {
    Value::Number(to_number(a) - to_number(b))
}

/// `a * b`
pub fn mul(a: &Value, b: &Value) -> Value {
    Value::Number(to_number(a) * to_number(b))
}

/// `a / b`
pub fn div(a: &Value, b: &Value) -> Value {
    Value::Number(to_number(a) / to_number(b))
}

/// `a % b`, with the sign of `a`.
pub fn rem(a: &Value, b: &Value) -> Value {
    Value::Number(to_number(a) % to_number(b))
}

/// `-a`
pub fn neg(a: &Value) -> Value {
    Value::Number(-to_number(a))
}

/// `+a`
pub fn plus(a: &Value) -> Value {
    Value::Number(to_number(a))
}

/// `a === b`. Two objects or two arrays are equal when their contents are (departure 3): the same keys in any order, and
/// values equal by this very rule, so an object that holds NaN differs from itself.
pub fn strict_equals(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Undefined, Value::Undefined) | (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::String(a), Value::String(b)) => same_text(a, b),
        _ => same_contents(a, b, strict_equals),
    }
}

/// `a == b`, with JavaScript's conversions between kinds. Two objects or two arrays are compared as `===` does; with a
/// primitive they are compared as JavaScript does (`[5] == 5`).
pub fn equals(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Undefined | Value::Null, _) | (_, Value::Undefined | Value::Null) => a.is_nullish() && b.is_nullish(),
        (Value::Array(_) | Value::Object(_), Value::Array(_) | Value::Object(_)) => strict_equals(a, b),
        (Value::String(a), Value::String(b)) => same_text(a, b),
        (Value::Array(_) | Value::Object(_), _) => equals(&to_primitive(a), b),
        (_, Value::Array(_) | Value::Object(_)) => equals(a, &to_primitive(b)),
        (
            Value::Bool(_) | Value::Number(_) | Value::String(_),
            Value::Bool(_) | Value::Number(_) | Value::String(_),
        ) => to_number(a) == to_number(b),
    }
}

fn same_text(a: &JsString, b: &JsString) -> bool {
    if bytes(a) == bytes(b) {
        work::text(a);
    }
    a == b
}

/// SameValueZero: `===`, but NaN is itself. What `includes` asks for.
pub(super) fn same_value_zero(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || (a.is_nan() && b.is_nan()),
        _ => strict_equals(a, b),
    }
}

/// Whether two values are the same in every way a workflow could see: `undefined` is not `null`, NaN is NaN, `-0` is not
/// `0`, and the order of keys counts. For tests and tools; no operator of the language.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Value::Object(a_fields), Value::Object(b_fields)) => {
            a_fields.iter().map(|(key, _)| key).eq(b_fields.iter().map(|(key, _)| key)) && same_contents(a, b, same)
        }
        (Value::Array(_), Value::Array(_)) => same_contents(a, b, same),
        _ => strict_equals(a, b),
    }
}

fn same_contents(a: &Value, b: &Value, equal: fn(&Value, &Value) -> bool) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => work::elements(a.len()),
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => work::elements(a.len()),
        _ => {}
    }
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get_key(key).is_some_and(|b| equal(a, b)))
        }
        _ => false,
    }
}

/// `a < b`
pub fn less(a: &Value, b: &Value) -> bool {
    compare(a, b) == Some(Ordering::Less)
}

/// `a <= b`
pub fn less_or_equal(a: &Value, b: &Value) -> bool {
    compare(a, b).is_some_and(Ordering::is_le)
}

/// `a > b`
pub fn greater(a: &Value, b: &Value) -> bool {
    compare(a, b) == Some(Ordering::Greater)
}

/// `a >= b`
pub fn greater_or_equal(a: &Value, b: &Value) -> bool {
    compare(a, b).is_some_and(Ordering::is_ge)
}

/// Two texts by UTF-16 units, anything else as numbers; `None` when either is not a number.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (to_primitive(a), to_primitive(b)) {
        (Value::String(a), Value::String(b)) => Some(a.compare(&b)),
        (a, b) => to_number(&a).partial_cmp(&to_number(&b)),
    }
}

/// `value.name`: an own field of an object, `length` of a string or an array; undefined for anything else, also on
/// undefined and null (departure 1). Nothing is inherited: `x.constructor` is undefined.
pub fn member(value: &Value, name: &str) -> Value {
    match value {
        Value::Object(object) => object.get(name).cloned().unwrap_or(Value::Undefined),
        Value::String(string) if name == "length" => {
            work::place_in(string);
            Value::Number(string.len() as f64)
        }
        Value::Array(items) if name == "length" => Value::Number(items.len() as f64),
        Value::String(_) | Value::Array(_) => {
            array_index(name.as_bytes()).map_or(Value::Undefined, |at| at_index(value, at))
        }
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) => Value::Undefined,
    }
}

/// `value[key]`: as [`member`], by a name or by a position in a string or an array.
pub fn index(value: &Value, key: &Value) -> Value {
    if let (Value::String(_) | Value::Array(_), Value::Number(number)) = (value, key) {
        let position = *number as u32;
        return if f64::from(position) == *number { at_index(value, position) } else { Value::Undefined };
    }
    if value.is_nullish() {
        return Value::Undefined;
    }
    match (value, primitive_text(key)) {
        (_, JsString::Utf8(name)) => member(value, &name),
        (Value::Object(object), name) => object.get_key(&name).cloned().unwrap_or(Value::Undefined),
        _ => Value::Undefined,
    }
}

fn at_index(value: &Value, position: u32) -> Value {
    let position = position as usize;
    match value {
        Value::String(string) => {
            work::place_in(string);
            string.unit(position).map_or(Value::Undefined, |unit| JsString::from_units(&[unit]).into())
        }
        Value::Array(items) => items.get(position).cloned().unwrap_or(Value::Undefined),
        _ => Value::Undefined,
    }
}

/// A template literal: the texts of the values in a row, `undefined` and `null` as nothing (departure 2).
pub fn text(values: &[Value]) -> Value {
    let pieces: Vec<JsString> = values.iter().filter(|value| !value.is_nullish()).map(Value::to_js_string).collect();
    let text = JsString::concat(&pieces);
    work::text(&text);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        Value::from_json(text).unwrap()
    }

    #[test]
    fn add_joins_text_and_sums_the_rest() {
        for (a, b, sum) in [
            ("1", "2", "3"),
            ("\"1\"", "2", "\"12\""),
            ("true", "1", "2"),
            ("null", "1", "1"),
            ("\"a\"", "null", "\"anull\""),
            ("[1,2]", "\"\"", "\"[1,2]\""),
            ("\"\"", "{\"a\":1}", r#""{\"a\":1}""#),
            ("\"\\ud83d\"", "\"\\ude00\"", "\"😀\""),
        ] {
            assert!(same(&add(&json(a), &json(b)), &json(sum)), "{a} + {b}");
        }
        assert!(same(&add(&Value::Undefined, &Value::from(1.0)), &Value::from(f64::NAN)));
    }

    #[test]
    fn objects_and_arrays_are_equal_by_their_contents() {
        for (a, b, equal) in [
            ("[1,[2]]", "[1,[2]]", true),
            ("[1,2]", "[2,1]", false),
            (r#"{"a":1,"b":[]}"#, r#"{"b":[],"a":1}"#, true),
            (r#"{"a":1}"#, r#"{"a":"1"}"#, false),
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false),
            ("[]", "{}", false),
        ] {
            assert_eq!(equals(&json(a), &json(b)), equal, "{a} == {b}");
            assert_eq!(strict_equals(&json(a), &json(b)), equal, "{a} === {b}");
        }
        let not_a_number = Value::array(vec![f64::NAN.into()]);
        assert!(!equals(&not_a_number, &not_a_number));
        assert!(same(&not_a_number, &not_a_number));
    }

    #[test]
    fn a_missing_value_equals_nothing_but_null() {
        for value in ["false", "0", "\"\"", "[]"] {
            assert!(!equals(&Value::Undefined, &json(value)), "{value}");
        }
        assert!(equals(&Value::Undefined, &Value::Null) && !strict_equals(&Value::Undefined, &Value::Null));
        assert!(!same(&Value::Undefined, &Value::Null));
    }

    #[test]
    fn comparison_with_a_missing_value_is_false() {
        let one = Value::from(1.0);
        for compare in [less, less_or_equal, greater, greater_or_equal] {
            assert!(!compare(&Value::Undefined, &one) && !compare(&one, &Value::Undefined));
        }
    }

    #[test]
    fn members_are_own_fields_and_length() {
        let value = json(r#"{"length":12,"a":[1,"é😀"],"1":true}"#);
        for (name, expected) in [("length", "12"), ("a", "[1,\"é😀\"]"), ("1", "true")] {
            assert!(same(&member(&value, name), &json(expected)), "{name}");
        }
        assert!(matches!(member(&value, "constructor"), Value::Undefined));
        let items = member(&value, "a");
        assert!(same(&member(&items, "length"), &2.0.into()));
        assert!(same(&member(&index(&items, &1.0.into()), "length"), &3.0.into()));
        assert!(same(&index(&items, &Value::string("0")), &1.0.into()));
        for key in [Value::from(-1.0), 0.5.into(), 2.0.into(), f64::NAN.into(), Value::string("00"), Value::Null] {
            assert!(matches!(index(&items, &key), Value::Undefined), "{key:?}");
        }
        assert!(same(&index(&value, &1.0.into()), &true.into()));
    }

    #[test]
    fn a_path_through_a_missing_value_is_missing() {
        for nothing in [Value::Undefined, Value::Null, Value::from(5.0), Value::from(true)] {
            assert!(matches!(member(&nothing, "length"), Value::Undefined));
            assert!(matches!(index(&nothing, &Value::string("a")), Value::Undefined));
        }
    }

    #[test]
    fn text_leaves_out_what_is_missing() {
        let values =
            [Value::string("a"), Value::Undefined, Value::Null, 1.5.into(), json(r#"{"b":[1]}"#), false.into()];
        assert!(same(&text(&values), &Value::string(r#"a1.5{"b":[1]}false"#)));
    }
}
