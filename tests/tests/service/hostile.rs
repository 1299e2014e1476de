//! Clients that are slow, rude, broken or too many; and the well-behaved one that is still served.

use super::client::{connect, connect_from, read_answer, request, send, send_from};
use super::in_process::{Server, check_error};
use super::process::Serving;
use flow_runtime::server::{Face, Limits, Settings};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

const OTHER: &str = "127.0.0.2";
const BODY: &[u8] = br#"{"order_id": "A-1"}"#;

fn server(limits: Limits) -> Server {
    Server::start(Settings { limits, ..Settings::default() }, None)
}

/// A client from another address is served, whatever goes on.
fn others_are_served(server: &Server) {
    let answer = send_from(OTHER, server.address, "POST", "/webhooks/open-webhook", &[], BODY);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// What is expected to become true soon; a busy machine may take its time.
fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < limit, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether the server ends this connection, before the client gives up waiting for it.
fn ends(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 1024]) {
        Ok(length) => length == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

/// True once the server has closed this connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    match stream.read(&mut [0; 1024]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = server(Limits::default());
    let mut stream = connect(server.address);
    let mut all = Vec::new();
    for path in ["/health/live", "/nowhere", "/health/ready"] {
        all.extend(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").into_bytes());
    }
    all.extend(request("POST", "/webhooks/open-webhook", &[], BODY));
    stream.write_all(&all).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let statuses: Vec<&str> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200", "200"], "{text}");
}

#[test]
fn who_has_said_everything_still_gets_the_answer() {
    let server = server(Limits::default());
    let mut stream = connect(server.address);
    stream.write_all(&request("POST", "/webhooks/open-webhook", &[], BODY)).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_answer(&mut stream).status, 200);
}

#[test]
fn slow_clients_hold_no_more_than_their_share_and_not_for_long() {
    let limits = Limits { connections_per_client: 8, ..Limits::default() };
    let settings = Settings { limits, header_timeout: Duration::from_millis(300), ..Settings::default() };
    let server = Server::start(settings, None);
    let mut slow: Vec<TcpStream> = (0..40).map(|_| connect(server.address)).collect();
    for stream in &mut slow {
        // Those that are too many may be closed already.
        let _ = stream.write_all(b"POST /webhooks/open-webhook HTTP/1.1\r\nHost: te");
    }
    others_are_served(&server);
    soon("all of them are cut off", || slow.iter_mut().all(is_closed));
    // And whoever held them may come again.
    assert_eq!(send(server.address, "GET", "/health/live", &[], b"").status, 200);
}

#[test]
fn a_crowd_from_one_address_leaves_room_for_others() {
    let server = server(Limits { connections_per_client: 5, ..Limits::default() });
    let mut crowd: Vec<TcpStream> = (0..30).map(|_| connect(server.address)).collect();
    let closed =
        |crowd: &mut Vec<TcpStream>| crowd.iter_mut().filter_map(|stream| is_closed(stream).then_some(())).count();
    soon("those beyond the limit are closed", || closed(&mut crowd) == 25);
    others_are_served(&server);
    drop(crowd);
    soon("their places are free again", || {
        let mut stream = connect(server.address);
        let _ = stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n");
        matches!(stream.read(&mut [0; 12]), Ok(length) if length > 0)
    });
}

#[test]
fn more_connections_than_there_may_be_wait_for_their_turn() {
    let server = server(Limits { connections_max: 2, ..Limits::default() });
    let held: Vec<TcpStream> = (0..2).map(|_| connect(server.address)).collect();
    let mut third = connect(server.address);
    third.write_all(&request("GET", "/health/live", &[], b"")).unwrap();
    drop(held);
    assert_eq!(read_answer(&mut third).status, 200);
}

#[test]
fn all_listeners_have_one_number_of_connections_and_administration_keeps_some() {
    let faces = [Face::Public, Face::Public, Face::Admin];
    let limits = Limits { connections_max: 4, ..Limits::default() };
    let (_server, addresses) = Server::listening(Settings { limits, ..Settings::default() }, faces);
    // Two are kept for administration, and no idle listener has one.
    let mut held: Vec<TcpStream> = (0..2).map(|_| connect(addresses[0])).collect();
    for stream in &mut held {
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
    }
    let mut waiting = connect(addresses[1]);
    waiting.write_all(&request("GET", "/health/live", &[], b"")).unwrap();
    waiting.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(waiting.read(&mut [0]).is_err(), "there are as many as there may be");
    assert_eq!(send(addresses[2], "GET", "/health", &[], b"").status, 200);
    waiting.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    held.pop();
    assert_eq!(read_answer(&mut waiting).status, 200);
}

