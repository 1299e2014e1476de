//! What is wrong with an expression, in the author's words.
//!
//! [`check`] finds the first mistake the grammar marked. The functions below it say what is unsupported, what is missing,
//! and what only the builder can find.

use std::ops::Range;

use super::{DEPTH_MAX, HEIGHT_MAX, Pair, Rule, literal};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Expr, Property, Text};

/// Boxed: a finding is large and rare.
pub type Mistake = Box<Diagnostic>;

/// Finds the first mistake in a tree of pairs, in the order of the text.
pub fn check(text: &Text, pair: Pair) -> Result<(), Mistake> {
    let whole = pair.as_span();
    // A template without its end swallows everything after it: then that is the mistake, wherever reading stopped.
    let is_template = pair.as_rule() == Rule::interpolation;
    let is_closed = pair.clone().into_inner().any(|inner| inner.as_rule() == Rule::close_template);
    let mut open: Vec<Opener> = Vec::new();
    // Where the last string began.
    let mut quote = 0;
    for pair in pest::iterators::Pairs::single(pair).flatten() {
        let rule = pair.as_rule();
        match rule {
            Rule::lparen
            | Rule::lbracket
            | Rule::lbrace
            | Rule::question
            | Rule::open_template
            | Rule::open_literal => {
                let range = pair.as_span().start()..pair.as_span().end();
                // The outermost `${` is no nesting of the expression's.
                if open.len() > DEPTH_MAX {
                    return Err(too_deep(text.span_of(range)));
                }
                open.push(Opener { rule, range });
            }
            Rule::rparen
            | Rule::rbracket
            | Rule::rbrace
            | Rule::otherwise
            | Rule::close_template
            | Rule::close_literal => {
                open.pop();
            }
            _ => {}
        }
        if rule == Rule::string {
            quote = pair.as_span().start();
        }
        if let Some(mistake) = explain(text, &pair, open.last(), quote) {
            let quotes = matches!(rule, Rule::unclosed_string | Rule::unclosed_literal);
            if is_template && !is_closed && !quotes {
                return Err(unterminated(text, whole.start(), pair.as_span().start()));
            }
            return Err(mistake);
        }
    }
    Ok(())
}

/// A bracket, or what else wants to be closed.
pub struct Opener {
    rule: Rule,
    range: Range<usize>,
}

impl Opener {
    fn close(&self) -> &'static str {
        match self.rule {
            Rule::lparen => ")",
            Rule::lbracket => "]",
            Rule::question => ":",
            Rule::open_literal => "`",
            _ => "}",
        }
    }

    fn what(&self) -> &'static str {
        match self.rule {
            Rule::lparen => "parenthesis",
            Rule::lbracket => "bracket",
            Rule::question => "`?`",
            Rule::open_template => "template",
            Rule::open_literal => "template literal",
            _ => "brace",
        }
    }
}

