//! Which deliveries are one and the same.
//!
//! Comes in: what names a delivery (a value the workflow computes, or a header of the sender's) and the input. Goes out:
//! a [`DedupeKey`], two digests.
//! Always true: what names a delivery may be somebody's mail address, so neither it nor the input can be read back from
//! the key.

use super::signature::Scheme;
use crate::value::{Doc, EXACT_BELOW, Value};
use sha2::{Digest as _, Sha256};

/// 32 bytes that stand for a text.
pub type Digest = [u8; 32];

/// Names a delivery: whoever comes with the same key gets the same execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DedupeKey {
    /// Of what names it, and of where that came from.
    pub name: Digest,
    /// Of the input, as canonical JSON text: the same key with another input is a mistake of the sender's.
    pub input: Digest,
}

/// Why a rule gives no key for an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// The rule has no value.
    NoValue,
    /// What names the delivery holds a number whose last digits are lost: another delivery may have the same.
    Inexact,
}

/// The door of what comes in over the API. No node can have this id.
pub const API_DOOR: &str = "/api";

/// Headers in which senders name their deliveries, in the order in which they count: `Idempotency-Key` of the IETF draft,
/// `webhook-id` of Standard Webhooks, GitHub's and Shopify's own.
const KEY_HEADERS: [&str; 4] = ["idempotency-key", "webhook-id", "x-github-delivery", "x-shopify-webhook-id"];

/// The headers that count for a delivery that came signed like this. Standard Webhooks signs the id of the delivery: another
/// header, which is not signed, would let who has seen the request send it again as a new one.
pub fn key_headers(signed: Option<Scheme>) -> &'static [&'static str] {
    match signed {
        Some(Scheme::StandardWebhooks) => &["webhook-id"],
        None
        | Some(Scheme::XSignature | Scheme::XHubSignature256 | Scheme::Stripe | Scheme::Shopify | Scheme::Slack) => {
            &KEY_HEADERS
        }
    }
}

impl DedupeKey {
    /// By the value of a workflow's `dedupe_key`. `None`: it names nothing. `door` is where the delivery came in: the id of
    /// the trigger's node.
    ///
    /// # Errors
    /// It holds a number that is not exact.
    pub fn of_value(door: &str, value: &Value, input: &Doc) -> Result<Option<DedupeKey>, KeyError> {
        let Some(text) = value.to_json().filter(|_| !names_nothing(value)) else { return Ok(None) };
        if is_inexact(&text, input) {
            return Err(KeyError::Inexact);
        }
        Ok(Some(DedupeKey::new(&[door, "dedupe_key"], text.as_bytes(), input)))
    }

    /// By the first of these headers that is there and not empty. `door`: the id of the trigger's node, or
    /// [`API_DOOR`].
    pub fn of_headers<'h>(
        door: &str,
        names: &[&'static str],
        header: impl Fn(&'static str) -> Option<&'h [u8]>,
        input: &Doc,
    ) -> Option<DedupeKey> {
        let mut headers = names.iter().filter_map(|name| Some((*name, header(name)?.trim_ascii())));
        let (name, value) = headers.find(|(_, value)| !value.is_empty())?;
        Some(DedupeKey::new(&[door, name], value, input))
    }

    /// The lengths go in too, so that no two lists of parts look alike.
    fn new(origin: &[&str], value: &[u8], input: &Doc) -> DedupeKey {
        let mut name = Sha256::new();
        for part in origin.iter().map(|part| part.as_bytes()).chain([value]) {
            name.update((part.len() as u64).to_le_bytes());
            name.update(part);
        }
        DedupeKey { name: name.finalize().into(), input: Sha256::digest(input.text()).into() }
    }
}

/// What is missing, `null` or empty, and a list of nothing else: all that come without a name would be one delivery.
fn names_nothing(value: &Value) -> bool {
    match value {
        Value::Undefined | Value::Null => true,
        Value::String(text) => text.is_empty(),
        // As JSON they are `null`.
        Value::Number(number) => !number.is_finite(),
        Value::Array(parts) => parts.iter().all(names_nothing),
        Value::Bool(_) | Value::Object(_) => false,
    }
}

/// Whether a name, as JSON text, holds a number that may have been sent as another: by itself, or in a text that was made
/// with one of the input.
fn is_inexact(name: &str, input: &Doc) -> bool {
    let digits = name.as_bytes().split(|byte| !byte.is_ascii_digit());
    // As JavaScript writes them, such numbers have 16 digits or an exponent: nearly no name has, and no input is searched.
    if digits.map(<[u8]>::len).max() < Some(16) && !name.contains("e+") {
        return false;
    }
    let inexact = |number: &&str| number.parse::<f64>().is_ok_and(|number| number.abs() >= EXACT_BELOW as f64);
    numbers(name).iter().any(inexact)
        || numbers(input.text()).iter().any(|number| inexact(number) && name.contains(number))
}

/// The numbers of JSON text, as they are written.
fn numbers(json: &str) -> Vec<&str> {
    let mut numbers = Vec::new();
    let mut rest = json;
    while let Some(at) = rest.find(|char: char| char == '"' || char == '-' || char.is_ascii_digit()) {
        rest = &rest[at..];
        let length = if rest.starts_with('"') {
            let mut escaped = true; // The quote that opens is none that closes.
            let closes = |byte: u8| {
                let closes = byte == b'"' && !escaped;
                escaped = (byte == b'\\' || closes) && !escaped;
                closes
            };
            rest.bytes().position(closes).map_or(rest.len(), |at| at + 1)
        } else {
            let ends = |char: char| !matches!(char, '0'..='9' | '-' | '+' | '.' | 'e');
            let length = rest.find(ends).unwrap_or(rest.len());
            numbers.push(&rest[..length]);
            length
        };
        rest = &rest[length..];
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Limits, Shape};

    fn doc(text: &str) -> Doc {
        Doc::read(text.as_bytes(), &Shape::EMPTY, &Limits::default()).unwrap()
    }

    fn by_header(door: &str, headers: &[(&str, &str)]) -> Option<DedupeKey> {
        signed(door, None, headers)
    }

    fn signed(door: &str, scheme: Option<Scheme>, headers: &[(&str, &str)]) -> Option<DedupeKey> {
        let find = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_bytes());
        DedupeKey::of_headers(door, key_headers(scheme), find, &doc("{}"))
    }