#[test]
fn one_client_has_its_share_of_all_listeners_together() {
    let limits = Limits { connections_per_client: 5, ..Limits::default() };
    let (_server, addresses) =
        Server::listening(Settings { limits, ..Settings::default() }, [Face::Public, Face::Public]);
    let mut crowd: Vec<TcpStream> = (0..20).map(|at| connect(addresses[at % 2])).collect();
    soon("those beyond the limit are closed", || {
        crowd.iter_mut().filter_map(|one| is_closed(one).then_some(())).count() == 15
    });
}

#[test]
fn headers_without_end_are_refused() {
    let server = server(Limits::default());
    let mut stream = connect(server.address);
    let mut head = b"GET /health/live HTTP/1.1\r\nHost: test\r\nX-Large: ".to_vec();
    head.resize(1024 * 1024, b'a');
    // It may be closed while we still write.
    let _ = stream.write_all(&head);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    others_are_served(&server);
}

#[test]
fn what_is_no_http_ends_its_own_connection_only() {
    let server = server(Limits::default());
    let long = [b"GET /".as_slice(), &[b'a'; 100_000], b" HTTP/1.1\r\n\r\n"].concat();
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"get\r\n\r\n",
        b"POST /webhooks/open-webhook HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n{}",
        b"POST /webhooks/open-webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /webhooks/open-webhook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
        b"POST /webhooks/open-webhook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"GET /health/live HTTP/1.1\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET /health/live HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost : a\r\nX: \x01\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &long,
    ] {
        let mut stream = connect(server.address);
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let refused =
            answer.is_empty() || [b"HTTP/1.1 4", b"HTTP/1.0 4"].iter().any(|start| answer.starts_with(*start));
        assert!(refused, "{} to {}", String::from_utf8_lossy(&answer), String::from_utf8_lossy(bytes));
    }
    others_are_served(&server);
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let server = server(Limits { stall_max: Duration::from_millis(200), ..Limits::default() });
    let mut stream = connect(server.address);
    stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    let many = b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n".repeat(1000);
    // Answers are larger than questions: the buffers of both sides fill up, and then the server has to wait for us.
    let failure = (0..10_000).find_map(|_| stream.write_all(&many).err());
    let kind = failure.map(|error| error.kind());
    assert!(matches!(kind, Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)), "{kind:?}");
    others_are_served(&server);
}

