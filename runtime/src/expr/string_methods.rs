//! Methods of strings. Positions are UTF-16 units.

use super::argument;
use super::convert::{relative_end, relative_position, to_integer, to_number, to_uint32};
use super::limits::{check_items, check_text};
use super::names::Method;
use super::replace::replace;
use super::search::{find, find_all, find_last};
use crate::value::{Fault, JsString, Value, is_white_space};

/// `None`: strings have no such method.
pub(super) fn call(string: &JsString, method: Method, args: &[Value]) -> Option<Result<Value, Fault>> {
    let text_argument = |at: usize| argument(args, at).to_js_string();
    let value = match method {
        Method::At => {
            let position = to_integer(argument(args, 0));
            let length = string.len();
            let position = if position < 0.0 { position + length as f64 } else { position };
            if position < 0.0 || position >= length as f64 {
                Value::Undefined
            } else {
                string.slice(position as usize, position as usize + 1).into()
            }
        }
        Method::CharAt => {
            let position = to_integer(argument(args, 0));
            let position = if position < 0.0 { usize::MAX } else { position as usize };
            string.slice(position, position.saturating_add(1)).into()
        }
        Method::Concat => return Some(concat(string, args)),
        Method::EndsWith => {
            let end = argument(args, 1);
            let end = if matches!(end, Value::Undefined) { usize::MAX } else { position(end) };
            ends_with(string, &text_argument(0), end).into()
        }
        Method::Includes => index_of(string, &text_argument(0), position(argument(args, 1))).is_some().into(),
        Method::IndexOf => found(index_of(string, &text_argument(0), position(argument(args, 1)))),
        Method::LastIndexOf => {
            let last = to_number(argument(args, 1));
            let last = if last.is_nan() { usize::MAX } else { last.max(0.0) as usize };
            found(last_index_of(string, &text_argument(0), last))
        }
        Method::PadEnd => {
            return Some(pad(string, args).map(|padding| JsString::concat(&[string.clone(), padding]).into()));
        }
        Method::PadStart => {
            return Some(pad(string, args).map(|padding| JsString::concat(&[padding, string.clone()]).into()));
        }
        Method::Repeat => return Some(repeat(string, argument(args, 0))),
        Method::Replace => return Some(replace(string, &text_argument(0), &text_argument(1), false)),
        Method::ReplaceAll => return Some(replace(string, &text_argument(0), &text_argument(1), true)),
        Method::Slice => {
            let length = string.len();
            let from = relative_position(argument(args, 0), length);
            string.slice(from, relative_end(argument(args, 1), length)).into()
        }
        Method::Split => return Some(split(string, argument(args, 0), argument(args, 1))),
        Method::StartsWith => starts_with(string, &text_argument(0), position(argument(args, 1))).into(),
        Method::Substring => {
            let (from, to) = (position(argument(args, 0)), argument(args, 1));
            let to = if matches!(to, Value::Undefined) { usize::MAX } else { position(to) };
            string.slice(from.min(to), from.max(to)).into()
        }
        Method::ToLowerCase => by_well_formed_part(string, str::to_lowercase).into(),
        Method::ToString => Value::String(string.clone()),
        Method::ToUpperCase => by_well_formed_part(string, str::to_uppercase).into(),
        Method::Trim => trim(string, true, true).into(),
        Method::TrimEnd => trim(string, false, true).into(),
        Method::TrimStart => trim(string, true, false).into(),
        Method::Flat | Method::Join | Method::Reverse | Method::Sort | Method::ToFixed => return None,
    };
    Some(Ok(value))
}

/// A position argument, where negative means the beginning.
fn position(value: &Value) -> usize {
    to_integer(value).max(0.0) as usize
}

fn found(position: Option<usize>) -> Value {
    Value::Number(position.map_or(-1.0, |at| at as f64))
}

fn index_of(string: &JsString, needle: &JsString, from: usize) -> Option<usize> {
    if let (Some(text), Some(needle)) = (string.as_ascii(), needle.as_str()) {
        let from = from.min(text.len());
        return text[from..].find(needle).map(|at| at + from);
    }
    let units = string.units();
    let from = from.min(units.len());
    find(&units[from..], &needle.units()).map(|at| at + from)
}

fn last_index_of(string: &JsString, needle: &JsString, last: usize) -> Option<usize> {
    let units = string.units();
    let needle = needle.units();
    let end = last.saturating_add(needle.len()).min(units.len());
    find_last(&units[..end], &needle)
}

fn starts_with(string: &JsString, start: &JsString, from: usize) -> bool {
    if let (Some(text), Some(start)) = (string.as_ascii(), start.as_str()) {
        return text[from.min(text.len())..].starts_with(start);
    }
    let units = string.units();
    units[from.min(units.len())..].starts_with(&start.units())
}

