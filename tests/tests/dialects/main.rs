//! Two dialects, one meaning: JSON → flow → JSON gives the same model and the same generated code, of every workflow in the
//! tree and of generated ones; and what is written is laid out as `flowc fmt` lays it out.

mod generate;

use flow_compiler::catalog;
use flow_compiler::codegen::files::{Flavour, GeneratedCrate};
use flow_compiler::codegen::{self, Module, StandIn};
use flow_compiler::files::Files;
use flow_compiler::pipeline::Parsed;
use flow_compiler::plan::Plan;
use flow_compiler::source::{Dialect, SourceFile};
use flow_compiler::syntax::{convert, flow};
use flow_tests::same::{without_origin, without_places};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a workflow means: its model and its generated code, without places.
#[derive(Debug, PartialEq)]
struct Meaning {
    model: String,
    /// `None` when something is wrong.
    code: Option<String>,
}

struct Beside(PathBuf);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        Ok(fs::read_to_string(self.0.join(path)).ok())
    }
}

fn parse(text: &str, dialect: Dialect) -> Parsed {
    let name = if dialect == Dialect::Flow { "workflow.flow" } else { "workflow.json" };
    let file = SourceFile { name: name.to_owned(), text: text.to_owned() };
    Parsed::read(file).unwrap_or_else(|rejected| panic!("{:#?}\n{text}", rejected.diagnostics))
}

fn meaning(text: &str, dialect: Dialect, files: &dyn Files) -> Meaning {
    let mut lowered = parse(text, dialect).lower("workflow", files);
    // What an author calls a type is not part of what it means, and JSON has no names for them.
    lowered.model.types.clear();
    let model = without_places(&format!("{:?}", lowered.model));
    let accepted = lowered.check(&Default::default()).ok();
    let code = accepted.map(|accepted| {
        let plan = accepted.plan();
        inside_rust_code(&plan);
        without_origin(plan.generate().main_rs())
    });
    Meaning { model, code }
}

/// What `flow!` would make of it is Rust as well: adding it to a crate parses it.
fn inside_rust_code(plan: &Plan) {
    let name = proc_macro2::Ident::new("workflow", proc_macro2::Span::call_site());
    let span = |_| proc_macro2::Span::call_site();
    let (attributes, visibility, within) = Default::default();
    let module = Module { name, attributes, visibility, within, span: &span };
    let mut generated = GeneratedCrate::new("module", Flavour { mail: true, store: true, otel: false });
    generated.add_rust("src/workflow.rs", codegen::module(plan, &module));
    let error = "compile_error!(\"what is wrong\")".parse().expect("tokens");
    generated.add_rust("src/stand_in.rs", StandIn::of(&plan.workflow, &[]).module(&module, &error));
    generated.add_rust("src/part.rs", StandIn::of_part(&plan.workflow, &[]).module(&module, &error));
}

/// There and back again.
fn round_trip(json: &str, files: &dyn Files) -> (String, Meaning) {
    let before = meaning(json, Dialect::Json, files);
    let text = convert::to_flow(&parse(json, Dialect::Json).ast, Dialect::Json, "workflow");
    assert_eq!(flow::format(&text).as_deref().ok(), Some(text.as_str()), "what is written is laid out");
    assert!(text.parse::<proc_macro2::TokenStream>().is_ok(), "no tokens of Rust:\n{text}");
    assert_same(&before, &meaning(&text, Dialect::Flow, files), &text);
    let back = convert::to_json(&parse(&text, Dialect::Flow).ast, Dialect::Flow);
    assert_same(&before, &meaning(&back, Dialect::Json, files), &back);
    let again = convert::to_flow(&parse(&back, Dialect::Json).ast, Dialect::Json, "workflow");
    assert_eq!(again, text, "and once more there");
    (text, before)
}

