//! The executions a process knows.
//!
//! Comes in: executions as they start and end. Goes out: an execution by its id; counts.
//! Always true: bounded. Of those that have ended the last ones are kept, by number and by memory; the oldest go first.
//! Those that have not ended are all known, up to the limit of the engine; where a journal can be read back, those that only
//! wait are in it and not here.
//!
//! Of one that has ended nothing but its view is kept, as one text: what it worked with would lie scattered between the
//! memory of those that run, and cost each of them more cache misses than its own work does.

use super::Status;
use super::keys::Keys;
use super::run::Run;
use crate::journal::Id;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How much of the past to keep in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Executions that have ended.
    pub executions: usize,
    /// Bytes of their views. The last one does not count, whatever its size: whoever has waited for it asks now.
    pub bytes: usize,
}

/// A view is large that takes more than this part of all bytes. Large ones go first: a few of them would take the place of all
/// others.
const LARGE_PART: usize = 16;

impl Retention {
    /// Where all of it can be read again from a store: enough for those who have waited for the end, and ask then.
    pub const BESIDE_A_STORE: Retention = Retention { executions: 256, bytes: 1024 * 1024 };
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { executions: 10_000, bytes: 16 * 1024 * 1024 }
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

/// What is known of an execution.
#[derive(Clone)]
pub enum Known {
    Running(Arc<Run>),
    /// Waits in the journal. `cancel`: somebody has asked for its end. `age`: for how long it had been running at a moment of
    /// the monotonic clock; `None`: only the time of day tells, because a former process has accepted it. `taken`: a task is
    /// about to take it up.
    Parked {
        cancel: bool,
        age: Option<(Instant, Duration)>,
        taken: bool,
    },
    Ended(Arc<Ended>),
}

/// What is kept of an execution that has ended.
pub struct Ended {
    pub status: Status,
    /// As the API shows it.
    pub view: Box<str>,
}

pub struct Registry {
    /// Of the executions that are known.
    pub keys: Arc<Keys>,
    retention: Retention,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    known: HashMap<Id, Known>,
    /// Oldest first, with the bytes of each.
    ended: VecDeque<(Id, usize)>,
    ended_bytes: usize,
    /// Of these the large ones, oldest first.
    large: VecDeque<Id>,
    counts: Counts,
}

impl Registry {
    pub fn new(retention: Retention) -> Registry {
        Registry { keys: Arc::default(), retention, inner: Mutex::default() }
    }

    pub fn add(&self, run: Arc<Run>) {
        let mut inner = self.inner();
        inner.counts.started += 1;
        inner.counts.running += 1;
        inner.known.insert(run.id, Known::Running(run));
    }

    /// An execution that a former process has accepted. False: it is known already.
    pub fn recover(&self, id: Id) -> bool {
        let mut inner = self.inner();
        if inner.known.contains_key(&id) {
            return false;
        }
        inner.counts.running += 1;
        inner.known.insert(id, Known::Parked { cancel: false, age: None, taken: false });
        true
    }

    /// An execution was never accepted, or is nothing that goes on here: as if it had not been there.
    pub fn remove(&self, id: Id, was_started: bool) {
        self.inner().remove(id, was_started);
        self.keys.forget(id);
    }

    /// A parked execution is nothing that goes on here. False: somebody wants its end, and it stays until it has that.
    pub fn leave_alone(&self, id: Id) -> bool {
        let mut inner = self.inner();
        if let Some(Known::Parked { cancel: true, .. }) = inner.known.get(&id) {
            return false;
        }
        inner.remove(id, false);
        drop(inner);
        self.keys.forget(id);
        true
    }

    /// An execution whose state is in the journal leaves memory. False: somebody holds it, or wants something of it.
    pub fn park(&self, run: &Run) -> bool {
        // Nobody can get at it while this lock is held.
        let mut inner = self.inner();
        run.state().wants_to_park = true;
        if run.is_held() || run.state().cancel_asked {
            return false;
        }
        inner.known.insert(run.id, Known::Parked { cancel: false, age: Some(run.age()), taken: false });
        true
    }

    /// An execution waits in the journal, whoever holds it.
    pub fn leave(&self, run: &Run) {
        let mut inner = self.inner();
        if let Some(known) = inner.known.get_mut(&run.id) {
            *known = Known::Parked { cancel: run.state().cancel_asked, age: Some(run.age()), taken: false };
        }
    }

    /// A task is about to take a parked execution up. False: it is not parked, or another task does.
    pub fn take(&self, id: Id) -> bool {
        match self.inner().known.get_mut(&id) {
            Some(Known::Parked { taken, .. }) => !std::mem::replace(taken, true),
            Some(Known::Running(_) | Known::Ended(_)) | None => false,
        }
    }

    /// The task could not take it up: another one may try.
    pub fn put_back(&self, id: Id) {
        if let Some(Known::Parked { taken, .. }) = self.inner().known.get_mut(&id) {
            *taken = false;
        }
    }

