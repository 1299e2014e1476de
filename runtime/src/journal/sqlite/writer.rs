//! The one thread that writes.
//!
//! Comes in: events, and who waits for them. Goes out: transactions, one after the other, and word to those who wait.
//! Always true: entries of one execution are written in the order in which they came, everything that is there in one
//! transaction. A transaction that fails is tried again with all that has come since, until the disk takes it; only executions that were not
//! accepted yet are taken out of it, and whoever waits for their acceptance is told at once. Nothing counts as written while the
//! file is not where the next process looks for it.

use super::reader::edge_letter;
use super::schema::{self, Overwritten};
use crate::audit::Trail;
use crate::engine::Outcome;
use crate::file::FileIdentity;
use crate::journal::{Event, Id, JournalError, Statistics, WorkflowRecord};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a journal that failed waits before it tries again.
const RETRY: Duration = Duration::from_millis(250);
/// How often the file is looked for under its name while there is nothing to write.
const LOOK: Duration = Duration::from_secs(1);
/// How long something waits for company that need not be written at once.
const SOON: Duration = Duration::from_millis(10);
/// Bytes that have to fit on the disk before a journal counts as writable again, when it has nothing else to write.
const PROBE: i64 = 256 * 1024;
/// How many entries back the settling is looked for that led to what begins: those of other executions lie between, of as
/// many threads as there are.
const NEAR: usize = 8;
/// Pages given back to the file system in one go, after something was deleted.
const VACUUMED_AT_ONCE: u32 = 256;

type Waiter = oneshot::Sender<Result<(), JournalError>>;

pub enum Entry {
    /// With what began right after a node had settled: both are one row, and a row is what an event costs.
    Event(Id, Event<'static>, Option<Next>),
    /// Whoever waits until all before it is durable.
    Durable(Id, Waiter),
    /// Of an execution that was refused: nothing more will come.
    Forget(Id),
    /// Requests that were seen, by number.
    Answered(Vec<i64>),
    /// Executions, by number.
    Delete(Vec<i64>, oneshot::Sender<()>),
    /// An execution of which nothing is to remain, if it has ended.
    Erase(Id, Waiter),
}

/// An [`Event::Started`] that follows an [`Event::Settled`] of its execution.
pub struct Next {
    node: usize,
    at: Duration,
}

pub struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    commits: AtomicU64,
    events: AtomicU64,
    trail: OnceLock<Arc<Trail>>,
}

#[derive(Default)]
struct Queue {
    entries: Vec<Entry>,
    nudged: bool,
    /// To be written by then, nudged or not.
    due: Option<Instant>,
    closing: bool,
    /// Why the last transaction failed.
    failure: Option<JournalError>,
}

/// What the thread works with.
struct Work {
    shared: Arc<Shared>,
    connection: Connection,
    path: PathBuf,
    /// Of the file that was opened.
    file: Option<FileIdentity>,
    /// The row of the workflow that new executions belong to.
    workflow: i64,
    next_number: i64,
    /// Of executions that have not ended: their number.
    live: HashMap<Id, i64>,
    /// Taken from the queue and not durable yet.
    pending: Vec<Entry>,
    /// Executions whose acceptance could not be stored, until their tasks have stopped.
    refused: HashSet<Id>,
    /// The log of the file still says what was erased.
    remembers: bool,
}

