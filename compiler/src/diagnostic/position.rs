//! Byte offsets → lines and columns: whatever form a finding is shown in, its places are counted here.
//!
//! Always true: lines and columns count from 1; a column takes the time of one block, however long its line is.

use std::cell::OnceCell;
use std::ops::Range;

use crate::source::{FileId, Sources, Span};

/// Bytes between two counts that are kept.
const BLOCK: usize = 4096;

/// A place for people and for tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    /// In Unicode characters.
    pub column: usize,
    /// In UTF-16 code units.
    pub column_utf16: usize,
}

/// Every file's lines.
pub struct Positions<'a> {
    files: Vec<File<'a>>,
}

struct File<'a> {
    name: &'a str,
    text: &'a str,
    /// Where the lines begin.
    lines: Vec<usize>,
    /// What comes before each block; counted once a long line asks.
    blocks: OnceCell<Vec<Count>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    characters: usize,
    utf16: usize,
}

impl<'a> Positions<'a> {
    pub fn new(sources: &'a Sources) -> Positions<'a> {
        let files = sources.iter().map(|file| File::new(&file.name, &file.text));
        Positions { files: files.collect() }
    }

    pub fn name(&self, file: FileId) -> &'a str {
        self.file(file).name
    }

    pub fn text(&self, file: FileId) -> &'a str {
        self.file(file).text
    }

    /// Where a span begins.
    pub fn start(&self, span: Span) -> Position {
        self.position(span.file, span.range().start)
    }

    /// Where a span ends: the first place that no longer belongs to it.
    pub fn end(&self, span: Span) -> Position {
        self.position(span.file, span.range().end)
    }

    pub fn position(&self, file: FileId, at: usize) -> Position {
        let file = self.file(file);
        let line = file.line_of(at);
        let before = file.between(file.lines[line], at);
        Position { line: line + 1, column: before.characters + 1, column_utf16: before.utf16 + 1 }
    }

    /// `workflow.json:3:7`
    pub fn place(&self, span: Span) -> String {
        let Position { line, column, .. } = self.start(span);
        format!("{}:{line}:{column}", self.name(span.file))
    }

    /// Which line a byte is in, counted from 0.
    pub(super) fn line_of(&self, file: FileId, at: usize) -> usize {
        self.file(file).line_of(at)
    }

    /// The bytes of a line, counted from 0, with its line break.
    pub(super) fn line(&self, file: FileId, line: usize) -> Option<Range<usize>> {
        let file = self.file(file);
        let start = *file.lines.get(line)?;
        Some(start..file.lines.get(line + 1).copied().unwrap_or(file.text.len()))
    }

    fn file(&self, file: FileId) -> &File<'a> {
        &self.files[file.0 as usize]
    }
}

impl<'a> File<'a> {
    fn new(name: &'a str, text: &'a str) -> File<'a> {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        File { name, text, lines: lines.collect(), blocks: OnceCell::new() }
    }

    fn blocks(&self) -> &[Count] {
        self.blocks.get_or_init(|| {
            let mut before = Count::default();
            let blocks = self.text.as_bytes().chunks(BLOCK).map(|block| {
                let count = before;
                before = before.and(block);
                count
            });
            blocks.collect()
        })
    }

    fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|&start| start <= at) - 1
    }

    /// Only what is in a long line is counted by blocks.
    fn between(&self, start: usize, end: usize) -> Count {
        if end - start <= BLOCK {
            return Count::default().and(&self.text.as_bytes()[start..end]);
        }
        let (from, to) = (self.count(start), self.count(end));
        Count { characters: to.characters - from.characters, utf16: to.utf16 - from.utf16 }
    }

    /// Everything before a byte.
    fn count(&self, at: usize) -> Count {
        let blocks = self.blocks();
        let Some(last) = blocks.len().checked_sub(1) else { return Count::default() };
        let block = (at / BLOCK).min(last);
        blocks[block].and(&self.text.as_bytes()[block * BLOCK..at])
    }
}

impl Count {
    /// A block may cut a character in two: each is counted where it begins.
    fn and(self, bytes: &[u8]) -> Count {
        let starts = bytes.iter().filter(|&&byte| byte & 0b1100_0000 != 0b1000_0000).count();
        let pairs = bytes.iter().filter(|&&byte| byte >= 0b1111_0000).count();
        Count { characters: self.characters + starts, utf16: self.utf16 + starts + pairs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn sources(text: &str) -> Sources {
        Sources::new(SourceFile { name: "w.json".into(), text: text.into() })
    }

    #[test]
    fn columns_count_characters_and_code_units() {
        let sources = sources("one\ntw\u{e9} \u{1f600}x\n");
        let positions = Positions::new(&sources);
        let start = positions.start(Span::new(13, 14));
        assert_eq!(start, Position { line: 2, column: 6, column_utf16: 7 });
        assert_eq!(positions.end(Span::new(13, 14)), Position { line: 2, column: 7, column_utf16: 8 });
        assert_eq!(positions.place(Span::new(0, 3)), "w.json:1:1");
        assert_eq!(positions.end(Span::new(0, 15)), Position { line: 3, column: 1, column_utf16: 1 });
    }

    #[test]
    fn nothing_has_one_place() {
        let sources = sources("");
        let start = Positions::new(&sources).start(Span::new(0, 0));
        assert_eq!(start, Position { line: 1, column: 1, column_utf16: 1 });
    }

    /// Against counting from the start, over blocks that cut characters.
    #[test]
    fn long_lines_are_counted_like_short_ones() {
        let text = format!("x\n{}", "a\u{e9}\u{20ac}\u{1f600}".repeat(3_000));
        let sources = sources(&text);
        let positions = Positions::new(&sources);
        for (at, _) in text.char_indices().skip(2).step_by(997) {
            let before = &text[2..at];
            let expected = Position {
                line: 2,
                column: before.chars().count() + 1,
                column_utf16: before.encode_utf16().count() + 1,
            };
            assert_eq!(positions.position(FileId::WORKFLOW, at), expected);
        }
    }
}
