//! The pages of `compiler/explain` keep what they promise: the first example is found to be wrong, the second is right.
//!
//! What stands under "Fails:" (or "Warns:") and under "Repaired" is put into a workflow and goes through the whole line.
//! An example is a workflow, a node, a connection from `check` to `pay`, some keys of a `config`, or (`js`) an expression.
//! `html` and `txt` are the mail template `order` beside it.

use super::{Code, Diagnostics, Severity};
use crate::catalog;
use crate::files::Files;
use crate::pipeline;
use crate::source::SourceFile;
use flow_runtime::expr::{EachMethod, Method};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Pages whose failing example cannot be shown in full.
const SHORTENED: &str = "… 100 more of them …";

#[test]
fn every_file_is_the_page_of_a_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("explain");
    for entry in std::fs::read_dir(folder).expect("the folder of explanations") {
        let name = entry.expect("a file").file_name().to_string_lossy().into_owned();
        assert!(Code::ALL.iter().any(|code| name == format!("{}.md", code.slug())), "{name} is the page of no code");
    }
}

#[test]
fn every_slug_stands_once() {
    let slugs: BTreeSet<&str> = Code::ALL.iter().map(|code| code.slug()).collect();
    assert_eq!(slugs.len(), Code::ALL.len());
}

#[test]
fn every_page_begins_with_its_slug() {
    for code in Code::ALL {
        assert!(code.explanation().starts_with(&format!("# {}\n\n", code.slug())), "{}", code.slug());
    }
}

/// Exactly the code of the page, so that a reader sees what it is about and nothing else.
#[test]
fn failing_examples_fail_with_their_code() {
    for code in Code::ALL.iter().copied() {
        let found = match code {
            Code::InvalidUtf8 => invalid_utf8(),
            Code::TooLarge => findings(&" ".repeat(17 << 20), &BTreeMap::new()),
            Code::TooManyConditions => findings(&many_conditions(), &BTreeMap::new()),
            code => {
                let heading = if code.severity() == Severity::Error { "Fails" } else { "Warns" };
                let example = section(code, heading).unwrap_or_else(|| panic!("{} has no example", code.slug()));
                let (workflow, files) = read(example);
                match code {
                    Code::UnreadableTemplate => findings(&workflow, &Unreadable),
                    _ => findings(&workflow, &files),
                }
            }
        };
        let codes: BTreeSet<&str> = found.iter().map(|(code, _)| code.slug()).collect();
        assert_eq!(codes, expected(code), "{found:#?}");
    }
}

#[test]
fn repaired_examples_are_right() {
    for code in Code::ALL.iter().copied().filter(|code| *code != Code::InvalidUtf8) {
        let repaired = section(code, "Repaired").unwrap_or_else(|| panic!("{} has no repaired example", code.slug()));
        let (workflow, files) = read(repaired);
        let found = findings(&workflow, &files);
        let wrong = found.iter().filter(|(other, _)| !expected(Code::BadCron).contains(other.slug()) || *other == code);
        assert_eq!(wrong.collect::<Vec<_>>(), Vec::<&(Code, String)>::new(), "{}", code.slug());
    }
}

/// `unknown-method` sends people there.
#[test]
fn the_page_on_methods_lists_them_all() {
    let methods = Method::ALL.iter().map(|method| method.name());
    for name in methods.chain(EachMethod::ALL.iter().map(|method| method.name())) {
        let words = Code::UnknownMethod.explanation().split(|char: char| !char.is_ascii_alphanumeric());
        assert!(words.into_iter().any(|word| word == name), "{name}");
    }
}

/// The codes of a failing example: schedules are not compiled yet, so one code more is found there.
fn expected(code: Code) -> BTreeSet<&'static str> {
    match code {
        Code::BadCron => BTreeSet::from([code.slug(), Code::UnsupportedKind.slug()]),
        code => BTreeSet::from([code.slug()]),
    }
}

/// Hundreds of filters that compare one value, each with another constant.
fn many_conditions() -> String {
    let filter = |index: usize| {
        json!({
            "id": format!("check-{index}"), "type": "action", "action_type": "data_filter", "dependencies": ["start"],
            "config": { "filter_condition": format!("input_data.total > {index}") },
        })
    };
    let start = json!({ "id": "start", "type": "trigger", "trigger_type": "manual" });
    json!({ "nodes": std::iter::once(start).chain((0..500).map(filter)).collect::<Vec<_>>() }).to_string()
}

