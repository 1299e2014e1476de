//! One HTTP service: records each request, then answers as its script says.
//!
//! Always true: a request is in the log before a byte of the answer is sent. Faults that HTTP itself cannot say (a reset,
//! bytes that are not HTTP) are played by [`Wire`], which stands between hyper and the socket.

use crate::log::{Event, Log, Request};
use crate::script::{Answer, Fault, Script, seconds};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper_util::rt::TokioIo;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// A running service; it stops when this is dropped.
pub struct HttpServer {
    address: SocketAddr,
    tls: bool,
    service: Arc<Service>,
    task: JoinHandle<()>,
}

struct Service {
    name: String,
    log: Arc<Log>,
    script: Mutex<Playing>,
}

/// A script and how often each route was asked.
struct Playing {
    script: Script,
    asked: Vec<usize>,
}

impl HttpServer {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Such as `http://127.0.0.1:40213`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    /// From now on plays another script.
    pub fn play(&self, script: Script) {
        *self.service.script.lock().expect("no panic while locked") = Playing::new(script);
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort(); // its connections live in a set inside the task and end with it
    }
}

/// With an acceptor it speaks TLS, and whichever version of HTTP the client chose in the handshake.
pub(crate) fn start(
    handle: &Handle,
    name: &str,
    script: Script,
    log: Arc<Log>,
    acceptor: Option<TlsAcceptor>,
) -> io::Result<HttpServer> {
    let listener = listen(handle, 0)?;
    let (address, tls) = (listener.local_addr()?, acceptor.is_some());
    let service = Arc::new(Service { name: name.to_owned(), log, script: Mutex::new(Playing::new(script)) });
    let task = handle.spawn(accept(listener, acceptor, Arc::clone(&service)));
    Ok(HttpServer { address, tls, service, task })
}

/// A listener on a loopback port; 0 is any that is free.
pub(crate) fn listen(handle: &Handle, port: u16) -> io::Result<TcpListener> {
    let _inside = handle.enter();
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(port != 0)?; // connections of an earlier server on this port may still linger
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    socket.listen(1024)
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, service: Arc<Service>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                match acceptor.clone() {
                    None => connections.spawn(serve(stream, Arc::clone(&service))),
                    Some(acceptor) => connections.spawn(serve_tls(stream, acceptor, Arc::clone(&service))),
                };
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, service: Arc<Service>) {
    let fault = Arc::new(Mutex::new(None));
    let wire = Wire { stream, fault: Arc::clone(&fault) };
    let answer = hyper::service::service_fn(move |request| {
        let (service, fault) = (Arc::clone(&service), Arc::clone(&fault));
        async move { service.answer(request, &fault).await }
    });
    // An error is a client that hung up, or a fault that the script asked for.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(wire), answer).await;
}

/// Faults below HTTP are not played here: the connection ends instead.
async fn serve_tls(stream: TcpStream, acceptor: TlsAcceptor, service: Arc<Service>) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let answer = hyper::service::service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { service.answer(request, &Mutex::new(None)).await }
    });
    let stream = TokioIo::new(stream);
    // An error is a client that hung up, or a fault that the script asked for.
    let _ = match http2 {
        #[cfg(feature = "http2")]
        true => {
            let executor = hyper_util::rt::TokioExecutor::new();
            hyper::server::conn::http2::Builder::new(executor).serve_connection(stream, answer).await
        }
        _ => hyper::server::conn::http1::Builder::new().serve_connection(stream, answer).await,
    };
}

impl Playing {
    fn new(script: Script) -> Playing {
        let asked = vec![0; script.routes.len()];
        Playing { script, asked }
    }

    fn next(&mut self, method: &str, path: &str) -> Option<Answer> {
        let index = self.script.routes.iter().position(|route| route.matches(method, path))?;
        let answers = &self.script.routes[index].answers;
        let answer = answers.get(self.asked[index]).or(answers.last())?.clone();
        self.asked[index] += 1;
        Some(answer)
    }
}

