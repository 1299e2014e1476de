//! The front end for .flow texts.
//!
//! ```text
//! text ─ token ─► tokens ─ read ─► tree::File ─ build ─► ast::Workflow
//!                                      │ ▲
//!                                print ▼ │ write (from the AST of either front end)
//!                                  canonical text
//! ```
//!
//! Expressions and templates are read by the one parser there is for them: here only their extent is found.

mod build;
mod mistake;
pub(super) mod print;
pub(super) mod read;
mod rust;
pub(super) mod text;
pub(super) mod token;
pub(super) mod tree;
pub mod words;

use super::ast;
use crate::diagnostic::Diagnostics;
use crate::source::{FileId, Span};
pub(super) use build::{MARKS, TYPE_NAMES, otherwise};

/// Reads a whole text. `None` when something is wrong with its syntax: everything that is has been reported.
pub fn workflow(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Option<ast::Workflow> {
    if text.len() > super::json::SIZE_MAX {
        diagnostics.push(super::json::too_large(text.len(), file));
        return None;
    }
    let mut found = Diagnostics::default();
    let tree = read::read(text, file, &mut found);
    let wrong = found.has_errors();
    found.iter().for_each(|diagnostic| diagnostics.push(diagnostic.clone()));
    let span = Span { file, start: 0, end: text.len() as u32 };
    (!wrong).then(|| build::workflow(&tree, span, diagnostics))
}

/// The items of a text that have no mistake, whatever the others are like.
pub fn in_part(text: &str, file: FileId) -> ast::Workflow {
    let tree = match text.len() > super::json::SIZE_MAX {
        true => tree::File::default(),
        false => read::read(text, file, &mut Diagnostics::default()),
    };
    build::workflow(&tree, Span { file, start: 0, end: text.len() as u32 }, &mut Diagnostics::default())
}

/// The same text in the canonical layout, or what is wrong with it.
///
/// # Errors
/// When the text cannot be read.
pub fn format(text: &str) -> Result<String, Diagnostics> {
    let mut found = Diagnostics::default();
    if text.len() > super::json::SIZE_MAX {
        found.push(super::json::too_large(text.len(), FileId::WORKFLOW));
        return Err(found);
    }
    let tree = read::read(text, FileId::WORKFLOW, &mut found);
    if found.has_errors() { Err(found) } else { Ok(print::file(&tree)) }
}

/// Text that stands nowhere.
pub(super) fn synthetic(value: &str) -> ast::Text {
    text::synthetic(value, Span::new(0, 0))
}

/// Whether a text can name a program: a name, and that of a file too.
pub fn is_slug(text: &str) -> bool {
    read::is_name(text) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
