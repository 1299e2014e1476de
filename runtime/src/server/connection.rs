//! Connections: who may have how many, how long they last, what they are served with.
//!
//! Comes in: listeners. Goes out: requests for the router, with the address of the client in their extensions.
//! Always true: memory and file descriptors are bounded. However many listeners there are, no more connections are served than
//! [`Limits`] says, in all and from one address; each has an end: a client that sends nothing, or half of something, or takes
//! nothing, is cut off, no request takes longer than [`Limits::request_max`], and after [`Limits::age_max`] a connection closes
//! behind the request it is at. Refusals are answered at a limited rate to each client, so that a flood of them is slowed down
//! to what costs nothing, and others are still served.

use super::error::{no_one_host, too_slow};
use super::pace::Pace;
use super::tls::Certificates;
use super::{Face, Settings};
use crate::trigger::{AddressList, client_address};
use axum::Router;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep};
use tower_service::Service as _;

/// Connections that only listeners for administration may have, where there are such.
const ADMINISTRATION_KEPT: usize = 16;

/// The address a request came from, in its extensions.
#[derive(Debug, Clone, Copy)]
pub struct Client(pub IpAddr);

/// How much connections may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Served at once; more wait in the operating system's queue until one closes.
    pub connections_max: usize,
    /// Open at once from one address (of IPv6: from one network of 64 bits); more are closed at once. Trusted proxies may
    /// have all there are.
    pub connections_per_client: usize,
    /// From then on a connection closes behind the request it is at.
    pub age_max: Duration,
    /// How long a request may take altogether, from the end of its headers to its answer. Longer than a slow body and the
    /// API's `wait` together.
    pub request_max: Duration,
    /// How long a connection is kept on which nothing is asked.
    pub idle_max: Duration,
    /// How long a client may take nothing of an answer; also how long a TLS handshake may take, from its first byte no longer
    /// than the headers of a request.
    pub stall_max: Duration,
    /// Refused requests of one client that are answered in a second; further ones are answered later, in their turn.
    pub refusals_per_second: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 20_000,
            connections_per_client: 1_000,
            age_max: Duration::from_secs(15 * 60),
            request_max: Duration::from_secs(360),
            idle_max: Duration::from_secs(75),
            stall_max: Duration::from_secs(30),
            refusals_per_second: 100,
        }
    }
}

/// A socket that listens, and what is served there.
pub struct Listener {
    pub socket: TcpListener,
    pub face: Face,
    /// `None`: plain HTTP.
    pub certificates: Option<Arc<Certificates>>,
}

/// Serves everything over plain HTTP.
impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Listener {
        Listener { socket, face: Face::Both, certificates: None }
    }
}

/// What the connections of all listeners share.
pub struct Pool {
    limits: Limits,
    header_timeout: Duration,
    trusted_proxies: AddressList,
    places: Arc<Semaphore>,
    /// Those that a crowd at the public door may take.
    public: Arc<Semaphore>,
    by_client: Mutex<HashMap<IpAddr, usize>>,
    refusals: Pace,
}

/// What the connections of one listener share.
pub struct Connections {
    router: Router,
    http: http1::Builder,
    certificates: Option<Arc<Certificates>>,
    face: Face,
    pool: Arc<Pool>,
    /// How many there are.
    open: watch::Sender<usize>,
    /// True from the moment connections are to close.
    stop: watch::Sender<bool>,
}

impl Pool {
    /// `administered`: there is a listener for administration alone. It stays reachable, whatever happens at the others.
    pub fn new(settings: &Settings, administered: bool) -> Arc<Pool> {
        let limits = settings.limits.clone();
        let kept = if administered { ADMINISTRATION_KEPT.min(limits.connections_max / 2) } else { 0 };
        Arc::new(Pool {
            header_timeout: settings.header_timeout,
            trusted_proxies: settings.trusted_proxies.clone(),
            places: Arc::new(Semaphore::new(limits.connections_max)),
            public: Arc::new(Semaphore::new(limits.connections_max - kept)),
            by_client: Mutex::default(),
            refusals: Pace::new(limits.refusals_per_second),
            limits,
        })
    }
}

impl Connections {
    pub fn new(
        router: Router,
        face: Face,
        certificates: Option<Arc<Certificates>>,
        pool: &Arc<Pool>,
    ) -> Arc<Connections> {
        let mut http = http1::Builder::new();
        // To hyper a connection that is idle is one whose next headers have not come: their own time-out is in `Watched`.
        http.timer(TokioTimer::new()).header_read_timeout(pool.limits.idle_max.max(pool.header_timeout));
        // Also the limit of a request's headers together.
        http.max_buf_size(64 * 1024);
        // Who has sent everything and says so still wants the answer.
        http.half_close(true);
        Arc::new(Connections {
            router,
            http,
            certificates,
            face,
            pool: Arc::clone(pool),
            open: watch::Sender::new(0),
            stop: watch::Sender::new(false),
        })
    }

