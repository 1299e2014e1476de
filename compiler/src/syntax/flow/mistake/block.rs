//! What is wrong in the braces of an item: entries and their values.

use super::*;

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
    if token.text.starts_with("\"http") {
        return Box::new(
            mistake(token.span, "a request begins with its method")
                .label("expected a method before it")
                .help(format!("write `GET {}`", token.text)),
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
        Rule::open_brace => diagnostic
            .help("an expression has no braces around it, `total: order.total`; in text it is `${order.total}`"),
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

/// `POST "https://…" { order_id }`
pub fn body_without_key(open: Token, method: &Word) -> Mistake {
    let written = if open.rule == Rule::open_brace { "{ … }" } else { "[ … ]" };
    let diagnostic = mistake(open.span, format!("what a `{}` request sends needs a key", method.text));
    Box::new(match (method.text.as_str(), open.rule) {
        ("GET" | "HEAD", Rule::open_brace) => diagnostic
            .label("expected `params:` before it")
            .help(format!("write `params: {written}`, on a line of its own; it is put behind the URL, `?key=value`")),
        _ => diagnostic
            .label("expected `body:` before it")
            .help(format!("write `body: {written}`, on a line of its own")),
    })
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

/// `is_indented`: entries follow, further in than the key, as in YAML.
pub fn no_value(key: &Text, colon: Token, is_indented: bool) -> Mistake {
    let headline = format!("the key `{}` has no value", key.value);
    let diagnostic = mistake(colon.span.after(), headline).label("expected a value").also(key.span, "of this key");
    Box::new(match is_indented {
        true => diagnostic.help(format!("entries stand in braces, wherever they begin: `{}: {{ … }}`", key.value)),
        false => diagnostic,
    })
}

/// `subject: Payment failed`
pub fn behind_a_word(token: Token, word: Token) -> Mistake {
    let is_word = token.rule == Rule::name && token.text != "if";
    match is_word && foreign_operator(token.text).or(foreign_operator(word.text)).is_none() {
        true => {
            Box::new(mistake(word.span.to(token.span), "text stands in double quotes").label("two words").help(
                format!("write \"{} {} …\"; a name without quotes is a field of the input", word.text, token.text),
            ))
        }
        false => between_entries(token, word),
    }
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
        Rule::name if token.text == "if" => diagnostic.help("a choice is written `condition ? this : that`"),
        Rule::name | Rule::string => match foreign_operator(token.text).or(foreign_operator(last.text)) {
            Some(operator) => diagnostic.help(format!("write `{operator}`")),
            None => diagnostic.help("two entries on one line have a `,` between them"),
        },
        _ if (last.text, token.text) == ("<", ">") => diagnostic.help("for \"not equal\" write `!=`"),
        _ if token.text == "=" && ["+", "-", "*", "/", "%", "||", "&&"].contains(&last.text) => {
            diagnostic.help("an expression changes nothing: write the new value itself")
        }
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
