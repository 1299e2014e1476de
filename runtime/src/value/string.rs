//! A JavaScript string: UTF-16 by definition, UTF-8 in memory whenever it is well formed.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// Immutable, cheap to clone. Ill-formed strings (a surrogate without its partner) are kept exactly, so that cutting one
/// in half and joining it again gives what JavaScript gives.
/// Invariant: `Utf16` only when the units are not well-formed UTF-16, so equal strings have equal variants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JsString {
    Utf8(Arc<str>),
    Utf16(Arc<[u16]>),
}

impl JsString {
    /// The string of these UTF-16 units, well formed or not.
    pub fn from_units(units: &[u16]) -> JsString {
        match String::from_utf16(units) {
            Ok(text) => JsString::Utf8(text.into()),
            Err(_) => JsString::Utf16(units.into()),
        }
    }

    /// The text when it is well formed.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            JsString::Utf8(text) => Some(text),
            JsString::Utf16(_) => None,
        }
    }

    /// The text, with U+FFFD in place of every lone surrogate: what leaves JavaScript as UTF-8.
    pub fn to_well_formed(&self) -> Cow<'_, str> {
        match self {
            JsString::Utf8(text) => Cow::Borrowed(text),
            JsString::Utf16(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    pub fn is_empty(&self) -> bool {
        match self {
            JsString::Utf8(text) => text.is_empty(),
            JsString::Utf16(units) => units.is_empty(),
        }
    }

    /// `.length`: UTF-16 units.
    pub fn len(&self) -> usize {
        match self {
            JsString::Utf8(text) => utf16_length(text),
            JsString::Utf16(units) => units.len(),
        }
    }

    /// The text when units and bytes are the same thing: every position-based operation has this fast path.
    pub fn as_ascii(&self) -> Option<&str> {
        self.as_str().filter(|text| text.is_ascii())
    }

    pub fn units(&self) -> Cow<'_, [u16]> {
        match self {
            JsString::Utf8(text) => Cow::Owned(text.encode_utf16().collect()),
            JsString::Utf16(units) => Cow::Borrowed(units),
        }
    }

    /// The units from `start` up to `end`, both cut to the length; empty when they cross.
    pub fn slice(&self, start: usize, end: usize) -> JsString {
        if let Some(text) = self.as_ascii() {
            let end = end.min(text.len());
            return text[start.min(end)..end].into();
        }
        let units = self.units();
        let end = end.min(units.len());
        JsString::from_units(&units[start.min(end)..end])
    }

    /// The unit at a position.
    pub fn unit(&self, position: usize) -> Option<u16> {
        match self {
            JsString::Utf8(text) if text.is_ascii() => text.as_bytes().get(position).map(|byte| u16::from(*byte)),
            JsString::Utf8(text) => text.encode_utf16().nth(position),
            JsString::Utf16(units) => units.get(position).copied(),
        }
    }

    /// All pieces in a row. The two halves of a character that meet become one again.
    pub fn concat(pieces: &[JsString]) -> JsString {
        if pieces.iter().all(|piece| piece.as_str().is_some()) {
            let mut text = String::with_capacity(pieces.iter().map(|piece| piece.as_str().map_or(0, str::len)).sum());
            text.extend(pieces.iter().filter_map(JsString::as_str));
            return text.into();
        }
        let mut units = Vec::new();
        for piece in pieces {
            match piece {
                JsString::Utf8(text) => units.extend(text.encode_utf16()),
                JsString::Utf16(piece) => units.extend_from_slice(piece),
            }
        }
        JsString::from_units(&units)
    }

    /// JavaScript's order: by UTF-16 units. (The derived order is by bytes: any total order, for lookup.)
    pub fn compare(&self, other: &JsString) -> Ordering {
        match (self, other) {
            // Bytes of UTF-8 are in the order of code points, which is the order of units but for what lies beyond U+FFFF.
            (JsString::Utf8(a), JsString::Utf8(b)) if a.is_ascii() || b.is_ascii() => a.as_bytes().cmp(b.as_bytes()),
            (JsString::Utf8(a), JsString::Utf8(b)) => a.encode_utf16().cmp(b.encode_utf16()),
            _ => self.units().cmp(&other.units()),
        }
    }
}

impl From<&str> for JsString {
    fn from(text: &str) -> JsString {
        JsString::Utf8(text.into())
    }
}

impl From<String> for JsString {
    fn from(text: String) -> JsString {
        JsString::Utf8(text.into())
    }
}

impl Default for JsString {
    fn default() -> JsString {
        "".into()
    }
}

/// As [`JsString::to_well_formed`].
impl fmt::Display for JsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_well_formed())
    }
}

/// UTF-16 units of a text: one for each character, two beyond U+FFFF.
pub(crate) fn utf16_length(text: &str) -> usize {
    // Continuation bytes begin no character; the first bytes from 0xF0 on begin a pair.
    text.bytes().map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves() -> (JsString, JsString) {
        let smile = JsString::from("😀");
        (smile.slice(0, 1), smile.slice(1, 2))
    }

    #[test]
    fn length_counts_units() {
        for (text, length) in [("", 0), ("abc", 3), ("é", 1), ("€", 1), ("😀", 2), ("a😀é", 4)] {
            assert_eq!(JsString::from(text).len(), length, "{text}");
        }
    }

    #[test]
    fn halves_of_a_character_are_kept_and_join_again() {
        let (high, low) = halves();
        assert!(matches!(high, JsString::Utf16(_)));
        assert_eq!(high.to_string(), "\u{FFFD}");
        assert_eq!(JsString::concat(&[high.clone(), low.clone()]), "😀".into());
        assert_eq!(JsString::concat(&["a".into(), low, high]).len(), 3);
    }

    #[test]
    fn slice_cuts_to_the_length() {
        for (text, start, end, expected) in
            [("abc", 1, 9, "bc"), ("abc", 2, 1, ""), ("äbc", 1, 2, "b"), ("ä", 5, 9, "")]
        {
            assert_eq!(JsString::from(text).slice(start, end), expected.into(), "{text} {start} {end}");
        }
    }

    #[test]
    fn order_is_by_units() {
        // U+1F600 begins with the unit 0xD83D, which is less than 0xFF5E; as code points it would be greater.
        assert_eq!(JsString::from("😀").compare(&"\u{FF5E}".into()), Ordering::Less);
        assert_eq!(JsString::from("b").compare(&"é".into()), Ordering::Less);
        let (high, _) = halves();
        assert_eq!(high.compare(&"😀".into()), Ordering::Less);
    }
}
