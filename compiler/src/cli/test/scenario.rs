//! A scenario's file: what happens to a workflow, and what should come of it.
//!
//! Comes in: the text of `scenarios/<name>.json`. Goes out: a [`Scenario`], or what is wrong with the file; and the text
//! of one whose expectations were written anew.
//! Always true: a key that nobody reads is an error, so that a misspelt expectation cannot pass.

use crate::diagnostic::suggest::nearest;
use crate::infer::print::print;
use serde_json::{Map, Value};
use std::path::Path;

/// The keys of a file, in the order in which they are written.
const KEYS: [&str; 7] = ["description", "trigger", "input", "input_from", "environment", "answers", "expect"];

/// The keys of `expect`.
const EXPECT: [&str; 7] = ["status", "error", "error_code", "nodes", "requests", "mails", "duration"];

/// The keys of an answer.
const ANSWER: [&str; 7] = ["status", "json", "text", "headers", "delay", "fault", "reply"];

#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The file's name without its ending.
    pub name: String,
    /// Everything that stands in the file.
    fields: Map<String, Value>,
    /// What the workflow is given; from another file where `input_from` says so.
    pub input: Value,
}

impl Scenario {
    /// `read` gives the text of the file that `input_from` names, relative to the scenario's.
    pub fn read(name: &str, text: &str, read: impl Fn(&Path) -> Result<String, String>) -> Result<Scenario, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Value::Object(fields) = document else { return Err("a scenario is a JSON object".to_owned()) };
        known("", &fields, &KEYS)?;
        if let Some(expect) = object("expect", fields.get("expect"))? {
            known("`expect`: ", expect, &EXPECT)?;
        }
        if let Some(answers) = object("answers", fields.get("answers"))? {
            for (node, answers) in answers {
                let list = answers.as_array().map_or(std::slice::from_ref(answers), Vec::as_slice);
                for answer in list {
                    let fields =
                        answer.as_object().ok_or_else(|| format!("`answers`: `{node}`: an answer is an object"))?;
                    known(&format!("`answers`: `{node}`: "), fields, &ANSWER)?;
                }
            }
        }
        if let Some(environment) = object("environment", fields.get("environment"))?
            && let Some((name, _)) = environment.iter().find(|(_, value)| !value.is_string())
        {
            return Err(format!("`environment`: the value of {name} is not a text"));
        }
        let input = match (fields.get("input"), fields.get("input_from")) {
            (Some(_), Some(_)) => return Err("`input` and `input_from`: one of them is enough".to_owned()),
            (Some(input), None) => input.clone(),
            (None, Some(Value::String(place))) => referenced(place, read)?,
            (None, Some(_)) => return Err("`input_from` is a text such as \"../orders.json#/first\"".to_owned()),
            (None, None) => Value::Object(Map::new()),
        };
        Ok(Scenario { name: name.to_owned(), fields, input })
    }

    /// A scenario that nobody has written yet.
    pub fn new(name: &str, description: &str, input: Value, answers: Map<String, Value>) -> Scenario {
        let mut fields = Map::new();
        fields.insert("description".to_owned(), description.into());
        fields.insert("input".to_owned(), input.clone());
        if !answers.is_empty() {
            fields.insert("answers".to_owned(), Value::Object(answers));
        }
        Scenario { name: name.to_owned(), fields, input }
    }

    pub fn trigger(&self) -> Option<&str> {
        self.fields.get("trigger").and_then(Value::as_str)
    }

    pub fn environment(&self) -> Map<String, Value> {
        self.fields.get("environment").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    pub fn answers(&self) -> Value {
        self.fields.get("answers").cloned().unwrap_or_else(|| Value::Object(Map::new()))
    }

    /// Drops the answers that none of these nodes asked for.
    pub fn keep_answers(&mut self, nodes: &[&str]) {
        if let Some(Value::Object(answers)) = self.fields.get_mut("answers") {
            answers.retain(|node, _| nodes.contains(&node.as_str()));
            if answers.is_empty() {
                self.fields.shift_remove("answers");
            }
        }
    }

    pub fn expect(&self) -> Option<&Value> {
        self.fields.get("expect")
    }

    /// The text of the file, with these expectations.
    pub fn text(&self, expect: Value) -> String {
        let mut fields = self.fields.clone();
        fields.insert("expect".to_owned(), expect);
        let mut ordered = Map::new();
        for key in KEYS {
            if let Some(value) = fields.get(key) {
                ordered.insert(key.to_owned(), value.clone());
            }
        }
        print(&Value::Object(ordered), 0) + "\n"
    }
}

/// `../orders.json#/first`: a file, and a JSON pointer into it.
fn referenced(place: &str, read: impl Fn(&Path) -> Result<String, String>) -> Result<Value, String> {
    let (file, pointer) = place.split_once('#').unwrap_or((place, ""));
    let text = read(Path::new(file)).map_err(|error| format!("`input_from`: {error}"))?;
    let document: Value = serde_json::from_str(&text).map_err(|error| format!("`input_from`: {file}: {error}"))?;
    let found = document.pointer(pointer).cloned();
    found.ok_or_else(|| format!("`input_from`: there is no `{pointer}` in {file}"))
}

fn object<'a>(key: &str, value: Option<&'a Value>) -> Result<Option<&'a Map<String, Value>>, String> {
    match value {
        None => Ok(None),
        Some(Value::Object(fields)) => Ok(Some(fields)),
        Some(_) => Err(format!("`{key}` is an object")),
    }
}

fn known(place: &str, fields: &Map<String, Value>, keys: &[&str]) -> Result<(), String> {
    let Some(unknown) = fields.keys().find(|key| !keys.contains(&key.as_str())) else { return Ok(()) };
    let help = match nearest(unknown, keys.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", keys.join(", ")),
    };
    Err(format!("{place}there is no key `{unknown}`: {help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Scenario, String> {
        Scenario::read("x", text, |path| match path.to_str() {
            Some("orders.json") => Ok(r#"{"first": {"id": 1}}"#.to_owned()),
            _ => Err("there is no such file".to_owned()),
        })
    }

    #[test]
    fn the_input_may_stand_elsewhere() {
        assert_eq!(read(r#"{"input_from": "orders.json#/first"}"#).unwrap().input, serde_json::json!({"id": 1}));
        assert_eq!(read("{}").unwrap().input, serde_json::json!({}));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, says) in [
            ("{", "EOF"),
            ("[]", "a JSON object"),
            (r#"{"answer": {}}"#, "there is no key `answer`: did you mean `answers`?"),
            (r#"{"expect": {"node": {}}}"#, "`expect`: there is no key `node`: did you mean `nodes`?"),
            (r#"{"answers": {"a": [{"stat": 1}]}}"#, "`answers`: `a`: there is no key `stat`"),
            (r#"{"answers": {"a": [1]}}"#, "an answer is an object"),
            (r#"{"environment": {"A": 1}}"#, "the value of A is not a text"),
            (r#"{"input": {}, "input_from": "x"}"#, "one of them is enough"),
            (r#"{"input_from": "orders.json#/second"}"#, "there is no `/second` in orders.json"),
            (r#"{"input_from": "other.json"}"#, "there is no such file"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(says), "{text}: {message}");
        }
    }

    #[test]
    fn written_in_the_order_people_read() {
        let scenario = read(r#"{"expect": {}, "input": {"a": 1}, "description": "d"}"#).unwrap();
        let text = scenario.text(serde_json::json!({"status": "completed"}));
        assert_eq!(
            text,
            "{ \"description\": \"d\", \"input\": { \"a\": 1 }, \"expect\": { \"status\": \"completed\" } }\n"
        );
    }
}
