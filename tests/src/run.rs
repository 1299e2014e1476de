//! The run tier: the real binary, over real sockets, against a world made for the case.

use crate::account::{self, Names};
use crate::case::{Case, Start};
use crate::{compile, expect, folder};
use flow_world::process::{self, Process};
use flow_world::{HttpServer, Refused, Script, Smtp, SmtpServer, World};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// No case takes longer.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs the case and compares its account.
///
/// # Panics
/// When it differs, or when something does not work at all.
pub fn test(case: &str) {
    let folder = folder("run", case);
    let case = Case::read(&folder);
    if let Some(port) = case.smtp.as_ref().map(|smtp| smtp.port).filter(|port| !may_listen(*port)) {
        eprintln!("skipped: only a privileged user may listen on port {port}");
        return;
    }
    let account = play(&case, &folder);
    expect(&folder.join("expected.txt"), &account);
}

/// Ports below 1024 are not everybody's.
fn may_listen(port: u16) -> bool {
    let bound = TcpListener::bind(("127.0.0.1", port));
    !bound.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// The servers of a case and what its workflow is told about them. They stop when it is dropped.
pub struct Stage {
    pub world: World,
    pub names: Names,
    /// What the workflow's process needs.
    pub env: BTreeMap<String, String>,
    _services: Vec<HttpServer>,
    _refused: Vec<Refused>,
    _smtp: Option<SmtpServer>,
}

fn play(case: &Case, folder: &Path) -> String {
    let binary = compile::binary(&case.workflow_text(), &case.workflow);
    let directory = tempfile::tempdir().expect("a temporary folder");
    let mut stage = Stage::new(case);
    let input = case.input(folder);
    stage.names.input(&input);
    let mut out = String::new();
    match case.start {
        Start::Run => run(&mut out, case, &mut stage, &binary, directory.path(), &input),
        Start::Webhook => webhook(&mut out, case, &mut stage, &binary, directory.path(), &input),
    }
    account::events(&mut out, &mut stage.names, &stage.world.events(), case.unordered);
    out
}

impl Stage {
    /// # Panics
    /// When the servers cannot be started.
    pub fn new(case: &Case) -> Stage {
        let world = World::start().expect("a world");
        let mut names = Names::default();
        let (mut services, mut refused) = (Vec::new(), Vec::new());
        let mut places: Vec<(String, String)> = Vec::new();
        let mut refuse = |names: &mut Names| {
            let port = world.refused().expect("a port");
            let address = port.address();
            refused.push(port);
            names.know(address.to_string(), "{refused}".to_owned());
            address
        };
        for name in case.service.keys() {
            let url = if case.down.contains(name) {
                format!("http://{}", refuse(&mut names))
            } else {
                let start = if case.https.contains(name) { World::https } else { World::http };
                let service = start(&world, name, Script::default()).expect("a port");
                let url = service.url();
                names.know(service.address().to_string(), format!("{{{name}}}"));
                services.push((name, service));
                url
            };
            places.push((format!("{{{name}}}"), url));
        }
        let mut smtp = None;
        if let Some(script) = &case.smtp {
            let address = if case.down.iter().any(|name| name == "smtp") {
                refuse(&mut names)
            } else {
                let server = mail_server(&world, script);
                let address = server.address();
                smtp = Some(server);
                names.know(address.to_string(), "{smtp}".to_owned());
                address
            };
            names.know(format!("localhost:{}", address.port()), "{smtp}".to_owned());
            places.push(("{smtp.port}".to_owned(), address.port().to_string()));
        }
        let place =
            |value: &str| places.iter().fold(value.to_owned(), |value, (name, place)| value.replace(name, place));
        for (name, service) in &services {
            service.play(case.script(name, place)); // now that every address is known
        }
        let mut env: BTreeMap<String, String> =
            case.env.iter().map(|(name, value)| (name.clone(), place(value))).collect();
        if case.trust {
            env.insert("SSL_CERT_FILE".to_owned(), world.ca_file().to_str().expect("UTF-8 paths").to_owned());
        }
        env.entry("LOG_FORMAT".to_owned()).or_insert_with(|| "json".to_owned());
        Stage {
            world,
            names,
            env,
            _services: services.into_iter().map(|(_, service)| service).collect(),
            _refused: refused,
            _smtp: smtp,
        }
    }
}

fn mail_server(world: &World, script: &Smtp) -> SmtpServer {
    let started = Instant::now();
    loop {
        match world.smtp(script.clone()) {
            // Another test holds the very port this one needs.
            Err(error) if error.kind() == ErrorKind::AddrInUse && started.elapsed() < LIMIT => {
                thread::sleep(Duration::from_millis(50));
            }
            server => return server.expect("a port"),
        }
    }
}

fn run(out: &mut String, case: &Case, stage: &mut Stage, binary: &Path, directory: &Path, input: &str) {
    let file = directory.join("input.json");
    fs::write(&file, input).expect("a temporary file");
    let started = Instant::now();
    let arguments = ["run", "--input", file.to_str().expect("UTF-8 paths")];
    let ended = Process::start(binary, &arguments, directory, &stage.env).wait(LIMIT);
    took(case, started.elapsed());
    let code = ended.status.code().expect("it was not killed");
    assert_ne!(code, 101, "a panic:\n{}", ended.stderr);
    account::line(out, "exit code", &code.to_string());
    if code == 2 {
        out.push_str(&stage.names.stable(&ended.stderr));
        return;
    }
    let execution: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}\nstdout:\n{}\nstderr:\n{}", ended.stdout, ended.stderr));
    account::execution(out, &stage.names, &execution, &case.show);
    secrets(&stage.env, &[&ended.stdout, &ended.stderr]);
}

fn webhook(out: &mut String, case: &Case, stage: &mut Stage, binary: &Path, directory: &Path, input: &str) {
    let process = Process::start(binary, &["serve", "--listen", "127.0.0.1:0"], directory, &stage.env);
    let address = process.listening();
    let mut headers = vec![("content-type", "application/json")];
    let signature = case.webhook.secret.as_ref().map(|secret| signature(secret, input.as_bytes()));
    if let Some(signature) = &signature {
        headers.push(("x-signature", signature));
    }
    let started = Instant::now();
    let head = format!("POST /webhooks/{}", case.webhook.id);
    let (status, body) = process::call(address, &head, &headers, input.as_bytes());
    process.terminate(); // what was accepted is finished first
    let ended = process.wait(LIMIT);
    took(case, started.elapsed());
    account::line(out, "answer", &format!("{status} {}", stage.names.answer(&body)));
    account::line(out, "exit code", &ended.status.code().expect("it was not killed").to_string());
    for line in ended.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if line["event"] == "execution finished" {
            account::line(out, "finished", line["status"].as_str().expect("a status"));
        }
    }
    secrets(&stage.env, &[&ended.stdout, &ended.stderr]);
}

/// `sha256=` and the HMAC of the body in hexadecimal.
#[must_use]
pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(body);
    mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn took(case: &Case, time: Duration) {
    if let Some((shortest, longest)) = case.took {
        let time = time.as_secs_f64();
        assert!((shortest..=longest).contains(&time), "took {time:.2} s, not {shortest} to {longest} s");
    }
}

/// No output holds a secret.
fn secrets(env: &BTreeMap<String, String>, outputs: &[&str]) {
    for (name, value) in
        env.iter().filter(|(name, _)| ["KEY", "SECRET", "PASSWORD"].iter().any(|word| name.contains(word)))
    {
        assert!(!outputs.iter().any(|output| output.contains(value.as_str())), "{name} stands in the output");
    }
}
