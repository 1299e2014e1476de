//! What stands left of what in each layer: as few crossings as can be had quickly.

use super::{Layers, Tie};

/// Times the layers are gone through, down and up.
const SWEEPS: usize = 12;
/// Rows with more are not improved by swapping neighbours.
const TIES_MAX: usize = 1_000;

pub fn order(layers: &mut Layers) {
    by_walk(layers);
    let mut best = layers.rows.clone();
    let mut fewest = crossings(layers);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let rows = layers.rows.len();
        let mut positions = layers.positions();
        if sweep % 2 == 0 {
            (1..rows).for_each(|row| by_neighbours(layers, row, Side::Above, &mut positions));
        } else {
            (0..rows - 1).rev().for_each(|row| by_neighbours(layers, row, Side::Below, &mut positions));
        }
        swap_neighbours(layers);
        let now = crossings(layers);
        if now < fewest {
            fewest = now;
            best.clone_from(&layers.rows);
        }
    }
    layers.rows = best;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

impl Layers {
    fn neighbours(&self, item: usize, side: Side) -> &[Tie] {
        match side {
            Side::Above => &self.above[item],
            Side::Below => &self.below[item],
        }
    }

    fn positions(&self) -> Vec<usize> {
        let mut positions = vec![0; self.items.len()];
        for row in &self.rows {
            row.iter().enumerate().for_each(|(position, item)| positions[*item] = position);
        }
        positions
    }
}

/// A walk from the top, the longest way first: it gives the main line on the left and what leaves it on the right.
fn by_walk(layers: &mut Layers) {
    let depth = depths(layers);
    let mut row_of = vec![0; layers.items.len()];
    for (row, items) in layers.rows.iter().enumerate() {
        items.iter().for_each(|item| row_of[*item] = row);
    }
    let mut seen = vec![false; layers.items.len()];
    let mut rows = vec![Vec::new(); layers.rows.len()];
    let roots: Vec<usize> =
        layers.rows.iter().flatten().copied().filter(|item| layers.above[*item].is_empty()).collect();
    for root in roots {
        let mut open = vec![root];
        while let Some(item) = open.pop() {
            if std::mem::replace(&mut seen[item], true) {
                continue;
            }
            rows[row_of[item]].push(item);
            let mut below = layers.below[item].clone();
            below.sort_by_key(|tie| std::cmp::Reverse(depth[tie.item]));
            open.extend(below.into_iter().rev().map(|tie| tie.item));
        }
    }
    layers.rows = rows;
}

/// The longest way below each item.
fn depths(layers: &Layers) -> Vec<usize> {
    let mut depth = vec![0; layers.items.len()];
    for item in layers.rows.iter().rev().flatten() {
        depth[*item] = layers.below[*item].iter().map(|tie| depth[tie.item] + 1).max().unwrap_or(0);
    }
    depth
}

/// Sorts a row by the mean position of the neighbours on one side. Items without any keep their places.
fn by_neighbours(layers: &mut Layers, row: usize, side: Side, positions: &mut [usize]) {
    let mean = |item: usize| {
        let ties = layers.neighbours(item, side);
        let sum: usize = ties.iter().map(|tie| positions[tie.item]).sum();
        (!ties.is_empty()).then(|| sum as f64 / ties.len() as f64)
    };
    let items = &layers.rows[row];
    let mut moving: Vec<(usize, f64)> = items.iter().filter_map(|item| Some((*item, mean(*item)?))).collect();
    moving.sort_by(|left, right| left.1.total_cmp(&right.1));
    let mut moving = moving.into_iter();
    let sorted = items.iter().map(|item| match layers.neighbours(*item, side) {
        [] => *item,
        _ => moving.next().map_or(*item, |(item, _)| item),
    });
    layers.rows[row] = sorted.collect();
    layers.rows[row].iter().enumerate().for_each(|(position, item)| positions[*item] = position);
}

/// Swaps neighbours while that takes crossings away.
fn swap_neighbours(layers: &mut Layers) {
    let mut positions = layers.positions();
    for row in 0..layers.rows.len() {
        let ties: usize =
            layers.rows[row].iter().map(|item| layers.above[*item].len() + layers.below[*item].len()).sum();
        if ties > TIES_MAX {
            continue;
        }
        for position in 1..layers.rows[row].len() {
            let (left, right) = (layers.rows[row][position - 1], layers.rows[row][position]);
            let pairs = |first: usize, second: usize| {
                [Side::Above, Side::Below].map(|side| {
                    let (first, second) = (layers.neighbours(first, side), layers.neighbours(second, side));
                    crossed(first, second, &positions)
                })
            };
            let [now, swapped] = [pairs(left, right), pairs(right, left)].map(|[above, below]| above + below);
            if swapped < now {
                layers.rows[row].swap(position - 1, position);
                positions.swap(left, right);
            }
        }
    }
}

/// Crossings between the links of two items that stand side by side, on one side.
fn crossed(left: &[Tie], right: &[Tie], positions: &[usize]) -> usize {
    let crossed = |tie: &Tie| right.iter().filter(|other| positions[other.item] < positions[tie.item]).count();
    left.iter().map(crossed).sum()
}

fn crossings(layers: &Layers) -> usize {
    let positions = layers.positions();
    let pairs = layers.rows.iter().zip(layers.rows.iter().skip(1));
    pairs.map(|(upper, lower)| crossings_between(layers, upper, lower.len(), &positions)).sum()
}

/// Inversions among the ends of the links, counted with a tree of sums.
fn crossings_between(layers: &Layers, upper: &[usize], width: usize, positions: &[usize]) -> usize {
    let mut sums = vec![0usize; width + 1];
    let (mut crossings, mut before) = (0, 0);
    for item in upper {
        let mut ends: Vec<usize> = layers.below[*item].iter().map(|tie| positions[tie.item]).collect();
        ends.sort_unstable();
        for end in &ends {
            let mut at = end + 1;
            let mut left_or_same = 0;
            while at > 0 {
                left_or_same += sums[at];
                at &= at - 1;
            }
            crossings += before - left_or_same;
        }
        for end in ends {
            before += 1;
            let mut at = end + 1;
            while at <= width {
                sums[at] += 1;
                at += at & at.wrapping_neg();
            }
        }
    }
    crossings
}
