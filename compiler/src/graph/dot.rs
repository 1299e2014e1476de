//! The picture for Graphviz.

use super::mermaid::marks;
use super::{Picture, Role};
use crate::diagnostic::Severity;
use std::fmt::Write as _;

pub fn dot(picture: &Picture) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "digraph {} {{\n    rankdir=TB\n    node [fontname=\"Helvetica\", fontsize=12, penwidth=1.4]\n    \
         edge [fontname=\"Helvetica\", fontsize=10, color=\"#6e7781\"]",
        quoted(&picture.title)
    );
    for (index, node) in picture.nodes.iter().enumerate() {
        let (shape, colour) = shape(node.role);
        let mut lines = vec![node.id.clone(), node.detail.clone()];
        lines.extend(marks(picture, &node.findings));
        let _ = write!(out, "    n{index} [label={}, {shape}", label(&lines));
        problem(&mut out, picture, &node.findings, colour);
        out.push_str("]\n");
    }
    for edge in &picture.edges {
        let mut lines: Vec<String> = edge.condition.iter().cloned().collect();
        lines.extend(marks(picture, &edge.findings));
        let _ = write!(out, "    n{} -> n{} [label={}", edge.from, edge.to, label(&lines));
        if edge.on_failure {
            out.push_str(", style=dashed");
        }
        problem(&mut out, picture, &edge.findings, if edge.on_failure { "#bc4c00" } else { "#6e7781" });
        out.push_str("]\n");
    }
    out.push_str("}\n");
    out
}

/// The colour, and what is wrong as a tooltip.
fn problem(out: &mut String, picture: &Picture, findings: &[usize], colour: &str) {
    let colour = match picture.worst(findings) {
        Some(Severity::Error) => "#cf222e",
        Some(Severity::Warning) => "#d4a72c",
        None => colour,
    };
    let _ = write!(out, ", color=\"{colour}\"");
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().map(|finding| picture.findings[*finding].line()).collect();
        let _ = write!(out, ", penwidth=2.5, tooltip={}", label(&lines));
    }
}

fn shape(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Webhook | Role::Manual => ("shape=box, style=rounded", "#8250df"),
        Role::Http => ("shape=box", "#0969da"),
        Role::Mail => ("shape=note", "#1f883d"),
        Role::Filter => ("shape=hexagon", "#6e7781"),
        Role::Transform => ("shape=component", "#bf3989"),
        Role::Other => ("shape=box", "#6e7781"),
        Role::Missing => ("shape=box, style=dashed", "#cf222e"),
    }
}

fn label(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| inner(line)).collect();
    format!("\"{}\"", lines.join("\\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", inner(text))
}

/// In a quoted string a backslash begins an escape such as `\n` or `\G`, and `&` an entity.
fn inner(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect();
    line.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_quotes() {
        assert_eq!(quoted("a \"b\" \\n \\"), r#""a \"b\" \\n \\""#);
        assert_eq!(quoted("x && y\n<b>\u{0}"), "\"x &amp;&amp; y <b>\u{fffd}\"");
    }
}
