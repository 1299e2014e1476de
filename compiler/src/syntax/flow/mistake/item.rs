//! What is wrong with an item, or with what stands in its first line.

use super::*;

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
    if let Some(later) = catalog::later(token.text) {
        return Box::new(later.not_yet(token.text, token.span, Dialect::Flow));
    }
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

/// How other systems say what a node waits for.
const WAITS: [&str; 8] = ["after", "depends", "depends_on", "dependsOn", "needs", "on", "requires", "when"];

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
        // `http charge -> transaction: string`
        Rule::colon if matches!(kind, "http" | "rust") && node.id.span.end < last.span.start => {
            diagnostic.help(format!("a type with fields stands in braces: `{{ {}: … }}`", last.text))
        }
        Rule::colon => diagnostic.help(format!("what a node does stands in braces: `{kind} {} {{ … }}`", node.id.text)),
        Rule::name if WAITS.contains(&token.text) => diagnostic
            .help(format!("what a node waits for stands in the `flow` block: `flow {{ … => {} }}`", node.id.text)),
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
