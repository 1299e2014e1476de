//! Generated code against the evaluator: the same templates, the same data.

use crate::case::Case;
use crate::data::{Data, NODES, VARIABLES};
use crate::generate::Place;
use crate::ours::{Found, Values, checked, find, workflow};
use crate::random::Random;
use flow_compiler::build::{self, Options, Talk};
use flow_compiler::model::Workflow;
use flow_compiler::pipeline;
use flow_compiler::source::SourceFile;
use flow_runtime::value::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// How many templates one workflow has, and how many sets of data they see.
const TEMPLATES: usize = 400;
const DATA: usize = 12;

#[test]
fn generated_code_computes_what_the_evaluator_does() {
    let mut random = Random::new(crate::seed() + 1000);
    let mut templates: Vec<(Place, String)> = Vec::new();
    while templates.len() < TEMPLATES {
        let case = Case::new(&mut random);
        let (template, _) = case.texts();
        if checked(&workflow(&[(case.place, template.clone())])).is_ok() {
            templates.push((case.place, template));
        }
    }
    let text = workflow(&templates);
    let model = checked(&text).expect("each of them was accepted");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let binary = folder.path().join("differential");
    compile(&text, &binary);
    let data: Vec<Data> = (0..DATA).map(|_| with_row(Data::new(&mut random))).collect();
    let said = run(&binary, &data);
    let mut differences = Vec::new();
    let expected = data.iter().flat_map(|data| {
        let values = Values::new(&model, data);
        let expect = |at: usize| expected(&values, &model, at, templates[at].0);
        (0..TEMPLATES).map(expect).collect::<Vec<_>>()
    });
    for ((at, expected), said) in expected.enumerate().zip(&said) {
        if expected != *said {
            let (place, template) = &templates[at % TEMPLATES];
            let data = &data[at / TEMPLATES];
            differences.push(format!("{place:?} {template:?}\n  evaluated {expected}\n  compiled  {said}\n  {data:?}"));
        }
    }
    assert_eq!(said.len(), TEMPLATES * DATA);
    let shown = &differences[..differences.len().min(10)];
    assert!(differences.is_empty(), "{} differ:\n\n{}", differences.len(), shown.join("\n\n"));
}

/// The item is the only one of a list in the input, where a transform finds it.
fn with_row(data: Data) -> Data {
    let rest = data.input[1..].to_owned();
    let comma = if rest == "}" { "" } else { "," };
    Data { input: format!("{{\"row\":{}{comma}{rest}", data.item), ..data }
}

fn compile(text: &str, binary: &Path) {
    let file = SourceFile { name: "workflow.json".to_owned(), text: text.to_owned() };
    let accepted = pipeline::check(file, "differential", &BTreeMap::new()).expect("checked before");
    let mut generated = accepted.plan().generate();
    let main = generated.files.get_mut("src/main.rs").expect("the one file there is");
    let own = "fn main() -> ::std::process::ExitCode {\n    ::flow_runtime::main(&WORKFLOW)\n}\n";
    assert!(main.contains(own));
    *main = main.replace(own, include_str!("compiled_main.rs"));
    build::build(&generated, binary, Options { talk: Talk::Quiet, reuse: true })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// What the functions make of the data, node by node.
fn run(binary: &Path, data: &[Data]) -> Vec<String> {
    let mut process = Command::new(binary)
        .envs(VARIABLES)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a binary that was just compiled");
    let mut stdin = process.stdin.take().expect("piped");
    let mut lines = String::new();
    for data in data {
        lines.push_str(&format!("{}\n", data.input));
        for at in 0..NODES.len() {
            lines.push_str(&format!("{}\n", data.envelopes[at].as_deref().unwrap_or("")));
        }
    }
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).expect("it reads all of it"));
    let output = process.wait_with_output().expect("it ends");
    writing.join().expect("the writer does not panic");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("it writes UTF-8");
    text.lines().map(str::to_owned).collect()
}

/// What a compiled node must print.
fn expected(values: &Values, model: &Workflow, at: usize, place: Place) -> String {
    let found = find(model, at);
    let Ok(value) = values.evaluate(&found) else { return "fault".to_owned() };
    match (place, found) {
        (Place::Body, Found::Expr(_) | Found::Tree(_)) => {
            Value::object([("value", value)]).to_json().unwrap_or_default()
        }
        (Place::Filter | Place::Condition, _) => value.truthy().to_string(),
        (Place::Item, _) => exact(&value),
    }
}

/// A text that differs wherever a workflow could see a difference; as in `compiled_main.rs`.
fn exact(value: &Value) -> String {
    match value {
        Value::Undefined => "undefined".to_owned(),
        Value::Number(number) if number.to_bits() == (-0.0f64).to_bits() => "-0".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(exact).collect::<Vec<_>>().join(",")),
        Value::Object(object) => {
            let field = |(key, value)| {
                format!("{}:{}", Value::String(Clone::clone(key)).to_json().unwrap_or_default(), exact(value))
            };
            format!("{{{}}}", object.iter().map(field).collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_json().unwrap_or_default(),
    }
}
