//! The picture as Mermaid, which GitHub and others draw where it stands in Markdown.

use super::{Picture, Role};
use crate::diagnostic::Severity;
use std::fmt::Write as _;

/// Colours that are readable on light and on dark ground.
const STYLES: &str = "    classDef trigger stroke:#8250df,stroke-width:2px
    classDef http stroke:#0969da,stroke-width:2px
    classDef mail stroke:#1f883d,stroke-width:2px
    classDef filter stroke:#6e7781,stroke-width:2px
    classDef transform stroke:#bf3989,stroke-width:2px
    classDef missing stroke:#cf222e,stroke-width:2px,stroke-dasharray:4 3
    classDef error fill:#cf222e33,stroke:#cf222e,stroke-width:3px
    classDef warning fill:#d4a72c33,stroke:#d4a72c,stroke-width:3px
";

pub fn mermaid(picture: &Picture) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "---\ntitle: {}\n---\nflowchart TD", yaml(&picture.title));
    for (index, node) in picture.nodes.iter().enumerate() {
        let mut lines = vec![escaped(&node.id)];
        if let Role::Manual | Role::Other | Role::Missing = node.role {
            lines.push(escaped(&node.detail));
        }
        lines.extend(marks(picture, &node.findings).iter().map(|mark| escaped(mark)));
        let (open, close, class) = shape(node.role);
        let _ = write!(out, "    n{index}{open}\"{}\"{close}:::{class}", lines.join("<br/>"));
        out.push('\n');
    }
    let mut broken = Vec::new();
    for (index, edge) in picture.edges.iter().enumerate() {
        let mut lines: Vec<String> = edge.condition.iter().map(|condition| escaped(condition)).collect();
        lines.extend(marks(picture, &edge.findings).iter().map(|mark| escaped(mark)));
        let arrow = if edge.on_failure { "-.->" } else { "-->" };
        let label = if lines.is_empty() { String::new() } else { format!("|\"{}\"|", lines.join("<br/>")) };
        let _ = writeln!(out, "    n{} {arrow}{label} n{}", edge.from, edge.to);
        broken.extend(picture.worst(&edge.findings).map(|severity| (index, severity)));
    }
    out.push_str(STYLES);
    for severity in [Severity::Error, Severity::Warning] {
        let nodes = picture.nodes.iter().enumerate();
        let marked = nodes.filter(|(_, node)| picture.worst(&node.findings) == Some(severity));
        let names: Vec<String> = marked.map(|(index, _)| format!("n{index}")).collect();
        if !names.is_empty() {
            let _ = writeln!(out, "    class {} {}", names.join(","), severity.word());
        }
    }
    for (index, severity) in broken {
        let colour = if severity == Severity::Error { "#cf222e" } else { "#d4a72c" };
        let _ = writeln!(out, "    linkStyle {index} stroke:{colour},stroke-width:3px");
    }
    for finding in &picture.findings {
        let _ = writeln!(out, "    %% {}", finding.line().replace(['\n', '\r'], " ").replace("%%", "% %"));
    }
    out
}

/// `✖ unknown-node`, each once.
pub(super) fn marks(picture: &Picture, findings: &[usize]) -> Vec<String> {
    let mut marks: Vec<String> = Vec::new();
    for finding in findings.iter().map(|finding| &picture.findings[*finding]) {
        let sign = if finding.severity == Severity::Error { "✖" } else { "⚠" };
        let mark = format!("{sign} {}", finding.slug);
        if !marks.contains(&mark) {
            marks.push(mark);
        }
    }
    marks
}

fn shape(role: Role) -> (&'static str, &'static str, &'static str) {
    match role {
        Role::Webhook | Role::Manual => ("([", "])", "trigger"),
        Role::Http => ("[", "]", "http"),
        Role::Mail => ("[/", "/]", "mail"),
        Role::Filter => ("{{", "}}", "filter"),
        Role::Transform => ("[[", "]]", "transform"),
        Role::Other => ("(", ")", "http"),
        Role::Missing => ("(", ")", "missing"),
    }
}

/// Inside quotes: what could end them, be taken for HTML, for Markdown or for a character's code is written as one.
fn escaped(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    for (at, char) in line.char_indices() {
        // A list of Markdown begins with a sign or a number.
        let begins = at == 0 && matches!(char, '-' | '+' | '*' | '=')
            || char == '.' && line[..at].chars().all(|char| char.is_ascii_digit());
        match char {
            // `%%{` begins a directive wherever it stands.
            '"' | '#' | '<' | '>' | '&' | '`' | '*' | '\\' | ';' | '%' | '{' => {
                let _ = write!(out, "#{};", u32::from(char));
            }
            // Doubled it is bold text in Markdown.
            '_' if line[at + 1..].starts_with('_') || line[..at].ends_with('_') => out.push_str("#95;"),
            // Doubled it begins a formula, even when it is written as a code: a space without width stands between.
            '$' if line[..at].ends_with('$') => out.push_str("#8203;$"),
            char if begins || char.is_control() => {
                let _ = write!(out, "#{};", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out
}

fn yaml(text: &str) -> String {
    let quoted: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    // The title is no label, and knows no codes of characters but those of YAML.
    format!("\"{}\"", quoted.replace('\\', "\\\\").replace('"', "\\\"").replace("%%", "\\x25\\x25"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_quotes() {
        assert_eq!(escaped("result.passed == true"), "result.passed == true");
        assert_eq!(escaped("a > 0 && b[0] == \"x\""), "a #62; 0 #38;#38; b[0] == #34;x#34;");
        assert_eq!(escaped("1. first"), "1#46; first");
        assert_eq!(escaped("- item\nnext"), "#45; item next");
        assert_eq!(escaped("`code` __bold__ #1;"), "#96;code#96; #95;#95;bold#95;#95; #35;1#59;");
        assert_eq!(escaped("$$x ${a}"), "$#8203;$x $#123;a}");
        assert_eq!(escaped("%%{init: 1}%%"), "#37;#37;#123;init: 1}#37;#37;");
        assert_eq!(yaml("a \"b\"\n---"), "\"a \\\"b\\\" ---\"");
        assert_eq!(yaml("%%{init: 1}%%"), "\"\\x25\\x25{init: 1}\\x25\\x25\"");
    }
}
