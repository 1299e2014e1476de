//! `literal-secret`: a secret that stands in the workflow itself.
//!
//! Always true: found is what only a secret can be (a password, the key of signatures, a key that says so itself), and in headers,
//! parameters and fields of a body for credentials what looks like one. No message holds any of it.

use crate::check::dataflow::{is_credential_parameter, is_for_credentials};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::lower::expr::is_environment_name;
use crate::model::{Body, Email, Http, Node, Piece, Text, Tree, Webhook};
use crate::source::Span;

/// Shorter values of headers say how something is done, not who asks: `v2`, `basic`.
const KEY_LENGTH_MIN: usize = 12;

/// Words for how something is done are shorter, or have a `-` in them.
const LONG_WORD_MIN: usize = 16;

/// What follows on `sk_live_` in a key; in an example it is `…` or `xxx`.
const SECRET_REST_MIN: usize = 8;

/// What stands before a key in `Authorization`.
const SCHEMES: [&str; 3] = ["Bearer ", "Basic ", "Token "];

const IN_A_HEADER: &str =
    "if the service takes it there, send it in a header: URLs end in the logs of servers and proxies";

/// What the secret keys of well-known services begin with; those that may be published (`pk_live_`) begin otherwise.
const SECRET_STARTS: &[&str] =
    &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "ghp_", "github_pat_", "glpat-", "xoxb-", "xoxp-"];

pub(super) fn webhook(node: &Node, webhook: &Webhook, diagnostics: &mut Diagnostics) {
    if let Some(secret) = &webhook.secret {
        let what = format!("the secret of `{}`", node.id.value);
        of_text(&what, secret, "WEBHOOK_SECRET", diagnostics);
    }
}

pub(super) fn mail(node: &Node, email: &Email, diagnostics: &mut Diagnostics) {
    if let Some(password) = &email.password {
        let what = format!("the password with which `{}` logs in", node.id.value);
        of_text(&what, password, "SMTP_PASSWORD", diagnostics);
    }
}

pub(super) fn request(node: &Node, http: &Http, diagnostics: &mut Diagnostics) {
    headers(node, http, diagnostics);
    login(node, http, diagnostics);
    parameters(node, http, diagnostics);
    match &http.body {
        Body::Json(tree) => body(node, tree, diagnostics),
        Body::Form(fields) => fields.iter().for_each(|field| field_of_body(node, field, diagnostics)),
        Body::None | Body::Text(_) => {}
    }
}

fn body(node: &Node, tree: &Tree, diagnostics: &mut Diagnostics) {
    match tree {
        Tree::Object(fields) => fields.iter().for_each(|field| field_of_body(node, field, diagnostics)),
        Tree::Array(items) => items.iter().for_each(|item| body(node, item, diagnostics)),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::Whole(_) => {}
    }
}

fn field_of_body(node: &Node, (name, value): &(String, Tree), diagnostics: &mut Diagnostics) {
    let Tree::Text(text) = value else { return body(node, value, diagnostics) };
    if let Some(literal) = text.as_literal().filter(|literal| is_secret_parameter(name, literal)) {
        let variable = Some(literal).filter(|literal| is_variable(literal));
        let what = format!("the `{name}` that `{}` sends", node.id.value);
        let usual = if name.to_ascii_lowercase().contains("pass") { "SHOP_PASSWORD" } else { "API_KEY" };
        diagnostics.push(found(&what, text.span, variable, usual));
    }
}

fn headers(node: &Node, http: &Http, diagnostics: &mut Diagnostics) {
    let id = &node.id.value;
    for (name, value) in &http.headers {
        let Some(text) = value.as_literal() else { continue };
        let key = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme));
        let is_named = key.is_some() || is_credential_parameter(name);
        let key = key.unwrap_or(text);
        let is_credential = is_key(key) || is_variable(key) || is_named && is_long_word(key);
        if is_secret_by_itself(key) || is_for_credentials(name) && is_credential {
            let variable = Some(key).filter(|key| is_variable(key));
            diagnostics.push(found(&format!("the `{name}` of `{id}`"), value.span, variable, "API_KEY"));
        }
    }
}

