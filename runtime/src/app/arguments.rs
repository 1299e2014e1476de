//! Arguments and help texts.
//!
//! Comes in: the arguments. Goes out: a [`Command`], or what is wrong with them.

use crate::engine::Status;
use crate::env::Paths;
use crate::flow::Workflow;
use crate::journal::Id;
use crate::server::{RateLimit, TlsVersion};
use lexopt::{Arg, Parser, ValueExt};
use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Run(RunOptions),
    Serve(Box<ServeOptions>),
    Env(EnvOptions),
    Executions(ListOptions),
    Export(ListOptions),
    Show(ExecutionOptions),
    Cancel(ExecutionOptions),
    Erase(ExecutionOptions),
    Resume(ExecutionOptions),
    /// Verify these files; none: the one the environment names.
    Audit(Vec<PathBuf>),
    Help(Topic),
    Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    All,
    Run,
    Serve,
    Env,
    Executions,
    Export,
    Show,
    Cancel,
    Erase,
    Resume,
    Audit,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// A path; `-`: stdin.
    pub input: Option<OsString>,
    /// `None`: as stdout is a terminal or not.
    pub pretty: Option<bool>,
    /// Where the execution is written down; `None`: nowhere.
    pub data: Option<PathBuf>,
    pub tls_min_version: Option<TlsVersion>,
    pub audit: Option<PathBuf>,
    pub paths: Paths,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct ServeOptions {
    pub listen: Vec<String>,
    pub allow_ip: Vec<String>,
    pub trusted_proxy: Vec<String>,
    pub body_max: Option<usize>,
    pub api_key_file: Vec<PathBuf>,
    pub allow_env: Vec<String>,
    pub store: StoreOptions,
    pub admin_listen: Vec<String>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub tls_min_version: Option<TlsVersion>,
    pub rate_limit: Option<RateLimit>,
    pub connections_max: Option<usize>,
    pub connections_per_client: Option<usize>,
    pub header_timeout: Option<Duration>,
    pub idle_timeout: Option<Duration>,
    pub request_timeout: Option<Duration>,
    pub audit: Option<PathBuf>,
    pub no_metrics: bool,
    pub paths: Paths,
}

/// Which executions of a journal.
#[derive(Debug, PartialEq, Eq)]
pub struct ListOptions {
    pub status: Option<Status>,
    pub limit: usize,
    pub offset: usize,
    pub json: bool,
    pub data: Option<PathBuf>,
}

/// Executions of a journal.
#[derive(Debug, PartialEq, Eq)]
pub struct ExecutionOptions {
    /// At least one, and none twice; of `show` one.
    pub ids: Vec<Id>,
    /// `None`: as stdout is a terminal or not.
    pub pretty: Option<bool>,
    pub data: Option<PathBuf>,
    pub audit: Option<PathBuf>,
    pub paths: Paths,
}

/// Where executions are written down, and how many.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// `None`: as the environment says, or the workflow's own.
    pub data: Option<PathBuf>,
    /// Nowhere.
    pub memory: bool,
    pub keep_days: Option<Keep>,
    pub keep_executions: Option<Keep>,
    pub unfinished_max: Option<usize>,
    pub working_max: Option<usize>,
}

/// How much of the past to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    All,
    Last(usize),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct EnvOptions {
    pub check: bool,
    pub paths: Paths,
}

/// # Errors
/// What is wrong, for people.
pub fn parse(arguments: impl Iterator<Item = OsString> + 'static) -> Result<Command, String> {
    parse_lexopt(Parser::from_args(arguments)).map_err(|error| error.to_string())
}

