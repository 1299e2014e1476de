//! String literals and bare expressions → [`Text`], as JSON would have held it, with the way back to the source.
//!
//! Always true: the text of an expression can be read by the one expression parser. A string in an expression that holds
//! `${…}` becomes a template literal of JavaScript: in a .flow text every string is a template.

use super::mistake::{self, Mistake};
use super::token::{Rule, Token};
use super::tree::Str;
use crate::source::Span;
use crate::syntax::ast::Text;

/// Text and where its characters come from, while it is put together.
pub struct Builder {
    value: String,
    map: Vec<(u32, u32)>,
}

impl Builder {
    pub fn new() -> Builder {
        Builder { value: String::new(), map: Vec::new() }
    }

    /// Characters that stand in the source as they are, from `start` on.
    pub fn push(&mut self, text: &str, start: u32) {
        self.at(start);
        self.value.push_str(text);
    }

    /// What comes next comes from here.
    pub fn at(&mut self, source: u32) {
        let decoded = self.value.len() as u32;
        match self.map.last_mut() {
            Some(last) if last.0 == decoded => last.1 = source,
            Some(last) if source >= last.1 && source - last.1 == decoded - last.0 => {}
            _ => self.map.push((decoded, source)),
        }
    }

    /// All of another text.
    pub fn append(&mut self, other: &Text) {
        let start = self.value.len() as u32;
        if other.map.is_empty() {
            self.at(other.span.start);
        }
        for &(decoded, source) in &other.map {
            if self.map.last().is_some_and(|last| last.0 == start + decoded) {
                self.map.pop();
            }
            self.map.push((start + decoded, source));
        }
        self.value.push_str(&other.value);
    }

    pub fn finish(mut self, span: Span) -> Text {
        if self.map.is_empty() {
            self.map.push((0, span.start));
        }
        Text { value: self.value, span, map: self.map }
    }
}

/// Text that stands nowhere in the source as it is; all of it is one place.
pub fn synthetic(value: &str, span: Span) -> Text {
    Text { value: value.to_owned(), span, map: Vec::new() }
}

/// Strings that follow one another are one text.
pub fn joined(strings: &[Str]) -> Text {
    if let [only] = strings {
        return only.text.clone();
    }
    let mut joined = Builder::new();
    let mut span = strings.first().map_or(Span::new(0, 0), |first| first.text.span);
    for string in strings {
        joined.append(&string.text);
        span = span.to(string.text.span);
    }
    joined.finish(span)
}

/// `a` → `${a}`: an expression where JSON has a string.
pub fn template(expression: &Text) -> Text {
    let span = expression.span;
    let mut text = Builder::new();
    text.push("${", span.start);
    text.append(expression);
    text.at(span.end);
    text.value.push('}');
    text.map.push((text.value.len() as u32, span.end));
    text.finish(span)
}

/// Decodes a closed string, quotes included.
pub fn decode(token: &Token) -> Result<Str, Mistake> {
    let inside = &token.text[1..token.text.len() - 1];
    let start = token.span.start + 1;
    let mut text = Text::verbatim(String::with_capacity(inside.len()), token.span, start);
    let mut rest = 0;
    while let Some(backslash) = inside[rest..].find('\\') {
        let backslash = rest + backslash;
        text.value.push_str(&inside[rest..backslash]);
        let Some((character, length)) = escape(&inside[backslash..]) else {
            let next = inside[backslash + 1..].chars().next().map_or(0, char::len_utf8);
            let from = start + backslash as u32;
            return Err(mistake::bad_escape(
                &inside[backslash..],
                Span { start: from, end: from + 1 + next as u32, ..token.span },
            ));
        };
        text.value.push(character);
        rest = backslash + length;
        text.map.push((text.value.len() as u32, start + rest as u32));
    }
    text.value.push_str(&inside[rest..]);
    Ok(Str { raw: token.text.to_owned(), text })
}

