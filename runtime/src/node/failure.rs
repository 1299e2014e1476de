//! Words for what went wrong on the wire.
//!
//! Comes in: errors of other crates, texts of other servers. Goes out: a code and a short message in plain words.
//! Always true: a message is one line, of bounded length, holds no credentials of a URL, and neither of the words
//! `undefined` and `null`: it may end up in a customer's mail.

use super::NodeError;
use std::error::Error;
use std::io;
use std::time::Duration;

/// Longer messages of other servers are cut: they are stack traces, not sentences.
const MESSAGE_LENGTH_MAX: usize = 500;

/// An attempt that took longer than it may.
pub(super) fn timed_out(timeout: Duration) -> NodeError {
    NodeError::new("TIMEOUT", format!("timed out after {} s", timeout.as_secs_f64()))
}

/// The cause at the bottom of a failed connection or exchange.
pub(super) fn transport(error: &(dyn Error + 'static)) -> NodeError {
    let mut next = Some(error);
    let mut found = NodeError::new("CONNECTION_FAILED", "connection failed");
    let no_http = || NodeError::new("BAD_ANSWER", "the answer is not HTTP");
    let mut of_http = false;
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return self::tls(tls);
        }
        if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
            of_http = true;
            if hyper.is_incomplete_message() {
                found = closed();
            } else if hyper.is_parse() {
                let too_large = "the answer has more headers than are read here: 100, and 400 KB";
                found = match hyper.is_parse_too_large() {
                    true => NodeError::new("BAD_ANSWER", too_large),
                    false => no_http(),
                };
            }
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if let Some(known) = self::io(io) {
                found = known;
            }
            // What hyper says of the pieces of a body: no size, one beyond all numbers, trailers without end.
            if of_http && matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) {
                found = no_http();
            }
            // Its own error is not a `source` of an I/O error but its content.
            if let Some(inner) = io.get_ref() {
                next = Some(inner);
                continue;
            }
        }
        // The resolver's errors have no type of their own.
        if is_lookup(&error.to_string()) {
            found = NodeError::new("DNS_ERROR", "the host name cannot be resolved");
        }
        next = error.source();
    }
    found
}

pub(super) fn tls(error: &rustls::Error) -> NodeError {
    use rustls::{AlertDescription, Error, PeerIncompatible};
    let too_old = matches!(
        error,
        Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                    | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            )
    );
    if too_old {
        let message = "TLS failed: the other side speaks no version that is allowed here; TLS 1.2 has to be asked for, \
                       with --tls-min-version 1.2 or FLOW_TLS_MIN_VERSION=1.2";
        return NodeError::new("TLS_ERROR", message);
    }
    if let Error::InvalidCertificate(error) = error
        && let Some(why) = certificate(error)
    {
        return NodeError::new("TLS_ERROR", format!("TLS failed: {why}"));
    }
    NodeError::new("TLS_ERROR", readable(&format!("TLS failed: {error}")).unwrap_or_else(|| "TLS failed".to_owned()))
}

/// What is wrong with the certificate of the other side, and the way out.
fn certificate(error: &rustls::CertificateError) -> Option<&'static str> {
    use rustls::CertificateError;
    Some(match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the certificate of the other side is signed by nobody known here; SSL_CERT_FILE names further authorities"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate of the other side has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate of the other side is not valid yet; is the clock here right?"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate of the other side is for another host name than the one that was called"
        }
        CertificateError::Revoked => "the certificate of the other side was revoked",
        // rustls' own words for it are those of the library below.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the certificate of the other side is that of an authority (CA:TRUE), and no server may show one as its own"
        }
        _ => return None,
    })
}

fn io(error: &io::Error) -> Option<NodeError> {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(NodeError::new("CONNECTION_REFUSED", "connection refused")),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Some(NodeError::new("CONNECTION_RESET", "connection reset"))
        }
        ErrorKind::UnexpectedEof => Some(closed()),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Some(NodeError::new("UNREACHABLE", "the host cannot be reached"))
        }
        ErrorKind::TimedOut => Some(NodeError::new("CONNECTION_TIMEOUT", "the connection timed out")),
        _ => None,
    }
}

fn closed() -> NodeError {
    NodeError::new("CONNECTION_CLOSED", "connection closed before the answer was complete")
}

fn is_lookup(message: &str) -> bool {
    message.starts_with("dns error") || message.contains("failed to lookup address information")
}

/// Text of another server as part of a message. `None`: nothing worth saying, as where it tells of a value that its program
/// did not have.
pub(super) fn readable(text: &str) -> Option<String> {
    let is_nothing = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
        matches!(bare.as_str(), "undefined" | "null")
    };
    one_line(text).filter(|line| !words(line).any(is_nothing))
}

/// A message on one line, not too long, without credentials. `None`: there is nothing in it.
pub(super) fn one_line(text: &str) -> Option<String> {
    let mut line = String::with_capacity(text.len().min(MESSAGE_LENGTH_MAX));
    for word in words(text) {
        if !line.is_empty() {
            line.push(' ');
        }
        push_without_credentials(word, &mut line);
        if line.len() > MESSAGE_LENGTH_MAX {
            let end = (0..=MESSAGE_LENGTH_MAX).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    (!line.is_empty()).then_some(line)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty())
}

/// `https://user:password@host/` becomes `https://host/`.
fn push_without_credentials(word: &str, line: &mut String) {
    let mut rest = word;
    while let Some(at) = rest.find("://") {
        let (scheme, after) = rest.split_at(at + 3);
        line.push_str(scheme);
        let authority = after.find(['/', '?', '#', '"', '\'', '>']).unwrap_or(after.len());
        let user = after[..authority].rfind('@').map_or(0, |at| at + 1);
        line.push_str(&after[user..authority]);
        rest = &after[authority..];
    }
    line.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_servers_become_one_clean_line() {
        assert_eq!(readable("Card\r\n declined\0 ").as_deref(), Some("Card declined"));
        assert_eq!(readable(" \n"), None);
        assert_eq!(readable("customer is null"), None);
        assert_eq!(readable("Cannot read properties of undefined (reading 'x')"), None);
        assert_eq!(readable("nullable is fine").as_deref(), Some("nullable is fine"));
        assert_eq!(readable("at https://u:p@h/x?y and ftp://v@g").as_deref(), Some("at https://h/x?y and ftp://g"));
        assert!(readable(&"é ".repeat(1000)).unwrap().len() <= MESSAGE_LENGTH_MAX + 3);
    }

    #[test]
    fn causes_are_found_however_deep() {
        let refused = io::Error::other(io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused)));
        assert_eq!(transport(&refused), NodeError::new("CONNECTION_REFUSED", "connection refused"));
        let tls = io::Error::other(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer));
        assert_eq!(transport(&tls).code, "TLS_ERROR");
        let lookup = io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(transport(&lookup).code, "DNS_ERROR");
        assert_eq!(transport(&io::Error::other("?")).code, "CONNECTION_FAILED");
    }

    #[test]
    fn time_outs_are_in_seconds() {
        assert_eq!(timed_out(Duration::from_secs(45)).message, "timed out after 45 s");
        assert_eq!(timed_out(Duration::from_millis(1500)).message, "timed out after 1.5 s");
    }
}
