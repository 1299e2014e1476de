//! Connections to mail servers.
//!
//! Comes in: a relay, an envelope, the bytes of a letter. Goes out: the server's acceptance, or why there is none.
//! Always true: nothing but EHLO and STARTTLS is said before TLS stands, unless the author wants none; a login is tried
//! only when there is a user name; a letter whose content may have reached the server is never silently sent again; what a
//! server says takes no more memory than a reply may.
//!
//! lettre speaks SMTP; pool, sockets and TLS are ours. lettre's own pool leaves Nagle's algorithm on, which was seen to cost
//! 40 ms a mail waiting for delayed acknowledgements; its STARTTLS keeps what a man in the middle has put behind the
//! server's answer; and its list of certificate authorities is not the one HTTP uses.

mod limited;

use super::NodeError;
use super::failure;
use crate::render::{FinishedRelay, Security};
use crate::secret::Scrubber;
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter, ServerInfo};
use lettre::transport::smtp::response::Response;
use limited::{Endless, Limited};
use rustls_pki_types::ServerName;
use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Open connections to one relay: mail servers refuse those who open many (Postfix: 50). More mails wait for their turn.
const CONNECTIONS_MAX: usize = 32;

/// A connection nobody needed for so long is closed.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// A reply before TLS; servers say a few hundred bytes.
const REPLY_SIZE_MAX: usize = 16 * 1024;

/// Why a mail was not accepted.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: NodeError,
    /// The server may accept it later.
    pub(super) retryable: bool,
    /// The server did not say it: the connection was lost, or time was up.
    pub(super) unanswered: bool,
    /// The connection is of no further use.
    broken: bool,
    /// The code and the words of the server that the error tells of.
    said: Option<(u16, String)>,
}

/// Connections by relay.
pub(super) struct Pool {
    tls: TlsConnector,
    relays: Mutex<HashMap<FinishedRelay, Arc<Connections>>>,
}

struct Connections {
    idle: Mutex<Vec<Idle>>,
    permits: Semaphore,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// A connection that has greeted and logged in.
struct Connection {
    smtp: AsyncSmtpConnection,
    /// The server takes several commands at once (RFC 2920), as nearly all do: a mail is two round trips instead of four or
    /// more.
    pipelining: bool,
}

impl Pool {
    pub(super) fn new(tls: Arc<rustls::ClientConfig>) -> Arc<Pool> {
        Arc::new(Pool { tls: TlsConnector::from(tls), relays: Mutex::default() })
    }

    /// Hands a letter to a relay. `content_sent` becomes true when the server may have got it: from then on an error other
    /// than its refusal leaves open whether it will be delivered.
    pub(super) async fn send(
        self: &Arc<Pool>,
        relay: &FinishedRelay,
        envelope: &Envelope,
        letter: &str,
        content_sent: &AtomicBool,
    ) -> Result<(), Refusal> {
        let connections = self.connections(relay);
        // Never closed, so there is always a permit to come.
        let _permit = connections.permits.acquire().await;
        let idle = lock(&connections.idle).pop();
        let (mut connection, reused) = match idle {
            Some(idle) => (idle.connection, true),
            None => (Box::pin(self.connect(relay)).await?, false),
        };
        let mut result = deliver(&mut connection, envelope, letter, content_sent).await;
        // A server may have closed a connection that waited; nothing of the letter has been said then.
        if reused && !content_sent.load(Ordering::Relaxed) && matches!(&result, Err(refusal) if refusal.hung_up()) {
            connection = Box::pin(self.connect(relay)).await?;
            result = deliver(&mut connection, envelope, letter, content_sent).await;
        }
        let usable = match &result {
            Ok(()) => true,
            // The server still thinks of a mail in progress.
            Err(refusal) => !refusal.broken && connection.smtp.command(Rset).await.is_ok(),
        };
        if usable {
            lock(&connections.idle).push(Idle { connection, since: Instant::now() });
        }
        result
    }

    fn connections(self: &Arc<Pool>, relay: &FinishedRelay) -> Arc<Connections> {
        let mut relays = lock(&self.relays);
        if let Some(connections) = relays.get(relay) {
            return Arc::clone(connections);
        }
        if relays.is_empty() {
            tokio::spawn(close_idle(Arc::downgrade(self)));
        }
        let connections = Arc::new(Connections { idle: Mutex::default(), permits: Semaphore::new(CONNECTIONS_MAX) });
        relays.insert(relay.clone(), Arc::clone(&connections));
        connections
    }