fn assert_same(before: &Meaning, after: &Meaning, text: &str) {
    if before.model != after.model {
        let same = before.model.bytes().zip(after.model.bytes()).take_while(|(left, right)| left == right).count();
        let around = |model: &str| {
            let start = (0..=same.saturating_sub(200)).rev().find(|at| model.is_char_boundary(*at)).unwrap_or(0);
            model[start..].chars().take(400).collect::<String>()
        };
        panic!("another model:\n  before: {}\n  after:  {}\n{text}", around(&before.model), around(&after.model));
    }
    let (Some(left), Some(right)) = (&before.code, &after.code) else {
        assert_eq!(before.code.is_some(), after.code.is_some(), "right in one dialect, wrong in the other:\n{text}");
        return;
    };
    let differ: Vec<_> = left.lines().zip(right.lines()).filter(|(left, right)| left != right).take(6).collect();
    assert!(left == right, "other code:\n{text}\n{differ:#?}");
}

/// Every workflow.json of the examples and of the tiers whose workflows are right.
fn workflows() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["ok", "quiet", "run", "codegen", "../examples"] {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        found.extend(entries.map(|folder| folder.join("workflow.json")).filter(|file| file.exists()));
    }
    found.sort();
    assert!(found.len() > 30, "the cases are somewhere else");
    found
}

#[test]
fn every_workflow_of_the_tree_means_the_same_in_both() {
    // The deepest ones, in code that is not optimised, need the stack that a program's first thread has.
    const STACK: usize = 8 * 1024 * 1024;
    let all = || {
        let mut accepted = 0;
        for file in workflows() {
            let json = fs::read_to_string(&file).unwrap();
            let beside = Beside(file.parent().unwrap().to_owned());
            println!("{}", file.display());
            accepted += usize::from(round_trip(&json, &beside).1.code.is_some());
        }
        accepted
    };
    let accepted = std::thread::Builder::new().stack_size(STACK).spawn(all).unwrap().join().unwrap();
    assert!(accepted > 30, "only {accepted} of them are right");
}

/// A workflow with one node of this kind, or with these settings.
fn with_one(kind: &str, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
    let mut settings = serde_json::Map::new();
    let mut nodes = vec![json!({ "id": "start", "type": "trigger", "trigger_type": "manual" })];
    match catalog::kind(kind) {
        Some(spec) => {
            let mut node: Value = serde_json::from_str(spec.example).unwrap();
            change(node["config"].as_object_mut().unwrap());
            nodes.push(node);
        }
        None => change(&mut settings),
    }
    json!({ "name": "One", "nodes": nodes, "connections": [], "settings": settings }).to_string()
}

/// What a conversion leaves out holds without it.
#[test]
fn what_is_left_unsaid_is_no_loss() {
    for (kind, key, value) in catalog::UNSAID {
        let value: Value = serde_json::from_str(value).unwrap();
        let said = with_one(kind, |config| drop(config.insert((*key).to_owned(), value)));
        let unsaid = with_one(kind, |config| drop(config.remove(*key)));
        assert_ne!(said, unsaid, "{kind} {key}");
        let model = |json: &str| meaning(json, Dialect::Json, &BTreeMap::new()).model;
        assert_eq!(model(&said), model(&unsaid), "{kind} {key}");
        let flow = |json: &str| convert::to_flow(&parse(json, Dialect::Json).ast, Dialect::Json, "one");
        assert_eq!(flow(&said), flow(&unsaid), "{kind} {key}");
    }
}

