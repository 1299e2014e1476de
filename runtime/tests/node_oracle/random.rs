//! Random values with a taste for trouble. The same seed gives the same values on every machine.

pub use crate::split_mix::Random;
use flow_runtime::value::{JsString, Value};

impl Random {
    /// Evenly from 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn number(&mut self) -> f64 {
        const SPECIAL: &[f64] = &[
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            -0.5,
            1.5,
            2.5,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            5e-324,
            f64::MAX,
            1e21,
            1e-7,
            9007199254740991.0,
            9007199254740993.0,
            4294967295.0,
            4294967296.0,
            2147483648.0,
            0.1,
            1.005,
            0.49999999999999994,
            4503599627370495.5,
            1e15,
            123456789012345680.0,
            -1e-7,
            3.0,
            10.0,
            1.45,
            8.345,
            1e20,
        ];
        match self.below(8) {
            0 => self.pick(SPECIAL),
            1 => f64::from_bits(self.bits()),
            2 => self.below(20) as f64 - 5.0,
            3 => (self.below(2_000_000) as f64 - 1_000_000.0) / 100.0,
            // Halves of the last digit: where rounding is decided.
            4 => (self.below(2000) as f64 - 1000.0) / f64::from(1u32 << self.below(12)),
            5 => (self.unit() - 0.5) * 10f64.powi(self.below(40) as i32 - 20),
            6 => (self.bits() >> self.below(64)) as f64,
            _ => (self.unit() - 0.5) * 8.0,
        }
    }

    pub fn string(&mut self) -> JsString {
        const NUMBER_LIKE: &[&str] = &[
            "12",
            " 12\n",
            "-0",
            "0x1F",
            "0b11",
            "0o17",
            "0x",
            "1e3",
            "1e400",
            ".5",
            "5.",
            ".",
            "-",
            "+5",
            "Infinity",
            "-Infinity",
            "infinity",
            "NaN",
            "inf",
            "1_0",
            "1 2",
            "\u{FEFF}7\u{2029}",
            "\u{85}7",
            "0x8000000000000401",
            "1e",
            "12px",
            "007",
            "0.1e-7",
            "null",
            "true",
            "length",
            "4294967295",
            "4294967294",
            "-1",
            "1.0",
            "9007199254740993",
            "__proto__",
            "constructor",
        ];
        const PIECES: &[&str] = &[
            "a",
            "b",
            "ab",
            "aa",
            "A",
            " ",
            "\n",
            "\t",
            "\u{A0}",
            "\u{FEFF}",
            "é",
            "ß",
            "İ",
            "ΑΣ",
            "Σ",
            "ǆ",
            "ﬁ",
            "€",
            "😀",
            "👩‍👩‍👧",
            "$&",
            "$$",
            "$`",
            "$'",
            "$1",
            "$",
            "\"",
            "\\",
            "\u{1}",
            "\u{7F}",
            "\u{2028}",
            "1",
            "0",
            ",",
            "-",
            "\u{E000}",
            "\u{FF5E}",
            "\u{10FFFF}",
        ];
        if self.one_in(4) {
            return self.pick(NUMBER_LIKE).into();
        }
        let mut units: Vec<u16> = Vec::new();
        let few = self.one_in(2);
        for _ in 0..self.below(9) {
            if self.one_in(24) {
                units.push(0xD800 + self.below(0x800) as u16);
            } else {
                let piece = if few { self.pick(&PIECES[..4]) } else { self.pick(PIECES) };
                units.extend(piece.encode_utf16());
            }
        }
        JsString::from_units(&units)
    }

    pub fn primitive(&mut self) -> Value {
        match self.below(10) {
            0 => Value::Undefined,
            1 => Value::Null,
            2 => self.one_in(2).into(),
            3..6 => self.number().into(),
            _ => self.string().into(),
        }
    }

    pub fn array(&mut self, depth: usize) -> Value {
        let length = self.below(6);
        Value::array((0..length).map(|_| self.value(depth)).collect())
    }

    /// Nested at most `depth` deep.
    pub fn value(&mut self, depth: usize) -> Value {
        if depth == 0 || !self.one_in(3) {
            return self.primitive();
        }
        if self.one_in(2) {
            return self.array(depth - 1);
        }
        let keys: Vec<String> = (0..self.below(6)).map(|_| self.string().to_string()).collect();
        let fields: Vec<(&str, Value)> = keys.iter().map(|key| (key.as_str(), self.value(depth - 1))).collect();
        Value::object(fields)
    }

    /// A small whole number, sometimes anything: a position.
    pub fn position(&mut self) -> Value {
        match self.below(8) {
            0 => Value::Undefined,
            1 => self.primitive(),
            2 => self.pick(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.5, 1.9, 1e10, -1e10]).into(),
            _ => (self.below(14) as f64 - 5.0).into(),
        }
    }
}
