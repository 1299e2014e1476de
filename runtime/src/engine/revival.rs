//! Executions that go on: after a crash, after a wait, at an operator's wish.
//!
//! Comes in: what former processes left unfinished, executions whose wait is over, requests in the journal. Goes out: tasks.
//! Always true: an execution is taken up by one task at a time, when there is a place for it; one that another version of the
//! workflow began is taken up only where what remains of it means the same here ([`takeover`]).

use super::Status;
use super::calendar::Calendar;
use super::driver::Engine;
use super::handle::Handle;
use super::recovery::{self, Revived};
use super::registry::Known;
use super::scheduler::Scheduler;
use super::takeover;
use super::task::Task;
use super::turn::Turn;
use crate::journal::{self, Event, History, Id, JournalError, Request, Store};
use crate::observe::Subject;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait with an execution that could not be read.
const READ_AGAIN: Duration = Duration::from_secs(1);
/// How often the operator's requests are looked for.
const ATTEND: Duration = Duration::from_millis(500);
/// How often old executions are looked for.
const EXPIRE: Duration = Duration::from_secs(60);

impl Engine {
    /// Takes up what former processes left unfinished, and from now on what the operator's commands ask for. Returns how many
    /// executions there are. They begin as there is room; nothing of them is in memory before.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn recover(self: &Arc<Self>, retention: journal::Retention) -> Result<usize, JournalError> {
        let Some(store) = self.parts.journal.store() else { return Ok(0) };
        let unfinished = store.unfinished()?;
        for &id in &unfinished {
            if self.registry.recover(id) {
                self.scheduler.is_ready(id);
            }
        }
        tokio::spawn(attend(Arc::downgrade(self), retention, |_| true));
        Ok(unfinished.len())
    }

    /// From now on an operator's command can cancel this execution. For a process that takes up nothing else: all other requests
    /// are left to the next service. Must be called on a tokio runtime.
    pub fn heed_cancel(self: &Arc<Self>, handle: &Handle) {
        if self.parts.journal.store().is_some() {
            let own = Request::Cancel(handle.run.id);
            tokio::spawn(attend(Arc::downgrade(self), journal::Retention::default(), move |request| request == own));
        }
    }

    /// Takes up one execution of the journal, at once.
    ///
    /// # Errors
    /// When there is no such execution, it has ended, it is at work already, or it cannot go on with this workflow.
    pub fn resume(self: &Arc<Self>, id: Id) -> Result<Handle, JournalError> {
        let history = self.history(id)?.ok_or_else(|| JournalError::new(format!("there is no execution {id}")))?;
        if let Some(Event::Finished { status, .. }) = history.events.last() {
            return Err(JournalError::new(format!("{id} has ended: {}", status.as_str())));
        }
        let revived = self.taken_over(id, history)?;
        let revived = revived.map_err(|reason| JournalError::new(format!("{id} cannot go on here: {reason}")))?;
        if !self.registry.recover(id) {
            return Err(JournalError::new(format!("{id} is at work already")));
        }
        let run = Arc::new(revived.run);
        let handle = Handle::of(&run);
        self.registry.revive(&run);
        let turn = Turn::take(self);
        tokio::spawn(Task::resume(Arc::clone(self), run, turn, revived.begun).run());
        Ok(handle)
    }

    pub(super) fn history(&self, id: Id) -> Result<Option<History>, JournalError> {
        self.parts.journal.store().map_or(Ok(None), |store| store.read(id))
    }

    pub(super) fn revived(&self, id: Id, history: History) -> Result<Revived, JournalError> {
        recovery::revive(&self.layout, id, history, self.age(id), &self.parts.clock)
    }

    /// An execution to go on with, whichever version of the workflow began it. `Ok(Err(…))`: why it is left alone.
    fn taken_over(&self, id: Id, history: History) -> Result<Result<Revived, String>, JournalError> {
        let revived = if history.workflow.definition == self.definition {
            Ok(self.revived(id, history)?)
        } else {
            takeover::take_over(self.workflow, &self.layout, id, history, self.age(id), &self.parts.clock)?
        };
        Ok(revived.map(|mut revived| {
            revived.run.environment = revived.options.values(&self.environment.values);
            // Who started it by hand is not written down, and then counts as the trigger that it was started in place of.
            let trigger = revived.run.trigger.and_then(|node| self.node_ids.get(node).copied());
            let api = revived.options.by.as_ref().map(|_| "api");
            revived.run.origin = api.or(trigger).unwrap_or(revived.run.origin);
            revived.run.trace = self.observer.trace_of(id, revived.options.trace);
            revived
        }))
    }

    /// For how long a parked execution has been running; `None`: only the time of day tells.
    fn age(&self, id: Id) -> Option<Duration> {
        match self.registry.get(id) {
            Some(Known::Parked { age: Some((moment, age)), .. }) => {
                Some(age + self.parts.clock.now().saturating_duration_since(moment))
            }
            _ => None,
        }
    }

    /// Takes up an execution whose turn it is. Done when it is at work, or when nothing can be done.
    async fn revive(self: Arc<Self>, id: Id, turn: Turn) {
        // One that was cancelled has ended by the time its retry is due.
        if !self.registry.take(id) {
            return;
        }
        let engine = Arc::clone(&self);
        let read = tokio::task::spawn_blocking(move || match engine.history(id) {
            Ok(Some(history)) => engine.taken_over(id, history),
            Ok(None) => Ok(Err(String::from("it is gone"))),
            Err(error) => Err(error),
        });
        match read.await {
            Ok(Ok(Ok(Revived { run, begun, .. }))) => {
                let run = Arc::new(run);
                if run.status().is_final() {
                    self.registry.remove(id, false);
                } else if self.registry.revive(&run) {
                    tokio::spawn(Task::resume(Arc::clone(&self), run, Some(turn), begun).run());
                }
            }
            Ok(Ok(Err(reason))) => {
                if self.registry.leave_alone(id) {
                    crate::log::execution_left(&id.to_string(), &reason);
                } else if let Err(error) = self.give_up(id).await {
                    self.read_again(id, &error);
                }
                self.ended.notify_waiters();
            }
            Ok(Err(error)) => self.read_again(id, &error),
            // The process is ending, or a bug; either way the journal still has it.
            Err(_) => {}
        }
    }

    fn read_again(&self, id: Id, error: &JournalError) {
        crate::log::journal_failed(&error.message);
        self.registry.put_back(id);
        self.scheduler.waits(id, Some(Instant::now() + READ_AGAIN));
    }

    /// Ends a parked execution that nobody here can go on with. From then on only the journal has it.
    async fn give_up(&self, id: Id) -> Result<(), JournalError> {
        if let Some(history) = self.history(id)? {
            let at = recovery::elapsed(&history, &*self.parts.clock);
            // Its trace is that version's to tell.
            let subject =
                Subject { execution_id: &id.name(), origin: "journal", accepted: history.accepted, trace: None };
            self.observer.execution_finished(&subject, Status::Cancelled, None, None, at);
            let journal = &self.parts.journal;
            journal.append(id, recovery::cancelled(at));
            let durable = journal.durable(id);
            journal.nudge();
            durable.wait().await?;
        }
        self.registry.remove(id, false);
        Ok(())
    }

    fn serve_requests(self: &Arc<Self>, store: &dyn Store, wanted: impl Fn(Request) -> bool) {
        let requests = match store.requests(&wanted) {
            Ok(requests) => requests,
            Err(error) => return crate::log::journal_failed(&error.message),
        };
        for request in requests {
            match request {
                Request::Cancel(id) => {
                    let id = id.to_string();
                    self.observer.cancel_asked(&id, crate::observe::BY_COMMAND);
                    self.cancel(&id);
                }
                Request::Erase(id) => {
                    self.observer.erase_asked(&id.to_string());
                    match store.erase(id) {
                        Ok(()) => self.registry.erase(id),
                        Err(error) => crate::log::journal_failed(&error.message),
                    }
                }
                Request::Resume(id) => {
                    if let Err(error) = self.resume(id) {
                        crate::log::execution_left(&id.to_string(), &error.message);
                    }
                }
            }
        }
    }
}

