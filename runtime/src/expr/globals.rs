//! Global functions: conversions, `JSON`, `Object`, `Math`.

use super::argument;
use super::convert::{kind, to_integer, to_number};
use super::limits::{check_items, check_text};
use super::math;
use super::names::Global;
use super::work;
use crate::value::{Fault, JsString, Object, Value, parse_js_string};
use std::collections::HashMap;
use std::sync::Arc;

/// Calls a global function.
///
/// # Errors
/// Where JavaScript throws: text that is not JSON, the keys of nothing.
pub fn global(function: Global, args: &[Value]) -> Result<Value, Fault> {
    match (argument(args, 0), function) {
        (Value::String(text), Global::JsonParse) => work::parsed(text),
        (Value::String(text), _) => work::text(text),
        _ => {}
    }
    called(function, args).inspect(|made| match made {
        Value::String(text) => work::characters(text),
        _ => work::made(made),
    })
}

fn called(function: Global, args: &[Value]) -> Result<Value, Fault> {
    let first = argument(args, 0);
    match function {
        Global::Boolean => Ok(first.truthy().into()),
        Global::Number => Ok(Value::Number(args.first().map_or(0.0, to_number))),
        Global::String => Ok(args.first().map(Value::to_js_string).unwrap_or_default().into()),
        Global::JsonParse => {
            parse_js_string(&first.to_js_string()).map_err(|error| Fault::new(format!("JSON.parse(): {error}")))
        }
        Global::JsonStringify => stringify(first, argument(args, 1), argument(args, 2)),
        Global::ObjectEntries => {
            let entries = fields(first, "Object.entries")?;
            Ok(Value::array(entries.into_iter().map(|(key, value)| Value::array(vec![key, value])).collect()))
        }
        Global::ObjectKeys => Ok(Value::array(fields(first, "Object.keys")?.into_iter().map(|(key, _)| key).collect())),
        Global::ObjectValues => {
            Ok(Value::array(fields(first, "Object.values")?.into_iter().map(|(_, value)| value).collect()))
        }
        _ => {
            let numbers: Vec<f64> = args.iter().map(to_number).collect();
            math::call(function, &numbers)
                .map(Value::Number)
                .ok_or_else(|| Fault::new(format!("{} is not a function", function.name())))
        }
    }
}

/// Own fields with their keys as values; a string's and an array's are their positions.
fn fields(value: &Value, function: &str) -> Result<Vec<(Value, Value)>, Fault> {
    let position = |at: usize| Value::String(at.to_string().into());
    match value {
        Value::Object(object) => {
            Ok(object.iter().map(|(key, value)| (Value::String(key.clone()), value.clone())).collect())
        }
        Value::Array(items) => {
            check_items(items.len())?;
            Ok(items.iter().enumerate().map(|(at, item)| (position(at), item.clone())).collect())
        }
        Value::String(string) => {
            let units = string.units();
            check_items(units.len())?;
            let parts = units.chunks(1).map(|unit| Value::String(JsString::from_units(unit)));
            Ok(parts.enumerate().map(|(at, part)| (position(at), part)).collect())
        }
        Value::Bool(_) | Value::Number(_) => Ok(Vec::new()),
        Value::Undefined | Value::Null => Err(Fault::new(format!("{function}() of {}", kind(value)))),
    }
}

/// A list as the second argument names the keys that objects keep, at any depth and in its order; anything else there JavaScript
/// ignores too (ECMA-262, SerializeJSONProperty).
fn stringify(value: &Value, replacer: &Value, indent: &Value) -> Result<Value, Fault> {
    let kept;
    let value = match replacer {
        Value::Array(keys) => {
            let mut places = HashMap::new();
            work::elements(keys.len());
            for key in keys.iter().filter(|key| matches!(key, Value::String(_) | Value::Number(_))) {
                let next = places.len();
                places.entry(key.to_js_string()).or_insert(next);
            }
            kept = with_keys(value, &places);
            &kept
        }
        _ => value,
    };
    let indent = match indent {
        Value::Number(_) => " ".repeat(to_integer(indent).clamp(0.0, 10.0) as usize).into(),
        Value::String(string) => string.slice(0, 10),
        _ => JsString::default(),
    };
    let text = match &indent {
        JsString::Utf8(indent) => value.to_json_indented(indent),
        // No text but UTF-8 is written there: a NUL, which JSON never holds, keeps the place of half a character.
        JsString::Utf16(_) => value.to_json_indented("\0"),
    };
    let Some(text) = text else { return Ok(Value::Undefined) };
    check_text(text.len().saturating_mul(indent.len().max(1)))?;
    let JsString::Utf16(indent) = indent else { return Ok(Value::String(text.into())) };
    let mut units = Vec::new();
    for unit in text.encode_utf16() {
        if unit == 0 { units.extend_from_slice(&indent) } else { units.push(unit) }
    }
    Ok(JsString::from_units(&units).into())
}

