//! A schema's rules → JSON Schema text, for the run-time validator and for OpenAPI.
//!
//! Always true: the text accepts exactly what the rules accept, but where a schema contains itself or is larger than
//! anybody could have meant: there it accepts everything, as the checker's type is `json` there. It has no references.

use super::{Additional, Kinds, Limit, Rule, RuleId, Schema};
use crate::model::ty::{Format, Private};
use flow_runtime::value::{number_text, write_string};

/// A schema may use one part many times over: so many parts are written out.
const PARTS_MAX: usize = 20_000;

impl Schema {
    /// Compact JSON.
    pub fn to_json(&self) -> String {
        let mut writer = Writer { rules: &self.rules, inside: Vec::new(), parts: 0, text: String::new() };
        writer.rule(RuleId::ROOT);
        writer.text
    }
}

struct Writer<'a> {
    rules: &'a [Rule],
    inside: Vec<RuleId>,
    parts: usize,
    text: String,
}

impl Writer<'_> {
    fn rule(&mut self, id: RuleId) {
        self.parts += 1;
        if self.inside.contains(&id) || self.parts > PARTS_MAX {
            return self.text.push_str("{}");
        }
        self.inside.push(id);
        let rules = self.rules;
        let rule = &rules[id.0];
        self.text.push('{');
        if let Some(description) = &rule.description {
            self.key("description");
            write_string(description, &mut self.text);
        }
        if let Some(private) = rule.private {
            self.key("x-private");
            self.text.push_str(match private {
                Private::Personal => "\"personal\"",
                Private::Sensitive => "\"sensitive\"",
            });
        }
        if !rule.opaque {
            self.scalars(rule);
            self.lists(rule);
            self.fields(rule);
            for (name, rules) in [("allOf", &rule.all_of), ("anyOf", &rule.any_of), ("oneOf", &rule.one_of)] {
                if !rules.is_empty() {
                    self.key(name);
                    self.list(rules);
                }
            }
        }
        self.text.push('}');
        self.inside.pop();
    }

    fn scalars(&mut self, rule: &Rule) {
        let kinds = kinds(rule.kinds, rule.integer);
        if rule.kinds != Kinds::ALL || rule.integer {
            self.key("type");
            match kinds.as_slice() {
                [one] => self.text.push_str(&format!("\"{one}\"")),
                several => self.text.push_str(&format!("{several:?}").replace(", ", ",")),
            }
        }
        if let Some(values) = &rule.values {
            self.key("enum");
            let values: Vec<String> = values.iter().filter_map(|value| value.to_json()).collect();
            self.text.push_str(&format!("[{}]", values.join(",")));
        }
        match rule.format {
            Some(Format::Email) => self.raw("format", "\"email\""),
            Some(Format::Url) => self.raw("format", "\"uri\""),
            // Nobody looks at it when data comes.
            Some(Format::Any | Format::Time | Format::Secret) | None => {}
        }
        self.count("minLength", rule.min_length);
        self.count("maxLength", rule.max_length);
        self.limit("minimum", "exclusiveMinimum", rule.minimum);
        self.limit("maximum", "exclusiveMaximum", rule.maximum);
        if let Some(step) = rule.multiple_of {
            self.raw("multipleOf", &number_text(step));
        }
    }

    fn lists(&mut self, rule: &Rule) {
        self.count("minItems", rule.min_items);
        self.count("maxItems", rule.max_items);
        if rule.unique_items {
            self.raw("uniqueItems", "true");
        }
        if !rule.prefix_items.is_empty() {
            self.key("prefixItems");
            self.list(&rule.prefix_items);
        }
        if let Some(items) = rule.items {
            self.key("items");
            self.rule(items);
        }
    }

    fn fields(&mut self, rule: &Rule) {
        self.count("minProperties", rule.min_properties);
        self.count("maxProperties", rule.max_properties);
        if !rule.properties.is_empty() {
            self.key("properties");
            self.text.push('{');
            for property in &rule.properties {
                self.key(&property.name);
                self.rule(property.rule);
            }
            self.text.push('}');
        }
        if !rule.required.is_empty() {
            self.key("required");
            self.text.push('[');
            for (index, name) in rule.required.iter().enumerate() {
                if index > 0 {
                    self.text.push(',');
                }
                write_string(name, &mut self.text);
            }
            self.text.push(']');
        }
        match rule.additional {
            Additional::Unsaid | Additional::Allowed => {}
            Additional::Forbidden => self.raw("additionalProperties", "false"),
            Additional::Like(id) => {
                self.key("additionalProperties");
                self.rule(id);
            }
        }
    }

    fn list(&mut self, rules: &[RuleId]) {
        self.text.push('[');
        for (index, id) in rules.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.rule(*id);
        }
        self.text.push(']');
    }

    fn key(&mut self, name: &str) {
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        write_string(name, &mut self.text);
        self.text.push(':');
    }

    fn raw(&mut self, name: &str, json: &str) {
        self.key(name);
        self.text.push_str(json);
    }

    fn count(&mut self, name: &str, count: Option<usize>) {
        if let Some(count) = count {
            self.raw(name, &count.to_string());
        }
    }

    fn limit(&mut self, name: &str, exclusive: &str, limit: Option<Limit>) {
        if let Some(limit) = limit {
            self.raw(if limit.exclusive { exclusive } else { name }, &number_text(limit.value));
        }
    }
}

fn kinds(kinds: Kinds, integer: bool) -> Vec<&'static str> {
    let words = [
        (kinds.null, "null"),
        (kinds.bool, "boolean"),
        (kinds.number, if integer { "integer" } else { "number" }),
        (kinds.string, "string"),
        (kinds.array, "array"),
        (kinds.object, "object"),
    ];
    words.into_iter().filter(|(accepted, _)| *accepted).map(|(_, word)| word).collect()
}
