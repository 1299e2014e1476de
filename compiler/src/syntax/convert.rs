//! A workflow in one dialect → the same in the other.
//!
//! Comes in: an AST of either front end, without errors. Goes out: text. Always true: its model is the same, and so is the
//! code that is generated of it; what only people read (comments) does not cross, names and descriptions do.

mod flow;
mod json;
mod respell;

use super::ast::{Node, Workflow};
use crate::source::Dialect;
use std::collections::BTreeSet;

/// Writes a workflow that was read from `from` as a .flow text. `slug` is what the program is called.
pub fn to_flow(workflow: &Workflow, from: Dialect, slug: &str) -> String {
    flow::write(workflow, from, slug)
}

/// Writes a workflow that was read from `from` as JSON.
pub fn to_json(workflow: &Workflow, from: Dialect) -> String {
    json::write(workflow, from)
}

/// The ids of the nodes: what a bare name means depends on them.
fn ids(nodes: &[Node]) -> BTreeSet<String> {
    nodes.iter().map(|node| node.id.value.clone()).collect()
}