#[test]
fn connections_do_not_last_for_ever() {
    let server = server(Limits { age_max: Duration::from_millis(200), ..Limits::default() });
    let mut stream = connect(server.address);
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    let mut text = String::new();
    // Until the server closes it, which nothing but its age gives a reason for.
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

#[test]
fn a_flood_of_refusals_is_slowed_down_and_others_are_served() {
    let server = server(Limits { refusals_per_second: 20, ..Limits::default() });
    let address = server.address;
    let begun = Instant::now();
    let flood: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(move || {
                let mut stream = connect(address);
                let mut answered = 0;
                for _ in 0..16 {
                    stream.write_all(b"GET /nowhere HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
                    let mut start = [0; 1024];
                    answered += usize::from(stream.read(&mut start).unwrap() > 0);
                }
                answered
            })
        })
        .collect();
    others_are_served(&server);
    let answered: usize = flood.into_iter().map(|thread| thread.join().unwrap()).sum();
    // Everybody is answered in the end: forty at once, and the others in their turn, which takes 1.2 s and on a busy machine
    // more.
    assert_eq!(answered, 64);
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn an_idle_connection_outlives_headers_that_do_not_come_to_an_end() {
    let limits = Limits { idle_max: Duration::from_secs(3600), ..Limits::default() };
    let settings = Settings { limits, header_timeout: Duration::from_millis(100), ..Settings::default() };
    let server = Server::start(settings, None);
    let ask = b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n";
    let mut idle = connect(server.address);
    let mut answer = [0; 1024];
    idle.write_all(ask).unwrap();
    assert!(idle.read(&mut answer).unwrap() > 0);
    let mut slow = connect(server.address);
    slow.write_all(ask).unwrap();
    assert!(slow.read(&mut answer).unwrap() > 0);
    slow.write_all(&ask[..20]).unwrap();
    // The time-out of the one has passed, and the other, which is older, is still served.
    assert!(ends(&mut slow));
    idle.write_all(ask).unwrap();
    assert!(idle.read(&mut answer).unwrap() > 0);
}

#[test]
fn an_idle_connection_does_not_last_for_ever() {
    let limits = Limits { idle_max: Duration::from_millis(100), ..Limits::default() };
    let settings = Settings { limits, header_timeout: Duration::from_millis(50), ..Settings::default() };
    let server = Server::start(settings, None);
    // One that never asks anything, and one that has asked.
    let mut silent = connect(server.address);
    assert!(ends(&mut silent));
    let mut idle = connect(server.address);
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    let mut text = String::new();
    idle.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

#[test]
fn the_operator_says_how_long_clients_may_take() {
    let arguments = ["--header-timeout", "300ms", "--idle-timeout", "400ms", "--request-timeout", "500ms"];
    let serving = Serving::start(&[&arguments[..], &["--allow-ip", "any"]].concat());
    let whole = request("POST", "/webhooks/open-webhook", &[], BODY);
    // Headers that do not end, none at all, and a body that does not end; of nothing else is the limit so short.
    for (sent, answer) in [(&whole[..20], ""), (&whole[..0], ""), (&whole[..whole.len() - 1], "HTTP/1.1 503")] {
        let mut stream = connect(serving.address);
        stream.write_all(sent).unwrap();
        let mut text = String::new();
        let begun = Instant::now();
        // The answer may be followed by a reset: not everything that was sent was read.
        let _ = stream.read_to_string(&mut text);
        assert!(text.starts_with(answer) && text.is_empty() == answer.is_empty(), "{text}");
        assert!(begun.elapsed() < Duration::from_secs(12), "cut off by a limit that is not ours");
    }
}

#[test]
fn a_request_that_takes_too_long_is_answered() {
    let server = server(Limits { request_max: Duration::from_millis(100), ..Limits::default() });
    let mut stream = connect(server.address);
    let whole = request("POST", "/webhooks/open-webhook", &[], BODY);
    stream.write_all(&whole[..whole.len() - 1]).unwrap();
    check_error(&read_answer(&mut stream), 503, "TIMEOUT");
    others_are_served(&server);
}

#[test]
fn descriptors_are_given_back() {
    let server = server(Limits::default());
    let open = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let before = open();
    for _ in 0..5 {
        let crowd: Vec<TcpStream> = (0..50).map(|_| connect_from(OTHER, server.address)).collect();
        drop(crowd);
    }
    // Other tests of this process open and close theirs: it is enough that ours are not still there.
    soon("both ends are closed", || open() < before + 100);
}

#[test]
fn inputs_beyond_the_rate_limit_are_refused() {
    let settings = Settings { rate_limit: Some("2/h".parse().unwrap()), ..Settings::default() };
    let server = Server::start(settings, None);
    let post = |body: &[u8]| send(server.address, "POST", "/webhooks/open-webhook", &[], body);
    let first = post(BODY);
    assert_eq!(first.status, 200);
    assert!(first.head.contains("x-ratelimit-limit: 2\r\nx-ratelimit-remaining: 1\r\n"), "{}", first.head);
    // What is no JSON object is not counted, before and behind the limit.
    check_error(&post(b"[]"), 400, "INVALID_INPUT");
    assert_eq!(post(BODY).status, 200);
    let refused = post(BODY);
    check_error(&refused, 429, "RATE_LIMITED");
    assert!(refused.head.contains("retry-after: ") && refused.head.contains("x-ratelimit-remaining: 0"));
    check_error(&post(b"no json"), 400, "INVALID_JSON");
    others_are_served(&server);
}

/// Of bodies that lack their last byte, 32 of the largest fill the half of the memory that one client may have.
#[test]
fn bodies_together_take_no_more_memory_than_agreed() {
    let server = server(Limits::default());
    let path = "/webhooks/open-webhook";
    let largest = request("POST", path, &[], &vec![b' '; Settings::default().body_max]);
    let large = [BODY, &vec![b' '; 700_000]].concat();
    let sent = |from: &str, body: &[u8]| send_from(from, server.address, "POST", path, &[], body);
    let (mut held, mut refused) = (Vec::new(), None);
    // One more each time: of those that come at once, more may be turned away than have to be.
    soon("there is no room", || {
        let mut stream = connect(server.address);
        stream.write_all(&largest[..largest.len() - 1]).unwrap();
        held.push(stream);
        refused = (held.len() > 32).then(|| sent("127.0.0.1", &large)).filter(|answer| answer.status == 503);
        refused.is_some()
    });
    let refused = refused.unwrap();
    check_error(&refused, 503, "BUSY");
    assert!(refused.head.contains("retry-after: 5"), "{}", refused.head);
    // For small ones there always is, and for others' too.
    assert_eq!(sent("127.0.0.1", BODY).status, 200);
    assert_eq!(sent(OTHER, &large).status, 200);
    drop(held);
    soon("there is room again", || sent("127.0.0.1", &large).status == 200);
}
