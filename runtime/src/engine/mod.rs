//! One execution, from input to status.
//!
//! Comes in: events (an attempt ended, time has passed, somebody cancels), each with the moment it happened.
//! Goes out: commands (run this node, settle it, record what became of it, the execution has ended).
//! Always true: no I/O, no clock, no task. The same events give the same commands, so an execution can be tested against a
//! model and rebuilt from its journal. A node never runs twice, and never more nodes at once than the workflow allows.
//!
//! The shell knows about tasks and time: [`driver`] takes executions in, [`task`] carries out the commands of one.
//!
//! [`replay`] rebuilds an execution from its journal: `Record` says everything about a settled node that later decisions
//! need (its outcome and the state of its outgoing edges).

pub mod activation;
mod brief;
#[cfg(feature = "service")]
mod calendar;
#[cfg(feature = "service")]
mod clock;
#[cfg(feature = "service")]
mod driver;
#[cfg(feature = "service")]
mod effects;
#[cfg(feature = "service")]
mod either;
#[cfg(feature = "service")]
mod envelope;
pub mod graph;
#[cfg(feature = "service")]
mod handle;
#[cfg(feature = "service")]
mod keys;
#[cfg(feature = "service")]
mod listing;
#[cfg(feature = "service")]
mod options;
#[cfg(feature = "service")]
mod recovery;
#[cfg(feature = "service")]
mod registry;
pub mod replay;
pub mod retry;
#[cfg(feature = "service")]
mod revival;
#[cfg(feature = "service")]
mod run;
#[cfg(feature = "service")]
mod scheduler;
#[cfg(feature = "service")]
mod takeover;
#[cfg(feature = "service")]
mod task;
mod translate;
#[cfg(feature = "service")]
mod turn;
#[cfg(feature = "service")]
mod view;

pub use activation::{Answer, Conditions, EdgeState, Misrouted, Outcome};
pub use brief::without_words;
#[cfg(feature = "service")]
pub use clock::{Clock, SystemClock, Timestamp};
#[cfg(feature = "service")]
pub use driver::{Engine, Parts};
#[cfg(feature = "service")]
pub use effects::{Effect, Effects};
#[cfg(feature = "service")]
pub(crate) use either::either;
#[cfg(feature = "service")]
pub(crate) use envelope::push_seconds;
pub use graph::Graph;
use graph::GraphLimits;
#[cfg(feature = "service")]
pub(crate) use handle::Delivery;
#[cfg(feature = "service")]
pub use handle::{Handle, StartError, StartedBy};
#[cfg(feature = "service")]
pub(crate) use keys::Claim;
#[cfg(feature = "service")]
pub use keys::First;
#[cfg(feature = "service")]
pub use listing::{Page, Query, Summary};
#[cfg(feature = "service")]
pub use options::StartOptions;
#[cfg(feature = "store")]
pub(crate) use recovery::{Wait, cancelled, elapsed, waits_of};
#[cfg(feature = "service")]
pub use recovery::{definition, record, view_of};
#[cfg(feature = "service")]
pub use registry::{Counts, Retention};
#[cfg(feature = "service")]
pub use scheduler::Capacity;
#[cfg(feature = "store")]
pub(crate) use takeover::Judge;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// What a client sees of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    Running,
    Completed,
    Error,
    /// Only after an explicit cancel.
    Cancelled,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Running => "running",
            Status::Completed => "completed",
            Status::Error => "error",
            Status::Cancelled => "cancelled",
        }
    }

    pub fn is_final(self) -> bool {
        matches!(self, Status::Completed | Status::Error | Status::Cancelled)
    }
}

/// What became of a node so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// Some incoming edge has not settled.
    Pending,
    /// Would run if there were a free slot; also for a retry whose wait is over.
    Ready,
    /// Holds a slot.
    Running,
    /// For a retry. Holds no slot.
    Waiting,
    /// Its last attempt has ended, its output is being made readable.
    Settling(Outcome),
    Settled(Outcome),
    Skipped,
    /// Was started, and the execution ended before it settled.
    Cancelled,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The first event. `trigger`: the node that started the execution; `None`: started by hand on a workflow without one.
    Start { trigger: Option<usize> },
    /// The attempt that [`Command::Run`] asked for has ended.
    Attempted { node: usize, attempted: Attempted },
    /// The output of a node that [`Command::Settle`] named can now be read by conditions.
    OutputReady { node: usize },
    /// Time has passed; see [`Execution::wake_at`].
    Tick,
    /// Somebody asked for the end of the execution.
    Cancel,
    /// The shell cannot go on: a bug in it or in a node, or a journal that cannot be written.
    Abort,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempted {
    Completed,
    /// A filter that did not pass.
    NotPassed,
    /// May be tried again; `after` is what the service asked for (`Retry-After`).
    Retryable {
        after: Option<Duration>,
    },
    Failed,
}