fn parse_lexopt(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let Some(first) = parser.next()? else { return Err("a command is missing: `help` lists them".into()) };
    match first {
        Arg::Short('h') | Arg::Long("help") => Ok(Command::Help(Topic::All)),
        Arg::Short('V') | Arg::Long("version") => Ok(Command::Version),
        Arg::Value(command) => {
            match command.to_str() {
                Some("run") => run(&mut parser),
                Some("serve") => serve(&mut parser),
                Some("env") => env(&mut parser),
                Some("audit") => audit(&mut parser),
                Some("executions") => list(&mut parser, Topic::Executions)
                    .map(|parsed| parsed.map_or_else(Command::Help, Command::Executions)),
                Some("export") => {
                    list(&mut parser, Topic::Export).map(|parsed| parsed.map_or_else(Command::Help, Command::Export))
                }
                Some("show") => {
                    execution(&mut parser, Topic::Show).map(|parsed| parsed.map_or_else(Command::Help, Command::Show))
                }
                Some("cancel") => execution(&mut parser, Topic::Cancel)
                    .map(|parsed| parsed.map_or_else(Command::Help, Command::Cancel)),
                Some("erase") => {
                    execution(&mut parser, Topic::Erase).map(|parsed| parsed.map_or_else(Command::Help, Command::Erase))
                }
                Some("resume") => execution(&mut parser, Topic::Resume)
                    .map(|parsed| parsed.map_or_else(Command::Help, Command::Resume)),
                Some("help") => help_topic(&mut parser),
                _ => Err(format!("there is no command `{}`", command.to_string_lossy()).into()),
            }
        }
        other => Err(other.unexpected()),
    }
}

fn run(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut options = RunOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Run)),
            Arg::Short('i') | Arg::Long("input") => options.input = Some(parser.value()?),
            Arg::Long("pretty") => options.pretty = Some(true),
            Arg::Long("compact") => options.pretty = Some(false),
            Arg::Long("data") => options.data = Some(parser.value()?.into()),
            Arg::Long("tls-min-version") => {
                options.tls_min_version = Some(read(parser, "tls-min-version", str::parse)?)
            }
            Arg::Long("audit") => options.audit = Some(parser.value()?.into()),
            Arg::Long("env-file") => options.paths.env_file = Some(parser.value()?.into()),
            Arg::Long("config") => options.paths.config = Some(parser.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Run(options))
}

fn serve(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut options = ServeOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Serve)),
            Arg::Long("listen") => options.listen.push(parser.value()?.string()?),
            Arg::Long("allow-ip") => options.allow_ip.push(parser.value()?.string()?),
            Arg::Long("trusted-proxy") => options.trusted_proxy.push(parser.value()?.string()?),
            Arg::Long("api-key-file") => options.api_key_file.push(parser.value()?.into()),
            Arg::Long("allow-env") => options.allow_env.push(parser.value()?.string()?),
            Arg::Long("admin-listen") => options.admin_listen.push(parser.value()?.string()?),
            Arg::Long("tls-cert") => options.tls_cert = Some(parser.value()?.into()),
            Arg::Long("tls-key") => options.tls_key = Some(parser.value()?.into()),
            Arg::Long("tls-min-version") => {
                options.tls_min_version = Some(read(parser, "tls-min-version", str::parse)?)
            }
            Arg::Long("rate-limit") => options.rate_limit = Some(read(parser, "rate-limit", str::parse)?),
            Arg::Long("max-connections") => options.connections_max = Some(read(parser, "max-connections", most)?),
            Arg::Long("max-connections-per-client") => {
                options.connections_per_client = Some(read(parser, "max-connections-per-client", most)?);
            }
            Arg::Long("header-timeout") => options.header_timeout = Some(read(parser, "header-timeout", duration)?),
            Arg::Long("idle-timeout") => options.idle_timeout = Some(read(parser, "idle-timeout", duration)?),
            Arg::Long("request-timeout") => options.request_timeout = Some(read(parser, "request-timeout", duration)?),
            Arg::Long("audit") => options.audit = Some(parser.value()?.into()),
            Arg::Long("no-metrics") => options.no_metrics = true,
            Arg::Long("max-body") => options.body_max = Some(read(parser, "max-body", size)?),
            Arg::Long("data") => options.store.data = Some(parser.value()?.into()),
            Arg::Long("store") => options.store.memory = read(parser, "store", store)?,
            Arg::Long("keep-days") => options.store.keep_days = Some(read(parser, "keep-days", keep)?),
            Arg::Long("keep-executions") => {
                options.store.keep_executions = Some(read(parser, "keep-executions", keep)?)
            }
            Arg::Long("max-unfinished") => options.store.unfinished_max = Some(read(parser, "max-unfinished", most)?),
            Arg::Long("max-working") => options.store.working_max = Some(read(parser, "max-working", most)?),
            Arg::Long("env-file") => options.paths.env_file = Some(parser.value()?.into()),
            Arg::Long("config") => options.paths.config = Some(parser.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Serve(Box::new(options)))
}

