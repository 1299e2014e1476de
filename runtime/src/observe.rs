//! Everything that watches executions, in one place: what happened is said once, and goes to the log and to the metrics.
//!
//! Comes in: one call per event, from the engine and the server. Goes out: a line, a few additions.
//! Always true: nothing here waits or fails, and no function takes a body, a header, an address or an amount.

use crate::engine::{Outcome, Status};
use crate::flow::Workflow;
use crate::log;
use crate::metrics::{Metrics, NodeEnd};
use std::time::Duration;

/// Watches the executions of one workflow.
pub struct Observer {
    workflow: &'static Workflow,
    pub metrics: Metrics,
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
        Observer { workflow, metrics: Metrics::new(workflow) }
    }

    /// An execution was accepted and is durable. `origin`: a trigger's id, or `api`, or `command line`.
    pub fn execution_accepted(&self, execution_id: &str, origin: &str, size: usize) {
        log::execution_accepted(execution_id, origin, size);
    }

    pub fn attempt_finished(&self, execution_id: &str, node: usize, end: AttemptEnd) {
        log::attempt_finished(execution_id, self.workflow.nodes[node].id, end.attempt, end.outcome, end.code, end.took);
    }

    /// An attempt failed and another one follows.
    pub fn node_retried(&self, node: usize) {
        self.metrics.node_retried(node);
    }

    pub fn node_settled(&self, execution_id: &str, node: usize, outcome: Outcome, code: Option<&str>, took: Duration) {
        let (status, end) = match outcome {
            Outcome::Failed => ("failed", NodeEnd::Failed),
            Outcome::Completed | Outcome::NotPassed => ("completed", NodeEnd::Completed),
        };
        log::node_settled(execution_id, self.workflow.nodes[node].id, status, code);
        self.metrics.node_finished(node, end, code.is_some(), took);
    }

    /// A node was at work when its execution ended.
    pub fn node_cancelled(&self, execution_id: &str, node: usize, took: Duration) {
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
        log::execution_finished(execution_id, status.as_str(), node, code, took);
        self.metrics.execution_finished(status, took);
    }
}
