//! The API's HTTP/1.1, by hyper as in every compiled workflow; and calls to the programs that this server started.
//!
//! Comes in: connections. Goes out: [`Request`]s, one for each of them, and JSON answers.
//! Always true: a request has a limit in bytes and in time, so has taking its answer, and connections have one in number. What is no HTTP never gets
//! here: hyper refuses it.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// Of the request line and the headers.
const HEAD_MAX: usize = 16 * 1024;

/// For the head of a request; again for its body; and again for taking the answer.
const REQUEST_TIME: Duration = Duration::from_secs(15);

/// Connections at once; more wait to be accepted.
const CONNECTIONS_MAX: usize = 256;

/// When no connection can be accepted, for want of file descriptors say.
const PAUSE: Duration = Duration::from_millis(100);

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

    async fn read(request: hyper::Request<Incoming>, body_max: usize) -> Result<Request, Refusal> {
        let (head, body) = request.into_parts();
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
        Ok(Request { method: head.method, uri: head.uri, headers: head.headers, body })
    }
}

/// Serves until the process is ended. `answer` may take its time: it has a thread of its own.
pub fn serve<A>(listener: TcpListener, body_max: usize, answer: A) -> io::Result<()>
where
    A: Fn(Result<Request, Refusal>) -> (u16, Value) + Send + Sync + 'static,
{
    listener.set_nonblocking(true)?;
    let answer = Arc::new(answer);
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let place = Arc::clone(&free).acquire_owned().await.map_err(io::Error::other)?;
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let answer = Arc::clone(&answer);
            let answered = Arc::new(Notify::new());
            let to_tell = Arc::clone(&answered);
            let service = service_fn(move |request| {
                let (response, to_tell) = (respond(request, body_max, Arc::clone(&answer)), Arc::clone(&to_tell));
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
                drop(place);
            });
        }
    })
}

async fn respond<A>(
    request: hyper::Request<Incoming>,
    body_max: usize,
    answer: Arc<A>,
) -> Result<Response<Full<Bytes>>, Infallible>
where
    A: Fn(Result<Request, Refusal>) -> (u16, Value) + Send + Sync + 'static,
{
    let request = Request::read(request, body_max).await;
    let answered = tokio::task::spawn_blocking(move || answer(request)).await;
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

    /// What a server answers to these bytes, which shows what it has read.
    fn exchange(bytes: &[u8]) -> (u16, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        std::thread::spawn(move || {
            serve(listener, 10, |request| match request {
                Ok(request) => {
                    let limit = request.parameters().find(|(name, _)| name == "status").map(|(_, value)| value);
                    let body = String::from_utf8_lossy(&request.body).into_owned();
                    (
                        200,
                        json!([request.method.as_str(), request.path(), limit, request.header("authorization"), body]),
                    )
                }
                Err(refusal) => (refusal.status, json!(refusal.code)),
            })
        });
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
}
