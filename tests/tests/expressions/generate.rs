//! Expressions over the whole language, sensible and silly, most of them about data that is there.

use crate::random::Random;
use crate::tree::{Expr, Key, Piece};

/// Every bare name an expression may hold but the roots and the variables.
pub const NAMES: &str = "order_id name email status notes text total count price quantity active items tags scores matrix customer meta \
    nothing mixed line-items order-2 in-stock größe length at x a_b missing i a b acc each receiver s js json left \
    value loop type self gen fn unnamed s_ _ $ $x X1x aB a-b x-1 é sum url";

/// What an arrow may call what it gets; some of it hides other names.
const PARAMETERS: &str = "x x x i i a b acc sum item items input_data previous_outputs timestamp result error Math JSON API_URL in-stock \
    x-1 a-b a_b aB each receiver s js json left value loop type self gen fn unnamed s_ _ $ $x X1x é name";

/// What an expression should be. One in a few is something else all the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Want {
    Any,
    Number,
    Text,
    Bool,
    Array,
    Object,
    /// A small whole number.
    Position,
}

/// Where an expression stands: some names are known only there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Body,
    Filter,
    Condition,
    Item,
}

pub struct Generator<'a> {
    pub random: &'a mut Random,
    pub place: Place,
    pub bound: Vec<&'static str>,
    /// How many parts may still be added.
    fuel: usize,
}

