//! Text: header values, subjects, mail bodies, HTML.
//!
//! Comes in: literal text, environment values, data. Goes out: the finished text, checked for its place.
//! Always true: what a place forbids is a fault, wherever it came from; nothing is silently dropped.

use super::Rendered;
use super::address::Mailbox;
use super::piece::Piece;
use crate::value::{Fault, Raw, Value};
use std::fmt;

/// Where a text stands; decides how data in it is escaped and whether it may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Missing data renders as nothing.
    Prose,
    /// As `Prose`, with HTML escaped.
    Html,
    /// A subject, a display name: as `Prose`; CR and LF are a fault.
    Line,
    /// A header value, a mail server, a user name: CR, LF and control characters are a fault, and so is missing data.
    Header,
    /// Exactly one mail address; missing data is a fault, but for one of several recipients.
    Address,
    /// A query parameter or a form field, encoded later as a whole: missing data is a fault.
    Param,
}

/// A text under construction.
#[derive(Debug)]
pub struct Text {
    text: String,
    place: Place,
    /// Only of an address: the byte ranges that are data, and the expressions they came from.
    data: Vec<(usize, usize, String)>,
}

/// Room for what follows: most texts are one literal and one or two short values.
const MORE: usize = 40;

impl Text {
    pub fn new(place: Place) -> Text {
        Text { text: String::new(), place, data: Vec::new() }
    }

    pub fn literal(&mut self, text: &str) {
        self.text.reserve(text.len() + MORE);
        self.text.push_str(text);
    }

    /// The operator's text. It is trusted to mean what it says, but is text: in HTML it is escaped like data.
    pub fn env(&mut self, value: &str) {
        match self.place {
            Place::Html => escape_html(value, &mut self.text),
            Place::Prose | Place::Line | Place::Header | Place::Address | Place::Param => {
                self.text.reserve(value.len() + MORE);
                self.text.push_str(value);
            }
        }
    }

    pub fn data(&mut self, data: Raw) -> Rendered {
        self.piece(Piece::of_raw(data), data.path())
    }

    pub fn value(&mut self, value: &Value, source: &str) -> Rendered {
        self.piece(Piece::of_value(value), source)
    }

    fn piece(&mut self, piece: Piece, source: &str) -> Rendered {
        match self.place {
            Place::Prose => self.text.push_str(&piece.text()),
            Place::Html => escape_html(&piece.text(), &mut self.text),
            Place::Line => {
                let text = piece.text();
                check_line(&text, source, "a line of a mail's head")?;
                self.text.push_str(&text);
            }
            Place::Header => {
                let text = piece.required(source, "a header")?;
                check_line(&text, source, "a header")?;
                self.text.push_str(&text);
            }
            Place::Param => self.text.push_str(&piece.required(source, "a parameter")?),
            Place::Address => {
                // Whether a missing recipient matters is known when all of them are.
                let text = match piece {
                    Piece::Nothing => Default::default(),
                    piece => piece.scalar(source, "a mail address")?,
                };
                check_line(&text, source, "a mail address")?;
                let start = self.text.len();
                self.text.push_str(&text);
                self.data.push((start, self.text.len(), source.to_owned()));
            }
        }
        Ok(())
    }

    /// The text of a place that needs no further check.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The finished text; `what` names it in messages, such as "header `X-Order`".
    pub fn finish(self, what: impl fmt::Display) -> Result<String, Fault> {
        if matches!(self.place, Place::Line | Place::Header) && !is_plain(&self.text) && self.text.contains(is_control)
        {
            return Err(Fault::new(format!("{what} has a line break or another control character")));
        }
        Ok(self.text)
    }

    /// The one mailbox a text at [`Place::Address`] names. `None`: it is empty, because its data is missing.
    pub fn mailbox(&self, what: &str) -> Result<Option<Mailbox>, Fault> {
        if self.text.trim().is_empty() {
            return Ok(None);
        }
        Mailbox::parse(&self.text, &self.data).map(Some).ok_or_else(|| match self.data.first() {
            Some((_, _, source)) => Fault::new(format!("`{source}` does not make {what} exactly one mail address")),
            None => Fault::new(format!("{what} is not exactly one mail address")),
        })
    }

