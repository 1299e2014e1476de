//! Tokens → [`File`]: what belongs where.
//!
//! Always true: any text is read; a mistake ends its item, and reading goes on at the next one. Nesting is limited, so no
//! text can exhaust the stack.

mod graph;
mod item;
mod ty;
mod value;

use super::mistake::{self, Mistake};
use super::rust::{self, Refused};
use super::token::{self, Comment, Rule, Token};
use super::tree::{Around, Bare, File, Lost, Word};
use super::words;
use crate::diagnostic::Diagnostics;
use crate::source::{FileId, Span};
use crate::syntax::ast::Text;

/// How many braces, brackets and chains may stand inside one another.
const DEPTH_MAX: usize = 136;

/// Reads a text. What is wrong goes to `diagnostics`; the items without a mistake are there.
pub fn read(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> File {
    with_expressions(text, file, diagnostics).0
}

/// As [`read`], and every expression outside quotes that is more than a path: what each means is still to be read.
pub fn with_expressions(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> (File, Vec<Text>) {
    let read = match token::tokens(text, file) {
        Ok(read) => read,
        Err(mistake) => {
            diagnostics.push(*mistake);
            return Default::default();
        }
    };
    let comments = read.comments;
    let names = read.tokens.iter().filter_map(|name| Some((name, refused_by_rust(text, name)?)));
    names.for_each(|(name, refused)| diagnostics.push(mistake::refused_by_rust(name, &refused)));
    let glued = read.tokens.windows(2).filter(|pair| is_glued(&pair[0], &pair[1]));
    glued.for_each(|pair| diagnostics.push(mistake::glued(&pair[0], &pair[1])));
    let mut reader = Reader::new(text, &read.tokens, &comments);
    (reader.file(diagnostics), reader.expressions)
}

/// An expression outside quotes; `None` where the text cannot stand there as one, or is no text of Rust's.
pub fn bare(text: &str) -> Option<Bare> {
    let read = token::tokens(text, FileId::WORKFLOW).ok()?;
    if text.is_empty() || !is_rust(text, &read.tokens) {
        return None;
    }
    let comments = read.comments;
    let mut reader = Reader::new(text, &read.tokens, &comments);
    let bare = reader.bare().ok()?;
    (reader.is(Rule::EOI) && comments.is_empty()).then_some(bare)
}

/// Whether a text is one name, here and for Rust.
pub fn is_name(text: &str) -> bool {
    match token::tokens(text, FileId::WORKFLOW) {
        Ok(read) => {
            matches!(read.tokens.as_slice(), [only, end] if only.rule == Rule::name && only.text == text && end.rule == Rule::EOI)
                && read.comments.is_empty()
                && is_rust(text, &read.tokens)
        }
        Err(_) => false,
    }
}

/// Whether the text can stand inside `flow! { … }`.
fn is_rust(text: &str, tokens: &[Token]) -> bool {
    let is_right = |token: &Token| token.rule != Rule::bad_number && refused_by_rust(text, token).is_none();
    tokens.iter().all(is_right) && text.parse::<proc_macro2::TokenStream>().is_ok()
}

/// A word right before a text, which Rust takes for a kind of text: `b"…"`, or one there is not.
fn is_glued(name: &Token, text: &Token) -> bool {
    name.rule == Rule::name && text.rule == Rule::string && name.span.end == text.span.start
}

/// What rustc takes for a number in a name, and does not accept.
fn refused_by_rust(text: &str, token: &Token) -> Option<Refused> {
    (token.rule == Rule::name).then(|| rust::refused(&text[token.span.start as usize..], token.text.len())).flatten()
}

struct Reader<'a> {
    source: &'a str,
    /// Ends with the end of the text.
    tokens: &'a [Token<'a>],
    comments: &'a [Comment],
    at: usize,
    /// Comments that stand in the tree already.
    seen: u32,
    depth: usize,
    /// A brace that was probably not closed where it should have been, and what stands there: said where the item turns out
    /// to be wrong.
    doubtful: Option<(Token<'a>, Token<'a>)>,
    /// Those outside quotes, but for paths.
    expressions: Vec<Text>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a str, tokens: &'a [Token<'a>], comments: &'a [Comment]) -> Reader<'a> {
        Reader { source, tokens, comments, at: 0, seen: 0, depth: 0, doubtful: None, expressions: Vec::new() }
    }

    fn file(&mut self, diagnostics: &mut Diagnostics) -> File {
        let mut file = File::default();
        while self.peek().rule != Rule::EOI {
            let start = self.at;
            self.depth = 0;
            self.doubtful = None;
            match self.item() {
                Ok(item) => file.items.push(item),
                Err(mistake) => {
                    diagnostics.push(match self.doubtful {
                        Some((open, token)) => *mistake::unclosed(open, token),
                        None => *mistake,
                    });
                    self.skip_to_next_item(start);
                    file.lost.extend(self.lost(start));
                }
            }
        }
        file.end = self.comments_here();
        file
    }

    /// The first token of a line that is not further in than the item that began at `start`.
    fn skip_to_next_item(&mut self, start: usize) {
        let column = self.tokens[start].column;
        self.at = self.at.max(start + 1).min(self.tokens.len() - 1);
        // The mistake may have been found at the start of the next item.
        if self.at > start + 1 && self.begins_item(self.at, column) {
            return;
        }
        if self.tokens[self.at].rule != Rule::EOI && !self.begins_item(self.at, column) {
            self.at += 1;
        }
        while self.tokens[self.at].rule != Rule::EOI && !self.begins_item(self.at, column) {
            self.at += 1;
        }
        self.seen = self.seen.max(self.tokens[self.at].comments.0);
    }

    /// What was skipped: the item that began at `start`, and what seems to be another in it.
    fn lost(&self, start: usize) -> Vec<Lost> {
        let is_name = |token: &Token| matches!(token.rule, Rule::name | Rule::string);
        let is_kind = |token: &Token| words::KEYWORDS.contains(&token.text) || words::kind(token.text).is_some();
        let named = |token: &Token| match token.rule {
            Rule::string => super::text::decode(token).ok().map(|decoded| Word {
                text: decoded.text.value,
                span: token.span,
                quoted: true,
            }),
            _ => Some(word(*token)),
        };
        let skipped = &self.tokens[start..self.at];
        let same_line = |at: usize| skipped.get(at).filter(|token| token.lines == 0);
        let mut found = Vec::new();
        for (at, token) in skipped.iter().enumerate() {
            // `http: charge { … }`
            let behind = if same_line(at + 1).is_some_and(|next| next.rule == Rule::colon) { at + 2 } else { at + 1 };
            let next = same_line(behind).filter(|next| is_name(next));
            let name = match (at, is_kind(token), next) {
                // In braces the keys of an object are called so too.
                (1.., true, Some(_)) if behind > at + 1 => continue,
                (_, true, Some(next)) => named(next),
                // `http ;charge { … }`, but not `manual (Order)`.
                (0, true, None) => {
                    let ends = [Rule::open_brace, Rule::open_paren, Rule::connects, Rule::assign];
                    let header = skipped[1..].iter().take_while(|next| next.lines == 0 && !ends.contains(&next.rule));
                    header.into_iter().find(|next| is_name(next)).and_then(named)
                }
                (1.., true, None) if same_line(at + 1).is_some_and(|next| next.rule == Rule::open_brace) => None,
                (0, false, Some(next)) => named(next),
                (0, false, None) if is_name(token) => named(token),
                _ => continue,
            };
            // A word that no name follows may be the name itself.
            let meant = match next.filter(|_| !is_kind(token)) {
                Some(_) => words::near_keyword(token.text).or_else(|| words::meant_keyword(token.text)),
                None => None,
            };
            let keyword = meant.unwrap_or(token.text);
            found.push(Lost { keyword: keyword.to_owned(), name });
        }
        found
    }

    fn begins_item(&self, at: usize, column: u32) -> bool {
        let token = self.tokens[at];
        let next = self.tokens[(at + 1).min(self.tokens.len() - 1)];
        // A key of an item that could not be read.
        let is_entry = next.rule == Rule::colon && !self.is_keyword_with_colon(at);
        self.first_on_line(at) && token.column <= column && token.rule == Rule::name && !is_entry
    }

    // ---- Tokens

    fn peek(&self) -> Token<'a> {
        self.tokens[self.at]
    }

    fn peek_after(&self, count: usize) -> Token<'a> {
        self.tokens[(self.at + count).min(self.tokens.len() - 1)]
    }

    /// The token before, or the first.
    fn last(&self) -> Token<'a> {
        self.tokens[self.at.saturating_sub(1)]
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.tokens[self.at];
        if token.rule != Rule::EOI {
            self.at += 1;
        }
        token
    }

    fn is(&self, rule: Rule) -> bool {
        self.peek().rule == rule
    }

    fn take(&mut self, rule: Rule) -> Option<Token<'a>> {
        self.is(rule).then(|| self.next())
    }

    fn is_word(&self, word: &str) -> bool {
        self.is(Rule::name) && self.peek().text == word
    }

    fn take_word(&mut self, word: &str) -> Option<Token<'a>> {
        self.is_word(word).then(|| self.next())
    }

    /// Whether nothing but comments stands before it on its line.
    fn first_on_line(&self, at: usize) -> bool {
        let token = self.tokens[at];
        at == 0 || token.lines > 0 || token.comments.0 != token.comments.1
    }

    /// The token, or what is wrong: `what` says what is expected, and `why`.
    fn expect(&mut self, rule: Rule, what: &str, why: &str) -> Result<Token<'a>, Mistake> {
        match self.take(rule) {
            Some(token) => Ok(token),
            None => Err(self.expected(what, why)),
        }
    }

    fn expected(&self, what: &str, why: &str) -> Mistake {
        mistake::expected(what, why, self.peek(), (self.at > 0).then(|| self.last()))
    }

    fn nest(&mut self) -> Result<(), Mistake> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(mistake::too_deep(self.peek().span, DEPTH_MAX));
        }
        Ok(())
    }

    // ---- Words

    /// An id of a node: a name, or text in quotes.
    fn id(&mut self, what: &str, why: &str) -> Result<Word, Mistake> {
        match self.peek().rule {
            Rule::name => Ok(word(self.next())),
            Rule::string => {
                let token = self.next();
                let decoded = super::text::decode(&token)?;
                Ok(Word { text: decoded.text.value, span: token.span, quoted: true })
            }
            _ => Err(self.expected(what, why)),
        }
    }

    fn name(&mut self, what: &str, why: &str) -> Result<Word, Mistake> {
        self.expect(Rule::name, what, why).map(word)
    }

    // ---- Comments

    /// Comments before the next token that have no place yet.
    fn comments_here(&mut self) -> Vec<Comment> {
        let end = self.peek().comments.1;
        let start = self.seen.min(end);
        self.seen = self.seen.max(end);
        self.comments[start as usize..end as usize].to_vec()
    }

    /// What stands before something that has lines of its own.
    fn around(&mut self) -> Around {
        let token = self.peek();
        let before = self.comments_here();
        let blank = before.first().map_or(token.lines, |first| first.lines) > 1;
        let gap = !before.is_empty() && token.lines > 1;
        Around { blank, before, gap, after: None }
    }

    /// What stands behind it: a comment on the same line. Comments that stood inside go before it.
    fn finish_around(&mut self, around: &mut Around) {
        let (start, end) = self.peek().comments;
        around.before.extend_from_slice(&self.comments[self.seen.min(start) as usize..start as usize]);
        self.seen = self.seen.max(start);
        let behind = self.comments.get(self.seen as usize).filter(|comment| comment.lines == 0 && self.seen < end);
        if let Some(behind) = behind {
            around.after = Some(behind.clone());
            self.seen += 1;
        }
    }
}

fn word(token: Token) -> Word {
    Word { text: token.text.to_owned(), span: token.span, quoted: false }
}

/// The text of a name as the AST wants it.
pub fn text_of(word: &Word) -> Text {
    let start = word.span.start + u32::from(word.quoted);
    Text::verbatim(word.text.clone(), word.span, start)
}

/// From a first token's span to the token before now.
fn through(start: Span, last: Token) -> Span {
    start.to(last.span)
}
