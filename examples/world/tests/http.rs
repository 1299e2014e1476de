//! The HTTP services, seen from a bare socket.

use flow_world::{Answer, Event, Fault, HttpServer, Script, World};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn connect(server: &HttpServer) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

/// Sends `GET path` and reads until the connection ends.
fn get(server: &HttpServer, path: &str) -> Result<String, ErrorKind> {
    let mut stream = connect(server);
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| error.kind())?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn requests_are_recorded_in_order_with_their_bodies() {
    let world = World::start().unwrap();
    let script = Script::default().answer("POST /charge", r#"{"success":true}"#);
    let server = world.http("payment", script).unwrap();
    let mut stream = connect(&server);
    for body in ["one", "two"] {
        let length = body.len();
        write!(stream, "POST /charge?a=b HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\nX-Key: K\r\n\r\n{body}")
            .unwrap();
        let mut answer = [0; 1024];
        let read = stream.read(&mut answer).unwrap();
        assert!(answer[..read].ends_with(br#"{"success":true}"#));
    }
    let requests = world.log().requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[0].service.as_str(), requests[0].method.as_str()), ("payment", "POST"));
    assert_eq!((requests[0].path.as_str(), requests[0].header("x-key")), ("/charge?a=b", Some("K")));
    assert_eq!((requests[0].body.as_slice(), requests[1].body.as_slice()), (&b"one"[..], &b"two"[..]));
}

#[test]
fn answers_follow_one_another_and_the_last_repeats() {
    let world = World::start().unwrap();
    let script = Script::default().answers("GET /x", [Answer::status(503), Answer::json("[1]")]);
    let server = world.http("x", script).unwrap();
    assert!(get(&server, "/x").unwrap().starts_with("HTTP/1.1 503 "));
    assert!(get(&server, "/x").unwrap().starts_with("HTTP/1.1 200 "));
    assert!(get(&server, "/x").unwrap().ends_with("[1]"));
    assert!(get(&server, "/y").unwrap().starts_with("HTTP/1.1 404 "));
    assert_eq!(world.events().len(), 4);
    server.play(Script::default().answer("GET /y", "2"));
    assert!(get(&server, "/y").unwrap().starts_with("HTTP/1.1 200 "));
}

#[test]
fn faults_below_http_reach_the_client() {
    let world = World::start().unwrap();
    let script = Script::default()
        .answers("GET /reset", [Answer::fault(Fault::Reset)])
        .answers("GET /close", [Answer::fault(Fault::Close)])
        .answers("GET /garbage", [Answer::fault(Fault::Garbage)])
        .answers("GET /half", [Answer { fault: Some(Fault::Truncate), ..Answer::json(r#""0123456789""#) }]);
    let server = world.http("x", script).unwrap();
    assert_eq!(get(&server, "/reset"), Err(ErrorKind::ConnectionReset));
    assert_eq!(get(&server, "/close").as_deref(), Ok(""));
    let garbage = get(&server, "/garbage").unwrap();
    assert!(garbage.contains("this is not HTTP") && !garbage.contains("HTTP/1.1"), "{garbage}");
    let half = get(&server, "/half").unwrap();
    assert!(half.contains("content-length: 12\r\n") && half.ends_with("\"01234"), "{half}");
    assert_eq!(world.events().len(), 4);
}

#[test]
fn silence_is_recorded_and_never_answered() {
    let world = World::start().unwrap();
    let server = world.http("x", Script::default().answers("GET /x", [Answer::fault(Fault::Silence)])).unwrap();
    let mut stream = connect(&server);
    write!(stream, "GET /x HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(world.log().wait(Duration::from_secs(5), |counts| counts.requests == 1));
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.read(&mut [0; 10]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn compressed_answers_say_so() {
    let world = World::start().unwrap();
    let answer = Answer { gzip: true, ..Answer::json("[]") };
    let server = world.http("x", Script::default().answers("GET /x", [answer])).unwrap();
    assert!(get(&server, "/x").unwrap().contains("content-encoding: gzip\r\n"));
}

#[test]
fn a_dropped_server_and_a_refused_port_refuse_connections() {
    let world = World::start().unwrap();
    let server = world.http("x", Script::default()).unwrap();
    let address = server.address();
    TcpStream::connect(address).unwrap();
    drop(server);
    drop(world);
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);

    let world = World::start().unwrap();
    let refused = world.refused().unwrap();
    assert_eq!(TcpStream::connect(refused.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(!world.events().iter().any(|event| matches!(event, Event::Request(_))));
}
