//! The audit trail of a command, and `audit verify`.

use super::{Failure, show};
use crate::audit::{self, Body, Trail};
use crate::engine::Engine;
#[cfg(feature = "store")]
use crate::engine::Status;
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
    let files = match (files, from_environment()) {
        ([], None) => return Err(format!("which file? Name it, or set {VARIABLE}").into()),
        ([], Some(file)) => vec![file],
        (files, _) => files.to_vec(),
    };
    let report = audit::verify(&files)?;
    for broken in &report.broken {
        eprintln!("{broken}");
    }
    if report.torn > 0 {
        eprintln!("the last {} bytes are an unfinished line: being written, or left by a crash", report.torn);
    }
    let state = if report.broken.is_empty() { "intact" } else { "NOT as it was written" };
    show(&format!("{state}: {} lines, the last is seq {} with hash {}\n", report.lines, report.number, report.hash));
    Ok(ExitCode::from(u8::from(!report.broken.is_empty())))
}

/// Opens the trail that an option or the environment names, if one does.
fn open(option: Option<&Path>, workflow: &Workflow, command: &'static str) -> Result<Option<Arc<Trail>>, Failure> {
    let Some(file) = option.map(Path::to_owned).or_else(from_environment) else { return Ok(None) };
    let trail = Trail::open(&file, workflow.name).map_err(|error| error.message)?;
    trail.push(began(workflow, command));
    trail.commit().map_err(|error| error.message)?;
    Ok(Some(trail))
}

/// Writes down that an execution is cancelled by a command, before it is.
#[cfg(feature = "store")]
pub fn cancelled(option: Option<&Path>, workflow: &Workflow, execution_id: &str) -> Result<(), Failure> {
    let Some(trail) = open(option, workflow, "cancel")? else { return Ok(()) };
    trail.push(observe::cancel_asked(execution_id, BY_COMMAND));
    trail.push(observe::execution_ended(execution_id, Status::Cancelled));
    trail.push(Body::now("process ended"));
    Ok(trail.close().map_err(|error| error.message)?)
}

/// Writes everything the engine does down in the trail that an option or the environment names.
pub fn keep(
    option: Option<&Path>,
    workflow: &'static Workflow,
    engine: &Engine,
    journal: &dyn Journal,
    command: &'static str,
) -> Result<(), Failure> {
    let Some(trail) = open(option, workflow, command)? else { return Ok(()) };
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

fn from_environment() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|file| !file.is_empty()).map(PathBuf::from)
}