/// `https://user:password@host`
fn login(node: &Node, http: &Http, diagnostics: &mut Diagnostics) {
    let id = &node.id.value;
    if let Some(Piece::Literal(start)) = http.url.pieces.first()
        && let Some((_, rest)) = start.split_once("://")
        && let Some((login, _)) = rest.split(['/', '?', '#']).next().and_then(|authority| authority.rsplit_once('@'))
        && login.split_once(':').is_some_and(|(_, password)| !password.is_empty())
    {
        diagnostics.push(found(&format!("the password in the URL of `{id}`"), http.url.span, None, "API_URL"));
    }
}

/// In `params`, and in the query of the URL itself.
fn parameters(node: &Node, http: &Http, diagnostics: &mut Diagnostics) {
    let id = &node.id.value;
    for (name, value) in &http.params {
        let Tree::Text(text) = value else { continue };
        let Some(literal) = text.as_literal().filter(|literal| is_secret_parameter(name, literal)) else { continue };
        let variable = Some(literal).filter(|literal| is_variable(literal));
        let what = format!("the parameter `{name}` of `{id}`");
        diagnostics.push(found(&what, text.span, variable, "API_KEY").help(IN_A_HEADER));
    }
    let url = without_templates(&http.url);
    let query = url.split('#').next().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    for (name, value) in query.split('&').filter_map(|parameter| parameter.split_once('=')) {
        if is_secret_parameter(name, value) {
            let variable = Some(value).filter(|value| is_variable(value));
            let what = format!("the parameter `{name}` in the URL of `{id}`");
            diagnostics.push(found(&what, http.url.span, variable, "API_KEY").help(IN_A_HEADER));
        }
    }
}

/// With a space, which stands in no key, for each template.
fn without_templates(text: &Text) -> String {
    let pieces = text.pieces.iter().map(|piece| match piece {
        Piece::Literal(literal) => literal.as_str(),
        Piece::Expr(_) => " ",
    });
    pieces.collect()
}

fn is_secret_parameter(name: &str, value: &str) -> bool {
    is_secret_by_itself(value) || is_credential_parameter(name) && (is_key(value) || is_variable(value))
}

fn is_secret_by_itself(value: &str) -> bool {
    let rest = SECRET_STARTS.iter().find_map(|start| value.strip_prefix(start));
    rest.is_some_and(|rest| rest.len() >= SECRET_REST_MIN && rest.bytes().all(is_of_keys))
}

fn of_text(what: &str, text: &Text, variable: &str, diagnostics: &mut Diagnostics) {
    let Some(literal) = text.as_literal().filter(|literal| !literal.is_empty()) else { return };
    diagnostics.push(found(what, text.span, Some(literal).filter(|literal| is_variable(literal)), variable));
}

/// `named`: the variable whose name stands there in place of its value.
fn found(what: &str, span: Span, named: Option<&str>, usual: &str) -> Diagnostic {
    let (headline, label) = match named {
        Some(variable) => {
            (format!("{what} is the text `{variable}`, not the value of that variable"), "everybody can guess it")
        }
        None => (
            format!("{what} stands in the workflow itself"),
            "compiled into the executable, and the same wherever it runs",
        ),
    };
    Diagnostic::new(Code::LiteralSecret, span, headline)
        .label(label)
        .help(format!("take it from the environment: `${{{}}}`", named.unwrap_or(usual)))
}

/// The name of a variable, for which `${}` was forgotten.
fn is_variable(text: &str) -> bool {
    is_environment_name(text) && text.contains('_')
}

/// One word without any digit is a key where nothing else can be meant.
fn is_long_word(text: &str) -> bool {
    text.len() >= LONG_WORD_MIN && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_of_keys(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Letters and digits in one word.
fn is_key(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    text.len() >= KEY_LENGTH_MIN
        && !text.contains(char::is_whitespace)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key() {
        for key in ["sk_live_4eC39HqLyjWDarjtT1", "dXNlcjpodW50ZXIy", "AKIAIOSFODNN7EXAMPLE"] {
            assert!(is_key(key), "{key}");
        }
        assert!(is_secret_by_itself("sk_live_abcdefghijklmnop") && !is_secret_by_itself("sk_live_…"));
        assert!(is_long_word("abcdefghijklmnop") && !is_long_word("application-only"));
        for other in ["", "v2", "hmac-sha256", "basic", "application-only", "2026-11", "not a key 1"] {
            assert!(!is_key(other), "{other}");
        }
    }
}
