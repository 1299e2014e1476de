//! Literals that can be wrong: URLs, addresses, networks, cron expressions, header names.
//!
//! Each is read by the same parser that reads it at run time, so that what is accepted here works there.

use super::Lowering;
use super::expr::is_environment_name;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::expr::ExprKind;
use crate::model::{Piece, Text};
use crate::source::{Dialect, Span};
use crate::syntax::ast::{self, ValueKind};
use flow_runtime::expr::Method;
use flow_runtime::render::Mailbox;
use flow_runtime::value::number_text;
use std::net::IpAddr;
use std::str::FromStr;

/// What is wrong with the part of a URL before its first template.
pub(super) fn url_start(written: &ast::Text) -> Option<Diagnostic> {
    let bad = |headline: String, help: String| {
        Some(Diagnostic::new(Code::BadUrl, written.span, headline).label("not a URL").help(help))
    };
    let start = written.value.split("${").next().unwrap_or_default();
    match start.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase()).as_deref() {
        Some("http" | "https") => None,
        Some(scheme) => {
            bad(format!("`{scheme}` is not a protocol that an http node speaks"), "write `https://…`".to_owned())
        }
        None if written.value.is_empty() => {
            bad("the URL is empty".to_owned(), "write an absolute URL: `https://…`".to_owned())
        }
        None if start.is_empty() => None,
        None => {
            let help = match start.strip_prefix("//").or((!start.starts_with('/')).then_some(start)) {
                Some(host) => meant_url(host),
                None => format!("begin with a variable: `${{API_URL}}{start}`"),
            };
            bad(format!("`{start}` is not an absolute URL"), help)
        }
    }
}

/// Headers of requests that people write by hand.
const HEADERS: &[&str] = &[
    "Accept",
    "Accept-Language",
    "Authorization",
    "Cache-Control",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "User-Agent",
    "X-Api-Key",
    "X-Request-Id",
];

/// Headers that belong to the connection or follow from the body (RFC 9110, 7.6.1 and 8.6): what each would be, and what to do.
const NOT_FOR_AUTHORS: &[(&[&str], &str, &str)] = &[
    (&["Content-Length"], "counted from the body", "remove it: every request says how long its body is"),
    (
        &["Transfer-Encoding"],
        "follows from how the body is sent",
        "remove it: a body is sent in one piece, with its length",
    ),
    (
        &["Connection", "Keep-Alive", "Proxy-Connection"],
        "about the connection, which other requests use too",
        "remove it: connections are kept as long as they are of use",
    ),
    (
        &["Upgrade", "HTTP2-Settings"],
        "would make another protocol of the connection",
        "remove it: a node speaks HTTP, and takes HTTP/2 by itself where a service offers it",
    ),
    (
        &["TE", "Trailer"],
        "about what follows a body, and nothing does",
        "remove it: what a service shall know stands in a header",
    ),
];

/// Media types that services speak.
const MEDIA_TYPES: &[&str] = &[
    "application/json",
    "application/ld+json",
    "application/merge-patch+json",
    "application/octet-stream",
    "application/pdf",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "multipart/form-data",
    "text/csv",
    "text/html",
    "text/plain",
    "text/xml",
];

