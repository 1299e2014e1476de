//! Generated data: the input of an execution, and what its nodes have answered. JSON as strangers write it.

use crate::random::Random;
use flow_runtime::value::Value;

/// Ids of the nodes in the workflow around an expression; the last never ran.
pub const NODES: [&str; 3] = ["check", "process-payment", "skipped"];

/// Variables of the environment, and their values.
pub const VARIABLES: [(&str, &str); 3] =
    [("API_URL", "https://api.example.com/v1"), ("CURRENCY", "EUR"), ("LIMIT", "250")];

pub const TIMESTAMP: &str = "2026-11-22T18:21:00.000Z";
pub const EXECUTION_ID: &str = "exec-0193";

/// Everything a name can mean.
#[derive(Debug, Clone)]
pub struct Data {
    /// JSON texts.
    pub input: String,
    /// `None`: skipped.
    pub envelopes: [Option<String>; NODES.len()],
    pub item: String,
}

/// The fields of the input and of items that expressions read, and what they should be.
const FIELDS: &[(&str, Shape)] = &[
    ("order_id", Shape::Text),
    ("name", Shape::Text),
    ("email", Shape::Text),
    ("status", Shape::Text),
    ("notes", Shape::Text),
    ("text", Shape::Text),
    ("total", Shape::Number),
    ("count", Shape::Number),
    ("price", Shape::Number),
    ("quantity", Shape::Number),
    ("active", Shape::Bool),
    ("items", Shape::Items),
    ("tags", Shape::Texts),
    ("scores", Shape::Numbers),
    ("matrix", Shape::Matrix),
    ("customer", Shape::Customer),
    ("meta", Shape::Object),
    ("nothing", Shape::Null),
    ("mixed", Shape::Array),
    ("line-items", Shape::Items),
    ("order-2", Shape::Number),
    ("in-stock", Shape::Bool),
    ("größe", Shape::Number),
    ("1", Shape::Number),
    ("a b", Shape::Text),
    ("", Shape::Text),
    ("😀", Shape::Number),
    ("length", Shape::Number),
    ("at", Shape::Any),
    ("x", Shape::Any),
    ("a_b", Shape::Number),
];

#[derive(Clone, Copy)]
enum Shape {
    Any,
    Null,
    Bool,
    Number,
    Text,
    Texts,
    Numbers,
    Matrix,
    Items,
    Item,
    Array,
    Object,
    Customer,
}

impl Data {
    pub fn new(random: &mut Random) -> Data {
        let mut writer = Writer { random, out: String::new() };
        let input = writer.text(|writer| writer.input());
        let item = match writer.random.one_in(4) {
            true => writer.text(|writer| writer.shaped(Shape::Any, 2)),
            false => writer.text(|writer| writer.shaped(Shape::Item, 2)),
        };
        let envelopes = NODES.map(|id| (id != "skipped").then(|| writer.text(|writer| writer.envelope())));
        Data { input, envelopes, item }
    }
}

struct Writer<'a> {
    random: &'a mut Random,
    out: String,
}

