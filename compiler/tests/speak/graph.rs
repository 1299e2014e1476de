//! `flowc graph`: the same picture in every format, exactly; the one in the README among them.

use super::{expect, flowc, folder};
use std::fs;
use std::path::Path;

/// A workflow with every kind of node, every kind of edge, and much that is wrong. New lints shall not change the picture.
fn graph(arguments: &[&str]) -> String {
    let arguments = [&["graph", "everything.json", "-A", "warnings", "-W", "dead-key"], arguments].concat();
    let (code, stdout, stderr) = flowc(&folder("graph"), &[], &arguments, "");
    assert_eq!(code, 0, "{stderr}");
    stdout
}

#[test]
fn mermaid() {
    let picture = graph(&["--format", "mermaid"]);
    expect(&folder("graph/everything.mmd"), &picture);
    assert_eq!(graph(&[]), picture);
}

#[test]
fn dot() {
    expect(&folder("graph/everything.dot"), &graph(&["--format", "dot"]));
}

#[test]
fn svg() {
    let picture = graph(&["--format", "svg"]);
    expect(&folder("graph/everything.svg"), &picture);
    well_formed(&picture);
    // Every code that was found stands below the picture.
    for slug in ["unknown-node", "unknown-key", "cycle", "unsupported-kind", "expression-syntax", "dead-key"] {
        assert!(picture.contains(&format!("<tspan class=\"slug\">{slug}</tspan>")), "{slug}");
    }
}

#[test]
fn without_marks_nothing_is_wrong() {
    for format in ["mermaid", "dot", "svg"] {
        let picture = graph(&["--format", format, "--no-marks"]);
        assert!(!picture.contains("unknown-key") && picture.contains("nobody"), "{picture}");
    }
}

/// `BLESS=1` draws it anew.
#[test]
fn the_picture_in_the_readme_is_the_examples() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment");
    let (code, stdout, _) = flowc(&example, &[], &["graph", ".", "--format", "svg", "--no-marks"], "");
    assert_eq!(code, 0);
    expect(&example.join("workflow.svg"), &stdout);
    well_formed(&stdout);
    let readme = fs::read_to_string(example.join("../../README.md")).unwrap();
    assert!(readme.contains("(examples/order-fulfillment/workflow.svg)"));
}

#[test]
fn the_ending_of_a_file_says_its_format() {
    let out = tempfile::tempdir().unwrap();
    for (file, begins) in [("a.svg", "<svg "), ("a.gv", "digraph "), ("a.mmd", "---\ntitle: "), ("a.txt", "---\n")] {
        let path = out.path().join(file);
        assert_eq!(graph(&["-o", path.to_str().unwrap()]), "");
        assert!(fs::read_to_string(&path).unwrap().starts_with(begins), "{file}");
    }
    let arguments = ["graph", "everything.json", "-o", "no/such/folder.svg"];
    let (code, _, stderr) = flowc(&folder("graph"), &[], &arguments, "");
    assert!(code == 2 && stderr.contains("cannot write no/such/folder.svg"), "{stderr}");
}

#[test]
fn what_cannot_be_read_is_not_drawn() {
    let (code, stdout, stderr) = flowc(&folder("graph"), &[], &["graph", "-"], "{");
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("error[json-syntax]"), "{stderr}");
    let (code, stdout, _) = flowc(&folder("graph"), &[], &["graph", "-", "--format", "svg"], "{\"nodes\": []}");
    assert_eq!(code, 0);
    well_formed(&stdout);
}

/// Elements end where they should, attributes are quoted, and nothing else looks like markup.
fn well_formed(svg: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        assert!(text.split('&').skip(1).all(is_entity), "{text}");
        let end = tag.find('>').expect("a tag ends");
        let inner = &tag[1..end];
        if let Some(name) = inner.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{inner}");
        } else {
            let name = inner.split([' ', '/']).next().expect("a name");
            assert!(name.chars().all(|char| char.is_ascii_alphabetic()) && !name.is_empty(), "{inner}");
            assert!(
                inner.matches('"').count() % 2 == 0 && inner.matches('=').count() * 2 <= inner.matches('"').count()
            );
            if !inner.ends_with('/') {
                open.push(name);
            }
        }
        rest = &tag[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?}");
}

fn is_entity(after: &str) -> bool {
    ["amp;", "lt;", "gt;", "quot;"].iter().any(|entity| after.starts_with(entity))
}
