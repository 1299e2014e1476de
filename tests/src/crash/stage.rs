//! The binary, its journal and its world.

use super::death::Death;
use super::ledger::{Ledger, Step};
use super::{Random, wal};
use crate::case::Case;
use crate::{compile, folder};
use flow_world::process::free_port;
use flow_world::{HttpServer, SmtpServer, World};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a process may take to listen: recovery and a busy machine included.
const LISTEN: Duration = Duration::from_secs(60);

/// Where the service is at the moment.
#[derive(Default)]
pub struct Door {
    address: Mutex<Option<SocketAddr>>,
}

pub struct Stage {
    pub ledger: Arc<Ledger>,
    pub door: Arc<Door>,
    pub order: String,
    pub secret: String,
    binary: PathBuf,
    data: PathBuf,
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
    trap: Arc<Trap>,
    clock: Option<Clock>,
    server: Option<Server>,
    /// Processes so far: part of what each sends.
    processes: usize,
    _services: Vec<HttpServer>,
    _smtp: SmtpServer,
    _world: World,
}

/// How a process is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    Plainly,
    /// By strace, with these arguments.
    Traced(Vec<String>),
    /// With more environment.
    With(Vec<(String, String)>),
}

/// The time of day as libfaketime tells it: an offset in a file, which may change at any moment.
struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// Up to five years ahead or behind. The clock that measures durations is the machine's.
    fn jump(&self, random: &mut Random) -> std::io::Result<()> {
        let seconds = random.below(3_650 * 86_400) as i64 - 1_825 * 86_400;
        let next = self.file.with_extension("next");
        fs::write(&next, format!("{seconds:+}\n"))?;
        fs::rename(next, &self.file)
    }
}

/// Where libfaketime is; `None`: not on this machine.
pub fn faketime() -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime"];
    folders.iter().map(|folder| Path::new(folder).join("libfaketimeMT.so.1")).find(|library| library.exists())
}

/// Killed when it is dropped.
struct Server {
    child: Arc<Mutex<Child>>,
    /// The process itself, where the child is strace.
    traced: bool,
}

/// Kills a process from inside its world.
#[derive(Default)]
struct Trap {
    inner: Mutex<Option<Aim>>,
}

/// The step at whose n-th arrival the process dies.
type Aim = (Step, u64, Arc<Mutex<Child>>);

impl Door {
    pub fn address(&self) -> Option<SocketAddr> {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, address: Option<SocketAddr>) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

impl Stage {
    /// Builds the order workflow, with waits before retries that are short, and starts its world. Nothing is served yet.
    ///
    /// # Errors
    /// When the world cannot be started.
    pub fn new() -> Result<Stage, String> {
        let case_folder = folder("run", "order-valid");
        let case = Case::read(&case_folder);
        let mut workflow: serde_json::Value =
            serde_json::from_str(&case.workflow_text()).map_err(|error| error.to_string())?;
        for node in workflow["nodes"].as_array_mut().into_iter().flatten() {
            if node["action_type"] == "http" {
                node["config"]["retry_delay"] = 0.05.into();
            }
        }
        // A clock that jumps by years may not end an execution by its time-out.
        workflow["settings"]["timeout"] = 1_000_000_000.into();
        let binary = compile::binary(&workflow.to_string(), &case.workflow);
        let failed = |error: std::io::Error| error.to_string();
        let world = World::start().map_err(failed)?;
        world.log().count_only();
        let (ledger, trap) = (Arc::new(Ledger::default()), Arc::new(Trap::default()));
        world.log().observe({
            let (ledger, trap) = (Arc::clone(&ledger), Arc::clone(&trap));
            move |event| {
                if let Some(step) = ledger.record(event) {
                    trap.sprung(step);
                }
            }
        });
        let (mut services, mut places) = (Vec::new(), Vec::new());
        for name in case.service.keys() {
            let service = world.http(name, case.script(name, str::to_owned)).map_err(failed)?;
            places.push((format!("{{{name}}}"), service.url()));
            services.push(service);
        }
        // Any login: the user's name tells the processes apart.
        let smtp = flow_world::Smtp { login: None, ..case.smtp.clone().unwrap_or_default() };
        let smtp = world.smtp(smtp).map_err(failed)?;
        places.push(("{smtp.port}".to_owned(), smtp.port().to_string()));
        let place = |value: &String| places.iter().fold(value.clone(), |value, (name, at)| value.replace(name, at));
        let mut env: BTreeMap<String, String> =
            case.env.iter().map(|(name, value)| (name.clone(), place(value))).collect();
        env.insert("SSL_CERT_FILE".to_owned(), world.ca_file().display().to_string());
        env.insert("FLOW_ALLOWED_IPS".to_owned(), "127.0.0.1".to_owned());
        env.insert("LOG_LEVEL".to_owned(), "warn".to_owned());
        let folder = tempfile::tempdir().map_err(failed)?;
        Ok(Stage {
            order: case.input(&case_folder),
            secret: env["WEBHOOK_SECRET"].clone(),
            ledger,
            door: Arc::default(),
            binary,
            data: folder.path().join("data"),
            folder,
            env,
            trap,
            clock: None,
            server: None,
            processes: 0,
            _services: services,
            _smtp: smtp,
            _world: world,
        })
    }

