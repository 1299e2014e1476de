//! What a running service says about itself, one line per event.
//!
//! Comes in: one call of a narrow function per kind of event; each is an event of `tracing`. Goes out: a line for people
//! when stderr is a terminal, a JSON object per line otherwise (`LOG_FORMAT=json|text` decides otherwise,
//! `LOG_LEVEL=off|error|warn|info|debug` how much; `info` unless said), on stderr or in the file that `LOG_FILE` names.
//! What concerns webhooks is also written to the file that `WEBHOOK_LOG` names.
//! Always true: a line holds ids, nodes, states, codes, durations, sizes, and the host that did not answer. No function here
//! takes a body, a header, an address of a person or an amount, so none can be logged by accident; and what other crates tell `tracing` is not written at all.
//!
//! Lines are collected and written by a thread of their own every few milliseconds, in one write: a service under load
//! pays nanoseconds per line instead of a system call. [`flush`] writes what is left; everything that ends the process
//! calls it.

mod layer;
mod sink;

use crate::node::Peer;
use crate::observe::AttemptEnd;
use layer::Lines;
use sink::{Out, Sinks};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

/// How it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// How lines look, which are written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub level: LevelFilter,
    pub format: Format,
    /// `None`: stderr.
    pub file: Option<PathBuf>,
    /// A second place for what concerns webhooks.
    pub webhooks: Option<PathBuf>,
}

static SINKS: OnceLock<Sinks> = OnceLock::new();

/// Nothing else is written, whoever says it.
const TARGET: &str = "flow";
/// The event that also goes to the webhook log.
const WEBHOOK: &str = "webhook answered";

/// One event at one of two levels: `tracing` wants to know the level of each place beforehand.
macro_rules! say {
    ($level:expr, $event:literal, $($field:tt)*) => {
        match $level {
            tracing::Level::ERROR => tracing::event!(name: $event, target: TARGET, tracing::Level::ERROR, $($field)*),
            tracing::Level::WARN => tracing::event!(name: $event, target: TARGET, tracing::Level::WARN, $($field)*),
            tracing::Level::INFO => tracing::event!(name: $event, target: TARGET, tracing::Level::INFO, $($field)*),
            _ => tracing::event!(name: $event, target: TARGET, tracing::Level::DEBUG, $($field)*),
        }
    };
}

impl Settings {
    /// From `LOG_LEVEL`, `LOG_FORMAT`, `LOG_FILE`, `WEBHOOK_LOG`.
    ///
    /// # Errors
    /// A word that is none of theirs, in small letters or in capitals.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>, terminal: bool) -> Result<Settings, String> {
        let level = match variable("LOG_LEVEL").unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "info" => LevelFilter::INFO,
            "off" => LevelFilter::OFF,
            "error" => LevelFilter::ERROR,
            "warn" => LevelFilter::WARN,
            "debug" => LevelFilter::DEBUG,
            _ => return Err("LOG_LEVEL is none of off, error, warn, info, debug".to_owned()),
        };
        let path = |name| variable(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let (file, webhooks) = (path("LOG_FILE"), path("WEBHOOK_LOG"));
        let format = match variable("LOG_FORMAT").unwrap_or_default().as_str() {
            "" if terminal && file.is_none() => Format::Text,
            "" | "json" => Format::Json,
            "text" | "pretty" => Format::Text,
            _ => return Err("LOG_FORMAT is none of text, json".to_owned()),
        };
        Ok(Settings { level, format, file, webhooks })
    }
}

