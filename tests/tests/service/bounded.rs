//! What a service takes of the machine while it is attacked: memory and file descriptors of a process of its own.

use super::client::{connect_from, request, send_from};
use super::process::Serving;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;
const BODY_MAX: usize = 64 * 1024;
const ATTACKER: &str = "127.0.0.2";
const OTHER: &str = "127.0.0.1";

/// Everything that a service holds for one connection at most: its headers and its body as they come in, the answer, what
/// the parts around it need. Several times over, because an allocator does not give back at once what it was given.
const MEMORY_OF_ONE: usize = 4 * (64 * 1024 + BODY_MAX);

struct Taken {
    memory: usize,
    descriptors: usize,
}

fn taken(serving: &Serving) -> Taken {
    let id = serving.id();
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let memory = line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() * 1024;
    Taken { memory, descriptors: std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count() }
}

/// Three hundred at once, of every kind there is.
fn attack(serving: &Serving) -> Vec<TcpStream> {
    let large = request("POST", "/webhooks/open-webhook", &[], &vec![b'a'; BODY_MAX]);
    let too_large = request("POST", "/webhooks/open-webhook", &[], &vec![b'a'; 8 * BODY_MAX]);
    let pipelined = b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n".repeat(500);
    let mut headers = b"GET / HTTP/1.1\r\nX-Large: ".to_vec();
    headers.resize(60 * 1024, b'a');
    let attacks: [&[u8]; 6] = [
        b"POST /webhooks/open-webhook HTTP/1.1\r\nHost: te",
        &headers,
        &large[..large.len() - 1],
        &too_large,
        &pipelined,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ];
    let connect = |index: usize| {
        let mut stream = connect_from(ATTACKER, serving.address);
        stream.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        // Those that are too many are closed, and others are not read any further.
        let _ = stream.write_all(attacks[index % attacks.len()]);
        stream
    };
    (0..300).map(connect).collect()
}

#[test]
fn an_attack_takes_no_more_than_the_limits_allow() {
    let (connections, body) = (CONNECTIONS.to_string(), BODY_MAX.to_string());
    let serving = Serving::start(&[
        "--max-connections-per-client",
        &connections,
        "--max-body",
        &body,
        "--store",
        "memory",
        "--allow-ip",
        "any",
    ]);
    let served = || {
        let answer =
            send_from(OTHER, serving.address, "POST", "/webhooks/open-webhook", &[], b"{\"order_id\":\"A-1\"}");
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    served();
    let before = taken(&serving);
    let mut after_first = None;
    for _ in 0..4 {
        let attackers = attack(&serving);
        served();
        let during = taken(&serving);
        // A few more for the one that is served, and for what is closed in this moment.
        assert!(during.descriptors <= before.descriptors + CONNECTIONS + 16, "{} descriptors", during.descriptors);
        let grown = during.memory.saturating_sub(before.memory);
        assert!(grown <= CONNECTIONS * MEMORY_OF_ONE, "{grown} bytes more than before");
        drop(attackers);
        let limit = Instant::now() + Duration::from_secs(60);
        while taken(&serving).descriptors > before.descriptors + 4 {
            assert!(Instant::now() < limit, "{} descriptors stay open", taken(&serving).descriptors);
            std::thread::sleep(Duration::from_millis(20));
        }
        let memory = taken(&serving).memory;
        // What one attack leaves behind, further ones use again.
        let first = *after_first.get_or_insert(memory);
        assert!(memory <= first + first / 2, "{memory} bytes, {first} after the first attack");
    }
    served();
    let mut stream = connect_from(ATTACKER, serving.address);
    stream.write_all(&request("GET", "/health/live", &[], b"")).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}