impl Writer {
    pub fn start(connection: Connection, workflow: &WorkflowRecord) -> rusqlite::Result<Writer> {
        let WorkflowRecord { name, version, definition } = workflow;
        connection.execute(
            "INSERT OR IGNORE INTO workflow (name, version, definition) VALUES (?1, ?2, ?3)",
            params![name, version, definition],
        )?;
        let workflow = connection.query_row(
            "SELECT number FROM workflow WHERE name = ?1 AND version = ?2 AND definition = ?3",
            params![name, version, definition],
            |row| row.get(0),
        )?;
        let last: Option<i64> = connection.query_row("SELECT max(number) FROM execution", [], |row| row.get(0))?;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            commits: AtomicU64::new(0),
            events: AtomicU64::new(0),
            trail: OnceLock::new(),
        });
        let path = connection.path().map(PathBuf::from).unwrap_or_default();
        let mut work = Work {
            shared: Arc::clone(&shared),
            file: FileIdentity::at(&path),
            path,
            connection,
            workflow,
            next_number: last.unwrap_or(0) + 1,
            live: HashMap::new(),
            pending: Vec::new(),
            refused: HashSet::new(),
            remembers: false,
        };
        let thread = std::thread::Builder::new().name(String::from("journal")).spawn(move || work.run());
        let thread = thread.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(Writer { shared, thread: Mutex::new(Some(thread)) })
    }

    pub fn push(&self, entry: Entry) {
        // Behind the end of the thread the entry is dropped with its sender: whoever waits hears that the journal has stopped.
        let mut queue = self.shared.queue();
        if queue.closing {
            return;
        }
        if let Entry::Event(execution, Event::Started { node, at }, _) = entry
            && let Some(next) = queue.settled_last(execution)
        {
            *next = Some(Next { node, at });
            return;
        }
        queue.entries.push(entry);
    }

    /// Commits this audit trail before each transaction.
    pub fn commit_with(&self, trail: Arc<Trail>) {
        let _ = self.shared.trail.set(trail);
    }

    pub fn nudge(&self) {
        let mut queue = self.shared.queue();
        if !queue.nudged && !queue.entries.is_empty() {
            queue.nudged = true;
            drop(queue);
            self.shared.wake.notify_one();
        }
    }

    pub fn nudge_soon(&self) {
        let mut queue = self.shared.queue();
        if !queue.nudged && queue.due.is_none() && !queue.entries.is_empty() {
            queue.due = Some(Instant::now() + SOON);
            drop(queue);
            self.shared.wake.notify_one();
        }
    }

    pub fn ready(&self) -> Result<(), JournalError> {
        let queue = self.shared.queue();
        if queue.closing {
            return Err(JournalError::stopped());
        }
        queue.failure.clone().map_or(Ok(()), Err)
    }

    pub fn statistics(&self) -> Statistics {
        let Shared { commits, events, .. } = &*self.shared;
        Statistics { commits: commits.load(Ordering::Relaxed), events: events.load(Ordering::Relaxed) }
    }

    /// Writes what is there, if it can be written, and ends the thread.
    pub fn close(&self) {
        self.shared.queue().closing = true;
        self.shared.wake.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the thread has been printed; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

impl Entry {
    fn execution(&self) -> Option<Id> {
        match self {
            Entry::Event(id, ..) | Entry::Durable(id, _) | Entry::Forget(id) => Some(*id),
            Entry::Answered(_) | Entry::Delete(..) | Entry::Erase(..) => None,
        }
    }
}

impl Queue {
    /// Where the newest entry of this execution says what began after it, if it is the settling of a node and nothing has.
    fn settled_last(&mut self, execution: Id) -> Option<&mut Option<Next>> {
        let near = self.entries.iter_mut().rev().take(NEAR);
        match near.into_iter().find(|entry| entry.execution() == Some(execution))? {
            Entry::Event(_, Event::Settled { .. }, next @ None) => Some(next),
            _ => None,
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever waits, or comes later, hears that the journal has stopped, however its thread ended.
struct Stops(Arc<Shared>);

impl Drop for Stops {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.closing = true;
        queue.entries.clear();
    }
}

impl Work {
    fn run(&mut self) {
        let _stops = Stops(Arc::clone(&self.shared));
        loop {
            let (failing, closing) = self.take();
            self.drop_refused();
            match self.write(failing) {
                Ok(()) => self.succeeded(failing),
                Err(error) => self.failed(&error, failing),
            }
            self.clear_log();
            if closing {
                return;
            }
        }
    }

    /// Waits for something to do, and takes it. Whether the last transaction failed, and whether this is the last round.
    fn take(&mut self) -> (bool, bool) {
        let mut queue = self.shared.queue();
        let failing = queue.failure.is_some();
        if failing {
            let waited = self.shared.wake.wait_timeout_while(queue, RETRY, |queue| !queue.closing);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        } else {
            while !queue.nudged && !queue.closing {
                let left = queue.due.map_or(LOOK, |due| due.saturating_duration_since(Instant::now()));
                if left.is_zero() {
                    break;
                }
                let (woken, waited) =
                    self.shared.wake.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner);
                queue = woken;
                if waited.timed_out() {
                    break;
                }
            }
        }
        (queue.nudged, queue.due) = (false, None);
        self.pending.append(&mut queue.entries);
        (failing, queue.closing)
    }

    fn drop_refused(&mut self) {
        if self.refused.is_empty() {
            return;
        }
        for entry in std::mem::take(&mut self.pending) {
            match entry {
                Entry::Event(id, ..) if self.refused.contains(&id) => {}
                Entry::Durable(id, waiter) if self.refused.contains(&id) => {
                    // Its task is about to be stopped.
                    let _ = waiter.send(Err(JournalError::new("the execution was not accepted")));
                }
                Entry::Forget(id) => {
                    self.refused.remove(&id);
                }
                other => self.pending.push(other),
            }
        }
    }

    /// One transaction with all that is there. Nothing of it has happened when it fails.
    fn write(&mut self, failing: bool) -> rusqlite::Result<()> {
        if FileIdentity::at(&self.path) != self.file {
            let error =
                JournalError::new("it is gone, or another file is in its place; only the file itself ends this");
            return Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error)));
        }
        let writes = |entry: &Entry| !matches!(entry, Entry::Durable(..) | Entry::Forget(_));
        if !failing && !self.pending.iter().any(writes) {
            return Ok(());
        }
        if self.pending.iter().any(|entry| matches!(entry, Entry::Erase(..))) {
            schema::overwrite(&self.connection, Overwritten::All)?;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut table = Table {
            transaction: &transaction,
            events: transaction
                .prepare_cached("INSERT INTO event VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?,
            workflow: self.workflow,
            next_number: &mut self.next_number,
            live: &mut self.live,
        };
        let mut events = 0;
        for entry in &self.pending {
            match entry {
                Entry::Event(id, event, next) => {
                    events += 1 + u64::from(next.is_some());
                    table.insert(*id, event, next.as_ref())?;
                }
                Entry::Answered(numbers) => {
                    for number in numbers {
                        transaction.prepare_cached("DELETE FROM request WHERE number = ?1")?.execute([number])?;
                    }
                }
                Entry::Delete(numbers, _) => delete(&transaction, numbers)?,
                Entry::Erase(id, _) => delete(&transaction, table.ended(*id)?.as_slice())?,
                Entry::Durable(..) | Entry::Forget(_) => {}
            }
        }
        drop(table);
        if failing {
            let mut probe = transaction.prepare_cached("INSERT OR REPLACE INTO probe VALUES (1, zeroblob(?1))")?;
            probe.execute([PROBE])?;
        }
        // First the trail: what an execution has done may stand there twice, but never nowhere.
        if let Some(trail) = self.shared.trail.get() {
            trail.commit().map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        }
        transaction.commit()?;
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        self.shared.events.fetch_add(events, Ordering::Relaxed);
        Ok(())
    }

    fn succeeded(&mut self, was_failing: bool) {
        if was_failing {
            self.shared.queue().failure = None;
            crate::log::journal_recovered();
        }
        for entry in self.pending.drain(..) {
            match entry {
                // Whoever no longer waits has been dropped.
                Entry::Durable(_, waiter) => drop(waiter.send(Ok(()))),
                Entry::Delete(_, waiter) => {
                    // The space goes back to the file system little by little; what remains is used again.
                    let vacuum = format!("PRAGMA incremental_vacuum({VACUUMED_AT_ONCE})");
                    let _ = self.connection.execute_batch(&vacuum);
                    let _ = waiter.send(());
                }
                Entry::Erase(id, waiter) => {
                    self.live.remove(&id);
                    self.remembers = true;
                    let _ = waiter.send(Ok(()));
                }
                Entry::Event(id, Event::Finished { .. }, _) => drop(self.live.remove(&id)),
                Entry::Event(..) | Entry::Forget(_) | Entry::Answered(_) => {}
            }
        }
    }

    /// Empties the log after something was erased. Where a reader is at it, the next round does.
    fn clear_log(&mut self) {
        if self.remembers && schema::clear_log(&self.connection).unwrap_or(false) {
            self.remembers = false;
            let _ = schema::overwrite(&self.connection, Overwritten::AtHand);
        }
    }

    fn failed(&mut self, error: &rusqlite::Error, was_failing: bool) {
        let error = schema::explain(&self.path, error);
        if !was_failing {
            crate::log::journal_failed(&error.message);
        }
        self.shared.queue().failure = Some(error.clone());
        let accepted = self.pending.iter().filter_map(|entry| match entry {
            Entry::Event(id, Event::Accepted { .. }, _) => Some(*id),
            _ => None,
        });
        let accepted: HashSet<Id> = accepted.collect();
        for entry in std::mem::take(&mut self.pending) {
            match entry {
                Entry::Event(id, ..) if accepted.contains(&id) => drop(self.live.remove(&id)),
                Entry::Durable(id, waiter) if accepted.contains(&id) => drop(waiter.send(Err(error.clone()))),
                // It is asked for again.
                Entry::Delete(..) => {}
                Entry::Erase(_, waiter) => drop(waiter.send(Err(error.clone()))),
                other => self.pending.push(other),
            }
        }
        self.refused.extend(accepted);
    }
}

/// Where events are put.
struct Table<'a> {
    transaction: &'a Transaction<'a>,
    /// Adds an event; asked for once in a transaction.
    events: CachedStatement<'a>,
    workflow: i64,
    next_number: &'a mut i64,
    live: &'a mut HashMap<Id, i64>,
}