/// The part of a page under a heading.
fn section(code: Code, heading: &str) -> Option<&'static str> {
    let page = code.explanation();
    let start = page.find(&format!("\n{heading}"))? + 1;
    let rest = &page[start..];
    Some(rest[1..].find("\nRepaired").map_or(rest, |end| &rest[..=end]))
}

/// The workflow of an example, and the files beside it.
fn read(section: &str) -> (String, BTreeMap<String, String>) {
    let mut workflow = None;
    let mut files = BTreeMap::new();
    for fence in section.split("\n```").skip(1).step_by(2) {
        let (language, text) = fence.split_once('\n').expect("a fence has lines");
        match language {
            "json" => workflow = Some(in_workflow(text)),
            "flow" => workflow = Some(text.to_owned()),
            "js" => workflow = Some(node(&condition(text))),
            "html" | "txt" => {
                files.insert(format!("templates/order.{language}"), text.to_owned());
            }
            language => panic!("an example in `{language}`"),
        }
    }
    (workflow.expect("an example"), files)
}

fn in_workflow(text: &str) -> String {
    let text = text.trim();
    if text.contains("\"nodes\"") {
        text.to_owned()
    } else if text.starts_with("{ \"from\"") {
        let [check, pay] = ["check", "pay"].map(|id| http(id).to_string());
        format!("{{ \"nodes\": [{check}, {pay}], \"connections\": [{text}] }}")
    } else if text.starts_with('{') {
        node(text)
    } else {
        let keys = serde_json::from_str(&format!("{{{text}}}")).expect("the keys of a config");
        node(&with_config(keys).to_string())
    }
}

fn node(node: &str) -> String {
    format!("{{ \"nodes\": [{node}] }}")
}

fn http(id: &str) -> Value {
    json!({ "id": id, "type": "action", "action_type": "http", "config": { "url": "${API_URL}" } })
}

fn condition(text: &str) -> String {
    let text = text.trim().replace(SHORTENED, &["input_data.kind == 'k' ? 1"; 100].join(" : "));
    json!({ "id": "check", "type": "action", "action_type": "data_filter", "config": { "filter_condition": text } })
        .to_string()
}

/// A node of the first kind that knows the keys; what it needs besides is added.
fn with_config(keys: Map<String, Value>) -> Value {
    let knows = |word: &str| catalog::kind(word).is_some_and(|kind| keys.keys().all(|key| kind.key(key).is_some()));
    let kind = ["http", "send_email", "webhook"].into_iter().find(|word| knows(word)).expect("keys of one kind");
    let needed = match kind {
        "http" => json!({ "url": "${API_URL}" }),
        "send_email" => json!({
            "smtp_server": "${SMTP_SERVER}", "to_email": "ann@example.com", "subject": "Your order",
            "body": "Thank you."
        }),
        _ => json!({ "webhook_id": "orders", "secret": "${WEBHOOK_SECRET}" }),
    };
    let Value::Object(mut config) = needed else { unreachable!("an object was written above") };
    if keys.contains_key("template") {
        config.remove("body");
    }
    config.extend(keys);
    match kind {
        "webhook" => json!({ "id": "start", "type": "trigger", "trigger_type": kind, "config": config }),
        _ => json!({ "id": "node", "type": "action", "action_type": kind, "config": config }),
    }
}

fn findings(text: &str, files: &dyn Files) -> Vec<(Code, String)> {
    let name = if text.starts_with('{') || text.trim().is_empty() { "workflow.json" } else { "workflow" };
    let file = SourceFile { name: name.into(), text: text.to_owned() };
    let found = match pipeline::check(file, "example", files) {
        Ok(accepted) => accepted.warnings,
        Err(rejected) => rejected.diagnostics,
    };
    found.into_iter().map(|diagnostic| (diagnostic.code, diagnostic.headline)).collect()
}

fn invalid_utf8() -> Vec<(Code, String)> {
    let mut diagnostics = Diagnostics::default();
    SourceFile::from_bytes("workflow.json", vec![b'"', 0xFC, b'"'], &mut diagnostics);
    diagnostics.iter().map(|diagnostic| (diagnostic.code, diagnostic.headline.clone())).collect()
}

/// Every file is there, and none can be read.
struct Unreadable;

impl Files for Unreadable {
    fn read(&self, _: &str) -> Result<Option<String>, String> {
        Err("it is not UTF-8 text".into())
    }
}
