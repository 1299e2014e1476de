//! The `http` node.

use super::*;
use crate::flow::{Body, Http};
use flow_world::{Answer, Fault as Broken, Script, Smtp, Tls};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// POST to the first variable, with a secret header.
static POST: Node = node(Kind::Http(Http {
    method: "POST",
    url: |scope, url| {
        url.env(scope.env(0));
        Ok(())
    },
    headers: Some(|_, headers| {
        headers.header("X-Api-Key").literal("s3cret");
        Ok(())
    }),
    params: None,
    response_schema: None,
    cache: None,
    body: Body::Json(|_, json| {
        json.literal("{\"amount\":12.5}");
        Ok(())
    }),
}));

/// GET with parameters, no headers.
static GET: Node = node(Kind::Http(Http {
    method: "GET",
    url: |scope, url| {
        url.env(scope.env(0));
        Ok(())
    },
    headers: None,
    params: Some(|_, params| {
        params.param("q").literal("a b&c");
        Ok(())
    }),
    body: Body::None,
    response_schema: None,
    cache: None,
}));

/// POST without a body.
static EMPTY: Node = node(Kind::Http(Http {
    method: "POST",
    url: |scope, url| {
        url.env(scope.env(0));
        Ok(())
    },
    headers: None,
    params: None,
    body: Body::None,
    response_schema: None,
    cache: None,
}));

/// A form whose headers replace the defaults.
static FORM: Node = node(Kind::Http(Http {
    method: "PUT",
    url: |scope, url| {
        url.env(scope.env(0));
        Ok(())
    },
    headers: Some(|_, headers| {
        headers.header("user-agent").literal("shop/1");
        headers.header("Idempotency-Key").literal("order-17");
        headers.header("Content-Type").literal("application/x-www-form-urlencoded");
        Ok(())
    }),
    params: None,
    response_schema: None,
    cache: None,
    body: Body::Form(|_, params| {
        params.param("a").literal("1 2");
        Ok(())
    }),
}));

/// One attempt of `node` at a URL.
async fn attempt(world: &World, node: &'static Node, url: String, timeout: Duration) -> Attempt {
    let services = services(world);
    let prepared = prepare(&services, node, &[url]).unwrap();
    services.attempt(&prepared, timeout).await
}

/// What a service's answer to `POST /x` makes of the node.
async fn answered(answer: Answer) -> Attempt {
    let world = World::start().unwrap();
    let server = world.http("service", Script::default().answers("POST /x", [answer])).unwrap();
    let url = format!("{}/x", server.url());
    attempt(&world, &POST, url, LONG).await
}

#[tokio::test]
async fn every_attempt_sends_the_same_bytes() {
    let world = World::start().unwrap();
    let script = Script::default().answers("POST /x", [Answer::status(503), Answer::json(r#"{"id":7}"#)]);
    let server = world.http("service", script).unwrap();
    let services = services(&world);
    let prepared = prepare(&services, &POST, &[format!("{}/x", server.url())]).unwrap();
    assert_eq!(code(&services.attempt(&prepared, LONG).await), (RETRYABLE, "HTTP_503"));
    let second = services.attempt(&prepared, LONG).await;
    assert_eq!((code(&second), field(&second, "id").as_str()), ((Outcome::Succeeded, ""), "7"));
    let requests = world.log().requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((&requests[0].headers, &requests[0].body), (&requests[1].headers, &requests[1].body));
    let first = &requests[0];
    assert_eq!(first.body, br#"{"amount":12.5}"#);
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("accept"), Some("*/*"));
    assert_eq!(first.header("accept-encoding"), Some("gzip"));
    assert_eq!(first.header("user-agent"), Some(concat!("flowc/", env!("CARGO_PKG_VERSION"))));
    let key = attempt_key("exec-1", "node").to_string();
    assert_eq!(first.header("idempotency-key"), Some(key.as_str()));
}

#[tokio::test]
async fn a_connection_is_used_again_while_its_server_surely_keeps_it() {
    let world = World::start().unwrap();
    let services = services(&world);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while socket.read(&mut request).await.is_ok_and(|read| read > 0) {
                    socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                }
            });
        }
    });
    let prepared = prepare(&services, &GET, &[url]).unwrap();
    for (wait, connections) in [(Duration::ZERO, 1), (Duration::from_millis(50), 1), (crate::node::http::IDLE_MAX, 2)] {
        tokio::time::sleep(wait).await;
        assert_eq!(services.attempt(&prepared, LONG).await.outcome, Outcome::Succeeded);
        assert_eq!(accepted.load(Ordering::Relaxed), connections);
    }
}

