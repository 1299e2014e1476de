//! `flowc infer`: samples from files, the schema to standard output or into a workflow.

use super::arguments::SampleLayout;
use super::{Input, Shell, Stop, text};
use crate::diagnostic::Diagnostics;
use crate::infer::samples::{Layout, samples};
use crate::infer::{infer, write};
use crate::pipeline::Rejected;
use crate::source::{Dialect, FileId, Sources};
use crate::syntax::{ast, json};
use std::path::{Path, PathBuf};

/// Infers one schema from the samples of all files.
pub fn schema(shell: &Shell, files: &[PathBuf], layout: Option<SampleLayout>) -> Result<serde_json::Value, Stop> {
    let layout = layout.map(|layout| match layout {
        SampleLayout::One => Layout::One,
        SampleLayout::Named => Layout::Named,
    });
    let documents = files.iter().map(|file| document(shell, file)).collect::<Result<Vec<_>, Stop>>()?;
    let mut all = Vec::new();
    for (file, document) in files.iter().zip(&documents) {
        let found = samples(document, layout).map_err(|wrong| Stop::World(format!("{}: {wrong}", file.display())))?;
        let names: Vec<String> = found.iter().take(5).map(|sample| format!("`{}`", sample.name)).collect();
        let more = if found.len() > 5 { ", …" } else { "" };
        let what = if found.len() == 1 {
            "one sample".to_owned()
        } else {
            format!("{} samples: {}{more}", found.len(), names.join(", "))
        };
        shell.talk.say(&format!("{}: {what}", file.display()));
        all.extend(found.into_iter().map(|sample| sample.value));
    }
    Ok(infer(all))
}

/// Puts the schema into a trigger of the workflow at `path`.
pub fn write(shell: &Shell, path: &Path, node: Option<&str>, schema: &serde_json::Value) -> Result<(), Stop> {
    let input = Input::read(path, false).map_err(Stop::World)?;
    let file = &input.source.name;
    if input.source.dialect() != Dialect::Json {
        return Err(Stop::World(format!("{file}: a schema is JSON: `--write` takes a workflow.json")));
    }
    let parsed = shell.parse(&input)?;
    let (text, id) = write::insert(&input.source.text, &parsed.ast, node, schema)
        .map_err(|wrong| Stop::World(format!("{file}: {wrong}")))?;
    text::write(Path::new(file), &text)?;
    shell.talk.say(&format!("{file}: `{id}` has an `input_schema` now"));
    Ok(())
}

fn document(shell: &Shell, file: &Path) -> Result<ast::Value, Stop> {
    let input = Input::read(file, true).map_err(Stop::World)?;
    let mut found: Diagnostics = input.found.clone();
    let document = match found.has_errors() {
        true => None,
        false => json::read(&input.source.text, FileId::WORKFLOW, &mut found),
    };
    match document {
        Some(document) if !found.has_errors() => Ok(document),
        _ => {
            let rejected = Rejected { sources: Sources::new(input.source), diagnostics: found.sorted() };
            Err(shell.unreadable(&rejected, &input.name))
        }
    }
}
