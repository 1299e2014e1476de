//! The audit trail of a command, and `audit verify`.

use super::{Failure, show};
use crate::audit::{self, Body, Trail};
use crate::engine::Engine;
#[cfg(feature = "store")]
use crate::engine::Status;
use crate::env::Sources;
use crate::flow::Workflow;
use crate::journal::Journal;
#[cfg(feature = "store")]
use crate::observe::{self, BY_COMMAND};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Where the trail is kept unless an option says so.
const VARIABLE: &str = "AUDIT_FILE";

/// Reads a trail, and says what is wrong with it.
pub fn verify(files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let files = match files {
        [] => vec![file(None, None)?.ok_or_else(|| format!("which file? Name it, or set {VARIABLE}"))?],
        files => files.to_vec(),
    };
    let report = audit::verify(&files)?;
    for broken in &report.broken {
        crate::talk!("{broken}");
    }
    if report.torn > 0 {
        crate::talk!("the last {} bytes are an unfinished line: being written, or left by a crash", report.torn);
    }
    let state = if report.broken.is_empty() { "intact" } else { "NOT as it was written" };
    show(&format!("{state}: {} lines, the last is seq {} with hash {}\n", report.lines, report.number, report.hash));
    Ok(ExitCode::from(u8::from(!report.broken.is_empty())))
}

/// The trail that an option or the environment names, if one does.
pub fn file(option: Option<&Path>, sources: Option<&Sources>) -> Result<Option<PathBuf>, Failure> {
    super::path(option, VARIABLE, sources)
}

fn open(file: &Path, workflow: &Workflow, command: &'static str) -> Result<Arc<Trail>, Failure> {
    let trail = Trail::open(file, workflow.name).map_err(|error| error.message)?;
    trail.push(began(workflow, command));
    trail.commit().map_err(|error| error.message)?;
    Ok(trail)
}

/// Writes down that an execution is cancelled by a command, before it is.
#[cfg(feature = "store")]
pub fn cancelled(option: Option<&Path>, workflow: &Workflow, execution_id: &str) -> Result<(), Failure> {
    let Some(file) = file(option, None)? else { return Ok(()) };
    let trail = open(&file, workflow, "cancel")?;
    trail.push(observe::cancel_asked(execution_id, BY_COMMAND));
    trail.push(observe::execution_ended(execution_id, Status::Cancelled));
    trail.push(Body::now("process ended"));
    Ok(trail.close().map_err(|error| error.message)?)
}

/// Writes down that an execution is deleted by a command, before it is.
#[cfg(feature = "store")]
pub fn erased(option: Option<&Path>, workflow: &Workflow, execution_id: &str) -> Result<(), Failure> {
    let Some(file) = file(option, None)? else { return Ok(()) };
    let trail = open(&file, workflow, "erase")?;
    trail.push(observe::erase_asked(execution_id));
    trail.push(Body::now("process ended"));
    Ok(trail.close().map_err(|error| error.message)?)
}

/// Writes everything the engine does down in a trail, if there is to be one.
pub fn keep(
    file: Option<&Path>,
    workflow: &'static Workflow,
    engine: &Engine,
    journal: &dyn Journal,
    command: &'static str,
) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    let trail = open(file, workflow, command)?;
    say_head(&trail);
    if !journal.commit_with(Arc::clone(&trail)) {
        trail.commit_by_itself();
    }
    engine.observer().keep_trail(trail);
    Ok(())
}

/// Writes the end of the trail.
pub fn close(engine: &Engine) {
    let Some(trail) = engine.observer().trail() else { return };
    trail.push(Body::now("process ended"));
    match trail.close() {
        Ok(()) => say_head(trail),
        Err(error) => crate::log::audit_failed(&error.message),
    }
}

fn began(workflow: &Workflow, command: &str) -> Body {
    let body = Body::now("process began").text("command", command).text("workflow", workflow.name);
    body.text("version", workflow.version).text("flowc", env!("CARGO_PKG_VERSION"))
}

fn say_head(trail: &Arc<Trail>) {
    let (number, hash) = trail.head();
    crate::log::audit_head(number, &hash);
}
