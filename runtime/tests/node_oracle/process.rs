//! A Node.js process that answers each line with a line, and how a value is written on such a line; `departures.js` writes it the
//! same way on the other side. Also a module of `tests/tests/expressions`.

use flow_runtime::value::{Fault, Value};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

/// It ends when this is dropped.
pub struct Process {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(script: &str) -> Process {
        let mut process =
            Command::new("node").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(
                "this test compares with Node.js: install `node`, version 20 or later, and have it on the PATH",
            );
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        Process { process, questions, answers }
    }

    /// Sends the lines, and reads so many lines of answers.
    pub fn ask(&mut self, lines: String, answers: usize) -> Vec<String> {
        let mut to = self.questions.take().expect("given back below");
        // Both ends of a pipe are bounded: somebody must read while we write.
        let (to, answers) = thread::scope(|scope| {
            let writing = scope.spawn(move || {
                to.write_all(lines.as_bytes()).and_then(|()| to.flush()).expect("Node reads on");
                to
            });
            let answers = (0..answers).map(|_| answer(&mut self.answers)).collect();
            (writing.join().expect("the writer does not panic"), answers)
        });
        self.questions = Some(to);
        answers
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Node ends when nobody can ask any more.
        self.questions = None;
        self.process.wait().expect("Node was started");
    }
}

fn answer(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).expect("Node writes UTF-8");
    match line.strip_suffix('\n') {
        Some(line) => line.to_owned(),
        None => panic!("Node has stopped: {line:?}"),
    }
}

/// A result as Node writes it; `"throws"` for an exception.
pub fn encoded(result: &Result<Value, Fault>) -> String {
    let mut out = String::new();
    match result {
        Ok(value) => encode(value, &mut out),
        Err(_) => out.push_str("\"throws\""),
    }
    out
}

pub fn encode(value: &Value, out: &mut String) {
    let json = |value: &Value| value.to_json().expect("present");
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
