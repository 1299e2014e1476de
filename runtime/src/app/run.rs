//! `run`: one execution, printed.

use super::arguments::RunOptions;
use super::pretty::pretty;
use super::signal::{Signals, Stop};
use super::{Failure, begin, show, store};
use crate::engine::{Engine, Handle, StartedBy, Status};
use crate::env::{Environment, Sources};
use crate::flow::Workflow;
use crate::journal::Journal;
use crate::node::{Services, TlsVersion};
use crate::trigger::{InputError, Schema, read_input};
use crate::value::{Doc, Limits};
use std::ffi::OsStr;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How long the end of an execution may take once a signal has asked for it: nothing but a journal that cannot be written takes long.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Runs one execution to its end and prints it.
pub fn run(workflow: &'static Workflow, options: &RunOptions) -> Result<ExitCode, Failure> {
    let input = input(workflow, options.input.as_deref())?;
    let begun = begin(workflow, &options.paths)?;
    let journal = store::of_run(workflow, options.data.as_ref())?;
    tell_unfinished(&*journal)?;
    let (tls, audit) = (options.tls_min_version, options.audit.as_deref());
    carry(workflow, begun, tls, journal, options.pretty, audit, async |engine: &Arc<Engine>| {
        check(workflow, engine.trigger(StartedBy::Hand), &input).map_err(|failure| failure.message)?;
        engine.start(input, StartedBy::Hand).await.map_err(|error| error.to_string())
    })
}

/// What a former `run` did not bring to its end goes on only when somebody asks for it.
fn tell_unfinished(journal: &dyn Journal) -> Result<(), Failure> {
    let Some(store) = journal.store() else { return Ok(()) };
    let unfinished = store.unfinished().map_err(|error| error.message)?;
    if let [first, others @ ..] = unfinished.as_slice() {
        let others = match others.len() {
            0 => String::new(),
            count => format!("; {count} more: `executions --status running`"),
        };
        crate::talk!("{first} has not ended: `resume {first}` goes on with it{others}");
    }
    Ok(())
}

/// Runs one execution of the journal to its end and prints it.
#[cfg(feature = "store")]
pub fn resume(
    workflow: &'static Workflow,
    options: &super::arguments::ExecutionOptions,
    folder: std::path::PathBuf,
) -> Result<ExitCode, Failure> {
    let begun = begin(workflow, &options.paths)?;
    let journal = store::of_run(workflow, Some(&folder))?;
    let audit = options.audit.as_deref();
    carry(workflow, begun, None, journal, options.pretty, audit, async |engine: &Arc<Engine>| {
        engine.resume(options.id).map_err(|error| error.message)
    })
}

fn carry(
    workflow: &'static Workflow,
    (sources, environment): (Sources, Environment),
    tls: Option<TlsVersion>,
    journal: Arc<dyn Journal>,
    pretty_wanted: Option<bool>,
    audit: Option<&Path>,
    start: impl AsyncFnOnce(&Arc<Engine>) -> Result<Handle, String>,
) -> Result<ExitCode, Failure> {
    let tls = super::tls_version(tls, &sources)?;
    let audit = super::audit::file(audit, Some(&sources))?;
    let services = Services::speaking(workflow, tls).map_err(|fault| fault.message)?;
    // One execution waits for its effects most of the time: one thread carries it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let (view, code) = runtime.block_on(async {
        let engine = Engine::new(workflow, environment, services, Arc::clone(&journal));
        super::traces::keep(&engine, tls, &sources)?;
        super::audit::keep(audit.as_deref(), workflow, &engine, &*journal, "run")?;
        let signals = Signals::new().map_err(|error| format!("cannot handle signals: {error}"))?;
        let handle = start(&engine).await?;
        engine.heed_cancel(&handle);
        let stopped = Arc::new(AtomicU8::new(0));
        tokio::spawn(cancel_on_signal(signals, Arc::clone(&engine), handle.id().to_owned(), Arc::clone(&stopped)));
        let status = handle.finished().await;
        super::audit::close(&engine);
        super::traces::close(&engine).await;
        let view = engine.view(handle.id()).unwrap_or_default();
        let code = match (status, stopped.load(Ordering::Relaxed)) {
            (Status::Completed, _) => 0,
            (_, 0) => 1,
            (_, signal) => signal,
        };
        Ok::<_, Failure>((view, code))
    })?;
    // A name being looked up on another thread need not be waited for.
    runtime.shutdown_background();
    journal.close();
    let indent = pretty_wanted.unwrap_or_else(|| std::io::stdout().is_terminal());
    crate::log::flush();
    show(&if indent { pretty(&view) } else { view + "\n" });
    Ok(ExitCode::from(code))
}

/// The first signal cancels the execution, the second ends the process.
async fn cancel_on_signal(mut signals: Signals, engine: Arc<Engine>, execution_id: String, stopped: Arc<AtomicU8>) {
    let stop: Stop = signals.next().await;
    stopped.store(stop.exit_code(), Ordering::Relaxed);
    engine.observer().cancel_asked(&execution_id, stop.name());
    engine.cancel(&execution_id);
    if tokio::time::timeout(END_LIMIT, signals.next()).await.is_err() {
        match engine.journal_ready() {
            Ok(()) => drop(signals.next().await),
            Err(error) => {
                let id = &execution_id;
                crate::talk!(
                    "{id}: its end cannot be written down, so it has none: {error}\n`resume {id}` goes on with it"
                );
            }
        }
    }
    stop.exit();
}

/// Against the schema of the trigger that it is for.
fn check(workflow: &'static Workflow, trigger: Option<usize>, input: &Doc) -> Result<(), Failure> {
    let Some(schema) = trigger.and_then(|node| workflow.nodes[node].input_schema) else { return Ok(()) };
    let mismatches = Schema::new(schema).check(input.text());
    if mismatches.is_empty() {
        return Ok(());
    }
    let mut message = String::from("the input does not fit the workflow's input schema");
    for mismatch in mismatches {
        message.push_str(&format!("\n  {mismatch}"));
    }
    Err(message.into())
}

fn input(workflow: &'static Workflow, file: Option<&OsStr>) -> Result<Doc, Failure> {
    let size_max = Limits::default().size;
    let (name, bytes) = match file {
        None if workflow.input.fields.is_empty() => ("the input".to_owned(), b"{}".to_vec()),
        None => return Err("the input is missing: --input FILE, or `--input -` for stdin".to_owned().into()),
        Some(file) if file == "-" => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().take(size_max as u64 + 1).read_to_end(&mut bytes);
            ("stdin".to_owned(), read.map(|_| bytes).map_err(|error| format!("cannot read stdin: {error}"))?)
        }
        Some(file) => {
            let name = file.to_string_lossy().into_owned();
            let bytes = std::fs::read(file).map_err(|error| format!("cannot read {name}: {error}"))?;
            (name, bytes)
        }
    };
    read_input(&bytes, workflow.input, size_max).map_err(|error| match error {
        InputError::NotJson { .. } => format!("{name}:{error}").into(),
        InputError::NotAnObject => format!("{name}: {error}").into(),
    })
}
