//! What `flowc build` does, with its progress in view.

use crate::Failure;
use flow_compiler::build::{self, Built, Options, Talk};
use flow_compiler::diagnostic::render::render;
use flow_compiler::files::Files;
use flow_compiler::pipeline;
use flow_compiler::source::SourceFile;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The seed's workflow has no templates beside it.
fn beside() -> impl Files {
    BTreeMap::<String, String>::new()
}

/// Compiles the workflow to the file `out`.
pub fn build(workflow: &Path, out: &Path) -> Result<Built, Failure> {
    let source = SourceFile { name: "workflow.json".to_owned(), text: fs::read_to_string(workflow)? };
    let accepted = pipeline::check(source, "order-fulfillment", &beside())
        .map_err(|rejected| render(&rejected.diagnostics, &rejected.sources, false))?;
    let generated = accepted.plan().generate();
    Ok(build::build(&generated, out, Options { talk: Talk::new(false), reuse: true })?)
}
