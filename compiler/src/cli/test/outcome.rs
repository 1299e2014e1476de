//! What happened in a scenario, in the words of `expect`; and how that differs from what was expected.
//!
//! Comes in: what the compiled workflow reported. Goes out: an expectation that it would meet, and [`differences`].
//! Always true: an object is compared by the keys the author wrote, a list as a whole, numbers by their value.

use serde_json::{Map, Value, json};

/// Headers that say nothing about a workflow, unless their value is unusual.
const USUAL_HEADERS: [(&str, &str); 3] = [("accept", "*/*"), ("content-type", "application/json"), ("user-agent", "")];

/// The whole of what happened, as an expectation.
pub fn expectation(outcome: &Value) -> Value {
    let execution = &outcome["execution"];
    let mut expect = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            expect.insert(key.to_owned(), value);
        }
    };
    put("status", execution["status"].clone());
    put("error", execution["error_message"].clone());
    put("error_code", execution["error_code"].clone());
    let nodes = execution["executed_nodes"].as_array().into_iter().flatten();
    let nodes: Map<String, Value> =
        nodes.map(|node| (node["node_id"].as_str().unwrap_or_default().to_owned(), node["status"].clone())).collect();
    put("nodes", Value::Object(nodes));
    let sent = |key: &str| outcome[key].as_array().into_iter().flatten().map(sent).collect::<Vec<_>>();
    put("requests", sent("requests").into());
    put("mails", sent("mails").into());
    put("duration", execution["duration"].clone());
    Value::Object(expect)
}

/// A request or a mail; a single attempt is not worth a line.
fn sent(sent: &Value) -> Value {
    let mut sent = sent.clone();
    if let Value::Object(fields) = &mut sent {
        if fields.get("attempts") == Some(&json!(1)) {
            fields.shift_remove("attempts");
        }
        if let Some(Value::Object(headers)) = fields.get_mut("headers") {
            headers.retain(|name, value| {
                let usual = USUAL_HEADERS.iter().find(|(usual, _)| usual == name);
                usual.is_none_or(|(_, usual)| !usual.is_empty() && value != usual)
            });
            // Credentials of the scenario are made up, and the same everywhere.
            headers.shift_remove("authorization");
        }
    }
    sent
}

/// What to write where `old` was expected and `new` happened: the same keys, with what is true now.
pub fn updated(old: Option<&Value>, new: &Value) -> Value {
    match (old, new) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            // A number of attempts that is written is never one.
            let attempts = |key: &str| key == "attempts" && new.contains_key("node");
            let kept = new.iter().filter(|(key, _)| old.contains_key(*key) || attempts(key));
            Value::Object(kept.map(|(key, value)| (key.clone(), updated(old.get(key), value))).collect())
        }
        (Some(Value::Array(old)), Value::Array(new)) => {
            new.iter().enumerate().map(|(at, new)| updated(old.get(at), new)).collect()
        }
        _ => new.clone(),
    }
}

/// As [`updated`], for the whole of `expect`: which nodes ran is always told in full.
pub fn updated_expectation(old: Option<&Value>, new: &Value) -> Value {
    let mut expect = updated(old, new);
    if let (Value::Object(expect), Some(old)) = (&mut expect, old) {
        if old.get("nodes").is_some() {
            expect.insert("nodes".to_owned(), new["nodes"].clone());
        }
        if let Some(error) = new.get("error") {
            expect.insert("error".to_owned(), error.clone());
        }
    }
    expect
}

/// One line or paragraph per difference; empty: everything is as expected.
pub fn differences(expected: &Value, outcome: &Value) -> Vec<String> {
    let full = full(outcome);
    let mut found = Vec::new();
    for (key, expected) in expected.as_object().into_iter().flatten() {
        match key.as_str() {
            "nodes" => nodes(expected, &full["nodes"], &mut found),
            _ => compare(key, expected, full.get(key).unwrap_or(&Value::Null), &mut found),
        }
    }
    // An execution that went wrong where nothing was said of that.
    if expected.get("error").is_none() && expected["status"] == "completed" && !full["error"].is_null() {
        found.push(format!("error: {}", text(&full["error"])));
    }
    for node in outcome["unanswered"].as_array().into_iter().flatten() {
        let node = node.as_str().unwrap_or_default();
        found.push(format!("`{node}` made a request, and `answers` has nothing for `{node}`"));
    }
    found
}

/// As [`expectation`], with everything that is left out there.
fn full(outcome: &Value) -> Value {
    let mut full = expectation(outcome);
    full["requests"] = outcome["requests"].clone();
    full["mails"] = outcome["mails"].clone();
    full
}

fn nodes(expected: &Value, actual: &Value, found: &mut Vec<String>) {
    let (Some(expected), Some(actual)) = (expected.as_object(), actual.as_object()) else {
        found.push("nodes: expected an object such as { \"charge\": \"completed\" }".to_owned());
        return;
    };
    for (node, expected) in expected {
        match actual.get(node) {
            None => found.push(format!("nodes: `{node}` did not run, expected {}", text(expected))),
            Some(actual) if actual != expected => {
                found.push(format!("nodes: `{node}` {}, expected {}", text(actual), text(expected)));
            }
            Some(_) => {}
        }
    }
    for node in actual.keys().filter(|node| !expected.contains_key(*node)) {
        found.push(format!("nodes: `{node}` ran, which was not expected"));
    }
}

