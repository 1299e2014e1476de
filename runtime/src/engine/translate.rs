//! An execution under another version of its workflow.
//!
//! Comes in: an execution under the old tables, and where its nodes and edges are in the new ones. Goes out: the same
//! execution under the new tables.
//! Always true: what was decided stays decided. What the old version does not have has not been asked for: it is skipped.

use super::{EdgeState, Execution, Graph, NodeState};
use crate::upgrade::Translation;
use std::cmp::Reverse;
use std::sync::Arc;

impl Execution {
    /// Whether it makes sense is [`crate::upgrade::judge_at`]'s to say, for every node of [`Execution::standing`].
    pub fn translate(self, graph: Arc<Graph>, translation: &Translation) -> Execution {
        let mut new = Execution::new(Arc::clone(&graph), self.seed);
        new.states.fill(NodeState::Skipped);
        new.edges.fill(EdgeState::Skipped);
        for (old, place) in translation.nodes.iter().enumerate() {
            if let Some(place) = *place {
                new.states[place] = self.states[old];
                new.attempts[place] = self.attempts[old];
            }
        }
        for (old, place) in translation.edges.iter().enumerate() {
            if let Some(place) = *place {
                new.edges[place] = self.edges[old];
            }
        }
        for node in 0..graph.nodes.len() {
            let is_open = |edge: &&usize| new.edges[**edge] == EdgeState::Open;
            new.open[node] = graph.incoming(node).iter().filter(is_open).count();
        }
        let place = |node: usize| translation.nodes[node];
        new.ready = self.ready.iter().filter_map(|Reverse(node)| place(*node).map(Reverse)).collect();
        new.waiting = self.waiting.iter().filter_map(|(until, node)| Some((*until, place(*node)?))).collect();
        new.failures = self.failures.iter().filter_map(|node| place(*node)).collect();
        new.running = new.states.iter().filter(|state| **state == NodeState::Running).count();
        let is_settled = |state: &&NodeState| matches!(state, NodeState::Settled(_) | NodeState::Skipped);
        new.unsettled = new.states.len() - new.states.iter().filter(is_settled).count();
        new.limits = self.limits;
        new.end = self.end;
        new
    }

    /// The nodes at which it stands: reached and not settled.
    pub fn standing(&self) -> impl Iterator<Item = usize> {
        let nodes = self.states.iter().enumerate();
        nodes.filter_map(|(node, state)| match state {
            NodeState::Ready | NodeState::Running | NodeState::Waiting | NodeState::Settling(_) => Some(node),
            NodeState::Pending | NodeState::Settled(_) | NodeState::Skipped | NodeState::Cancelled => None,
        })
    }

    /// Whether a node has settled as failed.
    pub fn has_failed(&self, node: usize) -> bool {
        self.failures.contains(&node)
    }
}
