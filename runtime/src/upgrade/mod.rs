//! Whether an execution that was started with one version of a workflow can go on with another.
//!
//! Comes in: the [`Outline`] of either version. Goes out: for every node at which an execution can stand a [`Verdict`], and
//! why; and the [`Translation`] of what is recorded of it.
//! Always true: pure, and the only place that judges: `flowc diff` asks before a deployment what the binary asks after it.
//! Where the verdict is *continues*, going on with the new version has the same effects as ending with the old one would
//! have had; property tests of the engine hold it to that.
//!
//! What is recorded of an execution is not asked again: which way it took, what was answered. So only what remains counts:
//! the nodes at which it stands and everything that comes after them. Before them anything may have changed.

mod judge;
mod outline;
mod reason;

pub use judge::{Standing, Verdict, judge, judge_at};
pub use outline::{EdgeOutline, NodeOutline, Outline, OutlineError, Reads};
pub use reason::Reason;

/// Where the nodes and edges of one version are in the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// By old node.
    pub nodes: Vec<Option<usize>>,
    /// By old edge.
    pub edges: Vec<Option<usize>>,
}

impl Translation {
    pub fn new(old: &Outline, new: &Outline) -> Translation {
        let nodes: Vec<Option<usize>> = old.nodes.iter().map(|node| new.node(&node.id)).collect();
        let mut taken = vec![false; new.edges.len()];
        let edges = old.edges.iter().map(|edge| {
            let (from, to) = (nodes[edge.from]?, nodes[edge.to]?);
            let place = |(index, other): (usize, &EdgeOutline)| !taken[index] && (other.from, other.to) == (from, to);
            let found = new.edges.iter().enumerate().position(place)?;
            taken[found] = true;
            Some(found)
        });
        let edges = edges.collect();
        Translation { nodes, edges }
    }
}

#[cfg(test)]
mod tests;