/// The character an escape stands for, and how many bytes it takes in the source. All of them are Rust's.
fn escape(text: &str) -> Option<(char, usize)> {
    let character = match text.as_bytes().get(1)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'0' => '\0',
        b'\\' => '\\',
        b'"' => '"',
        b'\'' => '\'',
        b'x' => {
            let code = crate::syntax::hexadecimal(&text[2..], 2)?;
            return Some((char::from_u32(code).filter(char::is_ascii)?, 4));
        }
        b'u' => {
            let digits = text[2..].strip_prefix('{')?;
            let digits = &digits[..digits.find('}')?];
            let code = (1..=6).contains(&digits.len()).then(|| crate::syntax::hexadecimal(digits, digits.len()))??;
            return Some((char::from_u32(code)?, digits.len() + 4));
        }
        _ => return None,
    };
    Some((character, 2))
}

/// The text of an expression, for its parser: as it stands, but for strings with `${…}` in them.
pub fn expression(source: &str, tokens: &[Token]) -> Result<Text, Mistake> {
    let [first, .., last] = tokens else {
        return match tokens {
            [only] if only.rule != Rule::string => Ok(Text::verbatim(only.text.to_owned(), only.span, only.span.start)),
            _ => with_strings(source, tokens),
        };
    };
    let span = first.span.to(last.span);
    if tokens.iter().all(|token| token.rule != Rule::string || is_javascript(token.text)) {
        return Ok(Text::verbatim(source[span.range()].to_owned(), span, span.start));
    }
    with_strings(source, tokens)
}

/// Whether a string means the same to JavaScript.
fn is_javascript(raw: &str) -> bool {
    !raw.contains("${") && !raw.contains("\\0")
}

fn with_strings(source: &str, tokens: &[Token]) -> Result<Text, Mistake> {
    let mut text = Builder::new();
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return Ok(text.finish(Span::new(0, 0)));
    };
    let mut end = first.span.start;
    for token in tokens {
        text.push(&source[end as usize..token.span.start as usize], end);
        end = token.span.end;
        if token.rule != Rule::string {
            text.push(token.text, token.span.start);
            continue;
        }
        let decoded = decode(token)?.text;
        if is_javascript(token.text) {
            text.push(token.text, token.span.start);
        } else {
            literal(&mut text, &decoded);
        }
    }
    Ok(text.finish(first.span.to(last.span)))
}

/// A decoded string as a template literal, `` `a ${b}` ``; as a string where nothing stands in it.
fn literal(out: &mut Builder, text: &Text) {
    let value = text.value.as_str();
    let quote = if value.replace("$${", "").contains("${") { '`' } else { '"' };
    out.push(if quote == '`' { "`" } else { "\"" }, text.span.start);
    let mut at = 0;
    while at < value.len() {
        let rest = &value[at..];
        let source = text.span_of(at..at).start;
        if rest.starts_with("$${") {
            out.push(if quote == '`' { "\\${" } else { "${" }, source);
            at += 3;
        } else if rest.starts_with("${") {
            let end = at + hole(rest);
            // Character by character, for an escape may stand anywhere.
            for (offset, character) in value[at..end].char_indices() {
                out.push(character.encode_utf8(&mut [0; 4]), text.span_of(at + offset..at + offset).start);
            }
            at = end;
        } else {
            let character = rest.chars().next().unwrap_or_default();
            match character {
                '\\' => out.push("\\\\", source),
                _ if character == quote => out.push(&format!("\\{character}"), source),
                '\n' if quote == '"' => out.push("\\n", source),
                '\r' => out.push("\\r", source),
                '\0' => out.push("\\x00", source),
                _ => out.push(character.encode_utf8(&mut [0; 4]), source),
            }
            at += character.len_utf8();
        }
    }
    out.push(if quote == '`' { "`" } else { "\"" }, text.span.end - 1);
    out.at(text.span.end);
}

/// Whether a `${` in the text is never closed.
pub fn is_open(text: &str) -> bool {
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        if text[..start].ends_with('$') {
            at = start + 2;
            continue;
        }
        let length = hole(&text[start..]);
        if !text[start..start + length].ends_with('}') {
            return true;
        }
        at = start + length;
    }
    false
}

/// The length of the `${…}` at the start of the text, or of all of it where it is never closed.
fn hole(text: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0, None, false);
    for (at, character) in text.char_indices().skip(1) {
        match (quote, character) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(character),
            (None, '{') => depth += 1,
            (None, '}') if depth == 1 => return at + 1,
            (None, '}') => depth -= 1,
            (None, _) => {}
        }
    }
    text.len()
}
