//! `run`: one execution, printed.

use super::arguments::RunOptions;
use super::pretty::pretty;
use super::signal::{Signals, Stop};
use super::{Failure, begin, show, store};
use crate::engine::{Engine, Handle, StartedBy, Status, either};
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
use std::time::Duration;

/// How long the end of an execution may take once a signal has asked for it: nothing but a journal that cannot be written takes long.
const END_LIMIT: Duration = Duration::from_secs(5);

/// How a command carries its execution.
struct Manner<'a> {
    tls: Option<TlsVersion>,
    audit: Option<&'a Path>,
    pretty: Option<bool>,
    at_signal: AtSignal,
}

/// What the first signal does to the execution.
#[derive(Clone, Copy)]
enum AtSignal {
    Cancels,
    /// The journal has it, for the next process.
    #[cfg(feature = "store")]
    Leaves,
}

/// Runs one execution to its end and prints it.
pub fn run(workflow: &'static Workflow, options: &RunOptions) -> Result<ExitCode, Failure> {
    let input = input(workflow, options.input.as_deref())?;
    let begun = begin(workflow, &options.paths)?;
    let journal = store::of_run(workflow, options.data.as_ref())?;
    tell_unfinished(&*journal)?;
    let (tls, audit) = (options.tls_min_version, options.audit.as_deref());
    let manner = Manner { tls, audit, pretty: options.pretty, at_signal: AtSignal::Cancels };
    carry(workflow, begun, journal, manner, async |engine: &Arc<Engine>| {
        check(workflow, engine.trigger(StartedBy::Hand), &input).map_err(|failure| failure.message)?;
        let started = engine.start(input, StartedBy::Hand).await;
        started.map(|handle| vec![handle]).map_err(|error| error.to_string())
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

/// Runs executions of the journal to their ends, side by side, and prints them.
#[cfg(feature = "store")]
pub fn resume(
    workflow: &'static Workflow,
    options: &super::arguments::ExecutionOptions,
    ids: &[crate::journal::Id],
    folder: std::path::PathBuf,
) -> Result<ExitCode, Failure> {
    let begun = begin(workflow, &options.paths)?;
    let journal = store::of_run(workflow, Some(&folder))?;
    let audit = options.audit.as_deref();
    let manner = Manner { tls: None, audit, pretty: options.pretty, at_signal: AtSignal::Leaves };
    let cannot = std::cell::Cell::new(false);
    let code = carry(workflow, begun, journal, manner, async |engine: &Arc<Engine>| {
        let (mut handles, mut errors) = (Vec::new(), Vec::new());
        for &id in ids {
            match engine.resume(id) {
                Ok(handle) => handles.push(handle),
                Err(error) => errors.push(error.message),
            }
        }
        // What can go on does.
        if handles.is_empty() {
            return Err(errors.join("\nerror: "));
        }
        for error in &errors {
            crate::talk!("error: {error}");
        }
        cannot.set(!errors.is_empty());
        Ok(handles)
    })?;
    Ok(if cannot.get() { ExitCode::from(2) } else { code })
}

fn carry(
    workflow: &'static Workflow,
    (sources, environment): (Sources, Environment),
    journal: Arc<dyn Journal>,
    manner: Manner,
    start: impl AsyncFnOnce(&Arc<Engine>) -> Result<Vec<Handle>, String>,
) -> Result<ExitCode, Failure> {
    let tls = super::tls_version(manner.tls, &sources)?;
    let audit = super::audit::file(manner.audit, Some(&sources))?;
    let services = Services::speaking(workflow, tls).map_err(|fault| fault.message)?;
    // One execution waits for its effects most of the time: one thread carries it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let (views, code) = runtime.block_on(async {
        let engine = Engine::new(workflow, environment, services, Arc::clone(&journal));
        super::traces::keep(&engine, tls, &sources)?;
        super::audit::keep(audit.as_deref(), workflow, &engine, &*journal, "run")?;
        let mut signals = Signals::new().map_err(|error| format!("cannot handle signals: {error}"))?;
        let handles = start(&engine).await?;
        for handle in &handles {
            engine.heed_cancel(handle);
        }
        let ids: Vec<String> = handles.iter().map(|handle| handle.id().to_owned()).collect();
        let ended = async { Ok(all_complete(&handles).await) };
        let stopped = async { Err(signals.next().await) };
        let code = match either(ended, stopped).await {
            Ok(complete) => u8::from(!complete),
            Err(stop) => {
                let complete = match manner.at_signal {
                    AtSignal::Cancels => cancel(stop, signals, &engine, &handles).await,
                    #[cfg(feature = "store")]
                    AtSignal::Leaves => leave(signals, &engine, handles).await,
                };
                if complete { 0 } else { stop.exit_code() }
            }
        };
        super::audit::close(&engine);
        super::traces::close(&engine).await;
        let views: Vec<String> = ids.iter().map(|id| engine.view(id).unwrap_or_default()).collect();
        Ok::<_, Failure>((views, code))
    })?;
    // A name being looked up on another thread need not be waited for.
    runtime.shutdown_background();
    journal.close();
    let indent = manner.pretty.unwrap_or_else(|| std::io::stdout().is_terminal());
    crate::log::flush();
    for view in views {
        show(&if indent { pretty(&view) } else { view + "\n" });
    }
    Ok(ExitCode::from(code))
}

/// Waits for their ends. Whether all have completed.
async fn all_complete(handles: &[Handle]) -> bool {
    let mut complete = true;
    for handle in handles {
        complete &= handle.finished().await == Status::Completed;
    }
    complete
}

/// Ends executions, which a signal has asked for. Whether all have completed all the same.
async fn cancel(stop: Stop, signals: Signals, engine: &Arc<Engine>, handles: &[Handle]) -> bool {
    for handle in handles {
        engine.observer().cancel_asked(handle.id(), stop.name());
        engine.cancel(handle.id());
    }
    let ids = handles.iter().map(|handle| handle.id().to_owned()).collect();
    tokio::spawn(end_in_time(stop, signals, Arc::clone(engine), ids));
    all_complete(handles).await
}

/// Leaves executions to the next process as a service does that stops: at once those that only wait. Whether all have completed.
#[cfg(feature = "store")]
async fn leave(mut signals: Signals, engine: &Engine, handles: Vec<Handle>) -> bool {
    use super::signal::DRAIN_LIMIT;
    /// How long nothing is said: mostly there is nothing that takes long.
    const QUIET: Duration = Duration::from_secs(1);
    let ids: Vec<String> = handles.iter().map(|handle| handle.id().to_owned()).collect();
    // Nothing else keeps them in memory.
    drop(handles);
    tokio::spawn(async move { signals.next().await.exit() });
    if engine.drain(QUIET).await > 0 {
        let seconds = DRAIN_LIMIT.as_secs();
        for id in ids.iter().filter(|id| engine.handle(id).is_some()) {
            crate::talk!("{id} is at work, and gets {seconds} s in all; a second signal ends the command at once");
        }
        engine.drain(DRAIN_LIMIT - QUIET).await;
    }
    let mut complete = true;
    for id in ids {
        let status = engine.status(&id).unwrap_or(Status::Running);
        if !status.is_final() {
            crate::talk!("{id} has not ended: it goes on with the next `resume` or `serve`");
        }
        complete &= status == Status::Completed;
    }
    complete
}

/// A second signal ends the process; so does a journal in which the end of the execution cannot be written.
async fn end_in_time(stop: Stop, mut signals: Signals, engine: Arc<Engine>, execution_ids: Vec<String>) {
    if tokio::time::timeout(END_LIMIT, signals.next()).await.is_err() {
        match engine.journal_ready() {
            Ok(()) => drop(signals.next().await),
            Err(error) => {
                for id in &execution_ids {
                    crate::talk!(
                        "{id}: its end cannot be written down, so it has none: {error}\n`resume {id}` goes on with it"
                    );
                }
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
