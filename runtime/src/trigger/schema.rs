//! Does an input, or an answer, look as the workflow's author has declared?
//!
//! Comes in: the JSON Schema that `flowc` has compiled in (every reference followed, nothing left that it does not
//! understand), a value. Goes out: where it differs, without anything of it.
//! Always true: what passes has the type that the checker has worked with, so what the checker has promised holds.

use crate::render::Mailbox;
use crate::value::{Object, Value, sorted_text};
use std::fmt;

/// So many differences are enough to understand.
const MISMATCHES_MAX: usize = 10;

/// A compiled schema.
#[derive(Debug, Clone)]
pub struct Schema {
    rule: Rule,
}

/// A place in an input that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Such as `$.items[0].quantity`.
    pub path: String,
    /// What was expected there; nothing of what is.
    pub message: String,
}

/// What one schema says. What is empty says nothing.
#[derive(Debug, Clone, Default)]
struct Rule {
    /// Empty: all kinds.
    kinds: Vec<Kind>,
    /// As sorted text; `None`: any.
    /// Each twice: to be compared, and to be shown.
    values: Option<Vec<(String, String)>>,
    format: Option<Format>,
    length: Range,
    number: Range,
    number_beyond: Range,
    multiple_of: Option<f64>,
    items_count: Range,
    unique_items: bool,
    prefix_items: Vec<Rule>,
    items: Option<Box<Rule>>,
    properties_count: Range,
    properties: Vec<(String, Rule)>,
    required: Vec<String>,
    additional: Option<Additional>,
    all_of: Vec<Rule>,
    any_of: Vec<Rule>,
    one_of: Vec<Rule>,
}

#[derive(Debug, Clone)]
enum Additional {
    Forbidden,
    Like(Box<Rule>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Bool,
    Integer,
    Number,
    String,
    Array,
    Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Email,
    Uri,
}

#[derive(Debug, Clone, Copy, Default)]
struct Range {
    least: Option<f64>,
    most: Option<f64>,
}

impl Schema {
    /// `text`: a schema as `flowc` compiles it in. Keywords that it never writes say nothing.
    pub fn new(text: &str) -> Schema {
        Schema { rule: Value::from_json(text).map_or_else(|_| Rule::default(), |schema| Rule::of(&schema)) }
    }