/// Switches the log on, once, as these variables say. Before that, and in tests, nothing is written.
///
/// # Errors
/// A variable with a word that is none of its own; a file that cannot be opened.
pub fn init(variable: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
    let settings = Settings::from_variables(variable, std::io::stderr().is_terminal())?;
    let open = |path: Option<PathBuf>| path.map(Out::file).transpose();
    let (file, webhooks) = (open(settings.file)?, open(settings.webhooks)?);
    let sinks = SINKS.get_or_init(|| Sinks::new(file.unwrap_or(Out::Stderr), webhooks));
    let subscriber = tracing_subscriber::registry().with(Lines::new(settings.level, settings.format, sinks));
    // A program that links this crate may have a subscriber of its own; then that one hears everything.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Writes what has been collected.
pub fn flush() {
    if let Some(sinks) = SINKS.get() {
        sinks.flush();
    }
}

/// An execution was accepted and is durable. `origin` is a trigger's id, or `api`, or `command line`.
pub fn execution_accepted(execution_id: &str, origin: &str, size: usize, trace_id: Option<&str>) {
    say!(Level::INFO, "execution accepted", execution_id, trigger = origin, bytes = size as u64, trace_id);
}

/// One attempt of a node ended: `succeeded`, `not passed`, `retryable` or `failed`; the code is that of the node's error. Where
/// nobody answered, `host` says who should have.
pub fn attempt_finished(execution_id: &str, node: &str, end: &AttemptEnd) {
    let AttemptEnd { attempt, outcome, code, took, .. } = *end;
    let expected = code.is_none() || outcome == "not passed";
    let level = if expected { Level::INFO } else { Level::WARN };
    let silent = end.peer.filter(|_| !expected && end.status.is_none());
    let host = silent.map(|Peer { host, port, .. }| format!("{host}:{port}"));
    let host = host.as_deref();
    say!(level, "attempt finished", execution_id, node, attempt, outcome, code, host, duration_ms = millis(took));
}

/// A node settled: `status` is `completed`, `failed` or `cancelled`.
pub fn node_settled(execution_id: &str, node: &str, status: &str, code: Option<&str>) {
    say!(Level::DEBUG, "node settled", execution_id, node, status, code);
}

/// An execution ended: `status` is `completed`, `error` or `cancelled`; `node` is where the error was.
pub fn execution_finished(execution_id: &str, status: &str, node: Option<&str>, code: Option<&str>, took: Duration) {
    let level = if status == "error" { Level::ERROR } else { Level::INFO };
    say!(level, "execution finished", execution_id, status, node, code, duration_ms = millis(took));
}

/// What a webhook request came to.
#[derive(Debug, Clone, Copy)]
pub struct WebhookAnswer<'a> {
    /// Of the workflow; `(unknown)` for any other, which would be the sender's text.
    pub webhook_id: &'static str,
    pub status: u16,
    /// `ACCEPTED`, or the code of the refusal.
    pub outcome: &'static str,
    /// More than the answer said, such as which scheme of signature was tried.
    pub reason: &'static str,
    pub request_id: Option<&'a str>,
    pub execution_id: Option<&'a str>,
    pub took: Duration,
}

/// A request to a webhook was answered.
pub fn webhook_answered(answer: &WebhookAnswer) {
    let level = if answer.status < 400 { Level::INFO } else { Level::WARN };
    let WebhookAnswer { webhook_id, outcome, reason, request_id, execution_id, .. } = *answer;
    let (http_status, duration_ms) = (u32::from(answer.status), millis(answer.took));
    // The name is the constant WEBHOOK: the macro wants a literal.
    say!(level, "webhook answered", webhook_id, http_status, outcome, reason, request_id, execution_id, duration_ms);
}

/// A request to the API was turned away. `operation` is the last part of its path.
pub fn api_refused(operation: &str, request_id: &str, status: u16, code: &str, reason: &str) {
    say!(Level::WARN, "request refused", operation, request_id, http_status = u32::from(status), code, reason);
}

/// A request got no answer in time. What it asked for may still happen.
pub fn request_timed_out(request_id: &str) {
    say!(Level::WARN, "request timed out", request_id);
}

/// The journal cannot be written or read: nothing new is accepted, what has begun waits. `reason` names the file.
pub fn journal_failed(reason: &str) {
    say!(Level::ERROR, "journal failed", reason);
}

/// Others may read the journal, and that cannot be changed. `reason` names the file.
pub fn journal_open_to_others(reason: &str) {
    say!(Level::WARN, "journal open to others", reason);
}

/// The journal can be written again.
pub fn journal_recovered() {
    say!(Level::WARN, "journal recovered", state = "writable");
}

/// Nothing more is written: how often this process has waited for the disk, and for how many events.
pub fn journal_closed(commits: u64, events: u64) {
    say!(Level::INFO, "journal closed", commits, events);
}

