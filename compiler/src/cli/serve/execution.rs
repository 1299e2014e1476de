//! One execution: a workflow compiled, started as a process of its own, watched until it ends.
//!
//! Comes in: a checked workflow and a request. Goes out: what the API shows, at any time.
//! Always true: one process per execution, which serves nobody else: whatever becomes of it, others do not notice. An
//! execution ends, whatever its process does: crashes, never answers, or cannot be built.

use super::http::{Refusal, call};
use super::{Limits, Shared};
use crate::cli::stop::Children;
use flow_runtime::engine::without_words;
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two looks at a running execution.
const LOOK: Duration = Duration::from_millis(50);
const LOOK_MAX: Duration = Duration::from_millis(500);

/// From the start of a process to its first answer.
const START_TIME: Duration = Duration::from_secs(30);

/// No answer waits longer.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// Fields of `execution_options`, but for `environment_variables`.
const OPTIONS: [&str; 2] = ["timeout", "max_parallel_nodes"];

/// So much of what a process said is kept, for the message about its end.
const SAID_MAX: usize = 4096;

pub struct Execution {
    pub id: String,
    /// What the workflow is called.
    pub flow: String,
    pub started_at: String,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    /// As the API shows it.
    view: Value,
    ended: bool,
    cancelled: bool,
    process: Option<Process>,
}

#[derive(Clone)]
struct Process {
    address: SocketAddr,
    key: String,
    /// What its own API calls the execution.
    id: String,
}

/// What to execute.
pub struct Order {
    /// Of the workflow: the hash names its binary.
    pub text: String,
    pub slug: String,
    pub input: Value,
    pub options: Map<String, Value>,
    pub environment: Vec<(String, String)>,
    /// How long the answer may wait for the end.
    pub wait: Option<Duration>,
}

impl Execution {
    pub fn new(id: String, flow: String) -> Execution {
        let started_at = super::now();
        let view = json!({
            "execution_id": id,
            "flow_id": flow,
            "status": "pending",
            "progress": 0,
            "current_node": null,
            "executed_nodes": [],
            "skipped_nodes": [],
            "pending_nodes": [],
            "failed_nodes": [],
            "duration": 0,
            "started_at": started_at,
            "completed_at": null,
            "error_message": null,
            "error_code": null,
            "build": { "state": "waiting", "message": "waiting for its turn" },
        });
        let state = State { view, ended: false, cancelled: false, process: None };
        Execution { id, flow, started_at, began: Instant::now(), state: Mutex::new(state) }
    }

    /// As it stands now.
    pub fn view(&self) -> Value {
        let mut view = self.state().view.clone();
        if !self.ended() && view["status"] == "pending" {
            view["duration"] = self.seconds();
        }
        view
    }

    /// As it stands in lists: without inputs and results, and of an error only where it was.
    pub fn summary(&self) -> Value {
        let mut view = self.view();
        if let Some(message) = view["error_message"].as_str() {
            view["error_message"] = without_words(message).into_owned().into();
        }
        let kept = ["execution_id", "flow_id", "status", "started_at", "completed_at", "duration", "error_message"];
        kept.into_iter().map(|name| (name.to_owned(), view[name].clone())).collect::<Map<_, _>>().into()
    }

    /// Until it has ended, or so long.
    pub fn wait(&self, time: Duration) {
        let until = Instant::now() + time;
        while !self.ended() && Instant::now() < until {
            std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
        }
    }

    pub fn ended(&self) -> bool {
        self.state().ended
    }

    pub fn status(&self) -> String {
        self.state().view["status"].as_str().unwrap_or_default().to_owned()
    }

    /// Asks for its end.
    pub fn cancel(&self) {
        let process = {
            let mut state = self.state();
            state.cancelled = true;
            state.process.clone()
        };
        if let Some(process) = process {
            // When the process does not listen any more, its end is seen by whoever watches it.
            let _ = call(process.address, "DELETE", &path(&process.id), &process.key, "");
        }
    }