    /// The places where a value differs, at most ten. `json`: a text that was read before.
    pub fn check(&self, json: &str) -> Vec<Mismatch> {
        let mut found = Found { path: String::from("$"), mismatches: Vec::new() };
        if let Ok(value) = Value::from_json(json) {
            self.rule.check(&value, &mut found);
        }
        found.mismatches
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl Rule {
    fn of(schema: &Value) -> Rule {
        let Value::Object(schema) = schema else {
            // `false` accepts nothing; `true` accepts everything.
            let nothing = matches!(schema, Value::Bool(false));
            return Rule { values: nothing.then(Vec::new), ..Rule::default() };
        };
        let number = |name: &str| match schema.get(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        let range = |least: &str, most: &str| Range { least: number(least), most: number(most) };
        let rules = |name: &str| list(schema, name).map(Rule::of).collect::<Vec<_>>();
        let properties = match schema.get("properties") {
            Some(Value::Object(properties)) => {
                properties.iter().map(|(name, rule)| (name.to_well_formed().into_owned(), Rule::of(rule))).collect()
            }
            _ => Vec::new(),
        };
        Rule {
            kinds: match schema.get("type") {
                Some(Value::String(kind)) => kind.as_str().and_then(Kind::of).into_iter().collect(),
                _ => list(schema, "type").filter_map(|kind| Kind::of(&text(kind)?)).collect(),
            },
            values: schema.get("enum").map(|_| {
                let shown = |value: &Value| value.to_json().unwrap_or_default();
                list(schema, "enum").map(|value| (sorted_text(value), shown(value))).collect()
            }),
            format: match schema.get("format").and_then(text).as_deref() {
                Some("email") => Some(Format::Email),
                Some("uri") => Some(Format::Uri),
                _ => None,
            },
            length: range("minLength", "maxLength"),
            number: range("minimum", "maximum"),
            number_beyond: range("exclusiveMinimum", "exclusiveMaximum"),
            multiple_of: number("multipleOf"),
            items_count: range("minItems", "maxItems"),
            unique_items: matches!(schema.get("uniqueItems"), Some(Value::Bool(true))),
            prefix_items: rules("prefixItems"),
            items: schema.get("items").map(|items| Box::new(Rule::of(items))),
            properties_count: range("minProperties", "maxProperties"),
            properties,
            required: list(schema, "required").filter_map(text).collect(),
            additional: schema.get("additionalProperties").map(|additional| match additional {
                Value::Bool(false) => Additional::Forbidden,
                other => Additional::Like(Box::new(Rule::of(other))),
            }),
            all_of: rules("allOf"),
            any_of: rules("anyOf"),
            one_of: rules("oneOf"),
        }
    }

    fn accepts(&self, value: &Value) -> bool {
        let mut found = Found { path: String::new(), mismatches: Vec::new() };
        self.check(value, &mut found);
        found.mismatches.is_empty()
    }

    fn check(&self, value: &Value, found: &mut Found) {
        if found.mismatches.len() >= MISMATCHES_MAX {
            return;
        }
        if !self.kinds.is_empty() && !self.kinds.iter().any(|kind| kind.includes(value)) {
            let expected: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
            return found.push(format!("expected {}, not {}", expected.join(" or "), Kind::name_of(value)));
        }
        if let Some(values) = &self.values
            && let own = sorted_text(value)
            && !values.iter().any(|(value, _)| *value == own)
        {
            let shown: Vec<&str> = values.iter().map(|(_, shown)| shown.as_str()).collect();
            let message = match shown.as_slice() {
                [] => "must not be there".to_owned(),
                [only] => format!("expected {only}"),
                several => format!("expected one of {}", several.join(", ")),
            };
            return found.push(message);
        }
        match value {
            Value::String(text) => self.check_text(&text.to_well_formed(), found),
            Value::Number(number) => self.check_number(*number, found),
            Value::Array(items) => self.check_items(items, found),
            Value::Object(object) => self.check_fields(object, found),
            Value::Undefined | Value::Null | Value::Bool(_) => {}
        }
        self.all_of.iter().for_each(|rule| rule.check(value, found));
        if !self.any_of.is_empty() && !self.any_of.iter().any(|rule| rule.accepts(value)) {
            found.push("is none of the alternatives".to_owned());
        }
        if !self.one_of.is_empty() {
            match self.one_of.iter().filter(|rule| rule.accepts(value)).count() {
                0 => found.push("is none of the alternatives".to_owned()),
                1 => {}
                _ => found.push("is several of the alternatives, where exactly one is allowed".to_owned()),
            }
        }
    }

    fn check_text(&self, text: &str, found: &mut Found) {
        self.length.check(text.chars().count() as f64, "characters", found);
        match self.format {
            Some(Format::Email) if Mailbox::of_text(text).is_none_or(|mailbox| mailbox.address != text) => {
                found.push("expected a mail address".to_owned());
            }
            Some(Format::Uri) if reqwest::Url::parse(text).is_err() => {
                found.push("expected an absolute URL".to_owned());
            }
            Some(Format::Email | Format::Uri) | None => {}
        }
    }

    fn check_number(&self, number: f64, found: &mut Found) {
        self.number.check(number, "", found);
        let Range { least, most } = self.number_beyond;
        if let Some(least) = least.filter(|least| number <= *least) {
            found.push(format!("expected more than {least}"));
        }
        if let Some(most) = most.filter(|most| number >= *most) {
            found.push(format!("expected less than {most}"));
        }
        if let Some(step) = self.multiple_of.filter(|step| *step > 0.0) {
            let quotient = number / step;
            // 0.3 is a multiple of 0.1, though not of the double that stands for it.
            if (quotient - quotient.round()).abs() > 1e-9 * quotient.abs().max(1.0) {
                found.push(format!("expected a multiple of {step}"));
            }
        }
    }

    fn check_items(&self, items: &[Value], found: &mut Found) {
        self.items_count.check(items.len() as f64, "elements", found);
        if self.unique_items {
            let mut texts: Vec<String> = items.iter().map(sorted_text).collect();
            texts.sort_unstable();
            if texts.windows(2).any(|pair| pair[0] == pair[1]) {
                found.push("expected no element twice".to_owned());
            }
        }
        for (index, item) in items.iter().enumerate() {
            if let Some(rule) = self.prefix_items.get(index).or(self.items.as_deref()) {
                found.inside(&format!("[{index}]"), |found| rule.check(item, found));
            }
        }
    }

    fn check_fields(&self, object: &Object, found: &mut Found) {
        self.properties_count.check(object.len() as f64, "fields", found);
        for name in self.required.iter().filter(|name| object.get(name).is_none()) {
            found.inside(&step(name), |found| found.push("is missing".to_owned()));
        }
        for (name, rule) in &self.properties {
            if let Some(value) = object.get(name) {
                found.inside(&step(name), |found| rule.check(value, found));
            }
        }
        let Some(additional) = &self.additional else { return };
        let declared = |name: &str| self.properties.iter().any(|(property, _)| property == name);
        for (name, value) in object.iter() {
            let name = name.to_well_formed();
            match additional {
                _ if declared(&name) => {}
                // The name is the sender's, and may be anything: it is not repeated.
                Additional::Forbidden => return found.push("has a field that is not declared".to_owned()),
                Additional::Like(rule) if rule.accepts(value) => {}
                Additional::Like(_) => return found.push("has a further field that is not as declared".to_owned()),
            }
        }
    }
}

impl Kind {
    fn of(word: &str) -> Option<Kind> {
        Some(match word {
            "null" => Kind::Null,
            "boolean" => Kind::Bool,
            "integer" => Kind::Integer,
            "number" => Kind::Number,
            "string" => Kind::String,
            "array" => Kind::Array,
            "object" => Kind::Object,
            _ => return None,
        })
    }

    fn includes(self, value: &Value) -> bool {
        match (self, value) {
            (Kind::Integer, Value::Number(number)) => number.fract() == 0.0,
            (Kind::Null, Value::Null)
            | (Kind::Bool, Value::Bool(_))
            | (Kind::Number, Value::Number(_))
            | (Kind::String, Value::String(_))
            | (Kind::Array, Value::Array(_))
            | (Kind::Object, Value::Object(_)) => true,
            _ => false,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "true or false",
            Kind::Integer => "a whole number",
            Kind::Number => "a number",
            Kind::String => "a text",
            Kind::Array => "a list",
            Kind::Object => "an object",
        }
    }

    fn name_of(value: &Value) -> &'static str {
        match value {
            Value::Undefined => "nothing",
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

impl Range {
    fn check(self, number: f64, what: &str, found: &mut Found) {
        let what = if what.is_empty() { String::new() } else { format!(" {what}") };
        if let Some(least) = self.least.filter(|least| number < *least) {
            found.push(format!("expected at least {least}{what}"));
        }
        if let Some(most) = self.most.filter(|most| number > *most) {
            found.push(format!("expected at most {most}{what}"));
        }
    }
}

/// Where we are, and what was found so far.
struct Found {
    path: String,
    mismatches: Vec<Mismatch>,
}

impl Found {
    fn push(&mut self, message: String) {
        if self.mismatches.len() < MISMATCHES_MAX {
            self.mismatches.push(Mismatch { path: self.path.clone(), message });
        }
    }

    fn inside(&mut self, step: &str, check: impl FnOnce(&mut Found)) {
        let length = self.path.len();
        self.path.push_str(step);
        check(self);
        self.path.truncate(length);
    }
}

fn list<'a>(schema: &'a Object, name: &str) -> impl Iterator<Item = &'a Value> {
    let items = match schema.get(name) {
        Some(Value::Array(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_well_formed().into_owned()),
        _ => None,
    }
}

/// `.name`, or `["name"]` for a name that needs it.
fn step(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-'));
    if plain { format!(".{name}") } else { format!("[{}]", serde_json::Value::from(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Doc, Limits, Shape};

    fn check(schema: &str, input: &str, expected: &[&str]) {
        let doc = Doc::read(input.as_bytes(), &Shape::EMPTY, &Limits::default()).unwrap();
        let found: Vec<String> = Schema::new(schema).check(doc.text()).iter().map(Mismatch::to_string).collect();
        assert_eq!(found, expected, "{schema} of {input}");
    }

    #[test]
    fn places_are_named_and_values_are_not() {
        let schema = r#"{"type":"object","required":["order_id","items"],"properties":{"order_id":{"type":"string"},
            "items":{"type":"array","minItems":1,"items":{"type":"object","required":["sku"],
            "properties":{"quantity":{"type":"integer","minimum":1}}}}}}"#;
        check(schema, r#"{"order_id":"A","items":[{"sku":1,"quantity":2}],"more":true}"#, &[]);
        check(schema, "{}", &["$.order_id: is missing", "$.items: is missing"]);
        check(
            schema,
            r#"{"order_id":4111111111111111,"items":[{"quantity":0.5},{"sku":1,"quantity":0}]}"#,
            &[
                "$.order_id: expected a text, not a number",
                "$.items[0].sku: is missing",
                "$.items[0].quantity: expected a whole number, not a number",
                "$.items[1].quantity: expected at least 1",
            ],
        );
        check(schema, r#"{"order_id":"A","items":[]}"#, &["$.items: expected at least 1 elements"]);
    }

    #[test]
    fn every_keyword() {
        let one = |rule: &str| format!(r#"{{"properties":{{"a b":{rule}}}}}"#);
        for (rule, good, bad) in [
            (r#"{"type":["null","string"]}"#, "null", "1"),
            (r#"{"enum":["x",{"b":1,"a":2}]}"#, r#"{"a":2,"b":1}"#, "\"y\""),
            (r#"{"format":"email"}"#, r#""a@example.com""#, r#""A <a@example.com>""#),
            (r#"{"format":"uri"}"#, r#""https://example.com/x""#, r#""/x""#),
            (r#"{"minLength":2}"#, r#""äö""#, r#""ä""#),
            (r#"{"maxLength":1}"#, r#""😀""#, r#""ab""#),
            (r#"{"exclusiveMinimum":0}"#, "0.1", "0"),
            (r#"{"exclusiveMaximum":1}"#, "0.9", "1"),
            (r#"{"maximum":1}"#, "1", "1.5"),
            (r#"{"multipleOf":0.1}"#, "0.3", "0.35"),
            (r#"{"maxItems":1}"#, "[1]", "[1,2]"),
            (r#"{"uniqueItems":true}"#, r#"[1,"1"]"#, "[1,1.0]"),
            (r#"{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}"#, r#"["a",1]"#, "[1]"),
            (r#"{"minProperties":1}"#, r#"{"a":1}"#, "{}"),
            (r#"{"maxProperties":1}"#, "{}", r#"{"a":1,"b":2}"#),
            (r#"{"properties":{"a":{}},"additionalProperties":false}"#, r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"{"additionalProperties":{"type":"number"}}"#, r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"allOf":[{"minimum":1},{"maximum":2}]}"#, "2", "3"),
            (r#"{"anyOf":[{"type":"null"},{"minimum":1}]}"#, "null", "0"),
            (r#"{"oneOf":[{"minimum":1},{"minimum":2}]}"#, "1", "2"),
            ("true", "1", "undefined"),
            ("false", "undefined", "1"),
        ] {
            for (value, is_good) in [(good, true), (bad, false)] {
                if value == "undefined" {
                    continue;
                }
                let input = format!(r#"{{"a b":{value}}}"#);
                let doc = Doc::read(input.as_bytes(), &Shape::EMPTY, &Limits::default()).unwrap();
                let found = Schema::new(&one(rule)).check(doc.text());
                assert_eq!(found.is_empty(), is_good, "{rule} of {value}: {found:?}");
                assert!(found.iter().all(|mismatch| mismatch.path.starts_with("$[\"a b\"]")), "{found:?}");
            }
        }
    }

    #[test]
    fn no_more_than_ten_are_listed() {
        let items = vec!["1"; 50].join(",");
        let doc = Doc::read(format!(r#"{{"a":[{items}]}}"#).as_bytes(), &Shape::EMPTY, &Limits::default()).unwrap();
        let schema = Schema::new(r#"{"properties":{"a":{"items":{"type":"string"}}}}"#);
        assert_eq!(schema.check(doc.text()).len(), 10);
    }
}