/// Executions that former processes have not finished go on.
pub fn recovering(executions: usize) {
    say!(Level::INFO, "recovering", executions = executions as u64);
}

/// An execution that is not finished is left alone.
pub fn execution_left(execution_id: &str, reason: &str) {
    say!(Level::WARN, "execution left alone", execution_id, reason);
}

/// A client has as many connections as it may have, and wanted one more. Not at `info`: there may be thousands.
pub fn connection_refused() {
    say!(Level::DEBUG, "connection refused", reason = "too many from one client");
}

/// The server's certificate was read again, or could not be.
pub fn certificate_reloaded(error: Option<&str>) {
    match error {
        None => say!(Level::INFO, "certificate reloaded", state = "in use"),
        Some(error) => say!(Level::ERROR, "certificate not reloaded", error),
    }
}

/// SIGHUP came to a service that has no certificate.
pub fn nothing_reloaded() {
    say!(Level::INFO, "nothing reloaded", reason = "SIGHUP reads the files of --tls-cert again, and there are none");
}

/// The service accepts connections.
pub fn serving(workflow: &str, version: &str) {
    say!(Level::INFO, "serving", workflow, version);
}

/// The service accepts nothing new and finishes what runs.
pub fn draining(signal: &str) {
    say!(Level::INFO, "draining", signal);
}

/// The drain ended; `complete` unless its time was up first.
pub fn drained(complete: bool, took: Duration) {
    let (level, state) = if complete { (Level::INFO, "complete") } else { (Level::WARN, "time was up") };
    say!(level, "drained", state, duration_ms = millis(took));
}

/// Connections cannot be accepted for now; `error` is the operating system's word.
pub fn accept_failed(error: &std::io::Error) {
    say!(Level::ERROR, "accept failed", error = error.kind().to_string().as_str());
}

/// The last line of the audit trail: kept here, it shows later whether lines were cut off.
pub fn audit_head(number: u64, hash: &str) {
    say!(Level::INFO, "audit trail", seq = number, hash);
}

/// Lines of the audit trail cannot be written; `error` names the file and what the operating system says.
pub fn audit_failed(error: &str) {
    say!(Level::ERROR, "audit failed", error);
}

/// Where traces go: only the host. A URL may hold a key.
#[cfg(feature = "otel")]
pub fn traces_exported(host: &str) {
    say!(Level::INFO, "traces exported", host);
}

/// Something that was said about traces was not understood; it was `reason`, which repeats no value.
#[cfg(feature = "otel")]
pub fn traces_remark(reason: &str) {
    say!(Level::WARN, "traces setting", reason);
}

/// So many spans did not reach the collector.
#[cfg(feature = "otel")]
pub fn traces_dropped(spans: u64, reason: &str) {
    say!(Level::WARN, "traces dropped", spans, reason);
}

/// Something panicked, at this place of the source. What it said may hold anything, and is not repeated.
pub fn panicked(place: &str) {
    say!(Level::ERROR, "panicked", place);
}

/// Written with three decimals.
fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        let of = |variables: &[(&str, &str)], terminal| {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, is)| (*is).to_owned());
            Settings::from_variables(&variable, terminal)
        };
        let is = |level, format| Ok(Settings { level, format, file: None, webhooks: None });
        assert_eq!(of(&[], false), is(LevelFilter::INFO, Format::Json));
        assert_eq!(of(&[("LOG_LEVEL", ""), ("LOG_FORMAT", "")], true), is(LevelFilter::INFO, Format::Text));
        assert_eq!(of(&[("LOG_LEVEL", "DEBUG"), ("LOG_FORMAT", "json")], true), is(LevelFilter::DEBUG, Format::Json));
        assert_eq!(of(&[("LOG_LEVEL", "off"), ("LOG_FORMAT", "text")], false), is(LevelFilter::OFF, Format::Text));
        let file = of(&[("LOG_FILE", "/var/log/order.log")], true).unwrap();
        assert_eq!((file.format, file.file), (Format::Json, Some(PathBuf::from("/var/log/order.log"))));
        assert!(of(&[("LOG_LEVEL", "loud")], true).is_err());
        assert!(of(&[("LOG_FORMAT", "xml")], true).is_err());
    }
}
