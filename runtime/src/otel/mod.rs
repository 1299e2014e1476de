//! Traces for a collector: what an execution and its nodes did, as spans of OpenTelemetry over OTLP/HTTP.
//!
//! Comes in: one [`Span`] when something has ended. Goes out: batches in protobuf, posted to the collector.
//! Always true: whoever ends a span waits for nothing and nobody. What the collector does not take in time is dropped and
//! counted in the log. A span holds ids, nodes, states, codes, hosts and times, as the log does: no body, no header, no
//! path of a URL.
//!
//! The ids of spans follow from the execution and the node (see [`crate::trace`]): a span that was begun by a process that
//! has crashed is ended by the next one, and what the called services say hangs below it.
//!
//! Written by hand rather than with OpenTelemetry's own crates: spans here are known whole when they end, so that an SDK
//! would only copy them about; docs/decisions has more.

mod exporter;
mod sampler;
mod settings;
mod spans;
mod wire;

use crate::flow::Workflow;
use crate::trace::TraceContext;
use exporter::Exporter;
use sampler::Sampler;
use std::time::Duration;

pub use settings::Settings;
pub use spans::{attempt_finished, execution_finished, node_ended};

/// Ends spans, and decides which traces are recorded.
pub struct Tracer {
    sampler: Sampler,
    exporter: Exporter,
}

/// Something that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    pub trace: TraceContext,
    pub id: u64,
    /// 0: it is the first of its trace.
    pub parent: u64,
    /// The parent belongs to another process.
    pub remote_parent: bool,
    pub name: &'a str,
    pub kind: Kind,
    /// Nanoseconds since 1970.
    pub began: u64,
    pub ended: u64,
    pub failed: bool,
    pub attributes: &'a [(&'static str, Value<'a>)],
}

/// What part in a conversation a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Internal = 1,
    /// It calls somebody.
    Client = 3,
    /// It was asked for, and whoever asked does not wait.
    Consumer = 5,
}

/// What an attribute says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    Text(&'a str),
    Number(i64),
}

impl Tracer {
    /// Begins to export. Must be called on a tokio runtime.
    pub fn new(settings: Settings, workflow: &Workflow, client: reqwest::Client) -> Tracer {
        let (sampler, export) = settings.into_parts(workflow);
        Tracer { sampler, exporter: Exporter::new(export, client) }
    }

    /// The trace of an execution: the one that came in, else one of its own.
    pub fn trace_of(&self, execution: u128, incoming: Option<TraceContext>) -> TraceContext {
        match incoming {
            Some(incoming) => incoming.sampled_as(self.sampler.samples(incoming.trace_id(), Some(incoming.sampled()))),
            None => TraceContext::begin(execution, self.sampler.samples(execution, None)),
        }
    }

    /// Something has ended.
    pub fn end(&self, span: &Span) {
        if span.trace.sampled() {
            self.exporter.push(wire::span(span));
        }
    }

    /// Exports what is left, for no longer than `limit`.
    pub async fn close(&self, limit: Duration) {
        self.exporter.close(limit).await;
    }
}
