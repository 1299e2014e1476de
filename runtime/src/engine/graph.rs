//! The graph of a workflow, laid out for walking.
//!
//! Comes in: the tables of a compiled workflow, or nodes and edges made by hand in a test.
//! Goes out: for every node its incoming and outgoing edges, as slices in the order of the edges.
//! Always true: the graph never changes; all executions of a process share one. It is acyclic, which `flowc check` has
//! proved and [`Graph::new`] takes on trust (a cycle would never become ready, and the execution would end without it).

use crate::flow::{Delay, Kind, Retry, Workflow};
use std::time::Duration;

/// Nodes, edges and settings of one workflow.
#[derive(Debug, Clone)]
pub struct Graph {
    pub nodes: Vec<GraphNode>,
    pub edges: Vec<GraphEdge>,
    pub limits: GraphLimits,
    incoming: Lists,
    outgoing: Lists,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GraphNode {
    pub retry: Retry,
    /// A trigger without incoming edges runs only if it started the execution.
    pub trigger: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GraphEdge {
    pub from: usize,
    pub to: usize,
    /// Named in the target's `dependencies`.
    pub required: bool,
    /// Taken only if a condition holds.
    pub conditional: bool,
}

/// What holds for a whole execution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GraphLimits {
    pub timeout: Option<Duration>,
    pub fail_fast: bool,
    /// 0 counts as 1.
    pub max_parallel_nodes: usize,
}

impl Graph {
    pub fn new(nodes: Vec<GraphNode>, edges: Vec<GraphEdge>, limits: GraphLimits) -> Graph {
        let incoming = Lists::new(nodes.len(), edges.iter().map(|edge| edge.to));
        let outgoing = Lists::new(nodes.len(), edges.iter().map(|edge| edge.from));
        Graph { nodes, edges, limits, incoming, outgoing }
    }

    pub fn of(workflow: &Workflow) -> Graph {
        let node = |node: &crate::flow::Node| match node.kind {
            Kind::Webhook(_) | Kind::Manual => GraphNode { retry: NO_RETRY, trigger: true },
            Kind::Filter(_) | Kind::Transform(_) => GraphNode { retry: NO_RETRY, trigger: false },
            Kind::Http(_) | Kind::Email(_) | Kind::Rust(_) => GraphNode { retry: node.retry, trigger: false },
        };
        let edge = |edge: &crate::flow::Edge| GraphEdge {
            from: edge.from,
            to: edge.to,
            required: edge.required,
            conditional: edge.condition.is_some(),
        };
        let settings = &workflow.settings;
        let limits = GraphLimits {
            timeout: settings.timeout,
            fail_fast: settings.fail_fast,
            max_parallel_nodes: settings.max_parallel_nodes,
        };
        Graph::new(workflow.nodes.iter().map(node).collect(), workflow.edges.iter().map(edge).collect(), limits)
    }

    /// Edges into a node, in the order of the edges.
    pub fn incoming(&self, node: usize) -> &[usize] {
        self.incoming.of(node)
    }

    /// Edges out of a node, in the order of the edges.
    pub fn outgoing(&self, node: usize) -> &[usize] {
        self.outgoing.of(node)
    }
}

/// Pure nodes are never tried again: the same computation would fail the same way.
const NO_RETRY: Retry = Retry { retries: 0, delay: Delay::Fixed(Duration::ZERO) };

/// One list of edges per node, in two flat vectors.
#[derive(Debug, Clone)]
struct Lists {
    /// Where the list of each node starts in `items`; one more entry than there are nodes.
    starts: Vec<usize>,
    items: Vec<usize>,
}

impl Lists {
    fn new(nodes: usize, keys: impl Iterator<Item = usize> + Clone) -> Lists {
        let mut starts = vec![0; nodes + 1];
        for key in keys.clone() {
            starts[key + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts[nodes]];
        for (edge, key) in keys.enumerate() {
            items[next[key]] = edge;
            next[key] += 1;
        }
        Lists { starts, items }
    }

    fn of(&self, node: usize) -> &[usize] {
        &self.items[self.starts[node]..self.starts[node + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_listed_per_node_in_their_own_order() {
        let node = GraphNode { retry: NO_RETRY, trigger: false };
        let edge = |from, to| GraphEdge { from, to, required: false, conditional: false };
        let limits = GraphLimits { timeout: None, fail_fast: false, max_parallel_nodes: 1 };
        let graph = Graph::new(vec![node; 4], vec![edge(2, 3), edge(0, 1), edge(0, 3), edge(1, 3)], limits);
        assert_eq!(graph.incoming(3), [0, 2, 3]);
        assert_eq!(graph.outgoing(0), [1, 2]);
        assert_eq!(graph.incoming(0), [0; 0]);
        assert_eq!(graph.outgoing(3), [0; 0]);
    }
}
