//! What a piece of data says as text, whatever position it stands in.
//!
//! Comes in: a slice of canonical JSON text, or a computed value. Goes out: text, borrowed where it can be.
//! Always true: a string's quotes and escapes are gone; nothing else about the text has been changed.

use crate::value::{Fault, Raw, Value};
use std::borrow::Cow;

/// The text of a piece of data.
pub(super) enum Piece<'a> {
    /// Undefined or null: in text both are nothing.
    Nothing,
    /// A string, a number or a boolean.
    Scalar(Cow<'a, str>),
    /// An array or an object, as compact JSON (departure 2 of the language).
    Json(Cow<'a, str>),
}

impl<'a> Piece<'a> {
    /// Scalars are copied from the canonical text as they are: their numbers already look as JavaScript prints them.
    pub(super) fn of_raw(data: Raw<'a>) -> Piece<'a> {
        let Some(text) = data.text() else { return Piece::Nothing };
        match text.as_bytes().first() {
            None | Some(b'n') => Piece::Nothing,
            Some(b'"') if !text.contains('\\') => Piece::Scalar(Cow::Borrowed(&text[1..text.len() - 1])),
            Some(b'"') => Piece::Scalar(Cow::Owned(data.value().to_text())),
            Some(b'{' | b'[') => Piece::Json(Cow::Borrowed(text)),
            Some(_) => Piece::Scalar(Cow::Borrowed(text)),
        }
    }

    pub(super) fn of_value(value: &'a Value) -> Piece<'a> {
        match value {
            Value::Undefined | Value::Null => Piece::Nothing,
            Value::String(text) => Piece::Scalar(text.to_well_formed()),
            Value::Number(_) | Value::Bool(_) => Piece::Scalar(Cow::Owned(value.to_text())),
            Value::Array(_) | Value::Object(_) => Piece::Json(Cow::Owned(value.to_text())),
        }
    }

    /// The text; nothing is a fault, because `place` cannot have a hole.
    pub(super) fn required(self, source: &str, place: &str) -> Result<Cow<'a, str>, Fault> {
        match self {
            Piece::Nothing => Err(missing(source, place)),
            Piece::Scalar(text) | Piece::Json(text) => Ok(text),
        }
    }

    /// The text of a string, a number or a boolean; anything else is a fault.
    pub(super) fn scalar(self, source: &str, place: &str) -> Result<Cow<'a, str>, Fault> {
        match self {
            Piece::Nothing => Err(missing(source, place)),
            Piece::Scalar(text) => Ok(text),
            Piece::Json(text) => {
                let kind = if text.starts_with('[') { "an array" } else { "an object" };
                Err(Fault::new(format!("`{source}` is {kind}, and {place} takes a text or a number")))
            }
        }
    }

    /// The text; nothing is no text.
    pub(super) fn text(self) -> Cow<'a, str> {
        match self {
            Piece::Nothing => Cow::Borrowed(""),
            Piece::Scalar(text) | Piece::Json(text) => text,
        }
    }
}

fn missing(source: &str, place: &str) -> Fault {
    Fault::new(format!("`{source}` is missing, and {place} cannot have a hole"))
}

/// Percent-encodes everything but RFC 3986's unreserved characters, onto the end of `out`.
pub(crate) fn percent_encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_unreserved_is_percent_encoded() {
        let mut out = String::new();
        percent_encode("aZ0-._~ /?#%&=+'é", &mut out);
        assert_eq!(out, "aZ0-._~%20%2F%3F%23%25%26%3D%2B%27%C3%A9");
    }

    #[test]
    fn null_is_nothing_and_scalars_are_copied() {
        assert!(matches!(Piece::of_raw(Raw::new(Some("null"), "x")), Piece::Nothing));
        assert_eq!(Piece::of_raw(Raw::new(Some("1e+21"), "x")).text(), "1e+21");
        assert_eq!(Piece::of_raw(Raw::new(Some("\"nut\""), "x")).text(), "nut");
        assert_eq!(Piece::of_raw(Raw::new(Some("false"), "x")).text(), "false");
    }
}
