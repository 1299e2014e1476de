//! The functions of fdlibm that V8 computes otherwise than the `libm` crate, whose origin is a later branch of the same
//! library. The last bit of a result depends on the order of every step, so the steps here are V8's.
//!
//! After fdlibm: Copyright (C) 1993-2004 by Sun Microsystems, Inc. All rights reserved. Developed at SunSoft, a Sun
//! Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely granted, provided
//! that this notice is preserved.

// Constants stand as the original prints them, digits beyond a double included.
#![allow(clippy::excessive_precision)]

use libm::{expm1, scalbn};

const LN2: f64 = std::f64::consts::LN_2;
const LN2_HIGH: f64 = 6.93147180369123816490e-01;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/// Coefficients of log(1 + f): the same for `log` and `log1p`.
const LG: [f64; 7] = [
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
];

/// The upper half of a double's bits, as a signed number.
fn high_word(x: f64) -> i32 {
    (x.to_bits() >> 32) as i32
}

fn with_high_word(x: f64, high: i32) -> f64 {
    f64::from_bits(x.to_bits() & 0xFFFF_FFFF | u64::from(high as u32) << 32)
}

/// The lower half of the bits cleared: 21 significant bits are left.
fn upper(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & !0xFFFF_FFFF)
}

/// As the `libm` crate, but exact for 1, where V8 makes an exception.
pub(super) fn exp(x: f64) -> f64 {
    if x == 1.0 { std::f64::consts::E } else { libm::exp(x) }
}

