//! The command line of every compiled binary: `run`, `serve`, `env`, and the commands on the journal.
//!
//! Comes in: the tables of one workflow, the arguments. Goes out: an exit code; results on stdout, talk on stderr.
//! Always true: nothing starts unless everything it needs is there; what is missing is listed at once.
//!
//! Exit codes: 0 completed, 1 the execution ended otherwise (or was cut off at the end of the service), 2 bad input,
//! configuration or usage, 128 + n stopped by signal n.

mod arguments;
mod audit;
#[cfg(feature = "store")]
mod executions;
mod listing;
mod manager;
mod pretty;
mod run;
mod serve;
mod signal;
mod store;
mod traces;

use crate::env::{Environment, EnvironmentError, Paths, Sources};
use crate::flow::Workflow;
use crate::out::{self, result as show};
use crate::server::TlsVersion;
use arguments::Command;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

/// What a journal keeps when nobody says.
pub(crate) fn retention() -> crate::journal::Retention {
    store::retention(&arguments::StoreOptions::default())
}

/// Runs the command line of a compiled workflow.
pub fn main(workflow: &'static Workflow) -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments.next();
    let program = program.as_deref().map(Path::new).and_then(Path::file_name).and_then(|name| name.to_str());
    let program = program.unwrap_or(workflow.name);
    std::panic::set_hook(Box::new(|panic| {
        // What a panic says may hold anything that was at hand: an order, a key. Where it happened is what helps.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        crate::log::panicked(&place);
        crate::talk!("a bug in this program: it panicked at {place}");
    }));
    let command = match arguments::parse(arguments) {
        Ok(command) => command,
        Err(message) => {
            crate::talk!("error: {message}\n\n{}\nFor more: {program} help", arguments::usage(program));
            return ExitCode::from(2);
        }
    };
    let outcome = match &command {
        Command::Help(topic) => {
            show(&arguments::help(program, workflow, *topic));
            Ok(ExitCode::SUCCESS)
        }
        Command::Version => {
            show(&format!("{} {}\n", workflow.name, workflow.version));
            Ok(ExitCode::SUCCESS)
        }
        Command::Env(options) => listing::env(workflow, options),
        Command::Audit(files) => audit::verify(files),
        Command::Run(options) => run::run(workflow, options),
        Command::Executions(_)
        | Command::Export(_)
        | Command::Show(_)
        | Command::Cancel(_)
        | Command::Erase(_)
        | Command::Resume(_) => journal(workflow, &command),
        Command::Serve(options) => serve::serve(workflow, options),
    };
    crate::log::flush();
    let code = outcome.unwrap_or_else(|failure| {
        crate::talk!("error: {}", failure.message);
        ExitCode::from(2)
    });
    match out::lost() {
        Some(why) => {
            crate::talk!("error: {why}");
            ExitCode::from(2)
        }
        None => code,
    }
}

/// The commands on the journal.
#[cfg(feature = "store")]
fn journal(workflow: &'static Workflow, command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Executions(options) => executions::list(workflow, options),
        Command::Export(options) => executions::export(workflow, options),
        Command::Show(options) => executions::show_one(workflow, options),
        Command::Cancel(options) => executions::cancel(workflow, options),
        Command::Erase(options) => executions::erase(workflow, options),
        Command::Resume(options) => match executions::ask_to_resume(workflow, options)? {
            executions::Resumption::Said(code) => Ok(code),
            executions::Resumption::Here { folder, ids, others } => {
                let code = run::resume(workflow, options, &ids, folder)?;
                Ok(if code == ExitCode::SUCCESS { ExitCode::from(others) } else { code })
            }
        },
        // Not on the journal: see `main`.
        Command::Run(_)
        | Command::Serve(_)
        | Command::Env(_)
        | Command::Help(_)
        | Command::Audit(_)
        | Command::Version => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(not(feature = "store"))]
fn journal(_: &'static Workflow, _: &Command) -> Result<ExitCode, Failure> {
    Err(Failure::from(String::from(store::NONE)))
}

/// Why a command could not do its work: bad input or configuration.
struct Failure {
    message: String,
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure { message }
    }
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Failure {
        Failure { message: error.to_string() }
    }
}

/// From the command line, else from `FLOW_TLS_MIN_VERSION`.
fn tls_version(option: Option<TlsVersion>, sources: &Sources) -> Result<TlsVersion, Failure> {
    match option {
        Some(version) => Ok(version),
        None => setting("FLOW_TLS_MIN_VERSION", sources).map(Option::unwrap_or_default),
    }
}

/// The value of a variable of this program's own, if any source has one.
fn setting<T: FromStr>(name: &str, sources: &Sources) -> Result<Option<T>, Failure>
where
    T::Err: std::fmt::Display,
{
    let text = sources.setting(name)?;
    text.map(|text| text.parse().map_err(|error| format!("{name}: {error}").into())).transpose()
}

/// A path from the command line, else from a variable. Without `sources` the usual ones are asked, and only if need be.
fn path(option: Option<&Path>, variable: &str, sources: Option<&Sources>) -> Result<Option<PathBuf>, Failure> {
    let text = match (option, sources) {
        (Some(path), _) => return Ok(Some(path.to_owned())),
        (None, Some(sources)) => sources.setting(variable)?,
        (None, None) => Sources::read(Path::new(""), &Paths::default())?.setting(variable)?,
    };
    Ok(text.map(PathBuf::from))
}

/// What a command that carries executions begins with: the sources of the environment, the log as they want it, and the
/// environment itself.
fn begin(workflow: &'static Workflow, paths: &Paths) -> Result<(Sources, Environment), Failure> {
    let sources = Sources::read(Path::new(""), paths)?;
    crate::log::init(&|name| sources.setting(name).ok().flatten())?;
    let environment = Environment::load(workflow.environment, &sources)?;
    Ok((sources, environment))
}
