//! The API's HTTP/1.1, by hyper as in every compiled workflow; and calls to the programs that this server started.
//!
//! Comes in: connections. Goes out: [`Request`]s, one for each of them, and JSON answers.
//! Always true: a request has a limit in bytes and in time, so has taking its answer; connections have one in number, of which no client has
//! more than a half, and the body of a request that is not admitted is not kept. What is no HTTP never gets here: hyper refuses it.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, EXPECT, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// Of the request line and the headers.
const HEAD_MAX: usize = 16 * 1024;

/// For the head of a request; again for its body; and again for taking the answer.
const REQUEST_TIME: Duration = Duration::from_secs(15);

/// Connections at once; more wait to be accepted. Half of them from one address (of IPv6: from one network of 64 bits); more are
/// closed at once, so that who opens them and says nothing does not keep others out.
const CONNECTIONS_MAX: usize = 2000;

/// File descriptors that are not for connections from outside: the programs that run, and what they say.
const DESCRIPTORS_KEPT: usize = 256;

/// When no connection can be accepted, for want of file descriptors say.
const PAUSE: Duration = Duration::from_millis(100);

/// For the rest of a request that is not admitted: a sender that does not wait for an answer before it has sent everything would
/// lose the answer if the connection closed under it.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// For a call to a program on this machine.
const CALL_TIME: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Request {
    pub method: Method,
    uri: Uri,
    headers: HeaderMap,
    pub body: Bytes,
}

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    pub details: Value,
}

impl Refusal {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into(), details: json!({}) }
    }
}

impl Request {
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The names and values of the query, decoded.
    pub fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        let query = self.uri.query().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes()).into_owned()
    }

    async fn read(
        request: hyper::Request<Incoming>,
        body_max: usize,
        admit: impl Fn(&Request) -> Result<(), Refusal>,
    ) -> Result<Request, Refusal> {
        let (head, body) = request.into_parts();
        let request = Request { method: head.method, uri: head.uri, headers: head.headers, body: Bytes::new() };
        if let Err(refusal) = admit(&request) {
            if !request.headers.contains_key(EXPECT) {
                let _ = tokio::time::timeout(DISCARD_TIME, discard(Limited::new(body, body_max))).await;
            }
            return Err(refusal);
        }
        let body = match tokio::time::timeout(REQUEST_TIME, Limited::new(body, body_max).collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                return Err(Refusal::new(
                    413,
                    "PAYLOAD_TOO_LARGE",
                    format!("the body is larger than {body_max} bytes"),
                ));
            }
            Ok(Err(_)) => return Err(Refusal::new(400, "INCOMPLETE_BODY", "the body ends in the middle")),
            Err(_) => {
                let message = format!("the body took longer than {} s to arrive", REQUEST_TIME.as_secs());
                return Err(Refusal::new(408, "REQUEST_TIMEOUT", message));
            }
        };
        Ok(Request { body, ..request })
    }
}

async fn discard(mut body: Limited<Incoming>) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// Who answers requests.
pub trait Answers: Send + Sync + 'static {
    /// Whether the body of a request is read, which is still empty.
    ///
    /// # Errors
    /// What is answered in its place.
    fn admit(&self, request: &Request) -> Result<(), Refusal>;

    /// May take its time: it has a thread of its own. Gets no request that was not admitted.
    fn answer(&self, request: Result<Request, Refusal>) -> (u16, Value);
}

/// The connections of each client.
type ByClient = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// One of a client's connections; given back when it is dropped.
struct Place {
    by_client: ByClient,
    client: IpAddr,
}

