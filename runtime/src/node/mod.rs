//! Node kinds that touch the world, one file per kind.
//!
//! Comes in: a node of the table and a scope. Goes out: one attempt's outcome.
//! Always true: a node is rendered once, and every attempt sends the same bytes.

use crate::flow::Node;
use crate::scope::Scope;
use crate::value::Fault;
use std::time::Duration;

/// What nodes share: connection pools, TLS configuration.
pub struct Services {}

/// An effect rendered once: the bytes every attempt sends.
#[derive(Debug, Clone)]
pub enum Prepared {}

/// How one attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub outcome: Outcome,
    /// The node's `result` as canonical JSON text; also kept of a failed answer. `None`: missing.
    pub result: Option<String>,
    /// Set for failures, and for a 2xx that says `success: false`.
    pub error: Option<NodeError>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Succeeded,
    /// May be tried again; `after` is what the service asked for (`Retry-After`).
    Retryable {
        after: Option<Duration>,
    },
    /// Trying again would not help.
    Failed,
}

/// `previous_outputs.<id>.error`. The message may be mailed to a customer: no secrets, no URLs with credentials, never the
/// words `undefined` or `null`.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeError {
    pub message: String,
    /// Such as `CONFIGURATION_ERROR`, `TIMEOUT`, `HTTP_402`, `CONNECTION_REFUSED`.
    pub code: String,
    /// Canonical JSON text of an object; `{}` when there is nothing to add.
    pub details: String,
}

impl Services {
    /// # Errors
    /// When certificate authorities named by `SSL_CERT_FILE` cannot be read.
    pub fn new() -> Result<Services, Fault> {
        todo!()
    }

    /// Renders an effect. Pure nodes (filter, transform, triggers) are not prepared: the engine's shell computes them.
    ///
    /// # Errors
    /// A template that cannot be rendered: the node fails with `CONFIGURATION_ERROR`, without retry.
    pub fn prepare(&self, node: &'static Node, scope: &Scope) -> Result<Prepared, Fault> {
        let _ = (node, scope);
        todo!()
    }

    /// Makes one attempt. Never panics, never takes much longer than `timeout`. Dropping the future cancels it.
    pub async fn attempt(&self, prepared: &Prepared, timeout: Duration) -> Attempt {
        let _ = (prepared, timeout);
        todo!()
    }
}
