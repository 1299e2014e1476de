//! A value an expression computes with.

use super::write::{write_value, write_value_indented};
use super::{JsString, JsonError, Object, json};
use std::sync::Arc;

/// A JavaScript value, as far as workflows have them. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Value {
    /// A path that leads nowhere.
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    String(JsString),
    Array(Arc<Vec<Value>>),
    Object(Arc<Object>),
}

impl Value {
    pub fn string(text: &str) -> Value {
        Value::String(text.into())
    }

    /// A string of UTF-16 units: for constants that no Rust string can hold.
    pub fn from_units(units: &[u16]) -> Value {
        Value::String(JsString::from_units(units))
    }

    pub fn array(items: Vec<Value>) -> Value {
        Value::Array(items.into())
    }

    /// An object of these fields; of duplicate keys the last value wins, at the first one's place.
    pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        let fields = fields.into_iter().map(|(key, value)| (key.into(), value));
        Value::Object(Object::new(fields.collect()).into())
    }

    /// The value of a JSON text, canonical or not: `JSON.parse(text)`.
    ///
    /// # Errors
    /// When the text is not JSON, or nests deeper than this crate ever reads (see [`super::Limits`]).
    pub fn from_json(text: &str) -> Result<Value, JsonError> {
        json::parse(text)
    }

    /// `JSON.stringify(value)`: compact, keys of missing values left out; `None` for a missing value.
    pub fn to_json(&self) -> Option<String> {
        let mut out = String::new();
        write_value(self, &mut out).then_some(out)
    }

    /// `JSON.stringify(value, null, indent)`.
    pub fn to_json_indented(&self, indent: &str) -> Option<String> {
        let mut out = String::new();
        write_value_indented(self, indent, &mut out).then_some(out)
    }

    /// False for `undefined null false 0 NaN ""`, true for anything else.
    pub fn truthy(&self) -> bool {
        match self {
            Value::Undefined | Value::Null => false,
            Value::Bool(bool) => *bool,
            Value::Number(number) => *number != 0.0 && !number.is_nan(),
            Value::String(string) => !string.is_empty(),
            Value::Array(_) | Value::Object(_) => true,
        }
    }

    /// `undefined` or `null`: what `??` and `?.` ask for.
    pub fn is_nullish(&self) -> bool {
        matches!(self, Value::Undefined | Value::Null)
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Value {
        Value::Bool(bool)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Number(number)
    }
}

impl From<JsString> for Value {
    fn from(string: JsString) -> Value {
        Value::String(string)
    }
}
