//! What must survive a crash.
//!
//! Comes in: the events of executions, as they happen. Goes out: when they are durable, and, from a store, what they were.
//! Always true: the events of one execution become durable in the order in which they were appended. So whoever waits for
//! one event has waited for all before it: the engine waits for *started* before a node's effects begin, and thereby also
//! for *settled* of everything that led to it, with one sync instead of two.
//!
//! A store that cannot be written for a while (a full disk) refuses new executions and keeps everything else until it can:
//! an execution that has begun waits with its next effect, and goes on when the store does.
//!
//! Nodes without effects have no *started*: nobody outside has seen anything of a computation that a crash cuts short.

mod memory;
#[cfg(feature = "store")]
pub mod sqlite;

pub use memory::Memory;

use crate::audit::Trail;
use crate::engine::{EdgeState, First, Outcome, Query, Status, Timestamp};
use crate::trigger::{DedupeKey, Digest};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// What the file of a journal is called, in its folder.
pub const FILE: &str = "journal.db";

/// Where events go. Append only.
///
/// What a journal has to say itself is what nobody notices the lack of before a crash. The rest is, unless it says otherwise,
/// as in one that can keep nothing: nothing can be read back.
pub trait Journal: Send + Sync {
    /// Takes the event in; does not wait. The event borrows its texts, so that a store which keeps nothing copies nothing.
    /// It is written with whatever is appended before the next [`Journal::nudge`].
    fn append(&self, execution: Id, event: Event);

    /// When everything that was appended for this execution so far is durable. Does not begin to write.
    fn durable(&self, execution: Id) -> Durable;

    /// What was appended is to be written now.
    fn nudge(&self);

    /// What was appended may go with what somebody else has written, and is written before long where nobody comes.
    fn nudge_soon(&self) {
        self.nudge();
    }

    /// Whether new executions can be accepted.
    ///
    /// # Errors
    /// Why not: what was written last could not be stored.
    fn ready(&self) -> Result<(), JournalError>;

    /// An execution whose acceptance could not be stored has stopped: nothing more will be appended for it.
    fn forget(&self, _execution: Id) {}

    /// Where executions can be read back from; `None`: nowhere.
    fn store(&self) -> Option<&dyn Store> {
        None
    }

    /// From now on this audit trail is committed with the journal, right before each of its own commits. False: nothing is
    /// committed here.
    fn commit_with(&self, _trail: Arc<Trail>) -> bool {
        false
    }

    /// Writes what was appended, and stops. Blocks.
    fn close(&self) {}
}

/// What a journal that outlives the process knows. Reading takes a disk's time: tens of microseconds, mostly.
pub trait Store: Send + Sync {
    /// An execution with all its events; `None`: there is no such execution, or it is gone.
    ///
    /// # Errors
    /// When the file cannot be read, or says what no journal says.
    fn read(&self, execution: Id) -> Result<Option<History>, JournalError>;

    /// The execution that was accepted with this [`DedupeKey::name`], if it is still kept.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn accepted_with(&self, name: &Digest) -> Result<Option<First>, JournalError>;

    /// Executions that have not ended, in the order in which they were accepted.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn unfinished(&self) -> Result<Vec<Id>, JournalError>;

    /// Executions, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn list(&self, query: &Query) -> Result<Page, JournalError>;

    /// What the operator's commands have asked for since it was asked last, oldest first, as far as it is wanted; the rest is
    /// kept for a later process. Costs nothing while nobody asks.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn requests(&self, wanted: &dyn Fn(Request) -> bool) -> Result<Vec<Request>, JournalError>;

    /// Deletes an execution, if it has ended, and overwrites what was written of it. Waits until that is durable.
    ///
    /// # Errors
    /// When the store has stopped, or cannot be written.
    fn erase(&self, execution: Id) -> Result<(), JournalError>;

    /// Deletes what is older than the retention allows, a little at a time, in the background. `now`: a time of day that can be
    /// believed, where the retention speaks of ages.
    fn expire(&self, retention: Retention, now: Timestamp);

    fn statistics(&self) -> Statistics;
}

/// The number behind `exec-…`: a UUID, version 7, so ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u128);

