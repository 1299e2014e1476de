//! Whether two JSON documents say the same.

use super::{JsonError, Object, Value, write_string};

/// A name for what a JSON document says: 32 hexadecimal digits, the same for every order of keys, every spelling of texts
/// and numbers, and any white space. The order of elements counts.
///
/// It is no protection against somebody who looks for two documents of one name: it finds mistakes.
///
/// # Errors
/// When the text is not JSON.
pub fn meaning(json: &str) -> Result<String, JsonError> {
    let text = sorted_text(&Value::from_json(json)?);
    // FNV-1a over 128 bits.
    let hash = text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    Ok(format!("{hash:032x}"))
}

/// Equal for equal values, and only for those. Not JSON: it is only for comparing.
pub(crate) fn sorted_text(value: &Value) -> String {
    let mut text = String::new();
    push_sorted(value, &mut text);
    text
}

fn push_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for item in items.iter() {
                push_sorted(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (key, value) in sorted(object) {
                write_string(&key, text);
                text.push(':');
                push_sorted(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_json().unwrap_or_default());
        }
    }
}

fn sorted(object: &Object) -> Vec<(String, &Value)> {
    let mut fields: Vec<_> = object.iter().map(|(key, value)| (key.to_well_formed().into_owned(), value)).collect();
    fields.sort_by(|left, right| left.0.cmp(&right.0));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str, same: bool) {
        assert_eq!(meaning(left).unwrap() == meaning(right).unwrap(), same, "{left} and {right}");
    }

    #[test]
    fn spelling_does_not_count() {
        check(r#"{"a":1,"b":[true,null]}"#, " { \"b\" : [ true , null ] , \"\\u0061\" : 1.0 } ", true);
        check(r#"{"a":{"y":1,"x":2}}"#, r#"{"a":{"x":2,"y":1}}"#, true);
        check(r#"{"1":1,"a":2}"#, r#"{"a":2,"1":1}"#, true);
    }

    #[test]
    fn everything_else_counts() {
        check("[1,2]", "[2,1]", false);
        check(r#"{"a":1}"#, r#"{"a":"1"}"#, false);
        check(r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false);
        check(r#"[["a"],"b"]"#, r#"[["a","b"]]"#, false);
        check(r#"["a,b"]"#, r#"["a","b"]"#, false);
        assert!(meaning("{").is_err());
    }
}
