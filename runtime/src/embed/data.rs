//! Values of Rust types ↔ JSON.
//!
//! Always true: what [`Data::write`] gives, [`Data::read`] takes; a message names the path of what did not fit, never the
//! value, which may be private.

use crate::value::EXACT_BELOW;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// A type that has values in JSON: what a workflow is given and gives. `flow!` implements it for the types a workflow
/// declares.
pub trait Data: Sized {
    /// # Errors
    /// When the value is not of this type.
    fn read(value: Value) -> Result<Self, Mismatch>;

    /// What stands for a value that is missing, if anything does.
    fn missing() -> Option<Self> {
        None
    }

    /// `None`: the value is left out.
    fn write(&self) -> Option<Value>;

    /// # Errors
    /// When the text is not JSON, or its value not of this type.
    fn from_json(text: &str) -> Result<Self, Mismatch> {
        Self::read(serde_json::from_str(text).map_err(|error| Mismatch::new(format!("not JSON: {error}")))?)
    }

    fn to_json(&self) -> String {
        self.write().unwrap_or(Value::Null).to_string()
    }
}

/// The engine's own text. It nests as deep as the engine lets it (`DEPTH_MAX`), which is deeper than serde_json reads by itself.
pub(super) fn read_own(text: &str) -> Result<Value, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    match reader.into_iter().next() {
        Some(value) => value.map_err(|error: serde_json::Error| error.to_string()),
        None => Err(String::from("there is nothing")),
    }
}

/// The JSON of a value that a program hands to the engine.
///
/// # Errors
/// Where a whole number would come out as another one.
pub(super) fn exactly<T: Data>(value: &T) -> Result<Value, Mismatch> {
    let value = value.write().unwrap_or(Value::Null);
    check_exact(&value).map(|()| value)
}

fn check_exact(value: &Value) -> Result<(), Mismatch> {
    match value {
        Value::Number(number) => {
            let size = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
            match size {
                Some(size) if size > EXACT_BELOW => Err(Mismatch::new(format!(
                    "whole numbers are exact from -{EXACT_BELOW} to {EXACT_BELOW} only: larger ones go as text"
                ))),
                Some(_) | None => Ok(()),
            }
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| check_exact(item).map_err(|mismatch| mismatch.at(format!("[{index}]")))),
        Value::Object(fields) => {
            fields.iter().try_for_each(|(key, value)| check_exact(value).map_err(|mismatch| mismatch.at(key.as_str())))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// What did not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Names and indexes, from the outermost.
    path: Vec<String>,
    message: String,
}

impl Mismatch {
    pub fn new(message: impl Into<String>) -> Mismatch {
        Mismatch { path: Vec::new(), message: message.into() }
    }

    /// A text that is none of those allowed.
    pub fn none_of(texts: &[&str]) -> Mismatch {
        let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
        Mismatch::new(format!("expected one of {}", texts.join(", ")))
    }

    fn expected(what: &str, value: &Value) -> Mismatch {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        Mismatch::new(format!("expected {what}, not {found}"))
    }

    /// One step further out.
    #[must_use]
    pub fn at(mut self, step: impl Into<String>) -> Mismatch {
        self.path.insert(0, step.into());
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.path.iter().enumerate() {
            f.write_str(if index > 0 && !step.starts_with('[') { "." } else { "" })?;
            f.write_str(step)?;
        }
        f.write_str(if self.path.is_empty() { "" } else { ": " })?;
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mismatch {}

/// The fields of an object, on the way in or out.
#[derive(Debug, Default)]
pub struct Fields {
    fields: Map<String, Value>,
}

impl Fields {
    /// # Errors
    /// When the value is not an object.
    pub fn read(value: Value) -> Result<Fields, Mismatch> {
        match value {
            Value::Object(fields) => Ok(Fields { fields }),
            other => Err(Mismatch::expected("an object", &other)),
        }
    }

    /// # Errors
    /// When the field is missing or of another type.
    pub fn take<T: Data>(&mut self, key: &str) -> Result<T, Mismatch> {
        match self.fields.remove(key) {
            Some(value) => T::read(value),
            None => T::missing().ok_or_else(|| Mismatch::new("it is missing")),
        }
        .map_err(|mismatch| mismatch.at(key))
    }

    pub fn put<T: Data>(&mut self, key: &str, value: &T) {
        if let Some(value) = value.write() {
            self.fields.insert(key.to_owned(), value);
        }
    }

    pub fn write(self) -> Value {
        Value::Object(self.fields)
    }
}

/// # Errors
/// When the value is not text.
pub fn text(value: &Value) -> Result<&str, Mismatch> {
    value.as_str().ok_or_else(|| Mismatch::expected("a string", value))
}

impl Data for Value {
    fn read(value: Value) -> Result<Value, Mismatch> {
        Ok(value)
    }

    fn missing() -> Option<Value> {
        Some(Value::Null)
    }

    fn write(&self) -> Option<Value> {
        Some(self.clone())
    }
}

impl Data for bool {
    fn read(value: Value) -> Result<bool, Mismatch> {
        value.as_bool().ok_or_else(|| Mismatch::expected("a boolean", &value))
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(*self))
    }
}

impl Data for f64 {
    fn read(value: Value) -> Result<f64, Mismatch> {
        value.as_f64().ok_or_else(|| Mismatch::expected("a number", &value))
    }

    /// As JSON has it: what is no number there is null.
    fn write(&self) -> Option<Value> {
        Some(Value::from(*self))
    }
}

impl Data for i64 {
    fn read(value: Value) -> Result<i64, Mismatch> {
        // 1e3 and 5.0 are whole numbers to JSON.
        let whole = || {
            let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < EXACT_BELOW as f64);
            number.map(|number| number as i64)
        };
        let number = value.as_i64().or_else(whole);
        number.ok_or_else(|| match value {
            Value::Number(_) => Mismatch::new("expected a whole number of 64 bits"),
            _ => Mismatch::expected("a whole number", &value),
        })
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(*self))
    }
}

impl Data for String {
    fn read(value: Value) -> Result<String, Mismatch> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(Mismatch::expected("a string", &other)),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(self.as_str()))
    }
}

