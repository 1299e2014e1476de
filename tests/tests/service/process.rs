//! The command line of a compiled workflow, as a process of its own: the program `minimal`.

use super::client::{connect, read_answer, request, send, signature};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

pub const SECRET: &str = "a secret of the test";

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minimal"));
    command
        .env_clear()
        .env("WEBHOOK_SECRET", SECRET)
        .env("OTEL_SDK_DISABLED", "true")
        .current_dir(std::env::temp_dir());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn finish(command: &mut Command, stdin: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // The process may well end without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn run_prints_the_execution() {
    let output = finish(program().args(["run", "--input", "-"]), "{\"order_id\": \"A-1\"}");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count(), 1);
    let execution: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(execution["status"], "completed", "{execution}");
    for line in text(&output.stderr).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["event"].is_string() && !line.to_string().contains("A-1"), "{line}");
    }

    let output = finish(program().args(["run", "--input", "-", "--pretty"]), "{}");
    assert!(text(&output.stdout).starts_with("{\n  \"execution_id\": \"exec-"), "{}", text(&output.stdout));
}

#[test]
fn bad_input_is_placed() {
    let stderr = |stdin: &str| {
        let output = finish(program().args(["run", "--input", "-"]), stdin);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(stderr("{\n  \"order_id\": }").starts_with("error: stdin:2:15: "));
    assert_eq!(stderr("[]"), "error: stdin: the input must be a JSON object\n");
    let output = finish(program().args(["run", "--input", "/no/such/file"]), "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot read /no/such/file: "));
    let output = finish(program().arg("run"), "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--input"));
}

#[test]
fn missing_environment_stops_run_and_serve() {
    for command in ["run", "serve"] {
        let mut program = program();
        program.env_remove("WEBHOOK_SECRET").arg(command);
        if command == "run" {
            program.args(["--input", "-"]);
        }
        let output = finish(&mut program, "{}");
        assert_eq!(output.status.code(), Some(2));
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("error: 1 environment variable has no value\n  WEBHOOK_SECRET  used by signed\n"));
    }
}

