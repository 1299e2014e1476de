//! A slice of canonical JSON text: a value nobody has needed to build yet.

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
        todo!()
    }

    /// A field of an object; missing on anything else. Scans: meant for small objects.
    pub fn get(self, name: &str) -> Raw<'a> {
        let _ = name;
        todo!()
    }

    /// `.length` of an array or a string in UTF-16 units, the property `length` of an object, missing on anything else.
    /// Counts without building the value.
    pub fn length(self) -> Value {
        todo!()
    }

    /// The value itself; `Value::Undefined` when missing.
    pub fn value(self) -> Value {
        todo!()
    }

    /// The decoded string when it is one.
    pub fn string(self) -> Option<JsString> {
        todo!()
    }
}