fn env(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut options = EnvOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Env)),
            Arg::Long("check") => options.check = true,
            Arg::Long("env-file") => options.paths.env_file = Some(parser.value()?.into()),
            Arg::Long("config") => options.paths.config = Some(parser.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Env(options))
}

/// A topic when help is asked for.
fn list(parser: &mut Parser, topic: Topic) -> Result<Result<ListOptions, Topic>, lexopt::Error> {
    let mut options = ListOptions { status: None, limit: 50, offset: 0, json: false, data: None };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Err(topic)),
            Arg::Long("status") => options.status = Some(read(parser, "status", status)?),
            Arg::Long("limit") if topic == Topic::Executions => options.limit = read(parser, "limit", most)?,
            Arg::Long("offset") if topic == Topic::Executions => options.offset = read(parser, "offset", str::parse)?,
            Arg::Long("json") if topic == Topic::Executions => options.json = true,
            Arg::Long("data") => options.data = Some(parser.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Ok(options))
}

/// A topic when help is asked for.
fn execution(parser: &mut Parser, topic: Topic) -> Result<Result<ExecutionOptions, Topic>, lexopt::Error> {
    let (mut ids, mut pretty, mut data, mut audit, mut paths) = (Vec::new(), None, None, None, Paths::default());
    let prints = !matches!(topic, Topic::Cancel | Topic::Erase);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Err(topic)),
            Arg::Long("pretty") if prints => pretty = Some(true),
            Arg::Long("compact") if prints => pretty = Some(false),
            Arg::Long("data") => data = Some(parser.value()?.into()),
            Arg::Long("audit") if topic != Topic::Show => audit = Some(parser.value()?.into()),
            Arg::Long("env-file") if topic == Topic::Resume => paths.env_file = Some(parser.value()?.into()),
            Arg::Long("config") if topic == Topic::Resume => paths.config = Some(parser.value()?.into()),
            Arg::Value(text) if ids.is_empty() || topic != Topic::Show => {
                let text = text.string()?;
                let wrong =
                    || format!("`{text}` is no execution: they look like exec-0193…, as `executions` lists them");
                let id = Id::parse(&text).ok_or_else(wrong)?;
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            other => return Err(other.unexpected()),
        }
    }
    if ids.is_empty() {
        return Err("which execution? `executions` lists them".into());
    }
    Ok(Ok(ExecutionOptions { ids, pretty, data, audit, paths }))
}

/// The value of an option. What is wrong with it is said with the option's name.
fn read<T, E: std::fmt::Display>(
    parser: &mut Parser,
    option: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, lexopt::Error> {
    let value = parser.value()?.string()?;
    read(&value).map_err(|error| format!("--{option} {value}: {error}").into())
}

fn status(text: &str) -> Result<Status, &'static str> {
    let all = [Status::Running, Status::Completed, Status::Error, Status::Cancelled];
    let found = all.into_iter().find(|status| status.as_str() == text);
    found.ok_or("expected running, completed, error or cancelled")
}

fn audit(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut files = Vec::new();
    let mut verify = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Audit)),
            Arg::Value(value) if !verify && value == "verify" => verify = true,
            Arg::Value(file) if verify => files.push(file.into()),
            other => return Err(other.unexpected()),
        }
    }
    if verify { Ok(Command::Audit(files)) } else { Err("what to do is missing: audit verify".into()) }
}

fn help_topic(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let Some(topic) = parser.next()? else { return Ok(Command::Help(Topic::All)) };
    let Arg::Value(topic) = topic else { return Err(topic.unexpected()) };
    match topic.to_str() {
        Some("run") => Ok(Command::Help(Topic::Run)),
        Some("serve") => Ok(Command::Help(Topic::Serve)),
        Some("env") => Ok(Command::Help(Topic::Env)),
        Some("executions") => Ok(Command::Help(Topic::Executions)),
        Some("export") => Ok(Command::Help(Topic::Export)),
        Some("show") => Ok(Command::Help(Topic::Show)),
        Some("cancel") => Ok(Command::Help(Topic::Cancel)),
        Some("erase") => Ok(Command::Help(Topic::Erase)),
        Some("resume") => Ok(Command::Help(Topic::Resume)),
        Some("audit") => Ok(Command::Help(Topic::Audit)),
        _ => Err(format!("there is no command `{}`", topic.to_string_lossy()).into()),
    }
}

