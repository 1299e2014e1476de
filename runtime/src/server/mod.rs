//! The HTTP face of a compiled workflow.
//!
//! Comes in: connections. Goes out: answers; accepted inputs go to the engine.
//! Always true: every answer that is not a success has the body of [`error::ApiError`]; headers and bodies that come slowly
//! are cut off; a connection holds up the end of the process for [`Settings::close_limit`] at most.
//!
//! axum routes. Serving is hyper's, with a timer: `axum::serve` has no time-out for headers, so that a client which
//! sends half a header would keep a connection for ever.

mod api;
mod body;
mod error;
mod health;
mod input;
mod metrics;
mod webhook;

pub use api::{ApiKeys, ApiSettings};

use crate::engine::{Clock, Engine};
use crate::trigger::{AddressList, WebhookTrigger};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use input::Schemas;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower_service::Service as _;
use webhook::Peer;

/// What the operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bytes of a request's body.
    pub body_max: usize,
    /// From the first byte of a connection, or the end of the previous request, to the end of the next one's headers;
    /// so it is also how long an idle connection is kept.
    pub header_timeout: Duration,
    /// From the headers to the end of the body.
    pub body_timeout: Duration,
    /// How long requests in progress may take when the service stops.
    pub close_limit: Duration,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: AddressList,
    pub api: ApiSettings,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            body_max: 1024 * 1024,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            close_limit: Duration::from_secs(5),
            trusted_proxies: AddressList::default(),
            api: ApiSettings::default(),
        }
    }
}

/// What all requests share.
pub struct Service {
    engine: Arc<Engine>,
    webhooks: Vec<WebhookTrigger>,
    schemas: Schemas,
    settings: Settings,
    clock: Box<dyn Clock>,
    draining: AtomicBool,
}

/// A service that accepts connections.
pub struct Running {
    service: Arc<Service>,
    acceptors: Vec<JoinHandle<()>>,
    connections: Arc<GracefulShutdown>,
}

impl Service {
    pub fn new(
        engine: Arc<Engine>,
        webhooks: Vec<WebhookTrigger>,
        settings: Settings,
        clock: Box<dyn Clock>,
    ) -> Arc<Service> {
        let schemas = Schemas::of(engine.workflow());
        Arc::new(Service { engine, webhooks, schemas, settings, clock, draining: AtomicBool::new(false) })
    }

    /// Starts to accept on all listeners. Must be called on a tokio runtime.
    pub fn start(self: Arc<Service>, listeners: Vec<TcpListener>) -> Running {
        let connections = Arc::new(GracefulShutdown::new());
        let router = router(&self);
        let acceptors = listeners.into_iter().map(|listener| {
            let http = http(&self.settings);
            tokio::spawn(accept_for_ever(listener, http, router.clone(), Arc::clone(&connections)))
        });
        Running { acceptors: acceptors.collect(), service: self, connections }
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

impl Running {
    /// Stops accepting and lets requests in progress finish, within [`Settings::close_limit`]. What they started goes on.
    pub async fn stop(self) {
        self.service.draining.store(true, Ordering::Relaxed);
        for acceptor in self.acceptors {
            acceptor.abort();
            // Aborted, which is what was asked for; the listener is closed then.
            let _ = acceptor.await;
        }
        if let Some(connections) = Arc::into_inner(self.connections) {
            let _ = tokio::time::timeout(self.service.settings.close_limit, connections.shutdown()).await;
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

fn router(service: &Arc<Service>) -> Router {
    Router::new()
        .route("/webhooks/{webhook_id}", post(webhook::receive))
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi))
        .merge(api::routes())
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(Arc::clone(service))
}

/// Without a key: programs read it before they have one.
async fn openapi(State(service): State<Arc<Service>>) -> Response {
    error::json(StatusCode::OK, service.engine.workflow().openapi)
}

fn http(settings: &Settings) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(settings.header_timeout);
    // Also the limit of a request's headers together.
    http.max_buf_size(64 * 1024);
    http
}

async fn accept_for_ever(listener: TcpListener, http: http1::Builder, router: Router, open: Arc<GracefulShutdown>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(serve(stream, peer, http.clone(), router.clone(), open.watcher()));
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

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn serve(stream: TcpStream, peer: SocketAddr, http: http1::Builder, router: Router, watcher: Watcher) {
    // Answers are small and complete: waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        router.clone().call(request)
    });
    // An error here is the end of one connection: reset, timed out, not HTTP. Nobody can be told.
    let _ = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await;
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