/// The value, in which objects have no other keys than these, and have them in this order.
fn with_keys(value: &Value, places: &HashMap<JsString, usize>) -> Value {
    match value {
        Value::Object(object) => {
            work::elements(object.len());
            let kept = object.iter().filter_map(|(key, value)| Some((places.get(key)?, key, value)));
            let mut fields: Vec<_> = kept.collect();
            fields.sort_unstable_by_key(|(place, ..)| **place);
            let fields = fields.into_iter().map(|(_, key, value)| (key.clone(), with_keys(value, places)));
            Value::Object(Arc::new(Object::in_order(fields.collect())))
        }
        Value::Array(items) => {
            work::elements(items.len());
            Value::array(items.iter().map(|item| with_keys(item, places)).collect())
        }
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str, args: &str) -> Result<String, String> {
        let Ok(Value::Array(args)) = Value::from_json(args) else { panic!("arguments are an array") };
        let function = Global::from_name(name).unwrap();
        let value = global(function, &args).map_err(|fault| fault.message)?;
        Ok(value.to_json().unwrap_or_else(|| "undefined".to_owned()))
    }

    #[test]
    fn functions() {
        for (name, args, expected) in [
            ("Boolean", r#"[""]"#, "false"),
            ("Number", r#"[" 0x1f "]"#, "31"),
            ("Number", "[]", "0"),
            ("String", "[[1,{}]]", r#""[1,{}]""#),
            ("String", "[]", r#""""#),
            ("JSON.parse", r#"["{\"b\":1,\"1\":2}"]"#, r#"{"1":2,"b":1}"#),
            ("JSON.stringify", "[{\"a\":[1]}]", r#""{\"a\":[1]}""#),
            ("JSON.stringify", "[[1],null,2]", r#""[\n  1\n]""#),
            (
                "JSON.stringify",
                r#"[{"b":1,"a":{"a":2,"b":3},"1":4,"c":[{"c":1,"b":2}]},["b","1","a","b",1,"c",null]]"#,
                r#""{\"b\":1,\"1\":4,\"a\":{\"b\":3,\"a\":2},\"c\":[{\"b\":2,\"c\":1}]}""#,
            ),
            ("JSON.stringify", "[[1,{}],[]]", r#""[1,{}]""#),
            ("JSON.stringify", r#"[[1],null,"\ud83d"]"#, r#""[\n\ud83d1\n]""#),
            ("Object.entries", r#"[{"b":1,"2":3}]"#, r#"[["2",3],["b",1]]"#),
            ("Object.keys", r#"["ab"]"#, r#"["0","1"]"#),
            ("Object.values", "[5]", "[]"),
            ("Math.max", "[1,\"3\",null]", "3"),
            ("Math.max", "[]", "null"),
            ("Math.round", "[-2.5]", "-2"),
            ("Math.pow", "[2,10]", "1024"),
            ("Math.hypot", "[3,4]", "5"),
            ("Math.sign", "[-7]", "-1"),
        ] {
            assert_eq!(called(name, args).as_deref(), Ok(expected), "{name}({args})");
        }
        assert!(matches!(global(Global::JsonStringify, &[Value::Undefined]), Ok(Value::Undefined)));
    }

    #[test]
    fn what_javascript_throws_is_a_fault_without_data() {
        let parse = called("JSON.parse", r#"["{\"card\":4111 1111}"]"#).unwrap_err();
        assert_eq!(parse, "JSON.parse(): expected ',' or '}' at byte 13");
        assert_eq!(called("Object.keys", "[null]").unwrap_err(), "Object.keys() of null");
    }
}
