//! Tokens ↔ the text they were written as.
//!
//! Comes in: the tokens of a workflow. Goes out: their text, with comments and line breaks, and for every byte of it the
//! token that stands there.
//! Always true: what stable Rust tells is enough: the file a token stands in, its lines and columns. Lines of the text are
//! lines of the file, so a place in it reads as a place in the file.

use crate::report::Mistake;
use proc_macro2::{LineColumn, Span, TokenStream, TokenTree};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The text of a workflow between other Rust code.
pub struct Text {
    /// The file it stands in, as people know it.
    pub name: String,
    /// Where other files are looked for.
    pub folder: PathBuf,
    /// Lines before the workflow are empty, and what stands before it on its first line are spaces.
    pub text: String,
    /// Where each token stands in it, in its order.
    tokens: Vec<(Range<usize>, Span)>,
    /// Where braces, brackets and parentheses stand with all that is in them.
    groups: Vec<(Range<usize>, Span)>,
}

/// What rustc is told to point at.
#[derive(Clone, Copy)]
pub struct Place {
    pub first: Span,
    pub last: Span,
    /// What is meant is a part of one token, which cannot be pointed at alone: where in the text that token begins.
    pub inside: Option<usize>,
}

const UNREADABLE: &str = "`flow!` reads its text from the file that it stands in; a macro cannot write it";

impl Text {
    /// `None` where nothing is known about places, as in some editors.
    ///
    /// # Errors
    /// When the tokens are not the text of one file.
    pub fn of(tokens: &[TokenTree]) -> Result<Option<Text>, Mistake> {
        let (mut leaves, mut groups) = (Vec::new(), Vec::new());
        tokens.iter().for_each(|token| flatten(token, &mut leaves, &mut groups));
        let (Some(first), Some(last)) = (leaves.first(), leaves.last()) else { return Ok(None) };
        let Some(path) = first.local_file() else {
            return Ok(None);
        };
        let unreadable = |reason: &str| Mistake::at(*first, reason, UNREADABLE);
        let bytes =
            std::fs::read(&path).map_err(|error| unreadable(&format!("cannot read {}: {error}", path.display())))?;
        let file = as_rustc_reads(&String::from_utf8_lossy(&bytes));
        let lines = Lines::of(&file);
        let wrong = || unreadable("the text of this workflow is not in the file it seems to stand in");
        let (start, end) = lines
            .offset(first.start())
            .zip(lines.offset(last.end()))
            .filter(|(start, end)| start < end)
            .ok_or_else(wrong)?;
        let mut text = "\n".repeat(first.start().line.saturating_sub(1));
        text.push_str(&" ".repeat(first.start().column));
        let shift = text.len();
        text.push_str(&file[start..end]);
        let mut placed: Vec<(Range<usize>, Span)> = Vec::with_capacity(leaves.len());
        for leaf in &leaves {
            let (from, to) = lines.offset(leaf.start()).zip(lines.offset(leaf.end())).ok_or_else(wrong)?;
            let in_order = from >= start && to <= end && from <= to;
            if !in_order || leaf.source_text().is_some_and(|written| written != file[from..to]) {
                return Err(wrong());
            }
            placed.push((from - start + shift..to - start + shift, *leaf));
        }
        let groups = groups.into_iter().filter_map(|(open, close, span)| {
            let (open, close) = (placed.get(open)?, placed.get(close)?);
            Some((open.0.start..close.0.end, span))
        });
        let groups = groups.collect();
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Some(Text { name: path.display().to_string(), folder, text, tokens: placed, groups }))
    }

    /// The tokens that a part of the text covers; of an empty one the token before it, of a comment the one behind it.
    pub fn place(&self, part: Range<usize>) -> Option<Place> {
        if let Some((_, span)) = self.groups.iter().find(|(group, _)| *group == part) {
            return Some(Place { first: *span, last: *span, inside: None });
        }
        let from = self.tokens.partition_point(|(token, _)| token.end <= part.start);
        let to = self.tokens.partition_point(|(token, _)| token.start < part.end);
        let covered = match self.tokens.get(from..to.max(from)) {
            Some([]) | None => {
                let near = if part.is_empty() {
                    from.saturating_sub(1)
                } else {
                    from.min(self.tokens.len().saturating_sub(1))
                };
                self.tokens.get(near..=near)?
            }
            Some(covered) => covered,
        };
        let ((first, first_span), (last, last_span)) = (covered.first()?, covered.last()?);
        let inside = first.start < part.start && part.start < first.end || last.end > part.end && part.end > last.start;
        Some(Place { first: *first_span, last: *last_span, inside: inside.then_some(first.start) })
    }
}

