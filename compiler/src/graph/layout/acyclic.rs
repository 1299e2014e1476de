//! Circles are opened: the links that close one are followed upwards.

use super::Graph;

/// For each link whether it leads downwards. Links from a node to itself count as if they did.
pub fn downward(graph: &Graph) -> Vec<bool> {
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    let mut has_incoming = vec![false; graph.nodes.len()];
    for (index, link) in graph.links.iter().enumerate() {
        if link.from != link.to {
            outgoing[link.from].push(index);
            has_incoming[link.to] = true;
        }
    }
    let mut downward = vec![true; graph.links.len()];
    let mut state = vec![State::New; graph.nodes.len()];
    let roots = (0..graph.nodes.len()).filter(|node| !has_incoming[*node]);
    // What is left after the roots stands in circles.
    for root in roots.chain(0..graph.nodes.len()) {
        if state[root] != State::New {
            continue;
        }
        state[root] = State::Open;
        let mut open = vec![(root, 0)];
        while let Some((node, next)) = open.last_mut() {
            let Some(link) = outgoing[*node].get(*next).copied() else {
                state[*node] = State::Done;
                open.pop();
                continue;
            };
            *next += 1;
            let to = graph.links[link].to;
            match state[to] {
                State::New => {
                    state[to] = State::Open;
                    open.push((to, 0));
                }
                State::Open => downward[link] = false,
                State::Done => {}
            }
        }
    }
    downward
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}