/// The columns of an event. Those that its kind does not have are null.
#[derive(Default)]
struct Columns<'a> {
    node: Option<usize>,
    attempt: Option<u32>,
    outcome: Option<&'static str>,
    edges: Option<String>,
    after: Option<Duration>,
    started: Option<Duration>,
    /// When what comes next begins: another attempt, or, of what settled, another node.
    next_at: Option<Duration>,
    at: Duration,
    text: Option<&'a str>,
}

impl Table<'_> {
    fn insert(&mut self, id: Id, event: &Event, next: Option<&Next>) -> rusqlite::Result<()> {
        let none = Columns::default();
        let (kind, columns) = match event {
            Event::Accepted { input, trigger, options, key, at } => {
                let number = *self.next_number;
                *self.next_number += 1;
                self.live.insert(id, number);
                let accepted_at = i64::try_from(at.millis).unwrap_or(i64::MAX);
                self.transaction
                    .prepare_cached(
                        "INSERT INTO execution (number, id, workflow, accepted_at, options, key, key_input, status)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'running')",
                    )?
                    .execute(params![
                        number,
                        id.0.to_be_bytes(),
                        self.workflow,
                        accepted_at,
                        options,
                        key.map(|key| key.name),
                        key.map(|key| key.input),
                    ])?;
                ("accepted", Columns { node: *trigger, text: Some(input), ..none })
            }
            Event::Started { node, at } => ("started", Columns { node: Some(*node), at: *at, ..none }),
            Event::Trying { node, at } => ("trying", Columns { node: Some(*node), at: *at, ..none }),
            Event::Attempted { node, attempt, after, due, error, at } => (
                "attempted",
                Columns {
                    node: Some(*node),
                    attempt: Some(*attempt),
                    after: *after,
                    next_at: *due,
                    at: *at,
                    text: error.as_deref(),
                    ..none
                },
            ),
            Event::Settled { node, outcome, envelope, edges, started, at } => {
                let outcome = match outcome {
                    Outcome::Completed => "completed",
                    Outcome::NotPassed => "not_passed",
                    Outcome::Failed => "failed",
                };
                let edges = edges.iter().map(|edge| edge_letter(*edge)).collect();
                (
                    "settled",
                    Columns {
                        node: Some(*node),
                        outcome: Some(outcome),
                        edges: Some(edges),
                        started: Some(*started),
                        at: *at,
                        text: Some(envelope),
                        ..none
                    },
                )
            }
            Event::Finished { status, error_code, error_message, at } => {
                let Some(number) = self.number(id)? else { return Ok(()) };
                self.transaction
                    .prepare_cached(
                        "UPDATE execution SET status = ?2, duration = ?3, error_code = ?4, error_message = ?5
                         WHERE number = ?1 AND status = 'running'",
                    )?
                    .execute(params![number, status.as_str(), nanos(*at), error_code, error_message])?;
                return Ok(());
            }
        };
        let Some(number) = self.number(id)? else { return Ok(()) };
        let Columns { node, attempt, outcome, edges, after, started, next_at, at, text } = columns;
        self.events.execute(params![
            number,
            kind,
            node.map(index),
            attempt,
            outcome,
            edges,
            after.map(nanos),
            started.map(nanos),
            nanos(at),
            text,
            next.map(|next| index(next.node)),
            next.map(|next| next.at).or(next_at).map(nanos),
        ])?;
        Ok(())
    }

    /// The number of an execution that has ended.
    fn ended(&self, id: Id) -> rusqlite::Result<Option<i64>> {
        let mut statement =
            self.transaction.prepare_cached("SELECT number FROM execution WHERE id = ?1 AND status <> 'running'")?;
        statement.query_row([id.0.to_be_bytes()], |row| row.get(0)).optional()
    }

    /// The number of an execution. `None`: somebody has deleted it from the file.
    fn number(&mut self, id: Id) -> rusqlite::Result<Option<i64>> {
        if let Some(number) = self.live.get(&id) {
            return Ok(Some(*number));
        }
        let mut statement = self.transaction.prepare_cached("SELECT number FROM execution WHERE id = ?1")?;
        let number: Option<i64> = statement.query_row([id.0.to_be_bytes()], |row| row.get(0)).optional()?;
        if let Some(number) = number {
            self.live.insert(id, number);
        }
        Ok(number)
    }
}

/// Executions that have ended.
fn delete(transaction: &Transaction, numbers: &[i64]) -> rusqlite::Result<()> {
    for number in numbers {
        transaction.prepare_cached("DELETE FROM event WHERE execution = ?1")?.execute([number])?;
        transaction
            .prepare_cached("DELETE FROM execution WHERE number = ?1 AND status <> 'running'")?
            .execute([number])?;
    }
    Ok(())
}

fn index(node: usize) -> i64 {
    i64::try_from(node).unwrap_or(i64::MAX)
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
