//! One execution as the process holds it: what its task works on and what others may look at.
//!
//! Always true: the lock is held for synchronous steps only, never across an await and never while an attempt is polled.

use super::clock::{Clock, Timestamp};
use super::takeover::Renumbered;
use super::{Execution, Status};
use crate::journal::{Id, JournalError};
use crate::node::NodeError;
use crate::observe::Subject;
use crate::trace::TraceContext;
use crate::value::Doc;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    /// Who started it, for the log.
    pub origin: &'static str,
    pub accepted: Timestamp,
    /// When this process took it up, on the monotonic clock.
    began: Instant,
    /// How long it had been running by then.
    elapsed: Duration,
    clock: Arc<dyn Clock>,
    /// In place of the engine's own values; `None`: those.
    pub environment: Option<Box<[String]>>,
    /// Another version of the workflow began it: how it is written down.
    pub renumbered: Option<Renumbered>,
    /// How many have a handle.
    holders: AtomicUsize,
    /// The trace it belongs to.
    pub trace: Option<TraceContext>,
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
    /// Nothing but a handle keeps it in memory: its task wants to be woken when that is gone.
    pub wants_to_park: bool,
    /// The acceptance is durable. Until then effects wait.
    pub accepted: bool,
    /// The acceptance could not be stored: nothing has happened, and nothing may.
    pub discarded: Option<JournalError>,
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
    /// How it settled.
    pub error: Option<Box<NodeError>>,
    /// Of its last attempt, if that failed and the node has not settled.
    pub last_error: Option<Box<NodeError>>,
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
    /// `elapsed`: how long ago it was accepted.
    pub fn new(
        id: Id,
        input: Doc,
        (trigger, origin): (Option<usize>, &'static str),
        accepted: Timestamp,
        clock: Arc<dyn Clock>,
        execution: Execution,
        elapsed: Duration,
    ) -> Run {
        let nodes = execution.graph().nodes.len();
        let state = State {
            execution,
            outputs: (0..nodes).map(|_| None).collect(),
            nodes: (0..nodes).map(|_| NodeRun::default()).collect(),
            started: Vec::with_capacity(nodes),
            finished: None,
            cancel_asked: false,
            wants_to_park: false,
            accepted: false,
            discarded: None,
            waker: None,
        };
        Run {
            id,
            name: id.name(),
            input,
            trigger,
            origin,
            accepted,
            began: clock.now(),
            elapsed,
            clock,
            environment: None,
            renumbered: None,
            holders: AtomicUsize::new(0),
            trace: None,
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// A panic elsewhere leaves the state usable: whatever it was doing, the execution is then ended from outside.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For those who watch it.
    pub fn subject(&self) -> Subject<'_> {
        let Run { name, origin, accepted, trace, .. } = self;
        Subject { execution_id: name, origin, accepted: *accepted, trace: *trace }
    }

    /// How long it has been running.
    pub fn now(&self) -> Duration {
        self.age().1
    }

    /// A moment of the monotonic clock, and how long it had been running by then.
    pub fn age(&self) -> (Instant, Duration) {
        let now = self.clock.now();
        (now, self.elapsed + now.saturating_duration_since(self.began))
    }

    /// A moment of its own on the clock of timers; `None`: beyond what that can tell.
    pub fn due(&self, moment: Duration) -> Option<Instant> {
        self.began.checked_add(moment.saturating_sub(self.elapsed))
    }

    /// Waits until it is durable that the execution was accepted.
    ///
    /// # Errors
    /// When it could not be made so: then nothing has happened.
    pub async fn is_accepted(&self) -> Result<(), JournalError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let state = self.state();
                if let Some(error) = &state.discarded {
                    return Err(error.clone());
                }
                if state.accepted {
                    return Ok(());
                }
            }
            changed.await;
        }
    }

    pub fn hold(&self) {
        self.holders.fetch_add(1, Ordering::SeqCst);
    }

    /// One holder less. The order matters: whoever wants to park says so before it counts the holders.
    pub fn let_go(&self) {
        if self.holders.fetch_sub(1, Ordering::SeqCst) == 1 && self.state().wants_to_park {
            self.wake();
        }
    }

    pub fn is_held(&self) -> bool {
        self.holders.load(Ordering::SeqCst) > 0
    }

    /// Has its task look at it again.
    pub fn wake(&self) {
        let waker = self.state().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub fn status(&self) -> Status {
        self.state().finished.as_ref().map_or(Status::Running, |finished| finished.status)
    }
}
