//! What is wrong with a .flow text, in words: here what can be wrong anywhere, beside it what belongs to one part of a text, as
//! `read` is divided.

mod block;
mod graph;
mod item;
mod name;
mod request;
mod ty;

pub use block::*;
pub use graph::*;
pub use item::*;
pub use name::*;
pub use request::*;
pub use ty::*;

use super::rust::Refused;
use super::token::{Rule, Token};
use super::tree::{Bare, Key, Node, Word};
use super::words;
use crate::catalog;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::source::{Dialect, FileId, Span};
use crate::syntax::ast::Text;
use crate::syntax::template::{foreign_operator, instead_of_bitwise};
use pest::error::InputLocation;

/// Boxed: a finding is large and rare.
pub type Mistake = Box<Diagnostic>;

fn mistake(span: Span, headline: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::FlowSyntax, span, headline)
}

/// The grammar matches every text and does not nest; only a thread almost out of stack gets here.
pub fn unreadable(file: FileId, location: &InputLocation) -> Mistake {
    let at = match location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => *at as u32,
    };
    Box::new(mistake(Span { file, start: at, end: at }, "the text cannot be read from here on"))
}

pub fn too_deep(span: Span, most: usize) -> Mistake {
    let headline = format!("more than {most} braces, brackets and types inside one another");
    Box::new(Diagnostic::new(Code::TooDeep, span, headline).label("one too many"))
}

/// The sign that closes an opening one.
pub fn closing(open: Rule) -> Option<Rule> {
    match open {
        Rule::open_brace => Some(Rule::close_brace),
        Rule::open_bracket => Some(Rule::close_bracket),
        Rule::open_paren => Some(Rule::close_paren),
        _ => None,
    }
}

/// A token in the author's words: `` `,` ``, `the end of the file`.
fn name(token: Token) -> String {
    match token.rule {
        Rule::EOI => "the end of the file".to_owned(),
        Rule::string | Rule::unclosed_string if token.text.len() > 24 => "this text".to_owned(),
        _ => format!("`{}`", token.text),
    }
}

/// What stands where something else should; where nothing does, behind what came before.
fn place(token: Token, last: Option<Token>) -> Span {
    match (token.rule, last) {
        (Rule::EOI, Some(last)) => last.span.after(),
        _ if token.lines > 0 => last.map_or(token.span, |last| last.span.after()),
        _ => token.span,
    }
}

pub fn expected(what: &str, why: &str, token: Token, last: Option<Token>) -> Mistake {
    if let Some(found) = own_words(token) {
        return found;
    }
    let headline = match last.filter(|last| last.rule != Rule::EOI) {
        Some(last) => format!("expected {what} after {}, not {}", name(last), found(token)),
        None => format!("expected {what}, not {}", found(token)),
    };
    Box::new(mistake(place(token, last), headline).label(format!("expected {what}")).help(why))
}

fn found(token: Token) -> String {
    match token.rule {
        _ if token.lines > 0 && token.rule != Rule::EOI => "the end of the line".to_owned(),
        _ => name(token),
    }
}

/// `20 seconds`: the unit of the number before it.
fn unit_apart(last: Token, token: Token) -> Option<Mistake> {
    let is_number = matches!(last.rule, Rule::number | Rule::duration);
    let written = format!("{} {}", last.text, token.text);
    let duration = words::duration(&written).filter(|_| is_number && token.lines == 0)?;
    let span = last.span.to(token.span);
    Some(Box::new(
        mistake(span, format!("`{written}` is no duration"))
            .label("cannot be read")
            .help(format!("write `{duration}`")),
    ))
}

