//! `Math`: the deterministic functions, with the bits V8 gives.

use super::convert::to_uint32;
use super::names::Global;
use super::{fdlibm, trigonometry};

/// A constant of `Math` by name.
pub fn math_constant(name: &str) -> Option<f64> {
    use std::f64::consts;
    Some(match name {
        "E" => consts::E,
        "LN10" => consts::LN_10,
        "LN2" => consts::LN_2,
        "LOG10E" => consts::LOG10_E,
        "LOG2E" => consts::LOG2_E,
        "PI" => consts::PI,
        "SQRT1_2" => consts::FRAC_1_SQRT_2,
        "SQRT2" => consts::SQRT_2,
        _ => return None,
    })
}

/// `None`: not a function of `Math`. A missing argument is NaN.
pub(super) fn call(function: Global, numbers: &[f64]) -> Option<f64> {
    let x = numbers.first().copied().unwrap_or(f64::NAN);
    let y = numbers.get(1).copied().unwrap_or(f64::NAN);
    Some(match function {
        Global::Abs => x.abs(),
        Global::Acos => libm::acos(x),
        Global::Acosh => fdlibm::acosh(x),
        Global::Asin => libm::asin(x),
        Global::Asinh => fdlibm::asinh(x),
        Global::Atan => libm::atan(x),
        Global::Atan2 => atan2(x, y),
        Global::Atanh => fdlibm::atanh(x),
        Global::Cbrt => fdlibm::cbrt(x),
        Global::Ceil => x.ceil(),
        Global::Clz32 => f64::from(to_uint32(x).leading_zeros()),
        Global::Cos => trigonometry::cos(x),
        Global::Cosh => fdlibm::cosh(x),
        Global::Exp => fdlibm::exp(x),
        Global::Expm1 => libm::expm1(x),
        Global::Floor => x.floor(),
        Global::Fround => f64::from(x as f32),
        Global::Hypot => hypot(numbers),
        Global::Imul => f64::from(to_uint32(x).wrapping_mul(to_uint32(y)) as i32),
        Global::Log => fdlibm::log(x),
        Global::Log10 => fdlibm::log10(x),
        Global::Log1p => fdlibm::log1p(x),
        Global::Log2 => libm::log2(x),
        Global::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, max),
        Global::Min => -numbers.iter().map(|number| -number).fold(f64::NEG_INFINITY, max),
        Global::Pow => pow(x, y),
        Global::Round => round(x),
        Global::Sign => {
            if x == 0.0 || x.is_nan() {
                x
            } else {
                x.signum()
            }
        }
        Global::Sin => trigonometry::sin(x),
        Global::Sinh => fdlibm::sinh(x),
        Global::Sqrt => x.sqrt(),
        Global::Tan => libm::tan(x),
        Global::Tanh => fdlibm::tanh(x),
        Global::Trunc => x.trunc(),
        Global::Boolean
        | Global::Number
        | Global::String
        | Global::JsonParse
        | Global::JsonStringify
        | Global::ObjectEntries
        | Global::ObjectKeys
        | Global::ObjectValues => return None,
    })
}

/// Zero is greater than minus zero, and NaN wins.
fn max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == b {
        if a.is_sign_negative() { b } else { a }
    } else {
        a.max(b)
    }
}

/// V8 stops looking at a side that is 2^61 times as long as the other one a little earlier than the `libm` crate does.
fn atan2(y: f64, x: f64) -> f64 {
    let high_word = |x: f64| (x.abs().to_bits() >> 32) as i32;
    if x.is_finite() && y.is_finite() && x != 0.0 && (high_word(y) - high_word(x)) >> 20 > 60 {
        return std::f64::consts::FRAC_PI_2.copysign(y);
    }
    libm::atan2(y, x)
}

/// Halves go up, also below zero.
fn round(x: f64) -> f64 {
    let floor = x.floor();
    let rounded = if x - floor >= 0.5 { floor + 1.0 } else { floor };
    // Keeps the sign of -0 and of what rounds to it.
    rounded.copysign(x)
}

/// Unlike C, 1 to the power of infinity or NaN is NaN.
fn pow(x: f64, y: f64) -> f64 {
    if y == 0.0 {
        return 1.0;
    }
    if x.is_nan() || y.is_nan() || (x.abs() == 1.0 && y.is_infinite()) {
        return f64::NAN;
    }
    let odd = y.fract() == 0.0 && y % 2.0 != 0.0;
    let sign = if odd { 1f64.copysign(x) } else { 1.0 };
    if y.is_infinite() || x == 0.0 || x.is_infinite() || x.abs() == 1.0 {
        let grows = (x.abs() > 1.0) == (y > 0.0);
        return match x.abs() {
            1.0 if x < 0.0 && y.fract() != 0.0 => f64::NAN,
            1.0 => sign,
            _ if grows => sign * f64::INFINITY,
            _ => sign * 0.0,
        };
    }
    if x < 0.0 && y.fract() != 0.0 {
        return f64::NAN;
    }
    match y {
        1.0 => x,
        -1.0 => 1.0 / x,
        2.0 => x * x,
        0.5 => x.sqrt(),
        _ => sign * fdlibm::pow_of_positive(x.abs(), y),
    }
}

/// V8's: scaled by the largest, summed with Kahan's compensation.
fn hypot(numbers: &[f64]) -> f64 {
    if numbers.iter().any(|number| number.is_infinite()) {
        return f64::INFINITY;
    }
    if numbers.iter().any(|number| number.is_nan()) {
        return f64::NAN;
    }
    let largest = numbers.iter().fold(0.0f64, |largest, number| largest.max(number.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let (mut sum, mut compensation) = (0.0, 0.0);
    for number in numbers {
        let scaled = number.abs() / largest;
        let summand = scaled * scaled - compensation;
        let preliminary = sum + summand;
        compensation = (preliminary - sum) - summand;
        sum = preliminary;
    }
    f64::sqrt(sum) * largest
}
