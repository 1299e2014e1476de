//! Text → AST. Knows spelling only, and never panics on any text.

pub mod ast;
mod document;
pub mod json;
pub mod print;
pub mod template;

use crate::diagnostic::Diagnostics;
use crate::source::{FileId, Sources};

/// Reads the workflow, which is the first of the sources. What is wrong with it goes to `diagnostics`, as many findings
/// as there are; `None` only when nothing can be said about the rest.
pub fn parse(sources: &Sources, diagnostics: &mut Diagnostics) -> Option<ast::Workflow> {
    // JSON is the only front end there is: another one is picked here, by the extension of the file's name.
    let value = json::read(&sources.workflow().text, FileId::WORKFLOW, diagnostics)?;
    document::workflow(value, diagnostics)
}
