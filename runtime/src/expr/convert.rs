//! Conversions between kinds: to text, to a number, to a primitive.
//!
//! Two texts of an object exist. Where text is made (`String(x)`, `"" + x`, templates, `join`, arguments that must be
//! text) an object or array is compact JSON: departure 2 of the language. Where JavaScript turns it into a primitive only
//! to compare or to compute (`==` with a primitive, `<`, `-`, `Number(x)`, a property key) nobody sees the text, and it is
//! JavaScript's own.

use super::work;
use crate::value::{JsString, Value, number_text, parse_number};

impl Value {
    /// The text of a value in a template: `undefined` and `null` as nothing, objects and arrays as compact JSON, lone
    /// surrogates as U+FFFD.
    pub fn to_text(&self) -> String {
        match self {
            Value::Undefined | Value::Null => String::new(),
            Value::Number(number) => number_text(*number),
            Value::String(string) => string.to_well_formed().into_owned(),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => self.to_json().unwrap_or_default(),
        }
    }

    /// `String(value)`: as JavaScript, but for objects and arrays, which are compact JSON. (`null` is `"null"` here, and
    /// in `"" + null`; only a template leaves it out.)
    pub fn to_js_string(&self) -> JsString {
        match self {
            Value::Undefined => "undefined".into(),
            Value::Null => "null".into(),
            Value::Number(number) => number_text(*number).into(),
            Value::String(string) => string.clone(),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => self.to_json().unwrap_or_default().into(),
        }
    }
}

/// `Number(value)`.
pub(super) fn to_number(value: &Value) -> f64 {
    match value {
        Value::Undefined => f64::NAN,
        Value::Null => 0.0,
        Value::Bool(bool) => f64::from(u8::from(*bool)),
        Value::Number(number) => *number,
        Value::String(string) => string.as_str().map_or(f64::NAN, parse_number),
        Value::Array(_) | Value::Object(_) => primitive_text(value).as_str().map_or(f64::NAN, parse_number),
    }
}

/// ECMAScript's ToIntegerOrInfinity.
pub(super) fn to_integer(value: &Value) -> f64 {
    let number = to_number(value);
    // Adding zero makes -0 plain.
    if number.is_nan() { 0.0 } else { number.trunc() + 0.0 }
}

/// ECMAScript's ToInt32 as its bits.
pub(super) fn to_uint32(number: f64) -> u32 {
    if !number.is_finite() {
        return 0;
    }
    const WRAP: f64 = 4294967296.0;
    let rest = number.trunc() % WRAP;
    (if rest < 0.0 { rest + WRAP } else { rest }) as u32
}

/// A relative position as `slice` and `at` take it: negative counts from the end. Cut to `0..=length`.
pub(super) fn relative_position(value: &Value, length: usize) -> usize {
    let position = to_integer(value);
    let position = if position < 0.0 { position + length as f64 } else { position };
    position.clamp(0.0, length as f64) as usize
}

/// As [`relative_position`], where the argument may be left out and then means the end.
pub(super) fn relative_end(value: &Value, length: usize) -> usize {
    if matches!(value, Value::Undefined) { length } else { relative_position(value, length) }
}

/// JavaScript's own text of a value: arrays joined with commas, objects `[object Object]`.
pub(super) fn primitive_text(value: &Value) -> JsString {
    match value {
        Value::Array(items) => {
            let mut pieces = Vec::with_capacity(items.len() * 2);
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    pieces.push(JsString::from(","));
                }
                if !item.is_nullish() {
                    pieces.push(primitive_text(item));
                }
            }
            let text = JsString::concat(&pieces);
            work::characters(&text);
            text
        }
        Value::Object(_) => "[object Object]".into(),
        _ => value.to_js_string(),
    }
}

/// The value itself, or an object's text as JavaScript compares it.
pub(super) fn to_primitive(value: &Value) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) => primitive_text(value).into(),
        _ => value.clone(),
    }
}

/// `a boolean`, `an array`, … for messages, which must not hold data.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Undefined => "a missing value",
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_each_kind() {
        let lone = JsString::from_units(&[0x61, 0xD83D]);
        for (value, in_template, as_string) in [
            (Value::Undefined, "", "undefined"),
            (Value::Null, "", "null"),
            (Value::from(true), "true", "true"),
            (Value::from(-0.0), "0", "0"),
            (Value::from(f64::NAN), "NaN", "NaN"),
            (Value::string("é"), "é", "é"),
            (Value::from(lone), "a\u{FFFD}", "a\u{FFFD}"),
            (Value::array(vec![Value::Null, Value::string("x")]), r#"[null,"x"]"#, r#"[null,"x"]"#),
            (Value::object([("a", 1.0.into()), ("b", Value::Undefined)]), r#"{"a":1}"#, r#"{"a":1}"#),
        ] {
            assert_eq!(value.to_text(), in_template);
            assert_eq!(value.to_js_string().to_string(), as_string);
        }
    }

    #[test]
    fn objects_compute_and_compare_as_in_javascript() {
        let array = |json| Value::from_json(json).unwrap();
        assert_eq!(to_number(&array("[5]")), 5.0);
        assert_eq!(to_number(&array("[]")), 0.0);
        assert_eq!(to_number(&array("[null]")), 0.0);
        assert!(to_number(&array("[1,2]")).is_nan());
        assert!(to_number(&array("{}")).is_nan());
        assert_eq!(primitive_text(&array("[1,[2,3],null,{}]")), "1,2,3,,[object Object]".into());
    }

    #[test]
    fn integers_of_32_bits_wrap() {
        for (number, wrapped) in [(-1.0, u32::MAX), (4294967296.0, 0), (1e21, 3735027712), (-0.9, 0), (f64::NAN, 0)] {
            assert_eq!(to_uint32(number), wrapped, "{number}");
        }
    }
}
