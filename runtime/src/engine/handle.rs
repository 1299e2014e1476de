//! What whoever starts an execution gets: a handle, or why there is none.
//!
//! Always true: while there is a handle, its execution stays in memory; dropping it changes nothing else.

use super::keys::{Claim, First};
use super::run::Run;
use super::{EdgeState, Status};
use crate::journal::JournalError;
use crate::trigger::DedupeKey;
use std::fmt;
use std::sync::Arc;

/// Who started an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartedBy {
    /// A trigger, by the index of its node.
    Trigger(usize),
    /// A request to the API.
    Api,
    /// The command line.
    Hand,
}

/// Why an execution was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartError {
    /// The process is shutting down.
    Draining,
    /// There are as many unfinished executions as there may be.
    Busy,
    /// The key named another input before: that of this execution.
    KeyReused {
        execution_id: String,
    },
    Journal(JournalError),
}

/// Whether an input came before, by its key.
pub enum Delivery {
    /// With this its execution is started.
    New(Claim),
    /// The execution that was started with this key and this input; it may have ended.
    Before { execution_id: String },
}

/// An execution that was accepted. While there is one, the execution stays in memory; dropping it changes nothing else.
pub struct Handle {
    pub(super) run: Arc<Run>,
}

impl Clone for Handle {
    fn clone(&self) -> Handle {
        Handle::of(&self.run)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.run.let_go();
    }
}

impl Handle {
    pub(super) fn of(run: &Arc<Run>) -> Handle {
        run.hold();
        Handle { run: Arc::clone(run) }
    }

    /// As clients see it: `exec-` and 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.run.name
    }

    /// The edges that were taken so far, as indices into the workflow's.
    pub(crate) fn taken_edges(&self) -> Vec<usize> {
        let state = self.run.state();
        let edges = 0..state.execution.graph().edges.len();
        edges.filter(|&edge| state.execution.edge(edge) == EdgeState::Taken).collect()
    }

    /// Waits for the end, and for that to be durable.
    pub async fn finished(&self) -> Status {
        loop {
            let changed = self.run.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let status = self.run.status();
            if status.is_final() {
                return status;
            }
            changed.await;
        }
    }
}

impl First {
    /// What the next one gets who comes with its key.
    pub(super) fn again(self, key: &DedupeKey) -> Result<Delivery, StartError> {
        let execution_id = self.id.name();
        match self.input == key.input {
            true => Ok(Delivery::Before { execution_id }),
            false => Err(StartError::KeyReused { execution_id }),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Draining => f.write_str("the service is shutting down"),
            StartError::Busy => f.write_str("too many executions have not ended"),
            StartError::KeyReused { execution_id } => {
                write!(f, "the key was used for another input before: that of {execution_id}")
            }
            StartError::Journal(error) => write!(f, "the journal cannot be written: {error}"),
        }
    }
}

impl std::error::Error for StartError {}
