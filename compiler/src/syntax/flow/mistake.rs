//! What is wrong with a .flow text, in words.

use pest::error::InputLocation;

use super::rust::Refused;
use super::token::{Rule, Token};
use super::tree::{Bare, Node};
use super::words;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::source::{FileId, Span};
use crate::syntax::ast::Text;
use crate::syntax::template::foreign_operator;

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
                _ => diagnostic,
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

// ---- Items

pub fn not_an_item(token: Token) -> Mistake {
    if let Some(found) = own_words(token) {
        return found;
    }
    if matches!(token.rule, Rule::close_brace | Rule::close_bracket | Rule::close_paren) {
        return Box::new(mistake(token.span, format!("`{}` closes nothing", token.text)).label("nothing is open here"));
    }
    let diagnostic = mistake(token.span, format!("expected an item, not {}", name(token))).label("no item begins so");
    Box::new(match token.rule {
        Rule::open_brace => diagnostic.help("a workflow in JSON belongs into a file that ends with `.json`"),
        _ => diagnostic.help(ITEMS),
    })
}

const ITEMS: &str = "an item begins with `workflow`, `type`, `api`, `smtp`, `flow`, or with the kind of a node: `webhook`, \
                     `manual`, `schedule`, `http`, `mail`, `filter`, `transform` or `rust`";

pub fn unknown_item(token: Token) -> Mistake {
    let diagnostic = mistake(token.span, format!("`{}` begins no item", token.text)).label("unknown word");
    Box::new(match words::near_keyword(token.text).or_else(|| words::meant_keyword(token.text)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(ITEMS),
    })
}

/// `flow: { … }`
pub fn colon_behind_keyword(colon: Token, keyword: Token) -> Mistake {
    let headline = format!("an item is written without a `:` behind `{}`", keyword.text);
    Box::new(mistake(colon.span, headline).label("remove it"))
}

pub fn same_line(token: Token) -> Mistake {
    if let Some(found) = own_words(token) {
        return found;
    }
    let headline = format!("expected the end of the line, not {}", name(token));
    Box::new(
        mistake(token.span, headline).label("does not belong to the item before").help("an item has a line of its own"),
    )
}

pub fn after_id(token: Token, last: Token, node: &Node) -> Mistake {
    if let Some(found) = own_words(token).or_else(|| unit_apart(last, token)) {
        return found;
    }
    let kind = node.kind.text.as_str();
    let (what, example) = match kind {
        "webhook" => ("`(`, `at` or `{`", "webhook new-order(Order) at \"orders\" { secret: WEBHOOK_SECRET }"),
        "manual" => ("`(` or `{`", "manual start(Order)"),
        "schedule" => ("`cron`, `every` or `{`", "schedule nightly cron \"0 3 * * *\" in \"Europe/Berlin\""),
        "http" => ("`->` or `{`", "http check-stock -> { available: bool } { … }"),
        "mail" => ("`via` or `{`", "mail tell-customer via shop-mail { … }"),
        "rust" if node.call.is_none() => ("`=`", "rust check-fraud = crate::fraud::check(order) -> Verdict"),
        "rust" => ("`->` or `{`", "rust check-fraud = crate::fraud::check(order) -> Verdict"),
        _ => ("`{`", "filter in-stock { require: quantity > 0 }"),
    };
    let headline = format!("expected {what} after `{}`, not {}", node.id.text, found(token));
    let diagnostic = mistake(token.span, headline).label(format!("expected {what}"));
    Box::new(match token.rule {
        Rule::colon => diagnostic.help(format!("what a node does stands in braces: `{kind} {} {{ … }}`", node.id.text)),
        _ => diagnostic.help(format!("as in `{example}`")),
    })
}

/// `cron 0 9 * * *`
pub fn cron_without_quotes(token: Token, span: Span, written: &str) -> Mistake {
    if let Some(found) = own_words(token).filter(|_| token.rule != Rule::bad_number) {
        return found;
    }
    Box::new(
        mistake(span, "a cron expression is text, and stands in quotes")
            .label("without quotes")
            .help(format!("write `cron \"{written}\"`")),
    )
}

/// `webhook new-order at "orders"(Order)`
pub fn type_behind_path(open: Token, path: Token, node: &Node) -> Mistake {
    Box::new(
        mistake(open.span, "the type of the input stands behind the id")
            .label("not behind the path")
            .help(format!("write `{} {}(…) at {}`", node.kind.text, node.id.text, path.text)),
    )
}