    #[test]
    fn values_that_name_nothing() {
        let nothing = || vec![Value::Undefined, Value::Null, Value::string(""), Value::Number(f64::NAN)];
        let lists = [Value::array(nothing()), Value::array(vec![Value::array(nothing())]), Value::array(vec![])];
        for value in nothing().into_iter().chain(lists) {
            assert_eq!(DedupeKey::of_value("in", &value, &doc("{}")), Ok(None), "{value:?}");
        }
        let part_missing = Value::array(vec![Value::Undefined, Value::string("A-1")]);
        for value in [Value::Bool(false), Value::Number(0.0), Value::string("0"), part_missing] {
            assert!(DedupeKey::of_value("in", &value, &doc("{}")).unwrap().is_some(), "{value:?}");
        }
    }

    #[test]
    fn numbers_whose_last_digits_are_lost_name_nothing() {
        let check = |value: Value, input: &str, exact: bool| {
            assert_eq!(DedupeKey::of_value("in", &value, &doc(input)).is_ok(), exact, "{value:?} of {input}");
        };
        for (number, exact) in [
            (9_007_199_254_740_991.0, true),
            (0.123_456_789_012_345_67, true),
            (9_007_199_254_740_992.0, false),
            (-12_345_678_901_234_567_891.0, false),
            (1e300, false),
        ] {
            check(Value::Number(number), "{}", exact);
            check(Value::array(vec![Value::string("shop"), Value::Number(number)]), "{}", exact);
        }
        // Also where it has become part of a text. That of a text is its own.
        let name = || Value::string("a \"shop\"-12345678901234567000");
        check(name(), r#"{"shop": "a \"shop\"", "id": 12345678901234567891}"#, false);
        check(name(), r#"{"shop": "a \"shop\"", "id": "12345678901234567000", "total": 12}"#, true);
        check(name(), r#"{"other": [9007199254740993], "id": "12345678901234567000"}"#, true);
    }

    #[test]
    fn numbers_are_found_outside_of_texts_only() {
        let found = numbers(r#"{"a-1":[1,-2.5,1e+21],"b":"3 \"4\\","c":5,"":true}"#);
        assert_eq!(found, ["1", "-2.5", "1e+21", "5"]);
    }

    #[test]
    fn same_value_at_the_same_door_is_the_same_delivery() {
        let key = |door: &str, value: Value| DedupeKey::of_value(door, &value, &doc("{}")).unwrap().unwrap();
        assert_eq!(key("in", Value::string("A-1")), key("in", Value::string("A-1")));
        assert_ne!(key("in", Value::string("A-1")), key("other", Value::string("A-1")));
        assert_ne!(key("in", Value::string("1")), key("in", Value::Number(1.0)));
    }

    #[test]
    fn first_header_that_says_something_counts() {
        let key = by_header("in", &[("webhook-id", "msg_1")]);
        assert!(key.is_some());
        assert_eq!(key, by_header("in", &[("x-github-delivery", "7"), ("webhook-id", " msg_1 ")]));
        assert_eq!(key, by_header("in", &[("idempotency-key", " "), ("webhook-id", "msg_1")]));
        assert_ne!(key, by_header("in", &[("idempotency-key", "msg_1")]));
        assert_eq!(by_header("in", &[("idempotency-key", "")]), None);
        assert_eq!(by_header("in", &[]), None);
    }

    #[test]
    fn a_trigger_called_api_is_another_door_than_the_api() {
        let header = [("idempotency-key", "1")];
        assert_ne!(by_header("api", &header), by_header(API_DOOR, &header));
    }

    #[test]
    fn beside_a_signed_name_no_other_counts() {
        let replayed = [("webhook-id", "msg_1"), ("idempotency-key", "another"), ("x-github-delivery", "7")];
        let standard = Some(Scheme::StandardWebhooks);
        assert_eq!(signed("in", standard, &replayed), signed("in", standard, &[("webhook-id", "msg_1")]));
        // Other schemes sign no name.
        assert_ne!(signed("in", Some(Scheme::XSignature), &replayed), by_header("in", &[("webhook-id", "msg_1")]));
    }

    #[test]
    fn layout_of_the_body_does_not_make_another_input() {
        let key = |input: &str| DedupeKey::of_value("in", &Value::Bool(true), &doc(input)).unwrap().unwrap();
        assert_eq!(key("{\"a\": 1}"), key(" {\"a\":1}\n"));
        assert_ne!(key("{\"a\": 1}"), key("{\"a\": 2}"));
    }
}
