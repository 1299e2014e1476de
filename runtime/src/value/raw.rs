//! A slice of canonical JSON text: a value nobody has needed to build yet.

use super::json::Reader;
use super::string::utf16_length;
use super::{JsString, Value};

/// A value as canonical JSON text, or missing; with the path it was read from, for messages.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    text: Option<&'a str>,
    path: &'a str,
}

impl<'a> Raw<'a> {
    /// `text` must be canonical JSON text, as a [`super::Doc`] holds it.
    pub fn new(text: Option<&'a str>, path: &'a str) -> Raw<'a> {
        Raw { text, path }
    }

    /// The canonical JSON text; `None` when missing.
    pub fn text(self) -> Option<&'a str> {
        self.text
    }

    /// As the author wrote it, such as `input_data.order_id`.
    pub fn path(self) -> &'a str {
        self.path
    }

    pub fn is_missing(self) -> bool {
        self.text.is_none()
    }

    /// JavaScript's truthiness, without building the value.
    pub fn truthy(self) -> bool {
        !matches!(self.text, None | Some("null" | "false" | "0" | "\"\""))
    }

    /// `this || fallback`; `fallback` is canonical JSON text.
    pub fn or(self, fallback: &'a str) -> Raw<'a> {
        if self.truthy() { self } else { Raw { text: Some(fallback), path: self.path } }
    }

    /// `this ?? fallback`; `fallback` is canonical JSON text.
    pub fn or_if_nullish(self, fallback: &'a str) -> Raw<'a> {
        if matches!(self.text, None | Some("null")) { Raw { text: Some(fallback), path: self.path } } else { self }
    }

    /// A field of an object; missing on anything else. Scans: meant for small objects.
    pub fn get(self, name: &str) -> Raw<'a> {
        Raw { text: self.text.and_then(|text| member(text, name)), path: self.path }
    }

    /// The keys and values of an object, in order; nothing for anything else.
    #[cfg(feature = "mail")]
    pub(crate) fn members(self) -> impl Iterator<Item = (Raw<'a>, Raw<'a>)> {
        let text = self.text.unwrap_or_default();
        let mut reader = Reader::new(text);
        let mut inside = reader.eat(b'{');
        std::iter::from_fn(move || {
            inside = inside && reader.peek() == Some(b'"');
            if !inside {
                return None;
            }
            let mut next = |skip: fn(&mut Reader), behind: u8| {
                let from = reader.at;
                skip(&mut reader);
                let part = Raw { text: text.get(from..reader.at), path: self.path };
                reader.eat(behind);
                part
            };
            Some((next(skip_key, b':'), next(skip_value, b',')))
        })
    }

    /// `.length` of an array or a string in UTF-16 units, the property `length` of an object, missing on anything else.
    /// Counts without building the value.
    pub fn length(self) -> Value {
        match self.text.map(|text| (text, text.as_bytes().first())) {
            Some((text, Some(b'"'))) => Value::Number(string_length(text) as f64),
            Some((text, Some(b'['))) => Value::Number(array_length(text) as f64),
            Some((_, Some(b'{'))) => self.get("length").value(),
            _ => Value::Undefined,
        }
    }

    /// The value itself; `Value::Undefined` when missing.
    pub fn value(self) -> Value {
        // Canonical text cannot fail to be read.
        self.text.and_then(|text| Value::from_json(text).ok()).unwrap_or(Value::Undefined)
    }

    /// `JSON.stringify(this)`: canonical text is what that gives, and what is missing stays missing.
    pub fn stringify(self) -> Value {
        self.text.map_or(Value::Undefined, Value::string)
    }

    /// The decoded string when it is one.
    pub fn string(self) -> Option<JsString> {
        let mut reader = Reader::new(self.text?);
        if !reader.eat(b'"') {
            return None;
        }
        reader.string().ok()
    }
}

fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut reader = Reader::new(object);
    if !reader.eat(b'{') {
        return None;
    }
    while reader.eat(b'"') {
        let key_from = reader.at;
        skip_string(&mut reader);
        let key = object.get(key_from..reader.at.checked_sub(1)?)?;
        let found = if key.contains('\\') {
            Reader::new(object.get(key_from..)?).string().is_ok_and(|key| key.as_str() == Some(name))
        } else {
            key == name
        };
        reader.eat(b':');
        let from = reader.at;
        skip_value(&mut reader);
        if found {
            return object.get(from..reader.at);
        }
        reader.eat(b',');
    }
    None
}

/// Elements: one more than the commas between them.
fn array_length(array: &str) -> usize {
    let mut reader = Reader::new(array);
    reader.eat(b'[');
    if reader.peek() == Some(b']') {
        return 0;
    }
    let mut count = 1;
    loop {
        skip_value(&mut reader);
        if !reader.eat(b',') {
            return count;
        }
        count += 1;
    }
}

