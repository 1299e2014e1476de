//! One schema, keyword by keyword → [`Rule`].

use super::Reading;
use super::reference::Place;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::schema::{Additional, Kinds, Limit, Property, Rule, RuleId};
use crate::model::ty::{Format, Private};
use crate::source::Span;
use crate::syntax::ast::{self, Entry, ValueKind};
use flow_runtime::value::Value;
use std::collections::HashSet;

/// Say nothing about the value.
const ANNOTATIONS: &[&str] = &[
    "title",
    "default",
    "examples",
    "example",
    "deprecated",
    "readOnly",
    "writeOnly",
    "externalDocs",
    "xml",
    "discriminator",
    "summary",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "$schema",
    "$id",
    "id",
    "$comment",
    "$defs",
    "definitions",
    "$vocabulary",
    "$anchor",
    "nullable",
];

/// Accept fewer values than the rest of the schema says, and are not checked.
const UNCHECKED: &[&str] = &[
    "pattern",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "minContains",
    "maxContains",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
];

/// What a rule is read from.
const UNDERSTOOD: &[&str] = &[
    "$ref",
    "type",
    "enum",
    "const",
    "format",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "prefixItems",
    "items",
    "minProperties",
    "maxProperties",
    "properties",
    "patternProperties",
    "required",
    "additionalProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "description",
    "x-private",
];

/// What `format` can say (JSON Schema 2020-12 Validation §7.3, OpenAPI 3.x).
const FORMATS: &[&str] = &[
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
    "int32",
    "int64",
    "float",
    "double",
    "byte",
    "binary",
    "password",
];

const TYPES: &[&str] = &["null", "boolean", "number", "integer", "string", "array", "object"];

impl Reading<'_, '_> {
    pub(super) fn rule(&mut self, place: &Place) -> Rule {
        let value = place.value();
        let mut rule = Rule::anything(value.span);
        let object = match &value.kind {
            ValueKind::Object(object) => object,
            ValueKind::Bool(accepts) => {
                rule.kinds = if *accepts { Kinds::ALL } else { Kinds::NONE };
                return rule;
            }
            _ => {
                self.bad(value.span, format!("a schema is an object, not {}", value.describe()), "no schema");
                rule.opaque = true;
                return rule;
            }
        };
        let mut typed = false;
        for (position, entry) in object.entries.iter().enumerate() {
            typed |= entry.key.value == "type";
            self.keyword(&mut rule, place, position, entry);
        }
        let says = |keywords: &[&str]| keywords.iter().any(|keyword| object.get(keyword).is_some());
        if typed && !rule.opaque {
            self.values_of_another_type(&rule, object);
            self.keywords_of_another_type(&rule, object);
        }
        if !typed && rule.values.is_none() {
            // Whoever declares fields means an object, and whoever declares elements an array.
            let kinds = Kinds {
                object: says(&["properties", "required", "additionalProperties", "patternProperties"]),
                array: says(&["items", "prefixItems"]),
                ..Kinds::NONE
            };
            if kinds != Kinds::NONE {
                rule.kinds = kinds;
            }
        }
        self.ranges(object);
        self.misspelt_required(&rule, object);
        let nullable = object.get("nullable").is_some_and(|value| value.kind == ValueKind::Bool(true));
        if nullable {
            if rule.kinds != Kinds::ALL {
                rule.kinds.null = true;
            }
            if let Some(values) = &mut rule.values {
                values.push(Value::Null);
            }
        }
        rule
    }

