//! What happened, as spans. Names and attributes follow OpenTelemetry's semantic conventions where there are any; what is
//! our own is called `flow.…`. Of the conventions `url.full` is left out on purpose: paths and queries hold what belongs to
//! customers.
//!
//! | span | kind | below |
//! | --- | --- | --- |
//! | an execution: the workflow's name | consumer; internal when it was started by hand | whoever sent the `traceparent` |
//! | a node: its kind and its id | internal | its execution |
//! | an attempt of a node with effects: method or kind, and id | client; internal for a Rust function | its node |
//!
//! The `traceparent` that services get names the node and not the attempt, because every attempt sends the same bytes.

use super::{Kind, Span, Tracer, Value};
use crate::engine::Timestamp;
use crate::flow::{self, Node, Workflow};
use crate::observe::{AttemptEnd, Subject};
use crate::trace::span_id;
use std::time::Duration;

/// As many as any span has, and a few more.
type Attributes<'a> = Vec<(&'static str, Value<'a>)>;

pub fn attempt_finished(tracer: &Tracer, subject: &Subject, node: &Node, end: AttemptEnd) {
    let Some(trace) = subject.trace.filter(|trace| trace.sampled()) else { return };
    // What has no effects is over in the moment it begins: its node says it all.
    match node.kind {
        flow::Kind::Http(_) | flow::Kind::Email(_) | flow::Kind::Rust(_) => {}
        flow::Kind::Webhook(_) | flow::Kind::Manual | flow::Kind::Filter(_) | flow::Kind::Transform(_) => return,
    }
    let AttemptEnd { began, attempt, code, took, peer, status, .. } = end;
    let mut attributes: Attributes = Vec::with_capacity(10);
    attributes.push(("flow.execution.id", Value::Text(subject.execution_id)));
    attributes.push(("flow.node.id", Value::Text(node.id)));
    attributes.push(("flow.node.kind", Value::Text(node.kind.name())));
    attributes.push(("flow.node.attempt", Value::Number(attempt.into())));
    let mut method = None;
    if let Some(peer) = peer {
        method = peer.method;
        match peer.method {
            Some(method) => {
                attributes.push(("http.request.method", Value::Text(method)));
                attributes.push(("url.scheme", Value::Text(peer.scheme)));
                if attempt > 1 {
                    attributes.push(("http.request.resend_count", Value::Number(i64::from(attempt) - 1)));
                }
            }
            None => attributes.push(("network.protocol.name", Value::Text(peer.scheme))),
        }
        attributes.push(("server.address", Value::Text(peer.host)));
        attributes.push(("server.port", Value::Number(peer.port.into())));
    }
    if let Some(status) = status {
        attributes.push(("http.response.status_code", Value::Number(status.into())));
    }
    let failed = matches!(end.outcome, "retryable" | "failed");
    if let Some(code) = code {
        // The convention wants the bare number of a status.
        attributes.push(("error.type", Value::Text(code.strip_prefix("HTTP_").unwrap_or(code))));
    }
    let began = moment(subject.accepted, began);
    // A former process may have made an attempt of this number, of which nothing but its span is known.
    let which = format!("{}\0{attempt}\0{began}", node.id);
    tracer.end(&Span {
        trace,
        id: span_id(subject.execution_id, &which),
        parent: span_id(subject.execution_id, node.id),
        remote_parent: false,
        name: &format!("{} {}", method.unwrap_or(node.kind.name()), node.id),
        kind: if peer.is_some() { Kind::Client } else { Kind::Internal },
        began,
        ended: began + nanos(took),
        failed,
        attributes: &attributes,
    });
}

/// `status` and `code` as in the log.
pub fn node_ended(
    tracer: &Tracer,
    subject: &Subject,
    node: &Node,
    (status, code): (&str, Option<&str>),
    started: Duration,
    took: Duration,
) {
    let Some(trace) = subject.trace.filter(|trace| trace.sampled()) else { return };
    let mut attributes: Attributes = Vec::with_capacity(5);
    attributes.push(("flow.execution.id", Value::Text(subject.execution_id)));
    attributes.push(("flow.node.id", Value::Text(node.id)));
    attributes.push(("flow.node.kind", Value::Text(node.kind.name())));
    attributes.push(("flow.node.status", Value::Text(status)));
    if let Some(code) = code {
        attributes.push(("error.type", Value::Text(code)));
    }
    let began = moment(subject.accepted, started);
    tracer.end(&Span {
        trace,
        id: span_id(subject.execution_id, node.id),
        parent: span_id(subject.execution_id, ""),
        remote_parent: false,
        name: &format!("{} {}", node.kind.name(), node.id),
        kind: Kind::Internal,
        began,
        ended: began + nanos(took),
        failed: status == "failed",
        attributes: &attributes,
    });
}

/// `status` and `code` as in the log.
pub fn execution_finished(
    tracer: &Tracer,
    workflow: &Workflow,
    subject: &Subject,
    status: &str,
    code: Option<&str>,
    took: Duration,
) {
    let Some(trace) = subject.trace.filter(|trace| trace.sampled()) else { return };
    let mut attributes: Attributes = Vec::with_capacity(6);
    attributes.push(("flow.workflow.name", Value::Text(workflow.name)));
    attributes.push(("flow.workflow.version", Value::Text(workflow.version)));
    attributes.push(("flow.execution.id", Value::Text(subject.execution_id)));
    attributes.push(("flow.execution.status", Value::Text(status)));
    attributes.push(("flow.trigger", Value::Text(subject.origin)));
    if let Some(code) = code {
        attributes.push(("error.type", Value::Text(code)));
    }
    let began = moment(subject.accepted, Duration::ZERO);
    tracer.end(&Span {
        trace,
        id: span_id(subject.execution_id, ""),
        parent: trace.parent_id(),
        remote_parent: trace.parent_id() != 0,
        name: workflow.name,
        kind: if subject.origin == "command line" { Kind::Internal } else { Kind::Consumer },
        began,
        ended: began + nanos(took),
        failed: status == "error",
        attributes: &attributes,
    });
}

/// Nanoseconds since 1970.
fn moment(accepted: Timestamp, after: Duration) -> u64 {
    accepted.millis.saturating_mul(1_000_000).saturating_add(nanos(after))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