fn compare(place: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(fields), Value::Object(others)) => {
            // One attempt is what is meant where none are counted.
            let sent = others.contains_key("node") && others.contains_key("attempts");
            if sent && !fields.contains_key("attempts") && others["attempts"] != json!(1) {
                found.push(format!("{place}.attempts: {}, expected 1", others["attempts"]));
            }
            for (key, expected) in fields {
                compare(&format!("{place}.{key}"), expected, others.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(items), Value::Array(others)) => {
            for (at, expected) in items.iter().enumerate() {
                match others.get(at) {
                    Some(actual) => compare(&format!("{place}[{at}]"), expected, actual, found),
                    None => found.push(format!("{place}[{at}]: missing, expected {}", short(expected))),
                }
            }
            for (at, actual) in others.iter().enumerate().skip(items.len()) {
                found.push(format!("{place}[{at}]: not expected: {}", short(actual)));
            }
        }
        _ if same(expected, actual) => {}
        (Value::String(expected), Value::String(actual)) if expected.contains('\n') || actual.contains('\n') => {
            found.push(format!("{place}:\n{}", lines(expected, actual)));
        }
        _ => found.push(format!("{place}: {}, expected {}", text(actual), text(expected))),
    }
}

/// Equal as JavaScript sees it: 10 is 10.0.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && !text.contains(' ') => text.clone(),
        Value::Null => "nothing".to_owned(),
        value => value.to_string(),
    }
}

/// What a request or a mail is, in a line.
fn short(value: &Value) -> String {
    let line = match (&value["method"], &value["url"], &value["subject"]) {
        (Value::String(method), Value::String(url), _) => format!("{}: {method} {url}", text(&value["node"])),
        (_, _, Value::String(subject)) => format!("{}: mail \"{subject}\"", text(&value["node"])),
        _ => value.to_string(),
    };
    if line.chars().count() <= 160 { line } else { line.chars().take(160).chain(['…']).collect() }
}

/// Both texts line by line: what is the same once, what differs one above the other.
fn lines(expected: &str, actual: &str) -> String {
    let (expected, actual): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let mut shown = Vec::new();
    for at in 0..expected.len().max(actual.len()) {
        match (expected.get(at), actual.get(at)) {
            (Some(one), Some(other)) if one == other => shown.push(format!("    {one}")),
            (one, other) => {
                shown.extend(one.map(|line| format!("  - {line}")));
                shown.extend(other.map(|line| format!("  + {line}")));
            }
        }
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Value {
        json!({
            "execution": {
                "status": "completed", "error_message": null, "error_code": null, "duration": 5,
                "executed_nodes": [{"node_id": "a", "status": "completed"}, {"node_id": "b", "status": "failed"}],
            },
            "requests": [{"node": "b", "attempts": 3, "method": "POST", "url": "https://x.test/", "body": {"n": 1},
                          "headers": {"accept": "*/*", "user-agent": "flowc/1", "x": "y"}}],
            "mails": [{"node": "c", "attempts": 1, "subject": "S", "text": "one\ntwo\n"}],
            "unanswered": [],
        })
    }

    fn check(expected: Value, differences: &[&str]) {
        assert_eq!(super::differences(&expected, &outcome()), differences, "{expected}");
    }

    #[test]
    fn what_happened_meets_its_own_expectation() {
        check(expectation(&outcome()), &[]);
        check(json!({}), &[]);
    }

    #[test]
    fn objects_are_compared_by_what_is_expected() {
        check(json!({"requests": [{"attempts": 3, "body": {"n": 1.0}}]}), &[]);
        check(
            json!({"requests": [{"attempts": 3, "body": {"n": 2, "m": 1}}]}),
            &["requests[0].body.n: 1, expected 2", "requests[0].body.m: nothing, expected 1"],
        );
    }

    #[test]
    fn attempts_are_counted_even_where_nobody_says_how_many() {
        check(json!({"requests": [{"node": "b"}]}), &["requests[0].attempts: 3, expected 1"]);
    }

    #[test]
    fn lists_are_compared_as_a_whole() {
        check(json!({"requests": []}), &["requests[0]: not expected: b: POST https://x.test/"]);
        check(
            json!({"mails": [{"subject": "S"}, {"node": "d", "subject": "T"}]}),
            &["mails[1]: missing, expected d: mail \"T\""],
        );
    }

    #[test]
    fn nodes_are_told_in_full() {
        check(
            json!({"nodes": {"a": "failed", "c": "completed"}}),
            &[
                "nodes: `a` completed, expected failed",
                "nodes: `c` did not run, expected completed",
                "nodes: `b` ran, which was not expected",
            ],
        );
    }

    #[test]
    fn texts_differ_line_by_line() {
        check(json!({"mails": [{"text": "one\nthree\n"}]}), &["mails[0].text:\n    one\n  - three\n  + two"]);
    }

    #[test]
    fn an_update_keeps_what_the_author_looks_at() {
        let new = expectation(&outcome());
        let old =
            json!({"status": "error", "nodes": {"a": "completed"}, "requests": [{"node": "z", "body": {"n": 7}}]});
        let expected = json!({
            "status": "completed",
            "nodes": {"a": "completed", "b": "failed"},
            "requests": [{"node": "b", "attempts": 3, "body": {"n": 1}}],
        });
        assert_eq!(updated_expectation(Some(&old), &new), expected);
        assert_eq!(updated_expectation(None, &new), new);
    }
}