/// Something to do, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make an attempt; the first is 1. Answered by [`Event::Attempted`].
    Run { node: usize, attempt: u32 },
    /// No further attempt: make the node's output readable. Answered at once by [`Event::OutputReady`].
    Settle { node: usize, outcome: Outcome },
    /// The node is settled, and so are its outgoing edges. `misrouted`: the node failed after all, and its output has to say so.
    Record { node: usize, outcome: Outcome, misrouted: Option<Misrouted> },
    /// The last command. Whatever is in flight is to be dropped.
    Finish(End),
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// A final one.
    pub status: Status,
    /// For `Status::Error`: what made it one.
    pub cause: Option<Cause>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The first failure that nothing handled, or that its handlers could not handle.
    Node(usize),
    /// The workflow's time was up: code `TIMEOUT`.
    Timeout,
    /// A bug: code `INTERNAL`.
    Internal,
}

/// One execution. Moments are counted from its acceptance.
#[derive(Debug, Clone)]
pub struct Execution {
    graph: Arc<Graph>,
    limits: GraphLimits,
    /// Of the jitter.
    seed: u64,
    states: Box<[NodeState]>,
    attempts: Box<[u32]>,
    /// Incoming edges not settled yet, by node.
    open: Box<[usize]>,
    edges: Box<[EdgeState]>,
    /// Lowest first: declaration order.
    ready: BinaryHeap<Reverse<usize>>,
    /// For a further attempt, and until when. The end leaves it: it tells what was cut off.
    waiting: Vec<(Duration, usize)>,
    running: usize,
    unsettled: usize,
    /// Nodes that failed, in the order in which they settled.
    failures: Vec<usize>,
    end: Option<End>,
    /// Nodes whose incoming edges are all settled, not looked at yet. Empty between events.
    decidable: Vec<usize>,
}

impl Execution {
    /// `seed` decides the jitter of retries and has to be the same in a replay.
    pub fn new(graph: Arc<Graph>, seed: u64) -> Execution {
        let nodes = graph.nodes.len();
        Execution {
            seed,
            states: vec![NodeState::Pending; nodes].into(),
            attempts: vec![0; nodes].into(),
            open: (0..nodes).map(|node| graph.incoming(node).len()).collect(),
            edges: vec![EdgeState::Open; graph.edges.len()].into(),
            ready: BinaryHeap::new(),
            waiting: Vec::new(),
            running: 0,
            unsettled: nodes,
            failures: Vec::new(),
            end: None,
            decidable: Vec::new(),
            limits: graph.limits,
            graph,
        }
    }

    /// In place of the workflow's own limits.
    #[must_use]
    pub fn limited(self, limits: GraphLimits) -> Execution {
        Execution { limits, ..self }
    }

    pub fn limits(&self) -> GraphLimits {
        self.limits
    }

    /// Takes in one event that happened at `now`. Events that come too late (an attempt that was dropped, anything after the
    /// end) change nothing.
    pub fn handle(
        &mut self,
        event: Event,
        now: Duration,
        conditions: &mut dyn Conditions,
        commands: &mut VecDeque<Command>,
    ) {
        if self.end.is_some() {
            return;
        }
        match event {
            Event::Start { trigger } => self.start(trigger),
            Event::Attempted { node, attempted } => {
                if self.states[node] != NodeState::Running {
                    return;
                }
                self.running -= 1;
                if let Some(outcome) = self.attempted(node, attempted, now) {
                    self.states[node] = NodeState::Settling(outcome);
                    commands.push_back(Command::Settle { node, outcome });
                    // Nothing starts before the followers of this node are known: one of them may come first.
                    return;
                }
            }
            Event::OutputReady { node } => {
                let NodeState::Settling(outcome) = self.states[node] else { return };
                let unhandled = self.settle(node, outcome, conditions, commands);
                if unhandled && self.limits.fail_fast {
                    return self.finish_with_error(commands);
                }
            }
            Event::Tick => {}
            Event::Cancel => return self.finish(End { status: Status::Cancelled, cause: None }, commands),
            Event::Abort => {
                return self.finish(End { status: Status::Error, cause: Some(Cause::Internal) }, commands);
            }
        }
        self.go_on(now, commands);
    }

