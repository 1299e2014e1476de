//! The map as JSON for programs. `docs/audit.md` describes it: fields are added, never changed or taken away.

use super::{Destination, DestinationKind, Flow, Form, Held, Map, SourceKind};
use crate::diagnostic::position::Positions;
use crate::source::Sources;
use serde_json::{Value, json};

/// Changes when a field changes its meaning.
const FORMAT: u32 = 1;

impl Map {
    pub fn json(&self, sources: &Sources) -> Value {
        let positions = Positions::new(sources);
        let destinations: Vec<Value> =
            self.destinations.iter().map(|destination| json(destination, sources, &positions)).collect();
        json!({
            "format": FORMAT,
            "workflow": self.workflow,
            "file": sources.workflow().name,
            "destinations": destinations,
        })
    }
}

fn json(destination: &Destination, sources: &Sources, positions: &Positions) -> Value {
    let flows: Vec<Value> = destination.flows.iter().map(|flow| of_flow(flow, sources, positions)).collect();
    json!({
        "kind": match destination.kind {
            DestinationKind::Service => "service",
            DestinationKind::MailServer => "mail_server",
            DestinationKind::Mailbox => "mailbox",
            DestinationKind::Record => "record",
            DestinationKind::Program => "program",
        },
        "name": destination.name,
        "transport": destination.transport.map(|transport| transport.word()),
        "via": destination.via,
        "flows": flows,
    })
}

fn of_flow(flow: &Flow, sources: &Sources, positions: &Positions) -> Value {
    let (start, end) = (positions.start(flow.span), positions.end(flow.span));
    json!({
        "source": match flow.source {
            SourceKind::Environment => "environment",
            SourceKind::Input => "input",
            SourceKind::Answer => "answer",
            SourceKind::Error => "error",
        },
        "name": flow.name,
        "class": flow.class.word(),
        "what": flow.title,
        "form": match flow.form {
            Form::Value => "value",
            Form::Derived => "derived",
            Form::Masked => "masked",
        },
        "holds": held(&flow.holds),
        "without": flow.without,
        "answer_of": flow.answer_of,
        "may_repeat": held(&flow.may_repeat),
        "complete": flow.complete,
        "node": flow.node_id,
        "endpoint": flow.endpoint,
        "position": flow.position,
        "span": {
            "file": sources.get(flow.span.file).name,
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
        },
    })
}

fn held(held: &[Held]) -> Value {
    held.iter().map(|held| json!({ "name": held.name, "class": held.class.word() })).collect()
}
