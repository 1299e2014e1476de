//! `flowc serve`: the API of a compiled workflow, for any workflow.
//!
//! Comes in: requests with `flow_data`. Goes out: what the checker says; executions, each in a process of its own.
//! Always true: a workflow is checked before it is compiled, and compiled once: binaries are kept by the hash of the
//! workflow's text. Whoever has no key learns nothing. Requests, builds and executions have limits in number, size and
//! time; beyond them the answer says so at once.

mod execution;
mod http;
mod list;
mod validate;

use super::arguments::ServeOptions;
use super::stop::{self, Children};
use super::{Shell, Stop};
use crate::build::hash;
use execution::{Execution, Order};
use flow_runtime::env::{keys_in, read_settings};
use http::{Refusal, Request};
use list::Query;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, thread};

/// Executions that are remembered after their end.
const REMEMBERED_MAX: usize = 10_000;

/// Compiled workflows that are kept.
const BINARIES_MAX: usize = 64;

/// What a client may ask for.
pub struct Limits {
    executions: usize,
    execution_time: Duration,
    build_time: Duration,
}

/// What all requests share.
pub struct Shared {
    keys: Vec<String>,
    allow_env: bool,
    pub limits: Limits,
    folder: tempfile::TempDir,
    executions: Mutex<Executions>,
    binaries: Mutex<Binaries>,
    building: Slots,
    children: Children,
}

/// Compiled workflows, by the hash of their text.
#[derive(Default)]
struct Binaries {
    by_name: HashMap<String, Slot>,
    /// Oldest first.
    order: VecDeque<String>,
}

/// Empty until it is compiled.
type Slot = Arc<Mutex<Option<Arc<Binary>>>>;