    /// Accepts until it is dropped.
    pub async fn accept_for_ever(self: Arc<Connections>, socket: TcpListener) {
        loop {
            match socket.accept().await {
                Ok((stream, peer)) => {
                    let Some(mut place) = Place::take(&self, peer.ip()) else {
                        crate::log::connection_refused();
                        continue;
                    };
                    // The next one waits in the operating system's queue meanwhile. A place that is taken before there is a
                    // connection would be missing at the other listeners.
                    place.wait().await;
                    tokio::spawn(Arc::clone(&self).serve(stream, peer, place));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors, mostly: trying again at once would spin until a connection closes.
                    crate::log::accept_failed(&error);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Asks all connections to close behind the request they are at, and waits for them, for as long as `limit`.
    pub async fn close(&self, limit: Duration) {
        self.stop.send_replace(true);
        let mut open = self.open.subscribe();
        // What is still open then ends with the process.
        let _ = tokio::time::timeout(limit, open.wait_for(|open| *open == 0)).await;
    }

    async fn serve(self: Arc<Connections>, stream: TcpStream, peer: SocketAddr, place: Place) {
        // Answers are small and complete: waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let turns = Arc::new(AtomicU32::new(0));
        let stream = Watched {
            stream,
            turns: Arc::clone(&turns),
            turns_seen: 0,
            stall_max: self.pool.limits.stall_max,
            stalled: None,
            header_timeout: self.pool.header_timeout,
            headers: Headers::Awaited,
        };
        match self.certificates.as_ref().map(|certificates| certificates.acceptor()) {
            None => self.speak(stream, peer.ip(), turns).await,
            Some(acceptor) => {
                let handshake = tokio::time::timeout(self.pool.limits.stall_max, acceptor.accept(stream));
                // Who does not speak TLS, or not ours, cannot be told anything.
                if let Ok(Ok(stream)) = handshake.await {
                    // What came in until now were no headers. Even, as between an answer and the next request.
                    turns.fetch_add(2, Ordering::Relaxed);
                    // Rare beside plain connections, and larger.
                    Box::pin(self.speak(stream, peer.ip(), turns)).await;
                }
            }
        }
        drop(place);
    }

    /// Serves a connection to its end. `turns` goes up with the headers of each request, and with each answer.
    async fn speak<S: AsyncRead + AsyncWrite + Unpin + 'static>(
        self: &Arc<Connections>,
        stream: S,
        peer: IpAddr,
        turns: Arc<AtomicU32>,
    ) {
        let service = service_fn(|request: Request<Incoming>| {
            turns.fetch_add(1, Ordering::Relaxed);
            let (answer, turns) = (Arc::clone(self).answer(peer, request), Arc::clone(&turns));
            async move {
                let answer = answer.await;
                turns.fetch_add(1, Ordering::Relaxed);
                answer
            }
        });
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        let mut stop = self.stop.subscribe();
        let mut stopped = pin!(async move {
            // The sender lives as long as we do.
            let _ = stop.wait_for(|stop| *stop).await;
        });
        let mut age = pin!(tokio::time::sleep(self.pool.limits.age_max));
        let mut closing = false;
        std::future::poll_fn(|context| {
            loop {
                // An error here is the end of one connection: reset, timed out, not HTTP. Nobody can be told.
                if connection.as_mut().poll(context).is_ready() {
                    return Poll::Ready(());
                }
                let aged = age.as_mut().poll(context).is_ready();
                if closing {
                    return if aged { Poll::Ready(()) } else { Poll::Pending };
                }
                if !aged && stopped.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                closing = true;
                age.as_mut().reset(Instant::now() + self.pool.limits.request_max);
                connection.as_mut().graceful_shutdown();
            }
        })
        .await;
    }

    async fn answer(
        self: Arc<Connections>,
        peer: IpAddr,
        mut request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let client = client(peer, request.headers(), &self.pool.trusted_proxies);
        request.extensions_mut().insert(Client(client));
        let response = match names_one_host(&request) {
            true => self.routed(request).await?,
            false => no_one_host().into_response(),
        };
        if response.status().is_client_error() {
            self.pool.refusals.turn(network(client)).await;
        }
        Ok(response)
    }

    async fn routed(&self, request: Request<Incoming>) -> Result<Response, Infallible> {
        let answer = self.router.clone().call(request);
        match tokio::time::timeout(self.pool.limits.request_max, answer).await {
            Ok(answer) => answer,
            Err(_) => {
                let error = too_slow();
                crate::log::request_timed_out(&error.request_id);
                Ok(error.into_response())
            }
        }
    }
}

/// Of a request that names two, what stands before this service may have looked at the other (RFC 9112, section 3.2).
fn names_one_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let named = hosts.next().is_some();
    hosts.next().is_none() && (named || request.version() < Version::HTTP_11)
}

/// Whom a request came from that reached us by way of this address.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &AddressList) -> IpAddr {
    // A line that is not ASCII stays, as an entry that is no address: without it the line before would count.
    let values = |name| headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let (listed, forwarded): (Vec<_>, Vec<_>) = (values("x-forwarded-for"), values("forwarded"));
    client_address(peer, listed.iter().map(|line| &**line), forwarded.iter().map(|line| &**line), trusted_proxies)
}

/// The networks that one client may be expected to have a whole one of.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// The place of one connection among all; given back when it is dropped.
struct Place {
    connections: Arc<Connections>,
    /// `None`: a trusted proxy.
    client: Option<IpAddr>,
    permits: [Option<OwnedSemaphorePermit>; 2],
}

impl Place {
    /// `None`: this client has as many as it may have.
    fn take(connections: &Arc<Connections>, peer: IpAddr) -> Option<Place> {
        let pool = &connections.pool;
        let client = (!pool.trusted_proxies.contains(peer)).then(|| network(peer));
        if let Some(client) = client {
            let mut by_client = pool.by_client.lock().unwrap_or_else(PoisonError::into_inner);
            let count = by_client.entry(client).or_default();
            if *count >= pool.limits.connections_per_client {
                return None;
            }
            *count += 1;
        }
        connections.open.send_modify(|open| *open += 1);
        Some(Place { connections: Arc::clone(connections), client, permits: [None, None] })
    }