#[test]
fn env_lists_and_never_shows_values() {
    let output = finish(program().args(["env", "--check"]), "");
    assert_eq!(output.status.code(), Some(0));
    let expected = "NAME            TYPE    FOUND     USED BY\n\
                    SHOP            url     optional  check\n\
                    WEBHOOK_SECRET  secret  process   signed\n";
    assert_eq!(text(&output.stdout), expected);
    let output = finish(program().env_remove("WEBHOOK_SECRET").args(["env", "--check"]), "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("MISSING"));
    assert_eq!(finish(program().env_remove("WEBHOOK_SECRET").arg("env"), "").status.code(), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_stdout_is_an_error_and_behind_stderr_none() {
    let full = || std::fs::File::create("/dev/full").unwrap();
    for arguments in [&["env"][..], &["help"], &["run", "--input", "-"]] {
        let output = finish(program().args(arguments).stdout(full()), "{}");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("error: cannot write to stdout: "), "{}", text(&output.stderr));
    }
    let output = finish(program().args(["run", "--input", "-"]).stderr(full()), "{}");
    assert_eq!(output.status.code(), Some(0));
    let output = finish(program().args(["run", "--nonsense"]).stderr(full()), "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn usage() {
    for (arguments, code) in [(&["help"][..], 0), (&["--version"], 0), (&["run", "--nonsense"], 2), (&[], 2)] {
        assert_eq!(finish(program().args(arguments), "").status.code(), Some(code), "{arguments:?}");
    }
    assert_eq!(text(&finish(program().arg("--version"), "").stdout), "minimal 1.2.3\n");
    let wrong = finish(program().args(["serve", "--allow-ip", "everybody"]), "");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("--allow-ip: `everybody`"));
}

/// A serving process and where it listens; killed with the test.
pub struct Serving {
    child: Child,
    stderr: BufReader<ChildStderr>,
    pub address: SocketAddr,
    /// One journal serves one process.
    _data: tempfile::TempDir,
}

impl Serving {
    pub fn start(arguments: &[&str]) -> Serving {
        Serving::of(&mut program(), arguments)
    }

    pub fn https(arguments: &[&str]) -> Serving {
        Serving::announced(&mut program(), arguments, "listening on https://")
    }

    pub fn of(program: &mut Command, arguments: &[&str]) -> Serving {
        Serving::announced(program, arguments, "listening on http://")
    }

    fn announced(program: &mut Command, arguments: &[&str], what: &str) -> Serving {
        let data = tempfile::tempdir().unwrap();
        program.env("FLOW_DATA_DIR", data.path()).args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = program.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let address = address(&mut stderr, what);
        Serving { address, child, stderr, _data: data }
    }

    /// The address of the next line.
    pub fn next_address(&mut self, what: &str) -> SocketAddr {
        address(&mut self.stderr, what)
    }

    /// Waits until the log says this.
    pub fn wait_for_line(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "it ended without saying {text}");
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn terminate(&self) {
        self.signal("TERM");
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    fn rest_of_stderr(&mut self) -> String {
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).unwrap();
        rest
    }
}

fn address(stderr: &mut BufReader<ChildStderr>, what: &str) -> SocketAddr {
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let address = line.strip_prefix(what).unwrap_or_else(|| panic!("{line}"));
    address.trim_end().parse().unwrap()
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn operator_overrides_the_address_list() {
    let body = br#"{"order_id": "A-1"}"#;
    let signed = [("X-Signature", &*signature(SECRET, body))];
    let refused = Serving::start(&[]);
    assert_eq!(send(refused.address, "POST", "/webhooks/signed-webhook", &signed, body).status, 403);
    let allowed = Serving::start(&["--allow-ip", "127.0.0.1"]);
    assert_eq!(send(allowed.address, "POST", "/webhooks/signed-webhook", &signed, body).status, 200);
}

#[test]
fn sigterm_finishes_what_has_begun() {
    let mut serving = Serving::start(&[]);
    // One connection that is kept alive and idle, one in the middle of a request.
    let mut idle = connect(serving.address);
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    let mut start = [0; 12];
    idle.read_exact(&mut start).unwrap();
    let mut busy = connect(serving.address);
    let whole = request("POST", "/webhooks/open-webhook", &[("Expect", "100-continue")], b"{\"order_id\": \"A-1\"}");
    let (head, body) = whole.split_at(whole.len() - 19);
    busy.write_all(head).unwrap();
    let mut proceed = [0; 25];
    busy.read_exact(&mut proceed).unwrap();
    assert_eq!(&proceed, b"HTTP/1.1 100 Continue\r\n\r\n");

    serving.terminate();
    // The idle connection is closed when the process has begun to stop.
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
    assert!(std::net::TcpStream::connect(serving.address).is_err());
    busy.write_all(body).unwrap();
    assert_eq!(read_answer(&mut busy).status, 200);
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    let stderr = serving.rest_of_stderr();
    assert!(stderr.contains("\"draining\"") && stderr.contains("execution finished"), "{stderr}");
    assert!(stderr.contains("\"drained\"") && !stderr.contains("A-1"), "{stderr}");
}

#[test]
fn second_signal_ends_at_once() {
    let mut serving = Serving::start(&[]);
    let mut busy = connect(serving.address);
    let whole = request("POST", "/webhooks/open-webhook", &[("Expect", "100-continue")], b"{}");
    busy.write_all(&whole[..whole.len() - 2]).unwrap();
    let mut proceed = [0; 25];
    busy.read_exact(&mut proceed).unwrap();
    serving.terminate();
    // Two signals that arrive together count once: wait until the first has been seen.
    serving.wait_for_line("\"draining\"");
    serving.terminate();
    assert_eq!(serving.child.wait().unwrap().code(), Some(143));
}

/// What a panic says may hold anything that was at hand.
#[test]
fn a_panic_says_where_it_was_and_not_what_was_at_hand() {
    let body = br#"{"order_id": "canary-personal-panic"}"#;
    let mut serving = Serving::start(&["--allow-ip", "any", "--store", "memory"]);
    assert_eq!(send(serving.address, "POST", "/webhooks/open-webhook", &[], body).status, 200);
    assert_eq!(send(serving.address, "POST", "/webhooks/open-webhook", &[], b"{\"order_id\": 1}").status, 200);
    serving.terminate();
    let log = serving.rest_of_stderr();
    assert!(log.contains("\"event\":\"panicked\"") && log.contains("workflow.rs:"), "{log}");
    assert!(log.contains("\"code\":\"INTERNAL\"") && log.contains("\"status\":\"completed\""), "{log}");
    assert!(!log.contains("canary"), "{log}");

    let output = finish(program().args(["run", "--input", "-"]), std::str::from_utf8(body).unwrap());
    assert_eq!(output.status.code(), Some(1));
    let execution: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(execution["error_code"], "INTERNAL");
    assert!(!execution["error_message"].as_str().unwrap().contains("canary"), "{execution}");
    assert!(!text(&output.stderr).contains("canary"), "{}", text(&output.stderr));
}
