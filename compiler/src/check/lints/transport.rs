//! `plain-transport`: what everybody on the way can read.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Email, Http, Node, Piece, Text, Workflow};
use std::net::IpAddr;

/// A literal `http://` to another machine.
pub(super) fn request(workflow: &Workflow, http: &Http, diagnostics: &mut Diagnostics) {
    let Some(host) = plain_host(&http.url) else { return };
    if is_loopback(host) {
        return;
    }
    let credentials = super::credentials(workflow, http);
    let what = match &credentials {
        Some((name, _)) => format!("the request and its `{name}` cross the network unencrypted"),
        None => "the request and its answer cross the network unencrypted".to_owned(),
    };
    let mut diagnostic =
        Diagnostic::new(Code::PlainTransport, http.url.span, what).label(format!("no TLS between here and `{host}`"));
    if let Some((_, span)) = credentials {
        diagnostic = diagnostic.also(span, "readable for everybody on the way");
    }
    diagnostics
        .push(diagnostic.help("write `https://`, or take the whole address from a variable such as `${API_URL}`"));
}

/// `use_tls: false` to another machine.
pub(super) fn mail(node: &Node, email: &Email, diagnostics: &mut Diagnostics) {
    if email.use_tls || email.server.as_literal().is_some_and(is_loopback) {
        return;
    }
    let what = match email.password {
        Some(_) => "the mail and its password cross the network unencrypted",
        None => "the mail crosses the network unencrypted",
    };
    let mut diagnostic = Diagnostic::new(Code::PlainTransport, super::place(node, "use_tls"), what).label("no TLS");
    if let Some(password) = &email.password {
        diagnostic = diagnostic.also(password.span, "readable for everybody on the way");
    }
    diagnostics.push(diagnostic.help("write `true`, unless the mail server is on this very machine"));
}

/// The literal host of a URL that begins with `http://`.
fn plain_host(url: &Text) -> Option<&str> {
    let Some(Piece::Literal(start)) = url.pieces.first() else { return None };
    let scheme = start.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"))?;
    let rest = &start[scheme.len()..];
    let end = rest.find(['/', '?', '#']);
    // Without an end the host may go on in what follows.
    if end.is_none() && url.pieces.len() > 1 && !rest.ends_with(':') {
        return None;
    }
    let authority = &rest[..end.unwrap_or(rest.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => host.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Expr;
    use crate::source::Span;

    /// `§` stands for data.
    fn check(url: &str, expected: Option<&str>) {
        let span = Span::new(0, 0);
        let mut pieces = Vec::new();
        for (index, literal) in url.split('§').enumerate() {
            if index > 0 {
                pieces.push(Piece::Expr(Expr::unknown(span)));
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
        }
        assert_eq!(plain_host(&Text { span, pieces }).filter(|host| !is_loopback(host)), expected, "{url}");
    }

    #[test]
    fn hosts_reached_without_tls() {
        check("http://example.com/a", Some("example.com"));
        check("HTTP://example.com", Some("example.com"));
        check("http://u:p@example.com:80?x", Some("example.com"));
        check("http://example.com:§/a", Some("example.com"));
        check("http://10.0.0.7/§", Some("10.0.0.7"));
        check("http://[2001:db8::1]:8080/", Some("2001:db8::1"));
    }

    #[test]
    fn encrypted_local_or_unknown() {
        for url in ["https://example.com/", "http://localhost:8080/a", "http://127.0.0.1/", "http://[::1]:1/§"] {
            check(url, None);
        }
        for url in ["http://api.localhost/", "http://LOCALHOST/", "http://§/a", "http://api.§/a", "§/a", ""] {
            check(url, None);
        }
    }
}