/// Takes up the executions that waited in the journal, each when it is its turn, one after the other: each may be megabytes, and
/// after a start all of them may turn out to have to wait on.
pub async fn revive_for_ever(scheduler: Arc<Scheduler>, engine: Weak<Engine>) {
    loop {
        let id = scheduler.next().await;
        let Some(engine) = engine.upgrade() else { return };
        let turn = Turn::of_scheduler(&engine);
        // The next process goes on with them; but nobody asks it for the end of one.
        if !engine.leaves_what_waits() || engine.registry.is_cancelled(id) {
            // A bug there is printed, and is that execution's alone.
            let _ = tokio::spawn(engine.revive(id, turn)).await;
        }
    }
}

/// Does what the operator's commands ask for, and forgets what is old.
async fn attend(
    engine: Weak<Engine>,
    retention: journal::Retention,
    wanted: impl Fn(Request) -> bool + Copy + Send + 'static,
) {
    let mut calendar = None;
    let mut next_expiry = Instant::now();
    loop {
        let Some(this) = engine.upgrade() else { return };
        let now = Instant::now();
        let wall = this.parts.clock.wall();
        let believed = calendar.get_or_insert_with(|| Calendar::new(now, wall)).believes(now, wall);
        let expires = now >= next_expiry;
        if expires {
            next_expiry = now + EXPIRE;
        }
        let work = tokio::task::spawn_blocking(move || {
            let Some(store) = this.parts.journal.store() else { return };
            this.serve_requests(store, wanted);
            // How many there are is true whatever the clock says.
            let retention = journal::Retention { age: retention.age.filter(|_| believed), ..retention };
            if expires && retention != journal::Retention::default() {
                store.expire(retention, wall);
            }
        });
        // A bug there is printed; requests are looked for again.
        let _ = work.await;
        tokio::time::sleep(ATTEND).await;
    }
}
