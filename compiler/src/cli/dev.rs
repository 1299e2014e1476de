//! `flowc dev`: serves a workflow while it is being written.
//!
//! Comes in: a workflow, and every save of it or of a file beside it. Goes out: a service that always runs the last good
//! version, what is wrong with the text, and the log of executions.
//! Always true: the address stays the same and always answers. Connections go through this process to the version that
//! runs; a new one takes over when it listens, and the one before finishes what it has accepted. Saves that come while
//! something is compiled are taken together.

use super::arguments::DevOptions;
use super::stop::{self, Children};
use super::{Input, Shell, Stop, and_warnings};
use crate::build::{self, Binary};
use notify::{RecursiveMode, Watcher as _};
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Editors write a file in several steps.
const SETTLE: Duration = Duration::from_millis(20);

/// From the start of a program to the moment it listens.
const START_TIME: Duration = Duration::from_secs(10);

/// Files that a workflow is made of, or that its service reads.
const WATCHED: [&str; 6] = ["flow", "json", "html", "txt", "env", ""];

/// Where the version that runs listens; nothing before the first.
type Current = Arc<Mutex<Option<SocketAddr>>>;

/// A version that runs.
struct Version {
    child: Child,
    /// What it was compiled from.
    code: String,
}

impl Shell {
    /// Serves until the process is ended.
    pub(super) fn dev(&self, path: &Path, options: &DevOptions) -> Result<ExitCode, Stop> {
        let cannot = |error: std::io::Error| Stop::World(format!("cannot listen on {}: {error}", options.listen));
        let listener = TcpListener::bind(&options.listen).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let current = Current::default();
        let forwarding = Arc::clone(&current);
        thread::spawn(move || listener.incoming().flatten().for_each(|client| forward(client, &forwarding)));

        let input = Input::read(path, false).map_err(Stop::World)?;
        let folder = input.files.folder().to_owned();
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        drop(input);
        let (saves, _watcher) = watch(&folder)?;
        let children = Children::told("TERM", None)?;
        self.talk.say(&format!("serving {} on http://{address}; every save is compiled", path.display()));
        let mut running: Option<Version> = None;
        let mut changed = Instant::now();
        loop {
            match self.version(path, running.as_ref(), &options.arguments, &children) {
                Ok(None) => {}
                Ok(Some((version, listens))) => {
                    *current.lock().unwrap_or_else(PoisonError::into_inner) = Some(listens);
                    self.talk.say(&format!("serving, {:.2} s after the save", changed.elapsed().as_secs_f64()));
                    if let Some(before) = running.replace(version) {
                        retire(before, &children);
                    }
                }
                Err(stop) => {
                    self.stopped(&stop);
                    if running.is_some() {
                        self.talk.say("still serving the version before");
                    }
                }
            }
            match saves.recv() {
                Ok(at) => changed = at,
                Err(_) => return Err(Stop::World("the files cannot be watched any more".to_owned())),
            }
            while saves.recv_timeout(SETTLE).is_ok() {}
        }
    }

    /// Compiles and starts what is on disk now; nothing when that is what runs already.
    fn version(
        &self,
        path: &Path,
        running: Option<&Version>,
        arguments: &[OsString],
        children: &Children,
    ) -> Result<Option<(Version, SocketAddr)>, Stop> {
        let input = Input::read(path, false).map_err(Stop::World)?;
        let name = input.name.clone();
        let (generated, warnings) = self.generate(input, &Default::default())?;
        if running.is_some_and(|running| running.code == generated.main_rs()) {
            return Ok(None);
        }
        let binary = build::build_in_cache(&generated, self.options(false))?;
        self.talk.say(&format!("{name}: compiled{}", and_warnings(&warnings)));
        let (child, listens) = start(&binary, arguments)?;
        children.add(child.id());
        Ok(Some((Version { child, code: generated.main_rs().to_owned() }, listens)))
    }
}

/// Tells of every save in the folder and in its `templates`; not of folders below them, which may hold anything.
fn watch(folder: &Path) -> Result<(Receiver<Instant>, notify::RecommendedWatcher), Stop> {
    let (sender, receiver) = mpsc::channel();
    let cannot = |error: notify::Error| Stop::World(format!("cannot watch {}: {error}", folder.display()));
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let ours = |path: &PathBuf| {
            let extension = path.extension().unwrap_or_default();
            WATCHED.iter().any(|known| extension == *known)
        };
        if !matches!(event.kind, notify::EventKind::Access(_)) && event.paths.iter().any(ours) {
            let _ = sender.send(Instant::now());
        }
    })
    .map_err(cannot)?;
    watcher.watch(folder, RecursiveMode::NonRecursive).map_err(cannot)?;
    let templates = folder.join("templates");
    if templates.is_dir() {
        watcher.watch(&templates, RecursiveMode::NonRecursive).map_err(cannot)?;
    }
    Ok((receiver, watcher))
}

/// Starts a program on any free port, and waits until it listens. Its log goes on to ours.
fn start(binary: &Binary, arguments: &[OsString]) -> Result<(Child, SocketAddr), Stop> {
    let mut child = Err(String::from("there is no way to start it"));
    for mut program in binary.commands() {
        program.args(["serve", "--listen", "127.0.0.1:0", "--allow-ip", "any", "--store", "memory"]).args(arguments);
        if std::env::var_os("LOG_FORMAT").is_none() {
            program.env("LOG_FORMAT", "text");
        }
        program.stdin(Stdio::null()).stderr(Stdio::piped());
        child = program.spawn().map_err(|error| error.to_string());
        if child.is_ok() {
            break;
        }
    }
    let mut child = child.map_err(|error| Stop::World(format!("cannot start the workflow: {error}")))?;
    let (sender, lines) = mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                match line.strip_prefix("listening on http://").and_then(|address| address.parse::<SocketAddr>().ok()) {
                    Some(address) => drop(sender.send(address)),
                    None => eprintln!("  {line}"),
                }
            }
        });
    }
    match lines.recv_timeout(START_TIME) {
        Ok(address) => Ok((child, address)),
        Err(RecvTimeoutError::Disconnected) => {
            let _ = child.wait();
            Err(Stop::World("it does not start: see above".to_owned()))
        }
        Err(RecvTimeoutError::Timeout) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(Stop::World("it was started and does not listen".to_owned()))
        }
    }
}

/// Lets a version finish what it has accepted: SIGTERM makes it drain.
fn retire(mut version: Version, children: &Children) {
    children.remove(version.child.id());
    if !stop::send("TERM", version.child.id()) {
        let _ = version.child.kill();
    }
    thread::spawn(move || version.child.wait());
}

/// Joins a client to the version that runs.
fn forward(client: TcpStream, current: &Current) {
    let Some(address) = *current.lock().unwrap_or_else(PoisonError::into_inner) else { return };
    let Ok(server) = TcpStream::connect(address) else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let pairs = [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))];
    for (from, to) in pairs {
        let (Ok(mut from), Ok(mut to)) = (from, to) else { return };
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    }
}
