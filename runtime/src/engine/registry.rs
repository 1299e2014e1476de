//! The executions a process knows.
//!
//! Comes in: executions as they start and end. Goes out: an execution by its id; counts.
//! Always true: bounded. Of those that have ended the last ones are kept, by number and by memory; the oldest go first.
//! Running ones are all kept.

use super::Status;
use super::run::Run;
use crate::journal::Id;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much of the past to keep in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Executions that have ended.
    pub executions: usize,
    /// Bytes of their inputs and outputs.
    pub bytes: usize,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { executions: 10_000, bytes: 64 * 1024 * 1024 }
    }
}

/// How many executions there were since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub started: u64,
    pub running: u64,
    pub completed: u64,
    pub error: u64,
    pub cancelled: u64,
    /// Of all that have ended.
    pub total_duration: Duration,
}

pub struct Registry {
    retention: Retention,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    runs: HashMap<Id, Arc<Run>>,
    /// Oldest first, with what each keeps alive.
    ended: VecDeque<(Id, usize)>,
    ended_bytes: usize,
    counts: Counts,
}

impl Registry {
    pub fn new(retention: Retention) -> Registry {
        Registry { retention, inner: Mutex::default() }
    }

    pub fn add(&self, run: Arc<Run>) {
        let mut inner = self.inner();
        inner.counts.started += 1;
        inner.counts.running += 1;
        inner.runs.insert(run.id, run);
    }

    pub fn end(&self, run: &Run, status: Status, duration: Duration) {
        let bytes = run.bytes();
        // Freed after the lock: it takes longer than everything else here.
        let mut forgotten = Vec::new();
        let mut inner = self.inner();
        inner.counts.running -= 1;
        inner.counts.total_duration += duration;
        match status {
            Status::Completed => inner.counts.completed += 1,
            Status::Cancelled => inner.counts.cancelled += 1,
            Status::Error | Status::Pending | Status::Running => inner.counts.error += 1,
        }
        inner.ended.push_back((run.id, bytes));
        inner.ended_bytes += bytes;
        while inner.ended.len() > self.retention.executions || inner.ended_bytes > self.retention.bytes {
            let Some((oldest, bytes)) = inner.ended.pop_front() else { break };
            inner.ended_bytes -= bytes;
            forgotten.extend(inner.runs.remove(&oldest));
        }
        drop(inner);
    }

    pub fn get(&self, id: Id) -> Option<Arc<Run>> {
        self.inner().runs.get(&id).cloned()
    }

    pub fn counts(&self) -> Counts {
        self.inner().counts
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