/// `1048576`, `512K`, `2M`.
fn size(text: &str) -> Result<usize, &'static str> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 1024),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 1024 * 1024),
        _ => (text, 1),
    };
    let number = digits.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    number.filter(|bytes| *bytes > 0).ok_or("expected a number of bytes such as 512K or 2M")
}

/// Whether executions are only held in memory.
fn store(text: &str) -> Result<bool, &'static str> {
    match text {
        "memory" => Ok(true),
        "sqlite" => Ok(false),
        _ => Err("expected sqlite or memory"),
    }
}

const YEAR_MILLIS: u64 = 365 * 24 * 60 * 60 * 1_000;

/// `500ms`, `15s`, `2m`, `1h`.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let unit = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit);
    let millis = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60 * 1_000),
        "h" => Some(60 * 60 * 1_000),
        _ => None,
    };
    // Longer than a timer can be set for is longer than anybody means.
    let millis = millis.and_then(|unit| digits.parse::<u64>().ok()?.checked_mul(unit));
    let found = millis.filter(|millis| (1..=YEAR_MILLIS).contains(millis)).map(Duration::from_millis);
    found.ok_or("expected a time above 0 such as 500ms, 15s or 2m")
}

fn keep(text: &str) -> Result<Keep, &'static str> {
    if text == "all" {
        return Ok(Keep::All);
    }
    text.parse().map(Keep::Last).map_err(|_| "expected a number or `all`")
}

fn most(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|most| *most > 0).ok_or("expected a number above 0")
}

pub fn usage(program: &str) -> String {
    format!(
        "Usage: {program} run --input FILE\n       {program} serve [--listen ADDRESS:PORT]\n       {program} env [--check]\n       {program} audit verify [FILE]\n"
    )
}

pub fn help(program: &str, workflow: &Workflow, topic: Topic) -> String {
    let mut text = String::new();
    let _ = match topic {
        Topic::All => write!(text, "{} {}\n\n{}\n{COMMANDS}", workflow.title, workflow.version, usage(program)),
        Topic::Run => write!(text, "Usage: {program} run --input FILE [OPTIONS]\n\n{RUN}{FILES}"),
        Topic::Serve => write!(text, "Usage: {program} serve [OPTIONS]\n\n{SERVE}{FILES}{PREVIOUS}"),
        Topic::Executions => write!(text, "Usage: {program} executions [OPTIONS]\n\n{EXECUTIONS}{DATA}"),
        Topic::Export => write!(text, "Usage: {program} export [OPTIONS]\n\n{EXPORT}{DATA}"),
        Topic::Show => write!(text, "Usage: {program} show ID [OPTIONS]\n\n{SHOW}{DATA}"),
        Topic::Cancel => write!(text, "Usage: {program} cancel ID... [OPTIONS]\n\n{CANCEL}{DATA}"),
        Topic::Erase => write!(text, "Usage: {program} erase ID... [OPTIONS]\n\n{ERASE}{DATA}"),
        Topic::Resume => write!(text, "Usage: {program} resume ID... [OPTIONS]\n\n{RESUME}{DATA_OPTION}{FILES}"),
        Topic::Env => write!(text, "Usage: {program} env [OPTIONS]\n\n{ENV}{FILES}{ORDER}"),
        Topic::Audit => write!(text, "Usage: {program} audit verify [FILE...]\n\n{AUDIT}"),
    };
    text
}

const COMMANDS: &str = "\
Commands:
  run      Run one execution and print it as JSON
  serve    Receive webhooks
  env      List the environment variables this workflow needs
  audit    Verify the audit trail
  help     Explain a command

Commands on the journal, whether or not a service is running:
  executions  List executions
  show        Print one execution as JSON
  export      Print executions with their inputs, one JSON object per line
  cancel      End executions
  resume      Go on with executions that nobody goes on with
  erase       Delete executions that have ended, with all data in them

Options:
  -h, --help       Print this
  -V, --version    Print the workflow's version