    fn keyword(&mut self, rule: &mut Rule, place: &Place, position: usize, entry: &Entry) {
        let value = &entry.value;
        let child = |steps: &[usize]| place.inside(&[&[position], steps].concat());
        match entry.key.value.as_str() {
            "$ref" => match self.target(place, value) {
                Some(target) => {
                    let id = self.id(&target);
                    rule.all_of.push(id);
                }
                None => rule.opaque = true,
            },
            "type" => self.types(rule, value),
            "enum" => match &value.kind {
                ValueKind::Array(items) if !items.is_empty() => {
                    self.accept_only(rule, entry, items.iter().map(constant).collect());
                }
                _ => self.bad(value.span, "`enum` is an array of the accepted values", "no values"),
            },
            "const" => self.accept_only(rule, entry, vec![constant(value)]),
            "format" => {
                rule.format = self.text(entry).and_then(|format| match format {
                    "email" | "idn-email" => Some(Format::Email),
                    "uri" | "url" | "iri" => Some(Format::Url),
                    "date-time" => Some(Format::Time),
                    other => {
                        self.misspelt_format(value.span, other);
                        None
                    }
                });
            }
            "minLength" => rule.min_length = self.count(entry),
            "maxLength" => rule.max_length = self.count(entry),
            "minItems" => rule.min_items = self.count(entry),
            "maxItems" => rule.max_items = self.count(entry),
            "minProperties" => rule.min_properties = self.count(entry),
            "maxProperties" => rule.max_properties = self.count(entry),
            "multipleOf" => rule.multiple_of = self.number(entry),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => self.limit(rule, entry),
            "uniqueItems" => rule.unique_items = value.kind == ValueKind::Bool(true),
            "items" => match &value.kind {
                // Before 2020-12: one schema for each of the first elements.
                ValueKind::Array(items) => {
                    rule.prefix_items = (0..items.len()).map(|at| self.id(&child(&[at]))).collect();
                }
                _ => rule.items = Some(self.id(&child(&[]))),
            },
            "prefixItems" => rule.prefix_items = self.list(&child(&[]), entry),
            "properties" => {
                let ValueKind::Object(fields) = &value.kind else {
                    return self.bad(value.span, "`properties` is an object of schemas, by name", "no object");
                };
                for (at, field) in fields.entries.iter().enumerate() {
                    let id = self.id(&child(&[at]));
                    rule.properties.push(Property { name: field.key.value.clone(), span: field.key.span, rule: id });
                }
            }
            "patternProperties" => {
                if rule.additional == Additional::Unsaid || rule.additional == Additional::Forbidden {
                    rule.additional = Additional::Allowed;
                }
                self.unchecked(entry);
            }
            "required" => self.required(rule, entry),
            "additionalProperties" => {
                rule.additional = match (&value.kind, rule.additional) {
                    (ValueKind::Bool(false), Additional::Allowed) | (ValueKind::Bool(true), _) => Additional::Allowed,
                    (ValueKind::Bool(false), _) => Additional::Forbidden,
                    _ => Additional::Like(self.id(&child(&[]))),
                };
            }
            "allOf" => {
                let ids = self.list(&child(&[]), entry);
                rule.all_of.extend(ids);
            }
            "anyOf" => rule.any_of = self.list(&child(&[]), entry),
            "oneOf" => rule.one_of = self.list(&child(&[]), entry),
            "title" => {
                if let ValueKind::String(title) = &value.kind {
                    rule.title = Some(title.value.clone());
                }
            }
            "description" => rule.description = self.text(entry).map(str::to_string),
            "x-private" => {
                rule.private = match self.text(entry) {
                    Some("personal") => Some(Private::Personal),
                    Some("sensitive") => Some(Private::Sensitive),
                    Some(other) => {
                        let headline = format!("`x-private` is `personal` or `sensitive`, not `{other}`");
                        self.bad(value.span, headline, "neither of the two");
                        None
                    }
                    None => None,
                };
            }
            "$dynamicRef" | "$recursiveRef" | "$dynamicAnchor" => {
                rule.opaque = true;
                self.report(
                    Diagnostic::new(
                        Code::UnsupportedSchema,
                        entry.key.span,
                        format!("flowc does not follow `{}`", entry.key.value),
                    )
                    .label("this schema is `json`")
                    .help("name the schema with `$ref`"),
                );
            }
            word if UNCHECKED.contains(&word) => self.unchecked(entry),
            word if ANNOTATIONS.contains(&word) || word.starts_with("x-") => {}
            _ => {
                rule.opaque = true;
                self.unknown(entry);
            }
        }
    }

