//! A compiled workflow as a process: with the environment of its case and no other, and never for longer than a limit.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A running process; it is killed when this is dropped.
pub struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
}

/// What a process has written so far, and the thread that reads it.
struct Output {
    text: Arc<Mutex<String>>,
    thread: Option<JoinHandle<()>>,
}

/// Puts a copy of a program somewhere, to be run there at once.
///
/// # Errors
/// When it cannot be copied.
pub fn install(program: &Path, at: &Path) -> io::Result<()> {
    // A process of its own writes it. What this one holds open for writing, each process that another thread is just starting
    // holds open too, and Linux runs no such file (`ETXTBSY`).
    let status = Command::new("cp").arg(program).arg(at).stderr(Stdio::null()).status()?;
    status.success().then_some(()).ok_or_else(|| io::Error::other(format!("cp {}: {status}", program.display())))
}

/// How a process ended.
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Process {
    /// # Panics
    /// When it cannot be started.
    pub fn start(program: &Path, arguments: &[&str], directory: &Path, env: &BTreeMap<String, String>) -> Process {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .envs(env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let stdout = Output::read(child.stdout.take().expect("piped"));
        let stderr = Output::read(child.stderr.take().expect("piped"));
        Process { child, stdout, stderr }
    }

    /// What it has written to standard error so far.
    ///
    /// # Panics
    /// When the thread that reads it has panicked.
    pub fn stderr(&self) -> String {
        self.stderr.text.lock().expect("no panic while locked").clone()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as an operator or a container does.
    ///
    /// # Panics
    /// When there is no such process any more.
    pub fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().expect("kill");
        assert!(status.success(), "the process has ended by itself");
    }

    /// Ends it without a warning, as a crash does; returns when it has ended.
    ///
    /// # Panics
    /// When there is no such process any more.
    pub fn kill(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("a child can be killed");
    }

    /// The address that `serve --listen ADDRESS:0` says it listens on.
    ///
    /// # Panics
    /// When it does not say so within ten seconds.
    pub fn listening(&self) -> SocketAddr {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let stderr = self.stderr.text.lock().expect("no panic while locked").clone();
            let line = stderr.lines().find_map(|line| line.strip_prefix("listening on http://"));
            if let Some(address) = line.and_then(|address| address.trim().parse().ok()) {
                return address;
            }
            assert!(Instant::now() < deadline, "it does not listen:\n{stderr}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within the limit.
    pub fn wait(mut self, limit: Duration) -> Ended {
        let deadline = Instant::now() + limit;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let (stdout, stderr) = self.output();
                panic!("still running after {limit:?}\nstdout:\n{stdout}\nstderr:\n{stderr}");
            }
            thread::sleep(Duration::from_millis(10));
        };
        let (stdout, stderr) = self.output();
        Ended { status, stdout, stderr }
    }

    fn output(&mut self) -> (String, String) {
        (self.stdout.rest(), self.stderr.rest())
    }
}

impl Output {
    fn read(pipe: impl Read + Send + 'static) -> Output {
        let text = Arc::new(Mutex::new(String::new()));
        let thread = thread::spawn({
            let text = Arc::clone(&text);
            move || {
                let mut pipe = BufReader::new(pipe);
                let mut line = Vec::new();
                while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                    text.lock().expect("no panic while locked").push_str(&String::from_utf8_lossy(&line));
                    line.clear();
                }
            }
        });
        Output { text, thread: Some(thread) }
    }

    /// Everything, once the process has ended.
    fn rest(&mut self) -> String {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("reading a pipe");
        }
        std::mem::take(&mut self.text.lock().expect("no panic while locked"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
///
/// # Panics
/// When there is none.
pub fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address")
}

/// Waits until somebody listens there.
///
/// # Panics
/// When nobody does within ten seconds.
pub fn wait_for(address: SocketAddr) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "nobody listens on {address}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// One request on a connection of its own: status and body of the answer.
///
/// # Panics
/// When the answer is not HTTP.
pub fn call(address: SocketAddr, head: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    use std::io::Write;
    let mut stream = TcpStream::connect(address).expect("a service that listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket takes a timeout");
    let mut request =
        format!("{head} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).and_then(|()| stream.write_all(body)).expect("a service that reads");
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status).expect("an answer");
    let status =
        status.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("not HTTP: {status}"));
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("an answer");
    (status, rest.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned()))
}