fn explain(text: &Text, pair: &Pair, opener: Option<&Opener>, quote: usize) -> Option<Mistake> {
    let at = pair.as_span().start();
    let range = at..pair.as_span().end();
    let span = text.span_of(range.clone());
    let mistake = match pair.as_rule() {
        Rule::word_operator => unsupported_word(span, pair.as_str()),
        Rule::name if RESERVED.contains(&pair.as_str()) => unsupported_word(span, pair.as_str()),
        Rule::comment => unsupported(span, "an expression has no comments", "say it in the `description` of the node"),
        Rule::regular_expression => unsupported(
            span,
            "regular expressions are not part of the expression language",
            "use `includes`, `startsWith`, `endsWith`, `split` or `replaceAll` with a string",
        ),
        Rule::increment | Rule::decrement => unsupported(
            span,
            format!("`{0}{0}` changes a value, and an expression changes nothing", &pair.as_str()[..1]),
            format!("write `{0} 1` for the next number, or `{0} {0}x` with a space for two signs", &pair.as_str()[..1]),
        ),
        Rule::bitwise_not | Rule::bitwise => bitwise(span, pair.as_str()),
        Rule::spread => unsupported(
            span,
            "`...` is not part of the expression language",
            "join arrays with `concat`, and list the keys of an object one by one",
        ),
        Rule::power => unsupported(span, "there is no operator `**`", "write `Math.pow(x, y)`"),
        Rule::assignment if pair.as_str() == "=" && text.value[at..].starts_with("=<") => {
            no_operator(text, at..at + 2, "for \"at most\" write `<=`")
        }
        Rule::assignment if pair.as_str() == "=" => unsupported(
            span,
            "`=` assigns a value, and an expression changes nothing",
            "to compare two values write `==`",
        ),
        Rule::assignment => unsupported(
            span,
            format!("`{}` assigns a value, and an expression changes nothing", pair.as_str()),
            "write the new value itself",
        ),
        Rule::stray_arrow if !is_parameter(&text.value[..at]) => {
            no_operator(text, range, "for \"at least\" write `>=`")
        }
        Rule::stray_arrow => {
            parameter_taken_apart(span, &text.value[..at]).unwrap_or_else(|| *arrow_outside_call(span))
        }
        Rule::block => unsupported(
            span,
            "the body of a function is one expression, without braces and `return`",
            "write `x => x.total`; an object stands in parentheses: `x => ({ total: x.total })`",
        ),
        Rule::optional_call => unsupported(
            span,
            "there is no optional call `?.(`",
            "a method of a missing value is missing anyway: write `(`",
        ),
        Rule::tagged => unsupported(
            span,
            "a template literal cannot be called with a function",
            "write an operator between the two, such as `+`",
        ),
        Rule::computed_key => {
            unsupported(span, "the keys of an object are written out, not computed", "write `key: value`")
        }
        Rule::bad_number => bad_number(text, span, at, pair.as_str()),
        Rule::unclosed_string => unclosed_string(text, quote),
        Rule::unclosed_literal => unclosed_literal(text, opener),
        Rule::empty_template => empty_template(text, pair, opener),
        Rule::missing_operand
            if opener.is_some_and(|opener| opener.rule == Rule::lparen) && is_arrow_head(&text.value[at..]) =>
        {
            *arrow_outside_call(span)
        }
        Rule::missing_operand if text.value[..at].ends_with('<') && text.value[at..].starts_with('>') => {
            no_operator(text, at - 1..at + 1, "for \"not equal\" write `!=`")
        }
        Rule::missing_operand => missing_operand(text, at, opener),
        Rule::missing_property => missing_property(text, at),
        Rule::missing_key => doubled_braces(text, opener)
            .unwrap_or_else(|| expected(text, at, "expected a key", "a key is a name or a string")),
        Rule::missing_colon => {
            doubled_braces(text, opener).unwrap_or_else(|| expected(text, at, "expected `:` after this key", ""))
        }
        Rule::missing_close | Rule::unexpected => return Some(unexpected(text, at, opener)),
        _ => return None,
    };
    Some(Box::new(mistake))
}

// ---- JavaScript has it, the expression language does not

fn unsupported(span: Span, headline: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::UnsupportedExpression, span, headline).help(help)
}

/// Words that cannot be names in JavaScript, or mean something else there.
pub const RESERVED: &[&str] = &[
    "new",
    "function",
    "typeof",
    "void",
    "delete",
    "await",
    "yield",
    "async",
    "class",
    "this",
    "super",
    "import",
    "export",
    "var",
    "let",
    "const",
    "if",
    "else",
    "for",
    "while",
    "do",
    "switch",
    "case",
    "default",
    "return",
    "break",
    "continue",
    "throw",
    "try",
    "catch",
    "finally",
    "with",
    "debugger",
    "instanceof",
    "in",
    "enum",
];

fn unsupported_word(span: Span, word: &str) -> Diagnostic {
    let help = match word {
        "new" => "dates and other objects are not made here: pass them in the input, or compute them in a node",
        "function" => "write a function as `x => x.total`, as the argument of a method such as `map`",
        "typeof" => "compare with a value: `x == null` is true for what is missing, `x === \"text\"` for one text",
        "instanceof" => "look at a field that only such values have",
        "in" => "`object.key != null` tells whether a key is there, `list.includes(x)` whether an element is",
        "this" => "the data of the workflow has names: `input_data`, `previous_outputs`",
        "await" | "async" | "yield" => "every value is there when an expression is evaluated: leave the word out",
        "if" | "else" | "switch" | "case" => "write `test ? yes : no`",
        "for" | "while" | "do" => "use a method of the array, such as `map`, `filter` or `reduce`",
        "var" | "let" | "const" => "write the value where it is used",
        "return" => "an expression is its value: leave the word out",
        "void" | "delete" => "an expression changes nothing: write the value itself",
        _ => "JavaScript keeps this word for itself; a field of that name is `input_data.field`, written after a dot",
    };
    unsupported(span, format!("`{word}` is not part of the expression language"), help)
}