impl<T: Data> Data for Option<T> {
    fn read(value: Value) -> Result<Option<T>, Mismatch> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }

    fn missing() -> Option<Option<T>> {
        Some(None)
    }

    fn write(&self) -> Option<Value> {
        self.as_ref()?.write()
    }
}

impl<T: Data> Data for Vec<T> {
    fn read(value: Value) -> Result<Vec<T>, Mismatch> {
        match value {
            Value::Array(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| T::read(item).map_err(|mismatch| mismatch.at(format!("[{index}]"))))
                .collect(),
            other => Err(Mismatch::expected("an array", &other)),
        }
    }

    /// What is left out of an array is null there.
    fn write(&self) -> Option<Value> {
        Some(Value::Array(self.iter().map(|item| item.write().unwrap_or(Value::Null)).collect()))
    }
}

impl<T: Data> Data for BTreeMap<String, T> {
    fn read(value: Value) -> Result<BTreeMap<String, T>, Mismatch> {
        match value {
            Value::Object(fields) => fields
                .into_iter()
                .map(|(key, value)| match T::read(value) {
                    Ok(value) => Ok((key, value)),
                    Err(mismatch) => Err(mismatch.at(key)),
                })
                .collect(),
            other => Err(Mismatch::expected("an object", &other)),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Object(self.iter().filter_map(|(key, value)| Some((key.clone(), value.write()?))).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_come_back_as_they_went() {
        fn check<T: Data + PartialEq + fmt::Debug>(value: T, expected: Value) {
            assert_eq!(value.write().unwrap(), expected);
            assert_eq!(T::read(expected).unwrap(), value);
        }
        check(true, json!(true));
        check(1.5, json!(1.5));
        check(-3_i64, json!(-3));
        check("é".to_owned(), json!("é"));
        check(vec![Some(1_i64), None], json!([1, null]));
        check(BTreeMap::from([("a".to_owned(), vec![false])]), json!({"a": [false]}));
        check(json!({"any": [1, null]}), json!({"any": [1, null]}));
    }

    #[test]
    fn what_does_not_fit_is_found_by_its_path() {
        let said = |mismatch: Mismatch| mismatch.to_string();
        let nested = BTreeMap::<String, Vec<i64>>::read(json!({"a": [1, "secret"]})).unwrap_err();
        assert_eq!(said(nested), "a[1]: expected a whole number, not a string");
        let mut fields = Fields::read(json!({"a": null})).unwrap();
        assert_eq!(fields.take::<Option<String>>("a"), Ok(None));
        assert_eq!(fields.take::<Option<String>>("b"), Ok(None));
        assert_eq!(said(fields.take::<String>("b").unwrap_err()), "b: it is missing");
        assert_eq!(said(Fields::read(json!(1)).unwrap_err()), "expected an object, not a number");
        assert_eq!(said(i64::read(json!(1.5)).unwrap_err()), "expected a whole number of 64 bits");
        assert_eq!(i64::read(json!(1e3)), Ok(1000));
    }

    #[test]
    fn whole_numbers_are_handed_on_as_they_are_or_not_at_all() {
        let limit = 9_007_199_254_740_992_i64;
        for exact in [json!([limit, -limit]), json!({"a": 1e300, "b": u32::MAX})] {
            assert_eq!(exactly(&exact), Ok(exact));
        }
        let mismatch = exactly(&BTreeMap::from([("a".to_owned(), vec![1, limit + 1])])).unwrap_err();
        assert_eq!(
            mismatch.to_string(),
            "a[1]: whole numbers are exact from -9007199254740992 to 9007199254740992 only: larger ones go as text"
        );
        assert!(exactly(&i64::MIN).is_err() && exactly(&json!(u64::MAX)).is_err());
    }

    #[test]
    fn nothing_is_left_out() {
        let mut fields = Fields::default();
        fields.put("a", &None::<String>);
        fields.put("b", &Some(1_i64));
        assert_eq!(fields.write(), json!({"b": 1}));
    }
}
