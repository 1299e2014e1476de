//! What can hold at a node: which nodes have run before it, how they ended, what the conditions on the way prove.
//!
//! Comes in: the model. Goes out: [`Paths`]: for every node and edge a formula that says in which executions it runs or is
//! taken, and answers to questions about them.
//! Always true: exact where conditions compare paths with constants; elsewhere it allows more than can happen. Where a
//! workflow is too large for that it gives up, which is said, and the rules that ask it stay quiet.
//!
//! In order: conditions become formulas over tests (`formula`), the values at each path a few cells (`cells`), the outputs of
//! nodes what the runtime writes there (`content`), all that varies a variable (`facts`) of diagrams (`mdd`) in an order that keeps them
//! small (`order`), and then the engine's rules are followed once through the graph (`analysis`).

mod analysis;
mod cells;
mod content;
mod expected;
mod facts;
mod formula;
mod known;
mod mdd;
mod order;
mod sites;
#[cfg(test)]
mod tests;
mod words;

pub use analysis::{Fact, Paths};
pub use formula::{is_equality, is_ordering};
pub use known::Known;
pub use mdd::{FALSE, Ref, TRUE, Var};
pub use words::Witness;