/// An operator of another language.
fn no_operator(text: &Text, range: Range<usize>, help: &str) -> Diagnostic {
    let headline = format!("there is no operator `{}`", &text.value[range.clone()]);
    unsupported(text.span_of(range), headline, help)
}

/// Whether a text ends as what stands before the arrow of a function does: with a name or a parenthesis.
fn is_parameter(before: &str) -> bool {
    let before = before.trim_end();
    let name = before.trim_end_matches(|c: char| c.is_alphanumeric() || "_$-".contains(c));
    before.ends_with(')') || (name.len() < before.len() && !name.ends_with('.'))
}

fn bitwise(span: Span, operator: &str) -> Diagnostic {
    let help = instead_of_bitwise(operator).unwrap_or("multiply or divide by a power of two, with `Math.trunc`");
    unsupported(span, format!("there is no bitwise operator `{operator}`"), help)
}

/// What is probably meant by an operator on bits.
pub fn instead_of_bitwise(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "&" => "for \"both\" write `&&`",
        "|" => "for \"either\" write `||`",
        "^" => "a power is `Math.pow(x, y)`",
        "~" => "for \"not\" write `!`",
        _ => return None,
    })
}

pub fn arrow_outside_call(span: Span) -> Mistake {
    Box::new(unsupported(
        span,
        "a function can only be the argument of a method",
        "write it where it is used: `items.map(item => item.price)`",
    ))
}

/// `([key, value]) => …` and `({ price }) => …`
fn parameter_taken_apart(arrow: Span, before: &str) -> Option<Diagnostic> {
    let parameters = before.trim_end().strip_suffix(')')?;
    let help = match parameters.trim_end().chars().last()? {
        ']' => "give it a name, and read its elements: `pair => pair[0]`",
        '}' => "give it a name, and read its fields: `item => item.price`",
        _ => return None,
    };
    Some(unsupported(arrow, "a parameter of a function is a name: it is not taken apart there", help))
}

pub fn not_callable(callee: &Expr, arguments: Span) -> Mistake {
    Box::new(
        unsupported(
            arguments,
            "only a method or a global function can be called",
            "write `value.method(…)` or `Math.max(…)`",
        )
        .also(callee.span, "this is a value, not the name of a function"),
    )
}

pub fn proto(span: Span) -> Mistake {
    Box::new(unsupported(span, "the key `__proto__` sets the prototype in JavaScript", "use another key"))
}

pub fn number_as_key(span: Span) -> Mistake {
    Box::new(unsupported(span, "only a whole number can be a key without quotes", "write the key as a string"))
}

pub fn surrogate_in_key(span: Span) -> Mistake {
    Box::new(unsupported(span, "half of a surrogate pair cannot stand in a key", "write the character itself"))
}

// ---- Wrong in any language

fn syntax(span: Span, headline: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::ExpressionSyntax, span, headline)
}

fn expected(text: &Text, at: usize, headline: &str, help: &str) -> Diagnostic {
    let (range, found) = found(&text.value, at);
    let diagnostic = syntax(text.span_of(range), headline).label(format!("found {found}"));
    if help.is_empty() { diagnostic } else { diagnostic.help(help) }
}

fn unterminated(text: &Text, start: usize, stopped: usize) -> Mistake {
    let diagnostic =
        Diagnostic::new(Code::UnterminatedTemplate, text.span_of(start..start + 2), "this `${` is never closed")
            .label("the template starts here");
    let diagnostic = match stopped < text.value.len() {
        true => diagnostic.also(text.span_of(stopped..stopped), "a `}` is missing, perhaps here"),
        false => diagnostic.also(text.span_of(stopped..stopped), "the text ends here"),
    };
    Box::new(diagnostic.help("close it with `}`; to write the two characters themselves use `$${`"))
}

