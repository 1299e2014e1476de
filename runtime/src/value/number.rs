//! Numbers and their text, exactly as ECMAScript defines both directions.

/// Below it every whole number is a number of its own; from here on several are one. JavaScript's `MAX_SAFE_INTEGER + 1`.
pub const EXACT_BELOW: u64 = 1 << 53;

/// `String(number)`.
pub fn number_text(number: f64) -> String {
    let mut out = String::new();
    push_number(number, &mut out);
    out
}

pub(crate) fn push_number(number: f64, out: &mut String) {
    // Most numbers in data are small integers.
    if number.fract() == 0.0 && number.abs() < 1e15 {
        push_integer(number as i64, out);
    } else {
        out.push_str(ryu_js::Buffer::new().format(number));
    }
}

fn push_integer(integer: i64, out: &mut String) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = integer.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if integer < 0 {
        out.push('-');
    }
    out.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

/// The key's number when it is an array index: `0` to `4294967294`, written without leading zeros. JavaScript enumerates
/// such keys first and in ascending order.
pub(crate) fn array_index(key: &[u8]) -> Option<u32> {
    if key.is_empty() || key.len() > 10 || (key[0] == b'0' && key.len() > 1) || !key.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = key.iter().fold(0u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    u32::try_from(number).ok().filter(|index| *index < u32::MAX)
}

/// White space as `trim` and `Number()` know it: Unicode's space separators, the line ends and U+FEFF.
pub(crate) fn is_white_space(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\u{B}' | '\u{C}' | '\r' | ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}' | '\u{FEFF}'
    )
}

/// `Number(text)`.
pub(crate) fn parse_number(text: &str) -> f64 {
    let text = text.trim_matches(is_white_space);
    let bytes = text.as_bytes();
    if let [b'0', radix, digits @ ..] = bytes {
        match radix {
            b'x' | b'X' => return parse_digits(digits, 4),
            b'o' | b'O' => return parse_digits(digits, 3),
            b'b' | b'B' => return parse_digits(digits, 1),
            _ => {}
        }
    }
    match text {
        "" => 0.0,
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        // What Rust reads beyond JavaScript's decimal literals are words: inf, nan, infinity.
        _ if bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) => {
            text.parse().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

/// Digits of a power-of-two radix, rounded to the nearest, ties to even.
fn parse_digits(digits: &[u8], bits: u32) -> f64 {
    if digits.is_empty() {
        return f64::NAN;
    }
    let (mut mantissa, mut dropped, mut sticky) = (0u64, 0i32, false);
    for digit in digits {
        let Some(digit) = char::from(*digit).to_digit(1 << bits) else { return f64::NAN };
        if mantissa >> 59 == 0 {
            mantissa = mantissa << bits | u64::from(digit);
        } else {
            dropped = dropped.saturating_add(bits as i32);
            sticky |= digit != 0;
        }
    }
    // The lowest bit lies far below a double's precision here, so it can carry "something was not zero".
    libm::scalbn((mantissa | u64::from(sticky)) as f64, dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_numbers() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-12.0, "-12"),
            (0.1, "0.1"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (123456789012345680.0, "123456789012345680"),
            (1e-7, "1e-7"),
            (0.000001, "0.000001"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn numbers_of_text() {
        for (text, number) in [
            ("", 0.0),
            (" \n\u{FEFF}\u{A0}12 ", 12.0),
            ("5.", 5.0),
            (".5", 0.5),
            ("-.5e1", -5.0),
            ("+1", 1.0),
            ("0x1F", 31.0),
            ("0b101", 5.0),
            ("0O17", 15.0),
            ("-Infinity", f64::NEG_INFINITY),
            ("1e1000", f64::INFINITY),
            ("0x20000000000001", 9007199254740992.0),
            ("0x20000000000003", 9007199254740996.0),
            ("0x200000000000010000000001", 9.903520314283044e27),
            ("0x20000000000001000000000000000000", 4.253529586511731e37),
            ("0x20000000000001000000000000000001", 4.253529586511732e37),
        ] {
            assert_eq!(parse_number(text), number, "{text:?}");
        }
        for text in
            ["inf", "nan", "NaN", "infinity", "1_0", "0x", "-0x1", "1e", ".", "+", "1 2", "0xg", "\u{85}1", "e5"]
        {
            assert!(parse_number(text).is_nan(), "{text:?}");
        }
        assert!(parse_number("-0").is_sign_negative());
    }

    #[test]
    fn array_indices_are_what_v8_puts_first() {
        for (key, index) in [("0", Some(0)), ("10", Some(10)), ("4294967294", Some(4294967294)), ("4294967295", None)] {
            assert_eq!(array_index(key.as_bytes()), index, "{key}");
        }
        for key in ["", "00", "01", "-1", "1.0", "a", "99999999999"] {
            assert_eq!(array_index(key.as_bytes()), None, "{key}");
        }
    }
}
