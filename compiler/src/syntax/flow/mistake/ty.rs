//! What is wrong with a type.

use super::*;

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
        _ if last.rule == Rule::close_brace => diagnostic.help("an array of objects is written `[{ … }]`"),
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
