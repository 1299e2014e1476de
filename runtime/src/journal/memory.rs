//! No durability: for functions whose executions may be lost with the process.

use super::{Durable, Event, Id, Journal, JournalError};

/// Keeps nothing. What the API shows of an execution is the engine's own, bounded, memory.
pub struct Memory;

impl Journal for Memory {
    fn append(&self, _: Id, _: Event) {}

    fn durable(&self, _: Id) -> Durable {
        Durable::Now
    }

    fn nudge(&self) {}

    fn ready(&self) -> Result<(), JournalError> {
        Ok(())
    }
}
