//! How an execution ends, in words, and who is told.

use super::Task;
use crate::engine::brief::LAST_ERROR;
use crate::engine::run::{Finished, State};
use crate::engine::{Cause, End, NodeState, Status};
use std::fmt::Write;
use std::sync::Arc;

/// Of a workflow that does a hundred things at once the first few say enough.
const CUT_OFF_MAX: usize = 5;

impl Task {
    /// How the execution ended, in words.
    pub(super) fn finished(&mut self) -> Finished {
        let run = Arc::clone(&self.run);
        let mut state = run.state();
        let at = run.now();
        let end = state.execution.end().unwrap_or(End { status: Status::Error, cause: Some(Cause::Internal) });
        let cancelled =
            state.started.clone().into_iter().filter(|&node| state.execution.state(node) == NodeState::Cancelled);
        for node in cancelled.collect::<Vec<_>>() {
            state.nodes[node].completed = at;
            let started = state.nodes[node].started;
            self.engine.observer.node_cancelled(&run.subject(), node, (started, at.saturating_sub(started)));
        }
        let (error_code, error_message) = match end.cause {
            None => (None, None),
            Some(Cause::Node(node)) => {
                let error = state.nodes[node].error.as_deref();
                let message = error.map_or("failed", |error| error.message.as_str());
                let code = error.map_or("INTERNAL", |error| error.code.as_str());
                (Some(code.to_owned()), Some(format!("{}: {message}", self.engine.node_ids[node])))
            }
            Some(Cause::Timeout) => {
                let limit = state.execution.limits().timeout.unwrap_or_default();
                let message =
                    format!("timed out after {} s{}", limit.as_secs_f64(), cut_off(&state, &self.engine.node_ids));
                (Some(String::from("TIMEOUT")), Some(message))
            }
            Some(Cause::Internal) => (Some(String::from("INTERNAL")), self.broken.take()),
        };
        let node = match end.cause {
            Some(Cause::Node(node)) => Some(node),
            Some(Cause::Timeout | Cause::Internal) | None => None,
        };
        self.engine.observer.execution_finished(&run.subject(), end.status, node, error_code.as_deref(), at);
        Finished { status: end.status, error_code, error_message, at }
    }

    pub(super) fn publish(&self, finished: Finished) {
        let (status, duration) = (finished.status, finished.at);
        let mut state = self.run.state();
        state.finished = Some(finished);
        // It would keep the memory of this task for as long as the execution is remembered.
        state.waker = None;
        drop(state);
        // Nobody asks soon, and then the journal has it.
        let is_elsewhere = !self.run.is_held() && self.engine.parts.journal.store().is_some();
        let view = (!is_elsewhere).then(|| self.engine.layout.view(&self.run).into());
        self.engine.registry.end(self.run.id, status, view, duration);
        self.run.changed.notify_waiters();
        self.engine.ended.notify_waiters();
    }
}

/// What was going on when the time was up. First what is this program's to say, and last the words of services: see
/// [`crate::engine::without_words`].
fn cut_off(state: &State, node_ids: &[&str]) -> String {
    let mut nodes: Vec<usize> = state.started.clone();
    nodes.retain(|&node| state.execution.state(node) == NodeState::Cancelled);
    let mut text = String::new();
    for (index, &node) in nodes.iter().take(CUT_OFF_MAX).enumerate() {
        let attempts = state.execution.attempts(node);
        text.push_str(if index == 0 { ": " } else { ", " });
        let _ = match state.execution.due(node) {
            Some(_) => write!(text, "{} was waiting for attempt {}", node_ids[node], attempts + 1),
            None => write!(text, "{} was at attempt {}", node_ids[node], attempts.max(1)),
        };
    }
    if nodes.len() > CUT_OFF_MAX {
        let _ = write!(text, ", and {} more", nodes.len() - CUT_OFF_MAX);
    }
    for &node in nodes.iter().take(CUT_OFF_MAX) {
        if let Some(error) = &state.nodes[node].last_error {
            let _ = write!(text, "{LAST_ERROR}{}: {}, {}", node_ids[node], error.code, error.message);
        }
    }
    text
}
