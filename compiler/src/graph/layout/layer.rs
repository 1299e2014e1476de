//! Which layer each node is in, and what stands in the layers that a link crosses.

use super::{Graph, Item, Layers, Size, Tie};

/// So many places where links cross a layer. Beyond that the longest links go straight, through whatever is there: with
/// as many, nobody follows a single one.
const BENDS_MAX: usize = 50_000;
/// What a passing line takes of a layer.
const LINE: f64 = 10.0;

pub fn layers(graph: &Graph, downward: &[bool]) -> Layers {
    let (mut layer, depth_below) = layer_of_nodes(graph, downward);
    let trunk = trunk(graph, downward, &layer, &depth_below);
    pull_down(graph, downward, &mut layer);
    let rows_of_nodes = layer.iter().max().map_or(0, |last| last + 1);
    // Between two layers of nodes stands one of labels, where there are any.
    let mut has_labels = vec![false; rows_of_nodes];
    for (link, down) in graph.links.iter().zip(downward) {
        if link.label.is_some() && link.from != link.to {
            has_labels[layer[if *down { link.from } else { link.to }]] = true;
        }
    }
    let mut row_of = Vec::with_capacity(rows_of_nodes);
    let mut rows = 0;
    for labels in &has_labels {
        row_of.push(rows);
        rows += 1 + usize::from(*labels);
    }
    let mut layers = Layers {
        rows: vec![Vec::new(); rows],
        chains: vec![Vec::new(); graph.links.len()],
        trunk,
        ..Layers::default()
    };
    for (node, size) in graph.nodes.iter().enumerate() {
        layers.add(Item::Node(node), *size, row_of[layer[node]]);
    }
    let span = |link: usize| {
        let link = &graph.links[link];
        let (upper, lower) = (layer[link.from].min(layer[link.to]), layer[link.from].max(layer[link.to]));
        (upper, row_of[upper] + 1..row_of[lower])
    };
    let mut shortest_first: Vec<usize> = (0..graph.links.len()).collect();
    shortest_first.sort_by_key(|link| span(*link).1.len());
    let mut bends = 0;
    let mut straight = vec![false; graph.links.len()];
    for link in shortest_first {
        bends += span(link).1.len();
        straight[link] = bends > BENDS_MAX;
    }
    for (index, link) in graph.links.iter().enumerate() {
        if link.from == link.to || straight[index] {
            continue;
        }
        let (upper, between) = span(index);
        let (top, bottom) = if downward[index] { (link.from, link.to) } else { (link.to, link.from) };
        let mut before = top;
        for row in between.clone() {
            let label = link.label.filter(|_| row == between.start && has_labels[upper]);
            let item = match label {
                Some(size) => layers.add(Item::Label(index), size, row),
                None => layers.add(Item::Bend(index), Size { width: LINE, height: 0.0 }, row),
            };
            layers.tie(index, before, item);
            layers.chains[index].push(item);
            before = item;
        }
        layers.tie(index, before, bottom);
    }
    layers
}

impl Layers {
    fn add(&mut self, item: Item, size: Size, row: usize) -> usize {
        let index = self.items.len();
        self.items.push(item);
        self.sizes.push(size);
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        self.rows[row].push(index);
        index
    }

    fn tie(&mut self, link: usize, upper: usize, lower: usize) {
        self.below[upper].push(Tie { item: lower, link });
        self.above[lower].push(Tie { item: upper, link });
    }
}

/// For each node the length of the longest way to it from above, and of the longest below it.
fn layer_of_nodes(graph: &Graph, downward: &[bool]) -> (Vec<usize>, Vec<usize>) {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    let mut waits_for = vec![0; graph.nodes.len()];
    for (_, upper, lower) in ordered(graph, downward) {
        below[upper].push(lower);
        waits_for[lower] += 1;
    }
    let mut layer = vec![0; graph.nodes.len()];
    let mut sorted: Vec<usize> = (0..graph.nodes.len()).filter(|node| waits_for[*node] == 0).collect();
    let mut next = 0;
    while let Some(node) = sorted.get(next).copied() {
        next += 1;
        for lower in below[node].iter().copied() {
            layer[lower] = layer[lower].max(layer[node] + 1);
            waits_for[lower] -= 1;
            if waits_for[lower] == 0 {
                sorted.push(lower);
            }
        }
    }
    let mut depth = vec![0; graph.nodes.len()];
    for node in sorted.iter().rev() {
        depth[*node] = below[*node].iter().map(|lower| depth[*lower] + 1).max().unwrap_or(0);
    }
    (layer, depth)
}

/// Nothing holds a node up to which nothing leads: it stands right above what it leads to.
fn pull_down(graph: &Graph, downward: &[bool], layer: &mut [usize]) {
    let mut nearest = vec![usize::MAX; graph.nodes.len()];
    let mut has_above = vec![false; graph.nodes.len()];
    for (_, upper, lower) in ordered(graph, downward) {
        nearest[upper] = nearest[upper].min(layer[lower]);
        has_above[lower] = true;
    }
    for node in 0..graph.nodes.len() {
        if !has_above[node] && nearest[node] != usize::MAX {
            layer[node] = nearest[node] - 1;
        }
    }
}

/// Of all that leaves its upper node nothing leads as far as a link of a main line, and of all that arrives at its lower
/// node nothing comes from as far.
fn trunk(graph: &Graph, downward: &[bool], above: &[usize], below: &[usize]) -> Vec<bool> {
    /// The farthest end so far, how far it is, and whether another one is as far.
    #[derive(Clone, Copy, Default)]
    struct Farthest {
        node: usize,
        depth: Option<usize>,
        tied: bool,
    }
    impl Farthest {
        fn offer(&mut self, node: usize, depth: usize) {
            match self.depth {
                Some(farthest) if farthest > depth => {}
                Some(farthest) if farthest == depth => self.tied |= self.node != node,
                _ => *self = Farthest { node, depth: Some(depth), tied: false },
            }
        }
    }
    let mut farthest = vec![[Farthest::default(); 2]; graph.nodes.len()];
    for (_, upper, lower) in ordered(graph, downward) {
        farthest[upper][0].offer(lower, below[lower]);
        farthest[lower][1].offer(upper, above[upper]);
    }
    let mut trunk = vec![false; graph.links.len()];
    for (link, upper, lower) in ordered(graph, downward) {
        let [down, up] = [farthest[upper][0], farthest[lower][1]];
        trunk[link] = down.node == lower && !down.tied && up.node == upper && !up.tied;
    }
    trunk
}

/// Each link with its upper and its lower node, without those from a node to itself.
fn ordered(graph: &Graph, downward: &[bool]) -> impl Iterator<Item = (usize, usize, usize)> {
    let links = graph.links.iter().zip(downward).enumerate().filter(|(_, (link, _))| link.from != link.to);
    links.map(|(index, (link, down))| match down {
        true => (index, link.from, link.to),
        false => (index, link.to, link.from),
    })
}
