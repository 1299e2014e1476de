//! Diagnostics → JSON in cargo's shape, one object for each, so that whatever reads cargo reads flowc.

use serde_json::{Value, json};

use super::position::Positions;
use super::render::{Renderer, Style};
use super::{Diagnostic, Label};
use crate::source::Sources;

/// Of a span over many lines only the first are repeated.
const LINES_MAX: usize = 16;
/// Longer lines are not repeated.
const LINE_MAX: usize = 1_000;

/// `compiler-message` for each finding about the workflow `slug`.
pub fn messages(slug: &str, diagnostics: &[Diagnostic], sources: &Sources) -> Vec<Value> {
    let positions = Positions::new(sources);
    let mut renderer = Renderer::new(sources, Style::default());
    let file = &sources.workflow().name;
    diagnostics
        .iter()
        .map(|diagnostic| {
            json!({
                "reason": "compiler-message",
                "package_id": slug,
                "manifest_path": file,
                "target": target(slug, file),
                "message": message(diagnostic, &positions, renderer.render(diagnostic)),
            })
        })
        .collect()
}

/// An executable was built.
pub fn artifact(slug: &str, file: &str, executable: &str) -> Value {
    json!({
        "reason": "compiler-artifact",
        "package_id": slug,
        "manifest_path": file,
        "target": target(slug, file),
        "profile": {
            "opt_level": "3", "debuginfo": 0, "debug_assertions": false, "overflow_checks": false, "test": false
        },
        "features": [],
        "filenames": [executable],
        "executable": executable,
        "fresh": false,
    })
}

/// The last line of every run.
pub fn finished(success: bool) -> Value {
    json!({ "reason": "build-finished", "success": success })
}

fn target(slug: &str, file: &str) -> Value {
    json!({
        "kind": ["bin"],
        "crate_types": ["bin"],
        "name": slug,
        "src_path": file,
        "edition": "2024",
        "doc": false,
        "doctest": false,
        "test": false,
    })
}

fn message(diagnostic: &Diagnostic, positions: &Positions, rendered: String) -> Value {
    let mut spans = vec![span(&diagnostic.primary, true, positions)];
    spans.extend(diagnostic.labels.iter().map(|label| span(label, false, positions)));
    let children = diagnostic.help.iter().map(
        |help| json!({ "message": help, "code": null, "level": "help", "spans": [], "children": [], "rendered": null }),
    );
    json!({
        "$message_type": "diagnostic",
        "message": diagnostic.headline,
        "code": { "code": diagnostic.code.slug(), "explanation": diagnostic.code.explanation() },
        "level": diagnostic.severity.word(),
        "spans": spans,
        "children": children.collect::<Vec<_>>(),
        "rendered": rendered,
    })
}

/// Columns are characters, as rustc's are.
fn span(label: &Label, is_primary: bool, positions: &Positions) -> Value {
    let (start, end) = (positions.start(label.span), positions.end(label.span));
    json!({
        "file_name": positions.name(label.span.file),
        "byte_start": label.span.start,
        "byte_end": label.span.end,
        "line_start": start.line,
        "line_end": end.line,
        "column_start": start.column,
        "column_end": end.column,
        "is_primary": is_primary,
        "text": text(label, positions),
        "label": Some(&label.message).filter(|message| !message.is_empty()),
        "suggested_replacement": null,
        "suggestion_applicability": null,
        "expansion": null,
    })
}

/// The lines of the source, and which of their characters are meant.
fn text(label: &Label, positions: &Positions) -> Vec<Value> {
    let (file, (start, end)) = (label.span.file, (positions.start(label.span), positions.end(label.span)));
    let mut lines = Vec::new();
    for line in (start.line..=end.line).take(LINES_MAX) {
        let Some(range) = positions.line(file, line - 1) else { break };
        let text = positions.text(file)[range].trim_end_matches(['\n', '\r']);
        if text.len() > LINE_MAX {
            return Vec::new();
        }
        let first = if line == start.line { start.column } else { 1 };
        let last = if line == end.line { end.column } else { text.chars().count() + 1 };
        lines.push(json!({ "text": text, "highlight_start": first, "highlight_end": last }));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::{SourceFile, Span};

    fn message_of(text: &str, diagnostic: Diagnostic) -> Value {
        let sources = Sources::new(SourceFile { name: "w.json".into(), text: text.into() });
        let mut messages = messages("order", &[diagnostic], &sources);
        assert_eq!(messages.len(), 1);
        messages.remove(0)["message"].take()
    }

    #[test]
    fn columns_are_characters_and_offsets_are_bytes() {
        let diagnostic = Diagnostic::new(Code::UnknownKey, Span::new(10, 13), "no key").label("here");
        let message =
            message_of("{\n\"\u{1f600}\" \"key\": 1}", diagnostic.also(Span::new(0, 1), "").help("did you mean?"));
        let primary = &message["spans"][0];
        let number = |key: &str| primary[key].as_u64().unwrap();
        assert_eq!((number("byte_start"), number("byte_end")), (10, 13));
        assert_eq!((number("line_start"), number("line_end")), (2, 2));
        assert_eq!((number("column_start"), number("column_end")), (6, 9));
        assert_eq!(primary["text"][0]["text"], "\"\u{1f600}\" \"key\": 1}");
        assert_eq!((&primary["is_primary"], &primary["label"]), (&json!(true), &json!("here")));
        assert_eq!((&message["spans"][1]["is_primary"], &message["spans"][1]["label"]), (&json!(false), &json!(null)));
        assert_eq!(message["children"][0]["message"], "did you mean?");
        assert!(message["rendered"].as_str().unwrap().starts_with("error[unknown-key]: no key\n"));
        assert!(message["code"]["explanation"].as_str().unwrap().starts_with("# unknown-key"));
    }

    #[test]
    fn each_line_says_what_is_meant_in_it() {
        let message = message_of("{\r\n  1\r\n}", Diagnostic::new(Code::WrongType, Span::new(0, 9), "no"));
        let expected = json!([
            { "text": "{", "highlight_start": 1, "highlight_end": 2 },
            { "text": "  1", "highlight_start": 1, "highlight_end": 4 },
            { "text": "}", "highlight_start": 1, "highlight_end": 2 },
        ]);
        assert_eq!(message["spans"][0]["text"], expected);
    }

    #[test]
    fn neither_long_lines_nor_many_are_repeated() {
        let long = message_of(&"1".repeat(2_000), Diagnostic::new(Code::WrongType, Span::new(0, 1), "no"));
        assert_eq!(long["spans"][0]["text"], json!([]));
        let many = message_of(&"1\n".repeat(2_000), Diagnostic::new(Code::WrongType, Span::new(0, 4_000), "no"));
        assert_eq!(many["spans"][0]["text"].as_array().unwrap().len(), LINES_MAX);
    }
}
