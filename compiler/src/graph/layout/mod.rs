//! Where everything stands: layers from top to bottom, as Sugiyama, Tagawa and Toda draw them.
//!
//! Comes in: sizes of nodes and labels, and which leads to which. Goes out: places and the ways between them.
//! Steps: circles opened → layers → order within each layer → places → ways.
//! Always true: nothing overlaps, labels included: a label stands in a layer of its own between the layers of nodes, and
//! the ways around it keep to places of their own. The same graph gives the same picture.

mod acyclic;
mod layer;
mod order;
mod place;
mod route;

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

#[derive(Debug, Clone, Default)]
pub struct Graph {
    pub nodes: Vec<Size>,
    pub links: Vec<Link>,
}

#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub from: usize,
    pub to: usize,
    pub label: Option<Size>,
}

#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Centres.
    pub nodes: Vec<Point>,
    pub ways: Vec<Way>,
    pub size: Size,
}

/// How a link is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// From the border of the one node to that of the other. Lines leave and arrive upright.
    pub points: Vec<Point>,
    /// The centre of the label.
    pub label: Option<Point>,
    /// It leads upwards, against the order of the layers.
    pub upwards: bool,
    /// From a node to itself: `points` are where it leaves and where it arrives, on the right side.
    pub loops: bool,
}

/// What stands in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Node(usize),
    /// A link on its way through.
    Bend(usize),
    /// The label of a link, which bends there too.
    Label(usize),
}

/// Everything in layers: what the later steps work on.
#[derive(Debug, Default)]
struct Layers {
    items: Vec<Item>,
    sizes: Vec<Size>,
    /// Items, from left to right, from the top layer down.
    rows: Vec<Vec<usize>>,
    /// What each item is tied to in the row above, and in the row below.
    above: Vec<Vec<Tie>>,
    below: Vec<Vec<Tie>>,
    /// For each link its items between the nodes, downwards.
    chains: Vec<Vec<usize>>,
    /// For each link whether it belongs to a main line, which is drawn straight.
    trunk: Vec<bool>,
}

/// One end of a piece of a link.
#[derive(Debug, Clone, Copy)]
struct Tie {
    item: usize,
    link: usize,
}

pub fn layout(graph: &Graph) -> Layout {
    if graph.nodes.is_empty() {
        return Layout::default();
    }
    let downward = acyclic::downward(graph);
    let mut layers = layer::layers(graph, &downward);
    order::order(&mut layers);
    let x = place::across(&layers);
    route::ways(graph, &downward, &layers, &x)
}

#[cfg(test)]
mod tests;
