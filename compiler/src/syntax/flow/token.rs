//! Text → tokens, with the comments between them.

use pest::Parser;
use pest_derive::Parser;

use super::mistake::{self, Mistake};
use crate::source::{FileId, Span};

#[derive(Parser)]
#[grammar = "syntax/flow.pest"]
struct Grammar;

/// One word of the text.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    pub rule: Rule,
    pub text: &'a str,
    pub span: Span,
    /// Line breaks since the token or comment before it: 0, 1, or more.
    pub lines: u8,
    /// Characters in front of it on its line.
    pub column: u32,
    /// The comments before it: a range of [`Tokens::comments`].
    pub comments: (u32, u32),
}

/// A comment as it is written, with its slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub text: String,
    pub span: Span,
    pub lines: u8,
}

impl Comment {
    /// `///`: before an item it is its name and description.
    pub fn is_doc(&self) -> bool {
        self.text.starts_with("///") && !self.text.starts_with("////")
    }
}

/// All of a text. The last token is the end of it.
pub struct Tokens<'a> {
    pub tokens: Vec<Token<'a>>,
    pub comments: Vec<Comment>,
}

/// Reads every token. Fails only where the thread has no stack left.
pub fn tokens(text: &str, file: FileId) -> Result<Tokens<'_>, Mistake> {
    let pairs = Grammar::parse(Rule::tokens, text).map_err(|error| mistake::unreadable(file, &error.location))?;
    let mut read = Tokens { tokens: Vec::with_capacity(text.len() / 6), comments: Vec::new() };
    let (mut end, mut first_comment) = (0, 0);
    // Counted on from token to token: a line can be the whole text.
    let (mut column, mut counted) = (0, 0);
    for pair in pairs {
        let place = pair.as_span();
        let span = Span { file, start: place.start() as u32, end: place.end() as u32 };
        let mut lines = 0u8;
        let between = &text.as_bytes()[end..place.start()];
        for (at, byte) in between.iter().enumerate() {
            // `\r\n` is one line end, `\r` alone is one of old.
            if *byte == b'\n' || *byte == b'\r' && between.get(at + 1) != Some(&b'\n') {
                lines = lines.saturating_add(1);
                (column, counted) = (0, end + at + 1);
            }
        }
        end = place.end();
        if pair.as_rule() == Rule::comment {
            let text = pair.as_str().trim_end().to_owned();
            read.comments.push(Comment { text, span, lines });
            continue;
        }
        let comments = (first_comment, read.comments.len() as u32);
        first_comment = comments.1;
        column += text[counted..place.start()].chars().count() as u32;
        counted = place.start();
        read.tokens.push(Token { rule: pair.as_rule(), text: pair.as_str(), span, lines, column, comments });
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_ends_a_comment() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("// Orders{end}{end}manual start{end}");
            let Ok(read) = tokens(&text, FileId::WORKFLOW) else { panic!("{end:?}") };
            let [comment] = read.comments.as_slice() else { panic!("{end:?}: {:?}", read.comments) };
            let [manual, start, eoi] = read.tokens.as_slice() else { panic!("{end:?}: {:?}", read.tokens) };
            assert_eq!((comment.text.as_str(), manual.text, start.text), ("// Orders", "manual", "start"), "{end:?}");
            assert_eq!((manual.lines, manual.column, start.column, eoi.lines), (2, 0, 7, 1), "{end:?}");
        }
    }
}