/// GET of the first variable, with the second as a header; answers are used again.
static CACHED: Node = node(Kind::Http(Http {
    method: "GET",
    url: |scope, url| {
        url.env(scope.env(0));
        Ok(())
    },
    headers: Some(|scope, headers| {
        headers.header("X-Customer").env(scope.env(1));
        Ok(())
    }),
    params: None,
    body: Body::None,
    response_schema: None,
    cache: Some(Duration::from_secs(60)),
}));

#[tokio::test]
async fn a_cached_answer_is_for_the_same_request_only() {
    let world = World::start().unwrap();
    let answers = [Answer::status(500), Answer::json(r#"{"id":1}"#), Answer::json(r#"{"id":2}"#)];
    let server = world.http("service", Script::default().answers("GET /x", answers)).unwrap();
    let services = services(&world);
    let ask = async |customer: &str| {
        let environment = [format!("{}/x", server.url()), customer.to_owned()];
        let prepared = prepare(&services, &CACHED, &environment).unwrap();
        field(&services.attempt(&prepared, LONG).await, "id")
    };
    assert_eq!(ask("ada").await, "missing", "a failure");
    assert_eq!(ask("ada").await, "1", "a failure is not kept");
    assert_eq!(ask("ada").await, "1");
    assert_eq!(ask("bob").await, "2", "another customer's answer is another");
    assert_eq!(world.log().requests().len(), 3);
}

#[tokio::test]
async fn a_get_has_parameters_and_no_key() {
    let world = World::start().unwrap();
    let server = world.http("service", Script::default().answer("GET /x", "[1]")).unwrap();
    let got = attempt(&world, &GET, format!("{}/x?p=1", server.url()), LONG).await;
    assert_eq!(field(&got, "response"), "[1]");
    let requests = world.log().requests();
    assert_eq!(requests[0].path, "/x?p=1&q=a+b%26c");
    assert_eq!(requests[0].header("idempotency-key"), None);
    assert_eq!(requests[0].header("content-type"), None);
}

#[tokio::test]
async fn the_authors_headers_win() {
    let world = World::start().unwrap();
    let server = world.http("service", Script::default().answer("PUT /x", "{}")).unwrap();
    let url = server.url().replace("http://", "http://us%65r:pass@");
    attempt(&world, &FORM, format!("{url}/x"), LONG).await;
    let requests = world.log().requests();
    let request = &requests[0];
    assert_eq!(request.body, b"a=1+2");
    assert_eq!(request.header("user-agent"), Some("shop/1"));
    assert_eq!(request.header("idempotency-key"), Some("order-17"));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.header("authorization"), Some("Basic dXNlcjpwYXNz"));
}

#[tokio::test]
async fn answers_follow_the_outcome_table() {
    let declined = Answer { status: 402, ..Answer::json(r#"{"error":"Payment declined"}"#) };
    let declined = answered(declined).await;
    assert_eq!(code(&declined), (Outcome::Failed, "HTTP_402"));
    assert_eq!(declined.error.as_ref().unwrap().message, "Payment declined");
    assert_eq!(
        (field(&declined, "success"), field(&declined, "error")),
        ("false".into(), "\"Payment declined\"".into())
    );

    let mut busy = Answer::status(429);
    busy.headers.insert("Retry-After".to_owned(), "7".to_owned());
    let after = Some(Duration::from_secs(7));
    assert_eq!(code(&answered(busy).await), (Outcome::Retryable { after }, "HTTP_429"));

    let no = answered(Answer::json(r#"{"success":false,"message":"No stock"}"#)).await;
    assert_eq!(code(&no), (Outcome::Succeeded, "UNSUCCESSFUL"));
    assert_eq!(no.error.unwrap().message, "No stock");
}

#[tokio::test]
async fn what_breaks_on_the_wire_is_retryable_but_an_answer_is_one() {
    let broken = async |fault| {
        let attempt =
            answered(Answer { fault: Some(fault), ..Answer::json(r#"{"long":"enough to be cut in half"}"#) }).await;
        // What cannot be read was answered all the same: the request was carried out, or may have been.
        let expected = if fault == Broken::Garbage { Outcome::Failed } else { RETRYABLE };
        assert_eq!(attempt.outcome, expected, "{fault:?}");
        assert_eq!(attempt.result.as_deref(), Some(r#"{"success":false}"#));
        attempt.error.unwrap().code
    };
    assert_eq!(broken(Broken::Reset).await, "CONNECTION_RESET");
    assert_eq!(broken(Broken::Close).await, "CONNECTION_CLOSED");
    assert_eq!(broken(Broken::Truncate).await, "CONNECTION_CLOSED");
    assert_eq!(broken(Broken::Garbage).await, "BAD_ANSWER");
}

#[tokio::test]
async fn an_answer_with_too_many_headers_is_not_asked_for_again() {
    let headers = |count| (0..count).map(|at| (format!("X-{at}"), "y".to_owned())).collect();
    // Beside those that every answer has.
    let many = answered(Answer { headers: headers(90), ..Answer::json("{}") }).await;
    assert_eq!(many.outcome, Outcome::Succeeded);
    let too_many = answered(Answer { headers: headers(110), ..Answer::json("{}") }).await;
    assert_eq!(code(&too_many), (Outcome::Failed, "BAD_ANSWER"));
    assert!(too_many.error.unwrap().message.contains("more headers than"));
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let world = World::start().unwrap();
    let refused = world.refused().unwrap();
    let attempt = attempt(&world, &POST, refused.url(), LONG).await;
    assert_eq!(code(&attempt), (RETRYABLE, "CONNECTION_REFUSED"));
    assert_eq!(attempt.error.unwrap().message, "connection refused");
}

#[tokio::test]
async fn silence_ends_with_the_timeout() {
    let world = World::start().unwrap();
    let script = Script::default().answers("POST /x", [Answer::fault(Broken::Silence)]);
    let server = world.http("service", script).unwrap();
    let url = format!("{}/x", server.url());
    let attempt = attempt(&world, &POST, url, Duration::from_millis(100)).await;
    assert_eq!(code(&attempt), (RETRYABLE, "TIMEOUT"));
    assert_eq!(attempt.error.unwrap().message, "timed out after 0.1 s");
}

#[tokio::test]
async fn packed_answers_are_unpacked_up_to_the_limit() {
    let small = answered(Answer { gzip: true, ..Answer::json(r#"{"a":1}"#) }).await;
    assert_eq!(field(&small, "a"), "1");
    let bomb = Answer { gzip: true, text: Some("x".repeat(17 << 20)), ..Answer::default() };
    let bomb = answered(bomb).await;
    assert_eq!(code(&bomb), (Outcome::Failed, "ANSWER_TOO_LARGE"));
}

/// What comes of an answer of these very bytes, and what was sent for it.
async fn answered_with(node: &'static Node, head: &str, body: &[u8]) -> (Attempt, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let answer = [format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(&answer).await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let world = World::start().unwrap();
    (attempt(&world, node, url, LONG).await, served.await.unwrap())
}

fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn an_answer_packed_in_several_parts_is_read_whole() {
    let parts = [gzip(r#"{"a":1,"#), gzip(r#""b":2}"#)].concat();
    for name in ["gzip", "GZIP", "x-gzip"] {
        let (whole, sent) = answered_with(&GET, &format!("200 OK\r\nContent-Encoding: {name}"), &parts).await;
        assert_eq!((field(&whole, "a"), field(&whole, "b")), ("1".to_owned(), "2".to_owned()));
        assert_eq!(field(&whole, "headers"), "{}");
        assert!(sent.to_ascii_lowercase().contains("accept-encoding: gzip\r\n"), "{sent}");
    }
    let (nothing, _) = answered_with(&GET, "200 OK\r\nContent-Encoding: gzip", b"").await;
    assert_eq!((field(&nothing, "response"), nothing.outcome), ("null".to_owned(), Outcome::Succeeded));
    let (damaged, _) = answered_with(&GET, "200 OK\r\nContent-Encoding: gzip", &parts[..parts.len() - 9]).await;
    assert_eq!(code(&damaged), (RETRYABLE, "BAD_ANSWER"));
}

#[tokio::test]
async fn pieces_of_a_body_that_are_not_http_are_no_answer() {
    let trailers = format!("2\r\n{{}}\r\n0\r\n{}", "X-T: aaaaaaaaaaaaaaaaaa\r\n".repeat(50_000));
    for body in ["-1\r\n{}\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}", "2\r\n{}0\r\n\r\n", &trailers] {
        let attempt = chunked(body).await;
        assert_eq!(code(&attempt), (Outcome::Failed, "BAD_ANSWER"), "{}", &body[..10]);
        assert_eq!(attempt.error.unwrap().message, "the answer is not HTTP");
    }
    // What breaks off may be whole the next time.
    assert_eq!(code(&chunked("2\r\n{").await), (RETRYABLE, "CONNECTION_CLOSED"));
}

/// An attempt that is answered with these pieces, and then nothing more.
async fn chunked(body: &str) -> Attempt {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        // It may be closed while we still write.
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    attempt(&World::start().unwrap(), &GET, url, LONG).await
}

#[tokio::test]
async fn what_cannot_be_unpacked_is_no_answer() {
    for name in ["br", "deflate", "gzip, gzip"] {
        let (packed, _) = answered_with(&GET, &format!("200 OK\r\nContent-Encoding: {name}"), b"\x0b\x02").await;
        assert_eq!(code(&packed), (Outcome::Failed, "BAD_ANSWER"));
        let expected = format!("the answer is packed as `{name}`, and only gzip can be unpacked here");
        assert_eq!(packed.error.unwrap().message, expected);
        let (failed, _) = answered_with(&GET, &format!("502 No\r\nContent-Encoding: {name}"), b"\x0b\x02").await;
        assert_eq!(code(&failed), (RETRYABLE, "HTTP_502"));
    }
    let (nothing, _) = answered_with(&GET, "200 OK\r\nContent-Encoding: br", b"").await;
    assert_eq!(nothing.outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn a_length_of_nothing_is_said_once() {
    let sent = answered_with(&EMPTY, "200 OK", b"").await.1.to_ascii_lowercase();
    assert_eq!(sent.matches("content-length").count(), 1, "{sent}");
    assert!(sent.contains("content-length: 0\r\n"), "{sent}");
    let sent = answered_with(&GET, "200 OK", b"").await.1.to_ascii_lowercase();
    assert!(!sent.contains("content-length"), "{sent}");
}

#[tokio::test]
async fn redirects_keep_secrets_at_home() {
    let world = World::start().unwrap();
    let there = world.http("there", Script::default().answer("POST /y", r#"{"moved":true}"#)).unwrap();
    let redirect = |status, to: String| {
        let mut answer = Answer::status(status);
        answer.headers.insert("Location".to_owned(), to);
        answer
    };
    let script = Script::default()
        .answers("POST /x", [redirect(307, format!("{}/y", there.url()))])
        .answers("POST /same", [redirect(308, "/end".to_owned())])
        .answer("POST /end", "{}")
        .answers("POST /loop", [redirect(307, "/loop".to_owned())])
        .answers("POST /get", [redirect(303, "/got".to_owned())])
        .answer("GET /got", r#"{"got":true}"#);
    let here = world.http("here", script).unwrap();

    let moved = attempt(&world, &POST, format!("{}/x", here.url()), LONG).await;
    assert_eq!(field(&moved, "moved"), "true");
    let requests = world.log().requests();
    assert_eq!(requests[0].header("x-api-key"), Some("s3cret"));
    assert_eq!(requests[1].header("x-api-key"), None);
    assert!(requests[1].header("idempotency-key").is_some());
    assert_eq!(requests[1].header("idempotency-key"), requests[0].header("idempotency-key"));
    assert_eq!(requests[1].body, requests[0].body);

    world.log().clear();
    attempt(&world, &POST, format!("{}/same", here.url()), LONG).await;
    assert_eq!(world.log().requests()[1].header("x-api-key"), Some("s3cret"));

    let got = attempt(&world, &POST, format!("{}/get", here.url()), LONG).await;
    assert_eq!(field(&got, "got"), "true");

    let lost = attempt(&world, &POST, format!("{}/loop", here.url()), LONG).await;
    assert_eq!(code(&lost), (Outcome::Failed, "TOO_MANY_REDIRECTS"));
}

#[tokio::test]
async fn an_unknown_authority_is_a_tls_error() {
    let world = World::start().unwrap();
    let stranger = World::start().unwrap();
    let server = stranger.smtp(Smtp { tls: Tls::Implicit, ..Smtp::default() }).unwrap();
    let url = format!("https://127.0.0.1:{}/", server.port());
    let system = Services::over(&[], tls::client_config(tls::TlsVersion::default()).unwrap()).unwrap();
    let prepared = prepare(&system, &POST, std::slice::from_ref(&url)).unwrap();
    for attempt in [attempt(&world, &POST, url, LONG).await, system.attempt(&prepared, LONG).await] {
        assert_eq!(code(&attempt), (RETRYABLE, "TLS_ERROR"));
        assert!(attempt.error.unwrap().message.starts_with("TLS failed: the certificate of the other side is signed"));
    }
}

#[tokio::test]
async fn a_named_authority_is_trusted() {
    let world = World::start().unwrap();
    let server = world.smtp(Smtp { tls: Tls::Implicit, ..Smtp::default() }).unwrap();
    // What is behind the handshake is a mail server, so it speaks first and not HTTP.
    let attempt = attempt(&world, &POST, format!("https://localhost:{}/", server.port()), LONG).await;
    assert!(["BAD_ANSWER", "CONNECTION_FAILED"].contains(&code(&attempt).1), "{:?}", code(&attempt));
}

#[tokio::test]
async fn a_url_that_cannot_be_used_is_a_fault() {
    let world = World::start().unwrap();
    let services = services(&world);
    for bad in ["", "/x", "ftp://127.0.0.1/x", "http://"] {
        assert!(prepare(&services, &POST, &[bad.to_owned()]).is_err(), "{bad}");
    }
}
