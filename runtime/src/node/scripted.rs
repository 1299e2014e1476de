//! Attempts that a script answers instead of the world.
//!
//! Comes in: a rendered effect and what is answered. Goes out: what the clients would have made of that answer; and what
//! the effect would have sent, as JSON.
//! Always true: nothing is sent. Redirects, compression and the cache of answers belong to the clients and are not played.

use super::answer::{self, Answer};
use super::{Attempt, NodeError, Outcome, Prepared, Services, failure};
use crate::flow::{Kind, Node};
use crate::scope::Scope;
use crate::value::Fault;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::io;
use std::time::{Duration, SystemTime};

/// What is answered.
#[derive(Debug, Clone)]
pub enum Scripted {
    /// By an HTTP service.
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// By a mail server, about a mail as a whole.
    Reply {
        code: u16,
        text: String,
    },
    Fault(ScriptedFault),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptedFault {
    Refused,
    Reset,
    /// Also of a mail server that has been sent all of a mail.
    Closed,
    Dns,
    Tls,
    Timeout,
}

/// What an effect would have sent.
#[derive(Debug, Clone)]
pub enum Shown {
    Request(serde_json::Value),
    Mail(serde_json::Value),
}

impl Scripted {
    /// By a mail server.
    pub const ACCEPTED: Scripted = Scripted::Reply { code: 250, text: String::new() };

    /// Nothing is answered until time is up.
    pub fn is_silence(&self) -> bool {
        matches!(self, Scripted::Fault(ScriptedFault::Timeout))
    }
}

impl ScriptedFault {
    pub const NAMES: [&str; 6] = ["refused", "reset", "closed", "dns", "tls", "timeout"];

    pub fn named(name: &str) -> Option<ScriptedFault> {
        use ScriptedFault::{Closed, Dns, Refused, Reset, Timeout, Tls};
        let at = ScriptedFault::NAMES.iter().position(|known| *known == name)?;
        Some([Refused, Reset, Closed, Dns, Tls, Timeout][at])
    }

    /// In the words that the real thing would get.
    fn error(self, timeout: Duration) -> NodeError {
        let io = |kind: io::ErrorKind| failure::transport(&io::Error::from(kind));
        match self {
            ScriptedFault::Refused => io(io::ErrorKind::ConnectionRefused),
            ScriptedFault::Reset => io(io::ErrorKind::ConnectionReset),
            ScriptedFault::Closed => io(io::ErrorKind::UnexpectedEof),
            ScriptedFault::Dns => {
                failure::transport(&io::Error::other("failed to lookup address information: name not known"))
            }
            ScriptedFault::Tls => {
                failure::tls(&rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer))
            }
            ScriptedFault::Timeout => failure::timed_out(timeout),
        }
    }
}

impl Services {
    /// What an effect would send.
    ///
    /// # Errors
    /// As [`Services::prepare`].
    pub(crate) fn show(&self, node: &'static Node, prepared: &Prepared, scope: &Scope) -> Result<Shown, Fault> {
        match (prepared, &node.kind) {
            (Prepared::Http(request), _) => Ok(Shown::Request(request.shown())),
            #[cfg(feature = "mail")]
            (Prepared::Email(_), Kind::Email(email)) => self.mail.show(email, scope).map(Shown::Mail),
            #[cfg(feature = "mail")]
            (Prepared::Email(_), _) => Err(Fault::new("only a mail node prepares a mail")),
            // Scenarios are played by executables, which have no such nodes.
            (Prepared::Rust(_), _) => Err(Fault::new("no scenario plays a Rust function")),
        }
    }

    /// What the attempt comes to. `took`: how long the answer took; `None`: longer than the attempt may take. `now`: the
    /// time of day.
    pub(crate) fn settle(
        &self,
        prepared: &Prepared,
        scripted: &Scripted,
        took: Option<Duration>,
        timeout: Duration,
        now: SystemTime,
    ) -> Attempt {
        let fault = match (took, scripted) {
            (None, _) => Some(ScriptedFault::Timeout),
            (_, Scripted::Fault(fault)) => Some(*fault),
            _ => None,
        };
        match prepared {
            Prepared::Http(request) => match (fault, scripted) {
                (Some(fault), _) => Attempt::failed(Outcome::Retryable { after: None }, fault.error(timeout)),
                (None, Scripted::Answer { status, headers, body }) => {
                    let status = StatusCode::from_u16(*status).unwrap_or_default();
                    answer::settle(&Answer {
                        status,
                        headers: &header_map(headers),
                        body,
                        duration: took.unwrap_or_default(),
                        now,
                        schema: request.schema(),
                    })
                }
                (None, Scripted::Reply { .. } | Scripted::Fault(_)) => {
                    let error = NodeError::new("NO_ANSWER", "the scenario has a mail server's reply for a request");
                    Attempt::failed(Outcome::Failed, error)
                }
            },
            #[cfg(feature = "mail")]
            Prepared::Email(mail) => match (fault, scripted) {
                (Some(fault), _) => mail
                    .unanswered(fault.error(timeout), matches!(fault, ScriptedFault::Closed | ScriptedFault::Timeout)),
                (None, Scripted::Reply { code, text }) => mail.replied(*code, text),
                // `{}`, as for a request: all is well.
                (None, Scripted::Answer { .. } | Scripted::Fault(_)) => mail.replied(250, ""),
            },
            Prepared::Rust(_) => {
                Attempt::failed(Outcome::Failed, NodeError::new("NO_ANSWER", "no scenario plays a Rust function"))
            }
        }
    }
}

fn header_map(headers: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            map.append(name, value);
        }
    }
    map
}
