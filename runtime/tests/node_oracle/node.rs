//! One long-lived Node.js process that says what JavaScript does; the script is `oracle.js`.

use flow_runtime::value::{Fault, Value, write_string};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

/// A question to Node, and what this crate answers.
pub struct Case {
    /// The JSON line that is sent.
    pub question: String,
    /// As Node's reply would look.
    pub ours: String,
}

impl Case {
    pub fn new(ask: &str, name: &str, args: &[Value], ours: Result<Value, Fault>) -> Case {
        let mut question = format!("{{\"ask\":\"{ask}\",\"name\":");
        write_string(name, &mut question);
        question.push_str(",\"args\":");
        encode(&Value::array(args.to_vec()), &mut question);
        question.push('}');
        Case { question, ours: ours.map_or_else(|_| "\"throws\"".to_owned(), |value| encoded(&value)) }
    }
}

pub fn encoded(value: &Value) -> String {
    let mut out = String::new();
    encode(value, &mut out);
    out
}

fn encode(value: &Value, out: &mut String) {
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

/// How many random cases a test tries: its own number, times FLOW_ORACLE_CASES when that is set.
pub fn cases(usual: usize) -> usize {
    usual * std::env::var("FLOW_ORACLE_CASES").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// Asks Node about every case; fails with the first few where it answers otherwise.
pub fn check(cases: Vec<Case>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node_oracle/oracle.js");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test compares with Node.js: install `node`, version 20 or later, and have it on the PATH");
    let mut questions = node.stdin.take().expect("piped");
    let replies = BufReader::new(node.stdout.take().expect("piped"));
    let lines: Vec<String> = cases.iter().map(|case| case.question.clone()).collect();
    let asking = thread::spawn(move || {
        for line in lines {
            if writeln!(questions, "{line}").is_err() {
                break;
            }
        }
    });
    let replies: Vec<String> = replies.lines().map(|line| line.expect("Node writes UTF-8")).collect();
    asking.join().expect("the writer does not panic");
    assert!(node.wait().expect("Node was started").success());
    assert_eq!(replies.len(), cases.len());
    let differ: Vec<String> = cases
        .iter()
        .zip(&replies)
        .filter(|(case, reply)| case.ours != **reply)
        .map(|(case, reply)| {
            let cut = |text: &str| text.chars().take(1000).collect::<String>();
            format!("{}\n    node {}\n    ours {}", cut(&case.question), cut(reply), cut(&case.ours))
        })
        .collect();
    assert!(
        differ.is_empty(),
        "{} of {} differ:\n{}",
        differ.len(),
        cases.len(),
        differ[..differ.len().min(20)].join("\n")
    );
}
