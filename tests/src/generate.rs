//! Bytes → the text of a workflow, mostly right and sometimes wrong: what fuzzing and its small version in the test
//! suite feed to the compiler.
//!
//! Comes in: any bytes. Goes out: text. Always true: the same bytes give the same text, and every choice is read from
//! the bytes, so that a fuzzer can change one of them. Kinds and keys come from the catalog: a new one is covered at
//! once. (`tests/fuzz` compiles this file as a module of its own.)

use flow_compiler::catalog::{KINDS, Key, KeyType, SETTINGS};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Deeper expressions and values are not made.
const DEPTH_MAX: usize = 5;
const NODES_MAX: usize = 9;

/// The text of a workflow file. One in eight is damaged at the end.
pub fn workflow(bytes: &[u8]) -> String {
    let mut generator = Generator { bytes, ids: Vec::new() };
    let text = generator.workflow();
    if generator.one_in(8) { generator.damaged(text) } else { text }
}

/// Files beside the workflow: templates of mails and schemas.
pub fn files(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut generator = Generator { bytes, ids: Vec::new() };
    let mut files = BTreeMap::new();
    for name in ["templates/order.html", "templates/order.txt"] {
        if generator.one_in(2) {
            files.insert(name.to_owned(), generator.mail_template());
        }
    }
    for name in ["schema.json", "api.openapi.json"] {
        if generator.one_in(2) {
            let schema = generator.schema(0);
            let text = match name {
                "schema.json" => schema,
                _ => format!(
                    r#"{{"openapi":"3.1.0","paths":{{"/a":{{"post":{{"responses":{{"200":{{"content":{{"application/json":{{"schema":{schema}}}}}}}}}}}}}}},"components":{{"schemas":{{"A":{schema}}}}}}}"#
                ),
            };
            files.insert(name.to_owned(), text);
        }
    }
    files
}

struct Generator<'a> {
    bytes: &'a [u8],
    /// Of the nodes, in the order of declaration.
    ids: Vec<String>,
}

