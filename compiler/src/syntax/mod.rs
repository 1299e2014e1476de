//! Text → AST. Knows spelling only, and never panics on any text.

pub mod ast;
pub mod convert;
mod document;
pub mod flow;
pub mod json;
pub mod print;
pub mod template;

use crate::diagnostic::Diagnostics;
use crate::source::{Dialect, FileId, Sources};

/// Reads the workflow, which is the first of the sources. What is wrong with it goes to `diagnostics`, as many findings
/// as there are; `None` only when nothing can be said about the rest.
pub fn parse(sources: &Sources, diagnostics: &mut Diagnostics) -> Option<ast::Workflow> {
    let source = sources.workflow();
    match source.dialect() {
        Dialect::Json => {
            let value = json::read(&source.text, FileId::WORKFLOW, diagnostics)?;
            document::workflow(value, diagnostics)
        }
        Dialect::Flow => flow::workflow(&source.text, FileId::WORKFLOW, diagnostics),
    }
}

/// The number at the start of a text, of so many hexadecimal digits and nothing else: no sign, no space.
fn hexadecimal(text: &str, digits: usize) -> Option<u32> {
    let digits = text.get(..digits).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}