impl Service {
    async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        fault: &Mutex<Option<Fault>>,
    ) -> io::Result<hyper::Response<Content>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let answer = self.script.lock().expect("no panic while locked").next(head.method.as_str(), head.uri.path());
        let nobody = || Answer { status: 404, ..Answer::json(r#"{"error":"nobody here answers that"}"#) };
        let answer = answer.unwrap_or_else(nobody);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        self.log.push(Event::Request(Request {
            service: self.name.clone(),
            http2: head.version == hyper::Version::HTTP_2,
            method: head.method.to_string(),
            path: head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: body.to_vec(),
            answer: answer.to_string(),
        }));
        if answer.delay > 0.0 {
            tokio::time::sleep(seconds(answer.delay)).await;
        }
        match answer.fault {
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::Close) => Err(io::ErrorKind::ConnectionAborted.into()),
            Some(Fault::Reset | Fault::Garbage) => {
                *fault.lock().expect("no panic while locked") = answer.fault;
                Ok(respond(&answer))
            }
            Some(Fault::Truncate) | None => Ok(respond(&answer)),
        }
    }
}

fn respond(answer: &Answer) -> hyper::Response<Content> {
    let mut response = hyper::Response::builder().status(answer.status);
    let headers = response.headers_mut().expect("a script holds a status that exists");
    let mut body = match (&answer.json, &answer.text) {
        (Some(json), _) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            json.to_string().into_bytes()
        }
        (None, Some(text)) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            text.clone().into_bytes()
        }
        (None, None) => Vec::new(),
    };
    if answer.gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&body).expect("writing to memory");
        body = encoder.finish().expect("writing to memory");
    }
    for (name, value) in &answer.headers {
        let name: HeaderName = name.parse().expect("a script holds header names");
        headers.insert(name, value.parse().expect("a script holds header values"));
    }
    let promised = body.len() as u64;
    let next = if answer.fault == Some(Fault::Truncate) {
        body.truncate(body.len() / 2);
        Next::Half(Bytes::from(body))
    } else {
        Next::All(Bytes::from(body))
    };
    response.body(Content { promised, next }).expect("all parts were checked")
}

/// A body that may promise more than it holds.
struct Content {
    promised: u64,
    next: Next,
}

enum Next {
    All(Bytes),
    Half(Bytes),
    /// One turn in which hyper writes out what it has before the connection ends.
    Pause,
    Break,
    End,
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let (next, poll) = match std::mem::replace(&mut self.next, Next::End) {
            Next::All(data) if !data.is_empty() => (Next::End, Poll::Ready(Some(Ok(Frame::data(data))))),
            Next::Half(data) => (Next::Pause, Poll::Ready(Some(Ok(Frame::data(data))))),
            Next::Pause => {
                context.waker().wake_by_ref();
                (Next::Break, Poll::Pending)
            }
            Next::Break => (Next::End, Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))),
            Next::All(_) | Next::End => (Next::End, Poll::Ready(None)),
        };
        self.next = next;
        poll
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.next, Next::All(data) if data.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}

/// The socket, with the faults that happen below HTTP.
struct Wire {
    stream: TcpStream,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let fault = *self.fault.lock().expect("no panic while locked");
        match fault {
            None => Pin::new(&mut self.stream).poll_write(context, data),
            Some(Fault::Garbage) => {
                const GARBAGE: &[u8] = b"\x16\x03\x01 this is not HTTP\r\n\r\n";
                match Pin::new(&mut self.stream).poll_write(context, GARBAGE) {
                    Poll::Ready(Ok(_)) => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
                    other => other,
                }
            }
            Some(_) => {
                let _ = self.stream.set_zero_linger(); // closing now resets
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A port that is taken and on which nobody listens: connections are refused.
pub struct Refused {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl Refused {
    pub(crate) fn new(handle: &Handle) -> io::Result<Refused> {
        let _inside = handle.enter();
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Refused { address: socket.local_addr()?, _socket: socket })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
