//! The words of a right JSON text, read without the grammar.
//!
//! Comes in: text and a place in it. Goes out: what the grammar gives for the word there, or `None`: ask the grammar.
//! Always true: json.pest stays the definition. Whatever is wrong is left to it; the tests compare the two.

use super::Rule;
use std::ops::Range;

/// The next word and where it stands, with the white space before it skipped.
pub fn word(text: &str, at: usize) -> Option<(Rule, Range<usize>)> {
    let bytes = text.as_bytes();
    let start = bytes[at..].iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
    let Some(start) = start.map(|blanks| at + blanks) else { return Some((Rule::EOI, text.len()..text.len())) };
    let (rule, length) = match bytes[start] {
        b'"' => (Rule::string, string(&bytes[start..])?),
        b',' => (Rule::comma, 1),
        b':' => (Rule::colon, 1),
        b'{' => (Rule::open_object, 1),
        b'}' => (Rule::close_object, 1),
        b'[' => (Rule::open_array, 1),
        b']' => (Rule::close_array, 1),
        b'-' | b'0'..=b'9' => (Rule::number, number(&bytes[start..])?),
        b't' => (Rule::word, name(&bytes[start..], b"true")?),
        b'f' => (Rule::word, name(&bytes[start..], b"false")?),
        b'n' => (Rule::word, name(&bytes[start..], b"null")?),
        _ => return None,
    };
    Some((rule, start..start + length))
}

fn string(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\r'))?;
        match bytes[at] {
            b'"' => return Some(at + 1),
            // Which escapes there are is checked when the string is decoded.
            b'\\' if !matches!(bytes.get(at + 1)?, b'\n' | b'\r') => at += 2,
            _ => return None,
        }
    }
}

fn number(bytes: &[u8]) -> Option<usize> {
    let digits = |at: usize| bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes[0] == b'-');
    at += match bytes.get(at)? {
        b'0' => 1,
        _ => Some(digits(at)).filter(|count| *count > 0)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at += 1 + Some(digits(at + 1)).filter(|count| *count > 0)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at += Some(digits(at)).filter(|count| *count > 0)?;
    }
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || b".+-_".contains(byte);
    (!bytes.get(at).is_some_and(goes_on)).then_some(at)
}

fn name(bytes: &[u8], name: &[u8]) -> Option<usize> {
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$-.".contains(byte) || !byte.is_ascii();
    (bytes.starts_with(name) && !bytes.get(name.len()).is_some_and(goes_on)).then_some(name.len())
}
