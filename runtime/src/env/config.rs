//! `config.json`: environment variables as a tree, the way people write settings.
//!
//! Comes in: the text of the file, a JSON object. Goes out: names and values.
//!
//! A field's name is its path in capitals joined with `_`: `inventory_api.url` is `INVENTORY_API_URL`, `webhook_secret`
//! is `WEBHOOK_SECRET`. Two habits of such files get a second name, which never wins over a field of that very name:
//! - fields of `email_config` are SMTP settings: `email_config.username` is also `SMTP_USERNAME`,
//!   `email_config.smtp_server` also `SMTP_SERVER`;
//! - `api_key` at the top is also `FLOWFORGE_API_KEY`.
//!
//! Text, numbers and `true`/`false` are values; `null` and lists are not.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// # Errors
/// `LINE:COLUMN: what is wrong`, without any of the text.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let tree: Value = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        format!("{}:{}: {message}", error.line(), error.column())
    })?;
    let Value::Object(tree) = tree else { return Err("1:1: expected a JSON object".to_owned()) };
    let mut values = BTreeMap::new();
    add(&mut values, "", &tree);
    if let Some(Value::Object(email)) = tree.get("email_config") {
        let mut aliases = BTreeMap::new();
        add(&mut aliases, "", email);
        for (name, value) in aliases {
            let name = if name.starts_with("SMTP_") { name } else { format!("SMTP_{name}") };
            values.entry(name).or_insert(value);
        }
    }
    if let Some(key) = tree.get("api_key").and_then(scalar) {
        values.entry("FLOWFORGE_API_KEY".to_owned()).or_insert(key);
    }
    Ok(values)
}

fn add(values: &mut BTreeMap<String, String>, path: &str, fields: &Map<String, Value>) {
    for (key, value) in fields {
        let mut name = path.to_owned();
        if !name.is_empty() {
            name.push('_');
        }
        name.extend(key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }));
        if let Value::Object(fields) = value {
            add(values, &name, fields);
        } else if let Some(value) = scalar(value) {
            values.entry(name).or_insert(value);
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file that comes with the format's own example, and what its Python program makes of it.
    #[test]
    fn shape_of_the_order_fulfillment_example() {
        let values = parse(
            r#"{
              "environment": "production", "api_key": "flow key", "webhook_secret": "hook",
              "inventory_api": {"url": "https://inventory", "key": "inventory key"},
              "payment_api": {"url": "https://payment", "key": "payment key"},
              "shipping_api": {"url": "https://shipping", "key": "shipping key"},
              "ecommerce_api": {"url": "https://shop", "key": "shop key"},
              "email_config": {"smtp_server": "smtp", "smtp_port": 587, "username": "me", "password": "pw"}
            }"#,
        )
        .unwrap();
        for (name, value) in [
            ("WEBHOOK_SECRET", "hook"),
            ("INVENTORY_API_URL", "https://inventory"),
            ("INVENTORY_API_KEY", "inventory key"),
            ("PAYMENT_API_URL", "https://payment"),
            ("PAYMENT_API_KEY", "payment key"),
            ("SHIPPING_API_URL", "https://shipping"),
            ("SHIPPING_API_KEY", "shipping key"),
            ("ECOMMERCE_API_URL", "https://shop"),
            ("ECOMMERCE_API_KEY", "shop key"),
            ("SMTP_SERVER", "smtp"),
            ("SMTP_PORT", "587"),
            ("SMTP_USERNAME", "me"),
            ("SMTP_PASSWORD", "pw"),
            ("FLOWFORGE_API_KEY", "flow key"),
        ] {
            assert_eq!(values.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn direct_name_wins_over_an_alias() {
        let values = parse(r#"{"email_config": {"username": "alias"}, "smtp": {"username": "direct"}}"#).unwrap();
        assert_eq!(values["SMTP_USERNAME"], "direct");
    }

    #[test]
    fn kinds_of_values() {
        let values = parse(r#"{"a": {"b-c": {"d": true}}, "n": null, "l": [1], "e": ""}"#).unwrap();
        let expected = [("A_B_C_D".to_owned(), "true".to_owned()), ("E".to_owned(), String::new())];
        assert_eq!(values, BTreeMap::from(expected));
    }

    #[test]
    fn mistakes_are_placed() {
        assert_eq!(parse("[]").unwrap_err(), "1:1: expected a JSON object");
        assert!(parse("{\n\"a\": }").unwrap_err().starts_with("2:6: "));
        assert!(parse("").unwrap_err().starts_with("1:0: "));
    }
}
