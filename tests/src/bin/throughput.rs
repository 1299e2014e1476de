//! Orders per second of the compiled seed workflow against the hand-written service, in one run.
//!
//! `cargo run --release -p flow-tests --bin throughput [ROUNDS [BINARY]]`
//!
//! `cargo run --release -p flow-tests --bin throughput durable [ROUNDS [BINARY]]`
//!
//! The same with both journaling to SQLite on the disk of the folder for temporary files (`TMPDIR` says which): an order is
//! durable before it is answered, what a step did before the next one begins; WAL, `synchronous=FULL`, group commit. Then it also
//! prints the syncs of the disk per order, counted by strace where that is installed.
//!
//! `cargo run --release -p flow-tests --bin throughput overhead [ROUNDS [BINARY]]`
//!
//! The compiled binary against itself: with metrics, log, audit trail and rate limit, and without. `service_costs` runs it too.
//!
//! A given binary is measured in place of the one that flowc builds: an older one, or one with symbols for a profile.
//!
//! Three processes of their own beside this one: the world (so that its CPU is not counted), the compiled binary, the
//! rival. Rounds are interleaved, A B A B, so that a machine that slows down slows both. An order is done when its last
//! mail has arrived; so many orders are under way at once as the round says. CPU is user and system time of the server
//! process, from /proc.

use flow_tests::run::signature;
use flow_tests::{case::Case, compile, folder};
use flow_world::process::{call, free_port, wait_for};
use flow_world::{Event, World};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};

type Failure = Box<dyn Error + Send + Sync>;

const SECRET: &str = "webhook-secret";
const WEBHOOK: &str = "/webhooks/order-fulfillment-webhook";
/// Orders at once, and how many in a round.
const LOADS: [(usize, usize); 3] = [(1, 1_000), (16, 6_000), (64, 12_000)];
/// The same where each order waits for the disk several times.
const DURABLE_LOADS: [(usize, usize); 3] = [(1, 200), (16, 2_000), (64, 5_000)];

fn main() -> Result<(), Failure> {
    match env::args().nth(1).as_deref() {
        Some("world") => world(),
        Some("overhead") => overhead(&env::args().skip(2).collect::<Vec<_>>()),
        Some("durable") => measure(&env::args().skip(2).collect::<Vec<_>>(), true),
        _ => measure(&env::args().skip(1).collect::<Vec<_>>(), false),
    }
}

/// The world's process: prints the environment of a server, then a byte for each order that is done.
fn world() -> Result<(), Failure> {
    let case = Case::read(&folder("run", "order-valid"));
    let world = World::start()?;
    world.log().count_only();
    world.log().observe(|event| {
        if let Event::Mail(mail) = event
            && mail.to == ["warehouse@yourstore.com"]
        {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(b".").and_then(|()| out.flush());
        }
    });
    let mut services = Vec::new();
    let mut places = Vec::new();
    for name in case.service.keys() {
        let service = world.http(name, case.script(name, str::to_owned))?;
        places.push((format!("{{{name}}}"), service.url()));
        services.push(service);
    }
    let smtp = world.smtp(case.smtp.clone().ok_or("the case has a mail server")?)?;
    places.push(("{smtp.port}".to_owned(), smtp.port().to_string()));
    for (name, value) in &case.env {
        let value = places.iter().fold(value.clone(), |value, (name, place)| value.replace(name, place));
        println!("{name}={value}");
    }
    println!("SSL_CERT_FILE={}", world.ca_file().display());
    println!();
    // Until the load generator goes away.
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// Kills the process when dropped.
struct Server {
    name: &'static str,
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(
        name: &'static str,
        program: &Path,
        arguments: &[&str],
        env: &BTreeMap<String, String>,
    ) -> Result<Server, Failure> {
        let address = free_port();
        let listen = address.to_string();
        let mut command = Command::new(program);
        command.args(arguments).arg(&listen).env_clear().envs(env).stdin(Stdio::null());
        // What goes wrong is shown; the name of a short-lived server is empty.
        let stderr = if name.is_empty() { Stdio::null() } else { Stdio::inherit() };
        let child = command.stdout(Stdio::null()).stderr(stderr).spawn()?;
        Ok(Server { name, child, address })
    }

    /// User and system time so far.
    fn cpu(&self) -> Result<f64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().ok_or("a stat line")?.split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks / 100.0) // USER_HZ
    }

    fn memory(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse::<f64>()? / 1024.0)
    }
}

/// Orders that are done, counted by the world.
#[derive(Default)]
struct Done {
    count: AtomicUsize,
    changed: Notify,
}

