//! The input of an execution: a JSON object.
//!
//! Comes in: bytes from a request, a file or a pipe. Goes out: the document, with the fields the workflow reads picked out.

use crate::value::{Doc, JsonError, Limits, Shape};
use std::fmt;

/// Why bytes are no input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputError {
    /// Line and column count from 1; the column in bytes.
    NotJson { line: usize, column: usize, message: String },
    /// JSON, but a list, a text, a number, …
    NotAnObject,
}

/// # Errors
/// When the bytes are not a JSON object.
pub fn read_input(bytes: &[u8], shape: &Shape, size_max: usize) -> Result<Doc, InputError> {
    let limits = Limits { size: size_max, finite: true, ..Limits::default() };
    let doc = Doc::read(bytes, shape, &limits).map_err(|error| placed(bytes, error))?;
    if !doc.text().starts_with('{') {
        return Err(InputError::NotAnObject);
    }
    Ok(doc)
}

fn placed(bytes: &[u8], error: JsonError) -> InputError {
    let before = &bytes[..error.offset.min(bytes.len())];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    InputError::NotJson { line, column, message: error.message }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InputError::NotJson { line, column, message } => write!(f, "{line}:{column}: {message}"),
            InputError::NotAnObject => f.write_str("the input must be a JSON object"),
        }
    }
}

impl std::error::Error for InputError {}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Shape = Shape { slots: 0, fields: &[] };

    #[test]
    fn objects_are_inputs() {
        assert_eq!(read_input(b" { \"a\" : 1 } ", &NOTHING, 100).unwrap().text(), r#"{"a":1}"#);
        for other in ["[]", "1", "\"x\"", "null", "true"] {
            assert_eq!(read_input(other.as_bytes(), &NOTHING, 100).unwrap_err(), InputError::NotAnObject, "{other}");
        }
    }

    #[test]
    fn numbers_beyond_all_others_are_refused_where_they_stand() {
        for input in ["{\"a\": 1e400}", "{\"a\": -1e400}", "{\"1\": 2, \"0\": [], \"a\": 1e400}"] {
            let error = read_input(input.as_bytes(), &NOTHING, 100).unwrap_err().to_string();
            let column = input.find("e400").unwrap() - if input.contains('-') { 1 } else { 0 };
            assert_eq!(error, format!("1:{column}: a number beyond 1.8e308, the largest there is"));
        }
        assert_eq!(read_input(b"{\"a\":1.7e308}", &NOTHING, 100).unwrap().text(), "{\"a\":1.7e+308}");
    }

    #[test]
    fn mistakes_have_a_place() {
        let place = |offset| match placed(b"{\n\"a\"\n}", JsonError { offset, message: String::from("no") }) {
            InputError::NotJson { line, column, .. } => (line, column),
            InputError::NotAnObject => unreachable!("a mistake in the JSON was given"),
        };
        assert_eq!([0, 1, 2, 5, 6, 99].map(place), [(1, 1), (1, 2), (2, 1), (2, 4), (3, 1), (3, 2)]);
        assert!(matches!(read_input(b"", &NOTHING, 100), Err(InputError::NotJson { line: 1, column: 1, .. })));
    }
}
