//! One long-lived Node.js process that evaluates JavaScript; the script is `node.js`.

use crate::data::{Data, EXECUTION_ID, NODES, TIMESTAMP, VARIABLES};
use crate::generate::NAMES;
use crate::process::Process;
use flow_runtime::value::write_string;

/// What Node is asked about one template.
#[derive(Debug, Clone)]
pub struct Question {
    /// JavaScript that makes the departures explicit.
    pub translated: String,
    /// The text of the workflow, where JavaScript reads it as flowc does.
    pub unchanged: Option<String>,
}

/// What Node says, as [`crate::process::encoded`] writes it; `"throws"` for an exception.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub is: String,
    /// Whether a departure made a difference.
    pub departed: bool,
    /// The value of the unchanged text, where no departure made a difference.
    pub unchanged: Option<String>,
}

pub struct Node(Process);

impl Node {
    pub fn start() -> Node {
        Node(Process::start(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/expressions/node.js")))
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
        self.0.ask(lines, questions.len()).iter().map(|line| answer(line)).collect()
    }
}

fn answer(line: &str) -> Answer {
    let parts: Vec<&str> = line.split('\t').collect();
    let [is, departed, unchanged] = parts[..] else { panic!("not as node.js answers: {line:?}") };
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
