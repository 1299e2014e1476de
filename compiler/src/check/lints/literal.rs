//! `literal-secret`: a secret that stands in the workflow itself.
//!
//! Always true: found is what only a secret can be (a password, the key of signatures), and in headers for credentials what looks
//! like one. No message holds any of it.

use crate::check::dataflow::is_for_credentials;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::lower::expr::is_environment_name;
use crate::model::{Email, Http, Node, Piece, Text, Webhook};
use crate::source::Span;

/// Shorter values of headers say how something is done, not who asks: `v2`, `basic`.
const KEY_LENGTH_MIN: usize = 12;

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
    let id = &node.id.value;
    for (name, value) in http.headers.iter().filter(|(name, _)| is_for_credentials(name)) {
        let key = value.as_literal().map(|text| {
            ["Bearer ", "Basic ", "Token "].iter().fold(text, |text, scheme| text.strip_prefix(scheme).unwrap_or(text))
        });
        if key.is_some_and(|key| is_key(key) || is_variable(key)) {
            let variable = key.filter(|key| is_variable(key));
            diagnostics.push(found(&format!("the `{name}` of `{id}`"), value.span, variable, "API_KEY"));
        }
    }
    if let Some(Piece::Literal(start)) = http.url.pieces.first()
        && let Some((_, rest)) = start.split_once("://")
        && let Some((login, _)) = rest.split(['/', '?', '#']).next().and_then(|authority| authority.rsplit_once('@'))
        && login.split_once(':').is_some_and(|(_, password)| !password.is_empty())
    {
        diagnostics.push(found(&format!("the password in the URL of `{id}`"), http.url.span, None, "API_URL"));
    }
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
        for other in ["", "v2", "hmac-sha256", "basic", "application-only", "2026-11", "not a key 1"] {
            assert!(!is_key(other), "{other}");
        }
    }
}
