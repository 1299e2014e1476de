//! Where data goes: the service a request is sent to, the server and the mailboxes of a mail, named as in the workflow.

use super::words::words;
use crate::model::url::is_scheme_first;
use crate::model::{Email, EnvId, ExprKind, Http, Kind, Node, NodeId, Piece, Text, Workflow};
use crate::source::Span;
use crate::syntax::ast::UNKNOWN_HOST;

/// A service, as far as the workflow tells: by a variable or by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// `${INVENTORY_API_URL}`, `https://api.example.com`.
    pub name: String,
    pub transport: Transport,
    /// What the variable or the host name says, without words such as `API` and `URL`.
    pub words: Vec<String>,
    /// The variable that holds it.
    pub variable: Option<EnvId>,
    /// The last two labels of a literal host: whose it is.
    pub domain: Option<String>,
    /// Where the workflow says so.
    pub span: Span,
}

impl Host {
    /// Whether the workflow names a service that there is not, which has been reported.
    pub fn is_unknown(&self) -> bool {
        let host = self.name.split_once("://").map_or(self.name.as_str(), |(_, host)| host);
        host.split(':').next() == Some(UNKNOWN_HOST)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    Https,
    Http,
    /// A variable says whether `https` or `http`.
    Configured,
    SmtpTls,
    Smtp,
}

impl Transport {
    pub fn word(self) -> &'static str {
        match self {
            Transport::Https => "https",
            Transport::Http => "http",
            Transport::Configured => "configured",
            Transport::SmtpTls => "smtp+tls",
            Transport::Smtp => "smtp",
        }
    }

    pub fn is_plain(self) -> bool {
        matches!(self, Transport::Http | Transport::Smtp)
    }
}

/// A mailbox of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// `support@example.com`, `${input_data.email}`.
    pub name: String,
    /// Written in the workflow or in the environment, and so the same for every execution.
    pub fixed: bool,
}

/// The service a node talks to; nothing for those that talk to none.
pub fn host(workflow: &Workflow, node: &Node) -> Option<Host> {
    match &node.kind {
        Kind::Http(http) => Some(of_request(workflow, http)),
        Kind::Email(email) => Some(of_mail(workflow, email)),
        Kind::Webhook(_) | Kind::Manual(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => {
            None
        }
    }
}

fn of_request(workflow: &Workflow, http: &Http) -> Host {
    let span = http.url.span;
    match http.url.pieces.first() {
        Some(start) if is_scheme_first(&http.url) || matches!(start, Piece::Literal(text) if text.contains("://")) => {
            // Up to the end of the authority, which templates may be part of.
            let mut name = String::new();
            let mut in_scheme = true;
            for piece in &http.url.pieces {
                let Piece::Literal(text) = piece else {
                    name.push_str(&shown_piece(workflow, piece));
                    continue;
                };
                let from = match text.find("://").filter(|_| in_scheme) {
                    Some(scheme) => scheme + 3,
                    None => 0,
                };
                in_scheme = false;
                match text[from..].find(['/', '?', '#']) {
                    Some(end) => {
                        name.push_str(&text[..from + end]);
                        break;
                    }
                    None => name.push_str(text),
                }
            }
            let (scheme, authority) = name.split_once("://").unwrap_or(("https", &name));
            let transport = match scheme {
                scheme if scheme.starts_with('$') => Transport::Configured,
                scheme if scheme.eq_ignore_ascii_case("http") => Transport::Http,
                _ => Transport::Https,
            };
            let host = authority.rsplit('@').next().unwrap_or(authority);
            let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
            let labels: Vec<&str> = host.split('.').collect();
            let domain = (!host.contains('$')).then(|| labels[labels.len().saturating_sub(2)..].join("."));
            let words = labels.iter().flat_map(|label| words(label));
            let words = words.filter(|word| !GENERIC.contains(&word.as_str()) && !ENDINGS.contains(&word.as_str()));
            let words = words.collect();
            Host { transport, words, variable: None, domain, span, name }
        }
        Some(piece @ Piece::Expr(expr)) => {
            let name = shown_piece(workflow, piece);
            let variable = match expr.kind {
                ExprKind::Env(variable) => Some(variable),
                _ => None,
            };
            let words = variable.map(|variable| service(&workflow.environment[variable.0].name)).unwrap_or_default();
            Host { name, transport: Transport::Configured, words, variable, domain: None, span }
        }
        // Reported already.
        _ => Host {
            name: shown(workflow, &http.url),
            transport: Transport::Configured,
            words: Vec::new(),
            variable: None,
            domain: None,
            span,
        },
    }
}

fn of_mail(workflow: &Workflow, email: &Email) -> Host {
    let mut name = shown(workflow, &email.server);
    if let Some(port) = &email.port {
        name = format!("{name}:{}", shown(workflow, port));
    }
    let transport = if email.use_tls { Transport::SmtpTls } else { Transport::Smtp };
    let variable = email.server.as_whole().and_then(|expr| match expr.kind {
        ExprKind::Env(variable) => Some(variable),
        _ => None,
    });
    let (words, domain) = match (variable, email.server.as_literal()) {
        (Some(variable), _) => (service(&workflow.environment[variable.0].name), None),
        (None, Some(host)) => {
            let labels: Vec<&str> = host.split('.').collect();
            let words = labels.iter().flat_map(|label| words(label));
            let words = words.filter(|word| !GENERIC.contains(&word.as_str()) && !ENDINGS.contains(&word.as_str()));
            (words.collect(), Some(labels[labels.len().saturating_sub(2)..].join(".")))
        }
        (None, None) => (Vec::new(), None),
    };
    Host { name, transport, words, variable, domain, span: email.server.span }
}

/// Whom a mail goes to.
pub fn mailboxes(workflow: &Workflow, email: &Email) -> Vec<Mailbox> {
    let recipients = email.to.iter().chain(&email.cc).chain(&email.bcc);
    let mailbox = |recipient: &Text| Mailbox {
        name: shown(workflow, recipient),
        fixed: !recipient.expressions().any(|expr| {
            let mut is_data = false;
            expr.walk(&mut |part| {
                is_data |= matches!(part.kind, ExprKind::Path(_) | ExprKind::PreviousOutputs | ExprKind::Parameter(_));
            });
            is_data
        }),
    };
    recipients.map(mailbox).collect()
}

/// `POST ${INVENTORY_API_URL}/inventory/check`.
pub fn endpoint(workflow: &Workflow, http: &Http) -> String {
    format!("{} {}", http.method, shown(workflow, &http.url))
}

/// A text with its templates, never with values.
pub fn shown(workflow: &Workflow, text: &Text) -> String {
    text.pieces.iter().map(|piece| shown_piece(workflow, piece)).collect()
}

fn shown_piece(workflow: &Workflow, piece: &Piece) -> String {
    match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Expr(expr) => match &expr.kind {
            ExprKind::Env(variable) => format!("${{{}}}", workflow.environment[variable.0].name),
            ExprKind::Path(path) => {
                let root = match path.root {
                    crate::model::expr::Root::Input => "input_data".to_owned(),
                    crate::model::expr::Root::Output(node) => {
                        format!("previous_outputs.{}", workflow.node(node).id.value)
                    }
                    crate::model::expr::Root::Error => "error".to_owned(),
                };
                let steps = path.steps.iter().map(|step| format!(".{step}"));
                format!("${{{root}{}}}", steps.collect::<String>())
            }
            _ => "${…}".to_owned(),
        },
    }
}

