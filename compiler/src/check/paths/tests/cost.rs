//! Large workflows: what people write is linear, and what nobody writes ends all the same.

use super::with_paths;
use std::fmt::Write;

struct Text {
    nodes: String,
    connections: String,
}

impl Text {
    fn new() -> Text {
        Text { nodes: String::new(), connections: String::new() }
    }

    fn node(&mut self, id: &str) {
        let comma = if self.nodes.is_empty() { "" } else { "," };
        let _ = write!(
            self.nodes,
            "{comma}{{\"id\":\"{id}\",\"type\":\"action\",\"action_type\":\"http\",\"config\":{{\"url\":\"${{API_URL}}\"}}}}"
        );
    }

    fn edge(&mut self, from: &str, to: &str, condition: &str) {
        let comma = if self.connections.is_empty() { "" } else { "," };
        let condition = match condition {
            "" => String::new(),
            condition => format!(",\"condition\":\"{condition}\""),
        };
        let _ = write!(self.connections, "{comma}{{\"from\":\"{from}\",\"to\":\"{to}\"{condition}}}");
    }

    fn text(&self) -> String {
        format!("{{\"nodes\":[{}],\"connections\":[{}]}}", self.nodes, self.connections)
    }
}

/// The number of nodes of all diagrams for a workflow of this shape; `None`: given up.
fn cost(shape: impl Fn(&mut Text)) -> Option<usize> {
    let mut text = Text::new();
    shape(&mut text);
    let mut cost = None;
    with_paths(&text.text(), |paths| cost = (!paths.gave_up()).then(|| paths.diagrams.len()));
    cost
}

/// Ten times the size costs at most about ten times as much.
fn linear(shape: impl Fn(&mut Text, usize), size: usize) {
    let small = cost(|text| shape(text, size)).expect("a small one is affordable");
    let large = cost(|text| shape(text, size * 10)).expect("a large one is affordable");
    assert!(large < small * 13, "{small} nodes became {large}");
}

#[test]
fn chains() {
    linear(
        |text, length| {
            (0..length).for_each(|node| text.node(&format!("n{node}")));
            (1..length).for_each(|node| text.edge(&format!("n{}", node - 1), &format!("n{node}"), ""));
        },
        1000,
    );
}

#[test]
fn chains_of_conditions_with_handlers_that_meet() {
    linear(
        |text, length| {
            text.node("report");
            for node in 0..length {
                text.node(&format!("n{node}"));
                text.node(&format!("h{node}"));
                text.edge(&format!("n{node}"), &format!("h{node}"), "result.success == false");
                text.edge(&format!("h{node}"), "report", "");
                if node > 0 {
                    text.edge(&format!("n{}", node - 1), &format!("n{node}"), "result.success == true");
                }
            }
        },
        200,
    );
}

#[test]
fn ladders_of_diamonds() {
    linear(
        |text, length| {
            text.node("n0");
            for step in 0..length {
                let [from, left, right, to] =
                    [format!("n{step}"), format!("l{step}"), format!("r{step}"), format!("n{}", step + 1)];
                [&left, &right, &to].into_iter().for_each(|node| text.node(node));
                text.edge(&from, &left, "result.kind == 'a'");
                text.edge(&from, &right, "result.kind != 'a'");
                text.edge(&left, &to, "");
                text.edge(&right, &to, "");
            }
        },
        200,
    );
}

#[test]
fn switches_whose_branches_meet() {
    linear(
        |text, length| {
            text.node("n0");
            for step in 0..length {
                let (from, to) = (format!("n{step}"), format!("n{}", step + 1));
                text.node(&to);
                for branch in 0..12 {
                    let node = format!("b{step}-{branch}");
                    text.node(&node);
                    text.edge(&from, &node, &format!("result.kind == 'k{branch}'"));
                    text.edge(&node, &to, "");
                }
            }
        },
        20,
    );
}

#[test]
fn fans() {
    linear(
        |text, width| {
            text.node("from");
            text.node("to");
            for node in 0..width {
                text.node(&format!("n{node}"));
                text.edge("from", &format!("n{node}"), if node % 2 == 0 { "" } else { "result.ok == true" });
                text.edge(&format!("n{node}"), "to", "");
            }
        },
        300,
    );
}

#[test]
fn many_conditions_on_one_value() {
    let many = cost(|text| {
        text.node("from");
        text.node("to");
        for node in 0..64 {
            text.node(&format!("n{node}"));
            text.edge("from", &format!("n{node}"), &format!("result.kind == 'k{node}'"));
            text.edge(&format!("n{node}"), "to", "");
        }
    });
    assert!(many.is_some_and(|cost| cost < 20_000), "{many:?}");
}

#[test]
fn what_nobody_writes_ends() {
    // Ten rails, every node of a step leading to every node of the next on conditions of its own.
    let rails = |text: &mut Text| {
        for step in 0..60 {
            for rail in 0..10 {
                text.node(&format!("n{step}-{rail}"));
                for from in 0..10 {
                    if step > 0 {
                        let condition = format!("result.f{rail} == {}", step % 3);
                        text.edge(&format!("n{}-{from}", step - 1), &format!("n{step}-{rail}"), &condition);
                    }
                }
            }
        }
    };
    assert_eq!(cost(rails), None);
}
