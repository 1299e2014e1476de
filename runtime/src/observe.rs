//! Everything that watches executions, in one place: what happened is said once, and goes to the log, to the metrics, to
//! the audit trail and, with the feature `otel`, to a collector of traces.
//!
//! Comes in: one call per event, from the engine and the server. Goes out: a line, a few additions, a span.
//! Always true: nothing here waits or fails, and no function takes a body, a header, an address or an amount.

use crate::audit::{Body, Trail};
use crate::engine::{Outcome, Status, Timestamp};
use crate::flow::Workflow;
use crate::journal::Id;
use crate::log::{self, WebhookAnswer};
use crate::metrics::{Metrics, NodeEnd};
use crate::node::Peer;
#[cfg(feature = "otel")]
use crate::otel::{self, Tracer};
use crate::trace::TraceContext;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Watches the executions of one workflow.
pub struct Observer {
    workflow: &'static Workflow,
    pub metrics: Metrics,
    trail: OnceLock<Arc<Trail>>,
    #[cfg(feature = "otel")]
    tracer: OnceLock<Tracer>,
}

/// The execution that something is said about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub execution_id: &'a str,
    /// A trigger's id, or `api`, or `command line`.
    pub origin: &'a str,
    pub accepted: Timestamp,
    pub trace: Option<TraceContext>,
}

/// How one attempt of a node ended.
#[derive(Debug, Clone, Copy)]
pub struct AttemptEnd<'a> {
    /// Counted from the acceptance of the execution.
    pub began: Duration,
    /// From 1.
    pub attempt: u32,
    /// `succeeded`, `retryable`, `failed`, `not passed`.
    pub outcome: &'static str,
    /// As in the node's error, if it has one.
    pub code: Option<&'a str>,
    pub took: Duration,
    /// Whom it talked to, and the status of an HTTP answer.
    pub peer: Option<Peer<'a>>,
    pub status: Option<u16>,
}

/// Who asked for the end of an execution, where a command did.
pub const BY_COMMAND: &str = "command line";

/// As the audit trail says that somebody asked for the end of an execution.
pub fn cancel_asked(execution_id: &str, by: &str) -> Body {
    Body::now("cancel asked").text("execution_id", execution_id).text("by", by)
}

/// As the audit trail says that somebody asked for an execution to be deleted.
pub fn erase_asked(execution_id: &str) -> Body {
    Body::now("erasure asked").text("execution_id", execution_id).text("by", BY_COMMAND)
}

/// As the audit trail says that an execution has ended.
pub fn execution_ended(execution_id: &str, status: Status) -> Body {
    Body::now("execution ended").text("execution_id", execution_id).text("status", status.as_str())
}

impl Observer {
    pub fn new(workflow: &'static Workflow) -> Observer {
        Observer {
            workflow,
            metrics: Metrics::new(workflow),
            trail: OnceLock::new(),
            #[cfg(feature = "otel")]
            tracer: OnceLock::new(),
        }
    }

    /// From now on traces are recorded. Once.
    #[cfg(feature = "otel")]
    pub(crate) fn keep_traces(&self, tracer: Tracer) {
        let _ = self.tracer.set(tracer);
    }

    /// Where traces are recorded, if they are.
    #[cfg(feature = "otel")]
    pub(crate) fn tracer(&self) -> Option<&Tracer> {
        self.tracer.get()
    }

    /// The trace an execution belongs to. `joined`: what came in with the request.
    pub(crate) fn trace_of(&self, id: Id, joined: Option<TraceContext>) -> Option<TraceContext> {
        #[cfg(feature = "otel")]
        if let Some(tracer) = self.tracer() {
            return Some(tracer.trace_of(id.0, joined));
        }
        let _ = id;
        joined
    }

    /// From now on everything is written down in this trail. Once.
    pub fn keep_trail(&self, trail: Arc<Trail>) {
        let _ = self.trail.set(trail);
    }

    /// The audit trail, if one is kept.
    pub fn trail(&self) -> Option<&Arc<Trail>> {
        self.trail.get()
    }

    fn audit(&self, line: impl FnOnce() -> Body) {
        if let Some(trail) = self.trail.get() {
            trail.push(line());
        }
    }

    /// An execution is about to be accepted. `origin` as below.
    pub fn execution_arrived(&self, execution_id: &str, origin: &str) {
        self.audit(|| Body::execution_accepted(self.workflow, execution_id, origin));
    }

    /// The one that arrived could not be made durable.
    pub fn execution_refused(&self, execution_id: &str) {
        self.audit(|| Body::now("execution not accepted").text("execution_id", execution_id));
    }

