//! No durability: for functions whose executions may be lost with the process.

use super::{Event, Id, Journal};

/// Keeps nothing. What the API shows of an execution is the engine's own, bounded, memory.
pub struct Memory;

impl Journal for Memory {
    fn append(&self, _: Id, _: Event) {}
}
