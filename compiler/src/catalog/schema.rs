//! The JSON Schema of `workflow.json`, for editors: they complete keys, show what they mean, and mark what does not fit.
//!
//! Comes in: the tables of this module. Goes out: a schema of draft 2020-12.
//! Always true: what flowc accepts, the schema accepts. The other way round it is coarser: it knows the shape of a
//! workflow, not its names and expressions.

use serde_json::{Map, Value, json};

use super::attempt::RETRY_DELAY_OBJECT;
use super::data_transform::reads;
use super::document::{CONNECTION, Field, NODE, SCHEMA, WORKFLOW};
use super::http::CACHE;
use super::{KINDS, Key, KeyType, KindSpec, SETTINGS, send_email};
use crate::diagnostic::Code;

/// Longer than that no clock of flowc counts.
const SECONDS_MAX: f64 = 3.2e9;
const COUNT_MAX: u32 = 1_000_000;

/// The whole schema.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    definitions.insert("node".into(), node());
    definitions.insert("connection".into(), connection());
    definitions.insert("allow".into(), allow());
    for kind in compiled() {
        definitions.insert(kind.word.into(), config(kind));
    }
    let mut workflow = object(WORKFLOW, |field| match field.name {
        "nodes" => json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/node" } }),
        "connections" => json!({ "type": "array", "items": { "$ref": "#/$defs/connection" } }),
        "settings" => keys_object(SETTINGS),
        "allow" => json!({ "$ref": "#/$defs/allow" }),
        SCHEMA => json!({}),
        _ => string(),
    });
    workflow.insert("$defs".into(), definitions.into());
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "A workflow for flowc".into());
    schema.extend(workflow);
    schema.into()
}

/// The kinds that an author can use.
fn compiled() -> impl Iterator<Item = &'static KindSpec> {
    KINDS.iter().copied().filter(|kind| !kind.is_for_later())
}

fn node() -> Value {
    let mut node = object(NODE, |field| match field.name {
        "id" => json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*$", "maxLength": 128 }),
        "type" => json!({ "enum": ["trigger", "action"] }),
        "trigger_type" => words(true),
        "action_type" => words(false),
        "config" => json!({ "type": "object" }),
        "dependencies" => json!({ "type": "array", "items": { "type": "string" } }),
        "allow" => json!({ "$ref": "#/$defs/allow" }),
        _ => string(),
    });
    let role = |role: &str, wanted: &str, other: &str| {
        json!({
            "if": { "properties": { "type": { "const": role } }, "required": ["type"] },
            "then": { "required": [wanted], "properties": { other: false } },
        })
    };
    let mut rules = vec![role("trigger", "trigger_type", "action_type"), role("action", "action_type", "trigger_type")];
    for kind in compiled() {
        let key = if kind.trigger { "trigger_type" } else { "action_type" };
        let mut then = json!({ "properties": { "config": { "$ref": format!("#/$defs/{}", kind.word) } } });
        if kind.keys.iter().any(|key| key.required) {
            then["required"] = json!(["config"]);
        }
        rules.push(json!({ "if": { "properties": { key: { "const": kind.word } }, "required": [key] }, "then": then }));
    }
    node.insert("allOf".into(), rules.into());
    node.into()
}

/// Editors show the summaries beside the words.
fn words(trigger: bool) -> Value {
    let kinds: Vec<&KindSpec> = compiled().filter(|kind| kind.trigger == trigger).collect();
    json!({
        "enum": kinds.iter().map(|kind| kind.word).collect::<Vec<_>>(),
        "markdownEnumDescriptions": kinds.iter().map(|kind| kind.summary).collect::<Vec<_>>(),
    })
}

fn connection() -> Value {
    object(CONNECTION, |_| string()).into()
}

/// A name that is no lint's is only warned about.
fn allow() -> Value {
    let lints = Code::ALL.iter().filter(|code| code.is_lint());
    let names: Vec<&str> = lints.clone().map(|code| code.slug()).collect();
    let summaries: Vec<&str> = lints.map(|code| code.summary()).collect();
    let known = json!({ "enum": names, "markdownEnumDescriptions": summaries });
    json!({ "type": "array", "items": { "anyOf": [known, string()] } })
}

fn config(kind: &KindSpec) -> Value {
    let mut config = keys_object(kind.keys);
    config["description"] = kind.summary.into();
    config["markdownDescription"] = kind.summary.into();
    if kind.word == send_email::SPEC.word {
        config["anyOf"] = send_email::CONTENT.iter().map(|key| json!({ "required": [key] })).collect();
    }
    for key in kind.keys.iter().filter(|key| key.name == "transform_type") {
        config["allOf"] = transform_rules(key);
    }
    if kind.key("validate_signature").is_some() {
        let signed =
            json!({ "properties": { "validate_signature": { "const": true } }, "required": ["validate_signature"] });
        config["if"] = signed;
        config["then"] = json!({ "required": ["secret"] });
        config["properties"]["secret"]["minLength"] = 1.into();
    }
    config
}

/// What each transform needs, and the shape of its `fields`.
fn transform_rules(key: &Key) -> Value {
    let KeyType::OneOf(transforms) = key.ty else { return json!([]) };
    let rule = |word: &&str| {
        let fields = match *word {
            "add_fields" => json!({ "type": "object" }),
            "extract_fields" => json!({
                "type": ["array", "object"], "items": path(), "additionalProperties": path()
            }),
            "json_to_csv" => json!({ "type": "array", "items": path() }),
            _ => json!(true),
        };
        let needs: &[&str] = if *word == "json_to_csv" { &[] } else { &reads(word)[..1] };
        json!({
            "if": { "properties": { key.name: { "const": word } }, "required": [key.name] },
            "then": { "required": needs, "properties": { "fields": fields } },
        })
    };
    transforms.iter().map(rule).collect()
}

