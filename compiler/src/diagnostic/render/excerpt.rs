//! The files as the renderer sees them: of a very long line only the part around what a message is about.

use std::borrow::Cow;
use std::ops::Range;

use codespan_reporting::files::{Error, Files};

use crate::diagnostic::position::Positions;
use crate::diagnostic::{shown_in_place, visible};
use crate::source::{FileId, Sources, Span};

/// Longer lines are cut, where nothing is known about the terminal.
const LINE_MAX: usize = 300;
/// What is shown of a cut line where nothing is known about the terminal.
const SHOWN: usize = 240;
/// Line number, borders, and some room for the first words of a label.
const MARGIN: usize = 24;
/// Less than that is not worth showing, however narrow the terminal.
const SHOWN_MIN: usize = 48;

pub struct Excerpts<'a> {
    positions: Positions<'a>,
    /// Longer lines are cut.
    longest: usize,
    /// What is shown of a cut line.
    shown: usize,
    /// The place the current message is about.
    focus: Span,
    /// Of each file: as a terminal may get it.
    texts: Vec<Cow<'a, str>>,
}

impl<'a> Excerpts<'a> {
    /// `width` is that of the terminal.
    pub fn new(sources: &'a Sources, width: Option<usize>) -> Excerpts<'a> {
        let room = width.map(|width| width.saturating_sub(MARGIN).clamp(SHOWN_MIN, SHOWN));
        let (longest, shown) = room.map_or((LINE_MAX, SHOWN), |room| (room + MARGIN / 2, room));
        let texts = sources.iter().map(|file| shown_in_place(&file.text)).collect();
        Excerpts { positions: Positions::new(sources), longest, shown, focus: Span::new(0, 0), texts }
    }

    /// Chooses what is shown of long lines from now on.
    pub fn focus(&mut self, span: Span) {
        self.focus = span;
    }

    /// What of a span can be marked: all of it, unless it reaches into a part of a line that is cut off.
    pub fn shown(&self, span: Span) -> Range<usize> {
        let Range { start, end } = span.range();
        let first = self.window(span.file, self.positions.line_of(span.file, start));
        let last = self.window(span.file, self.positions.line_of(span.file, end));
        let within = |window: &Range<usize>, at: usize| window.start <= at && at <= window.end;
        let start = start.clamp(first.start, first.end);
        if within(&last, end) { start..end } else { start..first.end.min(end).max(start) }
    }

    /// `workflow.json:3:7`
    pub fn place(&self, span: Span) -> String {
        self.positions.place(span)
    }

    /// The part of a line that is shown.
    fn window(&self, file: FileId, line: usize) -> Range<usize> {
        let text = self.positions.text(file);
        let Range { start, end } = self.positions.line(file, line).unwrap_or_default();
        if end - start <= self.longest {
            return start..end;
        }
        let focus = self.focus.range().start;
        let anchor = if self.focus.file == file && (start..=end).contains(&focus) { focus } else { start };
        let boundary = |at: usize| (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let before = self.shown / 3;
        boundary(anchor.saturating_sub(before)).max(start)..boundary((anchor + self.shown - before).min(end))
    }
}

/// As the rendering crate counts files.
fn id(file: usize) -> FileId {
    FileId(file as u32)
}

impl<'a> Files<'a> for Excerpts<'a> {
    type FileId = usize;
    type Name = Cow<'a, str>;
    type Source = &'a str;

    fn name(&'a self, file: usize) -> Result<Cow<'a, str>, Error> {
        Ok(visible(self.positions.name(id(file))))
    }

    fn source(&'a self, file: usize) -> Result<&'a str, Error> {
        self.texts.get(file).map(Cow::as_ref).ok_or(Error::FileMissing)
    }

    fn line_index(&'a self, file: usize, at: usize) -> Result<usize, Error> {
        Ok(self.positions.line_of(id(file), at))
    }

    fn column_number(&'a self, file: usize, _line: usize, at: usize) -> Result<usize, Error> {
        Ok(self.positions.position(id(file), at).column)
    }

    fn line_range(&'a self, file: usize, line: usize) -> Result<Range<usize>, Error> {
        match self.positions.line(id(file), line) {
            Some(_) => Ok(self.window(id(file), line)),
            None => Err(Error::LineTooLarge { given: line, max: line.saturating_sub(1) }),
        }
    }
}
