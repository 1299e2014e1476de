//! The same tier: `workflow.json` and `workflow.flow` say the same.

use crate::{compile, folder};
use flow_compiler::pipeline::Parsed;
use flow_compiler::source::SourceFile;
use std::fs;
use std::path::Path;

/// # Panics
/// When the two have different models, or different code is generated of them.
pub fn test(case: &str) {
    let folder = folder("same", case);
    let [json, flow] = ["workflow.json", "workflow.flow"].map(|name| {
        let file = folder.join(name);
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let code = without_lines(compile::generate(&text, &file).main_rs(), name);
        (model(&text, &file, case), code)
    });
    let same = json.0.bytes().zip(flow.0.bytes()).take_while(|(left, right)| left == right).count();
    let from = |text: &str| text.chars().skip(same.saturating_sub(100)).take(300).collect::<String>();
    assert!(json.0 == flow.0, "{case}: another model\n  JSON:  {}\n  .flow: {}", from(&json.0), from(&flow.0));
    assert_eq!(json.1, flow.1, "{case}: other code");
}

/// The model, without the places it was read from.
fn model(text: &str, file: &Path, slug: &str) -> String {
    let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
    let source = SourceFile { name: name.to_owned(), text: text.to_owned() };
    let parsed = Parsed::read(source).unwrap_or_else(|rejected| panic!("{:#?}", rejected.diagnostics));
    let mut model = parsed.lower(slug, &compile::Beside(file.parent().expect("a folder"))).model;
    // What an author calls a type is not part of what it means, and JSON has no names for them.
    model.types.clear();
    without_places(&format!("{model:?}"))
}

/// What `Debug` prints, without the spans in it.
pub fn without_places(debug: &str) -> String {
    let mut out = String::with_capacity(debug.len());
    let mut rest = debug;
    while let Some(at) = rest.find("Span {") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('}').expect("a span ends") + 1;
        rest = &rest[at + end..];
    }
    without_keys(&(out + rest))
}

/// Which keys were written, and where, is for the lints.
fn without_keys(debug: &str) -> String {
    let mut out = String::with_capacity(debug.len());
    let mut rest = debug;
    while let Some(at) = rest.find("keys: Keys {") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('}').expect("keys end") + 1;
        rest = &rest[at + end..];
    }
    out + rest
}

/// The same code, without the name of the file, the lines in it that its comments name, and the name of its JSON, which is
/// another where the JSON says in other words what the .flow text says.
pub fn without_lines(code: &str, file: &str) -> String {
    let line = |line: &str| match (line.find(", line "), line.rfind(&format!(" of {file}"))) {
        (Some(start), Some(end)) if start < end => line[..start].to_owned(),
        _ => line.replace(file, "FILE"),
    };
    let is_name = |line: &&str| line.trim_start().starts_with("hash: \"");
    code.lines().filter(|line| !is_name(line)).map(line).collect::<Vec<_>>().join("\n")
}