fn unclosed_string(text: &Text, quote: usize) -> Diagnostic {
    let sign = &text.value[quote..=quote];
    let rest = &text.value[quote + 1..];
    let line = rest.lines().next().unwrap_or_default();
    // `${x.split('\n')}`: the text around it has taken the `\n` for itself.
    if line.len() < rest.len() && !line.contains(sign) && rest[line.len()..].trim_start().contains(sign) {
        let at = quote + 1 + line.len();
        return syntax(text.span_of(at..at + 1), "a line break inside a string of an expression")
            .label("a string ends on its line")
            .help("write `\\\\n` for `\\n`: the text around the expression reads the first backslash");
    }
    syntax(text.span_of(quote..quote + 1), "this string is never closed")
        .label("the string starts here")
        .help(format!("close it with `{sign}`, as it was opened"))
}

fn unclosed_literal(text: &Text, opener: Option<&Opener>) -> Diagnostic {
    let range = opener.map_or(0..0, |opener| opener.range.clone());
    syntax(text.span_of(range), "this template literal is never closed")
        .label("it starts here")
        .help("close it with a backquote")
}

fn empty_template(text: &Text, pair: &Pair, opener: Option<&Opener>) -> Diagnostic {
    let start = opener.map_or(pair.as_span().start(), |opener| opener.range.start);
    syntax(text.span_of(start..pair.as_span().end() + 1), "there is no expression between `${` and `}`")
        .help("write the value to insert; the two characters themselves are written `$${`")
}

/// `${{ … }}`, as other systems write a template.
fn doubled_braces(text: &Text, opener: Option<&Opener>) -> Option<Diagnostic> {
    let brace = opener.filter(|opener| opener.rule == Rule::lbrace)?.range.clone();
    let start = text.value[..brace.start].ends_with("${").then(|| brace.start - 2)?;
    let span = text.span_of(start..brace.end);
    let diagnostic = syntax(span, "a template has one pair of braces").label("the second brace begins an object");
    let inner = text.value[brace.end..].split_once("}}").map(|(inner, _)| inner.trim());
    let inner = inner.filter(|inner| !inner.is_empty() && inner.chars().count() <= 80);
    Some(match inner {
        Some(inner) => diagnostic.help(format!("write `${{{inner}}}`")),
        None => diagnostic,
    })
}

fn missing_operand(text: &Text, at: usize, opener: Option<&Opener>) -> Diagnostic {
    let value = &text.value;
    if value.trim().is_empty() {
        return syntax(text.span, "the expression is empty").help("write the value, such as `input_data.order_id`");
    }
    let (range, found) = found(value, at);
    let span = text.span_of(range);
    let before = value[..at].trim_end();
    let operator = OPERATORS.iter().find(|operator| before.ends_with(**operator));
    let headline = match (operator, opener) {
        (Some(operator), _) => format!("expected a value after `{operator}`"),
        (None, Some(opener)) if before.len() == opener.range.end => {
            format!("expected a value after `{}`", &value[opener.range.clone()])
        }
        (None, _) => String::from("expected a value"),
    };
    let diagnostic = syntax(span, headline).label(format!("found {found}"));
    match value[at..].chars().next() {
        Some('\u{2018}' | '\u{2019}' | '\u{201C}' | '\u{201D}' | '\u{201E}') => {
            diagnostic.help("strings stand in straight quotes, `'` or `\"`")
        }
        Some('$') => diagnostic.help(TEMPLATE_IN_EXPRESSION),
        Some('@' | '#') => diagnostic.help("a name starts with a letter, `_` or `$`"),
        _ => diagnostic,
    }
}

/// A `$` that starts no name stands before a `{`.
const TEMPLATE_IN_EXPRESSION: &str = "this is an expression already: leave out `${` and `}`";

fn ends_with_word(text: &str, word: &str) -> bool {
    let before = text.trim_end().strip_suffix(word);
    before.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || "_$.".contains(c)))
}

/// Longest first.
const OPERATORS: &[&str] =
    &["===", "!==", "&&", "||", "??", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ","];

