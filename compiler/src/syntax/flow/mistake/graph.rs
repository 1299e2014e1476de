//! What is wrong in the `flow` block: chains, branches, conditions.

use super::*;

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
        Rule::name => diagnostic.help(match foreign_operator(token.text) {
            Some(operator) => format!("write `{operator}`"),
            None => A_BRANCH.to_owned(),
        }),
        _ => diagnostic.help(A_BRANCH),
    })
}

const A_BRANCH: &str = "a branch is written `result.passed == true -> send-mail`";

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
