//! Everything that watches executions, in one place: what happened is said once, and goes to the log, to the metrics and
//! to the audit trail.
//!
//! Comes in: one call per event, from the engine and the server. Goes out: a line, a few additions.
//! Always true: nothing here waits or fails, and no function takes a body, a header, an address or an amount.

use crate::audit::{Body, Trail};
use crate::engine::{Outcome, Status};
use crate::flow::Workflow;
use crate::log::{self, WebhookAnswer};
use crate::metrics::{Metrics, NodeEnd};
use crate::trace::TraceContext;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Watches the executions of one workflow.
pub struct Observer {
    workflow: &'static Workflow,
    pub metrics: Metrics,
    trail: OnceLock<Arc<Trail>>,
}

/// How one attempt of a node ended.
#[derive(Debug, Clone, Copy)]
pub struct AttemptEnd<'a> {
    /// From 1.
    pub attempt: u32,
    /// `succeeded`, `retryable`, `failed`, `not passed`.
    pub outcome: &'static str,
    /// As in the node's error, if it has one.
    pub code: Option<&'a str>,
    pub took: Duration,
}

impl Observer {
    pub fn new(workflow: &'static Workflow) -> Observer {
        Observer { workflow, metrics: Metrics::new(workflow), trail: OnceLock::new() }
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
        self.audit(|| Body::now("cancel asked").text("execution_id", execution_id).text("by", by));
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

    pub fn attempt_finished(&self, execution_id: &str, node: usize, end: AttemptEnd) {
        log::attempt_finished(execution_id, self.workflow.nodes[node].id, end.attempt, end.outcome, end.code, end.took);
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
    pub fn node_settled(
        &self,
        execution_id: &str,
        node: usize,
        outcome: Outcome,
        code: Option<&str>,
        took: Duration,
        envelope: &str,
    ) {
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
    }

    /// A node was at work when its execution ended.
    pub fn node_cancelled(&self, execution_id: &str, node: usize, took: Duration) {
        self.audit(|| Body::node("node ended", execution_id, &self.workflow.nodes[node]).text("status", "cancelled"));
        log::node_settled(execution_id, self.workflow.nodes[node].id, "cancelled", None);
        self.metrics.node_finished(node, NodeEnd::Cancelled, false, took);
    }

    /// `node` is where the error was.
    pub fn execution_finished(
        &self,
        execution_id: &str,
        status: Status,
        node: Option<usize>,
        code: Option<&str>,
        took: Duration,
    ) {
        let node = node.map(|node| self.workflow.nodes[node].id);
        self.audit(|| {
            let body = Body::now("execution ended").text("execution_id", execution_id).text("status", status.as_str());
            let body = node.map_or(body.clone(), |node| body.text("node", node));
            code.map_or(body.clone(), |code| body.text("code", code))
        });
        log::execution_finished(execution_id, status.as_str(), node, code, took);
        self.metrics.execution_finished(status, took);
    }
}