/// A program in a folder of its own, which goes when nobody needs it any more.
pub struct Binary {
    folder: PathBuf,
    pub path: PathBuf,
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[derive(Default)]
struct Executions {
    by_id: HashMap<String, Arc<Execution>>,
    /// Oldest first.
    order: VecDeque<String>,
}

/// So many at once; the others wait.
struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Shell {
    /// Serves until the process is ended.
    pub(super) fn serve(&self, options: &ServeOptions) -> Result<ExitCode, Stop> {
        let world = |what: String| move |error: std::io::Error| Stop::World(format!("{what}: {error}"));
        let keys = keys(options)?;
        let listener =
            TcpListener::bind(&options.listen).map_err(world(format!("cannot listen on {}", options.listen)))?;
        let address = listener.local_addr().map_err(world(format!("cannot listen on {}", options.listen)))?;
        let folder = tempfile::tempdir().map_err(world("cannot make a temporary folder".to_owned()))?;
        let shared = Arc::new(Shared {
            keys,
            allow_env: options.allow_env,
            limits: Limits {
                executions: options.max_executions,
                execution_time: Duration::from_secs(options.execution_timeout),
                build_time: Duration::from_secs(options.build_timeout),
            },
            executions: Mutex::default(),
            binaries: Mutex::default(),
            building: Slots { free: Mutex::new(options.max_builds.max(1)), freed: Condvar::new() },
            children: Children::told("KILL", Some(folder.path().to_owned()))?,
            folder,
        });
        self.talk.say(&format!("listening on http://{address}"));
        let served = http::serve(listener, options.max_body, shared);
        served.map_err(world("cannot serve".to_owned()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// From files, the environment, or both.
fn keys(options: &ServeOptions) -> Result<Vec<String>, Stop> {
    let mut texts = Vec::new();
    for file in &options.api_key_file {
        let text = read_settings(file).and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other));
        texts.push(text.map_err(|error| Stop::World(format!("cannot read {}: {error}", file.display())))?);
    }
    texts.extend(std::env::var("FLOW_API_KEYS").ok());
    let keys: Vec<String> = texts.iter().flat_map(|text| keys_in(text)).map(str::to_owned).collect();
    if keys.is_empty() {
        let message = "there is no API key: whoever can reach this server could run any program on this machine. \
                       Set FLOW_API_KEYS, or name a file with keys: --api-key-file FILE";
        return Err(Stop::World(message.to_owned()));
    }
    Ok(keys)
}

impl http::Answers for Arc<Shared> {
    fn admit(&self, request: &Request) -> Result<(), Refusal> {
        if is_health(request) { Ok(()) } else { self.authorize(request) }
    }

    fn answer(&self, request: Result<Request, Refusal>) -> (u16, Value) {
        match request.and_then(|request| self.route(&request)) {
            Ok(answer) => (200, answer),
            Err(refusal) => {
                let error = json!({ "code": refusal.code, "message": refusal.message, "details": refusal.details });
                (refusal.status, json!({ "error": error, "timestamp": now(), "request_id": secret() }))
            }
        }
    }
}

impl Shared {
    fn route(self: &Arc<Self>, request: &Request) -> Result<Value, Refusal> {
        if is_health(request) {
            return Ok(json!({ "status": "ok" }));
        }
        let path: Vec<&str> = request.path().trim_matches('/').split('/').collect();
        let ["api", "v1", "flows", path @ ..] = path.as_slice() else { return Err(no_such_path()) };
        match (request.method.as_str(), path) {
            ("POST", ["validate"]) => {
                let mut body = object(&request.body)?;
                // The workflow itself, or under the name that `execute` gives it.
                let flow = match body.get("flow_data") {
                    Some(Value::Object(_)) if !body.contains_key("nodes") => {
                        body.remove("flow_data").unwrap_or_default()
                    }
                    _ => Value::Object(body),
                };
                let slug = execution::slug(flow["name"].as_str().unwrap_or_default());
                Ok(validate::check(&flow.to_string(), &slug).answer)
            }
            ("POST", ["execute"]) => self.execute(object(&request.body)?),
            ("GET", ["execution", id]) => Ok(self.find(id)?.view()),
            ("DELETE", ["execution", id]) => {
                let execution = self.find(id)?;
                if execution.ended() {
                    let mut refusal = Refusal::new(409, "EXECUTION_ENDED", "the execution has ended already");
                    refusal.details = json!({ "status": execution.status() });
                    return Err(refusal);
                }
                execution.cancel();
                Ok(execution.view())
            }
            ("GET", ["executions"]) => self.list(request),
            (_, ["validate" | "execute" | "executions"] | ["execution", _]) => {
                Err(Refusal::new(405, "METHOD_NOT_ALLOWED", format!("{} is not for this path", request.method)))
            }
            _ => Err(no_such_path()),
        }
    }

    fn authorize(&self, request: &Request) -> Result<(), Refusal> {
        let header = request.header("authorization").and_then(|value| value.split_at_checked(7)).unwrap_or_default();
        let given = if header.0.eq_ignore_ascii_case("Bearer ") { header.1.trim() } else { "" };
        // Every key is compared, each in a time that depends on nothing but its length.
        let known = self.keys.iter().fold(false, |known, key| known | same(key.as_bytes(), given.as_bytes()));
        if known {
            Ok(())
        } else {
            Err(Refusal::new(401, "UNAUTHORIZED", "a valid key is needed: Authorization: Bearer KEY"))
        }
    }

    fn execute(self: &Arc<Self>, body: Map<String, Value>) -> Result<Value, Refusal> {
        let order = execution::order(body, self.allow_env)?;
        let checked = validate::check(&order.text, &order.slug);
        let Some(accepted) = checked.accepted else {
            let count = checked.answer["errors"].as_array().map_or(0, Vec::len);
            let mut refusal = Refusal::new(422, "INVALID_WORKFLOW", format!("the workflow has errors: {count}"));
            refusal.details = checked.answer;
            return Err(refusal);
        };
        let is_read = |name: &str| accepted.checked.workflow.environment.iter().any(|variable| variable.name == name);
        if let Some((name, _)) = order.environment.iter().find(|(name, _)| !is_read(name)) {
            return Err(Refusal::new(400, "INVALID_REQUEST", format!("the workflow does not read `{name}`")));
        }
        let mut executions = self.executions();
        let running = executions.by_id.values().filter(|execution| !execution.ended()).count();
        if running >= self.limits.executions {
            return Err(Refusal::new(429, "TOO_MANY_EXECUTIONS", format!("{running} executions are running already")));
        }
        let execution = Arc::new(Execution::new(format!("exec-{}", secret()), order.slug.clone()));
        executions.order.push_back(execution.id.clone());
        executions.by_id.insert(execution.id.clone(), Arc::clone(&execution));
        executions.forget();
        drop(executions);
        let (shared, running) = (Arc::clone(self), Arc::clone(&execution));
        let wait = order.wait;
        thread::spawn(move || running.run(&shared, &order));
        let mut answer = json!({ "success": true, "execution_id": execution.id, "status": "running" });
        if let Some(time) = wait {
            execution.wait(time);
            answer["status"] = json!(execution.status());
            answer["execution"] = execution.view();
        }
        Ok(answer)
    }

    fn find(&self, id: &str) -> Result<Arc<Execution>, Refusal> {
        let found = self.executions().by_id.get(id).cloned();
        found.ok_or_else(|| Refusal::new(404, "EXECUTION_NOT_FOUND", "there is no such execution"))
    }

    /// The newest first.
    fn list(&self, request: &Request) -> Result<Value, Refusal> {
        let query = Query::read(request)?;
        let executions = self.executions();
        let all = executions.order.iter().rev().filter_map(|id| executions.by_id.get(id));
        let found: Vec<_> = all.filter(|one| query.takes(&one.status(), &one.started_at)).collect();
        let Query { limit, offset, .. } = query;
        let page: Vec<Value> = found.iter().skip(offset).take(limit).map(|execution| execution.summary()).collect();
        let has_more = offset.saturating_add(page.len()) < found.len();
        let pagination = json!({ "limit": limit, "offset": offset, "has_more": has_more });
        Ok(json!({ "executions": page, "total_count": found.len(), "pagination": pagination }))
    }

    /// The program of a workflow; compiled where it was not yet. `tell` hears how far that is.
    pub fn binary(&self, order: &Order, tell: &dyn Fn(&str, &str)) -> Result<Arc<Binary>, String> {
        let name = hash::of(order.text.as_bytes());
        let slot = self.binaries().slot(&name);
        // Whoever asks for the same workflow meanwhile waits here, and finds it done.
        let mut built = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(binary) = built.as_ref().filter(|binary| binary.path.exists()) {
            return Ok(Arc::clone(binary));
        }
        match self.compile(order, tell) {
            Ok(binary) => Ok(Arc::clone(built.insert(Arc::new(binary)))),
            Err(message) => {
                self.binaries().forget(&name);
                Err(message)
            }
        }
    }

    fn compile(&self, order: &Order, tell: &dyn Fn(&str, &str)) -> Result<Binary, String> {
        let own = self.folder.path().join(secret());
        let folder = own.join(&order.slug);
        // From here on the folder goes with it, also when nothing comes of it.
        let binary = Binary { folder: own, path: folder.join("binary") };
        let source = folder.join("workflow.json");
        let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&source, &order.text));
        written.map_err(|error| format!("cannot write {}: {error}", source.display()))?;
        let _turn = self.building.take();
        tell("compiling", "compiling");
        build(&source, &binary.path, self.limits.build_time, &self.children, tell)?;
        Ok(binary)
    }

    fn binaries(&self) -> MutexGuard<'_, Binaries> {
        self.binaries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn executions(&self) -> MutexGuard<'_, Executions> {
        self.executions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Binaries {
    fn slot(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.by_name.get(name) {
            return Arc::clone(slot);
        }
        // What goes is compiled again when it is asked for.
        while self.order.len() >= BINARIES_MAX {
            let Some(oldest) = self.order.pop_front() else { break };
            self.by_name.remove(&oldest);
        }
        self.order.push_back(name.to_owned());
        Arc::clone(self.by_name.entry(name.to_owned()).or_default())
    }

    fn forget(&mut self, name: &str) {
        self.by_name.remove(name);
        self.order.retain(|other| other != name);
    }
}

impl Executions {
    fn forget(&mut self) {
        while self.order.len() > REMEMBERED_MAX {
            let ended = self.order.iter().position(|id| self.by_id.get(id).is_none_or(|execution| execution.ended()));
            let Some(id) = ended.and_then(|at| self.order.remove(at)) else { return };
            self.by_id.remove(&id);
        }
    }
}

/// Compiles in a process of its own: it can be ended when it takes too long, and what it says is the progress.
fn build(
    source: &Path,
    out: &Path,
    limit: Duration,
    children: &Children,
    tell: &dyn Fn(&str, &str),
) -> Result<(), String> {
    let flowc = std::env::current_exe().map_err(|error| format!("cannot find flowc: {error}"))?;
    let mut command = Command::new(flowc);
    command.args(["build", "--color", "never", "-A", "warnings"]).arg(source).arg("-o").arg(out);
    command.env("CI", "true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    // With cargo and rustc, which it starts.
    command.process_group(0);
    let mut child = command.spawn().map_err(|error| format!("cannot start flowc: {error}"))?;
    let _registered = children.add_group(child.id());
    let (sender, lines) = std::sync::mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
    }
    let began = std::time::Instant::now();
    let mut last = String::new();
    loop {
        let left = limit.saturating_sub(began.elapsed());
        match lines.recv_timeout(left) {
            Ok(line) => {
                tell("compiling", line.trim());
                last = line;
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                stop::send_to_group("KILL", child.id());
                let _ = child.wait();
                return Err(format!("the build took longer than {} s", limit.as_secs()));
            }
        }
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("the workflow could not be compiled: {last}")),
        Err(error) => Err(error.to_string()),
    }
}

impl Slots {
    fn take(&self) -> Turn<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Turn(self)
    }
}