fn measure(arguments: &[String], durable: bool) -> Result<(), Failure> {
    let loads = if durable { DURABLE_LOADS } else { LOADS };
    let rounds: usize = arguments.first().map_or(Ok(3), |text| text.parse())?;
    let (binary, order, world) = prepare(arguments)?;
    let rival = rival()?;

    let (mut env, done) = (world.env.clone(), Arc::clone(&world.done));
    env.insert("LOG_LEVEL".to_owned(), "error".to_owned()); // the rival logs errors only

    let data = tempfile::tempdir()?;
    let folder = data.path().join("flowc").display().to_string();
    let mut flowc = vec!["serve", "--store", "memory", "--listen"];
    if durable {
        flowc.splice(1..3, ["--data", folder.as_str()]);
        env.insert("JOURNAL".to_owned(), data.path().join("handwritten.db").display().to_string());
        println!("journals in {}: SQLite, WAL, synchronous=FULL, group commit\n", data.path().display());
    }

    println!("{:<12} {:>12} {:>16} {:>12}", "", "stripped", "cold start", "idle memory");
    let mut servers = Vec::new();
    for (name, program, arguments) in
        [("flowc", binary.as_path(), flowc.as_slice()), ("handwritten", rival.as_path(), &[])]
    {
        let size = stripped(program)?;
        let mut starts = (0..15).map(|_| cold_start(program, arguments, &env)).collect::<Result<Vec<_>, _>>()?;
        starts.sort_by(f64::total_cmp);
        let server = Server::start(name, program, arguments, &env)?;
        wait_for(server.address);
        thread::sleep(Duration::from_millis(300));
        println!("{name:<12} {size:>9.2} MB {:>8.1} ms p50 {:>9.1} MB", starts[starts.len() / 2], server.memory()?);
        servers.push(server);
    }
    println!();

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for server in &servers {
        runtime.block_on(load(server, &order, 64, 500, &done))?; // connections are open, caches warm
    }
    println!(
        "{:<8} {:<12} {:>10} {:>14} {:>12} {:>12}",
        "at once", "", "orders/s", "CPU/order", "accept p50", "accept p99"
    );
    for (at_once, orders) in loads {
        let mut totals: Vec<Vec<Round>> = servers.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (server, rounds) in servers.iter().zip(&mut totals) {
                let round = runtime.block_on(load(server, &order, at_once, orders, &done))?;
                print_line(at_once, server.name, &round);
                rounds.push(round);
            }
        }
        let ratio = |of: fn(&Round) -> f64| middle(totals[0].iter().zip(&totals[1]).map(|(a, b)| of(a) / of(b)));
        println!(
            "{at_once:<8} flowc / handwritten: {:.3} of its orders per second, {:.3} of its CPU per order\n",
            ratio(|round| round.per_second),
            ratio(|round| round.cpu),
        );
    }
    if durable {
        for (at_once, orders) in loads {
            let orders = orders / 2;
            for server in &servers {
                match syncs(server, || runtime.block_on(load(server, &order, at_once, orders, &done)).map(drop))? {
                    Some(syncs) => {
                        println!("{at_once:<8} {:<12} {:.2} syncs per order", server.name, syncs / orders as f64);
                    }
                    None => println!("strace is not installed or may not trace: syncs are not counted"),
                }
            }
        }
        println!();
    }
    for server in &servers {
        println!("{:<12} {:>9.1} MB after the load", server.name, server.memory()?);
    }
    drop(servers);
    world.end()
}

/// What watching costs: the same binary with metrics, log, audit trail and rate limit, and with none of them.
fn overhead(arguments: &[String]) -> Result<(), Failure> {
    let rounds: usize = arguments.first().map_or(Ok(5), |text| text.parse())?;
    let (binary, order, world) = prepare(arguments)?;
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (trail, log) = (file("audit.jsonl"), file("order.log"));
    let with = |variables: &[(&str, &str)]| {
        let mut env = world.env.clone();
        env.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        env
    };
    let memory = ["serve", "--store", "memory"];
    let watched = [&memory[..], &["--audit", &trail, "--rate-limit", "1000000/s", "--listen"]].concat();
    let silent = [&memory[..], &["--no-metrics", "--listen"]].concat();
    let watched = Server::start("watched", &binary, &watched, &with(&[("LOG_LEVEL", "info"), ("LOG_FILE", &log)]))?;
    let silent = Server::start("silent", &binary, &silent, &with(&[("LOG_LEVEL", "off")]))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let servers = [watched, silent];
    for server in &servers {
        wait_for(server.address);
        runtime.block_on(load(server, &order, 64, 500, &world.done))?;
    }
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let round = |server| runtime.block_on(load(server, &order, 64, 3_000, &world.done));
        let [watched, silent] = [round(&servers[0])?, round(&servers[1])?];
        print_line(64, "watched", &watched);
        print_line(64, "silent", &silent);
        ratios.push((watched.per_second / silent.per_second, watched.cpu / silent.cpu));
    }
    println!(
        "watched / silent: {:.3} of the orders per second (budget: 0.90), {:.3} of the CPU per order",
        middle(ratios.iter().map(|ratio| ratio.0)),
        middle(ratios.iter().map(|ratio| ratio.1))
    );
    drop(servers);
    world.end()
}

