//! Which executions are in memory.
//!
//! Comes in: executions that wait in the journal, for a moment or for room. Goes out: those whose turn it is.
//! Always true: no more than [`Capacity::working`] are at work at once; those that wait for nothing but room come in the order
//! in which they began to.
//!
//! An execution that waits costs an entry here and one in the registry; all else about it is in the journal.

use crate::journal::Id;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How much a process takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Executions that have not ended, those that wait included. More are not accepted.
    pub unfinished: usize,
    /// Executions that are at work; the others wait, in the journal where it can be read back.
    pub working: usize,
}

impl Capacity {
    /// What a process takes on unless its operator says otherwise. Without a store whatever waits is in memory, its input and
    /// its results included.
    pub fn of(has_store: bool) -> Capacity {
        Capacity { unfinished: if has_store { 200_000 } else { 20_000 }, working: 2_000 }
    }
}

impl Default for Capacity {
    fn default() -> Capacity {
        Capacity::of(true)
    }
}

pub struct Scheduler {
    capacity: Capacity,
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Default)]
struct Inner {
    working: usize,
    /// Wait for room only.
    ready: VecDeque<Id>,
    /// Wait for a moment.
    waiting: BinaryHeap<Reverse<(Instant, Id)>>,
}

impl Scheduler {
    pub fn new(capacity: Capacity) -> Scheduler {
        Scheduler { capacity, inner: Mutex::default(), changed: Notify::new() }
    }

    /// Takes a place for an execution that is in memory already. False: there is none, or others have waited longer.
    pub fn enter(&self) -> bool {
        let mut inner = self.inner();
        let room = inner.working < self.capacity.working && inner.ready.is_empty();
        inner.working += usize::from(room);
        room
    }

    /// Gives a place back.
    pub fn leave(&self) {
        let mut inner = self.inner();
        inner.working = inner.working.saturating_sub(1);
        let others_wait = !inner.ready.is_empty();
        drop(inner);
        if others_wait {
            self.changed.notify_one();
        }
    }

    /// How many are at work.
    pub fn working(&self) -> usize {
        self.inner().working
    }

    pub fn is_ready(&self, execution: Id) {
        self.inner().ready.push_back(execution);
        self.changed.notify_one();
    }

    /// `due`: `None` for a moment that no clock can tell. Nobody will see it.
    pub fn waits(&self, execution: Id, due: Option<Instant>) {
        let Some(due) = due else { return };
        let mut inner = self.inner();
        let is_next = inner.waiting.peek().is_none_or(|Reverse((next, _))| due < *next);
        inner.waiting.push(Reverse((due, execution)));
        drop(inner);
        if is_next {
            self.changed.notify_one();
        }
    }

    /// The next execution whose turn it is. It has a place.
    pub async fn next(&self) -> Id {
        loop {
            let changed = self.changed.notified();
            let next_due = {
                let mut inner = self.inner();
                let now = Instant::now();
                while let Some(&Reverse((due, execution))) = inner.waiting.peek()
                    && due <= now
                {
                    inner.waiting.pop();
                    inner.ready.push_back(execution);
                }
                if inner.working < self.capacity.working
                    && let Some(execution) = inner.ready.pop_front()
                {
                    inner.working += 1;
                    return execution;
                }
                inner.waiting.peek().map(|Reverse((due, _))| *due)
            };
            match next_due {
                // Whichever comes first.
                Some(due) => drop(tokio::time::timeout_at(due, changed).await),
                None => changed.await,
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