/// The entries of a block whose brace was forgotten.
pub fn no_block(token: Token, last: Token) -> Mistake {
    Box::new(
        mistake(last.span.after(), format!("expected `{{` after {}: what follows are its entries", name(last)))
            .label("expected `{`")
            .also(token.span, "the first entry"),
    )
}

// ---- Blocks

pub fn unclosed(open: Token, token: Token) -> Mistake {
    let close = match open.rule {
        Rule::open_brace => "}",
        Rule::open_bracket => "]",
        _ => ")",
    };
    let headline = format!("`{}` is never closed", open.text);
    let diagnostic = mistake(open.span, headline).label(format!("expected a `{close}` for this"));
    Box::new(match token.rule {
        Rule::EOI => diagnostic,
        _ => diagnostic.also(token.span, format!("before {}", name(token))),
    })
}

pub fn not_an_entry(token: Token, next: Token) -> Mistake {
    if let Some(found) = own_words(token).or_else(|| own_words(next).filter(|_| next.lines == 0)) {
        return found;
    }
    let is_key = matches!(token.rule, Rule::name | Rule::string);
    if is_key && next.rule == Rule::assign {
        return Box::new(
            mistake(next.span, "a key is followed by `:`, not by `=`")
                .label("write `:`")
                .help(format!("write `{}: …`", token.text)),
        );
    }
    if token.rule == Rule::name && next.rule == Rule::dot {
        return Box::new(
            mistake(token.span, "only a name can stand without a key")
                .label("needs a key")
                .help(format!("write `name: {}.…`; a name alone, as in `{{ order_id }}`, is its own key", token.text)),
        );
    }
    if is_key && next.lines == 0 && next.rule != Rule::EOI && own_words(next).is_none() {
        return Box::new(
            mistake(next.span, format!("expected `:` after the key {}, not {}", name(token), name(next)))
                .label("expected `:`")
                .help(format!("write `{}: …`", token.text)),
        );
    }
    if is_key {
        return Box::new(
            mistake(token.span.after(), format!("the key {} has no value", name(token)))
                .label("expected `:` and a value"),
        );
    }
    let headline = format!("expected a key, not {}", name(token));
    let diagnostic = mistake(token.span, headline).label("expected a key");
    Box::new(match token.rule {
        Rule::comma => {
            diagnostic.help("one `,` between two entries is enough; at the end of a line there need be none")
        }
        Rule::dot => diagnostic.help("there is no `...`: name every field, `{ order_id, items }`"),
        _ => diagnostic.help("an entry is written `key: value`"),
    })
}

pub fn method_as_key(method: Token, colon: Token) -> Mistake {
    Box::new(
        mistake(colon.span, "a request is written without a `:`")
            .label("remove it")
            .help(format!("write `{} \"https://…\"`", method.text)),
    )
}

/// An expression without a key, of which nobody knows what its key would be.
pub fn needs_a_key(bare: &Bare) -> Mistake {
    Box::new(
        mistake(bare.span, "this expression needs a key")
            .label("expected a key before it")
            .help("write `name: …`")
            .help("only a field, `order_id` or `pay.result.id`, can stand alone, and `currency || \"EUR\"` with a default"),
    )
}

pub fn no_value(key: &Text, colon: Token) -> Mistake {
    let headline = format!("the key `{}` has no value", key.value);
    Box::new(mistake(colon.span.after(), headline).label("expected a value").also(key.span, "of this key"))
}

pub fn between_entries(token: Token, last: Token) -> Mistake {
    if let Some(found) = own_words(token).or_else(|| unit_apart(last, token)) {
        return found;
    }
    let headline = format!("expected `,` or the end of the line after {}, not {}", name(last), name(token));
    let diagnostic = mistake(token.span, headline).label("expected `,` or the end of the line");
    Box::new(match token.rule {
        Rule::close_bracket | Rule::close_paren => diagnostic.help("no bracket is open here"),
        Rule::connects => diagnostic.help("edges stand in the `flow` block"),
        Rule::needs => diagnostic
            .help("edges stand in the `flow` block; what is computed of each item needs no function: `map: { sku: item.sku }`"),
        Rule::colon if matches!(last.text, "http" | "https") => {
            diagnostic.help("a URL is text, and stands in quotes: \"https://…\"")
        }
        Rule::at => diagnostic.help("an address is text, and stands in quotes: \"ann@example.com\""),
        Rule::name | Rule::string => match foreign_operator(token.text) {
            Some(operator) => diagnostic.help(format!("write `{operator}`")),
            None => diagnostic.help("two entries on one line have a `,` between them"),
        },
        _ => diagnostic,
    })
}