pub(super) fn log(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x.is_nan() || x < 0.0 || x == f64::INFINITY {
        return if x < 0.0 { f64::NAN } else { x };
    }
    let (mut x, mut k) = if x < f64::MIN_POSITIVE { (x * 18014398509481984.0, -54) } else { (x, 0) };
    let high = high_word(x);
    k += (high >> 20) - 1023;
    let high = high & 0xF_FFFF;
    let carry = (high + 0x9_5F64) & 0x10_0000;
    x = with_high_word(x, high | (carry ^ 0x3FF0_0000));
    k += carry >> 20;
    let f = x - 1.0;
    let dk = f64::from(k);
    if (0xF_FFFF & (2 + high)) < 3 {
        // |f| < 2^-20
        if f == 0.0 {
            return if k == 0 { 0.0 } else { dk * LN2_HIGH + dk * LN2_LOW };
        }
        let r = f * f * (0.5 - 0.33333333333333333 * f);
        return if k == 0 { f - r } else { dk * LN2_HIGH - ((r - dk * LN2_LOW) - f) };
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let t1 = w * (LG[1] + w * (LG[3] + w * LG[5]));
    let t2 = z * (LG[0] + w * (LG[2] + w * (LG[4] + w * LG[6])));
    let r = t2 + t1;
    if (high - 0x6_147A) | (0x6_B851 - high) > 0 {
        let half_square = 0.5 * f * f;
        if k == 0 {
            f - (half_square - s * (half_square + r))
        } else {
            dk * LN2_HIGH - ((half_square - (s * (half_square + r) + dk * LN2_LOW)) - f)
        }
    } else if k == 0 {
        f - s * (f - r)
    } else {
        dk * LN2_HIGH - ((s * (f - r) - dk * LN2_LOW) - f)
    }
}

pub(super) fn log10(x: f64) -> f64 {
    const INVERSE_LN10: f64 = std::f64::consts::LOG10_E;
    const LOG10_2_HIGH: f64 = 3.01029995663611771306e-01;
    const LOG10_2_LOW: f64 = 3.69423907715893078616e-13;
    if x.is_nan() || x <= 0.0 || x == f64::INFINITY || x == 1.0 {
        return log(x);
    }
    let (x, mut k) = if x < f64::MIN_POSITIVE { (x * 18014398509481984.0, -54) } else { (x, 0) };
    k += (high_word(x) >> 20) - 1023;
    let below_one = i32::from(k < 0);
    let y = f64::from(k + below_one);
    let x = with_high_word(x, (high_word(x) & 0xF_FFFF) | ((0x3FF - below_one) << 20));
    let z = y * LOG10_2_LOW + INVERSE_LN10 * log(x);
    z + y * LOG10_2_HIGH
}

pub(super) fn log1p(x: f64) -> f64 {
    if x.is_nan() || x <= -1.0 || x == f64::INFINITY {
        return if x == -1.0 {
            f64::NEG_INFINITY
        } else if x < -1.0 {
            f64::NAN
        } else {
            x
        };
    }
    let high_x = high_word(x);
    let absolute = high_x & 0x7FFF_FFFF;
    let (mut k, mut f, mut high_u, mut c) = (1, 0.0, 1, 0.0);
    if high_x < 0x3FDA_827A {
        if absolute < 0x3E20_0000 {
            // |x| < 2^-29
            return if absolute < 0x3C90_0000 { x } else { x - x * x * 0.5 };
        }
        // As unsigned numbers: a negative one is beyond the bound.
        if high_x > 0 || high_x <= 0xBFD2_BEC4_u32 as i32 {
            (k, f, high_u) = (0, x, 1);
        }
    }
    if k != 0 {
        let mut u;
        if high_x < 0x4340_0000 {
            u = 1.0 + x;
            high_u = high_word(u);
            k = (high_u >> 20) - 1023;
            c = if k > 0 { 1.0 - (u - x) } else { x - (u - 1.0) };
            c /= u;
        } else {
            u = x;
            high_u = high_word(u);
            k = (high_u >> 20) - 1023;
            c = 0.0;
        }
        high_u &= 0xF_FFFF;
        if high_u < 0x6_A09E {
            u = with_high_word(u, high_u | 0x3FF0_0000);
        } else {
            k += 1;
            u = with_high_word(u, high_u | 0x3FE0_0000);
            high_u = (0x10_0000 - high_u) >> 2;
        }
        f = u - 1.0;
    }
    let half_square = 0.5 * f * f;
    let dk = f64::from(k);
    if high_u == 0 {
        // |f| < 2^-20
        if f == 0.0 {
            return if k == 0 { 0.0 } else { dk * LN2_HIGH + (c + dk * LN2_LOW) };
        }
        let r = half_square * (1.0 - 0.66666666666666666 * f);
        return if k == 0 { f - r } else { dk * LN2_HIGH - ((r - (dk * LN2_LOW + c)) - f) };
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * (LG[0] + z * (LG[1] + z * (LG[2] + z * (LG[3] + z * (LG[4] + z * (LG[5] + z * LG[6]))))));
    if k == 0 {
        f - (half_square - s * (half_square + r))
    } else {
        dk * LN2_HIGH - ((half_square - (s * (half_square + r) + (dk * LN2_LOW + c))) - f)
    }
}

pub(super) fn cbrt(x: f64) -> f64 {
    const P: [f64; 5] = [
        1.87595182427177009643,
        -1.88497979543377169875,
        1.621429720105354466140,
        -0.758397934778766047437,
        0.145996192886612446982,
    ];
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    // To 5 bits by dividing the exponent, then to 23 by a polynomial, then one step of Newton's.
    let estimate = if x.abs() < f64::MIN_POSITIVE {
        high_word(x.abs() * 18014398509481984.0) / 3 + 696_219_795
    } else {
        high_word(x.abs()) / 3 + 715_094_163
    };
    let t = with_high_word(0.0, estimate).copysign(x);
    let r = (t * t) * (t / x);
    let t = t * ((P[0] + r * (P[1] + r * P[2])) + ((r * r) * r) * (P[3] + r * P[4]));
    let t = f64::from_bits((t.to_bits() + 0x8000_0000) & 0xFFFF_FFFF_C000_0000);
    let r = x / (t * t);
    t + t * ((r - t) / ((t + t) + r))
}

pub(super) fn sinh(x: f64) -> f64 {
    let half = if x < 0.0 { -0.5 } else { 0.5 };
    let a = x.abs();
    if a < 22.0 {
        if a < 3.725290298461914e-9 {
            return x;
        }
        let t = expm1(a);
        return if a < 1.0 { half * (2.0 * t - t * t / (t + 1.0)) } else { half * (t + t / (t + 1.0)) };
    }
    if a < 709.7822265625 {
        return half * exp(a);
    }
    if a <= 710.4758600739439 {
        let w = exp(0.5 * a);
        return (half * w) * w;
    }
    x * 1.0e307
}

pub(super) fn cosh(x: f64) -> f64 {
    let a = x.abs();
    let high = high_word(a);
    if high < 0x3FD6_2E43 {
        let t = expm1(a);
        let w = 1.0 + t;
        return if high < 0x3C80_0000 { w } else { 1.0 + (t * t) / (w + w) };
    }
    if high < 0x4036_0000 {
        let t = exp(a);
        return 0.5 * t + 0.5 / t;
    }
    if high < 0x4086_2E42 {
        return 0.5 * exp(a);
    }
    if a <= 710.4758600739439 {
        let w = exp(0.5 * a);
        return (0.5 * w) * w;
    }
    if a.is_nan() { a } else { f64::INFINITY }
}

pub(super) fn tanh(x: f64) -> f64 {
    let a = x.abs();
    if a.is_nan() || high_word(a) < 0x3E30_0000 {
        return x;
    }
    let z = if a >= 22.0 {
        1.0
    } else if a >= 1.0 {
        1.0 - 2.0 / (expm1(2.0 * a) + 2.0)
    } else {
        let t = expm1(-2.0 * a);
        -t / (t + 2.0)
    };
    z.copysign(x)
}

pub(super) fn asinh(x: f64) -> f64 {
    let a = x.abs();
    let high = high_word(a);
    if !x.is_finite() || high < 0x3E30_0000 {
        return x;
    }
    let w = if high > 0x41B0_0000 {
        log(a) + LN2
    } else if high > 0x4000_0000 {
        log(2.0 * a + 1.0 / ((x * x + 1.0).sqrt() + a))
    } else {
        let t = x * x;
        log1p(a + t / (1.0 + (1.0 + t).sqrt()))
    };
    w.copysign(x)
}

pub(super) fn acosh(x: f64) -> f64 {
    if x < 1.0 || x.is_nan() {
        f64::NAN
    } else if high_word(x) >= 0x41B0_0000 {
        if x == f64::INFINITY { x } else { log(x) + LN2 }
    } else if x == 1.0 {
        0.0
    } else if x > 2.0 {
        let t = x * x;
        log(2.0 * x - 1.0 / (x + (t - 1.0).sqrt()))
    } else {
        let t = x - 1.0;
        log1p(t + (2.0 * t + t * t).sqrt())
    }
}

pub(super) fn atanh(x: f64) -> f64 {
    let a = x.abs();
    if a > 1.0 || a.is_nan() {
        return f64::NAN;
    }
    if a == 1.0 {
        return f64::INFINITY.copysign(x);
    }
    if high_word(a) < 0x3E30_0000 {
        return x;
    }
    let t = if a < 0.5 {
        let t = a + a;
        0.5 * log1p(t + t * a / (1.0 - a))
    } else {
        0.5 * log1p((a + a) / (1.0 - a))
    };
    t.copysign(x)
}

/// For a finite, positive `x` other than 1 and a finite `y` other than 0; what is special about the rest is the caller's.
pub(super) fn pow_of_positive(x: f64, y: f64) -> f64 {
    const BASE: [f64; 2] = [1.0, 1.5];
    const DP_HIGH: [f64; 2] = [0.0, 5.84962487220764160156e-01];
    const DP_LOW: [f64; 2] = [0.0, 1.35003920212974897128e-08];
    const L: [f64; 6] = [
        5.99999999999994648725e-01,
        4.28571428578550184252e-01,
        3.33333329818377432918e-01,
        2.72728123808534006489e-01,
        2.30660745775561754067e-01,
        2.06975017800338417784e-01,
    ];
    const P: [f64; 5] = [
        1.66666666666666019037e-01,
        -2.77777777770155933842e-03,
        6.61375632143793436117e-05,
        -1.65339022054652515390e-06,
        4.13813679705723846039e-08,
    ];
    const LG2: f64 = LN2;
    const LG2_HIGH: f64 = 6.93147182464599609375e-01;
    const LG2_LOW: f64 = -1.90465429995776804525e-09;
    const OVERFLOW: f64 = 8.0085662595372944372e-0017;
    const CP: f64 = 9.61796693925975554329e-01;
    const CP_HIGH: f64 = 9.61796700954437255859e-01;
    const CP_LOW: f64 = -7.02846165095275826516e-09;
    const INVERSE_LN2: f64 = std::f64::consts::LOG2_E;
    const INVERSE_LN2_HIGH: f64 = 1.44269502162933349609e+00;
    const INVERSE_LN2_LOW: f64 = 1.92596299112661746887e-08;

    // log2(x) as t1 + t2.
    let mut high = high_word(x);
    let high_y = high_word(y.abs());
    let (t1, t2);
    if high_y > 0x41E0_0000 {
        // |y| > 2^31: beyond all bounds unless x is close to 1.
        let grows = (x > 1.0) == (y > 0.0);
        if high_y > 0x43F0_0000 || !(0x3FEF_FFFF..=0x3FF0_0000).contains(&high) {
            return if grows { f64::INFINITY } else { 0.0 };
        }
        let t = x - 1.0;
        let w = (t * t) * (0.5 - t * (0.3333333333333333333333 - t * 0.25));
        let u = INVERSE_LN2_HIGH * t;
        let v = t * INVERSE_LN2_LOW - w * INVERSE_LN2;
        t1 = upper(u + v);
        t2 = v - (t1 - u);
    } else {
        let (mut a, mut n) = (x, 0);
        if high < 0x10_0000 {
            a *= 9007199254740992.0;
            n -= 53;
            high = high_word(a);
        }
        n += (high >> 20) - 0x3FF;
        let mantissa = high & 0xF_FFFF;
        high = mantissa | 0x3FF0_0000;
        let k = usize::from(mantissa > 0x3_988E && mantissa < 0xB_B67A);
        if mantissa >= 0xB_B67A {
            n += 1;
            high -= 0x10_0000;
        }
        let a = with_high_word(a, high);
        let u = a - BASE[k];
        let v = 1.0 / (a + BASE[k]);
        let ss = u * v;
        let s_high = upper(ss);
        let t_high = with_high_word(0.0, ((high >> 1) | 0x2000_0000) + 0x8_0000 + ((k as i32) << 18));
        let t_low = a - (t_high - BASE[k]);
        let s_low = v * ((u - s_high * t_high) - s_high * t_low);
        let s2 = ss * ss;
        let mut r = s2 * s2 * (L[0] + s2 * (L[1] + s2 * (L[2] + s2 * (L[3] + s2 * (L[4] + s2 * L[5])))));
        r += s_low * (s_high + ss);
        let s2 = s_high * s_high;
        let t_high = upper(3.0 + s2 + r);
        let t_low = r - ((t_high - 3.0) - s2);
        let u = s_high * t_high;
        let v = s_low * t_high + t_low * ss;
        let p_high = upper(u + v);
        let p_low = v - (p_high - u);
        let z_high = CP_HIGH * p_high;
        let z_low = CP_LOW * p_high + p_low * CP + DP_LOW[k];
        let t = f64::from(n);
        t1 = upper(((z_high + z_low) + DP_HIGH[k]) + t);
        t2 = z_low - (((t1 - t) - DP_HIGH[k]) - z_high);
    }
    // y * log2(x) as p_high + p_low.
    let y1 = upper(y);
    let p_low = (y - y1) * t1 + y * t2;
    let mut p_high = y1 * t1;
    let z = p_low + p_high;
    if z > 1024.0 || (z == 1024.0 && p_low + OVERFLOW > z - p_high) {
        return f64::INFINITY;
    }
    if z < -1075.0 || (z == -1075.0 && p_low <= z - p_high) {
        return 0.0;
    }
    // 2 to that power.
    let j = high_word(z);
    let i = j & 0x7FFF_FFFF;
    let mut n = 0;
    if i > 0x3FE0_0000 {
        let k = (i >> 20) - 0x3FF;
        n = j + (0x10_0000 >> (k + 1));
        let k = ((n & 0x7FFF_FFFF) >> 20) - 0x3FF;
        let t = with_high_word(0.0, n & !(0xF_FFFF >> k));
        n = ((n & 0xF_FFFF) | 0x10_0000) >> (20 - k);
        if j < 0 {
            n = -n;
        }
        p_high -= t;
    }
    let t = upper(p_low + p_high);
    let u = t * LG2_HIGH;
    let v = (p_low - (t - p_high)) * LG2 + t * LG2_LOW;
    let z = u + v;
    let w = v - (z - u);
    let t = z * z;
    let t1 = z - t * (P[0] + t * (P[1] + t * (P[2] + t * (P[3] + t * P[4]))));
    // V8 subtracts the correction from the divisor, where fdlibm subtracts it from the quotient.
    let r = z * t1 / ((t1 - 2.0) - (w + z * w));
    scalbn(1.0 - (r - z), n)
}
