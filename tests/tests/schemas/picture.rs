//! Every case can be drawn, however wrong it is, and what is drawn is SVG, Mermaid and the language of Graphviz as far as
//! that can be told without them.

use super::cases;
use flow_compiler::graph::{Picture, dot::dot, mermaid::mermaid, svg::svg};
use flow_compiler::pipeline::Parsed;
use flow_compiler::source::SourceFile;
use flow_tests::compile;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_case_can_be_drawn() {
    let mut drawn = 0;
    let everything = Path::new(env!("CARGO_MANIFEST_DIR")).join("../compiler/tests/speak/graph/everything.json");
    let files = cases("ui").into_iter().chain(cases("ok")).map(|case| flow_tests::written(&case));
    for file in files.chain([everything]).filter(|file| file.exists()) {
        let Some(picture) = picture(&file) else { continue };
        let shown = file.display().to_string();
        well_formed(&svg(&picture), &shown);
        for text in [mermaid(&picture), dot(&picture)] {
            quotes_are_closed(&text, &shown);
        }
        let dot = dot(&picture);
        assert_eq!(dot.matches(" -> n").count(), picture.edges.len(), "{shown}");
        drawn += 1;
    }
    assert!(drawn > 100, "{drawn}");
}

/// Nothing for what is no workflow at all.
fn picture(file: &PathBuf) -> Option<Picture> {
    let bytes = fs::read(file).expect("a case has a workflow");
    let found = compile::check(&bytes, file);
    let text = String::from_utf8(bytes).ok()?;
    let name = file.file_name()?.to_string_lossy().into_owned();
    let parsed = Parsed::read(SourceFile { name, text }).ok()?;
    Some(Picture::new(&parsed.ast, "case", &found.diagnostics))
}

/// Both languages say everything on one line, and a backslash takes the meaning from a quote only in one of them.
fn quotes_are_closed(text: &str, file: &str) {
    for line in text.lines().filter(|line| !line.trim_start().starts_with("%%")) {
        let quotes = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        assert!(quotes % 2 == 0, "{file}: {line}");
    }
}

/// Elements end where they should, attributes are quoted, and nothing else looks like markup.
fn well_formed(svg: &str, file: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        assert!(text.split('&').skip(1).all(is_entity), "{file}: {text}");
        let end = tag.find('>').expect("a tag ends");
        let inner = &tag[1..end];
        if let Some(name) = inner.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{file}: {inner}");
        } else {
            let name = inner.split([' ', '/']).next().expect("a name");
            assert!(name.chars().all(|char| char.is_ascii_alphabetic()) && !name.is_empty(), "{file}: {inner}");
            assert!(
                inner.matches('"').count() % 2 == 0 && inner.matches('=').count() * 2 <= inner.matches('"').count()
            );
            if !inner.ends_with('/') {
                open.push(name);
            }
        }
        rest = &tag[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{file}: {open:?}");
}

fn is_entity(after: &str) -> bool {
    ["amp;", "lt;", "gt;", "quot;"].iter().any(|entity| after.starts_with(entity))
}
