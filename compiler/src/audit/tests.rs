//! What `docs/audit.md` shows is what the compiler does. `BLESS=1` writes it anew.

use super::Map;
use crate::check::dataflow::class::{Class, HARMLESS_ENDS, HARMLESS_STARTS, KINDS};
use crate::diagnostic::level::Levels;
use crate::pipeline;
use crate::source::SourceFile;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn the_page_is_as_generated() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/audit.md");
    let written = std::fs::read_to_string(&file).expect("docs/audit.md can be read");
    let page = with(&with(&written, "names", &names()), "order", &order());
    if std::env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        std::fs::write(&file, &page).expect("docs/audit.md can be written");
        return;
    }
    assert!(page == written, "docs/audit.md is stale: BLESS=1 cargo test -p flow-compiler --lib audit");
}

/// The page with another text between the marks of a part.
fn with(page: &str, part: &str, text: &str) -> String {
    let (start, end) = (format!("<!-- {part} -->\n"), format!("<!-- end of {part} -->"));
    let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("docs/audit.md has no {start}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("docs/audit.md has no {end}"));
    format!("{before}{start}{text}{end}{after}")
}

fn names() -> String {
    let mut out = String::from("| class | what | names |\n| --- | --- | --- |\n");
    for kind in KINDS {
        let name = |name: &&str| match name.strip_prefix('=') {
            Some(exact) => format!("`{exact}` (the whole name)"),
            None => format!("`{name}`"),
        };
        let names: Vec<String> = kind.names.iter().map(name).collect();
        let _ = writeln!(out, "| {} | {} | {} |", kind.class.word(), kind.title, names.join(", "));
    }
    let list = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        out,
        "\nHarmless is a name that ends in {}, or that begins with {}.",
        list(HARMLESS_ENDS),
        list(HARMLESS_STARTS)
    );
    assert!(KINDS.is_sorted_by_key(|kind| std::cmp::Reverse(kind.class)) && KINDS[0].class == Class::Sensitive);
    out
}

/// The map of the seed's workflow.
fn order() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment/workflow.json");
    let text = std::fs::read_to_string(path).expect("the example can be read");
    let file = SourceFile { name: "workflow.json".to_owned(), text };
    let accepted = pipeline::Parsed::read(file)
        .and_then(|parsed| parsed.lower("order-fulfillment", &BTreeMap::new()).check(&Levels::default()))
        .expect("the example is right");
    format!("```text\n{}```\n", Map::new(&accepted.checked.workflow).table(&accepted.sources))
}

/// A map stays as large as its workflow, and says where it leaves something out.
#[test]
fn what_is_too_much_to_list_is_said_to_be_more() {
    let fields: Vec<String> =
        (0..2_000).map(|at| format!(r#""f{at}": {{ "type": "string", "x-private": "personal" }}"#)).collect();
    let send = |at: usize| {
        format!(
            r#"{{ "id": "send{at}", "type": "action", "action_type": "http",
                  "config": {{ "method": "POST", "url": "https://crm{at}.example.com", "body": "${{input_data}}" }} }}"#
        )
    };
    let nodes: Vec<String> = (0..60).map(send).collect();
    let edges: Vec<String> = (0..60).map(|at| format!(r#"{{ "from": "start", "to": "send{at}" }}"#)).collect();
    let text = format!(
        r#"{{ "name": "many", "nodes": [
            {{ "id": "start", "type": "trigger", "trigger_type": "manual",
               "config": {{ "input_schema": {{ "type": "object", "properties": {{ {} }} }} }} }}, {} ],
            "connections": [{}] }}"#,
        fields.join(", "),
        nodes.join(", "),
        edges.join(", ")
    );
    let file = SourceFile { name: "workflow.json".to_owned(), text };
    let accepted = pipeline::Parsed::read(file)
        .and_then(|parsed| parsed.lower("many", &BTreeMap::new()).check(&Levels::default()))
        .unwrap_or_else(|_| panic!("the workflow is right"));
    let map = Map::new(&accepted.checked.workflow);
    let flows: Vec<_> = map.destinations.iter().flat_map(|destination| &destination.flows).collect();
    assert!(flows[0].complete && flows[0].holds.len() == 2_000);
    assert!(!flows[59].complete && flows[59].holds.len() == 64);
    assert!(map.table(&accepted.sources).contains("no secrets, no sensitive fields and at least 2000 personal fields"));
}
