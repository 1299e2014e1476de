//! What rustc reads in a name: behind a `-` or a `$` digits begin a number, and rustc is strict about those.
//!
//! Always true: what rustc accepts is accepted here; proc-macro2 alone, which reads the rest of a text, takes `1e` and `0x`.

use std::ops::Range;

/// A number that rustc refuses, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub place: Range<usize>,
    pub why: &'static str,
}

/// The first number in the first `length` bytes of a text, which are a name, that is none to rustc. What follows the name
/// may belong to it: `a-1e+5`.
pub fn refused(text: &str, length: usize) -> Option<Refused> {
    let mut at = 0;
    while let Some(first) = text[at..length.max(at)].chars().next() {
        let start = at;
        if first.is_ascii_digit() {
            match number(&text[at..]) {
                Ok(length) => at += length,
                Err(why) => return Some(Refused { place: start..word_end(text, start).min(length), why }),
            }
        } else {
            at += first.len_utf8();
        }
        // The rest of an identifier, or what stands behind a number as its unit.
        if first.is_alphanumeric() || first == '_' {
            at = word_end(text, at);
        }
    }
    None
}

fn word_end(text: &str, at: usize) -> usize {
    let is_part = |char: char| char.is_alphanumeric() || char == '_' || !char.is_ascii();
    at + text[at..].find(|char| !is_part(char)).unwrap_or(text.len() - at)
}

/// The length of the number at the start of a text, without its unit.
fn number(text: &str) -> Result<usize, &'static str> {
    let (radix, digits) = match text.as_bytes() {
        [b'0', b'b', ..] => (2, 2),
        [b'0', b'o', ..] => (8, 2),
        [b'0', b'x', ..] => (16, 2),
        _ => (10, 0),
    };
    let is_digit = |char: char| if radix == 16 { char.is_ascii_hexdigit() } else { char.is_ascii_digit() };
    let end = digits + text[digits..].find(|char: char| !is_digit(char) && char != '_').unwrap_or(text.len() - digits);
    let written = &text[digits..end];
    if written.bytes().all(|byte| byte == b'_') {
        return Err("has no digits");
    }
    if !written.chars().all(|char| char == '_' || char.is_digit(radix)) {
        return Err(if radix == 2 { "has other digits than 0 and 1" } else { "has other digits than 0 to 7" });
    }
    let Some(exponent) = text[end..].strip_prefix(['e', 'E']) else { return Ok(end) };
    if radix != 10 {
        return Err("has an exponent, which only decimal numbers have");
    }
    let signed = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let length = signed.find(|char: char| !char.is_ascii_digit() && char != '_').unwrap_or(signed.len());
    if signed[..length].bytes().all(|byte| byte == b'_') {
        return Err("has no digits in its exponent");
    }
    Ok(text.len() - signed.len() + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As rustc 1.95 has it, in the arguments of a macro.
    #[test]
    fn as_rustc_has_it() {
        let right = [
            "step-1", "a-1e5", "a-1e-5", "a-1e_5", "a-1e5x", "a-0x1e", "a-0x_1", "a-0b10s", "a-0b1s2", "a-1_e5",
            "a-1_", "a-12ab", "a-0_x", "a-00x", "a-0X1", "a-0B2", "a-1é", "a-1e-0x", "a0x", "e-1-x", "x1e-x",
        ];
        for name in right {
            assert_eq!(refused(name, name.len()), None, "{name}");
        }
        let wrong = [
            "a-1e", "a-1E", "a-1e_", "a-1ex", "a-1e_x", "a-1eé", "a-1e-b", "a$1e", "a-0x", "a-0x_", "a-0xg", "a-0b",
            "a-0b_", "a-0b2", "a-0b12", "a-0o8", "a-0o", "a-0bx", "a-0b1e3", "a-0o1e3",
        ];
        for name in wrong {
            assert!(refused(name, name.len()).is_some(), "{name}");
        }
    }

    #[test]
    fn what_follows_a_name_may_be_its_exponent() {
        assert_eq!(refused("a-1e+5", 4), None);
        assert_eq!(refused("a-1e + 5", 4).map(|refused| refused.place), Some(2..4));
    }
}