impl Place {
    /// `None`: this client has as many as it may have.
    fn take(by_client: &ByClient, peer: IpAddr, most: usize) -> Option<Place> {
        let client = match peer.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address @ IpAddr::V4(_) => address,
        };
        let mut counts = by_client.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { by_client: Arc::clone(by_client), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.by_client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

/// As many as there are file descriptors for.
fn connections_max() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let descriptors = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(usize::MAX);
    CONNECTIONS_MAX.min(descriptors.saturating_sub(DESCRIPTORS_KEPT).max(64))
}

/// Serves until the process is ended.
pub fn serve(listener: TcpListener, body_max: usize, answers: impl Answers) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let answers = Arc::new(answers);
    let most = connections_max();
    let (free, by_client) = (Arc::new(Semaphore::new(most)), ByClient::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let place = Arc::clone(&free).acquire_owned().await.map_err(io::Error::other)?;
            let Ok((stream, peer)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let Some(of_client) = Place::take(&by_client, peer.ip(), most / 2) else { continue };
            let answers = Arc::clone(&answers);
            let answered = Arc::new(Notify::new());
            let to_tell = Arc::clone(&answered);
            let service = service_fn(move |request| {
                let (response, to_tell) = (respond(request, body_max, Arc::clone(&answers)), Arc::clone(&to_tell));
                async move {
                    let response = response.await;
                    to_tell.notify_one();
                    response
                }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(REQUEST_TIME).max_buf_size(HEAD_MAX).keep_alive(false);
            let connection = http.serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move {
                let mut connection = pin!(connection);
                let mut time_is_up = pin!(async move {
                    answered.notified().await;
                    tokio::time::sleep(REQUEST_TIME).await;
                });
                std::future::poll_fn(|context| {
                    // A client that goes away, or speaks something else, is its own affair.
                    let ended = connection.as_mut().poll(context).is_ready();
                    if ended || time_is_up.as_mut().poll(context).is_ready() { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
                drop((of_client, place));
            });
        }
    })
}

async fn respond(
    request: hyper::Request<Incoming>,
    body_max: usize,
    answers: Arc<impl Answers>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let request = Request::read(request, body_max, |request| answers.admit(request)).await;
    let answered = tokio::task::spawn_blocking(move || answers.answer(request)).await;
    // A panic was reported where it happened.
    let (status, body) = answered.unwrap_or_else(|_| (500, json!({ "error": { "code": "INTERNAL_ERROR" } })));
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Calls a program of this server. Gives the status and the JSON of its answer.
pub fn call(address: SocketAddr, method: &str, path: &str, key: &str, body: &str) -> io::Result<(u16, Value)> {
    let mut stream = TcpStream::connect_timeout(&address, CALL_TIME)?;
    stream.set_read_timeout(Some(CALL_TIME))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let bad = || io::Error::other("the answer is not HTTP with JSON");
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(bad)?;
    let status = std::str::from_utf8(&bytes[..head]).ok().and_then(|head| head.split(' ').nth(1)?.parse().ok());
    let value = serde_json::from_slice(&bytes[head + 4..]).map_err(|_| bad())?;
    Ok((status.ok_or_else(bad)?, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows what it has read.
    struct Mirror;

    impl Answers for Mirror {
        fn admit(&self, request: &Request) -> Result<(), Refusal> {
            assert!(request.body.is_empty());
            match request.path() {
                "/closed" => Err(Refusal::new(401, "UNAUTHORIZED", "")),
                _ => Ok(()),
            }
        }

        fn answer(&self, request: Result<Request, Refusal>) -> (u16, Value) {
            match request {
                Ok(request) => {
                    let status = request.parameters().find(|(name, _)| name == "status").map(|(_, value)| value);
                    let body = String::from_utf8_lossy(&request.body).into_owned();
                    let authorization = request.header("authorization");
                    (200, json!([request.method.as_str(), request.path(), status, authorization, body]))
                }
                Err(refusal) => (refusal.status, json!(refusal.code)),
            }
        }
    }

    fn start() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || serve(listener, 10, Mirror));
        address
    }

    /// What a server answers to these bytes.
    fn exchange(bytes: &[u8]) -> (u16, String) {
        let mut client = TcpStream::connect(start()).unwrap();
        client.write_all(bytes).unwrap();
        if bytes.is_empty() {
            client.shutdown(std::net::Shutdown::Write).unwrap();
        }
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    #[test]
    fn a_request_is_read() {
        let text = b"POST /a?limit=5&status=a%20b HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\nAuthorization:  Bearer k\r\n\r\n{}";
        assert_eq!(exchange(text), (200, r#"["POST","/a","a b","Bearer k","{}"]"#.to_owned()));
        let chunked =
            b"POST / HTTP/1.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
        assert_eq!(exchange(chunked), (200, r#"["POST","/",null,null,"{}"]"#.to_owned()));
        assert_eq!(exchange(b""), (0, String::new()));
        // One request, whoever asks for more: what follows is not read.
        let (status, answers) = exchange(&b"GET /a HTTP/1.1\r\n\r\n".repeat(2));
        assert_eq!((status, answers.as_str()), (200, r#"["GET","/a",null,null,""]"#));
    }

    #[test]
    fn limits_hold() {
        let status = |bytes: &[u8]| exchange(bytes).0;
        assert_eq!(status(b"POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: 11\r\n\r\n01234567890"), 413);
        assert_eq!(status(b"hello\r\n\r\n"), 400);
        assert_eq!(status(&[&b"GET / HTTP/1.1\r\na: "[..], &[b'x'; 20_000], b"\r\n\r\n"].concat()), 431);
    }
    #[test]
    fn who_is_not_admitted_is_not_waited_for() {
        let head = b"POST /closed HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
        assert_eq!(exchange(head), (401, "\"UNAUTHORIZED\"".to_owned()));
        assert_eq!(exchange(b"POST /closed HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}").0, 401);
    }

    #[test]
    fn connections_that_say_nothing_keep_nobody_out() {
        let address = start();
        let silent: Vec<TcpStream> = (0..400)
            .map(|_| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\n").unwrap();
                stream
            })
            .collect();
        let mut client = TcpStream::connect(address).unwrap();
        // Less than the time after which those that say nothing are closed.
        client.set_read_timeout(Some(REQUEST_TIME * 2 / 3)).unwrap();
        client.write_all(b"GET /a HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        drop(silent);
    }

    #[test]
    fn one_client_has_no_more_than_its_share() {
        let by_client = ByClient::default();
        let take = |address: &str| Place::take(&by_client, address.parse().unwrap(), 2);
        let places = [take("192.0.2.1"), take("::ffff:192.0.2.1"), take("2001:db8::1"), take("2001:db8::2")];
        assert!(places.iter().all(Option::is_some));
        assert!(take("192.0.2.1").is_none() && take("2001:db8::3").is_none() && take("2001:db8:0:1::1").is_some());
        drop(places);
        assert!(by_client.lock().unwrap().is_empty());
    }
}
