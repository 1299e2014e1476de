//! What no value satisfies, or no value is asked: limits without anything between them, values of another type, types that
//! exclude each other.
//!
//! Always true: only what is certain is reported. A schema with a part that is not understood may accept anything.

use super::{Reading, short};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::schema::{Kinds, Rule};
use crate::source::Span;
use crate::syntax::ast::{self, Entry, ValueKind};
use flow_runtime::expr::strict_equals;
use flow_runtime::value::Value;

/// The keywords that say from where to where something may go.
const RANGES: &[(&str, &str)] = &[
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minimum", "maximum"),
    ("minimum", "exclusiveMaximum"),
    ("exclusiveMinimum", "maximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
];

/// The keywords that ask something of one type only. Of those that generators write everywhere, such as
/// `additionalProperties`, nothing follows.
const OF_ONE_TYPE: &[(&[&str], Kinds)] = &[
    (&["minLength", "maxLength"], Kinds { string: true, ..Kinds::NONE }),
    (
        &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
        Kinds { number: true, ..Kinds::NONE },
    ),
    (&["items", "prefixItems", "minItems", "maxItems"], Kinds { array: true, ..Kinds::NONE }),
    (&["properties", "required", "minProperties", "maxProperties"], Kinds { object: true, ..Kinds::NONE }),
];

impl Reading<'_, '_> {
    /// The values of `enum` and `const`: where both are given, those of both.
    pub(super) fn accept_only(&mut self, rule: &mut Rule, entry: &Entry, values: Vec<Value>) {
        let Some(before) = &rule.values else {
            rule.values = Some(values);
            return;
        };
        // What arrays and objects hold is not compared here.
        let is_of_both = |value: &&Value| {
            matches!(value, Value::Array(_) | Value::Object(_))
                || before.iter().any(|other| strict_equals(value, other))
        };
        let both: Vec<Value> = values.iter().filter(is_of_both).cloned().collect();
        if both.is_empty() {
            rule.opaque = true;
            self.bad(entry.value.span, "`enum` and `const` have no value in common", "no value can be accepted");
        }
        rule.values = Some(both);
    }

    pub(super) fn values_of_another_type(&mut self, rule: &Rule, object: &ast::Object) {
        let Some(values) = &rule.values else { return };
        let is_of_type = |value: &Value| match value {
            Value::Number(number) if rule.integer => rule.kinds.number && number.fract() == 0.0,
            value => rule.kinds.and(kind_of(value)) != Kinds::NONE,
        };
        if values.iter().any(is_of_type) {
            return;
        }
        let (written, headline) = match (object.get("const"), object.get("enum")) {
            (Some(value), _) => (value, "this value is not of the `type` beside it"),
            (None, Some(values)) => (values, "none of these values is of the `type` beside it"),
            (None, None) => return,
        };
        self.bad(written.span, headline, "no value can be accepted");
    }

    /// `{"type": "array", "properties": …}`. In a file that others may have written, the one that reads it cannot change it.
    pub(super) fn keywords_of_another_type(&mut self, rule: &Rule, object: &ast::Object) {
        if rule.span.file != self.used_at.file || rule.kinds == Kinds::NONE {
            return;
        }
        for entry in &object.entries {
            let word = entry.key.value.as_str();
            let asked = OF_ONE_TYPE.iter().find(|(words, _)| words.contains(&word)).map(|(_, kinds)| *kinds);
            let Some(asked) = asked.filter(|asked| rule.kinds.and(*asked) == Kinds::NONE) else { continue };
            let headline = format!("`{word}` is for {}, and this is {}", described(asked), described(rule.kinds));
            let diagnostic = Diagnostic::new(Code::BadSchema, entry.key.span, headline).label("asks for nothing");
            self.report(match (word, rule.kinds.array) {
                ("properties" | "required", true) => {
                    diagnostic.help("the fields of the elements are declared under `items`, in a schema of their own")
                }
                _ => diagnostic.help("change the `type`, or remove this"),
            });
        }
    }

    /// Limits that leave nothing between them.
    pub(super) fn ranges(&mut self, object: &ast::Object) {
        // Most schemas have no two of them.
        let is_limit =
            |entry: &&Entry| ["min", "max", "exclusive"].iter().any(|start| entry.key.value.starts_with(start));
        if object.entries.iter().filter(is_limit).count() < 2 {
            return;
        }
        let number = |word| {
            object.get(word).and_then(|value| match value.kind {
                ValueKind::Number(_, number) => Some((number, value.span)),
                _ => None,
            })
        };
        for (least, most) in RANGES {
            let (Some((from, from_span)), Some((to, to_span))) = (number(least), number(most)) else { continue };
            let is_open = least.starts_with("exclusive") || most.starts_with("exclusive");
            if from > to || is_open && from == to {
                let headline = match from > to {
                    true => format!("`{most}` is less than `{least}`"),
                    false => format!("there is nothing between `{least}` and `{most}`"),
                };
                self.report(
                    Diagnostic::new(Code::BadSchema, to_span, headline)
                        .label("no value can be accepted")
                        .also(from_span, format!("`{least}`")),
                );
            }
        }
    }

    /// Schemas that have to hold together (`allOf`, and what stands beside a `$ref`), and ask for types that exclude each other.
    pub(super) fn contradictions(&mut self) {
        let found: Vec<_> =
            self.rules.iter().filter(|rule| !rule.opaque).filter_map(|rule| self.contradiction(rule)).collect();
        for ((first, first_kinds), (second, second_kinds)) in found {
            let [first, second] = [first, second].map(|span| self.shown(span));
            let [one, other] = [first_kinds, second_kinds].map(described);
            self.report(
                Diagnostic::new(Code::BadSchema, second, format!("no value is {one} and {other} at once"))
                    .label("no value can be accepted")
                    .also(first, format!("asks for {one}")),
            );
        }
    }

    /// The first two of them that do.
    fn contradiction(&self, rule: &Rule) -> Option<((Span, Kinds), (Span, Kinds))> {
        let mut asked: Vec<(Span, Kinds)> = Vec::new();
        let own = std::iter::once(rule).filter(|_| !rule.all_of.is_empty());
        let parts = rule.all_of.iter().map(|id| &self.rules[id.0]);
        for part in own.chain(parts).filter(|part| !part.opaque) {
            let kinds = accepted(part);
            if kinds == Kinds::NONE || kinds == Kinds::ALL {
                continue;
            }
            if let Some(other) = asked.iter().find(|(_, other)| kinds.and(*other) == Kinds::NONE) {
                return Some((*other, (part.span, kinds)));
            }
            // Few differ, however many there are.
            if asked.iter().all(|(_, other)| *other != kinds) {
                asked.push((part.span, kinds));
            }
        }
        None
    }

    fn shown(&self, span: Span) -> Span {
        short(span, &self.lowering.sources.get(span.file).text)
    }
}

/// The types of the values that a schema accepts by its `type`, `enum` and `const`.
fn accepted(rule: &Rule) -> Kinds {
    let Some(values) = &rule.values else { return rule.kinds };
    let of_values = values.iter().map(kind_of).fold(Kinds::NONE, |all, kind| all.or(kind));
    rule.kinds.and(of_values)
}

fn kind_of(value: &Value) -> Kinds {
    match value {
        Value::Null => Kinds { null: true, ..Kinds::NONE },
        Value::Bool(_) => Kinds { bool: true, ..Kinds::NONE },
        Value::Number(_) => Kinds { number: true, ..Kinds::NONE },
        Value::String(_) => Kinds { string: true, ..Kinds::NONE },
        Value::Array(_) => Kinds { array: true, ..Kinds::NONE },
        Value::Object(_) => Kinds { object: true, ..Kinds::NONE },
        Value::Undefined => Kinds::NONE,
    }
}

/// As in "a text or a number".
fn described(kinds: Kinds) -> String {
    let words = [
        (kinds.null, "null"),
        (kinds.bool, "a boolean"),
        (kinds.number, "a number"),
        (kinds.string, "a text"),
        (kinds.array, "an array"),
        (kinds.object, "an object"),
    ];
    let words: Vec<&str> = words.iter().filter(|(is_one, _)| *is_one).map(|(_, word)| *word).collect();
    words.join(" or ")
}
