//! The text of a JSON string token → what it says, and the way back from there to the source.

use super::{Mistake, mistake};
use crate::source::Span;
use crate::syntax::ast::Text;

/// Decodes a closed string, quotes included.
pub fn decode(token: &str, span: Span) -> Result<Text, Mistake> {
    let inside = &token[1..token.len() - 1];
    let start = span.start + 1;
    if !inside.bytes().any(|byte| byte < 0x20 || byte == b'\\') {
        return Ok(Text::verbatim(inside.to_owned(), span, start));
    }
    if let Some(at) = inside.bytes().position(|byte| byte < 0x20) {
        return Err(mistake::control_character(inside.as_bytes()[at], at_offset(span, at, at + 1)));
    }
    let mut text = Text::verbatim(String::with_capacity(inside.len()), span, start);
    let mut rest = 0;
    while let Some(backslash) = inside[rest..].find('\\') {
        let backslash = rest + backslash;
        text.value.push_str(&inside[rest..backslash]);
        let (character, length) = escape(&inside[backslash..])
            .map_err(|wrong| mistake::bad_escape(wrong, &inside[backslash..], span, backslash))?;
        text.value.push(character);
        rest = backslash + length;
        text.map.push((text.value.len() as u32, start + rest as u32));
    }
    text.value.push_str(&inside[rest..]);
    Ok(text)
}

/// What is wrong with an escape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadEscape {
    /// No such letter after the backslash.
    Unknown,
    /// `\u` without four hexadecimal digits.
    Digits,
    /// Half of a surrogate pair.
    Surrogate,
}

/// The span of a range counted from the first character inside the quotes.
pub fn at_offset(string: Span, start: usize, end: usize) -> Span {
    let inside = string.start + 1;
    Span { start: inside + start as u32, end: inside + end as u32, ..string }
}

/// The character an escape stands for, and how many bytes it takes in the source.
fn escape(text: &str) -> Result<(char, usize), BadEscape> {
    let character = match text.as_bytes().get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{C}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(text),
        _ => return Err(BadEscape::Unknown),
    };
    Ok((character, 2))
}

fn unicode_escape(text: &str) -> Result<(char, usize), BadEscape> {
    let first = code_unit(text)?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, 6));
    }
    // A lone surrogate is no character: a workflow is text, so it is refused rather than replaced.
    let second = code_unit(&text[6..]).map_err(|_| BadEscape::Surrogate)?;
    match char::decode_utf16([first as u16, second as u16]).next() {
        Some(Ok(character)) => Ok((character, 12)),
        _ => Err(BadEscape::Surrogate),
    }
}

/// What the four digits of a `\u` escape at the start of the text say.
fn code_unit(text: &str) -> Result<u32, BadEscape> {
    let digits = text.strip_prefix("\\u").ok_or(BadEscape::Digits)?;
    crate::syntax::hexadecimal(digits, 4).ok_or(BadEscape::Digits)
}