impl Generator<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// A number below `end`; 0 when the bytes are used up.
    fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    /// False when the bytes are used up.
    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    fn pick<'t>(&mut self, items: &[&'t str]) -> &'t str {
        items[self.below(items.len())]
    }

    fn workflow(&mut self) -> String {
        let count = 1 + self.below(NODES_MAX);
        for index in 0..count {
            let id = match self.below(8) {
                0 => self.pick(&["start", "charge", "a", "order", "self", "bad id", "x--y", "fn"]).to_owned(),
                1 => format!("a-{index}"),
                2 => format!("_{index}"),
                _ => format!("n{index}"),
            };
            self.ids.push(id);
        }
        let nodes: Vec<String> = (0..count).map(|index| self.node(index)).collect();
        let mut connections = Vec::new();
        for to in 1..count {
            for _ in 0..1 + self.below(2) {
                connections.push(self.connection(to));
            }
        }
        let mut text = format!(
            "{{\n  \"name\": {},\n  \"version\": \"1.0.0\",\n  \"nodes\": [\n    {}\n  ],\n  \"connections\": [\n    {}\n  ]",
            quoted(self.pick(&["Order", "a/b", "Ümlaut \"x\"", ""])),
            nodes.join(",\n    "),
            connections.join(",\n    "),
        );
        if self.one_in(3) {
            let _ = write!(text, ",\n  \"settings\": {}", self.object_of(SETTINGS));
        }
        text.push_str("\n}\n");
        text
    }

    fn node(&mut self, index: usize) -> String {
        let trigger = if index == 0 { !self.one_in(8) } else { self.one_in(16) };
        let kinds: Vec<_> = KINDS.iter().filter(|kind| kind.trigger == trigger && kind.word != "schedule").collect();
        let kind = kinds[self.below(kinds.len())];
        let role = if trigger { "trigger" } else { "action" };
        let mut text = format!(
            "{{ \"id\": {}, \"type\": \"{role}\", \"{role}_type\": \"{}\", \"name\": \"Step {index}\", \"config\": {}",
            quoted(&self.ids[index]),
            if self.one_in(64) { "schedule" } else { kind.word },
            self.object_of(kind.keys),
        );
        if self.one_in(8) {
            let id = self.id();
            let _ = write!(text, ", \"dependencies\": [{}]", quoted(&id));
        }
        text.push_str(" }");
        text
    }

    fn connection(&mut self, to: usize) -> String {
        let before = self.below(to);
        let from = if self.one_in(16) { self.id() } else { self.ids[before].clone() };
        let mut text = format!("{{ \"from\": {}, \"to\": {}", quoted(&from), quoted(&self.ids[to]));
        if self.one_in(2) {
            let condition = self.condition();
            let _ = write!(text, ", \"condition\": {}", quoted(&condition));
        }
        text.push_str(" }");
        text
    }

    /// Of a node there is, mostly.
    fn id(&mut self) -> String {
        if self.one_in(16) {
            return self.pick(&["n99", "N1", "", "a-b-c"]).to_owned();
        }
        let index = self.below(NODES_MAX);
        self.ids.get(index).or(self.ids.first()).cloned().unwrap_or_default()
    }

    fn object_of(&mut self, keys: &[Key]) -> String {
        let mut fields = Vec::new();
        for key in keys {
            let given = if key.required { !self.one_in(64) } else { self.one_in(3) };
            if given {
                fields.push(format!("{}: {}", quoted(key.name), self.value_of(key)));
            }
        }
        if self.one_in(32) {
            fields.push(format!("\"unknown\": {}", self.json(0)));
        }
        format!("{{ {} }}", fields.join(", "))
    }

    fn value_of(&mut self, key: &Key) -> String {
        if self.one_in(32) {
            return self.json(0);
        }
        match key.ty {
            KeyType::Text => match key.name {
                "url" => {
                    let rest = self.template();
                    let start =
                        self.pick(&["https://api.example.com/", "${API_URL}/", "http://localhost:8080/?q=", ""]);
                    quoted(&format!("{start}{rest}"))
                }
                name if name.contains("email") && !self.one_in(4) => self.address(),
                _ => quoted(&self.template()),
            },
            KeyType::Literal => {
                quoted(self.pick(&["order", "hook-1", "*/5 * * * *", "Europe/Vienna", "", "${x}", "../x"]))
            }
            KeyType::Port => self.pick(&["587", "465", "\"${SMTP_PORT}\"", "0", "70000", "\"587\""]).to_owned(),
            KeyType::Bool => self.pick(&["true", "false"]).to_owned(),
            KeyType::Seconds => self.pick(&["1", "30", "0.5", "0", "-1", "1e300", "86400"]).to_owned(),
            KeyType::Count | KeyType::PositiveCount => {
                self.pick(&["1", "3", "0", "10", "1.5", "-1", "1e99", "4294967296"]).to_owned()
            }
            KeyType::OneOf(words) => quoted(self.pick(words)),
            KeyType::Expression => quoted(&self.condition()),
            KeyType::Json => self.json(0),
            KeyType::Object => self.object(0),
            KeyType::Headers => {
                let value = self.template();
                let name = self.pick(&["Authorization", "X-Id", "Content-Type", "Idempotency-Key", "a b", "Cookie"]);
                format!("{{ {}: {} }}", quoted(name), quoted(&value))
            }
            KeyType::AddressList => {
                self.pick(&["[\"10.0.0.0/8\"]", "[\"::1\", \"127.0.0.1\"]", "[]", "[\"x\"]"]).to_owned()
            }
            KeyType::Recipients => {
                let (first, second) = (self.address(), self.address());
                if self.one_in(2) { format!("[{first}, {second}]") } else { first }
            }
            KeyType::RetryDelay => self
                .pick(&[
                    "2",
                    "{\"strategy\": \"exponential\", \"initial\": 1, \"max\": 30}",
                    "{\"strategy\": \"fixed\"}",
                ])
                .to_owned(),
            KeyType::Cache => self.pick(&["{\"ttl\": 60}", "{}", "{\"ttl\": 0}"]).to_owned(),
            KeyType::Fields => match self.below(3) {
                0 => self.pick(&["[\"a\", \"b.c\"]", "[]", "[\"\"]", "[\"a\", \"a\"]"]).to_owned(),
                _ => self.object(0),
            },
            KeyType::Schema => self.schema(0),
            // A type of value that came after this file.
            #[allow(unreachable_patterns, reason = "so that a new type of key is a gap here and no broken build")]
            _ => self.json(0),
        }
    }

    fn address(&mut self) -> String {
        match self.below(4) {
            0 => quoted(&self.template()),
            1 => "\"${input_data.email}\"".to_owned(),
            _ => quoted(self.pick(&["a@example.com", "Ann <a@example.com>", "a@", "a@b@c"])),
        }
    }

    fn json(&mut self, depth: usize) -> String {
        match self.below(if depth < DEPTH_MAX { 10 } else { 6 }) {
            0 => self.pick(&["null", "true", "false"]).to_owned(),
            1 => self.pick(&["0", "1", "-1.5", "1e999", "12345678901234567890", "0.1"]).to_owned(),
            2..=5 => quoted(&self.template()),
            6 | 7 => {
                let items: Vec<String> = (0..self.below(4)).map(|_| self.json(depth + 1)).collect();
                format!("[{}]", items.join(", "))
            }
            _ => self.object(depth),
        }
    }

    fn object(&mut self, depth: usize) -> String {
        let mut fields = Vec::new();
        for _ in 0..self.below(4) {
            let name = self.pick(&["a", "b", "total", "order_id", "", "x y", "ü", "__proto__", "1"]);
            fields.push(format!("{}: {}", quoted(name), self.json(depth + 1)));
        }
        format!("{{ {} }}", fields.join(", "))
    }

    fn schema(&mut self, depth: usize) -> String {
        if depth >= DEPTH_MAX {
            return self.pick(&["true", "false", "{}", "{\"type\": \"string\"}"]).to_owned();
        }
        match self.below(12) {
            0..=3 => {
                let mut fields = Vec::new();
                for _ in 0..self.below(4) {
                    let name = self.pick(&["order_id", "items", "total", "email", "a", "b", "status", "nested"]);
                    fields.push(format!("{}: {}", quoted(name), self.schema(depth + 1)));
                }
                let required = self.pick(&["[]", "[\"order_id\"]", "[\"a\", \"b\"]", "[\"items\", \"gone\"]", "1"]);
                let open = self.pick(&["true", "false", "{\"type\": \"string\"}"]);
                let private = self.pick(&["", ", \"x-private\": \"personal\"", ", \"x-private\": \"sensitive\""]);
                format!(
                    "{{\"type\": \"object\", \"properties\": {{{}}}, \"required\": {required}, \"additionalProperties\": {open}{private}}}",
                    fields.join(", ")
                )
            }
            4 | 5 => format!("{{\"type\": \"array\", \"items\": {}, \"minItems\": 1}}", self.schema(depth + 1)),
            6 => {
                let word = self.pick(&["anyOf", "oneOf", "allOf", "type", "enum", "not", "if"]);
                format!("{{\"{word}\": [{}, {}]}}", self.schema(depth + 1), self.schema(depth + 1))
            }
            7 => {
                let target = self.pick(&[
                    "#",
                    "#/$defs/a",
                    "schema.json",
                    "api.openapi.json#/components/schemas/A",
                    "gone.json",
                    "../x",
                ]);
                format!("{{\"$ref\": \"{target}\", \"$defs\": {{\"a\": {}}}}}", self.schema(depth + 1))
            }
            8 => self
                .pick(&["{\"enum\": [\"a\", 1, null, true, {}]}", "{\"const\": \"a\"}", "{\"const\": 5}"])
                .to_owned(),
            9 => self
                .pick(&["{\"type\": [\"string\", \"null\"]}", "{\"type\": \"strnig\"}", "{\"type\": 5}", "[]", "1"])
                .to_owned(),
            _ => self
                .pick(&[
                    "{\"type\": \"string\"}",
                    "{\"type\": \"string\", \"format\": \"email\"}",
                    "{\"type\": \"number\", \"minimum\": 0}",
                    "{\"type\": \"integer\"}",
                    "{\"type\": \"boolean\"}",
                    "{\"type\": \"null\"}",
                    "{}",
                    "true",
                ])
                .to_owned(),
        }
    }

    fn mail_template(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(6) {
            text.push_str(self.pick(&[
                "Hello {{ a }}",
                "{% for x in items %}{{ x.name }}{% endfor %}",
                "{{ b | upper }}",
                "{% if total > 3 %}much{% else %}little{% endif %}",
                "{{ a.b.c | default('x') }}",
                "{{",
                "{% endif %}",
                "{{ f(x) }}",
                "{# comment #}",
                "<p>ü</p>\n",
            ]));
        }
        text
    }

    /// Text with templates in it.
    fn template(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(4) {
            match self.below(6) {
                0 => text.push_str(self.pick(&["Order ", "$", "$${x}", "}", "\n", "ü", "\\n", "?a=", "\u{1}"])),
                _ => {
                    let expression = self.expression(0);
                    let _ = write!(text, "${{{expression}}}");
                }
            }
        }
        if self.one_in(32) {
            text.push_str("${");
        }
        text
    }

    /// An expression that stands alone: a comparison, mostly.
    fn condition(&mut self) -> String {
        match self.below(8) {
            0 => "result.success == true".to_owned(),
            1 => "result.success == false".to_owned(),
            2 => "result.passed".to_owned(),
            3 => self.template(),
            4 => {
                let (left, right) = (self.path(), self.expression(1));
                format!("{left} {} {right}", self.pick(&["==", "!=", "<", "&&", "||", "==="]))
            }
            _ => self.expression(0),
        }
    }

    fn path(&mut self) -> String {
        let id = self.id();
        let mut path = match self.below(8) {
            0 | 1 => "input_data".to_owned(),
            2 | 3 => format!("previous_outputs.{id}.result"),
            4 => {
                format!("previous_outputs.{id}{}", self.pick(&[".error.message", ".status", "", ".attempts", ".gone"]))
            }
            5 => "result".to_owned(),
            6 => {
                return self
                    .pick(&["API_KEY", "SMTP_HOST", "timestamp", "execution_id", "error.message", "order_id"])
                    .to_owned();
            }
            _ => self.pick(&["item", "x", "y", "previous_outputs", "error", "unknown"]).to_owned(),
        };
        for _ in 0..self.below(3) {
            path.push_str(self.pick(&[
                ".order_id",
                ".items",
                ".total",
                ".email",
                ".a",
                ".b",
                ".length",
                ".status",
                ".nested",
                "[0]",
                "[\"x y\"]",
                "?.success",
                ".status_code",
            ]));
        }
        path
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth >= DEPTH_MAX {
            return self.path();
        }
        match self.below(20) {
            0..=6 => self.path(),
            7 => self.pick(&["1", "0", "-1", "0.1", "1e21", "0x1F", "NaN", "Infinity", "01", "1_000"]).to_owned(),
            8 => self
                .pick(&["'a'", "\"b\"", "''", "'\\u{1F600}'", "'\\ud800'", "`t ${input_data.a}`", "'unclosed"])
                .to_owned(),
            9 => self.pick(&["true", "false", "null", "undefined", "[]", "{}", "({})", "new Date()", ""]).to_owned(),
            10..=12 => {
                let (left, right) = (self.expression(depth + 1), self.expression(depth + 1));
                let sign = self.pick(&[
                    "+", "-", "*", "/", "%", "==", "!=", "===", "!==", "<", "<=", ">", ">=", "&&", "||", "??", "=",
                    "**",
                ]);
                format!("{left} {sign} {right}")
            }
            13 => format!("{}{}", self.pick(&["!", "-", "+", "!!", "~"]), self.expression(depth + 1)),
            14 => format!("({})", self.expression(depth + 1)),
            15 => {
                let (test, yes, no) =
                    (self.expression(depth + 1), self.expression(depth + 1), self.expression(depth + 1));
                format!("{test} ? {yes} : {no}")
            }
            16 => format!("[{}, {}]", self.expression(depth + 1), self.expression(depth + 1)),
            17 => format!("{{a: {}, \"b c\": {}}}", self.expression(depth + 1), self.expression(depth + 1)),
            18 => {
                let argument = self.expression(depth + 1);
                let function = self.pick(&[
                    "JSON.stringify",
                    "Math.max",
                    "Math.round",
                    "String",
                    "Number",
                    "Boolean",
                    "Object.keys",
                    "JSON.parse",
                    "Array.isArray",
                    "encodeURIComponent",
                    "parseInt",
                    "fetch",
                ]);
                format!("{function}({argument})")
            }
            _ => {
                let (object, argument) = (self.path(), self.expression(depth + 1));
                let method = self.pick(&[
                    "map",
                    "filter",
                    "find",
                    "some",
                    "every",
                    "reduce",
                    "sort",
                    "join",
                    "slice",
                    "includes",
                    "toUpperCase",
                    "trim",
                    "split",
                    "concat",
                    "toFixed",
                    "padStart",
                    "replaceAll",
                    "gone",
                ]);
                match method {
                    "map" | "filter" | "find" | "some" | "every" => format!("{object}.{method}(x => {argument})"),
                    "reduce" => format!("{object}.reduce((x, y) => {argument}, 0)"),
                    "sort" => format!("{object}.sort((x, y) => x.a - y.a)"),
                    _ => format!("{object}.{method}({argument})"),
                }
            }
        }
    }

    /// A piece of the text is left out, doubled, or replaced.
    fn damaged(&mut self, mut text: String) -> String {
        for _ in 0..1 + self.below(3) {
            let place = (self.below(256) * 256 + self.below(256)) % (text.len() + 1);
            let start = (0..=place).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let length = self.below(24);
            let end = (start + length..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            let piece = match self.below(4) {
                0 => String::new(),
                1 => text[start..end].repeat(2),
                _ => self
                    .pick(&["\"", "{", "}", "[", "]", ",", "${", "}", "\\", "\\u", "null", "1e", "\u{feff}", "//"])
                    .to_owned(),
            };
            text.replace_range(start..end, &piece);
        }
        text
    }
}

/// As a JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\u{0}'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}
