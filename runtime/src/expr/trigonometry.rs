//! Sine and cosine with fdlibm's polynomials, as V8 evaluates them (the `libm` crate groups their terms differently), and
//! the remainder of any double by π/2 from the digits of 2/π.
//!
//! After fdlibm: Copyright (C) 1993-2004 by Sun Microsystems, Inc. All rights reserved. Developed at SunSoft, a Sun
//! Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely granted, provided
//! that this notice is preserved.

// Constants stand as the original prints them, digits beyond a double included.
#![allow(clippy::excessive_precision)]

use libm::scalbn;

pub(super) fn sin(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let (quarters, y, tail) = reduced(x);
    match quarters & 3 {
        0 => kernel_sin(y, tail),
        1 => kernel_cos(y, tail),
        2 => -kernel_sin(y, tail),
        _ => -kernel_cos(y, tail),
    }
}

pub(super) fn cos(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let (quarters, y, tail) = reduced(x);
    match quarters & 3 {
        0 => kernel_cos(y, tail),
        1 => -kernel_sin(y, tail),
        2 => -kernel_cos(y, tail),
        _ => kernel_sin(y, tail),
    }
}

/// `x` less the nearest multiple of π/2, in two parts, and how many multiples that was.
fn reduced(x: f64) -> (i64, f64, f64) {
    // The nearest double below π/4 ends the range that needs no reduction.
    if high_word(x.abs()) <= 0x3FE9_21FB {
        return (0, x, 0.0);
    }
    let (quarters, y, tail) = if high_word(x.abs()) <= 0x4139_21FB { medium(x.abs()) } else { large(x.abs()) };
    if x < 0.0 { (-quarters, -y, -tail) } else { (quarters, y, tail) }
}

/// Up to 2^19 * π/2: π/2 is subtracted in three parts of 33 bits, as many as the cancellation asks for.
fn medium(x: f64) -> (i64, f64, f64) {
    const INVERSE: f64 = std::f64::consts::FRAC_2_PI;
    const PARTS: [(f64, f64); 3] = [
        (1.57079632673412561417e+00, 6.07710050650619224932e-11),
        (6.07710050630396597660e-11, 2.02226624879595063154e-21),
        (2.02226624871116645580e-21, 8.47842766036889956997e-32),
    ];
    let quarters = (x * INVERSE + 0.5) as i64;
    let n = quarters as f64;
    let exponent = |x: f64| (high_word(x) >> 20) & 0x7FF;
    let mut r = x - n * PARTS[0].0;
    let mut w = n * PARTS[0].1;
    let mut y = r - w;
    for (part, lost) in PARTS[1..].iter().zip([16, 49]) {
        if exponent(x) - exponent(y) <= lost {
            break;
        }
        let before = r;
        w = n * part.0;
        r = before - w;
        w = n * part.1 - ((before - r) - w);
        y = r - w;
    }
    (quarters, y, (r - y) - w)
}

/// 2/π in digits of 24 bits, enough for the largest double.
#[rustfmt::skip]
const TWO_OVER_PI: [i32; 58] = [
    0xA2F983, 0x6E4E44, 0x1529FC, 0x2757D1, 0xF534DD, 0xC0DB62, 0x95993C, 0x439041, 0xFE5163, 0xABDEBB,
    0xC561B7, 0x246E3A, 0x424DD2, 0xE00649, 0x2EEA09, 0xD1921C, 0xFE1DEB, 0x1CB129, 0xA73EE8, 0x8235F5,
    0x2EBB44, 0x84E99C, 0x7026B4, 0x5F7E41, 0x3991D6, 0x398353, 0x39F49C, 0x845F8B, 0xBDF928, 0x3B1FF8,
    0x97FFDE, 0x05980F, 0xEF2F11, 0x8B5A0A, 0x6D1F6D, 0x367ECF, 0x27CB09, 0xB74F46, 0x3F669E, 0x5FEA2D,
    0x7527BA, 0xC7EBE5, 0xF17B3D, 0x0739F7, 0x8A5292, 0xEA6BFB, 0x5FB11F, 0x8D5D08, 0x560330, 0x46FC7B,
    0x6BABF0, 0xCFBC20, 0x9AF436, 0x1DA9E3, 0x91615E, 0xE61B08, 0x659985, 0x5F14A0,
];

/// π/2 in parts of 24 bits.
const HALF_PI: [f64; 5] = [
    1.57079625129699707031e+00,
    7.54978941586159635335e-08,
    5.39030252995776476554e-15,
    3.28200341580791294123e-22,
    1.27065575308067607349e-29,
];

const TWO_24: f64 = 16777216.0;

/// How many digits of the product are kept: fdlibm's choice for doubles.
const KEPT: usize = 4;