Exit codes: 0 completed, 1 ended with an error, 2 bad input, configuration or usage.
Logs go to stderr, or to the file LOG_FILE; LOG_LEVEL is off, error, warn, info (default) or debug, LOG_FORMAT is text
or json. What concerns webhooks also goes to the file WEBHOOK_LOG. These and all other variables may stand in .env, too.
";

const RUN: &str = "\
Runs one execution and prints it as JSON. SIGINT and SIGTERM cancel it.

Options:
  -i, --input FILE             The input, a JSON object; `-` reads stdin. May be left out when the workflow reads no input
      --pretty                 Print indented JSON (default on a terminal)
      --compact                Print JSON on one line
      --data DIR               Write the execution down in the journal of this folder, where `serve` keeps its own; one
                               that is cut off goes on with `resume` or with the next `serve`
      --tls-min-version V
                               1.2 or 1.3 (default): the oldest TLS that is spoken to services and mail servers (also
                               FLOW_TLS_MIN_VERSION)
      --audit FILE             Keep an audit trail in this file (also AUDIT_FILE)
";

const SERVE: &str = "\
Receives webhooks at POST /webhooks/ID; answers /health, /health/live, /health/ready, /metrics, /openapi.json, and with a
key /api/v1/flows/….
Every execution is written to a journal before it is answered for: after a crash or a restart it goes on where it stood.
SIGINT and SIGTERM stop accepting and let running executions finish for up to 25 s; those that wait for a retry, and what is
not finished by then, go on with the next start. A second signal stops at once.