/// Fields, ids and texts that are words of the other dialect.
#[test]
fn what_is_another_word_there_is_said_otherwise() {
    let step = |id: &str, needs: &[&str]| {
        let config = json!({ "filter_condition": "true" });
        json!({ "id": id, "type": "action", "action_type": "data_filter", "config": config, "dependencies": needs })
    };
    let trigger = |id: &str| json!({ "id": id, "type": "trigger", "trigger_type": "manual" });
    let edge = |from: &str, to: &str| json!({ "from": from, "to": to });
    let branch = |to: &str, when: &str| json!({ "from": "start", "to": to, "condition": when });
    let conditions = ["succeeded", "always", "{} + input_data.c == 1", "{a: 1}", "[c].length == 1", "-c > 1", "c"];
    let mut nodes = vec![trigger("start")];
    nodes.extend((0..conditions.len()).map(|at| step(&format!("n{at}"), &[])));
    let edges = conditions.iter().enumerate().map(|(at, when)| branch(&format!("n{at}"), when));
    let branches = json!({
        "nodes": nodes, "connections": edges.collect::<Vec<_>>(),
    });
    let (text, _) = round_trip(&branches.to_string(), &BTreeMap::new());
    assert!(text.contains(" input_data.succeeded ") && text.contains(" ({ a: 1 }) "), "{text}");

    let ids = json!({
        "nodes": [
            trigger("else"), step("true", &[]), step("null", &[]), step("always", &[]),
            step("last", &["true", "false", "null"]), step("false", &["else"]), step("X-0b2", &["step-1e"]), step("step-1e", &[]),
        ],
        "connections": [
            edge("else", "always"), edge("else", "true"), edge("else", "null"),
            json!({ "from": "always", "to": "last", "condition": "previous_outputs.always.result.passed" }),
        ],
    });
    let (text, before) = round_trip(&ids.to_string(), &BTreeMap::new());
    assert!(text.contains("dependencies: [\"true\", \"false\", \"null\"]"), "{text}");
    assert!(before.code.is_some(), "{text}");
    let fields = with_one("data_transform", |config| {
        *config = serde_json::from_value(json!({ "transform_type": "extract_fields", "fields": ["true", "a.null"] }))
            .unwrap();
    });
    round_trip(&fields, &BTreeMap::new());
}

/// Inside a schema `${` is text.
#[test]
fn texts_of_a_schema_are_no_templates() {
    let total = json!({ "enum": ["${total}", "$${a}"], "description": "in ${currency}" });
    let schema = json!({
        "type": "object",
        "properties": { "${x}": { "type": "string", "pattern": "^${x}$" }, "unit": { "enum": ["${total}", "b"] }, "total": total },
        "required": ["${x}"],
    });
    let typed = json!({ "type": "object", "properties": { "${x}": { "const": "${total}" } }, "required": ["${x}"] });
    for (kind, key) in [("webhook", "input_schema"), ("http", "response_schema")] {
        for schema in [&schema, &typed] {
            let json = with_one(kind, |config| drop(config.insert(key.to_owned(), schema.clone())));
            let (text, _) = round_trip(&json, &BTreeMap::new());
            let back = convert::to_json(&parse(&text, Dialect::Flow).ast, Dialect::Flow);
            let back: Value = serde_json::from_str(&back).unwrap();
            assert_eq!(&back["nodes"][1]["config"][key], schema, "{text}");
        }
    }
    let text = "type T = \"${total}\"\n\nhttp ask -> { unit: T } { GET \"https://shop.example.com\" }\n";
    let json = convert::to_json(&parse(text, Dialect::Flow).ast, Dialect::Flow);
    assert!(json.contains("\"const\": \"${total}\""), "{json}");
}

/// Without a secret it is a mistake, which must not become an open webhook.
#[test]
fn signatures_that_are_asked_for_stay_asked_for() {
    let json = with_one("webhook", |config| {
        config.remove("secret");
        config.insert("validate_signature".to_owned(), true.into());
    });
    let text = convert::to_flow(&parse(&json, Dialect::Json).ast, Dialect::Json, "one");
    assert!(text.contains("validate_signature: true"), "{text}");
}

/// A workflow of JSON is called like its file, which may be called anything.
#[test]
fn the_name_of_a_file_becomes_one_of_a_program() {
    let json = with_one("webhook", |_| ());
    for (file, slug) in
        [("my.order", "my-order"), ("2 caf\u{e9}", "workflow-2-caf"), ("\u{43a}", "workflow"), ("a-b", "a-b")]
    {
        let text = convert::to_flow(&parse(&json, Dialect::Json).ast, Dialect::Json, file);
        assert!(text.contains(&format!("workflow {slug} ")), "{text}");
        parse(&text, Dialect::Flow);
    }
}