pub fn between_elements(open: Token, token: Token, last: Token) -> Mistake {
    if let Some(found) = own_words(token) {
        return found;
    }
    let (close, what) = match open.rule {
        Rule::open_paren => (")", "arguments"),
        _ => ("]", "elements of an array"),
    };
    let headline = format!("expected `,` or `{close}` after {}, not {}", name(last), name(token));
    let diagnostic = mistake(token.span, headline).label(format!("expected `,` or `{close}`"));
    Box::new(match (token.rule, open.rule) {
        (Rule::colon, Rule::open_paren) => diagnostic
            .help("an argument is an expression: its type follows from what it reads, such as the input's `type`"),
        (Rule::colon, _) => diagnostic.help("keys stand in braces: `{ key: value }`"),
        _ => diagnostic.help(format!("{what} have a `,` between them")),
    })
}

pub fn between_fields(token: Token, last: Token) -> Mistake {
    if let Some(found) = own_words(token) {
        return found;
    }
    let headline = format!("expected `,` or the end of the line after {}, not {}", name(last), name(token));
    Box::new(
        mistake(token.span, headline)
            .label("expected `,` or the end of the line")
            .help("a field is written `name: type`, `name?: type` where it may be missing, with `@personal` behind it"),
    )
}

/// `- 1` and `- 2`, each on a line of its own.
pub fn dashed_list(dash: Token, elements: &[&str]) -> Mistake {
    let has_keys = elements.iter().any(|element| element.contains([':', '\n']));
    let list = match elements.join(", ") {
        _ if has_keys => "{ … }, …".to_owned(),
        list if list.len() <= 60 => list,
        _ => "…, …".to_owned(),
    };
    Box::new(
        mistake(dash.span, "an array is not written with `-`")
            .label("begins a subtraction")
            .help(format!("write `[{list}]`")),
    )
}

pub fn expected_value(token: Token, last: Token) -> Mistake {
    if let Some(found) = own_words(token) {
        return found;
    }
    let headline = format!("expected a value after {}, not {}", name(last), found(token));
    let diagnostic = mistake(place(token, Some(last)), headline).label("expected a value");
    Box::new(match token.rule {
        Rule::assign => diagnostic.help("to compare write `==`; a key is followed by `:`"),
        _ => diagnostic,
    })
}

pub fn after_retry(token: Token, last: Token) -> Mistake {
    if let Some(found) = own_words(token).or_else(|| unit_apart(last, token)) {
        return found;
    }
    Box::new(
        mistake(token.span, format!("{} does not belong to `retry`", name(token)))
            .label("expected `every`, `from` or the end of the line")
            .help("write `retry: 3`, `retry: 3 every 2s`, or with growing waits `retry: 5 from 1s to 30s jitter`"),
    )
}

pub fn quote_in_template(token: Token) -> Mistake {
    Box::new(
        mistake(Span { start: token.span.end - 1, ..token.span }, "this quote ends the text, inside of a `${…}`")
            .label("ends the text here")
            .help("inside of `${…}` text stands in single quotes: `${items.join(', ')}`"),
    )
}

pub fn comment_inside(span: Span) -> Mistake {
    Box::new(
        mistake(span, "a comment in the middle of an expression")
            .label("cannot stand here")
            .help("put it above, on a line of its own"),
    )
}

pub fn leading_zeros(token: Token) -> Mistake {
    let number = token.text.trim_start_matches(['0', '_']);
    let number = if number.is_empty() { "0" } else { number };
    Box::new(
        mistake(token.span, format!("`{}` is the number `{number}`", token.text))
            .label("a number has no zeros in front")
            .help(format!("what is called so is text: write \"{}\"", token.text)),
    )
}

// ---- Types