    /// Somebody asks for the end of an execution. `by`: `api` and who, or a signal.
    pub fn cancel_asked(&self, execution_id: &str, by: &str) {
        self.audit(|| cancel_asked(execution_id, by));
    }

    /// Somebody asks for an execution to be deleted.
    pub fn erase_asked(&self, execution_id: &str) {
        self.audit(|| erase_asked(execution_id));
    }

    /// An execution was accepted and is durable. `origin`: a trigger's id, or `api`, or `command line`.
    pub fn execution_accepted(&self, execution_id: &str, origin: &str, size: usize, trace: Option<TraceContext>) {
        let trace_id = trace.map(TraceContext::trace_id_text);
        log::execution_accepted(execution_id, origin, size, trace_id.as_deref());
    }

    /// A request to a webhook was answered.
    pub fn webhook_answered(&self, answer: &WebhookAnswer) {
        log::webhook_answered(answer);
        self.metrics.webhook_answered(answer.webhook_id, answer.outcome);
    }

    pub fn node_started(&self, execution_id: &str, node: usize) {
        self.audit(|| Body::node("node started", execution_id, &self.workflow.nodes[node]));
    }

    pub fn attempt_finished(&self, subject: &Subject, node: usize, end: AttemptEnd) {
        let node = &self.workflow.nodes[node];
        log::attempt_finished(subject.execution_id, node.id, &end);
        #[cfg(feature = "otel")]
        if let Some(tracer) = self.tracer() {
            otel::attempt_finished(tracer, subject, node, end);
        }
    }

    /// An attempt failed and another one follows.
    pub fn node_retried(&self, execution_id: &str, node: usize, attempt: u32) {
        self.audit(|| {
            let body = Body::node("attempt failed", execution_id, &self.workflow.nodes[node]);
            body.number("attempt", u64::from(attempt))
        });
        self.metrics.node_retried(node);
    }

    /// `envelope`: of the node, canonical JSON text.
    /// It began at `started`, counted from the acceptance of the execution, and took `took`.
    pub fn node_settled(
        &self,
        subject: &Subject,
        node: usize,
        outcome: Outcome,
        code: Option<&str>,
        (started, took): (Duration, Duration),
        envelope: &str,
    ) {
        let execution_id = subject.execution_id;
        let (status, end) = match outcome {
            Outcome::Failed => ("failed", NodeEnd::Failed),
            Outcome::Completed | Outcome::NotPassed => ("completed", NodeEnd::Completed),
        };
        self.audit(|| {
            let body = Body::node("node ended", execution_id, &self.workflow.nodes[node]);
            body.text("status", status).outcome(code, envelope)
        });
        log::node_settled(execution_id, self.workflow.nodes[node].id, status, code);
        self.metrics.node_finished(node, end, code.is_some(), took);
        self.node_ended(subject, node, status, code, (started, took));
    }

    /// A node was at work when its execution ended. The times are as above.
    pub fn node_cancelled(&self, subject: &Subject, node: usize, (started, took): (Duration, Duration)) {
        let execution_id = subject.execution_id;
        self.audit(|| Body::node("node ended", execution_id, &self.workflow.nodes[node]).text("status", "cancelled"));
        log::node_settled(execution_id, self.workflow.nodes[node].id, "cancelled", None);
        self.metrics.node_finished(node, NodeEnd::Cancelled, false, took);
        self.node_ended(subject, node, "cancelled", None, (started, took));
    }

    #[cfg(feature = "otel")]
    fn node_ended(
        &self,
        subject: &Subject,
        node: usize,
        status: &str,
        code: Option<&str>,
        (started, took): (Duration, Duration),
    ) {
        if let Some(tracer) = self.tracer() {
            otel::node_ended(tracer, subject, &self.workflow.nodes[node], (status, code), started, took);
        }
    }

    #[cfg(not(feature = "otel"))]
    fn node_ended(&self, _: &Subject, _: usize, _: &str, _: Option<&str>, _: (Duration, Duration)) {}

    /// `node` is where the error was.
    pub fn execution_finished(
        &self,
        subject: &Subject,
        status: Status,
        node: Option<usize>,
        code: Option<&str>,
        took: Duration,
    ) {
        let execution_id = subject.execution_id;
        let node = node.map(|node| self.workflow.nodes[node].id);
        self.audit(|| {
            let body = execution_ended(execution_id, status);
            let body = node.map_or(body.clone(), |node| body.text("node", node));
            code.map_or(body.clone(), |code| body.text("code", code))
        });
        log::execution_finished(execution_id, status.as_str(), node, code, took);
        self.metrics.execution_finished(status, took);
        #[cfg(feature = "otel")]
        if let Some(tracer) = self.tracer() {
            otel::execution_finished(tracer, self.workflow, subject, status.as_str(), code, took);
        }
    }
}
