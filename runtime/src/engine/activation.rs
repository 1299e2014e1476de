//! Which edges are taken, and what that means for the nodes they lead to.
//!
//! Comes in: how a node settled, and the answers of its conditions. Goes out: the state of its outgoing edges; for a node
//! whose incoming edges are all settled, whether it runs or is skipped.
//! Always true: pure; an edge settles once, and the order in which edges settle changes nothing.

use super::graph::Graph;

/// How a node settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    /// A filter that completed and did not pass: its unconditional edges are not taken.
    NotPassed,
    Failed,
}

/// What became of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeState {
    /// Its source has not settled.
    Open,
    Taken,
    /// The condition did not hold, or the filter did not pass. Another edge may still lead to the target.
    NotTaken,
    /// The source was skipped. Another edge may still lead to the target.
    Skipped,
    /// Died because its source failed: the target cannot run any more.
    Failed,
}

/// What a condition said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Taken,
    NotTaken,
    /// Not taken, and a missing field was read.
    MissingField,
    /// The condition has no value; the message says why.
    Fault(String),
}

/// Decides conditional edges.
pub trait Conditions {
    /// Asked at most once for an edge, after its source has settled and its output can be read.
    fn answer(&mut self, edge: usize) -> Answer;
}

/// Why a node that completed has failed all the same: its edges could not be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misrouted {
    /// `NO_ROUTE`: every way on read a field that is not there.
    NoRoute,
    /// `CONFIGURATION_ERROR`: the condition of this edge has no value.
    Fault { edge: usize, message: String },
}

/// Settles the outgoing edges of a node.
///
/// - An unconditional edge is taken if the node completed; from a failed node it dies, and with it its target.
/// - A conditional edge is asked after success and after failure. From a failed node too, a condition that does not hold is
///   merely not taken: the author has provided for that case, and another branch may lead to the same target.
/// - NO_ROUTE and a condition that faults fail a node that had completed. Then all its edges die, also those whose condition
///   held: nothing may follow from a node that failed for no reason its author foresaw. Conditions are not asked again.
/// - A node that had failed already keeps its own error, which says more, when a condition faults on top of that; the edge
///   dies, and the others are decided, so that a handler still runs.
pub fn route(
    graph: &Graph,
    node: usize,
    outcome: Outcome,
    conditions: &mut dyn Conditions,
    edges: &mut [EdgeState],
) -> Option<Misrouted> {
    let outgoing = graph.outgoing(node);
    let mut misrouted = None;
    let mut missing_everywhere = outcome != Outcome::Failed && !outgoing.is_empty();
    for &edge in outgoing {
        let answer = graph.edges[edge].conditional.then(|| conditions.answer(edge));
        missing_everywhere &= answer == Some(Answer::MissingField);
        edges[edge] = match (answer, outcome) {
            (None, Outcome::Completed) | (Some(Answer::Taken), _) => EdgeState::Taken,
            (None, Outcome::NotPassed) | (Some(Answer::NotTaken | Answer::MissingField), _) => EdgeState::NotTaken,
            (None, Outcome::Failed) | (Some(Answer::Fault(_)), Outcome::Failed) => EdgeState::Failed,
            (Some(Answer::Fault(message)), Outcome::Completed | Outcome::NotPassed) => {
                misrouted = Some(Misrouted::Fault { edge, message });
                break;
            }
        };
    }
    if missing_everywhere && misrouted.is_none() {
        misrouted = Some(Misrouted::NoRoute);
    }
    if misrouted.is_some() {
        for &edge in outgoing {
            edges[edge] = EdgeState::Failed;
        }
    }
    misrouted
}

/// What a node's incoming edges say about it, once all of them are settled: it runs if at least one is taken, every one
/// that its `dependencies` name is taken, and none died because its source failed.
pub fn runs(graph: &Graph, node: usize, edges: &[EdgeState]) -> bool {
    let mut any = false;
    for &edge in graph.incoming(node) {
        match edges[edge] {
            EdgeState::Taken => any = true,
            EdgeState::NotTaken | EdgeState::Skipped if !graph.edges[edge].required => {}
            EdgeState::NotTaken | EdgeState::Skipped | EdgeState::Failed | EdgeState::Open => return false,
        }
    }
    any
}

/// Whether a failed node was handled: a conditional edge out of it was taken.
pub fn handled(graph: &Graph, node: usize, edges: &[EdgeState]) -> bool {
    graph.outgoing(node).iter().any(|&edge| leads_to_handler(graph, edge, edges))
}

/// Whether an edge out of a failed node leads to one of its handlers.
pub fn leads_to_handler(graph: &Graph, edge: usize, edges: &[EdgeState]) -> bool {
    graph.edges[edge].conditional && edges[edge] == EdgeState::Taken
}
