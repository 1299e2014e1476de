//! What connections cost a service, whether a flood of refused requests is felt by others, and what it costs to be watched:
//!
//! ```text
//! ulimit -n 30000; cargo build --release -p flow-tests --bins && target/release/service_costs
//! ```
//!
//! Starts the program `minimal` that stands beside it (or the compiled workflow that is its argument, if that has a webhook
//! `signed-webhook` with the secret `WEBHOOK_SECRET`), opens idle connections and looks at its memory; then measures how
//! long it takes until a webhook is accepted, while nothing else happens and under a flood of unsigned requests from
//! another address; then has `throughput overhead` compare orders per second with metrics, log and audit trail, and without.
//! Prints one line for each budget.

use hmac::{Hmac, KeyInit, Mac};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SECRET: &str = "a secret of the benchmark";
const IDLE: usize = 10_000;
const FLOODING: usize = 64;
const SAMPLES: usize = 3000;
const ROUNDS: usize = 3;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut service, address) = start();
    idle(&runtime, &service, address);
    service.kill().and_then(|()| service.wait()).expect("it ends");

    let (mut service, address) = start();
    let mut of_rounds = Vec::new();
    latencies(address, SAMPLES / 4);
    for _ in 0..ROUNDS {
        let quiet = percentile(latencies(address, SAMPLES));
        let (flood, refused) = flooded(&runtime, address);
        println!(
            "acceptance p99: quiet {:.2} ms, under flood {:.2} ms ({refused} refused in the meantime)",
            millis(quiet),
            millis(flood)
        );
        of_rounds.push(flood.as_secs_f64() / quiet.as_secs_f64());
    }
    of_rounds.sort_by(f64::total_cmp);
    println!("acceptance p99 under flood: {:.2} times the quiet one (budget: 2)", of_rounds[ROUNDS / 2]);
    service.kill().and_then(|()| service.wait()).expect("it ends");

    let throughput = std::env::current_exe().expect("this program").with_file_name("throughput");
    let ended = Command::new(throughput).arg("overhead").status();
    assert!(ended.expect("`throughput` stands beside this program").success());
}

/// The service, and where it listens.
fn start() -> (Child, SocketAddr) {
    let beside = || std::env::current_exe().expect("this program").with_file_name("minimal");
    let program = std::env::args_os().nth(1).map_or_else(beside, std::path::PathBuf::from);
    let mut child = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--allow-ip", "any", "--max-connections-per-client", "20000"])
        .env_clear()
        .env("WEBHOOK_SECRET", SECRET)
        .env("OTEL_SDK_DISABLED", "true")
        .current_dir(std::env::temp_dir())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`minimal` stands beside this program: build all binaries of flow-tests");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    stderr.read_line(&mut line).expect("it says where it listens");
    let address = line.trim().strip_prefix("listening on http://").expect("an address").parse().expect("an address");
    // Its log has to go somewhere.
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    (child, address)
}

fn idle(runtime: &tokio::runtime::Runtime, service: &Child, address: SocketAddr) {
    let one = |source: u8| {
        let mut stream = connect(runtime, source, address);
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n").expect("a request");
        assert!(stream.read(&mut [0; 512]).expect("an answer") > 0, "the service has closed a connection");
        stream
    };
    let first: Vec<TcpStream> = (0..100).map(|_| one(1)).collect();
    let before = memory(service);
    let many: Vec<TcpStream> = (0..IDLE).map(|index| one(2 + (index / 2000) as u8)).collect();
    let after = memory(service);
    println!(
        "{} idle connections: {:.1} KB each (budget: 20), {:.1} MB in all",
        many.len(),
        (after - before) as f64 / many.len() as f64,
        after as f64 / 1000.0
    );
    drop(first);
}

/// Resident memory in KB.
fn memory(service: &Child) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.id())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().expect("a number") * 1024 / 1000
}

fn connect(runtime: &tokio::runtime::Runtime, source: u8, address: SocketAddr) -> TcpStream {
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::new(127, 0, 0, source), 0).into())?;
        socket.connect(address).await?.into_std()
    });
    let stream = stream.expect("a connection; more file descriptors may be needed: ulimit -n 30000");
    stream.set_nonblocking(false).and_then(|()| stream.set_nodelay(true)).expect("a socket");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
    stream
}

fn post(path: &str, signature: Option<&str>, body: &str) -> Vec<u8> {
    let signature = signature.map_or_else(String::new, |signature| format!("X-Signature: {signature}\r\n"));
    format!("POST {path} HTTP/1.1\r\nHost: test\r\n{signature}Content-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// How long it takes until a signed input is accepted, one after the other, at 500 a second.
fn latencies(address: SocketAddr, samples: usize) -> Vec<Duration> {
    let body = r#"{"order_id": "A-1"}"#;
    let tag = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key").chain_update(body).finalize();
    let hex: String = tag.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let request = post("/webhooks/signed-webhook", Some(&format!("sha256={hex}")), body);
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    let mut answer = [0; 1024];
    let mut latencies = Vec::with_capacity(samples);
    for _ in 0..samples {
        let began = Instant::now();
        stream.write_all(&request).expect("a request");
        let length = stream.read(&mut answer).expect("an answer");
        latencies.push(began.elapsed());
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..length]));
        std::thread::sleep(Duration::from_millis(2).saturating_sub(began.elapsed()));
    }
    latencies
}

/// The 99th percentile of acceptance while others are refused as fast as the service lets them, and how many were.
fn flooded(runtime: &tokio::runtime::Runtime, address: SocketAddr) -> (Duration, usize) {
    let (stop, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let flood: Vec<_> = (0..FLOODING)
        .map(|_| {
            let mut stream = connect(runtime, 99, address);
            let (stop, refused) = (Arc::clone(&stop), Arc::clone(&refused));
            std::thread::spawn(move || {
                let request = post("/webhooks/signed-webhook", None, r#"{"order_id": "flood"}"#);
                let mut answer = [0; 1024];
                while !stop.load(Ordering::Relaxed) {
                    let answered = stream.write_all(&request).and_then(|()| stream.read(&mut answer));
                    assert!(answered.is_ok_and(|length| answer[..length].starts_with(b"HTTP/1.1 401")));
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let latency = percentile(latencies(address, SAMPLES));
    stop.store(true, Ordering::Relaxed);
    flood.into_iter().for_each(|thread| thread.join().expect("no panic"));
    (latency, refused.load(Ordering::Relaxed))
}

fn percentile(mut latencies: Vec<Duration>) -> Duration {
    latencies.sort_unstable();
    latencies[latencies.len() * 99 / 100]
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