impl Writer<'_> {
    fn text(&mut self, write: impl Fn(&mut Self)) -> String {
        write(self);
        std::mem::take(&mut self.out)
    }

    fn input(&mut self) {
        let sparse = self.random.one_in(6);
        self.object(|writer| {
            let mut members: Vec<(&str, Shape)> = Vec::new();
            for field in FIELDS {
                if !writer.random.one_in(if sparse { 2 } else { 7 }) {
                    members.push(*field);
                }
            }
            members
        });
    }

    fn envelope(&mut self) {
        self.out.push_str("{\"status\":\"completed\",\"result\":");
        match self.random.below(6) {
            0 => self.shaped(Shape::Any, 2),
            _ => self.object(|writer| {
                let fields = [
                    ("available", Shape::Bool),
                    ("success", Shape::Bool),
                    ("count", Shape::Number),
                    ("transaction_id", Shape::Text),
                    ("items", Shape::Items),
                    ("status_code", Shape::Number),
                ];
                fields.into_iter().filter(|_| !writer.random.one_in(5)).collect()
            }),
        }
        if self.random.one_in(2) {
            self.out.push_str(",\"error\":");
            self.object(|_| vec![("message", Shape::Text), ("code", Shape::Text), ("details", Shape::Any)]);
        }
        let attempts = 1 + self.random.below(4);
        self.out.push_str(&format!(",\"attempts\":{attempts},\"execution_time\":0.125}}"));
    }

    fn object(&mut self, members: impl Fn(&mut Self) -> Vec<(&'static str, Shape)>) {
        let members = members(self);
        self.out.push('{');
        for (at, (name, shape)) in members.into_iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.string(name);
            self.out.push(':');
            // Now and then data is not what it should be.
            let shape = if self.random.one_in(9) { Shape::Any } else { shape };
            self.shaped(shape, 2);
        }
        self.out.push('}');
    }

    fn array(&mut self, shape: Shape, depth: usize) {
        self.out.push('[');
        let length = if self.random.one_in(6) { 0 } else { self.random.below(6) };
        for at in 0..length {
            if at > 0 {
                self.out.push(',');
            }
            let shape = if self.random.one_in(12) { Shape::Any } else { shape };
            self.shaped(shape, depth);
        }
        self.out.push(']');
    }

    fn shaped(&mut self, shape: Shape, depth: usize) {
        match shape {
            Shape::Null => self.out.push_str("null"),
            Shape::Bool => self.out.push_str(self.random.pick(&["true", "false"])),
            Shape::Number => self.number(),
            Shape::Text => {
                let text = self.any_text();
                self.string(text);
            }
            Shape::Texts => self.array(Shape::Text, depth),
            Shape::Numbers => self.array(Shape::Number, depth),
            Shape::Matrix => self.array(Shape::Numbers, depth),
            Shape::Items => self.array(Shape::Item, depth),
            Shape::Item => self.object(|writer| {
                let mut members = vec![
                    ("sku", Shape::Text),
                    ("name", Shape::Text),
                    ("price", Shape::Number),
                    ("quantity", Shape::Number),
                    ("tags", Shape::Texts),
                    ("in-stock", Shape::Bool),
                ];
                if writer.random.one_in(3) {
                    members.remove(writer.random.below(6));
                }
                members
            }),
            Shape::Customer => {
                self.out.push_str("{\"name\":");
                self.shaped(Shape::Text, 0);
                self.out.push_str(",\"age\":");
                self.shaped(Shape::Number, 0);
                self.out.push_str(",\"address\":");
                self.object(|_| vec![("city", Shape::Text), ("zip", Shape::Text), ("lines", Shape::Texts)]);
                self.out.push('}');
            }
            Shape::Array if depth > 0 => self.array(Shape::Any, depth - 1),
            Shape::Object if depth > 0 => {
                const KEYS: &[&str] =
                    &["a", "b", "2", "10", "01", "-1", "length", "x", "__proto__", "constructor", "at", "é", "z", "a"];
                self.out.push('{');
                for at in 0..self.random.below(6) {
                    if at > 0 {
                        self.out.push(',');
                    }
                    let key = self.random.pick(KEYS);
                    self.string(key);
                    self.out.push(':');
                    self.shaped(Shape::Any, depth - 1);
                }
                self.out.push('}');
            }
            Shape::Any | Shape::Array | Shape::Object => match self.random.below(if depth > 0 { 9 } else { 6 }) {
                0 => self.shaped(Shape::Null, 0),
                1 => self.shaped(Shape::Bool, 0),
                2 | 3 => self.number(),
                4 | 5 => self.shaped(Shape::Text, 0),
                6 => self.array(Shape::Number, 0),
                7 => self.shaped(Shape::Array, depth),
                _ => self.shaped(Shape::Object, depth),
            },
        }
    }

    fn number(&mut self) {
        const NUMBERS: &[&str] = &[
            "0",
            "-0",
            "1",
            "2",
            "3",
            "-1",
            "10",
            "42",
            "0.1",
            "0.5",
            "1.5",
            "2.5",
            "-2.5",
            "1.005",
            "8.345",
            "1e21",
            "1e-7",
            "1E+2",
            "9007199254740993",
            "4294967295",
            "4294967296",
            "-4294967296",
            "2147483648",
            "1e400",
            "5e-324",
            "1.7976931348623157e308",
            "100",
            "99.99",
            "19.90",
            "0.000001",
            "123456789012345680000",
        ];
        if self.random.one_in(3) {
            let text = format!("{}", self.random.below(40));
            self.out.push_str(&text);
        } else {
            self.out.push_str(self.random.pick(NUMBERS));
        }
    }

    fn any_text(&mut self) -> &'static str {
        const TEXTS: &[&str] = &[
            "",
            "a",
            "b",
            "abc",
            "Anna",
            "ORD-1",
            "x,y,z",
            "  padded\t\n",
            "12",
            " 12 ",
            "1.50",
            "-0",
            "0x1F",
            "1e3",
            "true",
            "null",
            "NaN",
            "Infinity",
            "näïve",
            "größe",
            "😀",
            "a😀b",
            "\u{FF5E}",
            "ΑΣ",
            "İ",
            "ß",
            "$&",
            "$1",
            "a.b.c",
            "{\"a\":[1,2]}",
            "[1, 2, 3]",
            "not json",
            "<b>&</b>",
            "\"quoted\"",
            "back\\slash",
            "${x}",
            "length",
            "0",
            "1",
            "zebra",
            "Zebra",
            "apple",
            "e\u{301}",
            "\u{2028}",
            "{\"__proto__\":1}",
            "SKU-9",
            "aaaa",
            // Half a character: becomes an escape.
            "\u{F8FF}",
        ];
        self.random.pick(TEXTS)
    }

    /// U+F8FF stands for half of a character, which no Rust string can hold.
    fn string(&mut self, text: &str) {
        let escape_all = self.random.one_in(8);
        self.out.push('"');
        for c in text.chars() {
            match c {
                '\u{F8FF}' => self.out.push_str(self.random.pick(&["\\ud83d", "\\uDE00", "a\\ud83d", "\\ude00b"])),
                c if escape_all => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                    self.out.push_str(&format!("\\u{unit:04x}"));
                }),
                '"' | '\\' | '\0'..='\u{1F}' => self.out.push_str(&format!("\\u{:04X}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

/// The value of a JSON text, as a node reads it: read, written canonically, and read again.
pub fn value(text: &str) -> Value {
    let read = |text: &str| Value::from_json(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    read(&read(text).to_json().unwrap_or_default())
}