impl<'a> Generator<'a> {
    pub fn new(random: &'a mut Random, place: Place) -> Generator<'a> {
        Generator { random, place, bound: Vec::new(), fuel: 0 }
    }

    /// A whole expression.
    pub fn expression(&mut self) -> Expr {
        self.fuel = if self.random.one_in(12) { 60 } else { 4 + self.random.below(18) };
        let want = self.any_want();
        self.expr(want)
    }

    fn any_want(&mut self) -> Want {
        self.random.pick(&[Want::Any, Want::Number, Want::Text, Want::Bool, Want::Array, Want::Object])
    }

    /// One of some words.
    pub(super) fn word(&mut self, words: &'static str) -> &'static str {
        let words: Vec<&'static str> = words.split(' ').collect();
        self.random.pick(&words)
    }

    fn boxed(&mut self, want: Want) -> Box<Expr> {
        Box::new(self.expr(want))
    }

    fn expr(&mut self, want: Want) -> Expr {
        self.fuel = self.fuel.saturating_sub(1);
        let want = if want == Want::Any || self.random.one_in(11) { self.any_want() } else { want };
        if self.fuel == 0 || self.random.one_in(5) {
            return self.leaf(want);
        }
        match self.random.below(16) {
            0 => Expr::Conditional(self.boxed(Want::Bool), self.boxed(want), self.boxed(want)),
            1 => {
                let operator = self.word("&& || ??");
                Expr::Binary(operator, self.boxed(want), self.boxed(want))
            }
            2 => {
                let object = self.boxed(Want::Object);
                Expr::Member(object, self.property())
            }
            3 => {
                let container = self.random.pick(&[Want::Array, Want::Array, Want::Object, Want::Text]);
                let object = self.boxed(container);
                let index = match container {
                    Want::Object => Want::Text,
                    _ => Want::Position,
                };
                Expr::Index(object, self.boxed(index))
            }
            _ => match want {
                Want::Any | Want::Number => self.number(),
                Want::Text => self.text(),
                Want::Bool => self.bool(),
                Want::Array => self.array(),
                Want::Object => self.object(),
                Want::Position => self.leaf(want),
            },
        }
    }

    // ---- What computes a kind of value

    fn number(&mut self) -> Expr {
        match self.random.below(12) {
            0..5 => {
                let operator = self.word("+ - * / %");
                Expr::Binary(operator, self.boxed(Want::Number), self.boxed(Want::Number))
            }
            5 => Expr::Unary(self.random.pick(&["-", "+"]), self.boxed(Want::Number)),
            6 => {
                let container = self.random.pick(&[Want::Array, Want::Text, Want::Object]);
                Expr::Member(self.boxed(container), "length")
            }
            7 => {
                let receiver = self.random.pick(&[Want::Array, Want::Text]);
                let name = self.random.pick(&["indexOf", "lastIndexOf"]);
                self.method(receiver, name, &[Want::Any], &[Want::Position])
            }
            8 => self.reduce(),
            9 => Expr::Global("Number", self.arguments(&[], &[Want::Any])),
            10 if self.means_global("Math") => Expr::Constant(self.word("Math.PI Math.E Math.SQRT2 Math.LN10")),
            _ if self.means_global("Math") => self.math(),
            _ => self.leaf(Want::Number),
        }
    }

    fn math(&mut self) -> Expr {
        const ONE: &str = "Math.abs Math.acos Math.acosh Math.asin Math.asinh Math.atan Math.atanh Math.cbrt Math.ceil Math.clz32 \
            Math.cos Math.cosh Math.exp Math.expm1 Math.floor Math.fround Math.log Math.log10 Math.log1p Math.log2 \
            Math.round Math.sign Math.sin Math.sinh Math.sqrt Math.tan Math.tanh Math.trunc Math.round Math.floor \
            Math.ceil";
        let number = Want::Number;
        match self.random.below(4) {
            0 => {
                let name = self.word("Math.max Math.min Math.hypot");
                Expr::Global(name, self.arguments(&[], &[number, number, number]))
            }
            1 => {
                let name = self.word("Math.atan2 Math.imul Math.pow");
                Expr::Global(name, self.arguments(&[number, number], &[]))
            }
            _ => Expr::Global(self.word(ONE), self.arguments(&[number], &[])),
        }
    }

    fn text(&mut self) -> Expr {
        let (text, position) = (Want::Text, Want::Position);
        match self.random.below(20) {
            0 | 1 => Expr::Binary("+", self.boxed(text), self.boxed(Want::Any)),
            2 => self.template(),
            3 => {
                let name = self.word("trim trimStart trimEnd toLowerCase toUpperCase");
                self.method(text, name, &[], &[])
            }
            4 => {
                let name = self.random.pick(&["slice", "substring"]);
                let least: &[Want] = if name == "slice" { &[] } else { &[position] };
                self.method(text, name, least, &[position])
            }
            5 => self.method(text, "charAt", &[position], &[]),
            6 => {
                let receiver = self.random.pick(&[text, Want::Array]);
                self.method(receiver, "at", &[position], &[])
            }
            7 => {
                let name = self.random.pick(&["replace", "replaceAll"]);
                self.method(text, name, &[text, text], &[])
            }
            8 => {
                let receiver = self.boxed(text);
                let name = self.random.pick(&["padStart", "padEnd"]);
                let mut arguments = vec![self.size()];
                if self.random.one_in(2) {
                    arguments.push(self.expr(text));
                }
                Expr::Method(receiver, name, arguments)
            }
            9 => Expr::Method(self.boxed(text), "repeat", vec![self.size()]),
            10 => self.method(Want::Array, "join", &[], &[text]),
            11 => {
                let digits = self.word("0 1 2 2 3 10 20 100 101 1.9 null NaN");
                let arguments = if self.random.one_in(8) { Vec::new() } else { vec![Expr::Literal(digits)] };
                Expr::Method(self.boxed(Want::Number), "toFixed", arguments)
            }
            12 => {
                let radix = self.word("2 10 16 36 37 undefined 7");
                let arguments = if self.random.one_in(2) { Vec::new() } else { vec![Expr::Literal(radix)] };
                let receiver = self.random.pick(&[Want::Number, Want::Any]);
                Expr::Method(self.boxed(receiver), "toString", arguments)
            }
            13 => Expr::Global("String", self.arguments(&[], &[Want::Any])),
            14 | 15 if self.means_global("JSON") => {
                let mut arguments = vec![self.expr(Want::Any)];
                if self.random.one_in(3) {
                    arguments.push(Expr::Literal(self.word("null undefined true 5")));
                    arguments.push(Expr::Literal(self.word(r"2 0 '\t' '--' 12 null '\ud83d'")));
                }
                Expr::Global("JSON.stringify", arguments)
            }
            16 => self.method(text, "concat", &[], &[Want::Any, Want::Any, Want::Any]),
            17 => Expr::Template(vec![Piece::Hole(self.expr(Want::Any))]),
            _ => Expr::Binary("+", self.boxed(Want::Any), self.boxed(text)),
        }
    }

    fn bool(&mut self) -> Expr {
        match self.random.below(12) {
            0..3 => {
                let want = self.random.pick(&[Want::Number, Want::Text, Want::Any]);
                let operator = self.word("< <= > >=");
                Expr::Binary(operator, self.boxed(want), self.boxed(want))
            }
            3..6 => {
                let operator = self.word("== != === !==");
                let left = self.expr(Want::Any);
                // Equal values would hardly ever meet by chance.
                let right = if self.random.one_in(4) { left.clone() } else { self.expr(Want::Any) };
                Expr::Binary(operator, Box::new(left), Box::new(right))
            }
            6 => Expr::Unary("!", self.boxed(Want::Any)),
            7 => {
                let receiver = self.random.pick(&[Want::Array, Want::Text]);
                self.method(receiver, "includes", &[Want::Any], &[Want::Position])
            }
            8 => {
                let name = self.random.pick(&["startsWith", "endsWith"]);
                self.method(Want::Text, name, &[Want::Text], &[Want::Position])
            }
            9 => {
                let name = self.random.pick(&["some", "every"]);
                self.each(name, Want::Bool)
            }
            10 => Expr::Global("Boolean", self.arguments(&[], &[Want::Any])),
            _ => {
                let operator = self.random.pick(&["&&", "||"]);
                Expr::Binary(operator, self.boxed(Want::Bool), self.boxed(Want::Bool))
            }
        }
    }

    fn array(&mut self) -> Expr {
        let (text, position) = (Want::Text, Want::Position);
        match self.random.below(20) {
            0 | 1 => {
                let count = self.random.below(5);
                let want = self.any_want();
                Expr::Array((0..count).map(|_| self.expr(want)).collect())
            }
            2..6 => self.each("map", Want::Any),
            6 | 7 => self.each("filter", Want::Bool),
            8 => self.each("flatMap", Want::Array),
            9 => self.method(text, "split", &[], &[text, position]),
            10 => self.method(Want::Array, "slice", &[], &[position, position]),
            11 => self.method(Want::Array, "concat", &[], &[Want::Any, Want::Array]),
            12 => self.method(Want::Array, "flat", &[], &[position]),
            13 => self.method(Want::Array, "reverse", &[], &[]),
            14 => self.method(Want::Array, "sort", &[], &[]),
            15 | 16 => self.sort_by(),
            17 => {
                let array = self.boxed(Want::Array);
                let copy = Box::new(Expr::Method(array, "slice", Vec::new()));
                let name = self.random.pick(&["sort", "reverse"]);
                Expr::Method(copy, name, Vec::new())
            }
            _ => {
                let name = self.word("Object.keys Object.values Object.entries");
                let want = self.random.pick(&[Want::Object, Want::Object, Want::Any]);
                Expr::Global(name, vec![self.expr(want)])
            }
        }
    }

    fn object(&mut self) -> Expr {
        match self.random.below(6) {
            0 => self.each("find", Want::Bool),
            1 if self.means_global("JSON") => {
                let want = self.random.pick(&[Want::Text, Want::Any]);
                let inner = match self.random.one_in(2) {
                    true => self.expr(want),
                    false => Expr::Global("JSON.stringify", vec![self.expr(Want::Any)]),
                };
                Expr::Global("JSON.parse", vec![inner])
            }
            2 => self.method(Want::Array, "at", &[Want::Position], &[]),
            3 => self.each("findIndex", Want::Bool),
            _ => {
                const ODD: &[(&str, &str)] = &[
                    ("'a b'", "a b"),
                    ("\"c\"", "c"),
                    ("'1'", "1"),
                    ("'0'", "0"),
                    ("'01'", "01"),
                    ("'é'", "é"),
                    ("\"\"", ""),
                    ("'a'", "a"),
                    ("'\\x41'", "A"),
                    ("'😀'", "😀"),
                ];
                let count = self.random.below(5);
                let entry = |generator: &mut Self| {
                    if generator.random.one_in(5) {
                        let value = match generator.random.one_in(6) {
                            true => Expr::Literal(generator.word("undefined NaN Infinity")),
                            false => generator.name(),
                        };
                        return (Key::Shorthand, value);
                    }
                    let plain = generator.word("a b name class null length line-items at if");
                    let (written, name) =
                        if generator.random.one_in(2) { generator.random.pick(ODD) } else { (plain, plain) };
                    (Key::Written(written, name), generator.expr(Want::Any))
                };
                Expr::Object((0..count).map(|_| entry(self)).collect())
            }
        }
    }

    /// Whether no parameter hides a global name.
    fn means_global(&self, name: &str) -> bool {
        !self.bound.contains(&name)
    }

    // ---- Calls

    fn method(&mut self, receiver: Want, name: &'static str, least: &[Want], more: &[Want]) -> Expr {
        Expr::Method(self.boxed(receiver), name, self.arguments(least, more))
    }

    fn arguments(&mut self, least: &[Want], more: &[Want]) -> Vec<Expr> {
        let count = least.len() + self.random.below(more.len() + 1);
        least.iter().chain(more).take(count).map(|want| self.expr(*want)).collect()
    }

    /// For what grows with it: never a number from the data.
    fn size(&mut self) -> Expr {
        match self.random.below(6) {
            0 => Expr::Member(self.boxed(Want::Text), "length"),
            _ => Expr::Literal(self.word("0 1 2 3 5 10 2.9 '3' null true NaN 1e400 undefined 'x'")),
        }
    }

    fn each(&mut self, name: &'static str, body: Want) -> Expr {
        let receiver = self.boxed(Want::Array);
        let function = match self.random.one_in(9) {
            true => Expr::Conversion(self.word("Boolean Number String")),
            false => self.arrow(3, body),
        };
        Expr::Method(receiver, name, vec![function])
    }

    fn reduce(&mut self) -> Expr {
        let receiver = self.boxed(Want::Array);
        let body = self.random.pick(&[Want::Number, Want::Text, Want::Any]);
        let mut arguments = vec![match self.random.one_in(3) {
            true => {
                let sum = Expr::Binary("+", Box::new(Expr::Name("acc")), Box::new(Expr::Name("x")));
                Expr::Arrow(vec!["acc", "x"], Box::new(sum))
            }
            false => self.arrow(4, body),
        }];
        if !self.random.one_in(3) {
            arguments.push(self.expr(body));
        }
        Expr::Method(receiver, "reduce", arguments)
    }

    fn sort_by(&mut self) -> Expr {
        let receiver = self.boxed(Want::Array);
        let field = |name, field: Option<&'static str>| match field {
            Some(field) => Box::new(Expr::Member(Box::new(Expr::Name(name)), field)),
            None => Box::new(Expr::Name(name)),
        };
        let by = self.random.pick(&[None, None, Some("price"), Some("name"), Some("length")]);
        let body = match self.random.below(4) {
            0 => Expr::Binary("-", field("a", by), field("b", by)),
            1 => Expr::Binary("-", field("b", by), field("a", by)),
            2 => {
                let greater = Expr::Binary(">", field("a", by), field("b", by));
                let minus = Expr::Unary("-", Box::new(Expr::Literal("1")));
                Expr::Conditional(Box::new(greater), Box::new(Expr::Literal("1")), Box::new(minus))
            }
            _ => return Expr::Method(receiver, "sort", vec![self.arrow(2, Want::Number)]),
        };
        Expr::Method(receiver, "sort", vec![Expr::Arrow(vec!["a", "b"], Box::new(body))])
    }

    fn arrow(&mut self, most: usize, body: Want) -> Expr {
        let count = match self.random.below(8) {
            0 => 0,
            1 => most,
            2 | 3 => 2,
            _ => 1,
        };
        let mut parameters: Vec<&'static str> = Vec::new();
        for _ in 0..count {
            let name = self.word(PARAMETERS);
            if !parameters.contains(&name) {
                parameters.push(name);
            }
        }
        let outer = self.bound.len();
        self.bound.extend(&parameters);
        let body = self.boxed(body);
        self.bound.truncate(outer);
        Expr::Arrow(parameters, body)
    }

    fn template(&mut self) -> Expr {
        const TEXTS: &[&str] = &[
            "a",
            " ",
            "#",
            "\\n",
            "\\`",
            "$",
            "\\$",
            "{",
            "}",
            "\n",
            "\r\n",
            "é",
            "😀",
            "\\u{1F600}",
            "\\ud83d",
            "'",
            "\"",
            "\\\\",
            "\\q",
            "\\\n",
            "//",
            "${''}$",
            "\u{2028}",
            "\\0",
        ];
        let mut pieces = Vec::new();
        for _ in 0..self.random.below(5) {
            pieces.push(match self.random.one_in(2) {
                true => Piece::Hole(self.expr(Want::Any)),
                false => Piece::Text(self.random.pick(TEXTS).to_owned()),
            });
        }
        // `$` and `{` side by side would be a hole, and `\0` and a digit another escape; there is no digit above.
        let split = |pair: &[Piece]| matches!(pair, [Piece::Text(a), Piece::Text(b)] if a.ends_with('$') && b == "{");
        if pieces.windows(2).any(split) {
            pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text == "{"));
        }
        // A `\` at the end of a line and `\r\n` are tried; what they mean side by side is said by the raw text alone.
        Expr::Template(pieces)
    }
}
