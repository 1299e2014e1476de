//! One execution as the process holds it: what its task works on and what others may look at.
//!
//! Always true: the lock is held for synchronous steps only, never across an await and never while an attempt is polled.

use super::clock::{Clock, Timestamp};
use super::{Execution, Status};
use crate::journal::Id;
use crate::node::NodeError;
use crate::value::Doc;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

pub struct Run {
    pub id: Id,
    /// `exec-` and the UUID, as clients see it.
    pub name: String,
    pub input: Doc,
    /// The node that started it.
    pub trigger: Option<usize>,
    pub accepted: Timestamp,
    /// The same moment on the monotonic clock.
    pub began: Instant,
    clock: Arc<dyn Clock>,
    /// In place of the engine's own values; `None`: those.
    pub environment: Option<Box<[String]>>,
    state: Mutex<State>,
    /// Told when `finished` is set.
    pub changed: Notify,
}

pub struct State {
    pub execution: Execution,
    /// The envelopes, by node.
    pub outputs: Box<[Option<Doc>]>,
    pub nodes: Box<[NodeRun]>,
    /// The nodes that were started, in that order.
    pub started: Vec<usize>,
    /// Set when the end is durable.
    pub finished: Option<Finished>,
    pub cancel_asked: bool,
    /// Of the task, while it waits.
    pub waker: Option<Waker>,
}

/// What there is to tell of a node. Times are counted from the acceptance of the execution.
#[derive(Default)]
pub struct NodeRun {
    pub started: Duration,
    pub completed: Duration,
    /// Where its result stands in its envelope.
    pub result: Option<Range<usize>>,
    pub error: Option<Box<NodeError>>,
}

/// How an execution ended, in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    pub status: Status,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub at: Duration,
}

impl Run {
    pub fn new(
        id: Id,
        input: Doc,
        trigger: Option<usize>,
        accepted: Timestamp,
        clock: Arc<dyn Clock>,
        execution: Execution,
        environment: Option<Box<[String]>>,
    ) -> Run {
        let nodes = execution.graph().nodes.len();
        let state = State {
            execution,
            outputs: (0..nodes).map(|_| None).collect(),
            nodes: (0..nodes).map(|_| NodeRun::default()).collect(),
            started: Vec::with_capacity(nodes),
            finished: None,
            cancel_asked: false,
            waker: None,
        };
        Run {
            id,
            name: id.name(),
            input,
            trigger,
            accepted,
            began: clock.now(),
            clock,
            environment,
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// A panic elsewhere leaves the state usable: whatever it was doing, the execution is then ended from outside.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long it has been running.
    pub fn now(&self) -> Duration {
        self.clock.now().saturating_duration_since(self.began)
    }

    pub fn status(&self) -> Status {
        self.state().finished.as_ref().map_or(Status::Running, |finished| finished.status)
    }
}