/// Words of variables and hosts that name no service.
const GENERIC: &[&str] = &[
    "api",
    "url",
    "uri",
    "base",
    "host",
    "hostname",
    "endpoint",
    "server",
    "domain",
    "port",
    "origin",
    "root",
    "address",
    "rest",
    "http",
    "https",
    "v",
    "prod",
    "production",
    "live",
    "test",
    "sandbox",
    "staging",
    "dev",
    "www",
    "key",
    "secret",
    "password",
    "token",
    "access",
    "auth",
    "oauth",
    "bearer",
    "client",
    "app",
    "application",
    "private",
    "signing",
    "webhook",
    "hook",
    "basic",
    "credential",
    "id",
    "user",
    "username",
    "service",
    "my",
    "the",
];

/// The ends of host names.
const ENDINGS: &[&str] = &["com", "org", "net", "io", "co", "dev", "eu", "de", "uk", "us", "cloud", "ai", "local"];

/// What service a variable is about: `PAYMENT_API_KEY` and `PAYMENT_API_URL` are both `payment`.
pub fn service(variable: &str) -> Vec<String> {
    let own = words(variable).into_iter().map(|word| {
        // `APIKEY`, `SECRETKEY`, `AUTHTOKEN`.
        let glued = ["apikey", "secretkey", "authtoken", "apitoken", "accesstoken", "apisecret"];
        if glued.contains(&word.as_str()) { "key".to_owned() } else { word }
    });
    own.filter(|word| !GENERIC.contains(&word.as_str())).collect()
}

/// Whether a secret and a host are named after the same service: all the words of the one are among those of the other.
pub fn is_same_service(secret: &[String], host: &[String]) -> bool {
    let within = |a: &[String], b: &[String]| !a.is_empty() && a.iter().all(|word| b.contains(word));
    within(secret, host) || within(host, secret)
}

/// Whether two hosts belong together as far as anyone can tell.
pub fn is_family(a: &Host, b: &Host) -> bool {
    a.name == b.name
        || (a.variable.is_some() && a.variable == b.variable)
        || (a.domain.is_some() && a.domain == b.domain)
        || is_same_service(&a.words, &b.words)
        || matches!((a.words.first(), b.words.first()), (Some(a), Some(b)) if a == b)
}

/// The words of a node's URL and id: what kind of service it is.
pub fn purpose_words(workflow: &Workflow, id: NodeId) -> Vec<String> {
    let node = workflow.node(id);
    let Kind::Http(http) = &node.kind else { return Vec::new() };
    let mut found = words(&node.id.value);
    for piece in &http.url.pieces {
        match piece {
            Piece::Literal(text) => found.extend(words(text)),
            Piece::Expr(expr) => {
                if let ExprKind::Env(variable) = expr.kind {
                    found.extend(words(&workflow.environment[variable.0].name));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_one_service_are_recognised() {
        for (secret, host, same) in [
            ("PAYMENT_API_KEY", "PAYMENT_API_URL", true),
            ("PAYMENT_SECRET", "PAYMENT_HOST", true),
            ("ACME_API_KEY", "ACME_SHIPPING_URL", true),
            ("PAYMENT_REFUND_KEY", "PAYMENT_API_URL", true),
            ("SMTP_PASSWORD", "SMTP_SERVER", true),
            ("STRIPE_APIKEY", "STRIPE_URL", true),
            ("PAYMENT_API_KEY", "INVENTORY_API_URL", false),
            ("API_KEY", "API_URL", false),
            ("ACME_PAYMENT_KEY", "ACME_SHIPPING_URL", false),
        ] {
            assert_eq!(is_same_service(&service(secret), &service(host)), same, "{secret} {host}");
        }
    }
}