    /// When to send [`Event::Tick`], if nothing else happens before.
    pub fn wake_at(&self) -> Option<Duration> {
        if self.end.is_some() {
            return None;
        }
        self.waiting.iter().map(|(until, _)| *until).chain(self.limits.timeout).min()
    }

    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    pub fn state(&self, node: usize) -> NodeState {
        self.states[node]
    }

    /// How many attempts were started.
    pub fn attempts(&self, node: usize) -> u32 {
        self.attempts[node]
    }

    /// How much time is left where a service asks to be asked again only when that is over (`Retry-After`): the attempt that has
    /// ended at `now`, and after which there would be another one, is the last.
    pub fn asked_too_late(&self, node: usize, asked: Duration, now: Duration) -> Option<Duration> {
        let retries_left = self.attempts[node] <= self.graph.nodes[node].retry.retries;
        retry::too_late(asked, self.budget(now)).filter(|_| retries_left)
    }

    /// When a node that waits for its next attempt makes it. Still known of one that was cut off by the end.
    pub fn due(&self, node: usize) -> Option<Duration> {
        self.waiting.iter().find(|(_, waiting)| *waiting == node).map(|(until, _)| *until)
    }

    pub fn edge(&self, edge: usize) -> EdgeState {
        self.edges[edge]
    }

    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// The nodes whose edges activated this one, in the order of the edges.
    pub fn activated_by(&self, node: usize) -> impl Iterator<Item = usize> {
        let taken = self.graph.incoming(node).iter().filter(|&&edge| self.edges[edge] == EdgeState::Taken);
        taken.map(|&edge| self.graph.edges[edge].from)
    }

    /// What is left of the time of the whole.
    fn budget(&self, now: Duration) -> Option<Duration> {
        self.limits.timeout.map(|timeout| timeout.saturating_sub(now))
    }

    fn start(&mut self, trigger: Option<usize>) {
        for node in 0..self.states.len() {
            if self.graph.incoming(node).is_empty() {
                if self.graph.nodes[node].trigger && trigger != Some(node) {
                    self.skip(node);
                } else {
                    self.make_ready(node);
                }
            }
        }
        self.activate();
    }

    /// The outcome if this was the last attempt.
    fn attempted(&mut self, node: usize, attempted: Attempted, now: Duration) -> Option<Outcome> {
        let after = match attempted {
            Attempted::Completed => return Some(Outcome::Completed),
            Attempted::NotPassed => return Some(Outcome::NotPassed),
            Attempted::Failed => return Some(Outcome::Failed),
            Attempted::Retryable { after } => after,
        };
        let retry = self.attempts[node];
        let seed = retry::seed(self.seed, node, retry);
        let policy = &self.graph.nodes[node].retry;
        let Some(wait) = retry::wait(policy, retry, after, self.budget(now), seed) else {
            return Some(Outcome::Failed);
        };
        self.states[node] = NodeState::Waiting;
        self.waiting.push((now.saturating_add(wait), node));
        None
    }

    /// Settles a node and its edges. True if it failed and nothing handles that.
    fn settle(
        &mut self,
        node: usize,
        outcome: Outcome,
        conditions: &mut dyn Conditions,
        commands: &mut VecDeque<Command>,
    ) -> bool {
        let misrouted = activation::route(&self.graph, node, outcome, conditions, &mut self.edges);
        let outcome = if misrouted.is_some() { Outcome::Failed } else { outcome };
        self.states[node] = NodeState::Settled(outcome);
        self.unsettled -= 1;
        commands.push_back(Command::Record { node, outcome, misrouted });
        self.close_edges(node);
        self.activate();
        if outcome != Outcome::Failed {
            return false;
        }
        self.failures.push(node);
        !activation::handled(&self.graph, node, &self.edges)
    }

    fn skip(&mut self, node: usize) {
        self.states[node] = NodeState::Skipped;
        self.unsettled -= 1;
        for &edge in self.graph.outgoing(node) {
            self.edges[edge] = EdgeState::Skipped;
        }
        self.close_edges(node);
    }

