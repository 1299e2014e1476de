//! The lines of a mail.
//!
//! Comes in: texts of any length, with line breaks of any kind. Goes out: parts that a mail is made of.
//! Always true: the only line breaks are CR LF, and what is sent as it is holds no control character. Servers differ in what
//! else ends a line for them, and where a dot stood between two such ends, the rest of a text would be commands to one.

use lettre::message::Body;
use lettre::message::header::ContentTransferEncoding;

/// A text as the content of a part.
pub(super) fn body(text: String) -> Body {
    let text = with_line_breaks(text);
    // lettre sends all that is ASCII as it is.
    match text.contains(|c: char| c.is_ascii_control() && !matches!(c, '\t' | '\r' | '\n')) {
        true => Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).unwrap_or_else(Body::new),
        false => Body::new(text),
    }
}

/// CR LF for each CR LF, CR and LF. lettre would do so for an LF only, and move the whole rest of the text for each.
fn with_line_breaks(text: String) -> String {
    if !text.contains(['\r', '\n']) {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / 16);
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['\r', '\n']) {
        let (line, after) = rest.split_at(at);
        lines.push_str(line);
        lines.push_str("\r\n");
        rest = after.strip_prefix("\r\n").unwrap_or(&after[1..]);
    }
    lines.push_str(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_break_is_the_one_of_mails() {
        for (text, expected) in [
            ("a", "a"),
            ("a\r\nb\rc\nd", "a\r\nb\r\nc\r\nd"),
            ("A\r.\r\nB", "A\r\n.\r\nB"),
            ("A\n.\rB", "A\r\n.\r\nB"),
            ("\r\r\n\n\r", "\r\n\r\n\r\n\r\n"),
        ] {
            assert_eq!(with_line_breaks(text.to_owned()), expected, "{text:?}");
            assert_eq!(body(text.to_owned()).as_ref(), expected.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn control_characters_are_encoded() {
        for (text, expected) in [("a\0b\r\nc", "a=00b\r\nc"), ("a\u{1b}[0m", "a=1B[0m"), ("\u{7f}\t\u{b}", "=7F\t=0B")]
        {
            let body = body(text.to_owned());
            assert_eq!(body.encoding(), ContentTransferEncoding::QuotedPrintable);
            assert_eq!(std::str::from_utf8(body.as_ref()).unwrap(), expected, "{text:?}");
        }
        assert_eq!(body("a\tb".to_owned()).encoding(), ContentTransferEncoding::SevenBit);
    }

    /// Minutes, where the rest of the text is moved for each.
    #[test]
    fn a_million_lines_are_written_in_one_go() {
        assert_eq!(body("\n".repeat(1_000_000)).as_ref().len(), 2_000_000);
    }
}
