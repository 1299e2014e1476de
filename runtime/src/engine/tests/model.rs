//! The slow and obvious reference: what an execution must look like, computed from its whole history, each time anew.
//!
//! Written from the rules and not from the engine; it keeps no state, counts nothing and shares no code with it. Everything
//! is a search through the history or a fixpoint over all nodes.

use super::simulation::{Happened, Scenario};
use crate::engine::{Answer, Attempted, Cause, End, Outcome, Status};
use crate::flow::Delay;
use std::time::Duration;

/// What became of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is not known yet whether it runs.
    Undecided,
    /// Was not started yet.
    Activated,
    Running,
    Waiting {
        until: Duration,
    },
    Settled(Outcome),
    Skipped,
}

/// What an edge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    Taken,
    Closed,
    Died,
}

pub struct Model<'a> {
    scenario: &'a Scenario,
    history: &'a [(Duration, Happened)],
    now: Duration,
    pub fates: Vec<Fate>,
}

impl<'a> Model<'a> {
    pub fn new(scenario: &'a Scenario, history: &'a [(Duration, Happened)]) -> Model<'a> {
        let now = history.last().map_or(Duration::ZERO, |(moment, _)| *moment);
        let mut model = Model { scenario, history, now, fates: vec![Fate::Undecided; scenario.graph.nodes.len()] };
        loop {
            let fates: Vec<Fate> = (0..model.fates.len()).map(|node| model.fate(node)).collect();
            if fates == model.fates {
                return model;
            }
            model.fates = fates;
        }
    }

    /// The nodes to start now, without regard to how many may run: first come first in the file.
    pub fn startable(&self) -> Vec<usize> {
        let due = |fate: Fate| match fate {
            Fate::Activated => true,
            Fate::Waiting { until } => until <= self.now,
            Fate::Undecided | Fate::Running | Fate::Settled(_) | Fate::Skipped => false,
        };
        (0..self.fates.len()).filter(|&node| due(self.fates[node])).collect()
    }

    pub fn running(&self) -> Vec<usize> {
        (0..self.fates.len()).filter(|&node| self.fates[node] == Fate::Running).collect()
    }

    /// The next moment at which something happens by itself.
    pub fn wake_at(&self) -> Option<Duration> {
        let waits = self.fates.iter().filter_map(|fate| match fate {
            Fate::Waiting { until } if *until > self.now => Some(*until),
            _ => None,
        });
        waits.chain(self.scenario.graph.limits.timeout).min()
    }

    /// Whether and how the execution is over now.
    pub fn end(&self) -> Option<End> {
        if self.history.last().is_some_and(|(_, happened)| *happened == Happened::Cancel) {
            return Some(End { status: Status::Cancelled, cause: None });
        }
        let error = |cause| Some(End { status: Status::Error, cause: Some(cause) });
        let guilty = self.guilty();
        if self.fates.iter().all(|fate| matches!(fate, Fate::Settled(_) | Fate::Skipped)) {
            return match guilty {
                Some(node) => error(Cause::Node(node)),
                None => Some(End { status: Status::Completed, cause: None }),
            };
        }
        let limits = self.scenario.graph.limits;
        if limits.fail_fast && self.failures().into_iter().any(|node| self.handlers(node).is_empty()) {
            return error(Cause::Node(guilty.expect("an unhandled failure is guilty")));
        }
        if limits.timeout.is_some_and(|timeout| self.now >= timeout) {
            return error(Cause::Timeout);
        }
        None
    }

    fn fate(&self, node: usize) -> Fate {
        if let Some(fate) = self.own_history(node) {
            return fate;
        }
        let graph = &self.scenario.graph;
        let incoming: Vec<usize> = (0..graph.edges.len()).filter(|&edge| graph.edges[edge].to == node).collect();
        if incoming.is_empty() {
            let other_trigger = graph.nodes[node].trigger && self.scenario.trigger != Some(node);
            return if other_trigger { Fate::Skipped } else { Fate::Activated };
        }
        let ways: Vec<(Way, bool)> =
            incoming.iter().map(|&edge| (self.way(edge), graph.edges[edge].required)).collect();
        if ways.iter().any(|(way, _)| *way == Way::Open) {
            return Fate::Undecided;
        }
        let one_taken = ways.iter().any(|(way, _)| *way == Way::Taken);
        let all_required_taken = ways.iter().all(|(way, required)| !required || *way == Way::Taken);
        let none_died = ways.iter().all(|(way, _)| *way != Way::Died);
        if one_taken && all_required_taken && none_died { Fate::Activated } else { Fate::Skipped }
    }

    /// What the history says about a node; `None`: it was never started.
    fn own_history(&self, node: usize) -> Option<Fate> {
        let ran = self.history.iter().filter(|(_, happened)| *happened == Happened::Ran { node }).count();
        let ended: Vec<(Duration, Attempted)> = self
            .history
            .iter()
            .filter_map(|(moment, happened)| match happened {
                Happened::Ended { node: other, attempted } if *other == node => Some((*moment, *attempted)),
                _ => None,
            })
            .collect();
        if ran == 0 {
            return None;
        }
        if ran > ended.len() {
            return Some(Fate::Running);
        }
        let (moment, attempted) = ended[ended.len() - 1];
        let raw = match attempted {
            Attempted::Completed => Outcome::Completed,
            Attempted::NotPassed => Outcome::NotPassed,
            Attempted::Failed => Outcome::Failed,
            Attempted::Retryable { after } => match self.retry(node, ended.len(), moment, after) {
                Some(until) => return Some(Fate::Waiting { until }),
                None => Outcome::Failed,
            },
        };
        Some(Fate::Settled(if self.misrouted(node, raw) { Outcome::Failed } else { raw }))
    }

    /// When the retry after this many attempts begins.
    fn retry(&self, node: usize, attempts: usize, moment: Duration, after: Option<Duration>) -> Option<Duration> {
        let policy = self.scenario.graph.nodes[node].retry;
        if attempts > policy.retries as usize {
            return None;
        }
        let delay = match policy.delay {
            Delay::Fixed(delay) => delay,
            Delay::Exponential { initial, max, jitter } => {
                assert!(!jitter, "the model does not roll dice");
                let mut delay = initial;
                for _ in 1..attempts {
                    delay *= 2;
                }
                delay.min(max)
            }
        };
        let Some(after) = after else { return Some(moment + delay) };
        let too_late = self.scenario.graph.limits.timeout.is_some_and(|timeout| moment + after >= timeout);
        (!too_late).then(|| moment + delay.max(after))
    }

    fn answers(&self, node: usize, raw: Outcome) -> Vec<Option<&Answer>> {
        let graph = &self.scenario.graph;
        (0..graph.edges.len())
            .filter(|&edge| graph.edges[edge].from == node)
            .map(|edge| graph.edges[edge].conditional.then(|| self.scenario.answers[edge].after(raw)))
            .collect()
    }

    /// A node that did not fail, and fails because its edges cannot be decided.
    fn misrouted(&self, node: usize, raw: Outcome) -> bool {
        let answers = self.answers(node, raw);
        let no_route = !answers.is_empty() && answers.iter().all(|answer| *answer == Some(&Answer::MissingField));
        let fault = answers.iter().any(|answer| matches!(answer, Some(Answer::Fault(_))));
        raw != Outcome::Failed && (no_route || fault)
    }

    fn way(&self, edge: usize) -> Way {
        let source = self.scenario.graph.edges[edge].from;
        let outcome = match self.fates[source] {
            Fate::Skipped => return Way::Closed,
            Fate::Settled(outcome) => outcome,
            Fate::Undecided | Fate::Activated | Fate::Running | Fate::Waiting { .. } => return Way::Open,
        };
        if outcome == Outcome::Failed && self.raw_success(source) {
            return Way::Died;
        }
        if !self.scenario.graph.edges[edge].conditional {
            return match outcome {
                Outcome::Completed => Way::Taken,
                Outcome::NotPassed => Way::Closed,
                Outcome::Failed => Way::Died,
            };
        }
        match self.scenario.answers[edge].after(outcome) {
            Answer::Taken => Way::Taken,
            Answer::NotTaken | Answer::MissingField => Way::Closed,
            Answer::Fault(_) => Way::Died,
        }
    }

    /// Whether the node's last attempt was a success, whatever became of it.
    fn raw_success(&self, node: usize) -> bool {
        let last = self.history.iter().rev().find_map(|(_, happened)| match happened {
            Happened::Ended { node: other, attempted } if *other == node => Some(*attempted),
            _ => None,
        });
        matches!(last, Some(Attempted::Completed | Attempted::NotPassed))
    }

    /// Failed nodes, in the order in which their last attempts ended.
    fn failures(&self) -> Vec<usize> {
        let mut failures: Vec<usize> =
            (0..self.fates.len()).filter(|&node| self.fates[node] == Fate::Settled(Outcome::Failed)).collect();
        failures.sort_by_key(|&node| {
            self.history
                .iter()
                .rposition(|(_, happened)| matches!(happened, Happened::Ended { node: other, .. } if *other == node))
        });
        failures
    }

    /// Where the conditions of a failed node lead.
    fn handlers(&self, failed: usize) -> Vec<usize> {
        let graph = &self.scenario.graph;
        let leads = |edge: &usize| {
            graph.edges[*edge].from == failed && graph.edges[*edge].conditional && self.way(*edge) == Way::Taken
        };
        (0..graph.edges.len()).filter(leads).map(|edge| graph.edges[edge].to).collect()
    }

    /// The first failure that makes the execution an error.
    fn guilty(&self) -> Option<usize> {
        let failures = self.failures();
        let is_guilty = |node: usize| {
            let unhandled = self.handlers(node).iter().all(|&handler| self.fates[handler] == Fate::Skipped);
            let was_handler = failures.iter().any(|&other| self.handlers(other).contains(&node));
            unhandled || was_handler
        };
        failures.iter().copied().find(|&node| is_guilty(node))
    }
}