/// UTF-16 units of a string in quotes.
fn string_length(string: &str) -> usize {
    let mut reader = Reader::new(string);
    reader.eat(b'"');
    let mut length = 0;
    loop {
        let from = reader.at;
        reader.skip_plain();
        length += utf16_length(&string[from..reader.at]);
        // An escape is one unit, a lone surrogate included: canonical text has no others beyond U+FFFF.
        if reader.peek() != Some(b'\\') || reader.escape().is_err() {
            return length;
        }
        length += 1;
    }
}

/// Behind the string's closing quote; its opening quote is behind us.
pub(super) fn skip_string(reader: &mut Reader) {
    loop {
        reader.skip_plain();
        if reader.peek() != Some(b'\\') {
            reader.at = (reader.at + 1).min(reader.bytes.len());
            return;
        }
        reader.at = (reader.at + 2).min(reader.bytes.len());
    }
}

/// Behind a key and its closing quote.
#[cfg(feature = "mail")]
fn skip_key(reader: &mut Reader) {
    reader.eat(b'"');
    skip_string(reader);
}

/// Behind the value: to the comma or bracket that follows it.
pub(super) fn skip_value(reader: &mut Reader) {
    let mut depth = 0usize;
    while let Some(byte) = reader.peek() {
        match byte {
            b'"' => {
                reader.at += 1;
                skip_string(reader);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        reader.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Global, global};

    fn raw(text: &str) -> Raw<'_> {
        Raw::new(Some(text), "input_data")
    }

    #[test]
    fn truthiness_without_building() {
        for (text, truthy) in [
            ("null", false),
            ("false", false),
            ("0", false),
            ("\"\"", false),
            ("true", true),
            ("0.5", true),
            ("\"0\"", true),
            ("[]", true),
            ("{}", true),
        ] {
            assert_eq!(raw(text).truthy(), truthy, "{text}");
            assert_eq!(raw(text).value().truthy(), truthy, "{text}");
        }
        assert!(!Raw::new(None, "").truthy());
    }

    #[test]
    fn fields_are_found_behind_anything() {
        let object = r#"{"a":{"b":"}\"{","c":[{"d":1},"]"]},"q\"":2,"length":12}"#;
        for (path, expected) in [
            (&["a", "b"][..], Some(r#""}\"{""#)),
            (&["a", "c"], Some(r#"[{"d":1},"]"]"#)),
            (&["q\""], Some("2")),
            (&["length"], Some("12")),
            (&["b"], None),
            (&["a", "b", "c"], None),
            (&["a", "c", "0"], None),
        ] {
            let found = path.iter().fold(raw(object), |raw, name| raw.get(name));
            assert_eq!(found.text(), expected, "{path:?}");
            assert_eq!(found.path(), "input_data");
        }
    }

    #[test]
    fn stringify_is_what_building_and_printing_gives() {
        for text in ["{\"a\":[1.5,\"\\\"\\ud83d\",null]}", "\"a\"", "null", "-1e+21", "[]"] {
            let printed = global(Global::JsonStringify, &[raw(text).value()]).unwrap();
            assert_eq!(raw(text).stringify().to_json(), printed.to_json(), "{text}");
        }
        assert!(matches!(Raw::new(None, "").stringify(), Value::Undefined));
    }

    #[test]
    fn length_counts_without_building() {
        for (text, length) in [
            (r#""a\"\u0001é😀\ud83d""#, Some("7")),
            ("[]", Some("0")),
            (r#"[[1,2],{"a":[3,4]},",",5]"#, Some("4")),
            (r#"{"length":{"x":1}}"#, Some(r#"{"x":1}"#)),
            ("{}", None),
            ("12", None),
            ("null", None),
        ] {
            assert_eq!(raw(text).length().to_json().as_deref(), length, "{text}");
        }
    }

    #[test]
    fn strings_are_decoded() {
        assert_eq!(raw(r#""a\n\"é""#).string(), Some("a\n\"é".into()));
        assert_eq!(raw("12").string(), None);
        assert_eq!(Raw::new(None, "").string(), None);
    }

    /// What is not canonical text gives something or nothing, but never a panic.
    #[test]
    fn any_text_is_survived() {
        for text in [
            "",
            "{",
            "{\"",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":\"",
            "[",
            "[,",
            "\"",
            "\"\\",
            "\"\\u",
            "\"é\\",
            "}",
            "{é}",
        ] {
            let raw = raw(text);
            let _ = (raw.get("a").get("b"), raw.length(), raw.value(), raw.string(), raw.truthy());
        }
    }
}
