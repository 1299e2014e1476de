//! What is wrong with a JSON text, in the author's words. One function for each thing people get wrong.

use pest::error::InputLocation;

use super::string::{BadEscape, at_offset};
use super::{DEPTH_MAX, Expected, Mistake, Open, Reader, Rule, Token};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::source::{FileId, Span};

/// Says why this token cannot stand here. First the words that are wrong anywhere, then the wrong places.
pub fn explain(reader: &Reader, token: Token) -> Mistake {
    match token.rule {
        Rule::comment => return comment(token),
        Rule::unclosed_string => return unclosed_string(token),
        Rule::single_quoted => return single_quoted(token),
        Rule::unknown => {
            if let Some(mistake) = unknown(token) {
                return mistake;
            }
        }
        Rule::EOI => return ends_too_soon(reader, token),
        Rule::bad_number if expects_value(reader.expected) => return bad_number(token),
        Rule::word if expects_value(reader.expected) => return word(token),
        _ => {}
    }
    match reader.expected {
        Expected::Document => expected(token, "expected the workflow, an object in `{ }`"),
        Expected::FirstItem | Expected::Item | Expected::FirstKey | Expected::Key
            if is_trailing_comma(reader, token) =>
        {
            trailing_comma(reader, token)
        }
        Expected::FirstItem | Expected::Item => match token.rule {
            Rule::comma => extra_comma(token),
            Rule::colon => colon_in_array(reader, token),
            _ => wrong_close(reader, token).unwrap_or_else(|| expected(token, "expected a value")),
        },
        Expected::FirstKey | Expected::Key => match token.rule {
            Rule::comma => extra_comma(token),
            Rule::word => unquoted_key(token),
            Rule::number | Rule::bad_number => number_as_key(token),
            _ => wrong_close(reader, token).unwrap_or_else(|| expected(token, "expected a key in double quotes")),
        },
        Expected::Colon => missing_colon(reader, token),
        Expected::Member => missing_value(reader, token),
        Expected::CommaOrEnd => wrong_close(reader, token).unwrap_or_else(|| missing_comma(reader, token)),
        Expected::Nothing => after_document(token),
    }
}

fn expects_value(expected: Expected) -> bool {
    matches!(expected, Expected::Document | Expected::FirstItem | Expected::Item | Expected::Member)
}

fn mistake(span: Span, headline: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::JsonSyntax, span, headline)
}

fn expected(token: Token, headline: &str) -> Mistake {
    Box::new(mistake(token.span, headline).label(format!("found {}", describe(token))))
}

/// A token in words: as it is, where that is short and clear.
fn describe(token: Token) -> String {
    match token.rule {
        Rule::EOI => String::from("the end of the file"),
        Rule::string => String::from("a string"),
        _ => format!("`{}`", token.text.chars().take(20).collect::<String>()),
    }
}

fn comment(token: Token) -> Mistake {
    Box::new(
        mistake(token.span, "JSON has no comments")
            .help("remove it, or say it in the `description` of the workflow or of a node"),
    )
}

fn unclosed_string(token: Token) -> Mistake {
    let quote = Span { end: token.span.start + 1, ..token.span };
    Box::new(
        mistake(quote, "this string is never closed")
            .label("the string starts here")
            .also(token.span.after(), "and its line ends here without another `\"`")
            .help("close it with `\"`; a line break inside a string is written `\\n`, a quote `\\\"`"),
    )
}

fn single_quoted(token: Token) -> Mistake {
    let inside = token.text.trim_matches('\'').replace('"', "\\\"");
    Box::new(
        mistake(token.span, "JSON strings stand in double quotes")
            .label("in single quotes")
            .help(format!("write \"{inside}\"")),
    )
}

/// A character that is wrong anywhere; others are only out of place.
fn unknown(token: Token) -> Option<Mistake> {
    let character = token.text.chars().next()?;
    let diagnostic = match character {
        '\u{201C}' | '\u{201D}' | '\u{201E}' => mistake(token.span, "JSON strings stand in straight double quotes")
            .label("a typographic quote")
            .help("write `\"`"),
        '`' => mistake(token.span, "JSON strings stand in double quotes").label("a backquote").help("write `\"`"),
        _ if character.is_whitespace() || character == '\u{FEFF}' || character.is_control() => {
            let headline = format!("the character U+{:04X} is no white space in JSON", u32::from(character));
            mistake(token.span, headline).help("use spaces, tabs and line breaks only")
        }
        _ => return None,
    };
    Some(Box::new(diagnostic))
}

