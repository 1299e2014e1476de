//! The account of a run: everything that can be observed, in one text that is the same at every run.
//!
//! What changes from run to run is replaced in one place, [`Names`]: ports by the name of their service, ids and
//! timestamps by what they are. The same id gets the same number, so that three attempts with one `Idempotency-Key` read
//! `key-1, key-1, key-1`.

use flow_world::{Event, Mail, Request};
use serde_json::Value;
use std::fmt::Write;

/// Headers that say nothing about the workflow.
const TRANSPORT: &[&str] = &["accept", "accept-encoding", "connection", "content-length", "host", "user-agent"];

/// Stable names for what changes from run to run.
#[derive(Default)]
pub struct Names {
    /// Text that is replaced wherever it stands, such as the address of a service.
    known: Vec<(String, String)>,
    input: String,
    keys: Vec<String>,
    messages: Vec<String>,
}

impl Names {
    /// From now on `text` reads `name`.
    pub fn know(&mut self, text: String, name: String) {
        self.known.push((text, name));
        self.known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    }

    /// An `Idempotency-Key` that stands in the input was written by the workflow and is shown as it is.
    pub fn input(&mut self, input: &str) {
        input.clone_into(&mut self.input);
    }

    /// The answer of a webhook with its ids replaced.
    pub fn answer(&self, body: &str) -> String {
        let Ok(Value::Object(mut answer)) = serde_json::from_str(body) else { return self.stable(body) };
        if answer.contains_key("request_id") {
            answer.insert("request_id".to_owned(), "<request>".into());
        }
        self.stable(&Value::Object(answer).to_string())
    }

    /// The text with everything replaced.
    pub fn stable(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (known, name) in &self.known {
            text = text.replace(known.as_str(), name);
        }
        timestamps(&executions(&text))
    }
}

fn number(seen: &mut Vec<String>, text: &str) -> usize {
    let index = seen.iter().position(|known| known == text).unwrap_or_else(|| {
        seen.push(text.to_owned());
        seen.len() - 1
    });
    index + 1
}

/// Replaces `2026-11-22T18:39:01.123Z` by `<time>`.
fn timestamps(text: &str) -> String {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    replace(text, "<time>", |rest| {
        let matches = rest.len() >= SHAPE.len()
            && rest
                .iter()
                .zip(SHAPE)
                .all(|(byte, shape)| if *shape == b'd' { byte.is_ascii_digit() } else { byte == shape });
        let tail = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        matches.then(|| {
            let end = SHAPE.len() + rest[SHAPE.len()..].iter().take_while(|byte| tail(byte)).count();
            end + usize::from(rest.get(end) == Some(&b'Z'))
        })
    })
}

/// Replaces `exec-` and what follows it by `<execution>`.
fn executions(text: &str) -> String {
    replace(text, "<execution>", |rest| {
        let id = rest.strip_prefix(b"exec-")?;
        let length = id.iter().take_while(|byte| byte.is_ascii_hexdigit() || **byte == b'-').count();
        (length >= 8).then_some("exec-".len() + length)
    })
}

