//! One long-lived Node.js process that evaluates JavaScript; the script is `node.js`.

use crate::data::{Data, EXECUTION_ID, NODES, TIMESTAMP, VARIABLES};
use crate::generate::NAMES;
use flow_runtime::value::{Fault, Value, write_string};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

/// What Node is asked about one template.
#[derive(Debug, Clone)]
pub struct Question {
    /// JavaScript that makes the departures explicit.
    pub translated: String,
    /// The text of the workflow, where JavaScript reads it as flowc does.
    pub unchanged: Option<String>,
}

/// What Node says, as [`encoded`] writes it; `"throws"` for an exception.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub is: String,
    /// Whether a departure made a difference.
    pub departed: bool,
    /// The value of the unchanged text, where no departure made a difference.
    pub unchanged: Option<String>,
}

pub struct Node {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Node {
    pub fn start() -> Node {
        let mut process = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/expressions/node.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test compares with Node.js: install `node`, version 20 or later, and have it on the PATH");
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        Node { process, questions, answers }
    }

    /// Asks all of them, each about this data.
    pub fn ask(&mut self, data: &Data, questions: &[Question]) -> Vec<Answer> {
        let mut lines = said(data);
        for question in questions {
            lines.push_str("{\"translated\":");
            write_string(&question.translated, &mut lines);
            lines.push_str(",\"unchanged\":");
            match &question.unchanged {
                Some(text) => write_string(text, &mut lines),
                None => lines.push_str("null"),
            }
            lines.push_str("}\n");
        }
        let mut to = self.questions.take().expect("given back below");
        // Both ends of a pipe are bounded: somebody must read while we write.
        let (to, answers) = thread::scope(|scope| {
            let writing = scope.spawn(move || {
                to.write_all(lines.as_bytes()).and_then(|()| to.flush()).expect("Node reads on");
                to
            });
            let answers = questions.iter().map(|_| answer(&mut self.answers)).collect();
            (writing.join().expect("the writer does not panic"), answers)
        });
        self.questions = Some(to);
        answers
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Node ends when nobody can ask any more.
        self.questions = None;
        self.process.wait().expect("Node was started");
    }
}

fn answer(from: &mut impl BufRead) -> Answer {
    let mut line = String::new();
    from.read_line(&mut line).expect("Node writes UTF-8");
    let mut parts = line.trim_end_matches('\n').split('\t');
    let (Some(is), Some(departed), Some(unchanged)) = (parts.next(), parts.next(), parts.next()) else {
        panic!("Node has stopped: {line:?}")
    };
    Answer {
        is: is.to_owned(),
        departed: !departed.is_empty(),
        unchanged: (!unchanged.is_empty()).then(|| unchanged.to_owned()),
    }
}

/// The data for Node: the JSON text of each name's value.
fn said(data: &Data) -> String {
    let mut outputs = String::from("{");
    for (id, envelope) in NODES.iter().zip(&data.envelopes) {
        if let Some(envelope) = envelope {
            if outputs.len() > 1 {
                outputs.push(',');
            }
            outputs.push_str(&format!("{id:?}:{envelope}"));
        }
    }
    outputs.push('}');
    let of_last = |field: &str| {
        let envelope = crate::data::value(data.envelopes[1].as_deref().unwrap_or("null"));
        flow_runtime::expr::member(&envelope, field).to_json()
    };
    let names = [
        ("input_data", Some(data.input.clone())),
        ("previous_outputs", Some(outputs)),
        ("item", Some(data.item.clone())),
        ("error", of_last("error")),
        ("result", of_last("result")),
        ("timestamp", Some(format!("{TIMESTAMP:?}"))),
        ("execution_id", Some(format!("{EXECUTION_ID:?}"))),
    ];
    let mut out = String::from("{\"data\":{\"names\":{");
    for (at, (name, source)) in names.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        out.push_str(&format!("{name:?}:"));
        match source {
            Some(source) => write_string(source, &mut out),
            None => out.push_str("null"),
        }
    }
    out.push_str("},\"env\":{");
    for (at, (name, value)) in VARIABLES.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        out.push_str(&format!("{name:?}:{value:?}"));
    }
    let fields: Vec<String> =
        NAMES.split(' ').filter(|name| !name.contains('-')).map(|name| format!("{name:?}")).collect();
    out.push_str(&format!("}},\"fields\":[{}]}}}}\n", fields.join(",")));
    out
}

/// A result as Node writes it.
pub fn encoded(result: &Result<Value, Fault>) -> String {
    match result {
        Ok(value) => {
            let mut out = String::new();
            encode(value, &mut out);
            out
        }
        Err(_) => "\"throws\"".to_owned(),
    }
}

fn encode(value: &Value, out: &mut String) {
    let json = |value: &Value| value.to_json().unwrap_or_default();
    match value {
        Value::Undefined => out.push_str("{\"u\":1}"),
        Value::Null | Value::Bool(_) => out.push_str(&json(value)),
        Value::Number(number) if number.is_nan() => out.push_str("{\"d\":\"NaN\"}"),
        Value::Number(number) => out.push_str(&format!("{{\"d\":\"{:016x}\"}}", number.to_bits())),
        Value::String(_) => out.push_str(&format!("{{\"s\":{}}}", json(value))),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                encode(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push_str("{\"o\":[");
            for (at, (key, value)) in object.iter().enumerate() {
                out.push_str(if at > 0 { ",[" } else { "[" });
                out.push_str(&json(&Value::String(key.clone())));
                out.push(',');
                encode(value, out);
                out.push(']');
            }
            out.push_str("]}");
        }
    }
}
