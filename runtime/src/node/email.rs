//! The `send_email` node: one mail.
//!
//! Comes in: the node's templates and a scope. Goes out: a [`Mail`] whose bytes every attempt sends, then the [`Attempt`].
//! Always true: every attempt sends the same Message-ID. Where it is unknown whether a server took a mail it may be sent
//! again, unless the author wants it at most once.

use super::letter::{Letter, Templates};
use super::smtp::{Pool, Refusal};
use super::{Attempt, NodeError, Outcome, Peer, attempt_key, failure};
use crate::flow::Email;
use crate::render::{FinishedRelay, Message, Relay, To};
use crate::scope::Scope;
use crate::secret::Scrubber;
use crate::value::{Fault, write_string};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Connections to mail servers, templates compiled so far.
pub(super) struct Client {
    pool: Arc<Pool>,
    templates: Templates,
}

/// A mail rendered once, and where it goes.
#[derive(Clone)]
pub struct Mail {
    relay: Arc<FinishedRelay>,
    letter: Arc<Letter>,
    at_most_once: bool,
}

/// Addresses, content and passwords are shown to nobody.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("message_id", &self.letter.message_id).finish_non_exhaustive()
    }
}

impl Mail {
    pub(super) fn peer(&self) -> Peer<'_> {
        Peer { method: None, scheme: "smtp", host: &self.relay.server, port: self.relay.port }
    }

    /// What to settle with when nobody knows whether it was sent; `None`: it may be sent again.
    pub(super) fn unknown(&self) -> Option<Attempt> {
        self.at_most_once.then(|| Attempt::succeeded(result(&self.letter, "unknown")))
    }
}

#[cfg(test)]
impl Mail {
    /// As if the relay's port said so.
    pub(super) fn secure(&mut self, security: crate::render::Security) {
        self.relay = Arc::new(FinishedRelay { security, ..(*self.relay).clone() });
    }
}

impl Client {
    pub(super) fn new(tls: Arc<rustls::ClientConfig>) -> Client {
        Client { pool: Pool::new(tls), templates: Templates::default() }
    }

    /// Renders the templates of a node.
    pub(super) fn prepare(&self, node_id: &str, email: &Email, scope: &Scope) -> Result<Mail, Fault> {
        let mut relay = Relay::default();
        (email.relay)(scope, &mut relay)?;
        let relay = relay.finish()?;
        let mut message = Message::default();
        (email.message)(scope, &mut message)?;
        let message = message.finish(relay.login.as_ref().map(|(username, _)| username.as_str()))?;
        let key = attempt_key(scope.execution_id(), node_id);
        let letter = Letter::write(message, &self.templates, key, scope.timestamp())?;
        Ok(Mail { relay: Arc::new(relay), letter: Arc::new(letter), at_most_once: email.at_most_once })
    }

    pub(super) async fn attempt(&self, mail: &Mail, timeout: Duration) -> Attempt {
        let content_sent = AtomicBool::new(false);
        let letter = &mail.letter;
        let send = self.pool.send(&mail.relay, &letter.envelope, &letter.text, &content_sent);
        let refusal = match tokio::time::timeout(timeout, send).await {
            Ok(Ok(())) => return Attempt::succeeded(result(letter, "sent")),
            Ok(Err(refusal)) => refusal,
            Err(_) => Refusal::unanswered(failure::timed_out(timeout)),
        };
        mail.refused(refusal, content_sent.load(Ordering::Relaxed))
    }

    /// What a mail says, for scenarios: `{from, to, cc, bcc, reply_to, subject, text, html, server}`.
    pub(super) fn show(&self, email: &Email, scope: &Scope) -> Result<serde_json::Value, Fault> {
        let mut relay = Relay::default();
        (email.relay)(scope, &mut relay)?;
        let relay = relay.finish()?;
        let mut message = Message::default();
        (email.message)(scope, &mut message)?;
        let mut message = message.finish(relay.login.as_ref().map(|(username, _)| username.as_str()))?;
        let (text, html) = self.templates.content(&mut message)?;
        let list = |wanted: To| {
            let found = message.recipients.iter().filter(|(role, _)| *role == wanted);
            found.map(|(_, mailbox)| mailbox.to_string()).collect::<Vec<_>>()
        };
        let mut shown = serde_json::json!({
            "server": format!("{}:{}", relay.server, relay.port),
            "from": message.from.to_string(),
            "to": list(To::To),
        });
        for (key, list) in [("cc", list(To::Cc)), ("bcc", list(To::Bcc))] {
            if !list.is_empty() {
                shown[key] = list.into();
            }
        }
        let reply_to = message.reply_to.as_ref().map(ToString::to_string);
        for (key, value) in [("reply_to", reply_to), ("subject", Some(message.subject)), ("text", text), ("html", html)]
        {
            if let Some(value) = value {
                shown[key] = value.into();
            }
        }
        Ok(shown)
    }
}

impl Mail {
    /// The attempt when a mail server has answered.
    pub(super) fn replied(&self, code: u16, text: &str) -> Attempt {
        match code {
            200..=299 => Attempt::succeeded(result(&self.letter, "sent")),
            _ => self.refused(Refusal::reply(code, text), false),
        }
    }

    /// The attempt when nobody has answered. `content_sent`: the server may have got the mail.
    pub(super) fn unanswered(&self, error: NodeError, content_sent: bool) -> Attempt {
        self.refused(Refusal::unanswered(error), content_sent)
    }

    fn refused(&self, refusal: Refusal, content_sent: bool) -> Attempt {
        let refusal = match &self.relay.login {
            Some((username, password)) => refusal.without(&Scrubber::of_login(username, password)),
            None => refusal,
        };
        // A refusal is an answer; anything else behind the content leaves it open whether the server took it.
        if self.at_most_once && refusal.unanswered && content_sent {
            return Attempt::succeeded(result(&self.letter, "unknown"));
        }
        let outcome = if refusal.retryable { Outcome::Retryable { after: None } } else { Outcome::Failed };
        Attempt::failed(outcome, refusal.error)
    }
}

fn result(letter: &Letter, delivery: &str) -> String {
    let mut json = String::from("{\"message_id\":");
    write_string(&letter.message_id, &mut json);
    let accepted = letter.envelope.to().len();
    json.push_str(&format!(",\"accepted\":{accepted},\"delivery\":\"{delivery}\",\"success\":true}}"));
    json
}
