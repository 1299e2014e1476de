//! Diagnostics → SARIF 2.1.0, the format of code scanning: one document for everything a run found.
//!
//! Always true: valid against the schema of the standard; columns count UTF-16 code units, which is what every reader of
//! SARIF takes them for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::position::Positions;
use super::{Code, Diagnostic, Label, Severity};
use crate::source::{Sources, Span};

/// One run, growing workflow by workflow.
#[derive(Debug, Default)]
pub struct Log {
    results: Vec<(Code, Map<String, Value>)>,
    files: Vec<String>,
    /// What kept flowc from its work.
    notifications: Vec<Value>,
}

impl Log {
    /// Adds what was found in one workflow. `path` says where a file lies in the repository.
    pub fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources, path: &dyn Fn(&str) -> String) {
        let positions = Positions::new(sources);
        let uris: Vec<String> = sources.iter().map(|file| uri(&path(&file.name))).collect();
        let artifacts: Vec<usize> = uris.into_iter().map(|uri| self.artifact(uri)).collect();
        let location = |span: Span| self.location(artifacts[span.file.0 as usize], span, &positions);
        let results: Vec<_> = diagnostics.iter().map(|found| (found.code, result(found, &location))).collect();
        self.results.extend(results);
    }

    /// Something that is no finding about a workflow: a file that cannot be read.
    pub fn failure(&mut self, message: &str) {
        self.notifications.push(json!({ "level": "error", "message": { "text": message } }));
    }

    /// The document.
    pub fn finish(self) -> Value {
        let codes: BTreeSet<Code> = self.results.iter().map(|(code, _)| *code).collect();
        let index: BTreeMap<Code, usize> = codes.iter().enumerate().map(|(index, code)| (*code, index)).collect();
        let results = self.results.into_iter().map(|(code, mut result)| {
            result.insert("ruleIndex".into(), index[&code].into());
            Value::Object(result)
        });
        let artifacts = self.files.iter().map(|uri| json!({ "location": artifact_location(uri) }));
        json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "flowc",
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
                } },
                "columnKind": "utf16CodeUnits",
                "invocations": [{
                    "executionSuccessful": self.notifications.is_empty(),
                    "toolExecutionNotifications": self.notifications,
                }],
                "artifacts": artifacts.collect::<Vec<_>>(),
                "results": results.collect::<Vec<_>>(),
            }],
        })
    }

    fn artifact(&mut self, uri: String) -> usize {
        match self.files.iter().position(|file| *file == uri) {
            Some(index) => index,
            None => {
                self.files.push(uri);
                self.files.len() - 1
            }
        }
    }

    fn location(&self, artifact: usize, span: Span, positions: &Positions) -> Value {
        let (start, end) = (positions.start(span), positions.end(span));
        let mut place = artifact_location(&self.files[artifact]);
        place["index"] = artifact.into();
        json!({
            "artifactLocation": place,
            "region": {
                "startLine": start.line,
                "startColumn": start.column_utf16,
                "endLine": end.line,
                "endColumn": end.column_utf16,
                "byteOffset": span.start,
                "byteLength": span.end - span.start,
            },
        })
    }
}

fn result(diagnostic: &Diagnostic, location: &dyn Fn(Span) -> Value) -> Map<String, Value> {
    let primary = &diagnostic.primary;
    let mut place = json!({ "physicalLocation": location(primary.span) });
    if !primary.message.is_empty() {
        place["message"] = json!({ "text": primary.message });
    }
    let related = |(index, label): (usize, &Label)| {
        let mut place = json!({ "id": index + 1, "physicalLocation": location(label.span) });
        if !label.message.is_empty() {
            place["message"] = json!({ "text": label.message });
        }
        place
    };
    let related: Vec<Value> = diagnostic.labels.iter().enumerate().map(related).collect();
    let result = json!({
        "ruleId": diagnostic.code.slug(),
        "level": level(diagnostic.severity),
        "message": { "text": text(diagnostic) },
        "locations": [place],
        "relatedLocations": related,
    });
    match result {
        Value::Object(result) => result,
        _ => unreachable!("an object was written above"),
    }
}

