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

/// A declaration of a type that there is already.
pub fn name_of_the_language(name: &Word) -> Diagnostic {
    let headline = format!("`{}` is a type of the language", name.text);
    Diagnostic::new(Code::DeclaredTwice, name.span, headline).label("taken").help(format!(
        "give it a name of its own; names of types begin with a capital letter, as in `{}`",
        capital(&name.text)
    ))
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `name` or `description` beside the lines `///` that say the same.
pub fn documented_twice(key: &Key, doc: Span) -> Diagnostic {
    Diagnostic::new(Code::DuplicateKey, key.text.span, format!("the {} is said twice", key.text.value))
        .label("again")
        .also(doc, "here already: the first line is the name, those below it are the description")
        .help("keep one of them")
}

pub fn block_twice(what: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DeclaredTwice, span, format!("the `{what}` block stands twice"))
        .label("again")
        .also(first, "here already")
        .help("put everything into one of them")
}
