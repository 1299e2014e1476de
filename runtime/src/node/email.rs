//! The `send_email` node: one mail.
//!
//! Comes in: the node's templates and a scope. Goes out: a [`Mail`] whose bytes every attempt sends, then the [`Attempt`].
//! Always true: every attempt sends the same Message-ID. Where it is unknown whether a server took a mail it may be sent
//! again, unless the author wants it at most once.

use super::letter::{Letter, Templates};
use super::smtp::{Pool, Refusal};
use super::{Attempt, Outcome, attempt_key, failure};
use crate::flow::Email;
use crate::render::{FinishedRelay, Message, Relay};
use crate::scope::Scope;
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
        // A refusal is an answer; anything else behind the content leaves it open whether the server took it.
        if mail.at_most_once && refusal.unanswered && content_sent.load(Ordering::Relaxed) {
            return Attempt::succeeded(result(letter, "unknown"));
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