/// Every token that is no group, and the signs around those that are; of groups, which two signs are theirs.
fn flatten(token: &TokenTree, leaves: &mut Vec<Span>, groups: &mut Vec<(usize, usize, Span)>) {
    match token {
        TokenTree::Group(group) => {
            let open = leaves.len();
            leaves.push(group.span_open());
            group.stream().into_iter().for_each(|token| flatten(&token, leaves, groups));
            groups.push((open, leaves.len(), group.span()));
            leaves.push(group.span_close());
        }
        // A comment in front of an item is three tokens, all of them where the comment stands.
        token => {
            if leaves.last().is_none_or(|last| last.start() != token.span().start()) {
                leaves.push(token.span());
            }
        }
    }
}

/// Without a byte order mark, and with line feeds only: so rustc counts.
fn as_rustc_reads(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Lines<'a> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Lines { text, starts: starts.collect() }
    }

    /// Lines count from 1, columns from 0 and in characters.
    fn offset(&self, at: LineColumn) -> Option<usize> {
        let start = *self.starts.get(at.line.checked_sub(1)?)?;
        let line = self.text[start..].split('\n').next()?;
        let mut columns = line.char_indices().map(|(offset, _)| offset).chain([line.len()]);
        columns.nth(at.column).map(|offset| start + offset)
    }
}

/// What rustc points at when nothing better is known: the whole call.
pub fn anywhere() -> Place {
    Place { first: Span::call_site(), last: Span::call_site(), inside: None }
}

/// The same tokens, said to stand at this place.
pub fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_characters() {
        let lines = Lines::of("a\né→x\n");
        let offset = |line, column| lines.offset(LineColumn { line, column });
        assert_eq!([offset(1, 0), offset(1, 1), offset(2, 0)], [Some(0), Some(1), Some(2)]);
        assert_eq!([offset(2, 1), offset(2, 2), offset(2, 3), offset(2, 4)], [Some(4), Some(7), Some(8), None]);
        assert_eq!(offset(9, 0), None);
        assert_eq!(as_rustc_reads("\u{feff}a\r\nb"), "a\nb");
    }

    /// Against tokens whose places are known.
    #[test]
    fn the_tokens_of_a_part() {
        let token = |range: Range<usize>| (range, Span::call_site());
        let text = Text {
            name: String::new(),
            folder: PathBuf::new(),
            text: String::new(),
            tokens: vec![token(4..8), token(9..20), token(21..22)],
            groups: vec![token(9..22)],
        };
        let inside = |part: Range<usize>| text.place(part).map(|place| place.inside);
        assert_eq!(inside(4..8), Some(None));
        assert_eq!(inside(4..20), Some(None));
        assert_eq!(inside(11..15), Some(Some(9)));
        assert_eq!(inside(8..8), Some(None));
        assert_eq!(inside(9..22), Some(None));
        assert_eq!(inside(22..22), Some(None));
        assert_eq!(inside(0..0), Some(None));
        // Comments are no tokens: the one behind is meant, or the last.
        assert_eq!([inside(0..3), inside(30..35)], [Some(None), Some(None)]);
        let empty = Text { tokens: Vec::new(), groups: Vec::new(), ..text };
        assert!(empty.place(0..0).is_none() && empty.place(0..1).is_none());
    }
}