    /// Connects, secures, greets and logs in. Callers put this in a box: it is large, and rare.
    async fn connect(&self, relay: &FinishedRelay) -> Result<Connection, Refusal> {
        let address = (relay.server.as_str(), relay.port);
        let mut stream = TcpStream::connect(address).await.map_err(|error| Refusal::lost(&error))?;
        stream.set_nodelay(true).map_err(|error| Refusal::lost(&error))?;
        let stream: Box<dyn AsyncTokioStream> = match relay.security {
            Security::Plain => Box::new(Limited::new(stream)),
            Security::Implicit => Box::new(Limited::new(self.encrypt(relay, stream, b"").await?)),
            Security::StartTls => {
                start_tls(&mut stream).await?;
                // After STARTTLS the server does not greet again, but lettre waits for it.
                Box::new(Limited::new(self.encrypt(relay, stream, b"220 encrypted\r\n").await?))
            }
        };
        let smtp = AsyncSmtpConnection::connect_with_transport(stream, &ClientId::default()).await;
        let mut smtp = smtp.map_err(|error| Refusal::of(&error))?;
        // Asked again, because lettre keeps of the answer only what it uses itself.
        let hello = smtp.command(Ehlo::new(ClientId::default())).await.map_err(|error| Refusal::of(&error))?;
        let pipelining = hello.message().any(|line| line.trim().eq_ignore_ascii_case("PIPELINING"));
        if let Some((username, password)) = &relay.login {
            let credentials = Credentials::new(username.clone(), password.clone());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            smtp.auth(&mechanisms, &credentials).await.map_err(|error| Refusal::of_login(&error))?;
        }
        Ok(Connection { smtp, pipelining })
    }

    async fn encrypt(
        &self,
        relay: &FinishedRelay,
        stream: TcpStream,
        greeting: &'static [u8],
    ) -> Result<Encrypted, Refusal> {
        let name = ServerName::try_from(relay.server.clone());
        let name =
            name.map_err(|_| Refusal::last("TLS_ERROR", "the mail server's name cannot be verified with TLS"))?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| Refusal::lost(&error))?;
        Ok(Encrypted { greeting, stream })
    }
}

