//! The lines of a mail.
//!
//! Comes in: texts of any length, with line breaks of any kind. Goes out: parts and headers that a mail is made of.
//! Always true: the only line breaks are CR LF, and what is sent as it is holds no control character. Servers differ in what
//! else ends a line for them, and where a dot stood between two such ends, the rest of a text would be commands to one. No
//! line is longer than the 998 bytes of RFC 5322, 2.1.1.

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use lettre::message::header::{ContentTransferEncoding, Header, HeaderValue, Subject};
use lettre::message::{Body, Mailbox, Mailboxes};

/// A word, or spaces in a row, that a line has room for. lettre begins a new line between words, and within none.
const WORD_MAX: usize = 70;

/// Bytes in one encoded word: with what stands around it no more than the 76 of a line (RFC 2047, 2), beside the longest name
/// of a header.
const ENCODED_MAX: usize = 39;

/// A text as the content of a part.
pub(super) fn body(text: String) -> Body {
    let text = with_line_breaks(text);
    // lettre sends all that is ASCII as it is.
    match holds(&text, |byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n')) {
        true => Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).unwrap_or_else(Body::new),
        false => Body::new(text),
    }
}

/// CR LF for each CR LF, CR and LF. lettre would do so for an LF only, and move the whole rest of the text for each.
fn with_line_breaks(text: String) -> String {
    if !holds(&text, |byte| matches!(byte, b'\r' | b'\n')) {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / 16);
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        // A CR that is not that of a CR LF ends a line of its own.
        for (number, part) in content.unwrap_or(line).split('\r').enumerate() {
            if number > 0 {
                lines.push_str("\r\n");
            }
            lines.push_str(part);
        }
        if content.is_some() {
            lines.push_str("\r\n");
        }
    }
    lines
}

/// Whether any byte is such a one. All of them are looked at, which takes the machine several at once.
fn holds(text: &str, is_such: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(0, |found, byte| found | u8::from(is_such(byte))) != 0
}

/// The subject, in encoded words where it is too long for lines of its own.
pub(super) fn subject(text: String) -> HeaderValue {
    match is_long(&text) {
        true => HeaderValue::dangerous_new_pre_encoded(Subject::name(), String::new(), encoded_words(&text)),
        false => Subject::from(text).display(),
    }
}

/// A header of mailboxes, as [`subject`] where one of their names is too long.
pub(super) fn mailboxes<H: Header + From<Mailboxes>>(mailboxes: Vec<Mailbox>) -> HeaderValue {
    if !mailboxes.iter().filter_map(|mailbox| mailbox.name.as_deref()).any(is_long) {
        return H::from(Mailboxes::from(mailboxes)).display();
    }
    let written: Vec<String> = mailboxes
        .iter()
        .map(|Mailbox { name, email }| match name {
            Some(name) => format!("{}\r\n <{email}>", encoded_words(name)),
            None => email.to_string(),
        })
        .collect();
    HeaderValue::dangerous_new_pre_encoded(H::name(), String::new(), written.join(",\r\n "))
}

fn is_long(text: &str) -> bool {
    let (mut length, mut of_spaces) = (0, false);
    text.bytes().any(|byte| {
        length = if (byte == b' ') == of_spaces { length + 1 } else { 1 };
        of_spaces = byte == b' ';
        length > WORD_MAX
    })
}

/// RFC 2047: one encoded word a line, which readers put together without what stands between them.
fn encoded_words(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let most = ENCODED_MAX.min(rest.len());
        let end = (1..=most).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(most);
        let (word, after) = rest.split_at(end);
        words.push(format!("=?utf-8?b?{}?=", BASE64.encode(word)));
        rest = after;
    }
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lettre::message::header::{From, Headers, To};

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

    /// A header, and what its encoded words say.
    fn check(value: HeaderValue, lines: usize, says: &str) {
        let mut headers = Headers::new();
        headers.insert_raw(value);
        let text = headers.to_string();
        assert!(text.lines().all(|line| line.len() <= 250), "{text}");
        assert!(text.lines().count() >= lines && text.lines().skip(1).all(|line| line.starts_with(' ')), "{text}");
        let encoded = text.split("=?utf-8?b?").skip(1).map(|word| word.split_once("?=").unwrap().0);
        assert_eq!(
            encoded.map(|word| String::from_utf8(BASE64.decode(word).unwrap()).unwrap()).collect::<String>(),
            says
        );
    }

    #[test]
    fn a_long_word_in_a_header_is_encoded() {
        for long in ["x".repeat(2000), format!("a {}b", " ".repeat(3000)), format!("Order {} ü", "€".repeat(500))] {
            check(subject(long.clone()), 20, &long);
            let named = || Mailbox::new(Some(long.clone()), "a@b.example".parse().unwrap());
            let plain = || Mailbox::new(None, "c@d.example".parse().unwrap());
            check(mailboxes::<From>(vec![named()]), 20, &long);
            check(mailboxes::<To>(vec![plain(), named(), plain()]), 20, &long);
        }
        // Of any number of words that fit into lines, lettre makes lines.
        check(subject("word ".repeat(1000)), 50, "");
        check(subject(format!("{}{}", "x".repeat(70), " ".repeat(70)).repeat(20)), 20, "");
        let many =
            (0..100).map(|number| Mailbox::new(Some("Ann O'Neil".into()), format!("{number}@b").parse().unwrap()));
        let mut headers = Headers::new();
        headers.insert_raw(mailboxes::<To>(many.collect()));
        assert!(headers.to_string().lines().all(|line| line.len() <= 250), "{headers}");
    }

    #[test]
    fn a_long_name_stands_before_its_address() {
        let mut headers = Headers::new();
        let name = |length: usize| Mailbox::new(Some("x".repeat(length)), "a@b.example".parse().unwrap());
        headers.insert_raw(mailboxes::<From>(vec![name(71)]));
        let (first, rest) = (BASE64.encode("x".repeat(39)), BASE64.encode("x".repeat(32)));
        let expected = format!("From: =?utf-8?b?{first}?=\r\n =?utf-8?b?{rest}?=\r\n <a@b.example>\r\n");
        assert_eq!(headers.to_string(), expected);
        headers.insert_raw(mailboxes::<From>(vec![name(70)]));
        assert_eq!(headers.to_string(), format!("From: {} <a@b.example>\r\n", "x".repeat(70)));
    }

    /// Minutes, where the rest of the text is moved for each.
    #[test]
    fn a_million_lines_are_written_in_one_go() {
        assert_eq!(body("\n".repeat(1_000_000)).as_ref().len(), 2_000_000);
    }
}