Options:
      --listen ADDRESS[:PORT]  Where to listen; may be repeated (default 127.0.0.1:8000; port 0 is any free one)
      --allow-ip CIDR          Who may call the webhooks, in place of the workflow's list; may be repeated; `any` is
                               everybody (also FLOW_ALLOWED_IPS, separated by commas)
      --trusted-proxy CIDR     Whose X-Forwarded-For and Forwarded to believe; may be repeated (also
                               FLOW_TRUSTED_PROXIES)
      --admin-listen ADDRESS[:PORT]
                               Where the API, /metrics, /openapi.json and /health are served, in place of --listen; may be
                               repeated. It stays open until the last execution has ended
      --tls-cert FILE          Serve HTTPS with this certificate chain (PEM) on --listen; read again on SIGHUP and when it
                               has changed
      --tls-key FILE           The private key of --tls-cert (PEM)
      --tls-min-version V      1.2 or 1.3 (default): the oldest TLS that is spoken, to services, to mail servers and by
                               --tls-cert (also FLOW_TLS_MIN_VERSION)
      --rate-limit N/s|m|h     How many inputs one client may send in a second, a minute or an hour (default: any number;
                               also FLOW_RATE_LIMIT)
      --max-connections N      Open at once (default 20000, or fewer where there are fewer file descriptors)
      --max-connections-per-client N
                               Open at once from one address (default 1000); trusted proxies may have all
      --header-timeout TIME    How long the headers of a request may take to come in, such as 500ms, 15s or 2m (default 15s)
      --idle-timeout TIME      How long a connection is kept on which nothing is asked (default 75s)
      --request-timeout TIME   How long a request may take from its headers to its answer; also cuts `wait` of the API short
                               (default 360s)
      --api-key-file FILE      Keys for the API, one per line; may be repeated (also FLOW_API_KEYS, separated by commas, and
                               the file that FLOW_API_KEYS_FILE names). Without any key the API is switched off
      --allow-env NAME         A variable that a request to the API may set for its execution; may be repeated; never a
                               secret
      --max-body SIZE          Largest request body, such as 512K or 2M (default 1M)
      --data DIR               Folder of the journal (default: FLOW_DATA_DIR, else NAME-data in the working directory,
                               NAME being the workflow's)
      --store memory           Keep no journal: executions end with the process
      --keep-days N            How long executions that have ended are kept, at least; `all` is for ever (default 30)
      --keep-executions N      How many of them are kept; `all` is no limit (default 1000000)
      --max-unfinished N       Executions that have not ended, beyond which new ones are answered with 503 (default 200000,
                               without a journal 20000)
      --max-working N          Executions at work at once; more wait (default 2000)
      --audit FILE             Keep an audit trail in this file (also AUDIT_FILE)
      --no-metrics             Count nothing; /metrics is not there
";

const PREVIOUS: &str = "
While a webhook's secret is being changed, the old one may stand in NAME_PREVIOUS, such as WEBHOOK_SECRET_PREVIOUS:
signatures made with either are accepted.
";

const ENV: &str = "\
Lists the environment variables this workflow reads: what each is, where it was found, and which nodes use it. Never shows
values.

Options:
      --check                  Exit with 2 if any is missing or cannot be meant
";

const EXECUTIONS: &str = "\
Lists the executions in the journal, newest first.

Options:
      --status STATUS          Only those that are running, completed, error or cancelled
      --limit N                How many (default 50)
      --offset N               Leave out so many of the newest
      --json                   Print one JSON object per line
";

const EXPORT: &str = "\
Prints executions with their inputs and results, oldest first, one JSON object per line. Holds personal data.

Options:
      --status STATUS          Only those that are running, completed, error or cancelled
";

const SHOW: &str = "\
Prints one execution as JSON, as the API shows it: what each node did, how, and how long it took. Holds personal data.

Options:
      --pretty                 Print indented JSON (default on a terminal)
      --compact                Print JSON on one line
";

const CANCEL: &str = "\
Ends executions; what is in flight is dropped. A running service does it within a second; without one it is done here.
Says of each what became of it; the exit code is 0 if that is right for all.

Options:
      --audit FILE             Write it down in this audit trail, where no service does (also AUDIT_FILE)
";

const ERASE: &str = "\
Deletes executions that have ended, and overwrites what the journal holds of them. A running service does it within a second;
without one it is done here. A delivery that comes again is no longer known, and starts a new execution. Says of each what
became of it; the exit code is 0 if that is right for all.

Options:
      --audit FILE             Write it down in this audit trail, where no service does (also AUDIT_FILE)
";

const RESUME: &str = "\
Goes on with executions that have not ended. A service does that by itself, with all of them, when it starts; without one they
run here, side by side, to their ends, and are printed as `run` prints one. SIGINT and SIGTERM end the command and not the
executions, which get up to 25 s if they are at work and go on with the next `resume` or `serve`. A second signal stops at once.
While another command has the journal nothing is done: that is said, with the number of its process, and the exit code is 1.

Options:
      --pretty                 Print indented JSON (default on a terminal)
      --compact                Print JSON on one line
      --audit FILE             Keep an audit trail in this file (also AUDIT_FILE)
";

const DATA_OPTION: &str = "      --data DIR               Folder of the journal (default: FLOW_DATA_DIR, else NAME-data in the working directory,
                               NAME being the workflow's)
";

const DATA: &str = "      --data DIR               Folder of the journal (default: FLOW_DATA_DIR, else NAME-data in the working directory,
                               NAME being the workflow's)
  -h, --help                   Print this
";

const AUDIT: &str = "\
Verifies an audit trail: whether any line was changed, removed or moved since it was written. Several files are read as
one trail, oldest first, as log rotation leaves them. Without FILE: the one AUDIT_FILE names.

Prints the number and the hash of the last line. Lines cut off at the end leave no trace in the file itself: compare these
two with what was kept elsewhere, such as the log, which shows them whenever the service starts and stops.

Exit codes: 0 intact, 1 not as it was written, 2 it cannot be read.
";

const FILES: &str = "      --env-file FILE          Read this file in place of .env
      --config FILE            Read this file in place of config.json
  -h, --help                   Print this
";

const ORDER: &str = "
Values come from, first found first: the process environment; the file named by NAME_FILE; .env; config.json, where
inventory_api.url is INVENTORY_API_URL, and fields of email_config are SMTP_…
";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str]) -> Result<Command, String> {
        parse(arguments.iter().map(OsString::from).collect::<Vec<_>>().into_iter())
    }

    #[test]
    fn commands() {
        let run = RunOptions { input: Some("-".into()), pretty: Some(false), ..RunOptions::default() };
        assert_eq!(check(&["run", "--input", "-", "--compact"]), Ok(Command::Run(run)));
        let serve = ServeOptions {
            listen: vec!["127.0.0.1:0".into(), "[::1]:0".into()],
            allow_ip: vec!["any".into()],
            body_max: Some(2 * 1024 * 1024),
            header_timeout: Some(Duration::from_millis(500)),
            idle_timeout: Some(Duration::from_secs(120)),
            request_timeout: Some(Duration::from_secs(3600)),
            store: StoreOptions {
                data: Some("d".into()),
                keep_days: Some(Keep::Last(7)),
                keep_executions: Some(Keep::All),
                ..StoreOptions::default()
            },
            paths: Paths { env_file: Some("a".into()), config: Some("b".into()) },
            ..ServeOptions::default()
        };
        let arguments = "serve --listen 127.0.0.1:0 --listen=[::1]:0 --allow-ip any --max-body 2M --env-file a --config b --data d \
             --keep-days 7 --keep-executions all --header-timeout 500ms --idle-timeout 2m --request-timeout 1h";
        assert_eq!(check(&arguments.split(' ').collect::<Vec<_>>()), Ok(Command::Serve(Box::new(serve))));
        assert_eq!(check(&["env", "--check"]), Ok(Command::Env(EnvOptions { check: true, paths: Paths::default() })));
        assert_eq!(check(&["audit", "verify", "a", "b"]), Ok(Command::Audit(vec!["a".into(), "b".into()])));
        assert_eq!(check(&["--version"]), Ok(Command::Version));
        let list = ListOptions { status: Some(Status::Error), limit: 7, offset: 2, json: true, data: Some("d".into()) };
        let arguments = "executions --status error --limit 7 --offset 2 --json --data d";
        assert_eq!(check(&arguments.split(' ').collect::<Vec<_>>()), Ok(Command::Executions(list)));
        let id = Id(0x0193_5555_0000_7000_8000_0000_0000_0001);
        let of = |ids| ExecutionOptions { ids, pretty: None, data: None, audit: None, paths: Paths::default() };
        let (first, second) = ("exec-01935555000070008000000000000001", "exec-01935555000070008000000000000002");
        assert_eq!(check(&["cancel", first]), Ok(Command::Cancel(of(vec![id]))));
        assert_eq!(check(&["erase", first, second, first]), Ok(Command::Erase(of(vec![id, Id(id.0 + 1)]))));
        assert!(check(&["show", first, second]).is_err());
    }

    #[test]
    fn help_everywhere() {
        assert_eq!(check(&["--help"]), Ok(Command::Help(Topic::All)));
        assert_eq!(check(&["help"]), Ok(Command::Help(Topic::All)));
        assert_eq!(check(&["help", "serve"]), Ok(Command::Help(Topic::Serve)));
        assert_eq!(check(&["env", "-h"]), Ok(Command::Help(Topic::Env)));
    }

    #[test]
    fn mistakes() {
        let message = |arguments: &[&str]| check(arguments).unwrap_err();
        assert_eq!(message(&[]), "a command is missing: `help` lists them");
        assert_eq!(message(&["walk"]), "there is no command `walk`");
        assert_eq!(message(&["help", "walk"]), "there is no command `walk`");
        assert!(message(&["run", "--listen", "x"]).contains("--listen"));
        assert!(message(&["run", "--input"]).contains("--input"));
        assert!(message(&["run", "order.json"]).contains("order.json"));
        assert!(message(&["serve", "--max-body", "big"]).contains("expected a number of bytes"));
        assert!(message(&["audit"]).contains("audit verify"));
        assert!(message(&["serve", "--max-body", "0"]).contains("expected a number of bytes"));
        assert!(message(&["show"]).contains("which execution?"));
        assert!(message(&["show", "exec-1"]).contains("`exec-1` is no execution"));
        assert!(message(&["executions", "--status", "done"]).contains("expected running, completed"));
        assert!(message(&["export", "--limit", "1"]).contains("--limit"));
        assert!(message(&["serve", "--store", "disk"]).contains("expected sqlite or memory"));
        assert!(message(&["serve", "--keep-days", "ever"]).contains("expected a number or `all`"));
        for time in ["", "5", "s", "0s", "1.5s", "-1s", "5 s", "2d", "99999999999999999999h", "9999999h"] {
            assert!(message(&["serve", "--idle-timeout", time]).contains("such as 500ms, 15s or 2m"), "{time}");
        }
        assert!(message(&["serve", "--max-working", "0"]).contains("expected a number above 0"));
    }
}