#[test]
fn the_seed_is_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let json = fs::read_to_string(root.join("../examples/order-fulfillment/workflow.json")).unwrap();
    let (text, _) = round_trip(&json, &BTreeMap::new());
    let share = text.len() as f64 / json.len() as f64;
    println!("order-fulfillment: {} bytes of JSON, {} of .flow: {share:.2}", json.len(), text.len());
    assert!(share < 0.5, "{share}");
}

/// So that the text can stand inside `flow! { … }`. Only cases of what is wrong hold what flowc cannot read, either.
#[test]
fn every_flow_file_of_the_tree_is_tokens_of_rust_and_laid_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let wrong = ["tests/ui", "tests/macro"].map(|folder| root.join(folder));
    // Written to be compared with, or to be laid out.
    let as_written = ["tests/ui", "tests/same", "tests/diff", "tests/macro"].map(|folder| root.join(folder));
    let is_in = |path: &Path, folders: &[PathBuf]| folders.iter().any(|folder| path.starts_with(folder));
    let (mut seen, mut folders) = (0, vec![root]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !matches!(name.as_str(), "target" | "node_modules" | ".git") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "flow") {
                let text = fs::read_to_string(&path).unwrap();
                seen += 1;
                match flow::format(&text) {
                    Ok(tidy) => {
                        assert!(text.parse::<proc_macro2::TokenStream>().is_ok(), "{}", path.display());
                        assert!(is_in(&path, &as_written) || tidy == text, "{} is not laid out", path.display());
                    }
                    Err(_) => assert!(is_in(&path, &wrong), "{} cannot be read", path.display()),
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} files: the tree is somewhere else");
}

/// The reference and the README show only what is right, laid out as it should be.
#[test]
fn examples_of_the_documents_are_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    for document in ["docs/language.md", "README.md"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        for example in text.split("\n```flow\n").skip(1) {
            let example = &example[..example.find("\n```").expect("a fence ends") + 1];
            assert_eq!(flow::format(example).ok().as_deref(), Some(example), "{document}");
            assert!(
                meaning(example, Dialect::Flow, &BTreeMap::new()).code.is_some(),
                "{document} is wrong:\n{example}"
            );
            assert!(example.parse::<proc_macro2::TokenStream>().is_ok(), "{document}:\n{example}");
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen} examples");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Of any workflow, right or wrong.
    #[test]
    fn generated_workflows_mean_the_same_in_both(workflow in generate::workflow()) {
        let json = workflow.to_string();
        round_trip(&json, &BTreeMap::new());
    }

    /// No text makes the front end panic; what it reads has a layout that stays.
    #[test]
    fn any_words_at_all(words in prop::collection::vec(prop::sample::select(generate::WORDS), 0..60)) {
        let text = words.concat();
        let file = SourceFile { name: "workflow.flow".to_owned(), text: text.clone() };
        if let Ok(parsed) = Parsed::read(file) {
            let _ = parsed.lower("workflow", &BTreeMap::new()).check(&Default::default());
        }
        if let Ok(tidy) = flow::format(&text) {
            prop_assert_eq!(flow::format(&tidy).ok(), Some(tidy.clone()), "{}", text);
        }
    }

    /// Laid out anyhow: other spaces, comments, line breaks. The layout is one, and stays; comments stay too.
    #[test]
    fn the_layout_is_one_and_keeps_comments(workflow in generate::workflow(), seed in any::<u64>()) {
        let json = workflow.to_string();
        let text = convert::to_flow(&parse(&json, Dialect::Json).ast, Dialect::Json, "workflow");
        let (messy, comments) = generate::disturb(&text, seed);
        let tidy = flow::format(&messy).unwrap_or_else(|found| panic!("{:?}\n{messy}", found.sorted()));
        prop_assert_eq!(flow::format(&tidy).ok(), Some(tidy.clone()), "laid out twice it is the same");
        for comment in comments {
            prop_assert_eq!(tidy.matches(&comment).count(), 1, "{} in {}", comment, tidy);
        }
        let files = BTreeMap::new();
        let before = meaning(&text, Dialect::Flow, &files);
        prop_assert_eq!(before, meaning(&tidy, Dialect::Flow, &files), "{}", tidy);
    }
}