/// The binary to measure, the order that is sent to it, the world around it. `arguments`: rounds, and a binary.
fn prepare(arguments: &[String]) -> Result<(PathBuf, String, Surroundings), Failure> {
    let case = Case::read(&folder("run", "order-valid"));
    let order = case.input(&folder("run", "order-valid"));
    let binary = match arguments.get(1) {
        Some(binary) => PathBuf::from(binary),
        None => compile::binary(&case.workflow_text(), &case.workflow),
    };
    Ok((binary, order, Surroundings::start()?))
}

/// The world's process.
struct Surroundings {
    process: Child,
    /// Of a server that lives in it.
    env: BTreeMap<String, String>,
    done: Arc<Done>,
}

impl Surroundings {
    fn start() -> Result<Surroundings, Failure> {
        let mut process =
            Command::new(env::current_exe()?).arg("world").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("piped")?);
        let mut env = BTreeMap::new();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once('=') else { break };
            env.insert(name.to_owned(), value.to_owned());
        }
        env.insert("FLOW_ALLOWED_IPS".to_owned(), "127.0.0.1".to_owned());
        let done = Arc::new(Done::default());
        thread::spawn({
            let done = Arc::clone(&done);
            move || {
                loop {
                    let read = lines.fill_buf().map_or(0, <[u8]>::len);
                    if read == 0 {
                        return;
                    }
                    lines.consume(read);
                    done.count.fetch_add(read, Ordering::SeqCst);
                    done.changed.notify_waiters();
                }
            }
        });
        Ok(Surroundings { process, env, done })
    }

    fn end(mut self) -> Result<(), Failure> {
        drop(self.process.stdin.take());
        self.process.wait()?;
        Ok(())
    }
}

fn print_line(at_once: usize, name: &str, round: &Round) {
    println!(
        "{at_once:<8} {name:<12} {:>10.0} {:>11.1} us {:>9.2} ms {:>9.2} ms",
        round.per_second,
        round.cpu * 1e6,
        round.p50 * 1e3,
        round.p99 * 1e3
    );
}

/// How often a server had the disk write something down while `work` was done.
fn syncs(server: &Server, work: impl FnOnce() -> Result<(), Failure>) -> Result<Option<f64>, Failure> {
    if !flow_tests::crash::has_strace() {
        return Ok(None);
    }
    let table = tempfile::NamedTempFile::new()?;
    let mut strace = Command::new("strace")
        .args(["-f", "-c", "-e", "trace=fsync,fdatasync", "-o"])
        .arg(table.path())
        .args(["-p", &server.child.id().to_string()])
        .stderr(Stdio::piped())
        .spawn()?;
    // It says when it has attached.
    let mut said = BufReader::new(strace.stderr.take().ok_or("piped")?);
    said.read_line(&mut String::new())?;
    work()?;
    Command::new("kill").args(["-INT", &strace.id().to_string()]).status()?;
    strace.wait()?;
    let text = fs::read_to_string(table.path())?;
    let calls = text.lines().filter(|line| line.ends_with("sync")).filter_map(|line| line.split_whitespace().nth(3));
    Ok(Some(calls.filter_map(|calls| calls.parse::<f64>().ok()).sum()))
}

/// Builds the hand-written service, optimised as this program is.
fn rival() -> Result<PathBuf, Failure> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let build = ["build", "--quiet", "--release", "--package", "flow-tests", "--bin", "handwritten"];
    if !Command::new(cargo).args(build).current_dir(env!("CARGO_MANIFEST_DIR")).status()?.success() {
        return Err("the hand-written service does not compile".into());
    }
    Ok(env::current_exe()?.with_file_name("handwritten"))
}

