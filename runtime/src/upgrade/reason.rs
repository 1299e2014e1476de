//! Why an execution cannot simply go on, in the words of the workflow.

use std::fmt;

/// One change that concerns what remains of an execution. Nodes are named by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// `like`: a node of the new version that the old one does not have and that does the same.
    NodeGone {
        node: String,
        like: Option<String>,
    },
    KindChanged {
        node: String,
        was: String,
        is: String,
    },
    /// `parts`: keys of its configuration.
    NodeChanged {
        node: String,
        parts: Vec<String>,
    },
    /// It reads the output of a node that an execution which stands here has not run.
    ReadsUnrun {
        node: String,
        reads: String,
    },
    ConditionChanged {
        from: String,
        to: String,
    },
    EdgeAdded {
        from: String,
        to: String,
    },
    EdgeGone {
        from: String,
        to: String,
    },
    DependencyChanged {
        from: String,
        to: String,
    },
    /// Of its incoming edges: `error` and the input of a transform are those of the first that was taken.
    OrderChanged {
        node: String,
    },
    /// Whether the failure of `from` was handled can no longer be told.
    HandlerChanged {
        from: String,
        to: String,
    },
    /// The node is gone, and if it failed the execution has to end with an error.
    OutcomeLost {
        node: String,
    },
    FailFastChanged,
}

impl Reason {
    /// A short name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::NodeGone { .. } => "node-gone",
            Reason::KindChanged { .. } => "kind-changed",
            Reason::NodeChanged { .. } => "node-changed",
            Reason::ReadsUnrun { .. } => "reads-unrun",
            Reason::ConditionChanged { .. } => "condition-changed",
            Reason::EdgeAdded { .. } => "edge-added",
            Reason::EdgeGone { .. } => "edge-gone",
            Reason::DependencyChanged { .. } => "dependency-changed",
            Reason::OrderChanged { .. } => "order-changed",
            Reason::HandlerChanged { .. } => "handler-changed",
            Reason::OutcomeLost { .. } => "outcome-lost",
            Reason::FailFastChanged => "fail-fast-changed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NodeGone { node, like: None } => write!(f, "`{node}` is gone"),
            Reason::NodeGone { node, like: Some(like) } => {
                write!(f, "`{node}` is gone; `{like}` does the same, but an execution finds its nodes by their ids")
            }
            Reason::KindChanged { node, was, is } => write!(f, "`{node}` was {was} and is {is}"),
            Reason::NodeChanged { node, parts } => {
                let parts: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
                write!(f, "`{node}` changed: {}", parts.join(", "))
            }
            Reason::ReadsUnrun { node, reads } => {
                write!(f, "`{node}` reads `{reads}`, which does not run before it in the old version")
            }
            Reason::ConditionChanged { from, to } => write!(f, "the condition of `{from}` → `{to}` changed"),
            Reason::EdgeAdded { from, to } => write!(f, "`{from}` → `{to}` is new"),
            Reason::EdgeGone { from, to } => write!(f, "`{from}` → `{to}` is gone"),
            Reason::DependencyChanged { from, to } => {
                write!(f, "whether `{to}` depends on `{from}` changed")
            }
            Reason::OrderChanged { node } => write!(f, "the connections to `{node}` stand in another order"),
            Reason::HandlerChanged { from, to } => {
                write!(f, "`{from}` → `{to}` no longer says that a failure of `{from}` is handled")
            }
            Reason::OutcomeLost { node } => {
                write!(f, "`{node}` is gone, and a failure of it would be forgotten")
            }
            Reason::FailFastChanged => f.write_str("`fail_fast` changed"),
        }
    }
}
