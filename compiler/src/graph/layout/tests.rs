//! Nothing overlaps, whatever the graph.

use super::*;
use proptest::prelude::*;

const NODE: Size = Size { width: 120.0, height: 40.0 };
const LABEL: Size = Size { width: 60.0, height: 16.0 };

fn graph(nodes: usize, links: &[(usize, usize, bool)]) -> Graph {
    let links = links.iter().map(|(from, to, label)| Link { from: *from, to: *to, label: label.then_some(LABEL) });
    Graph { nodes: vec![NODE; nodes], links: links.collect() }
}

fn overlap(left: (Point, Size), right: (Point, Size)) -> bool {
    let ((a, a_size), (b, b_size)) = (left, right);
    (a.x - b.x).abs() + 0.01 < (a_size.width + b_size.width) / 2.0
        && (a.y - b.y).abs() + 0.01 < (a_size.height + b_size.height) / 2.0
}

#[test]
fn a_chain_is_straight() {
    let layout = layout(&graph(4, &[(0, 1, false), (1, 2, true), (2, 3, false)]));
    assert!(layout.nodes.windows(2).all(|pair| pair[0].x == pair[1].x && pair[0].y + 40.0 < pair[1].y));
    let xs = layout.ways.iter().flat_map(|way| way.points.iter().map(|point| point.x));
    assert!(xs.into_iter().all(|x| x == layout.nodes[0].x));
}

/// What leaves the main line stands beside it.
#[test]
fn the_main_line_stays_straight() {
    let layout = layout(&graph(5, &[(0, 1, true), (0, 4, true), (1, 2, false), (2, 3, false)]));
    let x: Vec<f64> = layout.nodes.iter().map(|node| node.x).collect();
    assert!((x[0] - x[1]).abs() < 1.0 && (x[1] - x[3]).abs() < 1.0 && x[4] > x[1] + 100.0, "{x:?}");
}

#[test]
fn branches_alike_stand_evenly() {
    let layout =
        layout(&graph(5, &[(0, 1, false), (0, 2, false), (0, 3, false), (1, 4, false), (2, 4, false), (3, 4, false)]));
    let x: Vec<f64> = layout.nodes.iter().map(|node| node.x).collect();
    assert!((x[0] - x[2]).abs() < 1.0 && (x[2] - x[4]).abs() < 1.0, "{x:?}");
    assert!(((x[2] - x[1]) - (x[3] - x[2])).abs() < 1.0, "{x:?}");
}

#[test]
fn a_circle_is_opened_in_one_place() {
    let layout = layout(&graph(3, &[(0, 1, false), (1, 2, false), (2, 0, true), (1, 1, false)]));
    let upwards: Vec<bool> = layout.ways.iter().map(|way| way.upwards).collect();
    assert_eq!(upwards, [false, false, true, false]);
    assert!(layout.ways[3].loops && layout.ways[2].label.is_some());
    let points = &layout.ways[2].points;
    assert!(points[0].y > points[points.len() - 1].y);
}

#[test]
fn two_lines_that_can_do_without_crossing_do() {
    let layout = layout(&graph(4, &[(0, 3, false), (1, 2, false)]));
    let x: Vec<f64> = layout.nodes.iter().map(|node| node.x).collect();
    assert_eq!((x[0] < x[1]), (x[3] < x[2]), "{x:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_overlaps(nodes in 1..24usize, ends in prop::collection::vec((0..24usize, 0..24usize, any::<bool>()), 0..50)) {
        let links: Vec<_> = ends.iter().map(|(from, to, label)| (from % nodes, to % nodes, *label)).collect();
        let graph = graph(nodes, &links);
        let layout = layout(&graph);
        let mut boxes: Vec<(Point, Size)> = layout.nodes.iter().map(|node| (*node, NODE)).collect();
        boxes.extend(layout.ways.iter().filter(|way| !way.loops).filter_map(|way| Some((way.label?, LABEL))));
        for (index, left) in boxes.iter().enumerate() {
            prop_assert!(left.0.x >= left.1.width / 2.0 - 0.01 && left.0.x + left.1.width / 2.0 <= layout.size.width + 0.01);
            for right in &boxes[index + 1..] {
                prop_assert!(!overlap(*left, *right), "{left:?} {right:?}");
            }
        }
        for (way, (from, to, _)) in layout.ways.iter().zip(&links) {
            prop_assert!(way.points.len() >= 2);
            let (first, last) = (way.points[0], way.points[way.points.len() - 1]);
            prop_assert!((first.x - layout.nodes[*from].x).abs() <= 60.01, "{way:?}");
            prop_assert!((last.x - layout.nodes[*to].x).abs() <= 60.01, "{way:?}");
        }
    }
}
