//! The files as the renderer sees them: of a very long line only the part around what a message is about.

use std::ops::Range;

use codespan_reporting::files::{Error, Files, line_starts};

use crate::source::{Sources, Span};

/// Longer lines are cut.
const LINE_MAX: usize = 300;
/// What is shown of a cut line before the place a message is about.
const BEFORE: usize = 80;
/// And from there on.
const AFTER: usize = 160;

pub struct Excerpts<'a> {
    sources: &'a Sources,
    /// For each file, where its lines begin.
    lines: Vec<Vec<usize>>,
    /// The place the current message is about.
    focus: Span,
}

impl<'a> Excerpts<'a> {
    pub fn new(sources: &'a Sources) -> Excerpts<'a> {
        let lines = sources.iter().map(|file| line_starts(&file.text).collect()).collect();
        Excerpts { sources, lines, focus: Span::new(0, 0) }
    }

    /// Chooses what is shown of long lines from now on.
    pub fn focus(&mut self, span: Span) {
        self.focus = span;
    }

    /// What of a span can be marked: all of it, unless it reaches into a part of a line that is cut off.
    pub fn shown(&self, span: Span) -> Range<usize> {
        let file = usize::from(span.file.0);
        let Range { start, end } = span.range();
        let first = self.window(file, self.line_of(file, start));
        let last = self.window(file, self.line_of(file, end));
        let within = |window: &Range<usize>, at: usize| window.start <= at && at <= window.end;
        let start = start.clamp(first.start, first.end);
        if within(&last, end) { start..end } else { start..first.end.min(end).max(start) }
    }

    /// `workflow.json:3:7`
    pub fn place(&self, span: Span) -> String {
        let file = usize::from(span.file.0);
        let line = self.line_of(file, span.range().start);
        format!("{}:{}:{}", self.sources.get(span.file).name, line + 1, self.column(file, line, span.range().start))
    }

    fn text(&self, file: usize) -> &'a str {
        self.sources.iter().nth(file).map_or("", |file| &file.text)
    }

    fn line_of(&self, file: usize, at: usize) -> usize {
        self.lines[file].partition_point(|&start| start <= at) - 1
    }

    /// Characters from the start of the line, counted from 1.
    fn column(&self, file: usize, line: usize, at: usize) -> usize {
        self.text(file)[self.lines[file][line]..at].chars().count() + 1
    }

    /// The part of a line that is shown.
    fn window(&self, file: usize, line: usize) -> Range<usize> {
        let text = self.text(file);
        let start = self.lines[file][line];
        let end = self.lines[file].get(line + 1).copied().unwrap_or(text.len());
        if end - start <= LINE_MAX {
            return start..end;
        }
        let focus = self.focus.range().start;
        let anchor =
            if usize::from(self.focus.file.0) == file && (start..=end).contains(&focus) { focus } else { start };
        let boundary = |at: usize| (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        boundary(anchor.saturating_sub(BEFORE)).max(start)..boundary((anchor + AFTER).min(end))
    }
}

impl<'a> Files<'a> for Excerpts<'a> {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, file: usize) -> Result<&'a str, Error> {
        self.sources.iter().nth(file).map(|file| file.name.as_str()).ok_or(Error::FileMissing)
    }

    fn source(&'a self, file: usize) -> Result<&'a str, Error> {
        Ok(self.text(file))
    }

    fn line_index(&'a self, file: usize, at: usize) -> Result<usize, Error> {
        Ok(self.line_of(file, at))
    }

    fn column_number(&'a self, file: usize, line: usize, at: usize) -> Result<usize, Error> {
        Ok(self.column(file, line, at))
    }

    fn line_range(&'a self, file: usize, line: usize) -> Result<Range<usize>, Error> {
        match line < self.lines[file].len() {
            true => Ok(self.window(file, line)),
            false => Err(Error::LineTooLarge { given: line, max: self.lines[file].len() - 1 }),
        }
    }
}