/// A name or a dotted path.
fn path() -> Value {
    let mut path = literal();
    path["minLength"] = 1.into();
    path
}

/// An object with these keys and no others.
fn object(fields: &[Field], value: impl Fn(&Field) -> Value) -> Map<String, Value> {
    let mut properties = Map::new();
    for field in fields {
        properties.insert(field.name.into(), described(value(field), field.doc));
    }
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    closed(properties, required)
}

fn keys_object(keys: &[Key]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut value = described(value(key.ty), key.doc);
        if let Some(default) = default(key) {
            value["default"] = default;
        }
        properties.insert(key.name.into(), value);
    }
    closed(properties, keys.iter().filter(|key| key.required).map(|key| key.name).collect()).into()
}

fn closed(properties: Map<String, Value>, required: Vec<&str>) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("type".into(), "object".into());
    object.insert("properties".into(), properties.into());
    if !required.is_empty() {
        object.insert("required".into(), required.into());
    }
    object.insert("additionalProperties".into(), false.into());
    object
}

/// Editors that render Markdown take the second, others the first.
fn described(mut value: Value, doc: &str) -> Value {
    value["description"] = doc.into();
    value["markdownDescription"] = doc.into();
    value
}

/// The default of a key, where it is a value and not a rule.
fn default(key: &Key) -> Option<Value> {
    match key.ty {
        KeyType::Bool | KeyType::Seconds | KeyType::Count | KeyType::PositiveCount | KeyType::RetryDelay => {
            serde_json::from_str(key.default).ok()
        }
        KeyType::Port => key.default.parse::<u16>().ok().map(Value::from),
        KeyType::OneOf(words) => words.contains(&key.default).then(|| key.default.into()),
        _ => None,
    }
}

/// As `model::lower::config` takes it.
fn value(ty: KeyType) -> Value {
    match ty {
        KeyType::Text | KeyType::Expression => string(),
        KeyType::Literal => literal(),
        KeyType::Port => json!({ "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 65_535 }, string()] }),
        KeyType::Bool => json!({ "type": "boolean" }),
        KeyType::Seconds => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": SECONDS_MAX }),
        KeyType::Count => json!({ "type": "integer", "minimum": 0, "maximum": COUNT_MAX }),
        KeyType::PositiveCount => json!({ "type": "integer", "minimum": 1, "maximum": COUNT_MAX }),
        KeyType::OneOf(words) => json!({ "enum": words }),
        KeyType::Json => json!({}),
        KeyType::List => json!({ "type": "array" }),
        KeyType::Object | KeyType::Schema => json!({ "type": "object" }),
        KeyType::Headers => {
            json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } })
        }
        KeyType::AddressList => json!({ "type": "array", "items": string() }),
        KeyType::Recipients => json!({ "type": ["string", "array"], "items": string() }),
        KeyType::RetryDelay => json!({
            "anyOf": [{ "type": "number", "minimum": 0, "maximum": SECONDS_MAX }, keys_object(RETRY_DELAY_OBJECT)]
        }),
        KeyType::Cache => keys_object(CACHE),
        KeyType::Fields => json!({ "type": ["array", "object"] }),
    }
}

fn string() -> Value {
    json!({ "type": "string" })
}

/// Text without `${`.
fn literal() -> Value {
    json!({ "type": "string", "pattern": "^(?:[^$]|\\$+[^${])*\\$*$" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every object of the schema that lists keys.
    fn keys_of(schema: &Value, name: &str) -> Vec<String> {
        let properties = schema["properties"].as_object().unwrap_or_else(|| panic!("{name} has no keys"));
        for (key, value) in properties {
            let doc = value["description"].as_str().unwrap_or_default();
            assert!(doc.len() > 5 && doc == value["markdownDescription"], "`{key}` of {name} is not described");
        }
        assert_eq!(schema["additionalProperties"], false, "{name}");
        properties.keys().cloned().collect()
    }

    #[test]
    fn every_key_that_flowc_knows_is_in_it() {
        let schema = schema();
        let fields = |fields: &[Field]| fields.iter().map(|field| field.name.to_owned()).collect::<Vec<_>>();
        let keys = |keys: &[Key]| keys.iter().map(|key| key.name.to_owned()).collect::<Vec<_>>();
        assert_eq!(keys_of(&schema, "a workflow"), fields(WORKFLOW));
        assert_eq!(keys_of(&schema["$defs"]["node"], "a node"), fields(NODE));
        assert_eq!(keys_of(&schema["$defs"]["connection"], "a connection"), fields(CONNECTION));
        assert_eq!(keys_of(&schema["properties"]["settings"], "settings"), keys(SETTINGS));
        for kind in compiled() {
            assert_eq!(keys_of(&schema["$defs"][kind.word], kind.word), keys(kind.keys));
        }
    }

    #[test]
    fn defaults_are_values_of_their_type() {
        let schema = schema();
        let http = &schema["$defs"]["http"]["properties"];
        assert_eq!((&http["method"]["default"], &http["timeout"]["default"]), (&json!("GET"), &json!(30)));
        assert!(http["retry_count"].get("default").is_none());
    }
}