    /// Runs to the end. Never panics; whatever goes wrong is the execution's error.
    pub fn run(self: &Arc<Self>, shared: &Shared, order: &Order) {
        let built = shared.binary(order, &|state, message| {
            self.state().view["build"] = json!({ "state": state, "message": message });
        });
        match built {
            Err(message) => self.end("error", Some(("BUILD_FAILED", message))),
            Ok(_) if self.state().cancelled => self.end("cancelled", None),
            Ok(binary) => {
                {
                    let mut state = self.state();
                    state.view["build"] = json!({ "state": "done", "message": "compiled" });
                    state.view["status"] = "running".into();
                }
                self.execute(&binary.path, order, &shared.limits, &shared.children);
            }
        }
    }

    fn execute(&self, binary: &Path, order: &Order, limits: &Limits, children: &Children) {
        let key = super::secret();
        let mut command = Command::new(binary);
        // This server remembers what there is to remember.
        command.args(["serve", "--listen", "127.0.0.1:0", "--store", "memory"]);
        command.env("FLOW_API_KEYS", &key).env_remove("FLOW_API_KEYS_FILE").envs(order.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = match command.spawn() {
            Ok(child) => Running::new(child, children),
            Err(error) => return self.end("error", Some(("START_FAILED", format!("cannot be started: {error}")))),
        };
        let said = Said::new(&mut child.0);
        let Some(address) = said.address(&mut child.0) else {
            return self.end("error", Some(("CONFIGURATION_ERROR", said.text())));
        };
        let body = json!({ "input_variables": order.input, "execution_options": order.options }).to_string();
        let id = match call(address, "POST", "/api/v1/flows/execute", &key, &body) {
            Ok((200, answer)) => answer["execution_id"].as_str().unwrap_or_default().to_owned(),
            Ok((_, answer)) => {
                let message = answer["error"]["message"].as_str().unwrap_or("was not accepted").to_owned();
                let code = answer["error"]["code"].as_str().unwrap_or("REFUSED").to_owned();
                return self.end("error", Some((&code, message)));
            }
            Err(error) => return self.crashed(&mut child, &said, &error.to_string()),
        };
        {
            let mut state = self.state();
            state.process = Some(Process { address, key: key.clone(), id: id.clone() });
        }
        if self.state().cancelled {
            self.cancel();
        }
        let mut pause = LOOK;
        loop {
            match call(address, "GET", &path(&id), &key, "") {
                Ok((200, view)) if matches!(view["status"].as_str(), Some("completed" | "error" | "cancelled")) => {
                    return self.show(view, true);
                }
                Ok((200, view)) => self.show(view, false),
                Ok((status, _)) => return self.crashed(&mut child, &said, &format!("its API answered {status}")),
                Err(error) => return self.crashed(&mut child, &said, &error.to_string()),
            }
            if self.began.elapsed() > limits.execution_time {
                let message = format!("ended after {} s", limits.execution_time.as_secs());
                return self.end("error", Some(("TIMEOUT", message)));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LOOK_MAX);
        }
    }

    /// Takes over what the process shows, under the names this server gave.
    fn show(&self, mut view: Value, ended: bool) {
        let mut state = self.state();
        view["execution_id"] = self.id.clone().into();
        view["flow_id"] = self.flow.clone().into();
        view["build"] = state.view["build"].clone();
        state.view = view;
        state.ended = ended;
        if ended {
            state.process = None;
        }
    }

    fn crashed(&self, child: &mut Running, said: &Said, why: &str) {
        let ended = child.0.try_wait().ok().flatten().map(|status| status.to_string());
        let last = said.text();
        let last = last.lines().last().unwrap_or_default();
        let message = match ended {
            Some(status) => format!("its process ended: {status}: {last}"),
            None => format!("its process does not answer: {why}"),
        };
        self.end("error", Some(("CRASHED", message)));
    }

    fn end(&self, status: &str, error: Option<(&str, String)>) {
        let mut state = self.state();
        state.view["status"] = status.into();
        state.view["current_node"] = Value::Null;
        state.view["duration"] = self.seconds();
        state.view["completed_at"] = super::now().into();
        if let Some((code, message)) = error {
            state.view["error_code"] = code.into();
            state.view["error_message"] = message.into();
        }
        state.ended = true;
        state.process = None;
    }

    fn seconds(&self) -> Value {
        json!(self.began.elapsed().as_millis() as f64 / 1000.0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path(id: &str) -> String {
    format!("/api/v1/flows/execution/{id}")
}

/// A process that does not outlive whoever watches it.
struct Running(Child, Children);

impl Running {
    fn new(child: Child, children: &Children) -> Running {
        children.add(child.id());
        Running(child, children.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.1.remove(self.0.id());
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process writes to stderr: read to the end, so that it never waits for its reader; the last of it is kept.
struct Said {
    text: Arc<Mutex<String>>,
}

impl Said {
    fn new(child: &mut Child) -> Said {
        let said = Said { text: Arc::default() };
        if let Some(stderr) = child.stderr.take() {
            let text = Arc::clone(&said.text);
            std::thread::spawn(move || {
                // Lines without end are cut: memory is not the process's to fill.
                let mut lines = BufReader::new(stderr);
                loop {
                    let mut line = Vec::new();
                    let read = lines.by_ref().take(SAID_MAX as u64).read_until(b'\n', &mut line);
                    if !matches!(read, Ok(count) if count > 0) {
                        break;
                    }
                    let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                    text.push_str(&String::from_utf8_lossy(&line));
                    let surplus = text.len().saturating_sub(SAID_MAX);
                    let cut = (surplus..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                    text.drain(..cut);
                }
            });
        }
        said
    }

    /// Where the process listens, once it says so; `None`: it ended, or said nothing of it.
    fn address(&self, child: &mut Child) -> Option<SocketAddr> {
        let began = Instant::now();
        while began.elapsed() < START_TIME {
            let found = self.text().lines().find_map(|line| line.strip_prefix("listening on http://")?.parse().ok());
            if found.is_some() {
                return found;
            }
            if child.try_wait().ok().flatten().is_some() {
                // What it said last may still be on the way.
                std::thread::sleep(LOOK);
                return None;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }

    fn text(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.trim().trim_start_matches("error: ").to_owned()
    }
}

/// The parts of a request to `execute`.
pub fn order(mut body: Map<String, Value>, allow_env: bool) -> Result<Order, Refusal> {
    let bad = |message: &str| Refusal::new(400, "INVALID_REQUEST", message);
    let flow = body.remove("flow_data").filter(Value::is_object);
    let flow =
        flow.ok_or_else(|| bad("`flow_data` is missing: this server runs any workflow, and has to be given one"))?;
    let input = body.remove("input_variables").unwrap_or_else(|| json!({}));
    if !input.is_object() {
        return Err(bad("`input_variables` is not an object"));
    }
    let mut options = match body.remove("execution_options") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(options)) => options,
        Some(_) => return Err(bad("`execution_options` is not an object")),
    };
    let mut environment = Vec::new();
    match options.shift_remove("environment_variables") {
        None | Some(Value::Null) => {}
        Some(Value::Object(variables)) if variables.is_empty() => {}
        Some(Value::Object(_)) if !allow_env => {
            let message = "`environment_variables` are not accepted: the operator has not allowed them (--allow-env)";
            return Err(Refusal::new(403, "ENVIRONMENT_NOT_ALLOWED", message));
        }
        Some(Value::Object(variables)) => {
            for (name, value) in variables {
                if !may_be_set(&name) {
                    return Err(bad(&format!("`{name}` cannot be set by a request")));
                }
                let Value::String(value) = value else {
                    return Err(bad(&format!("the value of {name} is not a text")));
                };
                environment.push((name, value));
            }
        }
        Some(_) => return Err(bad("`environment_variables` is not an object")),
    }
    let wait = match body.remove("wait") {
        None | Some(Value::Null | Value::Bool(false)) => None,
        Some(Value::Bool(true)) => Some(WAIT_MAX),
        Some(wait) => {
            let seconds = wait.as_f64().filter(|seconds| *seconds > 0.0);
            let seconds = seconds.ok_or_else(|| bad("`wait` must be true, false or a number of seconds"))?;
            Some(Duration::try_from_secs_f64(seconds).unwrap_or(WAIT_MAX).min(WAIT_MAX))
        }
    };
    if let Some(option) = options.keys().find(|option| !OPTIONS.contains(&option.as_str())) {
        return Err(bad(&format!("`execution_options` has no field `{option}`")));
    }
    let is_positive = |value: &Value| value.is_null() || value.as_f64().is_some_and(|number| number > 0.0);
    if let Some((option, _)) = options.iter().find(|(_, value)| !is_positive(value)) {
        return Err(bad(&format!("`execution_options.{option}` must be a number above 0")));
    }
    if let Some(field) = body.keys().next() {
        return Err(bad(&format!("the request has no field `{field}`")));
    }
    let text = flow.to_string();
    let slug = slug(flow["name"].as_str().unwrap_or_default());
    Ok(Order { text, slug, input, options, environment, wait })
}

/// Whether a request may set this variable. What the loader and the program itself read is not the client's to set, nor is a
/// file of this server that a value would be read from (`API_KEY_FILE`).
fn may_be_set(name: &str) -> bool {
    const OWN: [&str; 9] = ["LD_", "FLOW_", "RUST_", "LOG_", "SSL_", "OTEL_", "AUDIT_", "MALLOC_", "MIMALLOC_"];
    const OF_MACHINE: [&str; 4] = ["PATH", "HOME", "TZ", "WEBHOOK_LOG"];
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    !name.is_empty()
        && name.chars().all(is_name)
        && !OWN.iter().any(|prefix| name.starts_with(prefix))
        && !["_FILE", "_PROXY"].iter().any(|suffix| name.ends_with(suffix))
        && !OF_MACHINE.contains(&name)
}

/// `e-commerce-order-fulfillment` of `E-commerce Order Fulfillment`.
pub fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug: String = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-").chars().take(60).collect();
    if slug.is_empty() || slug.starts_with(|first: char| first.is_ascii_digit()) { "workflow".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value, allow_env: bool) -> Result<Order, Refusal> {
        let Value::Object(body) = body else { panic!("a body is an object") };
        order(body, allow_env)
    }

    #[test]
    fn environment_is_the_operators_decision() {
        let body = |name: &str| json!({"flow_data": {}, "execution_options": {"timeout": 5, "environment_variables": {name: "v"}}});
        assert_eq!(read(body("API_KEY"), false).err().unwrap().code, "ENVIRONMENT_NOT_ALLOWED");
        let order = read(body("API_KEY"), true).unwrap();
        assert_eq!(order.environment, [("API_KEY".to_owned(), "v".to_owned())]);
        assert_eq!(Value::Object(order.options), json!({"timeout": 5}));
        for name in [
            "LD_PRELOAD",
            "HTTPS_PROXY",
            "FLOW_API_KEYS",
            "PATH",
            "API_KEY_FILE",
            "AUDIT_FILE",
            "WEBHOOK_LOG",
            "a=b",
            "",
        ] {
            assert_eq!(read(body(name), true).err().unwrap().status, 400, "{name}");
        }
    }

    #[test]
    fn bodies_that_say_nothing() {
        assert!(read(json!({}), false).err().unwrap().message.contains("`flow_data` is missing"));
        assert!(read(json!({"flow_data": {}, "input_variables": []}), false).is_err());
        assert_eq!(read(json!({"flow_data": {}}), false).unwrap().input, json!({}));
    }

    #[test]
    fn names_become_slugs() {
        assert_eq!(slug("E-commerce Order Fulfillment"), "e-commerce-order-fulfillment");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug(""), "workflow");
        assert_eq!(slug("2nd"), "workflow");
    }
}
