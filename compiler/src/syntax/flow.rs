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

use super::{ast, template};
use crate::diagnostic::{Code, Diagnostics};
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

/// What can be read of a text with mistakes in its syntax.
pub struct Part {
    /// Nodes that cannot be read have a name and nothing else.
    pub ast: ast::Workflow,
    /// Also what values are can be said: every condition that decides about that can be read.
    pub has_values: bool,
    /// Findings that may only follow from the mistakes: what they miss may stand where nothing could be read.
    pub doubtful: Vec<Code>,
}

/// What can be read of a text with mistakes in its syntax, so that the rest of it is checked at the same time. `None` where nothing is
/// known but the mistake.
pub fn around_mistakes(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Option<Part> {
    if text.len() > super::json::SIZE_MAX {
        return None;
    }
    let tree = read::read(text, file, diagnostics);
    if tree.items.is_empty() {
        return None;
    }
    let mut has_values = true;
    let mut doubtful = Vec::new();
    for lost in &tree.lost {
        let keyword = lost.keyword.as_str();
        // What a filter requires holds behind it, and what is connected says what has run.
        has_values &= match keyword {
            "workflow" | "type" | "api" | "smtp" => true,
            keyword => words::kind(keyword).is_some_and(|kind| kind != "data_filter") && lost.name.is_some(),
        };
        if matches!(keyword, "api" | "smtp") || lost.may_be_anything() {
            doubtful.push(Code::MissingKey);
        }
        doubtful.extend(match (keyword, &lost.name) {
            (_, Some(_)) | ("workflow" | "flow", None) => None,
            ("type" | "api" | "smtp", None) => Some(Code::UnknownName),
            (_, None) => Some(Code::UnknownNode),
        });
    }
    let ast = build::around_lost(&tree, Span { file, start: 0, end: text.len() as u32 }, diagnostics);
    Some(Part { ast, has_values, doubtful })
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
    let (tree, expressions) = read::with_expressions(text, FileId::WORKFLOW, &mut found);
    // Laid out, `a--b` would be another expression, and a right one.
    for expression in &expressions {
        template::parse_expression(expression, &mut found);
    }
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

#[cfg(test)]
mod tests {
    /// Laid out they would be other expressions, and right ones.
    #[test]
    fn what_is_no_expression_is_not_laid_out() {
        for wrong in ["--total", "a--b", "a++ + b", "a ** 2", "a + (--b)", "a == --b ? 1 : 2", "[1, --a].length"] {
            let text = format!("filter check {{ require: {wrong} }}\n");
            let found = super::format(&text).expect_err(wrong);
            assert!(found.has_errors(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_mistake_is_laid_out() {
        for right in
            ["a - -b", "- -a > 1", "a-b > 1", "item.new", "!(!a)", "[1, 2].includes(a)", "a > 1 ? \"x ${b}\" : 'y'"]
        {
            let text = format!("filter check {{ require: {} }}\n", right.replace('\'', "\""));
            assert!(super::format(&text).is_ok(), "{right}");
        }
        // Paths through items, ids, words.
        let text =
            "transform t { extract: [new, default.price] }\nhttp h { GET default.url, dependencies: [new, case] }\n";
        assert!(super::format(text).is_ok());
    }
}
