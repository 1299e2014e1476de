//! How far from the left each item stands: straight below what it belongs to, and never over its neighbour.

use super::{Item, Layers, Tie};

/// Between two nodes.
const GAP: f64 = 40.0;
/// Beside a line or a label.
const LINE_GAP: f64 = 18.0;
/// Times the layers are gone through, down and up.
const SWEEPS: usize = 40;
/// How much straighter the main line is than others.
const TRUNK: f64 = 10_000.0;
/// How much straighter a line on its way through is than one between two nodes.
const THROUGH: f64 = 50.0;

/// The centre of each item; the leftmost border is 0.
pub fn across(layers: &Layers) -> Vec<f64> {
    let mut x = vec![0.0; layers.items.len()];
    for row in &layers.rows {
        let mut at = 0.0;
        for (index, item) in row.iter().enumerate() {
            if index > 0 {
                at += distance(layers, row[index - 1], *item);
            }
            x[*item] = at;
        }
    }
    for sweep in 0..SWEEPS {
        // Last of all downwards: so a node stands below its neighbours as they are in the end.
        if sweep % 2 == 1 {
            layers.rows.iter().skip(1).for_each(|row| settle(layers, row, &layers.above, &mut x));
        } else {
            layers.rows.iter().rev().skip(1).for_each(|row| settle(layers, row, &layers.below, &mut x));
        }
    }
    // What stands between two layers of nodes keeps to the lower one, so that a label is above what it leads to.
    let ties = between(layers);
    for row in &layers.rows {
        if !row.iter().any(|item| matches!(layers.items[*item], Item::Node(_))) {
            settle(layers, row, &ties, &mut x);
        }
    }
    let left = (0..x.len()).map(|item| x[item] - layers.sizes[item].width / 2.0).fold(f64::INFINITY, f64::min);
    x.iter_mut().for_each(|x| *x -= left);
    x
}

/// For what stands between nodes: the item below where nothing else leads to it, else both.
fn between(layers: &Layers) -> Vec<Vec<Tie>> {
    let ties = (0..layers.items.len()).map(|item| match layers.below[item].as_slice() {
        _ if matches!(layers.items[item], Item::Node(_)) => Vec::new(),
        [below] if layers.above[below.item].len() == 1 => vec![*below],
        below => layers.above[item].iter().chain(below).copied().collect(),
    });
    ties.collect()
}

/// From centre to centre.
fn distance(layers: &Layers, left: usize, right: usize) -> f64 {
    let is_node = |item: usize| matches!(layers.items[item], Item::Node(_));
    let gap = if is_node(left) && is_node(right) { GAP } else { LINE_GAP };
    (layers.sizes[left].width + layers.sizes[right].width) / 2.0 + gap
}

/// Moves a row as near as possible to where its neighbours in the row above (or below) want it: the least sum of weighted
/// squares under the distances that have to be kept, found by joining neighbours that push each other into blocks.
fn settle(layers: &Layers, row: &[usize], neighbours: &[Vec<Tie>], x: &mut [f64]) {
    struct Block {
        /// Sum of the weights, and of the weighted wishes, each as if for the first item of the row.
        weight: f64,
        wish: f64,
        items: usize,
    }
    let mut blocks: Vec<Block> = Vec::with_capacity(row.len());
    let mut offsets = Vec::with_capacity(row.len());
    let mut offset = 0.0;
    for (index, item) in row.iter().enumerate() {
        if index > 0 {
            offset += distance(layers, row[index - 1], *item);
        }
        offsets.push(offset);
        let (mut weight, mut wish) = (0.0, 0.0);
        for tie in &neighbours[*item] {
            let pull = pull(layers, *item, tie);
            weight += pull;
            wish += pull * x[tie.item];
        }
        if weight == 0.0 {
            (weight, wish) = (0.01, 0.01 * x[*item]);
        }
        let mut block = Block { weight, wish: wish - weight * offset, items: 1 };
        while let Some(before) = blocks.pop_if(|before| before.wish / before.weight > block.wish / block.weight) {
            block = Block {
                weight: before.weight + block.weight,
                wish: before.wish + block.wish,
                items: before.items + block.items,
            };
        }
        blocks.push(block);
    }
    let mut index = 0;
    for block in blocks {
        for _ in 0..block.items {
            x[row[index]] = block.wish / block.weight + offsets[index];
            index += 1;
        }
    }
}

/// How much two items want to stand one below the other.
fn pull(layers: &Layers, item: usize, tie: &Tie) -> f64 {
    if layers.trunk[tie.link] {
        return TRUNK;
    }
    match (layers.items[item], layers.items[tie.item]) {
        (Item::Node(_), _) | (_, Item::Node(_)) => 1.0,
        _ => THROUGH,
    }
}
