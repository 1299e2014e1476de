//! Scripts: what the services answer and how the mail server behaves. Plain data, also readable from TOML.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What an HTTP service answers. A request that no route expects gets 404.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Script {
    pub routes: Vec<Route>,
}

/// The answers to one kind of request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Method and path, such as `PUT /orders/*/status`; a `*` stands for one segment. Queries are not compared.
    pub call: String,
    /// One after the other; the last one repeats.
    pub answers: Vec<Answer>,
}

/// One answer: what it says, and what goes wrong with it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    pub status: u16,
    pub json: Option<Value>,
    pub text: Option<String>,
    pub headers: BTreeMap<String, String>,
    /// The body is compressed and says so.
    pub gzip: bool,
    /// Seconds before anything is answered.
    pub delay: f64,
    pub fault: Option<Fault>,
}

/// What goes wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The connection is reset (RST) after the request was read.
    Reset,
    /// The connection is closed in order after the request was read, without an answer.
    Close,
    /// Half of the body arrives, then the connection ends.
    Truncate,
    /// Bytes that are not HTTP.
    Garbage,
    /// Nothing is ever answered.
    Silence,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            None => write!(f, "{}", self.status),
            Some(Fault::Reset) => f.write_str("reset"),
            Some(Fault::Close) => f.write_str("closed"),
            Some(Fault::Truncate) => write!(f, "{}, cut off", self.status),
            Some(Fault::Garbage) => f.write_str("garbage"),
            Some(Fault::Silence) => f.write_str("silence"),
        }
    }
}

impl Default for Answer {
    fn default() -> Answer {
        Answer { status: 200, json: None, text: None, headers: BTreeMap::new(), gzip: false, delay: 0.0, fault: None }
    }
}

impl Answer {
    /// 200 with JSON text.
    ///
    /// # Panics
    /// When it is not JSON.
    pub fn json(text: &str) -> Answer {
        Answer { json: Some(serde_json::from_str(text).expect("a script holds JSON")), ..Answer::default() }
    }

    pub fn status(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    pub fn fault(fault: Fault) -> Answer {
        Answer { fault: Some(fault), ..Answer::default() }
    }
}

impl Script {
    /// Adds a route that always answers 200 with this JSON text.
    ///
    /// # Panics
    /// When it is not JSON.
    pub fn answer(self, call: &str, json: &str) -> Script {
        self.answers(call, [Answer::json(json)])
    }

    /// Adds a route with answers one after the other; the last one repeats.
    pub fn answers(mut self, call: &str, answers: impl IntoIterator<Item = Answer>) -> Script {
        self.routes.retain(|route| route.call != call);
        self.routes.push(Route { call: call.to_owned(), answers: answers.into_iter().collect() });
        self
    }
}

impl Route {
    pub(crate) fn matches(&self, method: &str, path: &str) -> bool {
        let Some((expected_method, expected_path)) = self.call.split_once(' ') else { return false };
        let (mut expected, mut segments) = (expected_path.split('/'), path.split('/'));
        expected_method == method
            && loop {
                match (expected.next(), segments.next()) {
                    (None, None) => break true,
                    (Some(expected), Some(segment)) if expected == "*" || expected == segment => {}
                    _ => break false,
                }
            }
    }
}

/// How a mail server behaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Smtp {
    /// 0 is any that is free.
    pub port: u16,
    pub tls: Tls,
    /// The only user and password it accepts; `None`: any.
    pub login: Option<(String, String)>,
    /// What EHLO offers beside STARTTLS and AUTH.
    pub extensions: Vec<String>,
    pub refusals: Vec<Refusal>,
}

/// How a mail server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// No TLS, and none offered.
    Plain,
    StartTls,
    /// TLS from the first byte, as on port 465.
    Implicit,
}

impl Default for Smtp {
    fn default() -> Smtp {
        let extensions = ["PIPELINING", "8BITMIME", "SMTPUTF8"].map(str::to_owned).to_vec();
        Smtp { port: 0, tls: Tls::StartTls, login: None, extensions, refusals: Vec::new() }
    }
}

/// Something the mail server does instead of what it should.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    pub stage: Stage,
    #[serde(flatten)]
    pub action: Action,
    /// Only the first so many times; `None`: always.
    #[serde(default)]
    pub times: Option<usize>,
    /// Only for arguments that contain this: an address at MAIL or RCPT.
    #[serde(default)]
    pub only: Option<String>,
}

/// A point of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Connect,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the final dot: the whole mail has arrived.
    Dot,
}

/// What happens there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Answers this line, such as `451 4.3.0 try again later`. 421 also hangs up.
    Reply(String),
    /// Hangs up without a word (`drop = true`).
    Drop(bool),
    /// Never answers (`silence = true`).
    Silence(bool),
    /// Says this again and again, as one reply without an end: more than anybody may want to keep, then nothing.
    Endless(String),
    /// Answers after so many seconds.
    Delay(f64),
}

impl Smtp {
    /// Adds a refusal that happens every time.
    pub fn refuse(mut self, stage: Stage, action: Action) -> Smtp {
        self.refusals.push(Refusal { stage, action, times: None, only: None });
        self
    }

    /// Adds a refusal that happens the first `times` times.
    pub fn refuse_first(mut self, times: usize, stage: Stage, action: Action) -> Smtp {
        self.refusals.push(Refusal { stage, action, times: Some(times), only: None });
        self
    }
}

pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_exactly_one_segment() {
        let route = Route { call: "PUT /orders/*/status".to_owned(), answers: vec![] };
        assert!(route.matches("PUT", "/orders/17/status"));
        assert!(!route.matches("PUT", "/orders/17/18/status"));
        assert!(!route.matches("PUT", "/orders/17"));
        assert!(!route.matches("GET", "/orders/17/status"));
    }
}
