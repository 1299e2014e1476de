//! What generated expressions are made of in the end: literals, names, paths into the data.

use crate::generate::{Generator, NAMES, Place, Want};
use crate::tree::Expr;

impl Generator<'_> {
    pub fn leaf(&mut self, want: Want) -> Expr {
        if !self.bound.is_empty() && self.random.one_in(2) {
            return self.parameter(want);
        }
        if want == Want::Position {
            let position = self.word("0 1 2 3 5 1e3 1.9 -1 -2 NaN Infinity '1' null true");
            return match position.strip_prefix('-') {
                Some(digits) => Expr::Unary("-", Box::new(Expr::Literal(if digits == "1" { "1" } else { "2" }))),
                None => Expr::Literal(position),
            };
        }
        if !self.random.one_in(3) {
            return self.path(want);
        }
        match want {
            Want::Number | Want::Position => self.number_literal(),
            Want::Text => self.text_literal(),
            Want::Bool => Expr::Literal(self.random.pick(&["true", "false"])),
            Want::Array => match self.random.below(3) {
                0 => Expr::Array(Vec::new()),
                1 => Expr::Array((0..3).map(|_| self.number_literal()).collect()),
                _ => Expr::Array((0..3).map(|_| self.text_literal()).collect()),
            },
            Want::Object => Expr::Object(Vec::new()),
            Want::Any => Expr::Literal(self.word("null undefined NaN Infinity true")),
        }
    }

    fn number_literal(&mut self) -> Expr {
        const NUMBERS: &str = "0 1 2 3 10 42 100 0.5 .5 5. 1e3 1E-7 1e21 1e+2 1e400 0x1F 0XfF 0b101 0O17 1_000 9007199254740993 \
            123456789012345680000 4.35 1.005 0.1 0.2 1.5 2.5 4294967295 4294967296 0xFFFFFFFFFFFFFFFFFF 5e-324 0.000001 \
            1_0.0_1e0_1";
        let literal = Expr::Literal(self.word(NUMBERS));
        if self.random.one_in(5) { Expr::Unary("-", Box::new(literal)) } else { literal }
    }

    pub fn text_literal(&mut self) -> Expr {
        const PIECES: &[&str] = &[
            "a",
            "b",
            "abc",
            "x",
            ",",
            " ",
            "1",
            "12",
            "-",
            ".",
            "e",
            "A",
            "{",
            "}",
            "${",
            "$",
            "$&",
            "$$",
            "`",
            "//",
            "é",
            "😀",
            "\u{FF5E}",
            "\u{2028}",
            "\\n",
            "\\t",
            "\\\\",
            "\\'",
            "\\\"",
            "\\x41",
            "\\u00e9",
            "\\u{1F600}",
            "\\ud83d",
            "\\ude00",
            "\\q",
            "\\\n",
            "\\b\\f\\v",
            "\\0",
            "ß",
            "null",
            "length",
            "undefined",
            "price",
            "name",
            "/",
        ];
        let quote = self.random.pick(&['\'', '"']);
        let mut text = String::from(quote);
        for _ in 0..self.random.below(4) {
            let piece = self.random.pick(PIECES);
            // `\0` and a digit would be another escape.
            if !(text.ends_with("\\0") && piece.starts_with(|c: char| c.is_ascii_digit())) {
                text.push_str(piece);
            }
        }
        text.push(quote);
        Expr::Text(text)
    }

    fn parameter(&mut self, want: Want) -> Expr {
        let name = self.bound[self.random.below(self.bound.len())];
        let object = Expr::Name(name);
        match self.random.below(4) {
            0 => {
                let fields: &'static str = match want {
                    Want::Number | Want::Position => "price quantity length",
                    Want::Text => "name sku",
                    Want::Array => "tags",
                    Want::Bool => "in-stock",
                    Want::Any | Want::Object => "price name missing tags",
                };
                Expr::Member(Box::new(object), self.word(fields))
            }
            _ => object,
        }
    }

    pub fn property(&mut self) -> &'static str {
        self.word("name price length tags city a b address sku missing in-stock class a-b x1 null constructor __proto__ at toString order-2 é if")
    }

    pub fn name(&mut self) -> Expr {
        if !self.bound.is_empty() && self.random.one_in(2) {
            return Expr::Name(self.bound[self.random.below(self.bound.len())]);
        }
        let roots: &'static str = match self.place {
            Place::Body | Place::Filter => "input_data timestamp execution_id API_URL error",
            Place::Condition => "input_data timestamp result error LIMIT",
            Place::Item => "input_data item item CURRENCY",
        };
        match self.random.one_in(4) {
            true => Expr::Name(self.word(roots)),
            false => Expr::Name(self.word(NAMES)),
        }
    }

    /// A path into the data, most often of the wanted kind.
    fn path(&mut self, want: Want) -> Expr {
        let node = match self.random.below(6) {
            0 => "previous_outputs.check",
            1 => "previous_outputs.process-payment.result",
            2 => "previous_outputs.skipped.result",
            _ => "previous_outputs.check.result",
        };
        let own: &'static str = match (self.place, want) {
            (Place::Item, Want::Number | Want::Position) => "item.price item.quantity item",
            (Place::Item, Want::Text) => "item.name item.sku item",
            (Place::Item, Want::Array) => "item.tags",
            (Place::Item, _) => "item item.in-stock",
            (Place::Condition, Want::Number | Want::Position) => "result.count result.status_code",
            (Place::Condition, Want::Text) => "result.transaction_id error.message error.code",
            (Place::Condition, Want::Array) => "result.items",
            (Place::Condition, Want::Bool) => "result.available result.success",
            (Place::Condition, _) => "result error",
            (Place::Body | Place::Filter, Want::Text) => "error.message error.code",
            (Place::Body | Place::Filter, _) => "error error.details",
        };
        let input: &'static str = match want {
            Want::Number | Want::Position => "total count price quantity customer.age order-2 größe length a_b",
            Want::Text => "order_id name email status notes text customer.name customer.address.city",
            Want::Bool => "active in-stock",
            Want::Array => "items items tags scores matrix mixed customer.address.lines line-items",
            Want::Object => "customer customer.address meta x",
            Want::Any => "nothing missing missing.deep.er nothing.x tags.foo at",
        };
        let path = match self.random.below(10) {
            0 | 1 => self.word(own).to_owned(),
            2 if node.ends_with("check") => {
                let field = self.word("attempts status error error.message execution_time started_at result");
                format!("{node}.{field}")
            }
            2 => {
                let fields = match want {
                    Want::Number | Want::Position => "count",
                    Want::Text => "transaction_id",
                    Want::Bool => "available",
                    Want::Array => "items",
                    Want::Any | Want::Object => "missing",
                };
                format!("{node}.{fields}")
            }
            3 => self.word("API_URL CURRENCY LIMIT timestamp execution_id input_data").to_owned(),
            4 => self.word("missing nothing missing.deep previous_outputs").to_owned(),
            5..8 => format!("input_data.{}", self.word(input)),
            _ => self.word(input).to_owned(),
        };
        self.steps(&path)
    }

    fn steps(&mut self, path: &str) -> Expr {
        let mut steps = path.split('.');
        let first = steps.next().unwrap_or_default();
        let mut expr = Expr::Name(known(first));
        for step in steps {
            expr = match self.random.one_in(8) {
                true => Expr::Index(Box::new(expr), Box::new(Expr::Text(format!("'{step}'")))),
                false => Expr::Member(Box::new(expr), known(step)),
            };
        }
        if self.random.one_in(10) {
            let index = match self.random.one_in(2) {
                true => self.word("0 1 '0' '01' 1.5 'length' 4294967296 '1' ''"),
                false => self.random.pick(&["'a b'", "'😀'", "undefined", "null", "true", "1e21", "'__proto__'"]),
            };
            expr = Expr::Index(Box::new(expr), Box::new(Expr::Literal(index)));
        }
        expr
    }
}

/// The same name, for ever.
fn known(name: &str) -> &'static str {
    const OTHERS: &str = "input_data previous_outputs timestamp execution_id error result item API_URL CURRENCY LIMIT check \
        process-payment skipped age address city lines deep er foo sku message code details attempts \
        execution_time started_at transaction_id available success status_code";
    let found = NAMES.split(' ').chain(OTHERS.split(' ')).find(|known| *known == name);
    found.unwrap_or_else(|| panic!("`{name}` is not in the lists"))
}