/// One event of an execution. Moments are counted from its acceptance, by a clock that never runs backwards.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// `input`: canonical JSON text. `trigger`: the node that started it. `options`: what else was asked for, as JSON text.
    /// `key`: kept with the event, in one transaction, for [`Store::accepted_with`].
    Accepted {
        input: Cow<'a, str>,
        trigger: Option<usize>,
        options: Option<Cow<'a, str>>,
        key: Option<DedupeKey>,
        at: Timestamp,
    },
    /// A node with an effect is about to be rendered for the first time; its `timestamp` is `at`.
    Started { node: usize, at: Duration },
    /// A further attempt of an effect that may happen at most once is about to be made: if nothing follows, it may have
    /// happened.
    Trying { node: usize, at: Duration },
    /// An attempt failed and another one follows. `after`: what the service asked for (`Retry-After`). `due`: when it follows.
    /// `error`: the attempt's, as JSON text. These two are missing in what earlier versions of flowc wrote.
    Attempted {
        node: usize,
        attempt: u32,
        after: Option<Duration>,
        due: Option<Duration>,
        error: Option<Cow<'a, str>>,
        at: Duration,
    },
    /// `envelope`: canonical JSON text. `edges`: what became of the outgoing edges, in their order; so no condition is
    /// asked again in a replay. `started`: for nodes that have no event of their own for that.
    Settled {
        node: usize,
        outcome: Outcome,
        envelope: Cow<'a, str>,
        edges: Cow<'a, [EdgeState]>,
        started: Duration,
        at: Duration,
    },
    /// Nothing follows.
    Finished { status: Status, error_code: Option<Cow<'a, str>>, error_message: Option<Cow<'a, str>>, at: Duration },
}

/// An execution as it was written down.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub workflow: WorkflowRecord,
    pub input: String,
    pub trigger: Option<usize>,
    /// JSON text.
    pub options: Option<String>,
    pub accepted: Timestamp,
    /// Everything that followed the acceptance.
    pub events: Vec<Event<'static>>,
}

/// The workflow an execution was started with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkflowRecord {
    pub name: String,
    pub version: String,
    /// What the numbers of nodes and edges mean: see [`crate::engine::definition`].
    pub definition: String,
}

/// Some of the executions that a query asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub executions: Vec<Summary>,
    /// How many there are without limit and offset.
    pub total: usize,
}

/// An execution on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub id: Id,
    /// [`Status::Running`] for all that have not ended.
    pub status: Status,
    pub version: String,
    pub accepted: Timestamp,
    /// From the acceptance to the end.
    pub duration: Option<Duration>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
}

/// What an operator's command asks of the process that owns the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Cancel(Id),
    /// Go on with an execution that was left alone.
    Resume(Id),
    /// Delete one that has ended.
    Erase(Id),
}

/// What a process owns a journal for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It goes on with everything that has not ended, and does what the operator's commands ask for.
    Service,
    /// A command: for what that has to do, and nothing else.
    Command,
}

/// How much of the past to keep. What has not ended is always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// How long after their end executions are kept, at least; `None`: for ever.
    pub age: Option<Duration>,
    /// How many executions that have ended are kept; `None`: all.
    pub executions: Option<usize>,
}

/// What a store has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Transactions; each waits for the disk once.
    pub commits: u64,
    pub events: u64,
}

/// When something is durable.
#[derive(Debug)]
pub enum Durable {
    Now,
    Later(oneshot::Receiver<Result<(), JournalError>>),
}

/// The store cannot keep or give what it should; the message says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalError {
    pub message: String,
}

impl Event<'_> {
    /// The same event with texts of its own.
    pub fn into_owned(self) -> Event<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Event::Accepted { input, trigger, options, key, at } => {
                Event::Accepted { input: owned(input), trigger, options: options.map(owned), key, at }
            }
            Event::Started { node, at } => Event::Started { node, at },
            Event::Trying { node, at } => Event::Trying { node, at },
            Event::Attempted { node, attempt, after, due, error, at } => {
                Event::Attempted { node, attempt, after, due, error: error.map(owned), at }
            }
            Event::Settled { node, outcome, envelope, edges, started, at } => {
                let edges = Cow::Owned(edges.into_owned());
                Event::Settled { node, outcome, envelope: owned(envelope), edges, started, at }
            }
            Event::Finished { status, error_code, error_message, at } => Event::Finished {
                status,
                error_code: error_code.map(owned),
                error_message: error_message.map(owned),
                at,
            },
        }
    }
}

impl Id {
    /// `exec-` and 32 hexadecimal digits, as clients write it; `None` for anything else.
    pub fn parse(text: &str) -> Option<Id> {
        let digits = text.strip_prefix("exec-")?;
        if digits.len() != 32 || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        u128::from_str_radix(digits, 16).ok().map(Id)
    }
}

/// As clients see it.
impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exec-{:032x}", self.0)
    }
}

impl Durable {
    /// # Errors
    /// When the acceptance of the execution could not be stored, or the journal has stopped. Every other event is kept until
    /// it can be.
    pub async fn wait(self) -> Result<(), JournalError> {
        match self {
            Durable::Now => Ok(()),
            Durable::Later(receiver) => receiver.await.unwrap_or_else(|_| Err(JournalError::stopped())),
        }
    }
}

impl JournalError {
    pub fn new(message: impl Into<String>) -> JournalError {
        JournalError { message: message.into() }
    }

    pub(crate) fn stopped() -> JournalError {
        JournalError::new("the journal has stopped")
    }
}

impl std::fmt::Display for JournalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for JournalError {}