/// What is wrong and the ways out: readers show nothing else beside the code.
fn text(diagnostic: &Diagnostic) -> String {
    let help = diagnostic.help.iter().map(|help| format!("\nhelp: {help}"));
    let notes = diagnostic.notes.iter().map(|note| format!("\nnote: {note}"));
    std::iter::once(diagnostic.headline.clone()).chain(help).chain(notes).collect()
}

fn rule(code: Code) -> Value {
    let page = code.explanation();
    json!({
        "id": code.slug(),
        "shortDescription": { "text": code.summary() },
        "fullDescription": { "text": first_paragraph(page) },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

/// What stands between the title and the first example, on one line.
fn first_paragraph(page: &str) -> String {
    let body = page.split_once("\n\n").map_or(page, |(_, body)| body);
    let paragraph = body.split("\n\n").next().unwrap_or(body);
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Relative to the root of the sources: readers know where that is, and no path of this machine is told.
fn artifact_location(uri: &str) -> Value {
    match uri.starts_with("file:") {
        true => json!({ "uri": uri }),
        false => json!({ "uri": uri, "uriBaseId": "%SRCROOT%" }),
    }
}

/// A path as a URI: relative as it is, absolute with its scheme.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut uri = String::new();
    match path.as_str() {
        path if path.starts_with('/') => uri.push_str("file://"),
        path if path.as_bytes().get(1) == Some(&b':') => uri.push_str("file:///"),
        _ => {}
    }
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            b':' if uri.starts_with("file:") => uri.push(':'),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn run(files: &[(&str, &str, Vec<Diagnostic>)]) -> Value {
        let mut log = Log::default();
        for (name, text, diagnostics) in files {
            let sources = Sources::new(SourceFile { name: (*name).into(), text: (*text).into() });
            log.add(diagnostics, &sources, &str::to_owned);
        }
        log.finish()["runs"][0].take()
    }

    #[test]
    fn columns_are_utf_16_code_units() {
        let found = Diagnostic::new(Code::UnknownKey, Span::new(7, 10), "no key").also(Span::new(0, 1), "opened here");
        let run = run(&[("w.json", "{\"\u{1f600}\"key", vec![found])]);
        let region = &run["results"][0]["locations"][0]["physicalLocation"]["region"];
        let expected = json!({
            "startLine": 1, "startColumn": 6, "endLine": 1, "endColumn": 9, "byteOffset": 7, "byteLength": 3
        });
        assert_eq!((region, &run["columnKind"]), (&expected, &json!("utf16CodeUnits")));
        assert_eq!(run["results"][0]["relatedLocations"][0]["message"]["text"], "opened here");
    }

    #[test]
    fn several_workflows_share_rules_and_not_files() {
        let found = |code| Diagnostic::new(code, Span::new(0, 1), "no").help("do this");
        let run = run(&[
            ("a.json", "{", vec![found(Code::WrongType), found(Code::UnknownKey)]),
            ("b.json", "{", vec![found(Code::WrongType)]),
        ]);
        let ids: Vec<&Value> =
            run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
        assert_eq!(ids, ["wrong-type", "unknown-key"]);
        let of = |index: usize| {
            let result = &run["results"][index];
            let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            (result["ruleIndex"].as_u64().unwrap(), place["uri"].as_str().unwrap(), place["index"].as_u64().unwrap())
        };
        assert_eq!([of(0), of(1), of(2)], [(0, "a.json", 0), (1, "a.json", 0), (0, "b.json", 1)]);
        assert_eq!(run["results"][0]["message"]["text"], "no\nhelp: do this");
    }

    #[test]
    fn every_rule_describes_itself() {
        for code in Code::ALL {
            let rule = rule(*code);
            let full = rule["fullDescription"]["text"].as_str().unwrap();
            assert!(full.ends_with(['.', ':']) && !full.contains(['#', '\n']), "{full}");
        }
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("flows/my order.json"), "flows/my%20order.json");
        assert_eq!(uri("./w.json"), "w.json");
        assert_eq!(uri("/a/b:c.json"), "file:///a/b:c.json");
        assert_eq!(uri("C:\\flows\\w.json"), "file:///C:/flows/w.json");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
        assert_eq!(uri("\u{e9}.json"), "%C3%A9.json");
    }
}