/// Megabytes of the program without its symbols.
fn stripped(program: &Path) -> Result<f64, Failure> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("stripped");
    if !Command::new("strip").arg("-o").args([copy.as_path(), program]).status()?.success() {
        return Err("strip (binutils) failed".into());
    }
    Ok(fs::metadata(copy)?.len() as f64 / 1e6)
}

/// From exec to the first webhook answered, in milliseconds.
fn cold_start(program: &Path, arguments: &[&str], env: &BTreeMap<String, String>) -> Result<f64, Failure> {
    let body = br#"{"customer_email":"nobody"}"#;
    let signature = signature("not the secret", body); // refused: nothing is left to do afterwards
    let started = Instant::now();
    let server = Server::start("", program, arguments, env)?;
    while std::net::TcpStream::connect(server.address).is_err() {
        thread::sleep(Duration::from_micros(100));
    }
    let (status, _) = call(server.address, &format!("POST {WEBHOOK}"), &[("x-signature", &signature)], body);
    assert_eq!(status, 401, "the signature is checked");
    Ok(started.elapsed().as_secs_f64() * 1e3)
}

struct Round {
    per_second: f64,
    /// Seconds per order.
    cpu: f64,
    p50: f64,
    p99: f64,
}

/// The median. Of ratios it is taken round by round: what slows the machine down slows both of a round.
fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// So many orders, so many of them under way at once, over as many kept-alive connections.
async fn load(server: &Server, order: &str, at_once: usize, orders: usize, done: &Arc<Done>) -> Result<Round, Failure> {
    let id =
        serde_json::from_str::<serde_json::Value>(order)?["order_id"].as_str().ok_or("an order has an id")?.to_owned();
    let requests: Arc<Vec<Vec<u8>>> = Arc::new((0..orders).map(|index| request(order, &id, index)).collect());
    let (next, slots) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(at_once)));
    let before = done.count.load(Ordering::SeqCst);
    let releasing = tokio::spawn({
        let (done, slots) = (Arc::clone(done), Arc::clone(&slots));
        async move {
            let mut seen = before;
            while seen < before + orders {
                let changed = done.changed.notified();
                let count = done.count.load(Ordering::SeqCst);
                if count == seen {
                    let _ = tokio::time::timeout(Duration::from_millis(50), changed).await;
                }
                slots.add_permits(count - seen);
                seen = count;
            }
        }
    });
    let (cpu, started) = (server.cpu()?, Instant::now());
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..at_once {
        let (requests, next, slots) = (Arc::clone(&requests), Arc::clone(&next), Arc::clone(&slots));
        clients.spawn(client(server.address, requests, next, slots));
    }
    let mut latencies = Vec::with_capacity(orders);
    while let Some(client) = clients.join_next().await {
        latencies.extend(client??);
    }
    tokio::time::timeout(Duration::from_secs(60), releasing).await.map_err(|_| {
        format!("{}: {} of {orders} orders were done", server.name, done.count.load(Ordering::SeqCst) - before)
    })??;
    let (time, cpu) = (started.elapsed().as_secs_f64(), server.cpu()? - cpu);
    latencies.sort_by(f64::total_cmp);
    let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize];
    Ok(Round { per_second: orders as f64 / time, cpu: cpu / orders as f64, p50: at(0.5), p99: at(0.99) })
}

/// A signed webhook with an order id of its own.
fn request(order: &str, id: &str, index: usize) -> Vec<u8> {
    let body = order.replace(id, &format!("ORD-2024-{index:06}"));
    let signature = signature(SECRET, body.as_bytes());
    let length = body.len();
    format!(
        "POST {WEBHOOK} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nx-signature: {signature}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn client(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    slots: Arc<Semaphore>,
) -> Result<Vec<f64>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut latencies = Vec::new();
    let mut buffer = vec![0; 4096];
    loop {
        slots.acquire().await?.forget(); // given back when the order is done
        let Some(request) = requests.get(next.fetch_add(1, Ordering::SeqCst)) else { return Ok(latencies) };
        let started = Instant::now();
        stream.write_all(request).await?;
        let mut length = 0;
        loop {
            let read = stream.read(&mut buffer[length..]).await?;
            if read == 0 {
                return Err("the server hung up".into());
            }
            length += read;
            if complete(&buffer[..length]) {
                break;
            }
        }
        if !buffer.starts_with(b"HTTP/1.1 200 ") {
            return Err(String::from_utf8_lossy(&buffer[..length]).into_owned().into());
        }
        latencies.push(started.elapsed().as_secs_f64());
    }
}

/// The head has arrived, and as much of the body as it promises.
fn complete(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    answer.len() >= head + 4 + length.unwrap_or(0)
}
