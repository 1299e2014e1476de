//! The HTTP face of a compiled workflow.
//!
//! Comes in: listeners. Goes out: answers; accepted inputs go to the engine.
//! Always true: every answer that is not a success has the body of [`error::ApiError`]; how much clients may take is
//! limited ([`connection`]); a connection holds up the end of the process for [`Settings::close_limit`] at most, and a moment
//! more for an answer that is on its way.
//!
//! axum routes. Serving is hyper's, with a timer: `axum::serve` has no time-out for headers, so that a client which
//! sends half a header would keep a connection for ever.

mod api;
mod body;
mod budget;
mod connection;
mod error;
mod health;
mod input;
mod metrics;
mod pace;
mod rate;
mod tls;
mod webhook;

pub use api::{ApiKeys, ApiSettings};
pub use connection::{Limits, Listener};
pub use rate::RateLimit;
pub use tls::{Certificates, TlsVersion};

use crate::engine::{Clock, Engine, Status, either};
use crate::trigger::{AddressList, Mismatch, WebhookTrigger};
use crate::value::Doc;
use axum::Router;
#[cfg(feature = "mount")]
use axum::extract::ConnectInfo;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use budget::Budget;
#[cfg(feature = "mount")]
use connection::Client;
use connection::{Connections, Pool};
use input::Schemas;
use rate::Rates;
use std::io;
use std::net::SocketAddr;
#[cfg(feature = "mount")]
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What the operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bytes of a request's body.
    pub body_max: usize,
    /// From the first byte of a request to the end of its headers.
    pub header_timeout: Duration,
    /// From the headers to the end of the body.
    pub body_timeout: Duration,
    /// How long requests in progress may take when the service stops.
    pub close_limit: Duration,
    /// Whose `X-Forwarded-For` and `Forwarded` are believed.
    pub trusted_proxies: AddressList,
    pub limits: Limits,
    /// How many inputs one client may send; `None`: as many as it likes.
    pub rate_limit: Option<RateLimit>,
    pub api: ApiSettings,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            body_max: 1024 * 1024,
            header_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            close_limit: Duration::from_secs(5),
            trusted_proxies: AddressList::default(),
            limits: Limits::default(),
            rate_limit: None,
            api: ApiSettings::default(),
        }
    }
}

/// What is served on a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Webhooks, and the two health checks that say nothing of what runs here.
    Public,
    /// Everything but the webhooks.
    Admin,
    Both,
}

/// What all requests share.
pub struct Service {
    engine: Arc<Engine>,
    webhooks: Vec<WebhookTrigger>,
    schemas: Schemas,
    rates: Option<Rates>,
    bodies: Budget,
    settings: Settings,
    clock: Box<dyn Clock>,
    draining: AtomicBool,
    /// True from the moment nobody is kept waiting any more.
    ending: watch::Sender<bool>,
}

/// How long the end of the process waits for answers at listeners that have closed before: they only have to be sent.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// A service that accepts connections.
pub struct Running {
    service: Arc<Service>,
    open: Vec<Open>,
    /// Of listeners that are closed: something may still be on its way there.
    closed: Vec<Arc<Connections>>,
}

/// One of its listeners.
struct Open {
    face: Face,
    acceptor: JoinHandle<()>,
    connections: Arc<Connections>,
}

impl Service {
    pub fn new(
        engine: Arc<Engine>,
        webhooks: Vec<WebhookTrigger>,
        settings: Settings,
        clock: Box<dyn Clock>,
    ) -> Arc<Service> {
        let schemas = Schemas::of(engine.workflow());
        let rates = settings.rate_limit.map(Rates::new);
        let bodies = Budget::new(settings.body_max);
        let (draining, ending) = (AtomicBool::new(false), watch::Sender::new(false));
        Arc::new(Service { engine, webhooks, schemas, rates, bodies, settings, clock, draining, ending })
    }

    /// Where an input differs from the schema of the trigger that it is for.
    pub fn mismatches(&self, trigger: Option<usize>, input: &Doc) -> Vec<Mismatch> {
        self.schemas.mismatches(trigger, input)
    }

    /// Starts to accept on all listeners. Must be called on a tokio runtime.
    pub fn start(self: Arc<Service>, listeners: impl IntoIterator<Item = Listener>) -> Running {
        let listeners: Vec<Listener> = listeners.into_iter().collect();
        let pool = Pool::new(&self.settings, listeners.iter().any(|listener| listener.face == Face::Admin));
        let open = listeners.into_iter().map(|Listener { socket, face, certificates }| {
            let connections = Connections::new(router(&self, face), face, certificates, &pool);
            let acceptor = tokio::spawn(Arc::clone(&connections).accept_for_ever(socket));
            Open { face, acceptor, connections }
        });
        Running { open: open.collect(), closed: Vec::new(), service: self }
    }