    /// A parked execution is in memory again. False: it is not parked.
    pub fn revive(&self, run: &Arc<Run>) -> bool {
        let mut inner = self.inner();
        let Some(Known::Parked { cancel, .. }) = inner.known.get(&run.id) else { return false };
        run.state().cancel_asked = *cancel;
        inner.known.insert(run.id, Known::Running(Arc::clone(run)));
        true
    }

    /// Notes that somebody wants the end of an execution.
    pub fn cancel(&self, id: Id) -> Option<Known> {
        let mut inner = self.inner();
        let known = inner.known.get_mut(&id)?;
        match known {
            Known::Running(run) => run.state().cancel_asked = true,
            Known::Parked { cancel, .. } => *cancel = true,
            Known::Ended(_) => {}
        }
        Some(known.clone())
    }

    /// Whether somebody wants the end of an execution that waits in the journal.
    pub fn is_cancelled(&self, id: Id) -> bool {
        matches!(self.inner().known.get(&id), Some(Known::Parked { cancel: true, .. }))
    }

    /// Those that are in memory and have not ended.
    pub fn running(&self) -> Vec<Arc<Run>> {
        let running = |known: &Known| match known {
            Known::Running(run) => Some(Arc::clone(run)),
            Known::Parked { .. } | Known::Ended(_) => None,
        };
        self.inner().known.values().filter_map(running).collect()
    }

    /// The last thing that is heard of an execution. `view`: as the API shows it; `None`: whoever asks is told from the journal.
    pub fn end(&self, id: Id, status: Status, view: Option<Box<str>>, duration: Duration) {
        // Freed after the lock: it takes longer than everything else here.
        let mut forgotten = Vec::new();
        let mut forgotten_ids = Vec::new();
        let mut inner = self.inner();
        inner.counts.running -= 1;
        inner.counts.total_duration += duration;
        match status {
            Status::Completed => inner.counts.completed += 1,
            Status::Cancelled => inner.counts.cancelled += 1,
            Status::Error | Status::Pending | Status::Running => inner.counts.error += 1,
        }
        let last = view.as_ref().map_or(0, |view| view.len());
        match view {
            Some(view) => {
                let bytes = view.len();
                forgotten.extend(inner.known.insert(id, Known::Ended(Arc::new(Ended { status, view }))));
                inner.ended.push_back((id, bytes));
                inner.ended_bytes += bytes;
                if bytes > self.retention.bytes / LARGE_PART {
                    inner.large.push_back(id);
                }
            }
            None => {
                forgotten.extend(inner.known.remove(&id));
                forgotten_ids.push(id);
            }
        }
        loop {
            let surplus = if inner.ended.len() > self.retention.executions {
                inner.ended.front().map(|(oldest, _)| *oldest)
            } else if inner.ended_bytes - last > self.retention.bytes {
                let large = inner.large.front().filter(|large| **large != id).copied();
                large.or(inner.ended.front().map(|(oldest, _)| *oldest).filter(|oldest| *oldest != id))
            } else {
                None
            };
            let Some(surplus) = surplus else { break };
            forgotten.extend(inner.forget(surplus));
            forgotten_ids.push(surplus);
        }
        drop(inner);
        for id in forgotten_ids {
            self.keys.forget(id);
        }
    }

    /// Forgets an execution that has ended.
    pub fn erase(&self, id: Id) {
        let mut inner = self.inner();
        if let Some(Known::Ended(_)) = inner.known.get(&id) {
            inner.forget(id);
            drop(inner);
            self.keys.forget(id);
        }
    }

    pub fn get(&self, id: Id) -> Option<Known> {
        self.inner().known.get(&id).cloned()
    }

    /// The ids of those that `wanted` says yes to, in no order.
    pub fn select(&self, wanted: impl Fn(Id, Status) -> bool) -> Vec<Id> {
        let inner = self.inner();
        let status = |known: &Known| match known {
            // Not asked for itself, which would take the lock of each: that it has ended is known here a moment later.
            Known::Running(_) | Known::Parked { .. } => Status::Running,
            Known::Ended(ended) => ended.status,
        };
        let wanted = inner.known.iter().filter(|(id, known)| wanted(**id, status(known)));
        wanted.map(|(id, _)| *id).collect()
    }

    pub fn counts(&self) -> Counts {
        self.inner().counts
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Forgets an execution that has ended.
    fn forget(&mut self, id: Id) -> Option<Known> {
        // Mostly it is the oldest.
        let at = self.ended.iter().position(|(other, _)| *other == id)?;
        let (_, bytes) = self.ended.remove(at)?;
        self.ended_bytes -= bytes;
        if let Some(at) = self.large.iter().position(|other| *other == id) {
            self.large.remove(at);
        }
        self.known.remove(&id)
    }

    fn remove(&mut self, id: Id, was_started: bool) {
        // One that has ended was counted off then.
        if let Some(Known::Running(_) | Known::Parked { .. }) = self.known.remove(&id) {
            self.counts.started -= u64::from(was_started);
            self.counts.running -= 1;
        }
    }
}
