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
    assert_eq!((code, stdout.lines().last()), (0, Some("</svg>")));
}

/// The same workflow in the other dialect is the same picture.
#[test]
fn both_dialects_are_drawn_alike() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment");
    let edges = |file: &str| {
        let (code, stdout, stderr) = flowc(&example, &[], &["graph", file, "--no-marks"], "");
        assert_eq!(code, 0, "{stderr}");
        let mut edges: Vec<String> =
            stdout.lines().filter(|line| line.contains("->") || line.contains("-.")).map(str::to_owned).collect();
        edges.sort();
        edges
    };
    assert_eq!(edges("order.flow"), edges("workflow.json"));
}
