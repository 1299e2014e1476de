//! Number and string literals of JavaScript → their values.

use flow_runtime::value::JsString;

/// The value of a number the grammar accepted.
pub fn number(text: &str) -> f64 {
    let digits = text.replace('_', "");
    let radix_bits = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => 4,
        [b'0', b'o' | b'O', ..] => 3,
        [b'0', b'b' | b'B', ..] => 1,
        // Rust reads `5.`, `.5` and `1e400` as JavaScript does, and rounds as correctly.
        _ => return digits.parse().unwrap_or(f64::NAN),
    };
    // As many digits as fit exactly; of the others only whether one is not zero matters for rounding.
    let mut mantissa: u128 = 0;
    let mut exponent = 0;
    for digit in digits[2..].chars().filter_map(|digit| digit.to_digit(1 << radix_bits)) {
        if mantissa >> (127 - radix_bits) == 0 {
            mantissa = mantissa << radix_bits | u128::from(digit);
        } else {
            mantissa |= u128::from(digit != 0);
            exponent += radix_bits;
        }
    }
    mantissa as f64 * 2f64.powi(exponent)
}

/// A number as the key of an object: what `String(number)` gives, where that is plain digits.
pub fn number_key(text: &str) -> Option<String> {
    let number = number(text);
    // 2 ** 53: up to here every whole number is exact and written without an exponent.
    (number.fract() == 0.0 && number <= 9_007_199_254_740_992.0).then(|| format!("{number}"))
}

/// What is wrong with an escape, and where it stands in the literal's inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEscape {
    /// Bytes from the start of the inside.
    pub at: usize,
    /// The backslash and what belongs to it.
    pub written: String,
    pub help: &'static str,
}

/// The value of a string's inside: escapes decoded, halves of surrogate pairs kept.
pub fn string(inside: &str) -> Result<JsString, BadEscape> {
    if !inside.contains('\\') {
        return Ok(JsString::from(inside));
    }
    let mut units: Vec<u16> = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(backslash) = rest.find('\\') {
        units.extend(rest[..backslash].encode_utf16());
        let at = inside.len() - rest.len() + backslash;
        let length = escape(&rest[backslash..], &mut units).map_err(|wrong| BadEscape { at, ..wrong })?;
        rest = &rest[backslash + length..];
    }
    units.extend(rest.encode_utf16());
    Ok(JsString::from_units(&units))
}

/// Decodes the escape at the start of the text, and says how long it is in the source.
fn escape(text: &str, units: &mut Vec<u16>) -> Result<usize, BadEscape> {
    let bad = |length: usize, help| Err(BadEscape { at: 0, written: text[..length].to_owned(), help });
    let mut characters = text[1..].chars();
    // The grammar lets no literal end with a backslash.
    let Some(letter) = characters.next() else { return bad(1, "a backslash itself is written `\\\\`") };
    let next = characters.next();
    let simple = match letter {
        'n' => 0x0A,
        't' => 0x09,
        'r' => 0x0D,
        'b' => 0x08,
        'f' => 0x0C,
        'v' => 0x0B,
        '0' if !next.is_some_and(|next| next.is_ascii_digit()) => 0,
        '0'..='9' => return bad(2, "write a character by number as `\\x41` or `\\u{41}`"),
        'x' => {
            let digits = crate::syntax::hexadecimal(&text[2..], 2);
            let Some(unit) = digits else { return bad(2, "`\\x` needs two hexadecimal digits, such as `\\x41`") };
            units.push(unit as u16);
            return Ok(4);
        }
        'u' if next == Some('{') => {
            let end = text.find('}').filter(|&end| end > 3);
            let digits = end.map(|end| &text[3..end]).filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()));
            // Any number of leading zeros is right; the value must be a code point, a surrogate's included.
            let point = digits.and_then(|digits| {
                let digits = digits.trim_start_matches('0');
                if digits.is_empty() { Some(0) } else { u32::from_str_radix(digits, 16).ok() }
            });
            match (point.filter(|&point| point <= 0x10_FFFF), end) {
                (Some(point), Some(end)) => {
                    match char::from_u32(point) {
                        Some(character) => units.extend(character.encode_utf16(&mut [0; 2]).iter()),
                        None => units.push(point as u16),
                    }
                    return Ok(end + 1);
                }
                _ => return bad(3, "write the number of a character, at most 10FFFF, as in `\\u{1F600}`"),
            }
        }
        'u' => {
            let Some(unit) = crate::syntax::hexadecimal(&text[2..], 4) else {
                return bad(2, "`\\u` needs four hexadecimal digits, as in `\\u00e9`, or `\\u{1F600}`");
            };
            units.push(unit as u16);
            return Ok(6);
        }
        // A line break after a backslash is left out.
        '\r' if next == Some('\n') => return Ok(3),
        '\r' | '\n' | '\u{2028}' | '\u{2029}' => return Ok(1 + letter.len_utf8()),
        // Any other character stands for itself.
        _ => {
            units.extend(letter.encode_utf16(&mut [0; 2]).iter());
            return Ok(1 + letter.len_utf8());
        }
    };
    units.push(simple);
    Ok(2)
}
