//! JSON bodies.

use super::{Rendered, Text};
use crate::value::{Raw, Value};

/// A JSON text under construction. The writer puts the commas: before anything that does not stand first.
#[derive(Debug, Default)]
pub struct Json {
    text: String,
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
        let _ = (key, data);
        todo!()
    }

    /// As [`Json::member`], for a computed value.
    pub fn member_value(&mut self, key: &str, value: &Value) {
        let _ = (key, value);
        todo!()
    }

    /// An array element or a whole document; missing is `null`.
    pub fn element(&mut self, data: Raw) {
        let _ = data;
        todo!()
    }

    /// As [`Json::element`], for a computed value.
    pub fn element_value(&mut self, value: &Value) {
        let _ = value;
        todo!()
    }

    /// A string of mixed text: `text` must have been written at [`super::Place::Prose`].
    pub fn string(&mut self, text: Text) -> Rendered {
        let _ = text;
        todo!()
    }

    /// A comma, unless this is the first thing in its container or follows a key.
    fn comma(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(',');
        }
    }
}