fn bad_number(token: Token) -> Mistake {
    let digits = token.text.trim_start_matches(['-', '+']);
    let (headline, help) = if digits.starts_with("Inf") {
        ("JSON has no infinite numbers", "use null, or a very large number such as 1e308")
    } else if token.text.starts_with('+') {
        ("a JSON number has no `+` in front", "leave out the `+`")
    } else if digits.starts_with('.') {
        ("a JSON number starts with a digit", "write a 0 before the point")
    } else if digits.starts_with("0x") || digits.starts_with("0X") {
        ("JSON has no hexadecimal numbers", "write it in decimal")
    } else if digits.starts_with('0') && digits[1..].starts_with(|next: char| next.is_ascii_digit()) {
        ("a JSON number has no leading zeros", "leave them out, or write a string if they matter")
    } else if digits.contains('_') {
        ("JSON numbers have no separators", "leave out the `_`")
    } else if digits.ends_with('.') || digits.contains(".e") || digits.contains(".E") {
        ("digits are missing after the decimal point", "write `.0`, or leave out the point")
    } else if digits.ends_with(['e', 'E', '+', '-']) && digits.len() > 1 {
        ("digits are missing in the exponent", "write it as in 1e6")
    } else {
        ("this is not a number", "a text such as a date or a version stands in double quotes")
    };
    Box::new(mistake(token.span, headline).help(help))
}

/// A word where a value should be.
fn word(token: Token) -> Mistake {
    let diagnostic = match token.text {
        "NaN" | "Infinity" => {
            mistake(token.span, format!("JSON has no `{}`", token.text)).help("use null, or a number")
        }
        "undefined" | "None" | "nil" | "NULL" => {
            mistake(token.span, format!("JSON has no `{}`", token.text)).help("write null, or leave the key out")
        }
        _ => {
            let quoted = format!("a text stands in double quotes: \"{}\"", token.text);
            let help = match suggest::nearest(token.text, ["true", "false", "null"]) {
                Some(near) => format!("did you mean {near}?"),
                None => quoted,
            };
            mistake(token.span, format!("`{}` is not a JSON value", token.text)).help(help)
        }
    };
    Box::new(diagnostic)
}

fn is_trailing_comma(reader: &Reader, token: Token) -> bool {
    let after_comma = reader.last.is_some_and(|last| last.rule == Rule::comma);
    after_comma && matches!(token.rule, Rule::close_array | Rule::close_object) && wrong_close(reader, token).is_none()
}

fn trailing_comma(reader: &Reader, token: Token) -> Mistake {
    let comma = reader.last.map_or(token.span, |last| last.span);
    Box::new(
        mistake(comma, format!("there is a comma, but nothing follows before `{}`", token.text))
            .label("this comma is one too many")
            .help("remove the comma"),
    )
}

fn extra_comma(token: Token) -> Mistake {
    Box::new(mistake(token.span, "there is a comma, but nothing stands before it").help("remove the comma"))
}

fn colon_in_array(reader: &Reader, token: Token) -> Mistake {
    let mut diagnostic =
        mistake(token.span, "an array has no keys").label("a colon stands between a key and its value");
    if let Some(Open::Array { start, .. }) = reader.open.last() {
        diagnostic = diagnostic.also(*start, "the array that starts here is not closed yet");
    }
    Box::new(diagnostic.help("close the array with `]`, or write an object in `{ }`"))
}

fn unquoted_key(token: Token) -> Mistake {
    Box::new(
        mistake(token.span, "a key stands in double quotes")
            .label("without quotes")
            .help(format!("write \"{}\"", token.text)),
    )
}

fn number_as_key(token: Token) -> Mistake {
    Box::new(
        mistake(token.span, "a key is a string in double quotes")
            .label("a number")
            .help(format!("write \"{}\"", token.text)),
    )
}

fn missing_colon(reader: &Reader, token: Token) -> Mistake {
    let Some(key) = reader.last else { return expected(token, "expected `:`") };
    let diagnostic = mistake(key.span.after(), "expected `:` after this key").label("a `:` is missing here");
    Box::new(match token.text {
        "=" | "=>" => diagnostic.help("write `:` between a key and its value"),
        _ => diagnostic,
    })
}

fn missing_value(reader: &Reader, token: Token) -> Mistake {
    let Some(colon) = reader.last else { return expected(token, "expected a value") };
    let found = format!("found {}", describe(token));
    Box::new(mistake(colon.span.after(), "expected a value after this `:`").also(token.span, found))
}

