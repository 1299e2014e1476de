//! What must survive a crash.
//!
//! Comes in: the events of executions, as they happen. Goes out: when each of them is durable.
//! Always true: the events of one execution become durable in the order in which they were appended. So whoever waits for
//! one event has waited for all before it: the engine waits for *started* before a node's effects begin, and thereby also
//! for *settled* of everything that led to it, with one sync instead of two.

mod memory;

pub use memory::Memory;

use crate::engine::{EdgeState, Outcome, StartOptions, Status, Timestamp};
use tokio::sync::oneshot;

/// Where events go. Append only.
pub trait Journal: Send + Sync {
    /// Takes the event in; does not wait. The event is borrowed, so that a store which keeps nothing copies nothing.
    fn append(&self, execution: Id, event: Event) -> Durable;
}

/// The number behind `exec-…`: a UUID, version 7, so ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u128);

/// One event of an execution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// `input`: canonical JSON text. `trigger`: the node that started it. `options`: what holds for this execution alone.
    Accepted {
        workflow: &'a str,
        input: &'a str,
        trigger: Option<usize>,
        options: &'a StartOptions,
        at: Timestamp,
    },
    /// A node is about to be rendered for the first time; its `timestamp` is `at`.
    Started {
        node: usize,
        at: Timestamp,
    },
    /// An attempt failed and another one follows.
    Attempted {
        node: usize,
        attempt: u32,
        at: Timestamp,
    },
    /// `envelope`: canonical JSON text. `edges`: what became of the outgoing edges, in their order; so no condition is
    /// asked again in a replay.
    Settled {
        node: usize,
        outcome: Outcome,
        envelope: &'a str,
        edges: &'a [EdgeState],
        at: Timestamp,
    },
    Finished {
        status: Status,
        error_message: Option<&'a str>,
        at: Timestamp,
    },
}

/// When an event is durable.
#[derive(Debug)]
pub enum Durable {
    Now,
    Later(oneshot::Receiver<Result<(), JournalError>>),
}

/// The store cannot keep what it should; the message says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalError {
    pub message: String,
}

impl Durable {
    /// # Errors
    /// When the event could not be stored, or the store has gone away.
    pub async fn wait(self) -> Result<(), JournalError> {
        match self {
            Durable::Now => Ok(()),
            Durable::Later(receiver) => receiver
                .await
                .unwrap_or_else(|_| Err(JournalError { message: String::from("the journal has stopped") })),
        }
    }
}

impl std::fmt::Display for JournalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for JournalError {}
