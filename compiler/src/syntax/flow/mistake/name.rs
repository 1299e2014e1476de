//! What is wrong with names that items have or use.

use super::*;

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
