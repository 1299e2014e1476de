//! What a running service says about itself, one line per event on stderr.
//!
//! Comes in: one call of a narrow function per kind of event. Goes out: a line for people when stderr is a terminal, a
//! JSON object per line otherwise (`LOG_FORMAT=json|text` decides otherwise, `LOG_LEVEL=off|error|warn|info|debug` how
//! much; `info` unless said).
//! Always true: a line holds ids, nodes, states, codes, durations, sizes. No function here takes a body, a header, an
//! address or an amount, so none can be logged by accident.
//!
//! Lines are collected and written by a thread of their own every few milliseconds, in one write: a service under load
//! pays nanoseconds per line instead of a system call. [`flush`] writes what is left; everything that ends the process
//! calls it.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

/// How it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// How lines look and which are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    pub level: Level,
    pub format: Format,
}

/// A field of a line.
#[derive(Debug, Clone, Copy)]
enum Field<'a> {
    Text(&'a str),
    Number(u64),
    /// Shown in milliseconds with three decimals.
    Time(Duration),
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();
static LINES: Mutex<Lines> = Mutex::new(Lines { text: String::new(), writer: false });
static WAITING: Condvar = Condvar::new();

/// How long lines are collected before they are written together.
const COLLECT: Duration = Duration::from_millis(5);
/// More than this is not collected: the thread that logs writes it itself.
const COLLECT_MAX: usize = 256 * 1024;

/// Lines that wait to be written.
struct Lines {
    text: String,
    /// The writing thread runs.
    writer: bool,
}

impl Settings {
    /// From `LOG_LEVEL` and `LOG_FORMAT`.
    ///
    /// # Errors
    /// A word that is none of theirs.
    pub fn from_variables(level: Option<&str>, format: Option<&str>, terminal: bool) -> Result<Settings, String> {
        let level = match level.unwrap_or_default() {
            "" | "info" => Level::Info,
            "off" => Level::Off,
            "error" => Level::Error,
            "warn" => Level::Warn,
            "debug" => Level::Debug,
            _ => return Err("LOG_LEVEL is none of off, error, warn, info, debug".to_owned()),
        };
        let format = match format.unwrap_or_default() {
            "" if terminal => Format::Text,
            "" | "json" => Format::Json,
            "text" | "pretty" => Format::Text,
            _ => return Err("LOG_FORMAT is none of text, json".to_owned()),
        };
        Ok(Settings { level, format })
    }
}

/// Switches the log on, once, from `LOG_LEVEL` and `LOG_FORMAT`. Before that, and in tests, nothing is written.
///
/// # Errors
/// A variable with a word that is none of its own.
pub fn init() -> Result<(), String> {
    let variable = |name| std::env::var(name).ok();
    let terminal = std::io::stderr().is_terminal();
    let settings =
        Settings::from_variables(variable("LOG_LEVEL").as_deref(), variable("LOG_FORMAT").as_deref(), terminal)?;
    SETTINGS.get_or_init(|| settings);
    Ok(())
}

/// An execution was accepted and is durable. `trigger` is a node's id, or `api`, or `command line`.
pub fn execution_accepted(execution_id: &str, trigger: &str, size: usize) {
    line(
        Level::Info,
        "execution accepted",
        &[
            ("execution_id", Field::Text(execution_id)),
            ("trigger", Field::Text(trigger)),
            ("bytes", Field::Number(size as u64)),
        ],
    );
}

/// One attempt of a node ended. `outcome` is `succeeded`, `retryable` or `failed`; `code` as in the node's error.
pub fn attempt_finished(
    execution_id: &str,
    node: &str,
    attempt: u32,
    outcome: &str,
    code: Option<&str>,
    duration: Duration,
) {
    let level = if code.is_some() { Level::Warn } else { Level::Info };
    line(
        level,
        "attempt finished",
        &[
            ("execution_id", Field::Text(execution_id)),
            ("node", Field::Text(node)),
            ("attempt", Field::Number(u64::from(attempt))),
            ("outcome", Field::Text(outcome)),
            ("code", Field::Text(code.unwrap_or_default())),
            ("duration_ms", Field::Time(duration)),
        ],
    );
}

/// A node settled: `status` is `completed`, `failed` or `skipped`.
pub fn node_settled(execution_id: &str, node: &str, status: &str, code: Option<&str>) {
    line(
        Level::Debug,
        "node settled",
        &[
            ("execution_id", Field::Text(execution_id)),
            ("node", Field::Text(node)),
            ("status", Field::Text(status)),
            ("code", Field::Text(code.unwrap_or_default())),
        ],
    );
}

/// An execution ended: `status` is `completed`, `error` or `cancelled`; `node` is where the error was.
pub fn execution_finished(
    execution_id: &str,
    status: &str,
    node: Option<&str>,
    code: Option<&str>,
    duration: Duration,
) {
    let level = if status == "error" { Level::Error } else { Level::Info };
    line(
        level,
        "execution finished",
        &[
            ("execution_id", Field::Text(execution_id)),
            ("status", Field::Text(status)),
            ("node", Field::Text(node.unwrap_or_default())),
            ("code", Field::Text(code.unwrap_or_default())),
            ("duration_ms", Field::Time(duration)),
        ],
    );
}

/// A webhook request was turned away. `reason` says more than the answer did, such as which scheme of signature was tried.
pub fn webhook_refused(webhook_id: &str, request_id: &str, status: u16, code: &str, reason: &str) {
    line(
        Level::Warn,
        "webhook refused",
        &[
            ("webhook_id", Field::Text(webhook_id)),
            ("request_id", Field::Text(request_id)),
            ("http_status", Field::Number(u64::from(status))),
            ("code", Field::Text(code)),
            ("reason", Field::Text(reason)),
        ],
    );
}

/// A request to the API was turned away. `operation` is the last part of its path.
pub fn api_refused(operation: &str, request_id: &str, status: u16, code: &str, reason: &str) {
    line(
        Level::Warn,
        "request refused",
        &[
            ("operation", Field::Text(operation)),
            ("request_id", Field::Text(request_id)),
            ("http_status", Field::Number(u64::from(status))),
            ("code", Field::Text(code)),
            ("reason", Field::Text(reason)),
        ],
    );
}

/// The journal cannot be written or read: nothing new is accepted, what has begun waits. `reason` names the file.
pub fn journal_failed(reason: &str) {
    line(Level::Error, "journal failed", &[("reason", Field::Text(reason))]);
}

/// The journal can be written again.
pub fn journal_recovered() {
    line(Level::Warn, "journal recovered", &[]);
}

/// Nothing more is written: how often this process has waited for the disk, and for how many events.
pub fn journal_closed(commits: u64, events: u64) {
    line(Level::Info, "journal closed", &[("commits", Field::Number(commits)), ("events", Field::Number(events))]);
}

/// Executions that former processes have not finished go on.
pub fn recovering(executions: usize) {
    line(Level::Info, "recovering", &[("executions", Field::Number(executions as u64))]);
}

/// An execution that is not finished is left alone.
pub fn execution_left(execution_id: &str, reason: &str) {
    line(
        Level::Warn,
        "execution left alone",
        &[("execution_id", Field::Text(execution_id)), ("reason", Field::Text(reason))],
    );
}

/// A client has as many connections as it may have, and wanted one more. Not at `info`: there may be thousands.
pub fn connection_refused() {
    line(Level::Debug, "connection refused", &[("reason", Field::Text("too many from one client"))]);
}

/// The server's certificate was read again, or could not be.
pub fn certificate_reloaded(error: Option<&str>) {
    match error {
        None => line(Level::Info, "certificate reloaded", &[]),
        Some(error) => line(Level::Error, "certificate not reloaded", &[("error", Field::Text(error))]),
    }
}

/// The service accepts connections.
pub fn serving(workflow: &str, version: &str) {
    line(Level::Info, "serving", &[("workflow", Field::Text(workflow)), ("version", Field::Text(version))]);
}

/// The service accepts nothing new and finishes what runs.
pub fn draining(signal: &str) {
    line(Level::Info, "draining", &[("signal", Field::Text(signal))]);
}

/// The drain ended; `complete` unless its time was up first.
pub fn drained(complete: bool, duration: Duration) {
    let (level, state) = if complete { (Level::Info, "complete") } else { (Level::Warn, "time was up") };
    line(level, "drained", &[("state", Field::Text(state)), ("duration_ms", Field::Time(duration))]);
}

/// Connections cannot be accepted for now; `error` is the operating system's word.
pub fn accept_failed(error: &std::io::Error) {
    line(Level::Error, "accept failed", &[("error", Field::Text(&error.kind().to_string()))]);
}

/// Writes what has been collected.
pub fn flush() {
    // Stderr is locked before the lines are taken: two writers cannot swap their order, and whoever gets the lock knows
    // that everything taken before is written.
    let mut stderr = std::io::stderr().lock();
    let text = std::mem::take(&mut lock().text);
    // Nobody is left to tell when stderr is gone.
    let _ = stderr.write_all(text.as_bytes());
}

fn line(level: Level, event: &str, fields: &[(&str, Field)]) {
    let Some(settings) = SETTINGS.get() else { return };
    if level > settings.level {
        return;
    }
    let time = jiff::Timestamp::now();
    let mut lines = lock();
    write_line(&mut lines.text, settings.format, level, event, fields, time);
    if !lines.writer {
        let writer = std::thread::Builder::new().name("log".to_owned()).stack_size(64 * 1024).spawn(write_for_ever);
        lines.writer = writer.is_ok();
    }
    let write_now = !lines.writer || lines.text.len() > COLLECT_MAX;
    drop(lines);
    if write_now {
        flush();
    } else {
        WAITING.notify_one();
    }
}

fn write_for_ever() {
    loop {
        let mut lines = lock();
        while lines.text.is_empty() {
            lines = WAITING.wait(lines).unwrap_or_else(PoisonError::into_inner);
        }
        drop(lines);
        std::thread::sleep(COLLECT);
        flush();
    }
}

fn lock() -> MutexGuard<'static, Lines> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Empty fields are left out.
fn write_line(
    text: &mut String,
    format: Format,
    level: Level,
    event: &str,
    fields: &[(&str, Field)],
    time: jiff::Timestamp,
) {
    let fields = fields.iter().filter(|(_, field)| !matches!(field, Field::Text("")));
    match format {
        Format::Json => {
            let level = level_name(level).trim_end().to_ascii_lowercase();
            let _ = write!(text, "{{\"time\":\"{time:.3}\",\"level\":\"{level}\",\"event\":\"{event}\"");
            for (name, field) in fields {
                let _ = write!(text, ",\"{name}\":");
                write_field(text, *field, true);
            }
            text.push_str("}\n");
        }
        Format::Text => {
            let _ = write!(text, "{time:.3} {} {event:<18}", level_name(level));
            for (name, field) in fields {
                let _ = write!(text, " {name}=");
                write_field(text, *field, false);
            }
            text.push('\n');
        }
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Off => "OFF  ",
        Level::Error => "ERROR",
        Level::Warn => "WARN ",
        Level::Info => "INFO ",
        Level::Debug => "DEBUG",
    }
}

fn write_field(text: &mut String, field: Field, quotes: bool) {
    match field {
        Field::Number(number) => {
            let _ = write!(text, "{number}");
        }
        Field::Time(duration) => {
            let _ = write!(text, "{}.{:03}", duration.as_millis(), duration.subsec_micros() % 1000);
        }
        // Always quoted when it holds anything that could end the field or the line.
        Field::Text(value) => {
            let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
            if !quotes && value.bytes().all(plain) {
                text.push_str(value);
                return;
            }
            text.push('"');
            for character in value.chars() {
                match character {
                    '"' | '\\' => text.extend(['\\', character]),
                    control if control.is_control() => {
                        let _ = write!(text, "\\u{:04x}", u32::from(control));
                    }
                    _ => text.push(character),
                }
            }
            text.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: Format, fields: &[(&str, Field)]) -> String {
        let mut text = String::new();
        let time = jiff::Timestamp::from_millisecond(1_763_835_664_005).unwrap();
        write_line(&mut text, format, Level::Info, "node settled", fields, time);
        text
    }

    #[test]
    fn lines_for_machines_are_json() {
        let fields = [
            ("node", Field::Text("a\"b\n\u{85}")),
            ("code", Field::Text("")),
            ("attempt", Field::Number(2)),
            ("duration_ms", Field::Time(Duration::from_micros(1_042_007))),
        ];
        let line = shown(Format::Json, &fields);
        assert_eq!(
            line,
            "{\"time\":\"2025-11-22T18:21:04.005Z\",\"level\":\"info\",\"event\":\"node settled\",\
             \"node\":\"a\\\"b\\u000a\\u0085\",\"attempt\":2,\"duration_ms\":1042.007}\n"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["node"], "a\"b\n\u{85}");
    }

    #[test]
    fn lines_for_people_cannot_be_broken_by_a_value() {
        let fields = [("node", Field::Text("pay")), ("code", Field::Text("A B\nERROR forged"))];
        assert_eq!(
            shown(Format::Text, &fields),
            "2025-11-22T18:21:04.005Z INFO  node settled       node=pay code=\"A B\\u000aERROR forged\"\n"
        );
    }

    #[test]
    fn settings() {
        let both = |level, format, terminal| Settings::from_variables(level, format, terminal);
        let of = |level, format| Ok(Settings { level, format });
        assert_eq!(both(None, None, false), of(Level::Info, Format::Json));
        assert_eq!(both(Some(""), Some(""), true), of(Level::Info, Format::Text));
        assert_eq!(both(Some("debug"), Some("json"), true), of(Level::Debug, Format::Json));
        assert_eq!(both(Some("off"), Some("text"), false), of(Level::Off, Format::Text));
        assert!(both(Some("loud"), None, true).is_err());
        assert!(both(None, Some("xml"), true).is_err());
    }
}
