//! Which nodes lie before which.
//!
//! Comes in: a graph without cycles and any number of questions. Goes out: an answer to each.
//! Always true: memory grows with the nodes and the questions, never with the pairs of nodes. The questions are answered
//! 64 nodes at a time, by one sweep over the part of the order between the first of them and the last who asks: for
//! references to nearby nodes that is linear, at worst a sixty-fourth of the square.

use super::Graph;
use crate::model::{NodeId, Workflow};

/// For each `(earlier, later)`: whether a path of edges leads from the one to the other.
pub(super) fn lies_before(workflow: &Workflow, graph: &Graph, questions: &[(NodeId, NodeId)]) -> Vec<bool> {
    let mut position = vec![0; workflow.nodes.len()];
    for (index, id) in graph.order.iter().enumerate() {
        position[id.0] = index;
    }
    // By the earlier node, so that neighbours share a sweep. No question about a node later in the order needs one.
    let mut open: Vec<(usize, usize, usize)> = questions
        .iter()
        .enumerate()
        .map(|(question, (earlier, later))| (position[earlier.0], position[later.0], question))
        .filter(|(earlier, later, _)| earlier < later)
        .collect();
    open.sort_unstable();
    let mut answers = vec![false; questions.len()];
    // For each node of a sweep, which of the 64 lead to it; they lead to themselves.
    let mut leads: Vec<u64> = Vec::new();
    let mut rest = open.as_slice();
    while let Some(&(first, ..)) = rest.first() {
        let mut asked: Vec<usize> = Vec::with_capacity(64);
        let mut end = 0;
        for (earlier, ..) in rest {
            if asked.last() != Some(earlier) {
                if asked.len() == 64 {
                    break;
                }
                asked.push(*earlier);
            }
            end += 1;
        }
        let (group, others) = rest.split_at(end);
        rest = others;
        let last = group.iter().map(|(_, later, _)| *later).max().unwrap_or(first);
        leads.clear();
        let mut bit = 0;
        for index in first..=last {
            let sources =
                graph.incoming[graph.order[index].0].iter().map(|edge| position[workflow.edges[*edge].from.0]);
            let mut word =
                sources.filter(|source| *source >= first).fold(0, |word, source| word | leads[source - first]);
            if asked.get(bit) == Some(&index) {
                word |= 1 << bit;
                bit += 1;
            }
            leads.push(word);
        }
        for (earlier, later, question) in group {
            let bit = asked.partition_point(|asked| asked < earlier);
            answers[*question] = leads[later - first] & (1 << bit) != 0;
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Parsed;
    use crate::source::SourceFile;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// A workflow of that many nodes with these edges, and of the two nodes of a pair the earlier one first.
    fn workflow(nodes: usize, edges: &[(usize, usize)]) -> Workflow {
        let node = |id| format!(r#"{{"id":"n{id}","type":"trigger","trigger_type":"manual","name":"","config":{{}}}}"#);
        let edge = |(from, to)| format!(r#"{{"from":"n{from}","to":"n{to}"}}"#);
        let text = format!(
            r#"{{"name":"w","version":"1.0.0","nodes":[{}],"connections":[{}]}}"#,
            (0..nodes).map(node).collect::<Vec<_>>().join(","),
            edges.iter().copied().map(edge).collect::<Vec<_>>().join(","),
        );
        let file = SourceFile { name: "w".to_owned(), text };
        Parsed::read(file).unwrap().lower("w", &BTreeMap::<String, String>::new()).model
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn as_by_walking_every_path(pairs in proptest::collection::vec((0..150usize, 0..150usize), 0..400)) {
            let edges: Vec<_> = pairs.iter().map(|(a, b)| (*a.min(b), *a.max(b))).filter(|(a, b)| a != b).collect();
            let workflow = workflow(150, &edges);
            let graph = Graph::new(&workflow);
            let mut reached = vec![[false; 150]; 150];
            for from in (0..150).rev() {
                for (_, to) in edges.iter().filter(|(source, _)| *source == from) {
                    let behind = reached[*to];
                    reached[from].iter_mut().zip(behind).for_each(|(all, behind)| *all |= behind);
                    reached[from][*to] = true;
                }
            }
            let questions: Vec<_> = (0..150).flat_map(|a| (0..150).map(move |b| (NodeId(a), NodeId(b)))).collect();
            let expected: Vec<_> = questions.iter().map(|(a, b)| reached[a.0][b.0]).collect();
            prop_assert_eq!(lies_before(&workflow, &graph, &questions), expected);
        }
    }
}
