//! A schema as people write it: what fits on a line stands on one.

use serde_json::Value;

const WIDTH: usize = 100;

/// The text; its first line begins at `margin`, and so do the others.
pub fn print(schema: &Value, margin: usize) -> String {
    lines(schema, margin, 0)
}

/// `before` is what stands on the line already, behind the margin.
fn lines(value: &Value, margin: usize, before: usize) -> String {
    let line = line(value);
    if margin + before + line.chars().count() < WIDTH {
        return line;
    }
    let inner = margin + 2;
    let (open, close, parts): (_, _, Vec<String>) = match value {
        Value::Object(fields) if !fields.is_empty() => {
            let part = |(key, value): (&String, &Value)| {
                let key = Value::from(key.as_str()).to_string();
                format!("{key}: {}", lines(value, inner, key.chars().count() + 2))
            };
            ('{', '}', fields.iter().map(part).collect())
        }
        Value::Array(items) if !items.is_empty() => {
            ('[', ']', items.iter().map(|item| lines(item, inner, 0)).collect())
        }
        _ => return line,
    };
    let space = " ".repeat(inner);
    format!("{open}\n{space}{}\n{}{close}", parts.join(&format!(",\n{space}")), " ".repeat(margin))
}

fn line(value: &Value) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let parts = fields.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), line(value)));
            format!("{{ {} }}", parts.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(", ")),
        value => value.to_string(),
    }
}