    /// From now on the clock of every process jumps.
    pub fn jump(&mut self, library: PathBuf) {
        self.clock = Some(Clock { library, file: self.folder.path().join("clock") });
    }

    /// In place of the usual folder for the journal.
    pub fn keep_in(&mut self, data: PathBuf) {
        self.data = data;
    }

    /// The journal's folder.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// Starts a process and waits until it listens, or has died already, which is the fate of some.
    ///
    /// # Errors
    /// When it ends by itself, or does not listen in time; with what it said.
    pub fn start(&mut self, start: &Start) -> Result<(), String> {
        self.processes += 1;
        let address = free_port();
        let (mut command, traced) = match start {
            Start::Traced(arguments) => {
                let mut command = Command::new("strace");
                command.args(arguments).arg(&self.binary);
                (command, true)
            }
            Start::Plainly | Start::With(_) => (Command::new(&self.binary), false),
        };
        command.args(["serve", "--listen", &address.to_string(), "--data"]).arg(self.data());
        command.env_clear().envs(&self.env).current_dir(self.folder.path());
        for (name, value) in &self.env {
            if name.ends_with("_API_KEY") || name == "SMTP_USERNAME" {
                command.env(name, format!("{value}-{}", self.processes));
            }
        }
        if let (Some(clock), false) = (&self.clock, traced) {
            command.env("LD_PRELOAD", &clock.library).env("FAKETIME_TIMESTAMP_FILE", &clock.file);
            command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        if let Start::With(more) = start {
            command.envs(more.iter().map(|(name, value)| (name, value)));
        }
        let stderr = File::create(self.folder.path().join("stderr")).map_err(|error| error.to_string())?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn();
        let child = child.map_err(|error| format!("{}: {error}", self.binary.display()))?;
        let server = Server { child: Arc::new(Mutex::new(child)), traced };
        let deadline = Instant::now() + LISTEN;
        while TcpStream::connect(address).is_err() {
            let ended = server.ended();
            match ended {
                // Some die before they listen, of what was planned for them.
                Some(killed) if killed && traced => break,
                Some(_) => return Err(format!("the process ended by itself:\n{}", self.said())),
                None if Instant::now() > deadline => return Err(format!("it does not listen:\n{}", self.said())),
                None => thread::sleep(Duration::from_millis(1)),
            }
        }
        self.server = Some(server);
        self.door.set(Some(address));
        Ok(())
    }

    /// One process, from its start to its death.
    ///
    /// # Errors
    /// When it ends in any other way.
    pub fn live_and_die(&mut self, death: &Death, random: &mut Random) -> Result<(), String> {
        /// Where it does not come to what was planned: load is low, or a machine slow.
        const PATIENCE: Duration = Duration::from_secs(4);
        let record = self.folder.path().join("strace");
        if let Some(clock) = &self.clock {
            clock.jump(random).map_err(|error| error.to_string())?;
        }
        match death {
            Death::At(after) => {
                self.start(&Start::Plainly)?;
                thread::sleep(*after / 2);
                if let Some(clock) = &self.clock {
                    clock.jump(random).map_err(|error| error.to_string())?;
                }
                thread::sleep(*after / 2);
            }
            Death::Unanswered { step, nth } => {
                self.start(&Start::Plainly)?;
                if let Some(server) = &self.server {
                    self.trap.set(*step, *nth, Arc::clone(&server.child));
                    server.wait(PATIENCE);
                }
                self.trap.clear();
            }
            Death::Syscall { name, nth } => {
                let trace = format!("trace={name}");
                let inject = format!("inject={name}:signal=SIGKILL:when={nth}");
                let arguments = ["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
                self.start(&Start::Traced(arguments.map(str::to_owned).to_vec()))?;
                if let Some(server) = &self.server {
                    server.wait(PATIENCE);
                }
            }
            Death::Power => {
                let file = record.display().to_string();
                let arguments = ["-f", "-qq", "-y", "-s", "0", "-o", &file, "-e", "trace=pwrite64,fdatasync,fsync"];
                self.start(&Start::Traced(arguments.map(str::to_owned).to_vec()))?;
                thread::sleep(Duration::from_micros(random.below(400_000)));
            }
        }
        self.kill()?;
        if let Death::Power = death {
            let unsynced = wal::unsynced(&wal::text(&record).map_err(|error| error.to_string())?);
            wal::garble(&unsynced, random).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// SIGKILL, and gone. One that ended by itself before is an error.
    ///
    /// # Errors
    /// With what it said.
    pub fn kill(&mut self) -> Result<(), String> {
        self.door.set(None);
        let Some(server) = self.server.take() else { return Ok(()) };
        if server.ended() == Some(false) {
            return Err(format!("the process ended by itself:\n{}", self.said()));
        }
        drop(server);
        Ok(())
    }

    /// As [`wal::tear_tail`], of the journal. Nobody may have it open.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn tear_tail(&self, random: &mut Random) -> Result<bool, String> {
        let journal = fs::read_dir(self.data()).map_err(|error| error.to_string())?;
        let log = journal
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().ends_with(b"-wal")));
        log.map_or(Ok(false), |log| wal::tear_tail(&log, random).map_err(|error| error.to_string()))
    }

    /// The journal says of every one of these executions that it completed, and knows no other.
    ///
    /// # Errors
    /// Those of which it does not.
    pub fn all_completed(&self, executions: &[String]) -> Result<(), String> {
        let deadline = Instant::now() + LISTEN;
        loop {
            let mut command = Command::new(&self.binary);
            command.arg("export").arg("--data").arg(self.data()).env_clear();
            let output = command.output().map_err(|error| error.to_string())?;
            let text = String::from_utf8_lossy(&output.stdout);
            let mut known = BTreeMap::new();
            for line in text.lines() {
                let line: serde_json::Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
                if let (Some(id), Some(status)) = (line["execution_id"].as_str(), line["status"].as_str()) {
                    known.insert(id.to_owned(), status.to_owned());
                }
            }
            let wrong: Vec<String> = executions
                .iter()
                .filter(|id| known.get(*id).is_none_or(|status| status != "completed"))
                .map(|id| format!("{id}: {:?}", known.get(id)))
                .collect();
            if wrong.is_empty() && known.len() == executions.len() {
                return Ok(());
            }
            // The last effect is seen before its outcome is written down.
            if Instant::now() > deadline {
                let said = String::from_utf8_lossy(&output.stderr);
                let few = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("; ");
                return Err(format!("{} of {} in the journal; {few}\n{said}", known.len(), executions.len()));
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// What the last process has said.
    pub fn said(&self) -> String {
        wal::text(&self.folder.path().join("stderr")).unwrap_or_default()
    }

    pub fn binary(&self) -> &Path {
        &self.binary
    }
}

impl Server {
    /// Whether it was killed; `None` while it lives.
    fn ended(&self) -> Option<bool> {
        use std::os::unix::process::ExitStatusExt as _;
        let status = self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().ok()??;
        // strace ends as its process did.
        Some(status.signal() == Some(9) || status.code() == Some(137))
    }

    fn wait(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while self.ended().is_none() && Instant::now() < deadline {
            thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if self.traced && matches!(child.try_wait(), Ok(None)) {
            // Killed itself, strace would let its process go on.
            let children = format!("/proc/{0}/task/{0}/children", child.id());
            for process in fs::read_to_string(children).unwrap_or_default().split_whitespace() {
                let _ = Command::new("kill").args(["-KILL", process]).status();
            }
            let _ = child.wait();
            return;
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Trap {
    fn set(&self, step: Step, nth: u64, child: Arc<Mutex<Child>>) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Some((step, nth, child));
    }

    fn clear(&self) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Called by the world, before it answers.
    fn sprung(&self, step: Step) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((wanted, left, child)) = inner.as_mut() else { return };
        if *wanted == step {
            *left -= 1;
            if *left == 0 {
                let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
                *inner = None;
            }
        }
    }
}
