//! `toFixed` and `toString` of numbers.

use super::convert::to_integer;
use crate::value::{Fault, Value, number_text};

/// `number.toFixed(digits)`: the exact decimal, a tie rounded away from zero.
pub(super) fn to_fixed(number: f64, digits: &Value) -> Result<String, Fault> {
    let digits = to_integer(digits);
    if !(0.0..=100.0).contains(&digits) {
        return Err(Fault::new("toFixed() takes 0 to 100 digits"));
    }
    if number.is_nan() || number.abs() >= 1e21 {
        return Ok(number_text(number));
    }
    let digits = digits as usize;
    // Adding zero makes -0 plain: it prints without a sign, though -0.001 keeps its own.
    let number = number + 0.0;
    // Rust rounds ties to even. A tie is an odd number of halves of the last digit, which for a double means an odd
    // number of halves to the power of digits + 1; scaling by a power of two is exact.
    let halves = number.abs() * 2f64.powi(digits as i32 + 1);
    if halves.fract() != 0.0 || halves % 2.0 == 0.0 {
        return Ok(format!("{number:.digits$}"));
    }
    // One digit more is the whole decimal, and it ends in 5: away from zero means to count up what stands before it.
    let exact = format!("{number:.*}", digits + 1);
    let mut out = exact.into_bytes();
    out.pop();
    if out.last() == Some(&b'.') {
        out.pop();
    }
    let mut carried = true;
    for digit in out.iter_mut().rev().filter(|byte| byte.is_ascii_digit()) {
        carried = *digit == b'9';
        *digit = if carried { b'0' } else { *digit + 1 };
        if !carried {
            break;
        }
    }
    if carried {
        out.insert(usize::from(number < 0.0), b'1');
    }
    Ok(out.into_iter().map(char::from).collect())
}

/// `number.toString(radix)`.
pub(super) fn to_string(number: f64, radix: &Value) -> Result<String, Fault> {
    let radix = if matches!(radix, Value::Undefined) { 10.0 } else { to_integer(radix) };
    if !(2.0..=36.0).contains(&radix) {
        return Err(Fault::new("toString() takes a radix from 2 to 36"));
    }
    if radix == 10.0 || !number.is_finite() { Ok(number_text(number)) } else { Ok(radix_text(number, radix as u32)) }
}

/// As V8 does it: the standard leaves the number of digits open. As many digits of the fraction as tell the number from
/// its neighbours.
fn radix_text(number: f64, radix: u32) -> String {
    let base = f64::from(radix);
    let value = number.abs();
    let mut integer = value.floor();
    let mut fraction = value - integer;
    let mut delta = (0.5 * (value.next_up() - value)).max(f64::from_bits(1));
    let mut fraction_digits: Vec<u32> = Vec::new();
    if fraction >= delta {
        loop {
            fraction *= base;
            delta *= base;
            let digit = fraction as u32;
            fraction_digits.push(digit);
            fraction -= f64::from(digit);
            // Round to even, and carry as far as it goes.
            if (fraction > 0.5 || (fraction == 0.5 && digit % 2 == 1)) && fraction + delta > 1.0 {
                loop {
                    match fraction_digits.pop() {
                        None => {
                            integer += 1.0;
                            break;
                        }
                        Some(digit) if digit + 1 < radix => {
                            fraction_digits.push(digit + 1);
                            break;
                        }
                        Some(_) => {}
                    }
                }
                break;
            }
            if fraction < delta {
                break;
            }
        }
    }
    let digit_char = |digit: u32| char::from_digit(digit, radix).unwrap_or('0');
    let mut reversed = String::new();
    // Digits beyond a double's precision are zeros.
    while integer / base >= 9007199254740992.0 {
        integer /= base;
        reversed.push('0');
    }
    loop {
        let rest = integer % base;
        reversed.push(digit_char(rest as u32));
        integer = (integer - rest) / base;
        if integer <= 0.0 {
            break;
        }
    }
    if number < 0.0 {
        reversed.push('-');
    }
    let mut out: String = reversed.chars().rev().collect();
    if !fraction_digits.is_empty() {
        out.push('.');
        out.extend(fraction_digits.into_iter().map(digit_char));
    }
    out
}
