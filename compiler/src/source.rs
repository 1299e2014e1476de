//! Source text and places in it.
//!
//! Always true: spans are byte offsets into one file's text. Lines and columns exist only in rendering.

use std::collections::HashMap;
use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// Which file a span belongs to. The workflow itself is [`FileId::WORKFLOW`]; mail templates and schemas follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

impl FileId {
    pub const WORKFLOW: FileId = FileId(0);
}

/// A byte range in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Span {
        Span { file: FileId::WORKFLOW, start: start as u32, end: end as u32 }
    }

    /// From the start of this one to the end of the other.
    pub fn to(self, end: Span) -> Span {
        Span { end: end.end, ..self }
    }

    /// Whether the other lies within it.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The empty span at the start of this one.
    pub fn before(self) -> Span {
        Span { end: self.start, ..self }
    }

    /// The empty span at the end of this one.
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

/// One file: its name as the user gave it, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub name: String,
    pub text: String,
}

/// How a workflow is written. Both mean the same; people are answered in the one they wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    Json,
    Flow,
}

impl SourceFile {
    /// By the name; of a text without a telling one, by whether JSON could begin so.
    pub fn dialect(&self) -> Dialect {
        let extension = self.name.rsplit_once('.').map(|(_, extension)| extension);
        match extension {
            // Inside Rust a workflow is written as in a .flow text.
            Some("flow" | "rs") => Dialect::Flow,
            Some("json") => Dialect::Json,
            _ if begins_json(&self.text) => Dialect::Json,
            _ => Dialect::Flow,
        }
    }

    /// Takes the bytes of a file. What is not UTF-8 is reported, and stands as U+FFFD in the text from then on.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>, diagnostics: &mut Diagnostics) -> SourceFile {
        let name = name.into();
        match String::from_utf8(bytes) {
            Ok(text) => SourceFile { name, text },
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                diagnostics.push(invalid_utf8(at, error.as_bytes()));
                SourceFile { name, text: String::from_utf8_lossy(error.as_bytes()).into_owned() }
            }
        }
    }
}

/// Whether a text begins as a document of JSON does, right or wrong. No item of a .flow text begins so.
fn begins_json(text: &str) -> bool {
    let start = text.trim_start_matches(['\u{FEFF}', ' ', '\n', '\r', '\t']);
    let word = start.split(|char: char| !char.is_alphanumeric()).next();
    start.starts_with(['{', '[', '"', '-']) || start.starts_with(|first: char| first.is_ascii_digit())
        // Nothing at all is neither, and the document says so.
        || start.is_empty()
        || matches!(word, Some("true" | "false" | "null"))
}

/// Everything before the first wrong byte is unchanged in the lossy text, so its offset is right there too.
fn invalid_utf8(at: usize, bytes: &[u8]) -> Diagnostic {
    let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
    let diagnostic = Diagnostic::new(Code::InvalidUtf8, span, "the file is not UTF-8 text")
        .label(format!("the byte 0x{:02X} at offset {at} belongs to no UTF-8 character", bytes[at]));
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => diagnostic.help("the file looks like UTF-16: save it as UTF-8"),
        _ => diagnostic.help("save the file as UTF-8"),
    }
}

/// Every file of one compilation, by [`FileId`].
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    /// Those beside the workflow.
    by_name: HashMap<String, FileId>,
}

impl Sources {
    pub fn new(workflow: SourceFile) -> Sources {
        Sources { files: vec![workflow], by_name: HashMap::new() }
    }

    /// A file beside the workflow; many nodes may name the same one.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        if let Some(id) = self.by_name.get(&file.name) {
            return *id;
        }
        let id = FileId(self.files.len() as u32);
        self.by_name.insert(file.name.clone(), id);
        self.files.push(file);
        id
    }

    pub fn get(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn workflow(&self) -> &SourceFile {
        &self.files[0]
    }

    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        &self.get(span.file).text[span.range()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_name_is_json_where_json_could_begin_so() {
        let dialect = |text: &str| SourceFile { name: "<stdin>".to_owned(), text: text.to_owned() }.dialect();
        for json in ["{ \"nodes\": [] }", "\n\t[1]", "\"a\"", "12", "-1", "null", "true,", "\u{FEFF}{", "", " \n"] {
            assert_eq!(dialect(json), Dialect::Json, "{json:?}");
        }
        for flow in [
            "manual start",
            "manual\tstart",
            "workflow\n{ }",
            "// Orders",
            "worklfow orders { }",
            "# Orders",
            "nullable x",
            "/* Orders */",
            "→",
        ] {
            assert_eq!(dialect(flow), Dialect::Flow, "{flow:?}");
        }
    }
}