/// Payne and Hanek's way, in digits of 24 bits: only those digits of 2/π are multiplied that decide the quarter and what
/// is left of it. `x` is positive.
fn large(x: f64) -> (i64, f64, f64) {
    // x as three digits.
    let exponent = (high_word(x) >> 20) - 1046;
    let mut rest = with_high_word(x, high_word(x) - (exponent << 20));
    let mut x = [0.0; 3];
    for digit in &mut x {
        *digit = rest.trunc();
        rest = (rest - *digit) * TWO_24;
    }
    let used = x.iter().rposition(|digit| *digit != 0.0).map_or(1, |last| last + 1);
    let x = &x[..used];

    // Digits of 2/π from `skipped` on; those before make whole turns. `scale`: the exponent of the product's last digit.
    let skipped = ((exponent - 3) / 24).max(0);
    let mut scale = exponent - 24 * (skipped + 1);
    let product_digit = |i: usize| {
        let digit = |j: i32| usize::try_from(j).map_or(0.0, |j| f64::from(TWO_OVER_PI[j]));
        x.iter().enumerate().fold(0.0, |sum, (j, x)| sum + x * digit(skipped + i as i32 - j as i32))
    };
    let mut product: Vec<f64> = (0..=KEPT).map(product_digit).collect();

    // The fraction in digits, the lowest first; `z` is what stands above them.
    let (mut digits, mut z, mut quarters, mut half);
    loop {
        let last = product.len() - 1;
        digits = Vec::with_capacity(last + 2);
        z = product[last];
        for j in (1..=last).rev() {
            let carry = (z / TWO_24).trunc();
            digits.push((z - TWO_24 * carry) as i32);
            z = product[j - 1] + carry;
        }
        z = scalbn(z, scale);
        z -= 8.0 * (z * 0.125).floor();
        quarters = z.trunc() as i64;
        z -= quarters as f64;
        half = 0;
        if scale > 0 {
            let whole = digits[last - 1] >> (24 - scale);
            quarters += i64::from(whole);
            digits[last - 1] -= whole << (24 - scale);
            half = digits[last - 1] >> (23 - scale);
        } else if scale == 0 {
            half = digits[last - 1] >> 23;
        } else if z >= 0.5 {
            half = 2;
        }
        if half > 0 {
            // More than one half: counted from the next multiple.
            quarters += 1;
            let mut borrowed = false;
            for digit in &mut digits {
                if borrowed {
                    *digit = 0xFF_FFFF - *digit;
                } else if *digit != 0 {
                    borrowed = true;
                    *digit = 0x100_0000 - *digit;
                }
            }
            match scale {
                1 => digits[last - 1] &= 0x7F_FFFF,
                2 => digits[last - 1] &= 0x3F_FFFF,
                _ => {}
            }
            if half == 2 {
                z = 1.0 - z;
                if borrowed {
                    z -= scalbn(1.0, scale);
                }
            }
        }
        // All digits cancelled: more of them are needed.
        if z != 0.0 || digits[KEPT..].iter().any(|digit| *digit != 0) {
            break;
        }
        let lost = (1..=KEPT).take_while(|k| digits[KEPT - k] == 0).count() + 1;
        product.extend((last + 1..=last + lost).map(product_digit));
    }
    if z == 0.0 {
        scale -= 24;
        while digits.last() == Some(&0) {
            digits.pop();
            scale -= 24;
        }
    } else {
        z = scalbn(z, -scale);
        if z >= TWO_24 {
            let carry = (z / TWO_24).trunc();
            digits.push((z - TWO_24 * carry) as i32);
            scale += 24;
            digits.push(carry as i32);
        } else {
            digits.push(z as i32);
        }
    }

    // Times π/2, the highest digit first.
    let unit = scalbn(1.0, scale);
    let fraction: Vec<f64> = digits
        .iter()
        .rev()
        .scan(unit, |unit, digit| Some(std::mem::replace(unit, *unit / TWO_24) * f64::from(*digit)))
        .collect();
    let parts: Vec<f64> = (0..fraction.len())
        .map(|i| HALF_PI.iter().zip(fraction[..=i].iter().rev()).fold(0.0, |sum, (part, digit)| sum + part * digit))
        .collect();
    let y = parts.iter().rev().fold(0.0, |sum, part| sum + part);
    let tail = parts[1..].iter().fold(parts[0] - y, |sum, part| sum + part);
    if half == 0 { (quarters, y, tail) } else { (quarters, -y, -tail) }
}

fn with_high_word(x: f64, high: i32) -> f64 {
    f64::from_bits(x.to_bits() & 0xFFFF_FFFF | u64::from(high as u32) << 32)
}

fn high_word(x: f64) -> i32 {
    (x.to_bits() >> 32) as i32
}

fn kernel_sin(x: f64, tail: f64) -> f64 {
    const S: [f64; 6] = [
        -1.66666666666666324348e-01,
        8.33333333332248946124e-03,
        -1.98412698298579493134e-04,
        2.75573137070700676789e-06,
        -2.50507602534068634195e-08,
        1.58969099521155010221e-10,
    ];
    if high_word(x.abs()) < 0x3E40_0000 {
        return x;
    }
    let z = x * x;
    let v = z * x;
    let r = S[1] + z * (S[2] + z * (S[3] + z * (S[4] + z * S[5])));
    if tail == 0.0 { x + v * (S[0] + z * r) } else { x - ((z * (0.5 * tail - v * r) - tail) - v * S[0]) }
}

fn kernel_cos(x: f64, tail: f64) -> f64 {
    const C: [f64; 6] = [
        4.16666666666666019037e-02,
        -1.38888888888741095749e-03,
        2.48015872894767294178e-05,
        -2.75573143513906633035e-07,
        2.08757232129817482790e-09,
        -1.13596475577881948265e-11,
    ];
    let high = high_word(x.abs());
    if high < 0x3E40_0000 {
        return 1.0;
    }
    let z = x * x;
    let r = z * (C[0] + z * (C[1] + z * (C[2] + z * (C[3] + z * (C[4] + z * C[5])))));
    if high < 0x3FD3_3333 {
        return 1.0 - (0.5 * z - (z * r - x * tail));
    }
    let quarter = if high > 0x3FE9_0000 { 0.28125 } else { f64::from_bits((high as u64 - 0x20_0000) << 32) };
    let iz = 0.5 * z - quarter;
    let a = 1.0 - quarter;
    a - (iz - (z * r - x * tail))
}
