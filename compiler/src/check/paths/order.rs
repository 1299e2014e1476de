//! In which order the diagrams ask: what keeps them small.
//!
//! Comes in: the graph, sources before targets. Goes out: the nodes in the order in which their variables are asked.
//! Always true: linear, but for a logarithm. In a chain the last node comes first, so that what holds at a node is what
//! held at the one before and one question more, and all of it is shared. Where branches part and meet again the node at
//! which they part is asked before everything between: otherwise what each of the branches would say had to be
//! remembered before it is known which one counts.

use crate::check::Graph;
use crate::model::{NodeId, Workflow};

/// The nodes, first asked first.
pub fn order(workflow: &Workflow, graph: &Graph) -> Vec<NodeId> {
    let tree = dominators(workflow, graph);
    let root = workflow.nodes.len();
    let mut order = Vec::with_capacity(root + 1);
    // Either a node still to be laid out, or one whose own place has come.
    let mut open = vec![(root, false)];
    while let Some((node, placed)) = open.pop() {
        if placed {
            order.push(node);
            continue;
        }
        let heads = &tree.heads[node];
        let largest = match tree.joins[node].is_empty() {
            true => heads.iter().copied().max_by_key(|head| tree.size[*head]),
            false => None,
        };
        // Pushed in reverse: the last one pushed is laid out first.
        open.extend(heads.iter().filter(|head| Some(**head) != largest).map(|head| (*head, false)));
        open.push((node, true));
        open.extend(largest.map(|head| (head, false)));
        open.extend(tree.joins[node].iter().map(|join| (*join, false)));
    }
    order.into_iter().filter(|node| *node != root).map(NodeId).collect()
}

/// Which node lies on every path to which; the last one stands before all roots.
struct Tree {
    /// Children that are reached from the node alone.
    heads: Vec<Vec<usize>>,
    /// Children in which branches meet, in topological order.
    joins: Vec<Vec<usize>>,
    /// How many nodes lie behind each.
    size: Vec<usize>,
}

fn dominators(workflow: &Workflow, graph: &Graph) -> Tree {
    let count = workflow.nodes.len() + 1;
    let root = count - 1;
    let mut parent = vec![root; count];
    let mut depth = vec![0_usize; count];
    // A second ancestor of each node, so far up that any ancestor is reached in logarithmically many steps.
    let mut jump = vec![root; count];
    let mut tree = Tree { heads: vec![Vec::new(); count], joins: vec![Vec::new(); count], size: vec![1; count] };
    for node in graph.order.iter().map(|node| node.0) {
        let sources = || graph.incoming[node].iter().map(|edge| workflow.edges[*edge].from.0);
        let meet = |left: usize, right: usize| {
            let (mut left, mut right) = (left, right);
            while left != right {
                if depth[left] < depth[right] {
                    std::mem::swap(&mut left, &mut right);
                }
                // Nodes of one depth jump equally far, so either both jumps overshoot or neither does.
                if depth[left] > depth[right] {
                    left = if depth[jump[left]] >= depth[right] { jump[left] } else { parent[left] };
                } else if jump[left] == jump[right] {
                    (left, right) = (parent[left], parent[right]);
                } else {
                    (left, right) = (jump[left], jump[right]);
                }
            }
            left
        };
        let above = sources().reduce(meet).unwrap_or(root);
        let is_head = sources().all(|source| source == above);
        parent[node] = above;
        depth[node] = depth[above] + 1;
        let far = jump[above];
        jump[node] = if depth[above] - depth[far] == depth[far] - depth[jump[far]] { jump[far] } else { above };
        if is_head { tree.heads[above].push(node) } else { tree.joins[above].push(node) }
    }
    for node in graph.order.iter().rev() {
        tree.size[parent[node.0]] += tree.size[node.0];
    }
    tree
}