/// Gives the slot back when it is dropped.
struct Turn<'a>(&'a Slots);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

/// Without a key: load balancers have none.
fn is_health(request: &Request) -> bool {
    let path = request.path().trim_matches('/');
    request.method == "GET" && matches!(path, "health" | "health/live" | "health/ready")
}

fn no_such_path() -> Refusal {
    Refusal::new(404, "NOT_FOUND", "there is nothing at this path")
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Refusal::new(400, "INVALID_INPUT", "the body is not a JSON object")),
        Err(error) => Err(Refusal::new(400, "INVALID_JSON", error.to_string())),
    }
}

/// Looks at every byte, whatever the others were.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}

/// 32 hexadecimal digits that nobody can guess: the standard library seeds its hashers from the operating system.
fn secret() -> String {
    let half = || RandomState::new().build_hasher().finish();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_usize(COUNT.fetch_add(1, Ordering::Relaxed));
    format!("{:016x}{:016x}", half(), hasher.finish())
}

/// RFC 3339, UTC, with milliseconds.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_binary_goes() {
        let mut binaries = Binaries::default();
        for number in 0..BINARIES_MAX {
            binaries.slot(&number.to_string());
        }
        binaries.slot("new");
        binaries.slot("1");
        assert!(!binaries.by_name.contains_key("0") && binaries.by_name.contains_key("1"));
        binaries.forget("1");
        assert_eq!((binaries.by_name.len(), binaries.order.len()), (BINARIES_MAX - 1, BINARIES_MAX - 1));
    }
}