/// Types as other languages write them.
pub fn foreign_type(token: Token, last: Token) -> Mistake {
    let headline = format!("`{}` does not belong to a type", token.text);
    let diagnostic = mistake(token.span, headline).label("cannot be read");
    Box::new(match token.rule {
        Rule::or => diagnostic.help("alternatives have one `|` between them"),
        Rule::less if matches!(last.text, "Option" | "Optional" | "Maybe") => {
            diagnostic.help("a field that may be missing is written `name?: string`")
        }
        Rule::less => diagnostic.help("an array of strings is written `[string]`"),
        _ => diagnostic.help(format!("an array is written `[{}]`", last.text)),
    })
}

pub fn question_in_front(token: Token, field: Token) -> Mistake {
    Box::new(
        mistake(token.span, "the `?` stands behind the name of its field")
            .label("in front of it")
            .help(format!("write `{}?: …`", field.text)),
    )
}

pub fn type_twice(token: Token) -> Mistake {
    Box::new(mistake(token.span, "a second type").label("there is one already").help("keep one of them"))
}

pub fn expected_type(token: Token, last: Token) -> Mistake {
    if let Some(found) = own_words(token) {
        return found;
    }
    let headline = format!("expected a type after {}, not {}", name(last), found(token));
    Box::new(mistake(place(token, Some(last)), headline).label("expected a type").help(TYPES))
}

/// What can stand where a type is expected.
pub const TYPES: &str = "a type is `string`, `number`, `int`, `bool`, `null`, `json`, `email`, `url`, `time`, `[T]`, \
                         `{ field: T, other?: T }`, `\"a\" | \"b\"`, or the name of a `type`";

// ---- The flow block

pub fn edge_from_nowhere(arrow: Token) -> Mistake {
    Box::new(
        mistake(arrow.span, format!("the `{}` has no node in front of it", arrow.text))
            .label("an edge begins at a node")
            .help("write `check-order -> send-mail`"),
    )
}

pub fn no_edge(token: Token, last: Token) -> Mistake {
    if let Some(found) = own_words(token) {
        return found;
    }
    let diagnostic =
        mistake(place(token, Some(last)), format!("expected `->` or `{{` after {}, not {}", name(last), found(token)))
            .label("expected `->` or `{`");
    Box::new(match token.rule {
        Rule::minus | Rule::greater | Rule::assign => diagnostic.help("an edge is written `->`, in one piece"),
        Rule::comma => diagnostic.help(format!(
            "an edge begins at one node: write one for each, on lines of their own, as in `{} -> send-mail`",
            last.text
        )),
        Rule::name if token.lines == 0 => diagnostic.help(format!("write `{} -> {}`", last.text, token.text)),
        _ => diagnostic.help("a node that nothing leads to and that leads nowhere is left out of the flow block"),
    })
}

pub fn no_target(token: Token, last: Token) -> Mistake {
    if let Some(found) = own_words(token) {
        return found;
    }
    let headline = format!("expected `->` and a node after the condition, not {}", found(token));
    let diagnostic = mistake(place(token, Some(last)), headline).label("expected `->`");
    Box::new(match token.rule {
        Rule::colon if words::BRANCHES.contains(&last.text) => {
            diagnostic.help(format!("write `{} -> node`", last.text))
        }
        Rule::colon => diagnostic.help("write `condition -> node`"),
        _ => diagnostic.help("a branch is written `result.passed == true -> send-mail`"),
    })
}

pub fn after_else(token: Token, otherwise: Span) -> Mistake {
    Box::new(
        mistake(token.span, "a branch after `else`")
            .label("no branch can follow")
            .also(otherwise, "the last one")
            .help("`else` is taken when none of the conditions above it holds: put this branch above it"),
    )
}

pub fn else_alone(token: Token) -> Mistake {
    Box::new(
        mistake(token.span, "`else` without a condition above it")
            .label("else than what?")
            .help("`succeeded -> node` is taken when the node succeeded, `always -> node` in any case"),
    )
}

pub fn branch_without_condition(arrow: Token) -> Mistake {
    Box::new(
        mistake(arrow.span, "a branch begins with its condition")
            .label("expected a condition")
            .help("`succeeded -> node` is taken when the node succeeded, `always -> node` in any case; a chain goes on behind its last node"),
    )
}

pub fn condition_in_quotes(token: Token, text: &Text) -> Mistake {
    Box::new(
        mistake(token.span, "a condition is an expression, without quotes")
            .label("this is text")
            .help(format!("write `{} -> …`", text.value.replace('\'', "\""))),
    )
}