    /// From now on the service says that it is about to stop.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Waits for the end of an execution: for so long, and no longer than this service does. Whoever asked is then told how far
    /// it has come.
    async fn wait_for(&self, execution_id: &str, limit: Duration) -> Option<Status> {
        let mut ending = self.ending.subscribe();
        let finished = self.engine.finished(execution_id);
        let ends = async {
            // The sender lives as long as we do.
            let _ = ending.wait_for(|ending| *ending).await;
            None
        };
        tokio::time::timeout(limit, either(finished, ends)).await.ok().flatten()
    }
}

impl Running {
    /// Accepts no more inputs: stops accepting connections for webhooks and lets requests in progress finish, for as long as
    /// [`Settings::close_limit`]; they may take longer. What they started goes on, and whoever waits for it still does.
    /// Listeners for administration alone stay open, so that the last minutes can be watched.
    pub async fn stop(&mut self) {
        self.service.draining.store(true, Ordering::Relaxed);
        let (stay, close) = std::mem::take(&mut self.open).into_iter().partition(|open| open.face == Face::Admin);
        self.open = stay;
        self.close(close).await;
    }

    /// Answers whoever still waits, and closes what [`Running::stop`] has left open.
    pub async fn end(mut self) {
        self.service.ending.send_replace(true);
        let last_answers = Instant::now() + LAST_ANSWERS.min(self.service.settings.close_limit);
        let closed = std::mem::take(&mut self.closed);
        let open = std::mem::take(&mut self.open);
        self.close(open).await;
        for connections in closed {
            connections.close(last_answers.saturating_duration_since(Instant::now())).await;
        }
    }

    async fn close(&mut self, open: Vec<Open>) {
        for Open { acceptor, .. } in &open {
            acceptor.abort();
        }
        let limit = Instant::now() + self.service.settings.close_limit;
        for Open { acceptor, connections, .. } in open {
            // Aborted, which is what was asked for; the listener is closed then.
            let _ = acceptor.await;
            connections.close(limit.saturating_duration_since(Instant::now())).await;
            self.closed.push(connections);
        }
    }
}

/// Opens a listener. `text`: `ADDRESS`, `ADDRESS:PORT`, `:PORT`, `PORT`; the port is 8000 unless given, 0 for any that is free.
///
/// # Errors
/// When the text is no address, or nobody may listen there.
pub fn listen(text: &str) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(&*addresses(text)?)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

fn addresses(text: &str) -> io::Result<Vec<SocketAddr>> {
    const PORT: u16 = 8000;
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(vec![address]);
    }
    if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse() {
        return Ok(vec![SocketAddr::new(ip, PORT)]);
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => ("", Some(text)),
        None => (text, None),
    };
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "expected ADDRESS, ADDRESS:PORT or PORT");
    let port = port.map_or(Ok(PORT), |port| port.parse().map_err(|_| wrong()))?;
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    Ok(std::net::ToSocketAddrs::to_socket_addrs(&(host, port))?.collect())
}

fn router(service: &Arc<Service>, face: Face) -> Router {
    routes(service, face).fallback(error::not_found)
}

/// Everything there is to ask for; what else is asked for is somebody else's.
fn routes(service: &Arc<Service>, face: Face) -> Router {
    let mut router = Router::new().route("/health/live", get(health::live)).route("/health/ready", get(health::ready));
    if matches!(face, Face::Public | Face::Both) {
        router = router.route("/webhooks/{webhook_id}", post(webhook::receive));
    }
    if matches!(face, Face::Admin | Face::Both) {
        router = router
            .route("/health", get(health::health))
            .route("/metrics", get(metrics::metrics))
            .route("/openapi.json", get(openapi))
            .merge(api::routes());
    }
    router.method_not_allowed_fallback(error::method_not_allowed).with_state(Arc::clone(service))
}

/// Without a key: programs read it before they have one.
async fn openapi(State(service): State<Arc<Service>>) -> Response {
    error::json(StatusCode::OK, service.engine.workflow().openapi)
}

/// The routes as a part of somebody else's service, which listens and serves. What the address of a caller is, the other
/// service says with axum's `ConnectInfo`; where it does not, no address is on any list.
#[cfg(feature = "mount")]
pub fn mounted(service: &Arc<Service>) -> Router {
    let trusted = service.settings.trusted_proxies.clone();
    routes(service, Face::Both).layer(axum::middleware::map_request(move |mut request: axum::extract::Request| {
        let known = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let peer = known.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let client = connection::client(peer, request.headers(), &trusted);
        request.extensions_mut().insert(Client(client));
        std::future::ready(request)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_listen_on() {
        let check = |text: &str, expected: &str| assert_eq!(addresses(text).unwrap()[0].to_string(), expected);
        check("127.0.0.1:9000", "127.0.0.1:9000");
        check("0.0.0.0", "0.0.0.0:8000");
        check("[::1]:0", "[::1]:0");
        check("::1", "[::1]:8000");
        check("[::1]", "[::1]:8000");
        check(":9000", "127.0.0.1:9000");
        check("9000", "127.0.0.1:9000");
        assert!(addresses("127.0.0.1:http").is_err());
        assert!(addresses("127.0.0.1:70000").is_err());
    }
}
