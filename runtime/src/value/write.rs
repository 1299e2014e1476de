//! Writing JSON text, as `JSON.stringify` does.
//!
//! Always true: what is written is canonical. Recursion is as deep as the value, which its makers bound.

use super::json::plain_length;
use super::number::push_number;
use super::{JsString, Value};
use std::fmt::Write;

/// Appends the text as a JSON string with its quotes.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    write_escaped(text, out);
    out.push('"');
}

/// Appends what stands between the quotes.
pub fn write_escaped(text: &str, out: &mut String) {
    let mut rest = text;
    loop {
        // What is escaped is one byte, so both ends of the plain part are ends of characters.
        let (plain, special) = rest.split_at(plain_length(rest.as_bytes()));
        out.push_str(plain);
        let Some(&byte) = special.as_bytes().first() else { return };
        write_unit_escape(u16::from(byte), out);
        rest = &special[1..];
    }
}

/// The escape of a unit that JSON.stringify never writes as it is: quote, backslash, control character, lone surrogate.
pub(super) fn write_unit_escape(unit: u16, out: &mut String) {
    let short = match unit {
        0x08 => "\\b",
        0x09 => "\\t",
        0x0A => "\\n",
        0x0C => "\\f",
        0x0D => "\\r",
        0x22 => "\\\"",
        0x5C => "\\\\",
        _ => {
            write!(out, "\\u{unit:04x}").expect("a String takes any text");
            return;
        }
    };
    out.push_str(short);
}

pub(super) fn write_js_string(string: &JsString, out: &mut String) {
    let units = match string {
        JsString::Utf8(text) => return write_string(text, out),
        JsString::Utf16(units) => units,
    };
    out.push('"');
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(c) => write_escaped(c.encode_utf8(&mut [0; 4]), out),
            Err(lone) => write_unit_escape(lone.unpaired_surrogate(), out),
        }
    }
    out.push('"');
}

/// Whether there was anything to write: nothing is written for a missing value.
pub(super) fn write_value(value: &Value, out: &mut String) -> bool {
    match value {
        Value::Undefined => return false,
        Value::Null => out.push_str("null"),
        Value::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
        Value::Number(number) if number.is_finite() => push_number(*number, out),
        Value::Number(_) => out.push_str("null"),
        Value::String(string) => write_js_string(string, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                if !write_value(item, out) {
                    out.push_str("null");
                }
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            let mut first = true;
            for (key, value) in object.iter().filter(|(_, value)| !matches!(value, Value::Undefined)) {
                if !first {
                    out.push(',');
                }
                first = false;
                write_js_string(key, out);
                out.push(':');
                write_value(value, out);
            }
            out.push('}');
        }
    }
    true
}

/// As [`write_value`], each element and member on a line of its own, indented by `indent` times the depth.
pub(super) fn write_value_indented(value: &Value, indent: &str, out: &mut String) -> bool {
    if indent.is_empty() { write_value(value, out) } else { write_lines(value, indent, 0, out) }
}

/// Canonical text with each element and member on a line of its own, as `JSON.stringify(value, null, indent)` writes it.
#[cfg(feature = "mail")]
pub(crate) fn push_indented(canonical: &str, indent: &str, out: &mut String) {
    let mut depth = 0usize;
    let mut rest = canonical;
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(indent));
    };
    while let Some(&mark) = rest.as_bytes().first() {
        let length = match mark {
            b'"' => string_length(rest),
            b'{' | b'[' if matches!(rest.as_bytes().get(1), Some(b'}' | b']')) => 2,
            b'{' | b'[' | b'}' | b']' | b',' | b':' => 1,
            _ => rest.find([',', '}', ']']).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        if matches!(token, "}" | "]") {
            depth = depth.saturating_sub(1);
            line(depth, out);
        }
        out.push_str(token);
        match token {
            "{" | "[" => {
                depth += 1;
                line(depth, out);
            }
            "," => line(depth, out),
            ":" => out.push(' '),
            _ => {}
        }
    }
}

/// Bytes of the string a text begins with, quotes included.
#[cfg(feature = "mail")]
fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at = (at + 2).min(bytes.len());
    }
    text.len()
}

fn write_lines(value: &Value, indent: &str, depth: usize, out: &mut String) -> bool {
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(indent));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                if !write_lines(item, indent, depth + 1, out) {
                    out.push_str("null");
                }
            }
            line(depth, out);
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            let mut first = true;
            for (key, value) in object.iter().filter(|(_, value)| !matches!(value, Value::Undefined)) {
                if !first {
                    out.push(',');
                }
                first = false;
                line(depth + 1, out);
                write_js_string(key, out);
                out.push_str(": ");
                write_lines(value, indent, depth + 1, out);
            }
            if !first {
                line(depth, out);
            }
            out.push('}');
        }
        _ => return write_value(value, out),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value, expected: Option<&str>) {
        assert_eq!(value.to_json().as_deref(), expected);
    }

    #[cfg(feature = "mail")]
    #[test]
    fn canonical_text_is_indented_as_its_value_is() {
        for text in [r#"{"a":[],"b":{},"c":[1,"x,\"]:{é\\",{"d":null}],"e\"":-1.5e-7}"#, "[]", "[[[]]]", "12", "\"a\""]
        {
            let mut indented = String::new();
            push_indented(text, "  ", &mut indented);
            let value = Value::from_json(text).unwrap();
            assert_eq!(Some(indented), value.to_json_indented("  "), "{text}");
        }
    }

    #[test]
    fn scalars() {
        check(Value::Undefined, None);
        check(Value::Null, Some("null"));
        check(Value::from(true), Some("true"));
        check(Value::from(-0.0), Some("0"));
        check(Value::from(f64::NAN), Some("null"));
        check(Value::from(1e21), Some("1e+21"));
        check(Value::string("a\"\\\u{1}\n\u{7f}é\u{2028}"), Some("\"a\\\"\\\\\\u0001\\n\u{7f}é\u{2028}\""));
    }

    #[test]
    fn lone_surrogates_are_escaped() {
        check(JsString::from_units(&[0xD83D, 0xDE00, 0xDE00, 0x22]).into(), Some("\"😀\\ude00\\\"\""));
    }

    #[test]
    fn missing_members_are_left_out_and_missing_elements_are_null() {
        let missing = Value::object([("a", Value::Undefined), ("b", Value::Null)]);
        check(missing.clone(), Some(r#"{"b":null}"#));
        check(Value::array(vec![Value::Undefined, missing]), Some(r#"[null,{"b":null}]"#));
    }

    #[test]
    fn indented() {
        let empty = Value::object([("x", Value::Undefined)]);
        let value = Value::object([("a", Value::array(vec![Value::from(1.0), Value::array(vec![])])), ("b", empty)]);
        assert_eq!(value.to_json_indented("  ").unwrap(), "{\n  \"a\": [\n    1,\n    []\n  ],\n  \"b\": {}\n}");
    }
}