    /// Until there are no more connections than there may be.
    async fn wait(&mut self) {
        let pool = &self.connections.pool;
        // Neither is ever closed, so there never is an error.
        if self.connections.face != Face::Admin {
            self.permits[0] = Arc::clone(&pool.public).acquire_owned().await.ok();
        }
        self.permits[1] = Arc::clone(&pool.places).acquire_owned().await.ok();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open.send_modify(|open| *open -= 1);
        let Some(client) = self.client else { return };
        let mut by_client = self.connections.pool.by_client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_client.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                by_client.remove(&client);
            }
        }
    }
}

/// Cuts off a client that takes nothing of what it is sent, and one whose headers do not come to an end.
struct Watched {
    stream: TcpStream,
    /// Odd from the headers of a request to its answer.
    turns: Arc<AtomicU32>,
    turns_seen: u32,
    stall_max: Duration,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    header_timeout: Duration,
    headers: Headers,
}

/// How far the headers of the next request have come.
enum Headers {
    /// Nothing of them is there, or all of them.
    Awaited,
    /// Something is. Mostly that is all there is to come, so that no timer is made before it has to be waited for.
    Begun(Instant),
    Waiting(Pin<Box<Sleep>>),
}

impl Watched {
    /// The client has sent something, or nothing more for now.
    fn watch_headers(&mut self, context: &mut Context, sent: bool) -> Poll<io::Error> {
        let turns = self.turns.load(Ordering::Relaxed);
        if turns != self.turns_seen {
            self.turns_seen = turns;
            self.headers = Headers::Awaited;
        }
        if turns % 2 == 1 {
            return Poll::Pending;
        }
        if sent {
            if let Headers::Awaited = self.headers {
                self.headers = Headers::Begun(Instant::now());
            }
            return Poll::Pending;
        }
        if let Headers::Begun(since) = self.headers {
            self.headers = Headers::Waiting(Box::pin(tokio::time::sleep_until(since + self.header_timeout)));
        }
        match &mut self.headers {
            Headers::Waiting(timer) => timer.as_mut().poll(context).map(|()| io::ErrorKind::TimedOut.into()),
            Headers::Awaited | Headers::Begun(_) => Poll::Pending,
        }
    }

    fn watch<T>(&mut self, context: &mut Context, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.stalled = None;
            return poll;
        }
        let limit = self.stall_max;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let poll = Pin::new(&mut this.stream).poll_read(context, buffer);
        let sent = buffer.filled().len() > before;
        match this.watch_headers(context, sent) {
            Poll::Ready(error) if poll.is_pending() => Poll::Ready(Err(error)),
            Poll::Ready(_) | Poll::Pending => poll,
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write(context, buffer);
        this.watch(context, poll)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context,
        buffers: &[io::IoSlice],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write_vectored(context, buffers);
        this.watch(context, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn one_client_is_one_address_or_one_network() {
        let check = |address: &str, expected: &str| {
            assert_eq!(network(address.parse().unwrap()), expected.parse::<IpAddr>().unwrap(), "{address}");
        };
        check("192.0.2.7", "192.0.2.7");
        check("::ffff:192.0.2.7", "192.0.2.7");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
    }

    #[test]
    fn a_line_that_is_not_ascii_is_no_address() {
        let trusted = AddressList::parse(["10.0.0.0/8"]).unwrap();
        let client = |name: &'static str, lines: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(name, HeaderValue::from_bytes(line).unwrap());
            }
            client("10.0.0.1".parse().unwrap(), &headers, &trusted).to_string()
        };
        for rubbish in [&b"\xff"[..], b"2.2.2.2, \xe9", "\u{e9}".as_bytes()] {
            assert_eq!(client("x-forwarded-for", &[b"192.0.2.1", rubbish]), "10.0.0.1");
        }
        // Further left than what a trusted proxy wrote, it is not read.
        assert_eq!(client("x-forwarded-for", &[b"\xff", b"192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("forwarded", &[b"for=192.0.2.1", b"for=\xff"]), "10.0.0.1");
        assert_eq!(client("forwarded", &[b"\xff", b"for=192.0.2.1"]), "192.0.2.1");
    }
}