fn missing_property(text: &Text, at: usize) -> Diagnostic {
    let diagnostic = expected(text, at, "expected a name after `.`", "");
    match text.value[at..].chars().next() {
        Some(digit) if digit.is_ascii_digit() => {
            let name: String =
                text.value[at..].chars().take_while(|c| c.is_alphanumeric() || "-_".contains(*c)).collect();
            match name.parse::<u32>() {
                Ok(_) => diagnostic.help(format!("an element of an array is `[{name}]`")),
                Err(_) => diagnostic
                    .help(format!("a name that starts with a digit is written `[\"{name}\"]`, without the dot")),
            }
        }
        Some('[') => diagnostic.help("leave out the dot before `[`"),
        _ => diagnostic,
    }
}

/// An operand is complete, and what follows can neither go on nor end here.
pub fn unexpected(text: &Text, at: usize, opener: Option<&Opener>) -> Mistake {
    let value = &text.value;
    let (range, found) = found(value, at);
    let span = text.span_of(range.clone());
    let next = value[at..].chars().next();
    let word = &value[range];
    match (next, opener.map(|opener| opener.rule)) {
        (Some(','), Some(Rule::lparen)) if is_arrow_head(&value[at..]) => return arrow_outside_call(span),
        (Some(','), None | Some(Rule::lparen | Rule::open_template | Rule::question)) => {
            return Box::new(unsupported(
                span,
                "an expression has one value: there is no comma operator",
                "several values stand in an array, `[a, b]`",
            ));
        }
        (Some(';'), _) => {
            return Box::new(unsupported(span, "an expression is one value, without statements", "leave out the `;`"));
        }
        (None, Some(Rule::open_template)) => {
            return unterminated(text, opener.map_or(at, |opener| opener.range.start), at);
        }
        _ => {}
    }
    let diagnostic = match opener {
        Some(opener) if opener.rule == Rule::open_template => {
            syntax(span, "expected an operator, or `}` to close the template").label(format!("found {found}"))
        }
        Some(opener) => {
            let close = opener.close();
            let headline = match opener.rule {
                Rule::question => String::from("expected `:` and a value for the other case of this `?`"),
                _ => format!("expected `{close}` to close the {} opened here", opener.what()),
            };
            syntax(span, headline)
                .label(format!("found {found}"))
                .also(text.span_of(opener.range.clone()), "opened here")
        }
        None => match next {
            Some(')' | ']' | '}') => syntax(span, format!("this `{word}` closes nothing")),
            Some(':') => syntax(span, "there is a `:` without a `?` before it"),
            _ => syntax(span, "expected an operator, or the end of the expression").label(format!("found {found}")),
        },
    };
    Box::new(match foreign_operator(word) {
        Some(operator) => diagnostic.help(format!("for \"{}\" write `{operator}`", word.to_lowercase())),
        None if word == "$" => diagnostic.help(TEMPLATE_IN_EXPRESSION),
        None if ends_with_word(&value[..at], "not") => diagnostic.help("for \"not\" write `!`"),
        None => diagnostic,
    })
}

/// What to write for an operator that other languages write as a word.
pub fn foreign_operator(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "and" => "&&",
        "or" => "||",
        "not" => "!",
        "is" | "eq" | "equals" => "==",
        "ne" | "neq" => "!=",
        "gt" => ">",
        "gte" | "ge" => ">=",
        "lt" => "<",
        "lte" | "le" => "<=",
        "in" => "list.includes(x)",
        "mod" => "%",
        _ => return None,
    })
}

/// Whether a text goes on as the parameters of a function do: `, b) =>`.
fn is_arrow_head(text: &str) -> bool {
    let Some(end) = text.find(|c: char| !(c.is_alphanumeric() || c.is_whitespace() || "_$-,".contains(c))) else {
        return false;
    };
    text[end..].strip_prefix(')').is_some_and(|rest| rest.trim_start().starts_with("=>"))
}