fn replace(text: &str, name: &str, matches: impl Fn(&[u8]) -> Option<usize>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(length) = matches(rest.as_bytes()) {
            out.push_str(name);
            rest = &rest[length..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

/// The execution as `run` prints it.
///
/// # Panics
/// When it has not the shape of the API.
pub fn execution(out: &mut String, names: &Names, execution: &Value, show: &[String]) {
    let list = |key: &str| {
        let ids = execution[key].as_array().unwrap_or_else(|| panic!("no list {key} in {execution}"));
        ids.iter().map(|id| id.as_str().expect("ids are text")).collect::<Vec<_>>().join(", ")
    };
    line(out, "status", execution["status"].as_str().expect("a status"));
    if let Some(message) = execution["error_message"].as_str() {
        line(out, "error", &names.stable(message));
    }
    for key in ["skipped_nodes", "pending_nodes", "failed_nodes"] {
        let ids = list(key);
        if !ids.is_empty() {
            line(out, key.trim_end_matches("_nodes"), &ids);
        }
    }
    out.push('\n');
    for node in execution["executed_nodes"].as_array().expect("a list of nodes") {
        let id = node["node_id"].as_str().expect("an id");
        write!(out, "{id} {}", node["status"].as_str().expect("a status")).expect("writing to memory");
        if let Some(error) = node.get("error").filter(|error| !error.is_null()) {
            let text = |key: &str| names.stable(error[key].as_str().unwrap_or_else(|| panic!("no {key} in {error}")));
            write!(out, ": {} {}", text("code"), text("message")).expect("writing to memory");
        }
        out.push('\n');
        if show.iter().any(|shown| shown == id) {
            let result = node.get("result").map_or_else(|| "missing".to_owned(), |result| names.stable(&plain(result)));
            writeln!(out, "  result: {result}").expect("writing to memory");
        }
    }
}

/// A result without what differs from run to run.
fn plain(result: &Value) -> String {
    let mut result = result.clone();
    if let Some(fields) = result.as_object_mut() {
        for key in ["duration", "message_id"] {
            if fields.contains_key(key) {
                fields.insert(key.to_owned(), Value::String(format!("<{key}>")));
            }
        }
        if let Some(headers) = fields.get_mut("headers").and_then(Value::as_object_mut) {
            headers.shift_remove("date");
        }
    }
    result.to_string()
}

pub fn line(out: &mut String, name: &str, value: &str) {
    writeln!(out, "{name}: {value}").expect("writing to memory");
}

/// Everything that arrived, numbered; sorted when the order is not part of the account.
pub fn events(out: &mut String, names: &mut Names, events: &[Event], unordered: bool) {
    let mut events: Vec<&Event> = events.iter().collect();
    if unordered {
        events.sort_by_key(|event| match event {
            Event::Request(request) => (request.path.as_str(), request.body.as_slice()),
            Event::Mail(mail) => (mail.from.as_str(), mail.raw.as_slice()),
        });
    }
    for (index, event) in events.into_iter().enumerate() {
        let text = match event {
            Event::Request(request) => self::request(names, request),
            Event::Mail(mail) => self::mail(names, mail),
        };
        write!(out, "\n{}. {text}", index + 1).expect("writing to memory");
    }
}

fn request(names: &mut Names, request: &Request) -> String {
    let Request { method, service, answer, .. } = request;
    let over = if request.http2 { " over HTTP/2" } else { "" };
    let mut out = format!("{method} {{{service}}}{}{over} -> {answer}\n", names.stable(&request.path));
    for (name, value) in &request.headers {
        if TRANSPORT.contains(&name.as_str()) {
            continue;
        }
        let value = if name == "idempotency-key" && !names.input.contains(value.as_str()) {
            format!("key-{}", number(&mut names.keys, value))
        } else {
            names.stable(value)
        };
        writeln!(out, "   {name}: {value}").expect("writing to memory");
    }
    if !request.body.is_empty() {
        writeln!(out, "   {}", names.stable(&String::from_utf8_lossy(&request.body))).expect("writing to memory");
    }
    out
}

fn mail(names: &mut Names, mail: &Mail) -> String {
    let letter = mail.letter();
    assert!(mail.raw.is_ascii(), "a mail is sent in seven bits, so that every server takes it");
    let mut out = format!("mail from {} to {}", mail.from, mail.to.join(", "));
    let security = if mail.tls { "TLS" } else { "no TLS" };
    let user = mail.user.as_ref().map_or_else(|| "nobody".to_owned(), |user| format!("user {user}"));
    writeln!(out, " ({security}, {user}{})", if mail.accepted { "" } else { ", not acknowledged" })
        .expect("writing to memory");
    for (name, value) in &letter.headers {
        let value = match name.to_ascii_lowercase().as_str() {
            "message-id" => format!("message-{}", number(&mut names.messages, value)),
            "date" => "<date>".to_owned(),
            "content-type" => value.split(';').next().unwrap_or_default().to_owned(), // the boundary is drawn by lot
            _ => names.stable(value),
        };
        writeln!(out, "   {name}: {value}").expect("writing to memory");
    }
    for part in &letter.parts {
        writeln!(out, "   -- {}", part.content_type).expect("writing to memory");
        for line in names.stable(part.text.trim_end_matches('\n')).split('\n') {
            writeln!(out, "   {line}").expect("writing to memory");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_run_to_run_gets_a_stable_name() {
        let mut names = Names::default();
        names.know("127.0.0.1:40000".to_owned(), "{payment}".to_owned());
        let text =
            "at 2026-11-22T18:39:01.123Z exec-0193a4b5-0000-7000-8000-000000000001 called http://127.0.0.1:40000/x é";
        assert_eq!(names.stable(text), "at <time> <execution> called http://{payment}/x é");
    }

    #[test]
    fn the_same_key_gets_the_same_number() {
        let mut seen = Vec::new();
        assert_eq!([1, 2, 1], ["a", "b", "a"].map(|key| number(&mut seen, key)));
    }
}
