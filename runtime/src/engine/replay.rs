//! An execution rebuilt from what a journal says.
//!
//! Comes in: what happened, in its order. Goes out: an [`Execution`] that decides from there on as if it had never stopped.
//! Always true: no condition is asked again, no node that has settled runs again, and a wait for a retry ends when it would
//! have ended. A node that was started and has not settled is tried again, under the number of the attempt that was lost.
//!
//! The journal says what was decided, and is believed: decisions are not made again. So it does not matter that moments
//! which only time brings about (a retry begins, a slot is taken by one node rather than another) are in no journal.

use super::{Attempted, Command, EdgeState, End, Execution, NodeState, Outcome, activation};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::Duration;

/// One thing that happened, as far as later decisions depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past<'a> {
    Started {
        node: usize,
    },
    /// An attempt failed, and another one was to follow. `due`: when; `None`: nobody has written that down.
    Attempted {
        node: usize,
        attempt: u32,
        after: Option<Duration>,
        due: Option<Duration>,
        at: Duration,
    },
    /// `edges`: of those that lead out of the node, in their order.
    Settled {
        node: usize,
        outcome: Outcome,
        edges: &'a [EdgeState],
    },
}

impl Execution {
    /// A new execution as it was when the last of these things had happened. Nothing runs yet; see [`Execution::resume`].
    /// What cannot have happened (a node settles twice) changes nothing.
    #[must_use]
    pub fn replay<'a>(mut self, trigger: Option<usize>, past: impl IntoIterator<Item = Past<'a>>) -> Execution {
        self.start(trigger);
        for past in past {
            self.happened(past);
        }
        // Some of those that were ready have been started since.
        let states = self.states.iter().enumerate();
        self.ready = states.filter(|(_, state)| **state == NodeState::Ready).map(|(node, _)| Reverse(node)).collect();
        self
    }

    /// Goes on at `now`: first what was at work, then what may start.
    pub fn resume(&mut self, now: Duration, commands: &mut VecDeque<Command>) {
        let unhandled = |node: &usize| !activation::handled(&self.graph, *node, &self.edges);
        if self.limits.fail_fast && self.failures.iter().any(unhandled) {
            return self.finish_with_error(commands);
        }
        if self.ends(now, commands) {
            return;
        }
        for node in 0..self.states.len() {
            if self.states[node] != NodeState::Running {
                continue;
            }
            // The attempt that was lost is made again, under its number.
            self.attempts[node] -= 1;
            if self.has_slot() {
                self.launch(node, commands);
            } else {
                // There were more slots when it was started.
                self.make_ready(node);
            }
        }
        self.go_on(now, commands);
    }

    /// The journal says how the execution ended.
    pub fn conclude(&mut self, end: End) {
        self.finish(end, &mut VecDeque::new());
    }

    fn happened(&mut self, past: Past) {
        let node = match past {
            Past::Started { node } | Past::Attempted { node, .. } | Past::Settled { node, .. } => node,
        };
        if !matches!(self.states[node], NodeState::Ready | NodeState::Running | NodeState::Waiting) {
            return;
        }
        self.waiting.retain(|(_, waiting)| *waiting != node);
        let in_flight = self.states[node] == NodeState::Running;
        match past {
            Past::Started { .. } => {
                self.states[node] = NodeState::Running;
                self.attempts[node] += u32::from(!in_flight);
            }
            Past::Attempted { attempt, after, due, at, .. } => {
                self.attempts[node] = attempt;
                if self.attempted(node, Attempted::Retryable { after }, at).is_none() {
                    return;
                }
                // There were more retries when the journal was written. The one that was promised is made.
                match due {
                    Some(due) => {
                        self.states[node] = NodeState::Waiting;
                        self.waiting.push((due, node));
                    }
                    None => {
                        self.states[node] = NodeState::Running;
                        self.attempts[node] += 1;
                    }
                }
            }
            Past::Settled { outcome, edges, .. } => {
                let outgoing = self.graph.outgoing(node);
                for (&edge, &state) in outgoing.iter().zip(edges) {
                    self.edges[edge] = state;
                }
                self.attempts[node] += u32::from(!in_flight);
                self.states[node] = NodeState::Settled(outcome);
                self.unsettled -= 1;
                if outcome == Outcome::Failed {
                    self.failures.push(node);
                }
                self.close_edges(node);
                self.activate();
            }
        }
    }
}