/// Lives as long as there are relays.
async fn close_idle(pool: std::sync::Weak<Pool>) {
    loop {
        tokio::time::sleep(IDLE_MAX / 4).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut old = Vec::new();
        let none_left = {
            let mut relays = lock(&pool.relays);
            relays.retain(|_, connections| {
                let mut idle = lock(&connections.idle);
                old.extend(idle.extract_if(.., |idle| idle.since.elapsed() >= IDLE_MAX));
                !idle.is_empty() || Arc::strong_count(connections) > 1
            });
            relays.is_empty()
        };
        drop(pool);
        for mut idle in old {
            // Politely, but not for long.
            let _ = tokio::time::timeout(Duration::from_secs(5), idle.connection.smtp.quit()).await;
        }
        if none_left {
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is whole between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One mail over a connection. Any recipient refused: nothing is sent to anybody.
async fn deliver(
    connection: &mut Connection,
    envelope: &Envelope,
    letter: &str,
    content_sent: &AtomicBool,
) -> Result<(), Refusal> {
    let mut parameters = Vec::new();
    let addresses = envelope.to().iter().chain(envelope.from());
    if !addresses.into_iter().all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
        if !connection.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Refusal::here("SMTP_ADDRESS", "the mail server takes no addresses with letters beyond ASCII"));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !letter.is_ascii() {
        if !connection.smtp.server_info().supports_feature(Extension::EightBitMime) {
            return Err(Refusal::here("SMTP_CONTENT", "the mail server takes no letters beyond ASCII"));
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let mail = Mail::new(envelope.from().cloned(), parameters).to_string();
    let recipients = envelope.to().iter().map(|recipient| Rcpt::new(recipient.clone(), Vec::new()).to_string());
    let commands: Vec<String> = std::iter::once(mail).chain(recipients).chain([Data.to_string()]).collect();
    // A server that refuses the only recipient refuses DATA too. Of several it takes DATA for those it has accepted, and
    // there would be no way back.
    let at_once = match (connection.pipelining, envelope.to()) {
        (true, [_]) => commands.len(),
        (true, _) => commands.len() - 1,
        (false, _) => 1,
    };
    for commands in [&commands[..at_once]].into_iter().chain(commands[at_once..].chunks(1)) {
        say(&mut connection.smtp, commands).await?;
    }
    content_sent.store(true, Ordering::Relaxed);
    // lettre sends the final dot behind a text by itself: one packet more.
    let reply = connection.smtp.command(transparent(letter)).await.map_err(|error| Refusal::of(&error))?;
    // lettre takes 3yz for a success as well: here it would mean that there is more to say.
    match u16::from(reply.code()) {
        200..300 => Ok(()),
        _ => Err(garbage()),
    }
}

/// An answer that says neither yes nor no.
fn garbage() -> Refusal {
    Refusal::unanswered(NodeError::new("BAD_ANSWER", "the mail server's answer is not SMTP"))
}

/// What an I/O error holds is not its `source`.
fn is_endless(error: &SmtpError) -> bool {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    io.and_then(io::Error::get_ref).is_some_and(|inner| inner.is::<Endless>())
}

/// Sends the commands together, then reads their replies: the first refusal counts.
async fn say(smtp: &mut AsyncSmtpConnection, commands: &[String]) -> Result<(), Refusal> {
    let mut refused: Option<Refusal> = None;
    let mut reply = smtp.command(commands.concat()).await;
    for left in (0..commands.len()).rev() {
        let command = &commands[commands.len() - 1 - left];
        match (&reply, &mut refused) {
            // lettre takes 2yz and 3yz alike. A server that has done with DATA before it got the letter will not take one.
            (Ok(reply), None) if !is_expected(command, reply) => {
                refused = Some(garbage());
                break;
            }
            (Ok(_), None) => {}
            (Ok(reply), Some(refusal)) => {
                // A server that asks for the letter although there is nobody to get it: whatever is said now would be one.
                refusal.broken |= u16::from(reply.code()) == 354;
            }
            (Err(error), _) => {
                let refusal = Refusal::of(error);
                let hung_up = refusal.hung_up();
                refused.get_or_insert(refusal).broken |= hung_up;
                if hung_up {
                    break;
                }
            }
        }
        if left > 0 {
            reply = smtp.read_response().await;
        }
    }
    refused.map_or(Ok(()), Err)
}

/// DATA asks for more, every other command is done.
fn is_expected(command: &str, reply: &Response) -> bool {
    let expected = if command == Data.to_string() { 300..400 } else { 200..300 };
    expected.contains(&u16::from(reply.code()))
}

/// A letter as DATA takes it: a dot more where a line begins with one, and the dot that ends it.
fn transparent(letter: &str) -> String {
    let mut text = String::with_capacity(letter.len() + 16);
    if letter.starts_with('.') {
        text.push('.');
    }
    let mut rest = letter;
    // Nearly no letter has one, and `contains` looks at many bytes at a time where `find` looks at each.
    if letter.contains("\r\n.") {
        while let Some(at) = rest.find("\r\n.") {
            let (line, after) = rest.split_at(at + 3);
            text.push_str(line);
            text.push('.');
            rest = after;
        }
    }
    text.push_str(rest);
    text.push_str("\r\n.\r\n");
    text
}

/// The plain part of a connection that must become an encrypted one.
async fn start_tls(stream: &mut TcpStream) -> Result<(), Refusal> {
    read_reply(stream).await?;
    stream
        .write_all(Ehlo::new(ClientId::default()).to_string().as_bytes())
        .await
        .map_err(|error| Refusal::lost(&error))?;
    let hello = read_reply(stream).await?;
    let server = ServerInfo::from_response(&hello).map_err(|error| Refusal::of(&error))?;
    if !server.supports_feature(Extension::StartTls) {
        return Err(Refusal::last("TLS_ERROR", "the mail server does not offer STARTTLS"));
    }
    stream.write_all(Starttls.to_string().as_bytes()).await.map_err(|error| Refusal::lost(&error))?;
    read_reply(stream).await.map(drop)
}

/// One reply and nothing behind it: what stands there was not sent by the server that will prove who it is.
async fn read_reply(stream: &mut TcpStream) -> Result<Response, Refusal> {
    let mut reply = Vec::new();
    let garbage = || Refusal::last("BAD_ANSWER", "the mail server's answer is not SMTP");
    loop {
        let mut chunk = [0; 1024];
        let read = stream.read(&mut chunk).await.map_err(|error| Refusal::lost(&error))?;
        if read == 0 {
            return Err(Refusal::lost(&io::Error::from(io::ErrorKind::UnexpectedEof)));
        }
        reply.extend_from_slice(&chunk[..read]);
        if reply.len() > REPLY_SIZE_MAX {
            return Err(garbage());
        }
        let Some(end) = reply_length(&reply) else { continue };
        if end != reply.len() {
            return Err(garbage());
        }
        let text = std::str::from_utf8(&reply).map_err(|_| garbage())?;
        let response: Response = text.parse().map_err(|_| garbage())?;
        return match response.is_positive() {
            true => Ok(response),
            false => {
                let text: Vec<&str> = response.message().collect();
                Err(Refusal::reply(u16::from(response.code()), &text.join(" ")))
            }
        };
    }
}

/// Where the first reply ends: behind the first line that has no hyphen after its code.
fn reply_length(reply: &[u8]) -> Option<usize> {
    let mut end = 0;
    for line in reply.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        if line.ends_with(b"\n") && line.get(3) != Some(&b'-') {
            return Some(end);
        }
    }
    None
}

impl Refusal {
    /// There is nobody on the other end any more, or there soon will not be.
    fn hung_up(&self) -> bool {
        self.unanswered || self.error.code == "SMTP_421"
    }

    /// From the connection; what has been said on it is unknown.
    fn lost(error: &(dyn Error + 'static)) -> Refusal {
        Refusal::unanswered(failure::transport(error))
    }

    pub(super) fn unanswered(error: NodeError) -> Refusal {
        Refusal { error, retryable: true, unanswered: true, broken: true, said: None }
    }

    /// Not to be tried again.
    fn last(code: &str, message: &str) -> Refusal {
        Refusal { error: NodeError::new(code, message), retryable: false, unanswered: false, broken: true, said: None }
    }

    /// Not to be tried again; the server knows nothing of it.
    fn here(code: &str, message: &str) -> Refusal {
        Refusal { broken: false, ..Refusal::last(code, message) }
    }

    /// The server's own words. 421 is a good-bye.
    pub(super) fn reply(code: u16, text: &str) -> Refusal {
        Refusal {
            error: NodeError::new(&format!("SMTP_{code}"), answered(code, text)),
            retryable: code < 500,
            unanswered: false,
            broken: code == 421,
            said: Some((code, text.to_owned())),
        }
    }

    /// Without what a server repeats of the login. Looked for in all that it said: of a message that has been cut, the part
    /// of a password that is left would not be found.
    pub(super) fn without(mut self, login: &Scrubber) -> Refusal {
        if let Some((code, text)) = &self.said {
            self.error.message = answered(*code, &login.scrub(text));
        }
        self
    }

    fn of(error: &SmtpError) -> Refusal {
        let text = || error.source().map(|source| source.to_string()).unwrap_or_default();
        if let Some(code) = error.status() {
            return Refusal::reply(code.into(), &text());
        }
        if error.is_response() {
            // An answer that ends in the middle, or is no answer.
            return match text() == "incomplete response" {
                true => Refusal::lost(&io::Error::from(io::ErrorKind::UnexpectedEof)),
                false => garbage(),
            };
        }
        match is_endless(error) {
            true => garbage(),
            false => Refusal::lost(error),
        }
    }

    fn of_login(error: &SmtpError) -> Refusal {
        if error.is_client() {
            return Refusal::last("SMTP_AUTH", "the mail server offers no way to log in with a password");
        }
        let mut refusal = Refusal::of(error);
        if error.status().is_some() {
            refusal.error.code = "SMTP_AUTH".to_owned();
            refusal.said = None;
            // Servers repeat user names here; the code says enough.
            refusal.error.message = match error.status().map(u16::from) {
                Some(code) => format!("the mail server did not accept the login ({code})"),
                None => "the mail server did not accept the login".to_owned(),
            };
        }
        refusal
    }
}

fn answered(code: u16, text: &str) -> String {
    match failure::readable(text) {
        Some(text) => format!("the mail server answered {code}: {text}"),
        None => format!("the mail server answered {code}"),
    }
}

/// TLS over TCP, with what lettre expects to read first.
#[derive(Debug)]
struct Encrypted {
    greeting: &'static [u8],
    stream: TlsStream<TcpStream>,
}

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let length = self.greeting.len().min(buffer.remaining());
            let (now, later) = self.greeting.split_at(length);
            buffer.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_ends_with_the_line_that_has_no_hyphen() {
        assert_eq!(reply_length(b"220 hello\r\n"), Some(11));
        assert_eq!(reply_length(b"250-a\r\n250 b\r\n"), Some(14));
        assert_eq!(reply_length(b"220 go\r\n250 injected\r\n"), Some(8));
        assert_eq!(reply_length(b"250-a\r\n250 b"), None);
        assert_eq!(reply_length(b""), None);
    }

    #[test]
    fn dots_at_the_beginning_of_lines_are_doubled() {
        for (letter, expected) in [
            ("a\r\n", "a\r\n\r\n.\r\n"),
            (".", "..\r\n.\r\n"),
            ("a\r\n.\r\n..b\r\nc.d\n.e", "a\r\n..\r\n...b\r\nc.d\n.e\r\n.\r\n"),
            ("", "\r\n.\r\n"),
        ] {
            assert_eq!(transparent(letter), expected, "{letter:?}");
        }
    }

    #[test]
    fn replies_say_whether_to_try_again() {
        let refusal = Refusal::reply(451, "4.7.1 Greylisted");
        assert!(refusal.retryable && !refusal.broken);
        assert_eq!(refusal.error, NodeError::new("SMTP_451", "the mail server answered 451: 4.7.1 Greylisted"));
        assert!(!Refusal::reply(550, "no such user").retryable);
        assert!(Refusal::reply(421, "bye").broken);
        assert_eq!(Refusal::reply(554, " ").error.message, "the mail server answered 554");
    }
}
