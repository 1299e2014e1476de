//! JSON bodies.
//!
//! Comes in: text already serialized at compile time, slices of canonical JSON text, computed values.
//! Goes out: one JSON text without spaces. Always true: data stays one value, whatever it holds.

use super::{Rendered, Text};
use crate::value::{Raw, Value, write_string};

/// A JSON text under construction. The writer puts the commas: before anything that does not stand first.
#[derive(Debug)]
pub struct Json {
    text: String,
}

impl Default for Json {
    fn default() -> Json {
        // A body is rarely shorter, and growing it step by step copies it as often.
        Json { text: String::with_capacity(512) }
    }
}

impl Json {
    pub fn open_object(&mut self) {
        self.comma();
        self.text.push('{');
    }

    pub fn close_object(&mut self) {
        self.text.push('}');
    }

    pub fn open_array(&mut self) {
        self.comma();
        self.text.push('[');
    }

    pub fn close_array(&mut self) {
        self.text.push(']');
    }

    /// Text already serialized: a value, an element, or members such as `"a":1,"b":true`.
    pub fn literal(&mut self, text: &str) {
        self.comma();
        self.text.push_str(text);
    }

    /// A key, already serialized with its quotes and colon: `"metadata":`. A value must follow.
    pub fn key(&mut self, key: &str) {
        self.comma();
        self.text.push_str(key);
    }

    /// A member that is one whole template: left out when missing, as `JSON.stringify` does. `key` as in [`Json::key`].
    pub fn member(&mut self, key: &str, data: Raw) {
        if let Some(text) = data.text() {
            self.key(key);
            self.text.push_str(text);
        }
    }

    /// As [`Json::member`], for a computed value.
    pub fn member_value(&mut self, key: &str, value: &Value) {
        if let Some(text) = value.to_json() {
            self.key(key);
            self.text.push_str(&text);
        }
    }

    /// An array element or a whole document; missing is `null`.
    pub fn element(&mut self, data: Raw) {
        self.literal(data.text().unwrap_or("null"));
    }

    /// As [`Json::element`], for a computed value.
    pub fn element_value(&mut self, value: &Value) {
        self.literal(value.to_json().as_deref().unwrap_or("null"));
    }

    /// A string of mixed text: `text` must have been written at [`super::Place::Prose`].
    pub fn string(&mut self, text: Text) -> Rendered {
        self.comma();
        write_string(text.as_str(), &mut self.text);
        Ok(())
    }

    /// The finished text; `null` when nothing was written.
    pub fn finish(mut self) -> String {
        if self.text.is_empty() {
            self.text.push_str("null");
        }
        self.text
    }

    /// A comma, unless this is the first thing in its container or follows a key.
    fn comma(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;

    #[test]
    fn commas_stand_between_what_was_written() {
        let mut json = Json::default();
        json.open_object();
        json.member("\"gone\":", Raw::new(None, "x"));
        json.member_value("\"gone too\":", &Value::Undefined);
        json.literal("\"a\":1,\"b\":true");
        json.member("\"items\":", Raw::new(Some("[{\"sku\":\"A\"}]"), "x"));
        json.key("\"metadata\":");
        json.open_object();
        json.member_value("\"n\":", &Value::Number(2.0));
        json.close_object();
        json.key("\"list\":");
        json.open_array();
        json.element(Raw::new(None, "x"));
        json.element_value(&Value::Undefined);
        json.open_array();
        json.close_array();
        json.literal("\"{\"");
        json.element(Raw::new(Some("2"), "x"));
        json.close_array();
        json.close_object();
        let expected = r#"{"a":1,"b":true,"items":[{"sku":"A"}],"metadata":{"n":2},"list":[null,null,[],"{",2]}"#;
        assert_eq!(json.finish(), expected);
    }

    #[test]
    fn data_in_a_string_cannot_end_it() {
        let mut text = Text::new(Place::Prose);
        text.literal("for ");
        text.value(&Value::string("\",\"admin\":true,\"\\\n\u{1}"), "input_data.x").unwrap();
        let mut json = Json::default();
        json.open_object();
        json.key("\"note\":");
        json.string(text).unwrap();
        json.close_object();
        assert_eq!(json.finish(), r#"{"note":"for \",\"admin\":true,\"\\\n\u0001"}"#);
    }

    #[test]
    fn a_whole_document_may_be_missing() {
        let mut json = Json::default();
        json.element(Raw::new(None, "x"));
        assert_eq!(json.finish(), "null");
        assert_eq!(Json::default().finish(), "null");
    }
}
