//! `validate`: what the checker says about a workflow that came over the network.
//!
//! Always true: nothing is compiled, and no file of this machine is read: a workflow that came alone has none beside it.

use crate::diagnostic::level::Levels;
use crate::diagnostic::{Diagnostic, Severity};
use crate::files::Files;
use crate::pipeline::{Accepted, Parsed, Rejected};
use crate::source::{SourceFile, Span};
use crate::syntax::ast;
use serde_json::{Value, json};
use std::path::{Component, Path};

/// A workflow that was checked.
pub struct Checked {
    pub accepted: Option<Accepted>,
    /// As the API says it: `{valid, errors, warnings, metadata}`.
    pub answer: Value,
}

/// There are none. A path out of the folder is an error, so that no later stage can be made to follow it.
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if inside { Ok(None) } else { Err("it is outside of the workflow's folder".to_owned()) }
    }
}

/// Checks the text of a `workflow.json`.
pub fn check(text: &str, slug: &str) -> Checked {
    let source = SourceFile { name: "workflow.json".to_owned(), text: text.to_owned() };
    let parsed = match Parsed::read(source) {
        Ok(parsed) => parsed,
        Err(rejected) => return rejected_before(&rejected, None),
    };
    let ast = parsed.ast.clone();
    match parsed.lower(slug, &NoFiles).check(&Levels::default()) {
        Err(rejected) => rejected_before(&rejected, Some(&ast)),
        Ok(accepted) => {
            let answer = answer(&accepted.warnings, Some(&ast));
            Checked { accepted: Some(accepted), answer }
        }
    }
}

fn rejected_before(rejected: &Rejected, ast: Option<&ast::Workflow>) -> Checked {
    Checked { accepted: None, answer: answer(&rejected.diagnostics, ast) }
}

fn answer(found: &[Diagnostic], ast: Option<&ast::Workflow>) -> Value {
    let of = |severity: Severity| -> Vec<Value> {
        found.iter().filter(|found| found.severity == severity).map(|found| finding(found, ast)).collect()
    };
    let errors = of(Severity::Error);
    let text = |text: &Option<ast::Text>| text.as_ref().map(|text| text.value.clone());
    json!({
        "valid": errors.is_empty(),
        "errors": errors,
        "warnings": of(Severity::Warning),
        "metadata": {
            "name": ast.and_then(|ast| text(&ast.name)),
            "version": ast.and_then(|ast| text(&ast.version)),
            "nodes": ast.map(|ast| ast.nodes.len()),
            "connections": ast.map(|ast| ast.connections.len()),
        },
    })
}

fn finding(found: &Diagnostic, ast: Option<&ast::Workflow>) -> Value {
    let span = found.primary.span;
    let node = ast.and_then(|ast| ast.nodes.iter().find(|node| holds(node.span, span)));
    let connection = ast.and_then(|ast| ast.connections.iter().find(|connection| holds(connection.span, span)));
    let field = node.and_then(|node| field(&node.config, span)).map(|field| format!("config.{field}"));
    json!({
        "type": found.code.slug(),
        "node_id": node.map(|node| &node.id.value).or(connection.map(|connection| &connection.from.value)),
        "field": field,
        "message": found.headline,
        "help": found.help,
    })
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// `headers.X-Api-Key`: the way to what a span is in.
fn field(object: &ast::Object, span: Span) -> Option<String> {
    let entry = object.entries.iter().find(|entry| holds(entry.value.span, span) || holds(entry.key.span, span))?;
    let inner = match &entry.value.kind {
        ast::ValueKind::Object(object) => field(object, span),
        _ => None,
    };
    Some(inner.map_or_else(|| entry.key.value.clone(), |inner| format!("{}.{inner}", entry.key.value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW: &str = r#"{"name": "W", "nodes": [
        {"id": "a", "type": "trigger", "trigger_type": "manual", "config": {}},
        {"id": "b", "type": "action", "action_type": "http", "config": {"method": "GET", "url": "https://x.example/",
         "headers": {"X": "${previous_outputs.c.result.d}"}}}],
        "connections": [{"from": "a", "to": "b"}]}"#;

    #[test]
    fn findings_name_node_and_field() {
        let answer = check(WORKFLOW, "w").answer;
        assert_eq!(answer["valid"], false);
        let error = &answer["errors"][0];
        assert_eq!(
            (&error["type"], &error["node_id"], &error["field"]),
            (&json!("unknown-node"), &json!("b"), &json!("config.headers.X"))
        );
        let good = check(&WORKFLOW.replace("previous_outputs.c.result.d", "input_data.d"), "w");
        assert_eq!(good.answer["valid"], true, "{}", good.answer);
        assert_eq!(good.answer["metadata"], json!({"name": "W", "version": null, "nodes": 2, "connections": 1}));
        assert!(good.accepted.is_some());
        assert_eq!(check("{", "w").answer["valid"], false);
    }

    #[test]
    fn files_of_this_machine_are_out_of_reach() {
        assert_eq!(NoFiles.read("templates/a.html"), Ok(None));
        assert!(NoFiles.read("templates/../../etc/motd.txt").is_err());
        assert!(NoFiles.read("/etc/passwd").is_err());
    }
}