    /// The expression a text at [`Place::Address`] took its data from.
    pub fn source(&self) -> Option<&str> {
        self.data.first().map(|(_, _, source)| source.as_str())
    }
}

/// Nothing but printable ASCII, as nearly all texts: their characters need no second look.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Control characters end a line for somebody on the way; a tab in the author's own text is harmless.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() && c != '\t'
}

fn check_line(text: &str, source: &str, place: &str) -> Rendered {
    // U+2028 and U+2029 are line breaks to some mail programs.
    match !is_plain(text) && text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        true => Err(Fault::new(format!(
            "`{source}` has a line break or another control character, which cannot stand in {place}"
        ))),
        false => Ok(()),
    }
}

fn escape_html(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> Raw<'_> {
        Raw::new(Some(text), "input_data.x")
    }

    fn string(text: &str) -> Value {
        Value::string(text)
    }

    #[test]
    fn missing_data_in_prose_is_nothing() {
        let mut text = Text::new(Place::Prose);
        text.literal("a");
        text.data(Raw::new(None, "x")).unwrap();
        text.data(data("null")).unwrap();
        text.data(data("{\"a\":[1]}")).unwrap();
        text.data(data("1.5")).unwrap();
        assert_eq!(text.finish("it").unwrap(), "a{\"a\":[1]}1.5");
    }

    #[test]
    fn a_template_in_data_stays_text() {
        let mut text = Text::new(Place::Prose);
        text.data(data("\"${PAYMENT_API_KEY}\"")).unwrap();
        assert_eq!(text.finish("it").unwrap(), "${PAYMENT_API_KEY}");
    }

    #[test]
    fn html_is_escaped_but_for_the_authors() {
        let mut text = Text::new(Place::Html);
        text.literal("<p title=\"");
        text.data(data("\"\u{3c}script>alert('1') & co\"")).unwrap();
        text.value(&string("\" onload='x"), "x").unwrap();
        text.env("A&B");
        text.literal("\"></p>");
        let expected = "<p title=\"&lt;script&gt;alert(&#39;1&#39;) &amp; co&quot; onload=&#39;xA&amp;B\"></p>";
        assert_eq!(text.finish("it").unwrap(), expected);
    }

    #[test]
    fn headers_and_subjects_reject_line_breaks() {
        for place in [Place::Header, Place::Line, Place::Address] {
            for bad in
                ["a\r\nBcc: x@y", "a\nb", "a\rb", "a\0b", "a\u{1b}b", "a\u{7f}b", "a\u{85}b", "a\u{2028}b", "a\tb"]
            {
                let message = Text::new(place).value(&string(bad), "input_data.x").unwrap_err().message;
                assert!(message.contains("`input_data.x` has a line break"), "{message}");
            }
            assert!(Text::new(place).value(&string("plain é"), "x").is_ok());
        }
    }

    #[test]
    fn the_environment_cannot_break_a_header_either() {
        let mut text = Text::new(Place::Header);
        text.literal("Bearer ");
        text.env("key\n");
        assert_eq!(
            text.finish("header `Authorization`").unwrap_err().message,
            "header `Authorization` has a line break or another control character"
        );
    }

    #[test]
    fn missing_data_in_a_header_or_a_parameter_is_a_fault() {
        for place in [Place::Header, Place::Param] {
            assert!(
                Text::new(place)
                    .data(Raw::new(None, "input_data.x"))
                    .unwrap_err()
                    .message
                    .starts_with("`input_data.x` is missing")
            );
            assert!(Text::new(place).value(&Value::Null, "input_data.x").is_err());
        }
        assert!(Text::new(Place::Line).data(Raw::new(None, "x")).is_ok());
    }
}