/// Tokens that are wrong wherever they stand.
fn own_words(token: Token) -> Option<Mistake> {
    let diagnostic = match token.rule {
        Rule::unclosed_string => mistake(token.span, "this text has no closing quote")
            .label("ends with its line")
            .help("close it with `\"`; a line break in it is written `\\n`, and texts that follow one another are one"),
        Rule::single_quoted => {
            let inside = token.text.trim_matches('\'');
            mistake(token.span, "text outside of `${…}` stands in double quotes")
                .label("single quotes")
                .help(format!("write \"{}\"", inside.escape_default()))
        }
        Rule::backquoted => mistake(token.span, "text stands in double quotes")
            .label("backquotes")
            .help("every text in double quotes may hold `${…}`: \"Order ${order_id}\""),
        Rule::block_comment => mistake(Span { end: token.span.start + 2, ..token.span }, "`/*` begins no comment")
            .label("not a comment")
            .help("a comment begins with `//` and ends with its line"),
        Rule::hash_comment => mistake(Span { end: token.span.start + 1, ..token.span }, "`#` begins no comment")
            .label("not a comment")
            .help("a comment begins with `//` and ends with its line"),
        Rule::semicolon => mistake(token.span, "a `;` ends nothing here")
            .label("remove it")
            .help("entries end with their line, or with `,`"),
        Rule::bad_number => {
            let found =
                |what: &str| mistake(token.span, format!("`{}` is no {what}", token.text)).label("cannot be read");
            match words::duration(token.text) {
                Some(duration) => found("duration").help(format!("write `{duration}`")),
                None => found("number")
                    .help("a number is written `12` or `1.5`; with a unit of time `500ms`, `30s`, `10m`, `2h` or `1d`"),
            }
        }
        Rule::unknown => {
            let character = token.text.chars().next().unwrap_or_default();
            let diagnostic = mistake(token.span, format!("`{}` means nothing here", token.text.escape_debug()))
                .label("unknown character");
            match character {
                '“' | '”' | '„' | '«' | '»' => diagnostic.help("text stands in straight quotes: `\"`"),
                '→' => diagnostic.help("an edge is written `->`"),
                '⇒' => diagnostic.help("an edge is written `=>`"),
                '–' | '—' | '−' => diagnostic.help("write `-`"),
                '≥' => diagnostic.help("write `>=`"),
                '≤' => diagnostic.help("write `<=`"),
                '≠' => diagnostic.help("write `!=`"),
                '：' => diagnostic.help("write `:`"),
                '$' => diagnostic.help(
                    "outside of quotes an expression stands as it is, `order_id`; inside of text it is `\"Order ${order_id}\"`",
                ),
                '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => diagnostic.help("remove it: it takes no room"),
                space if space.is_whitespace() => diagnostic.help("write a plain space"),
                _ => match instead_of_bitwise(token.text) {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                },
            }
        }
        _ => return None,
    };
    Some(Box::new(diagnostic))
}

pub fn wrong_token(token: Token) -> Mistake {
    own_words(token).unwrap_or_else(|| {
        let diagnostic = mistake(token.span, "a value is not assigned with `=`").label("not an operator");
        Box::new(diagnostic.help("to compare write `==`; a key is followed by `:`"))
    })
}

/// `step-1e`: the same text can stand in Rust code, where this is no token.
pub fn refused_by_rust(name: &Token, refused: &Refused) -> Diagnostic {
    let number = &name.text[refused.place.clone()];
    mistake(name.span, format!("`{}` cannot stand without quotes", name.text))
        .label(format!("`{number}` would be a number in Rust, and {}", refused.why))
        .help(format!(
            "write \"{0}\", in an expression `previous_outputs[\"{0}\"]` or `input_data[\"{0}\"]`",
            name.text
        ))
}

/// `GET"…"`
pub fn glued(name: &Token, text: &Token) -> Diagnostic {
    let end = Span { end: text.span.start + 1, ..text.span };
    mistake(end, format!("there is no space between `{}` and the text", name.text))
        .label("begins right behind it")
        .help(format!("write `{} \"…\"`", name.text))
}

pub fn bad_escape(text: &str, span: Span) -> Mistake {
    let written: String = text.chars().take(2).collect();
    let diagnostic = mistake(span, format!("there is no escape `{written}` in text")).label("unknown escape");
    Box::new(match text.as_bytes().get(1) {
        Some(b'u') => diagnostic.help("a character is written by its number as `\\u{e9}`, in braces"),
        Some(b'x') => diagnostic.help("`\\x` takes two digits, up to `\\x7f`; beyond that write `\\u{…}`"),
        Some(b'$') => diagnostic.help("the text `${` is written `$${`"),
        Some(b'/') => diagnostic.help("write `/`"),
        _ => diagnostic.help(
            "there are `\\n`, `\\t`, `\\r`, `\\0`, `\\\\`, `\\\"`, `\\'`, `\\x7f` and `\\u{…}`; a backslash is `\\\\`",
        ),
    })
}