fn ends_with(string: &JsString, end: &JsString, to: usize) -> bool {
    if let (Some(text), Some(end)) = (string.as_ascii(), end.as_str()) {
        return text[..to.min(text.len())].ends_with(end);
    }
    let units = string.units();
    units[..to.min(units.len())].ends_with(&end.units())
}

fn concat(string: &JsString, args: &[Value]) -> Result<Value, Fault> {
    let mut pieces = vec![string.clone()];
    pieces.extend(args.iter().map(Value::to_js_string));
    check_text(pieces.iter().map(JsString::len).sum())?;
    Ok(JsString::concat(&pieces).into())
}

/// What must be added for the wanted length.
fn pad(string: &JsString, args: &[Value]) -> Result<JsString, Fault> {
    let fill = match argument(args, 1) {
        Value::Undefined => " ".into(),
        fill => fill.to_js_string(),
    };
    let wanted = position(argument(args, 0)).saturating_sub(string.len());
    if wanted == 0 || fill.is_empty() {
        return Ok(JsString::default());
    }
    check_text(wanted.saturating_add(string.len()))?;
    let units = fill.units();
    let padding: Vec<u16> = units.iter().copied().cycle().take(wanted).collect();
    Ok(JsString::from_units(&padding))
}

fn repeat(string: &JsString, count: &Value) -> Result<Value, Fault> {
    let count = to_integer(count);
    if !(0.0..f64::INFINITY).contains(&count) {
        return Err(Fault::new("repeat() takes a count that is neither negative nor infinite"));
    }
    if string.is_empty() {
        return Ok(Value::String(string.clone()));
    }
    check_text((count as usize).saturating_mul(string.len()))?;
    Ok(match string {
        JsString::Utf8(text) => Value::String(text.repeat(count as usize).into()),
        JsString::Utf16(units) => JsString::from_units(&units.repeat(count as usize)).into(),
    })
}

fn split(string: &JsString, separator: &Value, limit: &Value) -> Result<Value, Fault> {
    let limit = if matches!(limit, Value::Undefined) { u32::MAX } else { to_uint32(to_number(limit)) } as usize;
    if limit == 0 {
        return Ok(Value::array(Vec::new()));
    }
    if matches!(separator, Value::Undefined) {
        return Ok(Value::array(vec![Value::String(string.clone())]));
    }
    let separator = separator.to_js_string();
    let mut parts: Vec<Value> = Vec::new();
    match (string.as_str(), separator.as_str()) {
        (Some(text), Some(separator)) if !separator.is_empty() => {
            for part in text.split(separator).take(limit) {
                check_items(parts.len() + 1)?;
                parts.push(Value::string(part));
            }
        }
        // Between any two units, also those of one character.
        _ if separator.is_empty() => {
            let units = string.units();
            let count = units.len().min(limit);
            check_items(count)?;
            parts.extend(units[..count].chunks(1).map(|unit| Value::String(JsString::from_units(unit))));
        }
        _ => {
            let (units, separator) = (string.units(), separator.units());
            let mut from = 0;
            let ends = find_all(&units, &separator).into_iter().chain([units.len()]);
            for end in ends.take(limit) {
                check_items(parts.len() + 1)?;
                parts.push(JsString::from_units(&units[from..end]).into());
                from = end + separator.len();
            }
        }
    }
    Ok(Value::array(parts))
}

/// By the tables of Unicode, `ß` and the final sigma included; a lone surrogate stays.
fn by_well_formed_part(string: &JsString, convert: fn(&str) -> String) -> JsString {
    let units = match string {
        JsString::Utf8(text) => return convert(text).into(),
        JsString::Utf16(units) => units,
    };
    let mut pieces: Vec<JsString> = Vec::new();
    let mut part = String::new();
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(c) => part.push(c),
            Err(lone) => {
                pieces.push(convert(&part).into());
                part.clear();
                pieces.push(JsString::from_units(&[lone.unpaired_surrogate()]));
            }
        }
    }
    pieces.push(convert(&part).into());
    JsString::concat(&pieces)
}

fn trim(string: &JsString, start: bool, end: bool) -> JsString {
    match string {
        JsString::Utf8(text) => {
            let text = if start { text.trim_start_matches(is_white_space) } else { text };
            (if end { text.trim_end_matches(is_white_space) } else { text }).into()
        }
        JsString::Utf16(units) => {
            let solid = |unit: &u16| !char::from_u32(u32::from(*unit)).is_some_and(is_white_space);
            let from = if start { units.iter().position(solid).unwrap_or(0) } else { 0 };
            let to = if end { units.iter().rposition(solid).map_or(0, |at| at + 1) } else { units.len() };
            JsString::from_units(&units[from..to])
        }
    }
}