fn missing_comma(reader: &Reader, token: Token) -> Mistake {
    let Some(last) = reader.last else { return expected(token, "expected `,`") };
    let place = last.span.after();
    if token.rule == Rule::colon && matches!(reader.open.last(), Some(Open::Array { .. })) {
        return colon_in_array(reader, token);
    }
    let close = match reader.open.last() {
        Some(Open::Array { .. }) => "]",
        _ => "}",
    };
    let diagnostic = mistake(place, format!("expected `,` or `{close}` after this value"));
    let starts_next = matches!(
        token.rule,
        Rule::string | Rule::number | Rule::word | Rule::bad_number | Rule::open_array | Rule::open_object
    );
    Box::new(if starts_next {
        diagnostic.label("a `,` is missing here")
    } else {
        diagnostic.also(token.span, format!("found {}", describe(token)))
    })
}

/// `]` where `}` belongs, and the other way round.
fn wrong_close(reader: &Reader, token: Token) -> Option<Mistake> {
    let (start, what, open, close) = match (reader.open.last()?, token.rule) {
        (Open::Array { start, .. }, Rule::close_object) => (*start, "array", "[", "]"),
        (Open::Object { start, .. }, Rule::close_array) => (*start, "object", "{", "}"),
        _ => return None,
    };
    let diagnostic = mistake(token.span, format!("expected `{close}` to close the {what}, found `{}`", token.text));
    Some(Box::new(diagnostic.also(start, format!("the {what} starts with this `{open}`"))))
}

fn ends_too_soon(reader: &Reader, token: Token) -> Mistake {
    let diagnostic = match reader.open.last() {
        None => mistake(token.span, "the file is empty")
            .help("a workflow is a JSON object: `{ \"nodes\": [ … ], \"connections\": [ … ] }`"),
        Some(Open::Array { start, .. }) => {
            mistake(*start, "this `[` is never closed").also(token.span, "the file ends here, a `]` is missing")
        }
        Some(Open::Object { start, .. }) => {
            mistake(*start, "this `{` is never closed").also(token.span, "the file ends here, a `}` is missing")
        }
    };
    Box::new(diagnostic)
}

fn after_document(token: Token) -> Mistake {
    let diagnostic = match token.rule {
        Rule::close_array | Rule::close_object => mistake(token.span, format!("this `{}` closes nothing", token.text))
            .help("there is one too many here, or one too few `{` or `[` before"),
        _ => mistake(token.span, "nothing may follow the end of the document")
            .label(format!("found {}", describe(token)))
            .help("a file holds one workflow"),
    };
    Box::new(diagnostic)
}

pub fn control_character(byte: u8, span: Span) -> Mistake {
    let headline = format!("the control character U+{byte:04X} cannot stand in a string as it is");
    let help = match byte {
        b'\t' => String::from("write a tab as `\\t`"),
        _ => format!("write it as `\\u{byte:04x}`"),
    };
    Box::new(mistake(span, headline).help(help))
}

/// `text` starts with the backslash, which is the character at `offset` inside the string.
pub fn bad_escape(wrong: BadEscape, text: &str, string: Span, offset: usize) -> Mistake {
    let next = text[1..].chars().next();
    let diagnostic = match wrong {
        BadEscape::Unknown => {
            let end = offset + 1 + next.map_or(0, char::len_utf8);
            let span = at_offset(string, offset, end);
            let written = &text[..end - offset];
            let help = match next {
                Some('\'') => String::from("a `'` needs no backslash"),
                Some('$') => String::from("a literal `${` is written `$${`"),
                Some('x') => String::from("write a character by number as `\\u00e9`"),
                _ => String::from(
                    "a backslash itself is written `\\\\`; escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u",
                ),
            };
            mistake(span, format!("there is no escape `{written}` in JSON")).help(help)
        }
        BadEscape::Digits => {
            let digits = text[2..].bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
            mistake(at_offset(string, offset, offset + 2 + digits), "`\\u` needs four hexadecimal digits")
                .help("such as `\\u00e9`; a backslash itself is written `\\\\`")
        }
        BadEscape::Surrogate => {
            mistake(at_offset(string, offset, offset + 6), "half of a surrogate pair is no character")
                .help("write the character itself, or both halves: `\\ud83d\\ude00`")
        }
    };
    Box::new(diagnostic)
}

pub fn too_deep(span: Span) -> Mistake {
    let headline = format!("more than {DEPTH_MAX} arrays and objects stand inside one another");
    Box::new(Diagnostic::new(Code::TooDeep, span, headline).label("this one is too deep"))
}

/// Reading stopped for want of stack.
/// `location` is counted from `start`.
pub fn unreadable(file: FileId, start: usize, location: InputLocation) -> Mistake {
    let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = location;
    let at = (start + at) as u32;
    let span = Span { file, start: at, end: at };
    Box::new(Diagnostic::new(Code::TooDeep, span, "there is not enough stack left to read this file"))
}
