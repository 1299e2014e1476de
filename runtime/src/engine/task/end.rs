//! How an execution ends, in words, and who is told.

use super::Task;
use crate::engine::run::Finished;
use crate::engine::{Cause, End, NodeState, Status};
use std::sync::Arc;

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
                (Some(String::from("TIMEOUT")), Some(format!("timed out after {} s", limit.as_secs_f64())))
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
