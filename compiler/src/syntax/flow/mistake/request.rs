//! What is wrong with requests: where they stand, and what they say behind the name of an api.

use super::*;

pub fn misplaced_request(span: Span) -> Diagnostic {
    mistake(span, "a request belongs into an `http` node").label("no request can stand here").help(
        "write `http check-stock { GET \"https://…\" }`; what several requests share stands in `api shop { url: … }`",
    )
}

/// `GET shop`
pub fn api_without_path(method: &str, api: &Word) -> Diagnostic {
    let name = &api.text;
    mistake(api.span, format!("`{name}` is an api, and nothing says what is asked of it"))
        .label("no path behind it")
        .help(format!(
            "write the path: `{method} {name} \"/…\"`, or `{method} {name} \"\"` for the URL of the api itself"
        ))
        .help(format!("a field of the input that is called so is `input_data.{name}`"))
}

/// `GET shop /orders`
pub fn path_without_quotes(path: Span) -> Diagnostic {
    mistake(path, "the path of a request is text")
        .label("needs quotes")
        .help("put it into double quotes, and a value in it into `${…}`: \"/orders/${order_id}\"")
}

/// `api shop { url: "https://shop.example.com?key=1" }`, and a path to go behind it; `end` is what it ends in.
pub fn path_behind_end(api: &str, end: &str, url: Span, path: Span) -> Diagnostic {
    let part = if end.starts_with('?') { "query" } else { "fragment" };
    let found =
        Diagnostic::new(Code::BadUrl, url, format!("the URL of `{api}` has a {part}, and a path is to go behind it"))
            .label(format!("ends in `{end}`"))
            .also(path, format!("would be a part of the {part}"));
    match part {
        "query" => found.help("say the query in the requests: `params: { version: \"2\" }`"),
        _ => found.help("leave the fragment out: it is sent to nobody"),
    }
}

/// `api shop { url: "https://shop.example.com/v1" }`, and `orders` to go behind it.
pub fn no_slash(api: &str, base: &Text, path: &Text) -> Diagnostic {
    let first = path.value.split(['/', '$']).next().unwrap_or_default();
    Diagnostic::new(Code::MissingSlash, path.span, format!("there is no `/` between the URL of `{api}` and `{first}`"))
        .label(format!("this calls `{}{}`", base.value, path.value))
        .also(base.span, "ends without one")
        .help(format!("write `\"/{}\"`", path.value))
}