/// `if`, `when`, `elif`, `not`: words in front of a condition.
pub fn word_before_condition(token: Token) -> Mistake {
    let diagnostic = |headline: String| mistake(token.span, headline);
    Box::new(match token.text {
        "not" => diagnostic("there is no `not`".to_owned())
            .label("not an operator")
            .help("write `!`, as in `!result.available -> send-mail`, or compare: `result.available == false -> send-mail`"),
        "on" | "catch" => diagnostic(format!("a branch is not written with `{}`", token.text))
            .label("no such branch")
            .help("a failure is a condition: `result.success == false -> send-mail`, behind a filter `result.passed == false`"),
        "else" | "elif" | "elseif" | "elsif" => {
            let word = if token.text == "else" { "else if" } else { token.text };
            diagnostic(format!("there is no `{word}`"))
                .label("remove it")
                .help("write the condition alone; every branch whose condition holds is taken, so it has to exclude those above")
        }
        word => diagnostic(format!("a condition is written without `{word}`"))
            .label("remove it")
            .help("write `result.passed == true -> send-mail`"),
    })
}

pub fn write_else(token: Token) -> Mistake {
    Box::new(
        mistake(token.span, format!("the last branch is not called `{}`", token.text))
            .label("write `else`")
            .help("`else -> node` is taken when none of the conditions above it holds, `always -> node` in any case"),
    )
}

pub fn else_outside(token: Token) -> Mistake {
    Box::new(
        mistake(token.span, "`else` stands behind no condition").label("outside of the branches").help(
            "it is the last branch of a block: `check-order { result.passed == true -> send-mail, else -> refuse }`",
        ),
    )
}

pub fn condition_behind(token: Token) -> Mistake {
    Box::new(
        mistake(token.span, "a condition does not stand behind its edge")
            .label("cannot stand here")
            .help("write `check-order { result.passed == true -> send-mail }`"),
    )
}

pub fn several_targets(token: Token) -> Mistake {
    Box::new(
        mistake(token.span, "an arrow leads to one node")
            .label("another target")
            .help("write a line for each of them: `check-order -> send-mail`; both run side by side"),
    )
}

pub fn item_inside(token: Token, open: Token) -> Mistake {
    Box::new(
        mistake(token.span, format!("`{}` does not stand inside of the edges", token.text))
            .label("begins an item")
            .also(open.span, "inside of this block")
            .help("nodes stand beside the `flow` block; inside of it there are their ids and arrows"),
    )
}

/// `mail post { server: SMTP_SERVER }`
pub fn mail_for_smtp(node: &Node) -> Diagnostic {
    mistake(node.kind.span, "a `mail` node sends a mail: the server it goes through is an `smtp`")
        .label("meant is `smtp`?")
        .help(format!("write `smtp {} {{ … }}`", node.id.text))
}

/// `transform: "map"`
pub fn transform_by_name(span: Span, key: &str, word: &str) -> Diagnostic {
    Diagnostic::new(Code::UnknownKey, span, format!("a `transform` node has no key `{key}`"))
        .label("unknown key")
        .help(format!("what it does is a key of its own: `{word}: …`"))
}

// ---- Names

/// A name of the text's own, such as an api's, that nothing declares.
pub fn unknown_name<'a>(
    what: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let word = if what == "api" { "api" } else { "smtp" };
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let diagnostic = Diagnostic::new(Code::UnknownName, span, format!("there is no {what} `{name}`"))
        .label(format!("unknown {what}"));
    if let Some(near) = suggest::nearest(name, known.clone()) {
        return diagnostic.help(format!("did you mean `{near}`?"));
    }
    let list = suggest::list(known, "and");
    match (what, list.as_str()) {
        ("type", _) => diagnostic.help(TYPES),
        (_, "") => diagnostic.help(format!("declare {article} {what}: `{word} {name} {{ … }}`")),
        (_, list) => diagnostic.help(format!("there is {list}")),
    }
}

pub fn declared_twice(what: &str, name: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DeclaredTwice, span, format!("two {what}s are called `{name}`"))
        .label("again")
        .also(first, "here already")
}

pub fn block_twice(what: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DeclaredTwice, span, format!("the `{what}` block stands twice"))
        .label("again")
        .also(first, "here already")
        .help("put everything into one of them")
}
