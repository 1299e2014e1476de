//! From top to bottom, and the ways between what stands there.

use super::{Graph, Item, Layers, Layout, Point, Size, Way};

/// Between two layers.
const GAP: f64 = 30.0;
/// Where a layer of labels stands between, on both sides of it.
const LABEL_GAP: f64 = 24.0;
/// Flat lines need room: so much of their width is added to a gap, up to a limit.
const FLAT: f64 = 1.0 / 14.0;
const FLAT_MAX: f64 = 90.0;
/// Between two lines where they leave a node.
const PORT: f64 = 18.0;
/// What is so little aside is drawn straight: the line leaves beside the middle.
const NEARLY: f64 = 8.0;
/// No line leaves nearer to the corner of a node.
const CORNER: f64 = 22.0;
/// How far a line from a node to itself reaches out.
const LOOP: f64 = 14.0;

/// The upper and the lower border of a row.
#[derive(Debug, Clone, Copy)]
struct Band {
    top: f64,
    bottom: f64,
}

pub fn ways(graph: &Graph, downward: &[bool], layers: &Layers, x: &[f64]) -> Layout {
    let bands = bands(layers, x);
    let mut row_of = vec![0; layers.items.len()];
    for (row, items) in layers.rows.iter().enumerate() {
        items.iter().for_each(|item| row_of[*item] = row);
    }
    let middle = |item: usize| (bands[row_of[item]].top + bands[row_of[item]].bottom) / 2.0;
    let nodes: Vec<Point> = (0..graph.nodes.len()).map(|node| Point { x: x[node], y: middle(node) }).collect();
    let ports = ports(graph, downward, layers, x);
    let mut ways = Vec::with_capacity(graph.links.len());
    for (index, link) in graph.links.iter().enumerate() {
        if link.from == link.to {
            ways.push(around(nodes[link.from], graph.nodes[link.from]));
            continue;
        }
        let (top, bottom) = if downward[index] { (link.from, link.to) } else { (link.to, link.from) };
        let border = |node: usize, sign: f64| nodes[node].y + sign * graph.nodes[node].height / 2.0;
        let [leaves, arrives] = ports[index];
        let mut points = vec![Point { x: leaves, y: border(top, 1.0) }];
        let mut label = None;
        for item in &layers.chains[index] {
            let band = bands[row_of[*item]];
            points.push(Point { x: x[*item], y: band.top });
            points.push(Point { x: x[*item], y: band.bottom });
            if layers.items[*item] == Item::Label(index) {
                label = Some(Point { x: x[*item], y: middle(*item) });
            }
        }
        points.push(Point { x: arrives, y: border(bottom, -1.0) });
        let upwards = !downward[index];
        if upwards {
            points.reverse();
        }
        // A link that goes straight has no place of its own for its label.
        if label.is_none() && link.label.is_some() {
            let (first, last) = (points[0], points[points.len() - 1]);
            label = Some(Point { x: (first.x + last.x) / 2.0, y: (first.y + last.y) / 2.0 });
        }
        ways.push(Way { points, label, upwards, loops: false });
    }
    let width = (0..x.len()).map(|item| x[item] + layers.sizes[item].width / 2.0).fold(0.0, f64::max);
    let height = bands.last().map_or(0.0, |band| band.bottom);
    Layout { nodes, ways, size: Size { width, height } }
}

fn bands(layers: &Layers, x: &[f64]) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::with_capacity(layers.rows.len());
    for row in &layers.rows {
        let height = row.iter().map(|item| layers.sizes[*item].height).fold(0.0, f64::max);
        let of_nodes = |row: &[usize]| row.iter().any(|item| matches!(layers.items[*item], Item::Node(_)));
        let top = match bands.last() {
            None => 0.0,
            Some(before) => {
                let above = &layers.rows[bands.len() - 1];
                let gap = if of_nodes(row) && of_nodes(above) { GAP + 10.0 } else { LABEL_GAP };
                let ties =
                    row.iter().flat_map(|item| layers.above[*item].iter().map(|tie| (x[*item] - x[tie.item]).abs()));
                before.bottom + gap + (ties.fold(0.0, f64::max) * FLAT - 10.0).clamp(0.0, FLAT_MAX)
            }
        };
        bands.push(Band { top, bottom: top + height });
    }
    bands
}

/// Where each link leaves its upper node and arrives at its lower one. What goes straight down keeps to the middle.
fn ports(graph: &Graph, downward: &[bool], layers: &Layers, x: &[f64]) -> Vec<[f64; 2]> {
    let mut ports = vec![[0.0; 2]; graph.links.len()];
    // For each node what leaves below and what arrives above: the link, and where it goes next.
    let mut ends: Vec<[Vec<(usize, f64)>; 2]> = vec![Default::default(); graph.nodes.len()];
    for (index, link) in graph.links.iter().enumerate().filter(|(_, link)| link.from != link.to) {
        let (top, bottom) = if downward[index] { (link.from, link.to) } else { (link.to, link.from) };
        let chain = &layers.chains[index];
        ends[top][0].push((index, x[chain.first().copied().unwrap_or(bottom)]));
        ends[bottom][1].push((index, x[chain.last().copied().unwrap_or(top)]));
    }
    for (node, sides) in ends.iter_mut().enumerate() {
        for (side, links) in sides.iter_mut().enumerate() {
            links.sort_by(|left, right| left.1.total_cmp(&right.1));
            let room = (graph.nodes[node].width / 2.0 - CORNER).max(0.0);
            let straight = links.iter().position(|(link, next)| {
                // A link without bends is made straight where it leaves; it arrives in the middle.
                let direct = side == 1 && layers.chains[*link].is_empty();
                let near = if links.len() > 1 || direct { NEARLY } else { (NEARLY * 3.0).min(room) };
                (next - x[node]).abs() < near
            });
            let middle = straight.map_or((links.len() as f64 - 1.0) / 2.0, |index| index as f64);
            let most = middle.max(links.len() as f64 - 1.0 - middle);
            let step = if most > 0.0 { PORT.min(room / most) } else { 0.0 };
            for (position, (link, next)) in links.iter().enumerate() {
                let direct = side == 1 && layers.chains[*link].is_empty();
                let at = if Some(position) == straight && !direct {
                    *next
                } else {
                    x[node] + (position as f64 - middle) * step
                };
                ports[*link][side] = at;
            }
        }
    }
    ports
}

fn around(node: Point, size: Size) -> Way {
    let (x, y) = (node.x + size.width / 2.0, size.height / 5.0);
    let points = vec![Point { x, y: node.y + y }, Point { x: x + LOOP, y: node.y }, Point { x, y: node.y - y }];
    Way { points, label: None, upwards: false, loops: true }
}
