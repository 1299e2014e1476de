//! As much of HTTP/1.1 as the API needs, over blocking sockets.
//!
//! Comes in: connections. Goes out: [`Request`]s and JSON answers; and calls to the programs that this server started.
//! Always true: a request has a limit in bytes and in time, so that nobody holds a thread for long; every connection
//! carries one request. Chunked bodies are refused with 411: clients that send JSON know its length.

use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const HEAD_MAX: usize = 16 * 1024;

/// From the first byte to the last.
const REQUEST_TIME: Duration = Duration::from_secs(15);

/// For a call to a program on this machine.
const CALL_TIME: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Without the question mark.
    pub query: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
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

    fn bad(message: &str) -> Refusal {
        Refusal::new(400, "BAD_REQUEST", message)
    }
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A value of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into())
    }

    /// Reads one request. The inner `None`: the client went away without one.
    pub fn read(stream: &mut TcpStream, body_max: usize) -> Result<Option<Request>, Refusal> {
        let deadline = Instant::now() + REQUEST_TIME;
        let mut bytes = Vec::new();
        let head = loop {
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
            if end.unwrap_or(bytes.len()) > HEAD_MAX {
                return Err(Refusal::new(431, "HEADERS_TOO_LARGE", "the headers are larger than 16 KiB"));
            }
            if let Some(end) = end {
                break end;
            }
            match more(stream, &mut bytes, deadline)? {
                0 if bytes.is_empty() => return Ok(None),
                0 => return Err(Refusal::bad("the request ends in the middle")),
                _ => {}
            }
        };
        let text =
            std::str::from_utf8(&bytes[..head]).map_err(|_| Refusal::bad("the head of the request is not text"))?;
        let mut request = Request::head(text)?;
        if request.header("transfer-encoding").is_some() {
            return Err(Refusal::new(411, "LENGTH_REQUIRED", "send the body with a Content-Length"));
        }
        let length = match request.header("content-length") {
            None => 0,
            Some(text) => text.parse::<usize>().map_err(|_| Refusal::bad("Content-Length is no number"))?,
        };
        if length > body_max {
            return Err(Refusal::new(413, "TOO_LARGE", format!("the body is larger than {body_max} bytes")));
        }
        if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let mut body = bytes.split_off(head + 4);
        while body.len() < length {
            if more(stream, &mut body, deadline)? == 0 {
                return Err(Refusal::bad("the body ends in the middle"));
            }
        }
        body.truncate(length);
        request.body = body;
        Ok(Some(request))
    }

    fn head(text: &str) -> Result<Request, Refusal> {
        let mut lines = text.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version)) = (first.next(), first.next(), first.next()) else {
            return Err(Refusal::bad("this is not HTTP"));
        };
        if !version.starts_with("HTTP/1.") {
            return Err(Refusal::bad("this is not HTTP/1.1"));
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':').ok_or_else(|| Refusal::bad("a header has no colon"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Vec::new(),
        })
    }
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>, deadline: Instant) -> Result<usize, Refusal> {
    let slow = || Refusal::new(408, "TOO_SLOW", "the request took longer than 15 s to arrive");
    let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or_else(slow)?;
    let mut buffer = [0; 8192];
    let read = stream.set_read_timeout(Some(left)).and_then(|()| stream.read(&mut buffer));
    match read {
        Ok(count) => {
            bytes.extend_from_slice(&buffer[..count]);
            Ok(count)
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Err(slow()),
        // The connection is gone; whatever is answered reaches nobody.
        Err(_) => Ok(0),
    }
}

/// Answers and closes. A client that has gone away is no failure.
pub fn answer(stream: &mut TcpStream, status: u16, body: &Value) {
    let body = body.to_string();
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        _ => "Answer",
    };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.set_write_timeout(Some(REQUEST_TIME));
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    let _ = stream.shutdown(std::net::Shutdown::Write);
    // What the client still sends is read, or closing would reset the connection before it has read the answer.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let _ = io::copy(&mut stream.take(1024 * 1024), &mut io::sink());
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
    use std::net::TcpListener;

    /// What a server reads of these bytes.
    fn read(bytes: &[u8], body_max: usize) -> Result<Option<Request>, Refusal> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(bytes).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        Request::read(&mut listener.accept().unwrap().0, body_max)
    }

    #[test]
    fn a_request_is_read() {
        let text =
            b"POST /a?limit=5&status=a%20b HTTP/1.1\r\nContent-Length: 2\r\nAuthorization:  Bearer k\r\n\r\n{}rest";
        let request = read(text, 10).unwrap().unwrap();
        assert_eq!(
            (request.method.as_str(), request.path.as_str(), request.body.as_slice()),
            ("POST", "/a", &b"{}"[..])
        );
        assert_eq!(request.header("authorization"), Some("Bearer k"));
        assert_eq!(request.parameter("status").as_deref(), Some("a b"));
        assert!(read(b"", 10).unwrap().is_none());
    }

    #[test]
    fn limits_hold() {
        let status = |bytes: &[u8]| read(bytes, 10).unwrap_err().status;
        assert_eq!(status(b"POST / HTTP/1.1\r\ncontent-length: 11\r\n\r\n"), 413);
        assert_eq!(status(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"), 411);
        assert_eq!(status(b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab"), 400);
        assert_eq!(status(b"hello\r\n\r\n"), 400);
        assert_eq!(status(&[&b"GET / HTTP/1.1\r\na: "[..], &[b'x'; 20_000], b"\r\n\r\n"].concat()), 431);
    }
}