impl Lowering<'_> {
    pub(super) fn check_webhook_id(&mut self, id: &ast::Text) {
        let fits = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | '~');
        if id.value.is_empty() || !id.value.chars().all(fits) || id.value.starts_with('.') {
            self.diagnostics.push(
                Diagnostic::new(Code::BadWebhookId, id.span, format!("`{}` cannot be part of a path", id.value))
                    .label("not a webhook id")
                    .help("it becomes `/webhooks/<webhook_id>`: use letters, digits, `-` and `_`"),
            );
        }
    }

    /// Whole literals are parsed; of a URL with templates, the part before the first one.
    pub(super) fn check_url(&mut self, url: &Text, written: &ast::Text) {
        let bad = |headline: String, help: &str| {
            Diagnostic::new(Code::BadUrl, written.span, headline).label("not a URL").help(help.to_string())
        };
        if let Some(found) = url_start(written) {
            // `$(API_URL)/orders`: which variable was meant is said of the URL.
            let start = written.span_of(0..0);
            let is_its_start = |other: &Diagnostic| {
                let place = other.primary.span;
                other.code == Code::ShadowedLiteral && (place.file, place.start) == (start.file, start.start)
            };
            if written.value.starts_with("$(") {
                self.diagnostics.retain(|other| !is_its_start(other));
            }
            // What an api says was checked there.
            if written.span.contains(written.span_of(0..0)) {
                self.diagnostics.push(found);
            }
            return;
        }
        if let Some(Piece::Expr(_)) = url.pieces.first() {
            return self.shadowed_url(url, written);
        }
        if url.pieces.iter().any(|piece| matches!(piece, Piece::Literal(text) if text.contains(char::is_whitespace))) {
            self.diagnostics.push(bad("the URL has a space in it".into(), "remove it, or write `%20`"));
            return;
        }
        self.shadowed_url(url, written);
        if let Some(literal) = url.as_literal()
            && let Err(error) = url::Url::parse(literal)
        {
            self.diagnostics.push(bad(format!("the URL cannot be read: {error}"), "check host and port"));
        }
    }

    /// Of a whole number with many digits another is sent.
    pub(super) fn check_exact(&mut self, written: &str, number: f64, span: Span) {
        let digits = written.trim_start_matches('-');
        let is_whole = digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_whole && format!("{:.0}", number.abs()) != digits {
            self.diagnostics.push(
                Diagnostic::new(Code::InexactNumber, span, format!("`{written}` has more digits than a number holds"))
                    .label(format!("sent as {}", number_text(number)))
                    .help(format!("what only names something is text: write \"{written}\"")),
            );
        }
    }

    pub(super) fn check_header_name(&mut self, name: &ast::Text) {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.value.is_empty() || !name.value.bytes().all(token) {
            let headline = match name.value.as_str() {
                "" => "a header without a name".to_string(),
                name => format!("`{name}` cannot be the name of a header"),
            };
            let diagnostic = Diagnostic::new(Code::BadHeader, name.span, headline);
            self.diagnostics.push(match name.value.contains("${") {
                true => diagnostic
                    .label("a template")
                    .help("the name of a header is written out: only its value can have a `${…}` in it"),
                false => diagnostic
                    .label("not a header name")
                    .help("a name holds letters, digits and `-`, as in `X-API-Version`"),
            });
            return;
        }
        let is_one = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(&name.value));
        if let Some((_, label, help)) = NOT_FOR_AUTHORS.iter().find(|(names, ..)| is_one(names)) {
            let headline = format!("a workflow cannot set the header `{}`", name.value);
            self.diagnostics.push(Diagnostic::new(Code::BadHeader, name.span, headline).label(*label).help(*help));
        }
    }

    /// Whom a request is for: over TLS the certificate and HTTP/2 go by the host of the URL, and a service that is told another in
    /// `Host` refuses it. In plain HTTP it may name one of several sites behind an address.
    pub(super) fn check_host(&mut self, name: &ast::Text, value: &Text, url: &Text) {
        let start = match url.pieces.first() {
            Some(Piece::Literal(text)) => text.strip_prefix("https://"),
            Some(Piece::Expr(_)) | None => None,
        };
        let Some(start) = start.filter(|_| name.value.eq_ignore_ascii_case("host")) else { return };
        let host = match start.find(['/', '?', '#']) {
            Some(end) => &start[..end],
            None if url.pieces.len() == 1 => start,
            None => return,
        };
        let host = host.rsplit('@').next().unwrap_or(host);
        let is_same = |said: &str| {
            let said = said.trim();
            said.strip_suffix(":443").unwrap_or(said).eq_ignore_ascii_case(host.strip_suffix(":443").unwrap_or(host))
        };
        if value.as_literal().is_some_and(is_same) {
            return;
        }
        let help = match value.as_literal() {
            Some(said) => format!("remove it, or call `https://{}` itself", said.trim()),
            None => "remove it, and let the URL name the host".to_owned(),
        };
        self.diagnostics.push(
            Diagnostic::new(Code::BadHeader, name.span, format!("`Host` is another than the URL's, `{host}`"))
                .label("over TLS a request is for the host of its URL")
                .help(help),
        );
    }

    /// What a header cannot be beside the others, or as it is written.
    pub(super) fn check_header(&mut self, name: &ast::Text, value: &Text, before: &[(String, Text)]) {
        // The very same key is reported where it is read.
        let is_same = |other: &str| other != name.value && other.eq_ignore_ascii_case(&name.value);
        if let Some((other, text)) = before.iter().find(|(other, _)| is_same(other)) {
            self.diagnostics.push(
                Diagnostic::new(Code::ConflictingKeys, name.span, format!("`{}` is the header `{other}`", name.value))
                    .label("the same header")
                    .also(text.span, "given here already")
                    .help("remove one of them: capitals make no difference in the name of a header"),
            );
        }
        self.check_well_known(name, value);
        self.slips_in_credentials(name, value);
        // RFC 7617: what follows has no `:` any more.
        let is_plain = |(at, piece): (usize, &Piece)| match piece {
            Piece::Literal(text) if at == 0 => text.strip_prefix("Basic ").is_some_and(|rest| rest.contains(':')),
            Piece::Literal(text) => text.contains(':'),
            Piece::Expr(_) => false,
        };
        let is_basic = matches!(value.pieces.first(), Some(Piece::Literal(text)) if text.starts_with("Basic "));
        if is_basic && name.value.eq_ignore_ascii_case("authorization") && value.pieces.iter().enumerate().any(is_plain)
        {
            self.diagnostics.push(
                Diagnostic::new(Code::BadHeader, value.span, "`Basic` is followed by `user:password` in base64")
                    .label("not in base64")
                    .help("put the encoded text into a variable: `Basic ${SHOP_API_BASIC_KEY}`, made with `printf user:password | base64`"),
            );
        }
    }

    /// Names and media types that everybody knows, with a slip in them.
    fn check_well_known(&mut self, name: &ast::Text, value: &Text) {
        let found = |span, word: &str, meant: &str, label: &str| {
            Diagnostic::new(Code::MisspeltName, span, format!("`{word}` is nearly `{meant}`"))
                .label(label.to_owned())
                .help(format!("write `{meant}`, if that is what is meant"))
        };
        if let Some(meant) = suggest::misspelt(&name.value, HEADERS) {
            self.diagnostics.push(found(name.span, &name.value, meant, "no service reads this"));
        }
        let is_of_media = ["content-type", "accept"].iter().any(|header| name.value.eq_ignore_ascii_case(header));
        let Some(literal) = value.as_literal().filter(|_| is_of_media) else { return };
        for media in literal.split(',').filter_map(|media| media.split(';').next()).map(str::trim) {
            if let Some(meant) = suggest::misspelt(media, MEDIA_TYPES) {
                self.diagnostics.push(found(value.span, media, meant, "no media type that anybody knows"));
            }
        }
    }

    pub(super) fn check_one_line(&mut self, text: &Text, what: &str) {
        let breaks = |piece: &Piece| matches!(piece, Piece::Literal(text) if text.contains(['\r', '\n', '\0']));
        if text.pieces.iter().any(breaks) {
            self.diagnostics.push(
                Diagnostic::new(Code::BadHeader, text.span, format!("{what} is one line, and this has a line break"))
                    .label("has a line break"),
            );
        }
    }

    pub(super) fn check_server(&mut self, server: &Text) {
        let Some(name) = server.as_literal().filter(|name| !name.is_empty()) else { return };
        if name.contains(['/', '@', ' ', ':']) && IpAddr::from_str(name).is_err() {
            self.diagnostics.push(
                Diagnostic::new(Code::BadAddress, server.span, format!("`{name}` is not the name of a mail server"))
                    .label("not a host name")
                    .help("write only the host, as in `smtp.example.com`; the port stands in `smtp_port`"),
            );
        }
    }

    pub(super) fn check_port(&mut self, port: &Text) {
        let Some(literal) = port.as_literal() else { return };
        if !literal.parse::<u16>().is_ok_and(|port| port > 0) {
            self.diagnostics.push(
                Diagnostic::new(Code::WrongType, port.span, format!("`{literal}` is not a port number"))
                    .label("not a port")
                    .help("a port is a number from 1 to 65535, usually 587 or 465"),
            );
        }
    }

    /// By the very rules that hold when the mail is written. A sender's name has a key of its own.
    pub(super) fn check_mail_address(&mut self, address: &Text, may_have_name: bool) {
        let Some(literal) = address.as_literal() else { return self.check_one_address(address) };
        // What the mail writer's library reads.
        let bare = email_address::Options::default().without_display_text().without_domain_literal();
        let is_read = |address: &str| email_address::EmailAddress::parse_with_options(address, bare).is_ok();
        let mailbox = Mailbox::of_text(literal).filter(|mailbox| is_read(&mailbox.address));
        if mailbox.is_some_and(|mailbox| may_have_name || mailbox.name.is_none()) {
            return;
        }
        let mut diagnostic =
            Diagnostic::new(Code::BadAddress, address.span, format!("`{literal}` is not a mail address"))
                .label("not an address");
        if literal.contains([',', ';']) {
            diagnostic =
                diagnostic.help("for several recipients write an array: [\"a@example.com\", \"b@example.com\"]");
        } else if literal.contains('<') && !may_have_name {
            diagnostic =
                diagnostic.help("write only what stands between `<` and `>`; a sender's name stands in `from_name`");
        } else if let Some((name, address)) = literal.rsplit_once(' ').filter(|(_, last)| is_read(last)) {
            diagnostic = diagnostic.help(match may_have_name || self.dialect == Dialect::Flow {
                true => format!("an address behind a name stands in `<…>`: \"{} <{address}>\"", name.trim()),
                false => format!("write only `{address}`; a sender's name stands in `from_name`"),
            });
        } else {
            diagnostic = diagnostic.help("write a name, `@` and a domain, as in `ann@example.com`");
        }
        self.diagnostics.push(diagnostic);
    }

    /// `${mail}, b@example.com` and `${mails.join(', ')}`: a text is one address, so that data cannot bring a second.
    fn check_one_address(&mut self, address: &Text) {
        let literals = || {
            address.pieces.iter().filter_map(|piece| match piece {
                Piece::Literal(literal) => Some(literal),
                Piece::Expr(_) => None,
            })
        };
        let is_list =
            literals().any(|literal| literal.contains([',', ';'])) && !literals().any(|text| text.contains('<'));
        let joined = address.expressions().find_map(|expr| match &expr.kind {
            ExprKind::Method(_, Method::Join, _) => Some(expr.span),
            _ => None,
        });
        let several = "a text is one address, and this is several";
        if let Some(joined) = joined {
            self.diagnostics.push(
                Diagnostic::new(Code::BadAddress, joined, several)
                    .label("joined here")
                    .help("leave out `.join(…)`: an array of addresses is taken as it is"),
            );
        } else if is_list {
            self.diagnostics.push(
                Diagnostic::new(Code::BadAddress, address.span, several)
                    .label("refused when the mail is written")
                    .help("write an array: [\"a@example.com\", \"b@example.com\"]"),
            );
        }
    }

    pub(super) fn address_list(&mut self, list: &ast::Value) -> Vec<String> {
        let ValueKind::Array(items) = &list.kind else { return Vec::new() };
        let mut addresses = Vec::with_capacity(items.len());
        for item in items {
            match &item.kind {
                ValueKind::String(text) if is_network(&text.value) => addresses.push(text.value.clone()),
                ValueKind::String(text) => self.diagnostics.push(bad_network(item.span, &text.value)),
                _ => self.diagnostics.push(
                    Diagnostic::new(
                        Code::WrongType,
                        item.span,
                        format!("an address is text, not {}", super::config::kind_of(item)),
                    )
                    .label("wrong type"),
                ),
            }
        }
        addresses
    }

    pub(super) fn check_cron(&mut self, cron: &ast::Text) {
        if let Err(error) = croner::Cron::from_str(&cron.value) {
            self.diagnostics.push(
                Diagnostic::new(Code::BadCron, cron.span, format!("`{}` is not a cron expression", cron.value))
                    .label(cron_mistake(&error))
                    .help("minute, hour, day of the month, month, weekday: `0 9 * * 1-5` is every workday at nine"),
            );
        }
    }
}