    fn make_ready(&mut self, node: usize) {
        self.states[node] = NodeState::Ready;
        self.ready.push(Reverse(node));
    }

    /// The outgoing edges of a node have settled.
    fn close_edges(&mut self, node: usize) {
        for &edge in self.graph.outgoing(node) {
            let target = self.graph.edges[edge].to;
            self.open[target] -= 1;
            if self.open[target] == 0 {
                self.decidable.push(target);
            }
        }
    }

    /// Decides nodes until no further one can be decided. A list, not a recursion: a chain of skipped nodes may be long.
    fn activate(&mut self) {
        while let Some(node) = self.decidable.pop() {
            if activation::runs(&self.graph, node, &self.edges) {
                self.make_ready(node);
            } else {
                self.skip(node);
            }
        }
    }

    /// Ends the execution if it is over, else starts what may start.
    fn go_on(&mut self, now: Duration, commands: &mut VecDeque<Command>) {
        if self.ends(now, commands) {
            return;
        }
        let ready = &mut self.ready;
        let states = &mut self.states;
        self.waiting.retain(|&(until, node)| {
            let due = until <= now;
            if due {
                states[node] = NodeState::Ready;
                ready.push(Reverse(node));
            }
            !due
        });
        while self.has_slot() {
            let Some(Reverse(node)) = self.ready.pop() else { break };
            self.launch(node, commands);
        }
    }

    /// Ends the execution if all is settled or its time is up.
    fn ends(&mut self, now: Duration, commands: &mut VecDeque<Command>) -> bool {
        if self.unsettled == 0 {
            // Work that is done counts, even if it ended a moment after time was up.
            match self.culprit() {
                None => self.finish(End { status: Status::Completed, cause: None }, commands),
                Some(_) => self.finish_with_error(commands),
            }
            return true;
        }
        if self.limits.timeout.is_some_and(|timeout| now >= timeout) {
            self.finish(End { status: Status::Error, cause: Some(Cause::Timeout) }, commands);
            return true;
        }
        false
    }

    fn has_slot(&self) -> bool {
        self.running < self.limits.max_parallel_nodes.max(1)
    }

    fn launch(&mut self, node: usize, commands: &mut VecDeque<Command>) {
        self.running += 1;
        self.states[node] = NodeState::Running;
        self.attempts[node] += 1;
        commands.push_back(Command::Run { node, attempt: self.attempts[node] });
    }

    /// The first failed node that makes the execution an error: nothing handled it; or it was itself a handler ("every
    /// handler succeeded"); or none of its handlers ran.
    fn culprit(&self) -> Option<usize> {
        let failed = |node: usize| self.states[node] == NodeState::Settled(Outcome::Failed);
        let handler_edge = |edge: usize| activation::leads_to_handler(&self.graph, edge, &self.edges);
        self.failures.iter().copied().find(|&node| {
            let is_handler =
                self.graph.incoming(node).iter().any(|&edge| handler_edge(edge) && failed(self.graph.edges[edge].from));
            let mut handlers = self.graph.outgoing(node).iter().filter(|&&edge| handler_edge(edge));
            is_handler || handlers.all(|&edge| self.states[self.graph.edges[edge].to] == NodeState::Skipped)
        })
    }

    fn finish_with_error(&mut self, commands: &mut VecDeque<Command>) {
        let cause = self.culprit().map(Cause::Node);
        self.finish(End { status: Status::Error, cause }, commands);
    }

    fn finish(&mut self, end: End, commands: &mut VecDeque<Command>) {
        for (node, state) in self.states.iter_mut().enumerate() {
            match state {
                NodeState::Settled(_) | NodeState::Skipped | NodeState::Cancelled => {}
                NodeState::Pending | NodeState::Ready if self.attempts[node] == 0 => *state = NodeState::Skipped,
                NodeState::Pending
                | NodeState::Ready
                | NodeState::Running
                | NodeState::Waiting
                | NodeState::Settling(_) => *state = NodeState::Cancelled,
            }
        }
        self.ready.clear();
        self.running = 0;
        self.unsettled = 0;
        self.end = Some(end);
        commands.push_back(Command::Finish(end));
    }
}

#[cfg(all(test, feature = "service"))]
mod driver_tests;
#[cfg(test)]
mod tests;
