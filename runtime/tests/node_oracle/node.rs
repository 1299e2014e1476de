//! Questions about single operations, and what Node.js says about them; the script is `oracle.js`.

use crate::process::{Process, encode, encoded};
use flow_runtime::value::{Fault, Value, write_string};

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
        Case { question, ours: encoded(&ours) }
    }
}

/// How many random cases a test tries: its own number, times FLOW_ORACLE_CASES when that is set.
pub fn cases(usual: usize) -> usize {
    usual * std::env::var("FLOW_ORACLE_CASES").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// Asks Node about every case; fails with the first few where it answers otherwise.
pub fn check(cases: Vec<Case>) {
    let mut node = Process::start(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node_oracle/oracle.js"));
    let lines = cases.iter().flat_map(|case| [case.question.as_str(), "\n"]).collect();
    let replies = node.ask(lines, cases.len());
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