    fn types(&mut self, rule: &mut Rule, value: &ast::Value) {
        let items = match &value.kind {
            ValueKind::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let mut kinds = Kinds::NONE;
        for item in items {
            let ValueKind::String(text) = &item.kind else {
                rule.opaque = true;
                return self.bad(item.span, format!("a `type` is a word, not {}", item.describe()), "no word");
            };
            match text.value.as_str() {
                "null" => kinds.null = true,
                "boolean" => kinds.bool = true,
                "number" => kinds.number = true,
                "integer" => {
                    // Together with `number` every number is accepted.
                    rule.integer = !kinds.number;
                    kinds.number = true;
                }
                "string" => kinds.string = true,
                "array" => kinds.array = true,
                "object" => kinds.object = true,
                word => {
                    rule.opaque = true;
                    let headline = format!("there is no type `{word}` in JSON Schema");
                    let mut diagnostic = Diagnostic::new(Code::BadSchema, text.span, headline).label("unknown type");
                    let own = match word {
                        "int" | "long" => Some("integer"),
                        "float" | "double" | "decimal" => Some("number"),
                        "str" | "text" | "date" | "email" | "uuid" => Some("string"),
                        "bool" => Some("boolean"),
                        "list" => Some("array"),
                        "map" | "dict" => Some("object"),
                        _ => suggest::nearest(word, TYPES.iter().copied()),
                    };
                    if let Some(near) = own {
                        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                    }
                    self.report(diagnostic.help(format!("types are {}", suggest::list(TYPES.iter().copied(), "and"))));
                    return;
                }
            }
            if text.value == "number" {
                rule.integer = false;
            }
        }
        rule.kinds = kinds;
    }

    fn limit(&mut self, rule: &mut Rule, entry: &Entry) {
        let word = entry.key.value.as_str();
        let exclusive = word.starts_with("exclusive");
        let limit = if word.to_ascii_lowercase().ends_with("minimum") { &mut rule.minimum } else { &mut rule.maximum };
        // OpenAPI 3.0: `"exclusiveMinimum": true` beside a `minimum`.
        if let (true, ValueKind::Bool(exclusive)) = (exclusive, &entry.value.kind) {
            let value =
                limit.map_or(if word.ends_with("Minimum") { f64::NEG_INFINITY } else { f64::INFINITY }, |l| l.value);
            *limit = Some(Limit { value, exclusive: *exclusive });
            return;
        }
        let was_exclusive = limit.is_some_and(|limit| limit.exclusive && limit.value.is_infinite());
        let Some(value) = self.number(entry) else { return };
        *limit = Some(Limit { value, exclusive: exclusive || was_exclusive });
    }

    fn required(&mut self, rule: &mut Rule, entry: &Entry) {
        let ValueKind::Array(items) = &entry.value.kind else {
            self.bad(
                entry.value.span,
                format!("`required` is an array of names, not {}", entry.value.describe()),
                "no array",
            );
            return;
        };
        for item in items {
            match &item.kind {
                ValueKind::String(name) => rule.required.push(name.value.clone()),
                _ => self.bad(
                    item.span,
                    format!("a required field is named by text, not {}", item.describe()),
                    "no name",
                ),
            }
        }
    }

    /// A field that is required, where one of nearly the same name is declared.
    fn misspelt_required(&mut self, rule: &Rule, object: &ast::Object) {
        let Some(ValueKind::Array(items)) = object.get("required").map(|value| &value.kind) else { return };
        let names = items.iter().filter_map(|item| match &item.kind {
            ValueKind::String(name) => Some((name.value.as_str(), item.span)),
            _ => None,
        });
        let declared: HashSet<&str> = rule.properties.iter().map(|property| property.name.as_str()).collect();
        // The fields of a larger object are data, no names that somebody has typed.
        if declared.len() > suggest::NAMES_MAX {
            return;
        }
        for (name, span) in names.filter(|(name, _)| !declared.contains(name)) {
            let meant = rule.properties.iter().find(|property| suggest::slip(name, &property.name).is_some());
            let Some(meant) = meant else { continue };
            self.report(
                Diagnostic::new(Code::MisspeltName, span, format!("`{name}` is nearly `{}`", meant.name))
                    .label("required, and declared nowhere")
                    .also(meant.span, "declared here, and not required")
                    .help(format!("write `{}`, if that is what is meant", meant.name)),
            );
        }
    }

    fn misspelt_format(&mut self, span: Span, format: &str) {
        let letters = |text: &str| text.replace(['-', '_', ' '], "").to_ascii_lowercase();
        let is_meant = |known: &&&str| suggest::slip(format, known).is_some() || letters(format) == letters(known);
        let is_mail = ["mail", "mailaddress", "emailaddress"].contains(&letters(format).as_str());
        let known = FORMATS.iter().find(is_meant).or(is_mail.then_some(&"email"));
        let Some(meant) = known.filter(|known| **known != format) else { return };
        self.report(
            Diagnostic::new(Code::MisspeltName, span, format!("`{format}` is nearly the format `{meant}`"))
                .label("says nothing")
                .help(format!("write `{meant}`")),
        );
    }

    fn list(&mut self, place: &Place, entry: &Entry) -> Vec<RuleId> {
        match &entry.value.kind {
            ValueKind::Array(items) if !items.is_empty() => {
                (0..items.len()).map(|at| self.id(&place.inside(&[at]))).collect()
            }
            _ => {
                self.bad(entry.value.span, format!("`{}` is an array of schemas", entry.key.value), "no schemas");
                Vec::new()
            }
        }
    }

    fn text<'e>(&mut self, entry: &'e Entry) -> Option<&'e str> {
        match &entry.value.kind {
            ValueKind::String(text) => Some(&text.value),
            _ => {
                self.wrong(entry, "text");
                None
            }
        }
    }

    fn number(&mut self, entry: &Entry) -> Option<f64> {
        match entry.value.kind {
            ValueKind::Number(_, number) => Some(number),
            _ => {
                self.wrong(entry, "a number");
                None
            }
        }
    }

    fn count(&mut self, entry: &Entry) -> Option<usize> {
        match entry.value.kind {
            ValueKind::Number(_, number) if number >= 0.0 && number.fract() == 0.0 => Some(number as usize),
            _ => {
                self.wrong(entry, "a whole number, 0 or more");
                None
            }
        }
    }

    fn wrong(&mut self, entry: &Entry, expected: &str) {
        let headline = format!("`{}` is {expected}, not {}", entry.key.value, entry.value.describe());
        self.bad(entry.value.span, headline, "wrong type");
    }

    pub(super) fn bad(&mut self, span: Span, headline: impl Into<String>, label: &str) {
        self.report(Diagnostic::new(Code::BadSchema, span, headline).label(label));
    }

    fn unchecked(&mut self, entry: &Entry) {
        self.report(
            Diagnostic::new(
                Code::UnsupportedSchema,
                entry.key.span,
                format!("flowc does not check `{}`", entry.key.value),
            )
            .label("has no effect: values that it forbids are accepted"),
        );
    }

    fn unknown(&mut self, entry: &Entry) {
        let word = &entry.key.value;
        let diagnostic =
            Diagnostic::new(Code::UnsupportedSchema, entry.key.span, format!("`{word}` is no keyword of JSON Schema"))
                .label("this schema is `json`: nothing is checked");
        let known = UNDERSTOOD.iter().chain(UNCHECKED).chain(ANNOTATIONS).copied();
        self.report(match suggest::nearest(word, known) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("a field is declared under `properties`; a remark of your own begins with `x-`"),
        });
    }
}

/// JSON as a value.
fn constant(value: &ast::Value) -> Value {
    match &value.kind {
        ValueKind::Null => Value::Null,
        ValueKind::Bool(value) => Value::Bool(*value),
        ValueKind::Number(_, number) => Value::Number(*number),
        ValueKind::String(text) => Value::string(&text.value),
        ValueKind::Array(items) => Value::array(items.iter().map(constant).collect()),
        ValueKind::Object(object) => {
            Value::object(object.entries.iter().map(|entry| (entry.key.value.as_str(), constant(&entry.value))))
        }
    }
}
