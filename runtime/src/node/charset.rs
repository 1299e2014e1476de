//! Text in another encoding than UTF-8.
//!
//! Comes in: a `Content-Type` and the bytes of a body. Goes out: the body in UTF-8, or that nobody here can read it.
//! Always true: text in UTF-8 is not copied, and not looked at.
//!
//! Three encodings are known beside UTF-8: ISO-8859-1 and Windows-1252, which are one and the same for browsers, and so here;
//! UTF-16. They are what services that are not of this century still write.

use std::borrow::Cow;

/// The body in UTF-8. `None`: it is in an encoding that is not known here.
pub(super) fn decoded<'b>(content_type: &str, body: &'b [u8]) -> Option<Cow<'b, [u8]>> {
    let Some(name) = charset(content_type) else { return Some(Cow::Borrowed(body)) };
    let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let utf16 = |unit: fn([u8; 2]) -> u16, body: &[u8]| Some(Cow::Owned(utf16(unit, body).into_bytes()));
    match body {
        _ if is(&["utf-8", "utf8", "us-ascii", "ascii"]) => Some(Cow::Borrowed(body)),
        [0xff, 0xfe, body @ ..] if is(&["utf-16", "utf-16le"]) => utf16(u16::from_le_bytes, body),
        [0xfe, 0xff, body @ ..] if is(&["utf-16", "utf-16be"]) => utf16(u16::from_be_bytes, body),
        // RFC 2781, section 4.3.
        _ if is(&["utf-16", "utf-16be"]) => utf16(u16::from_be_bytes, body),
        _ if is(&["utf-16le"]) => utf16(u16::from_le_bytes, body),
        // In every other encoding that is met these bytes are ASCII; ESC shifts to another alphabet in some.
        _ if body.is_ascii() && !body.contains(&0x1b) => Some(Cow::Borrowed(body)),
        // No text at all.
        _ if is(&["binary"]) => Some(Cow::Borrowed(body)),
        // The mark of UTF-8 says more than a header that a server adds to everything.
        [0xef, 0xbb, 0xbf, ..] => Some(Cow::Borrowed(body)),
        // JSON is UTF-8, whatever is said of it (RFC 8259, section 8.1), or was meant to be.
        _ if (is_json(content_type) || begins_as_json(body)) && std::str::from_utf8(body).is_ok() => {
            Some(Cow::Borrowed(body))
        }
        _ if is(&["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "windows-1252", "cp1252"]) => {
            Some(Cow::Owned(body.iter().map(|byte| windows_1252(*byte)).collect::<String>().into_bytes()))
        }
        _ => None,
    }
}

fn begins_as_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start(), [b'{' | b'[', ..])
}

pub(super) fn is_json(content_type: &str) -> bool {
    content_type.as_bytes().windows(4).any(|word| word.eq_ignore_ascii_case(b"json"))
}

/// The parameter `charset`; nothing where it is empty.
pub(super) fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    let (_, value) = charsets.next()?;
    Some(value.trim().trim_matches(['"', '\''])).filter(|value| !value.is_empty())
}

/// What is no UTF-16 becomes U+FFFD, as in UTF-8.
fn utf16(unit: fn([u8; 2]) -> u16, body: &[u8]) -> String {
    let (pairs, rest) = body.as_chunks::<2>();
    let chars = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
    let half = (!rest.is_empty()).then_some(char::REPLACEMENT_CHARACTER);
    chars.map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).chain(half).collect()
}

fn windows_1252(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => FROM_80[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content_type: &str, body: &[u8], expected: Option<&str>) {
        let found = decoded(content_type, body).map(|body| String::from_utf8_lossy(&body).into_owned());
        assert_eq!(found.as_deref(), expected, "{content_type}");
    }

    #[test]
    fn what_is_utf_8_stays_so() {
        let everything = "text/html; charset=iso-8859-1";
        check(everything, " {\"name\":\"Müller\"}".as_bytes(), Some(" {\"name\":\"Müller\"}"));
        check(everything, b"{\"name\":\"M\xfcller\"}", Some("{\"name\":\"Müller\"}"));
        check(everything, "\u{feff}ü".as_bytes(), Some("\u{feff}ü"));
        check("application/pdf; charset=binary", b"%PDF \xfc", Some("%PDF \u{fffd}"));
    }

    #[test]
    fn declared_encodings_are_read() {
        for western in ["text/plain; charset=iso-8859-1", "text/plain;format=flowed; Charset=\"Windows-1252\""] {
            check(western, b"M\xfcller \x80 5", Some("Müller € 5"));
            check(western, "ü".as_bytes(), Some("Ã¼"));
        }
        check("text/plain; charset=utf-16le", b"\xfc\0", Some("ü"));
        check("text/plain; charset=UTF-16", b"\0\xfc", Some("ü"));
        check("text/plain; charset=UTF-16", b"\xff\xfe\xfc\0\xd8", Some("ü\u{fffd}"));
        check("text/plain; charset=utf-16", b"\xfe\xff\xd8\0\0a", Some("\u{fffd}a"));
    }

    #[test]
    fn utf_8_needs_no_declaration() {
        for plain in
            ["", "text/plain", "text/plain; charset=", "text/plain; charset=UTF-8", "text/plain; charset=ascii"]
        {
            check(plain, "ü".as_bytes(), Some("ü"));
        }
        check("application/json; charset=iso-8859-1", "\"ü\"".as_bytes(), Some("\"ü\""));
        check("application/json; charset=iso-8859-1", b"\"\xfc\"", Some("\"ü\""));
    }

    #[test]
    fn of_other_encodings_only_ascii_is_known() {
        for other in ["text/plain; charset=shift_jis", "text/plain; charset=iso-2022-jp", "text/plain; charset=x"] {
            check(other, b"plain", Some("plain"));
            check(other, b"\x83\x65", None);
            check(other, b"\x1b$B%F", None);
        }
    }
}