/// A single address, or a network with its host bits set or not.
fn is_network(text: &str) -> bool {
    ipnet::IpNet::from_str(text).is_ok() || IpAddr::from_str(text).is_ok()
}

/// What a text that is no absolute URL was meant to be.
fn meant_url(start: &str) -> String {
    for scheme in ["https", "http"] {
        let rest = start.strip_prefix(scheme).filter(|rest| rest.starts_with([':', '/']));
        if let Some(rest) = rest.map(|rest| rest.trim_start_matches([':', '/'])).filter(|rest| !rest.is_empty()) {
            return format!("write `{scheme}://{rest}`");
        }
    }
    // The ways in which other systems write variables.
    let bare = start.trim_start_matches(['$', '{', '(', '<', '%']);
    let name = bare.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').next().unwrap_or_default();
    if is_environment_name(name) && name.contains('_') {
        let path = bare[name.len()..].trim_start_matches(['}', ')', '>', '%']);
        return format!("a variable is written as `${{{name}}}{path}`");
    }
    format!("write `https://{start}`, or begin with a variable such as `${{API_URL}}`")
}

fn bad_network(span: Span, text: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::BadNetwork, span, format!("`{text}` is not an address or a network"))
        .label("not an address");
    match text.split_once('/') {
        Some((address, bits)) if IpAddr::from_str(address).is_ok() => {
            let most = if address.contains(':') { 128 } else { 32 };
            diagnostic.help(format!("`/{bits}` is too long: a network of this kind has at most /{most}"))
        }
        _ => diagnostic.help("write an address such as `10.1.2.3` or a network such as `10.0.0.0/8`"),
    }
}

/// What is wrong, without the name of the library's error.
fn cron_mistake(error: &croner::errors::CronError) -> String {
    let said = error.to_string();
    let said = said.strip_prefix("Component error: ").unwrap_or(&said);
    said.trim_end_matches('.').to_lowercase()
}
