//! The mail server: one task per connection.
//!
//! Always true: a mail is in the log before its final dot is answered. Replies to pipelined commands leave in one packet.

use crate::http::listen;
use crate::log::{Event, Log, Mail};
use crate::script::{Action, Smtp, Stage, Tls, seconds};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// A running mail server; it stops when this is dropped.
pub struct SmtpServer {
    address: SocketAddr,
    server: Arc<Server>,
    task: JoinHandle<()>,
}

struct Server {
    log: Arc<Log>,
    acceptor: TlsAcceptor,
    behaviour: Mutex<Behaviour>,
}

/// What the server does, and how often each refusal was played.
struct Behaviour {
    smtp: Arc<Smtp>,
    played: Vec<usize>,
}

impl SmtpServer {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on behaves like this. Connections that are open keep their TLS and login.
    pub fn play(&self, smtp: Smtp) {
        *self.server.behaviour.lock().expect("no panic while locked") = Behaviour::new(smtp);
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn start(handle: &Handle, smtp: Smtp, acceptor: TlsAcceptor, log: Arc<Log>) -> io::Result<SmtpServer> {
    let listener = listen(handle, smtp.port)?;
    let address = listener.local_addr()?;
    let server = Arc::new(Server { log, acceptor, behaviour: Mutex::new(Behaviour::new(smtp)) });
    let task = handle.spawn(accept(listener, Arc::clone(&server)));
    Ok(SmtpServer { address, server, task })
}

async fn accept(listener: TcpListener, server: Arc<Server>) {
    let mut connections = JoinSet::new();
    let mut count = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                count += 1;
                connections.spawn(serve(stream, Arc::clone(&server), count));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Behaviour {
    fn new(smtp: Smtp) -> Behaviour {
        let played = vec![0; smtp.refusals.len()];
        Behaviour { smtp: Arc::new(smtp), played }
    }

    /// What the script wants done at this stage instead.
    fn refusal(&mut self, stage: Stage, argument: &str) -> Option<Action> {
        let applies = |(refusal, played): (&crate::script::Refusal, &usize)| {
            refusal.stage == stage
                && refusal.times.is_none_or(|times| *played < times)
                && refusal.only.as_ref().is_none_or(|only| argument.contains(only.as_str()))
        };
        let index = self.smtp.refusals.iter().zip(&self.played).position(applies)?;
        self.played[index] += 1;
        Some(self.smtp.refusals[index].action.clone())
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One connection and what is known on it.
struct Session {
    server: Arc<Server>,
    stream: BufReader<Box<dyn Stream>>,
    /// Replies not sent yet.
    out: Vec<u8>,
    connection: usize,
    tls: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

/// Why a connection ends.
enum End {
    HangUp,
    Failed,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> End {
        End::Failed
    }
}

async fn serve(stream: TcpStream, server: Arc<Server>, connection: usize) {
    let _ = stream.set_nodelay(true);
    let smtp = server.smtp();
    let implicit = smtp.tls == Tls::Implicit;
    let stream: Box<dyn Stream> = if implicit {
        let Ok(stream) = server.acceptor.accept(stream).await else { return };
        Box::new(stream)
    } else {
        Box::new(stream)
    };
    let stream = BufReader::new(stream);
    let mut session =
        Session { server, stream, out: Vec::new(), connection, tls: implicit, user: None, from: None, to: Vec::new() };
    if let Err(End::HangUp) = session.converse().await {
        let _ = session.flush().await;
        let _ = session.stream.shutdown().await;
    }
}

impl Server {
    fn smtp(&self) -> Arc<Smtp> {
        Arc::clone(&self.behaviour.lock().expect("no panic while locked").smtp)
    }
}

impl Session {
    async fn converse(&mut self) -> Result<(), End> {
        self.at(Stage::Connect, "", "220 world ESMTP").await?;
        loop {
            if self.stream.buffer().is_empty() {
                self.flush().await?;
            }
            let line = self.line().await?;
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    let greeting = self.extensions();
                    self.at(Stage::Ehlo, argument, &greeting).await?;
                }
                "HELO" => _ = self.at(Stage::Ehlo, argument, "250 world").await?,
                "STARTTLS" if self.server.smtp().tls == Tls::StartTls && !self.tls => {
                    if self.at(Stage::StartTls, "", "220 2.0.0 ready to start TLS").await? {
                        self.flush().await?;
                        self.start_tls().await?;
                    }
                }
                "AUTH" => self.auth(argument).await?,
                "MAIL" if self.may_mail() => {
                    let from = address(argument);
                    if self.at(Stage::Mail, argument, "250 2.1.0 sender ok").await? {
                        (self.from, self.to) = (Some(from), Vec::new());
                    }
                }
                "MAIL" => self.reply("530 5.7.0 log in first"),
                "RCPT" if self.from.is_some() => {
                    let to = address(argument);
                    if self.at(Stage::Rcpt, argument, "250 2.1.5 recipient ok").await? {
                        self.to.push(to);
                    }
                }
                "DATA" if !self.to.is_empty() => {
                    if self.at(Stage::Data, "", "354 end with a dot").await? {
                        self.flush().await?;
                        self.mail().await?;
                    }
                }
                "DATA" => self.reply("554 5.5.1 no valid recipients"),
                "RSET" => {
                    (self.from, self.to) = (None, Vec::new());
                    self.reply("250 2.0.0 ok");
                }
                "NOOP" => self.reply("250 2.0.0 ok"),
                "QUIT" => {
                    self.reply("221 2.0.0 bye");
                    return Err(End::HangUp);
                }
                _ => self.reply("503 5.5.1 not now"),
            }
        }
    }

    /// Replies as the protocol wants, unless the script wants something else. `true`: the protocol goes on.
    async fn at(&mut self, stage: Stage, argument: &str, reply: &str) -> Result<bool, End> {
        let refusal = self.server.behaviour.lock().expect("no panic while locked").refusal(stage, argument);
        match refusal {
            None => {}
            Some(Action::Delay(wait)) => {
                self.flush().await?;
                tokio::time::sleep(seconds(wait)).await;
            }
            Some(Action::Reply(line)) => {
                self.reply(&line);
                return if line.starts_with("421") { Err(End::HangUp) } else { Ok(false) };
            }
            Some(Action::Drop(_)) => return Err(End::HangUp),
            Some(Action::Endless(text)) => return self.endless(&text).await,
            Some(Action::Silence(_)) => std::future::pending().await,
        }
        self.reply(reply);
        Ok(true)
    }

    /// 64 MB of it: who has taken all of them has no bound.
    async fn endless(&mut self, text: &str) -> Result<bool, End> {
        self.flush().await?;
        let text = text.repeat(64 * 1024 / text.len().max(1) + 1);
        for _ in 0..1024 {
            self.stream.get_mut().write_all(text.as_bytes()).await?;
        }
        std::future::pending().await
    }

    fn reply(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            self.stream.get_mut().write_all(&self.out).await?;
            self.stream.get_mut().flush().await?;
            self.out.clear();
        }
        Ok(())
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    fn extensions(&self) -> String {
        let smtp = self.server.smtp();
        let mut lines = vec!["world".to_owned()];
        lines.extend(smtp.extensions.iter().cloned());
        if smtp.tls == Tls::StartTls && !self.tls {
            lines.push("STARTTLS".to_owned()); // passwords are not asked for before TLS
        } else {
            lines.push("AUTH PLAIN LOGIN".to_owned());
        }
        let last = lines.len() - 1;
        let line = |(index, line)| if index == last { format!("250 {line}") } else { format!("250-{line}") };
        lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\r\n")
    }

    fn may_mail(&self) -> bool {
        self.user.is_some() || self.server.smtp().login.is_none()
    }

    async fn start_tls(&mut self) -> Result<(), End> {
        let nothing: Box<dyn Stream> = Box::new(tokio::io::empty());
        // What a client sent before the handshake is dropped with the reader's buffer: it was not encrypted.
        let plain = std::mem::replace(&mut self.stream, BufReader::new(nothing)).into_inner();
        let encrypted = self.server.acceptor.accept(plain).await?;
        self.stream = BufReader::new(Box::new(encrypted));
        self.tls = true;
        Ok(())
    }

    async fn auth(&mut self, argument: &str) -> Result<(), End> {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let login = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let text = if initial.is_empty() { self.ask("").await? } else { decode(initial) };
                let mut fields = text.split('\0').skip(1).map(str::to_owned);
                (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
            }
            "LOGIN" => {
                let user = if initial.is_empty() { self.ask("Username:").await? } else { decode(initial) };
                (user, self.ask("Password:").await?)
            }
            _ => {
                self.reply("504 5.5.4 unknown mechanism");
                return Ok(());
            }
        };
        if self.server.smtp().login.as_ref().is_some_and(|expected| *expected != login) {
            self.reply("535 5.7.8 authentication failed");
        } else if self.at(Stage::Auth, &login.0, "235 2.7.0 welcome").await? {
            self.user = Some(login.0);
        }
        Ok(())
    }

    async fn ask(&mut self, question: &str) -> io::Result<String> {
        self.reply(&format!("334 {}", BASE64_STANDARD.encode(question)));
        self.flush().await?;
        Ok(decode(&self.line().await?))
    }

    /// Reads the message and records it.
    async fn mail(&mut self) -> Result<(), End> {
        let mut raw = Vec::new();
        loop {
            let start = raw.len();
            if self.stream.read_until(b'\n', &mut raw).await? == 0 {
                return Err(End::Failed);
            }
            if &raw[start..] == b".\r\n" {
                raw.truncate(start);
                break;
            }
            if raw[start] == b'.' {
                raw.remove(start);
            }
        }
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        let refusal = self.server.behaviour.lock().expect("no panic while locked").refusal(Stage::Dot, &from);
        let accepted = matches!(refusal, None | Some(Action::Delay(_)));
        let (user, tls, connection) = (self.user.clone(), self.tls, self.connection);
        self.server.log.push(Event::Mail(Mail { from, to, raw, user, tls, accepted, connection }));
        match refusal {
            None => {}
            Some(Action::Delay(wait)) => tokio::time::sleep(seconds(wait)).await,
            Some(Action::Reply(line)) => {
                self.reply(&line);
                return Ok(());
            }
            Some(Action::Drop(_)) => return Err(End::Failed),
            Some(Action::Endless(text)) => return self.endless(&text).await.map(drop),
            Some(Action::Silence(_)) => std::future::pending().await,
        }
        self.reply("250 2.0.0 queued");
        Ok(())
    }
}

/// `a@b` of `FROM:<a@b> SIZE=10`.
fn address(argument: &str) -> String {
    let inner = argument.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(inner, _)| inner);
    inner.unwrap_or_default().to_owned()
}

fn decode(text: &str) -> String {
    let bytes = BASE64_STANDARD.decode(text.trim()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