/// What stands at a place: its range, and its name in a message.
fn found(text: &str, at: usize) -> (Range<usize>, String) {
    let rest = &text[at..];
    let Some(first) = rest.chars().next() else { return (at..at, String::from("the end of the expression")) };
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let length = if is_word(first) {
        rest.find(|c| !is_word(c)).unwrap_or(rest.len())
    } else {
        OPERATORS
            .iter()
            .find(|operator| rest.starts_with(**operator))
            .map_or(first.len_utf8(), |operator| operator.len())
    };
    let shown: String = rest[..length].chars().take(40).collect();
    let name = match first {
        '"' | '\'' => String::from("a string"),
        '`' => String::from("a template literal"),
        _ if first.is_control() || first.is_whitespace() => format!("the character U+{:04X}", u32::from(first)),
        _ => format!("`{shown}`"),
    };
    (at..at + length, name)
}

fn bad_number(text: &Text, span: Span, at: usize, number: &str) -> Diagnostic {
    let digits = number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    let whole = &number[..number.len() - digits.len()];
    if let Some(method) = digits.strip_prefix('.').filter(|rest| rest.starts_with(|c: char| c.is_alphabetic())) {
        let call = if text.value[at + number.len()..].starts_with('(') { "(…)" } else { "" };
        return syntax(span, "a number with a point cannot be followed by a name")
            .help(format!("write `({whole}).{method}{call}`"));
    }
    if digits == "n" {
        return unsupported(span, "there are no big integers", "leave out the `n`");
    }
    if number.len() > 1 && number.starts_with('0') && number[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return syntax(span, "a number has no leading zeros").help("leave them out, or write a string if they matter");
    }
    if number.contains("__") || number.ends_with('_') || number.contains("_.") || number.contains("._") {
        return syntax(span, "a `_` in a number stands between two digits");
    }
    if digits.starts_with(['e', 'E']) {
        return syntax(span, "digits are missing in the exponent").help("write it as in `1e6`");
    }
    syntax(span, format!("`{number}` is not a number")).help(format!(
        "a name that starts with a digit is written in quotes after its object: `input_data[\"{number}\"]`"
    ))
}

// ---- Found while building

/// `start` is where the inside of the literal begins.
pub fn bad_escape(text: &Text, start: usize, wrong: &literal::BadEscape) -> Mistake {
    let at = start + wrong.at;
    let span = text.span_of(at..at + wrong.written.len());
    Box::new(syntax(span, format!("`{}` is not an escape", wrong.written)).help(wrong.help))
}

pub fn mixed_coalesce(operator: Span, logical: &Expr) -> Mistake {
    Box::new(
        syntax(operator, "`??` and `||` or `&&` stand side by side without parentheses")
            .label("which of the two comes first is not clear")
            .also(logical.span, "put parentheses around this, or around the other side")
            .help("JavaScript wants the parentheses too"),
    )
}

pub fn literal_shorthand(property: &Property) -> Mistake {
    Box::new(syntax(property.span, format!("expected `:` after the key `{}`", property.name)))
}

pub fn literal_parameter(parameter: &Property) -> Mistake {
    Box::new(syntax(parameter.span, format!("`{}` is a value, and cannot be the name of a parameter", parameter.name)))
}

pub fn duplicate_parameter(parameter: &Property, first: Span) -> Mistake {
    Box::new(
        syntax(parameter.span, format!("two parameters are called `{}`", parameter.name)).also(first, "first here"),
    )
}

pub fn text_in_condition(text: &Text, rest: &Pair) -> Mistake {
    let span = text.span_of(rest.as_span().start()..rest.as_span().end());
    Box::new(
        syntax(span, "an expression cannot continue after its `${…}`")
            .help("write the whole expression without `${` and `}`, or inside one pair of them"),
    )
}

pub fn too_deep(span: Span) -> Mistake {
    Box::new(
        Diagnostic::new(
            Code::TooDeep,
            span,
            format!("more than {DEPTH_MAX} parts of this expression stand inside one another"),
        )
        .help("compute a part of it in a node of its own"),
    )
}

pub fn too_long(span: Span) -> Mistake {
    Box::new(
        Diagnostic::new(Code::TooDeep, span, format!("more than {HEIGHT_MAX} operations follow one another here"))
            .help("put parentheses around parts of it, or compute a part in a node of its own"),
    )
}

/// Reading stopped for want of stack, long after the limit.
pub fn out_of_stack(text: &Text, error: &pest::error::Error<Rule>) -> Diagnostic {
    let (pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _))) = error.location;
    *too_deep(text.span_of(at..at))
}
