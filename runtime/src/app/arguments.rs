//! Arguments and help texts.
//!
//! Comes in: the arguments. Goes out: a [`Command`], or what is wrong with them.

use crate::env::Paths;
use crate::flow::Workflow;
use lexopt::{Arg, Parser, ValueExt};
use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Run(RunOptions),
    Serve(ServeOptions),
    Env(EnvOptions),
    /// For `flowc test` alone, which is why no help tells of it.
    Scenarios,
    Help(Topic),
    Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    All,
    Run,
    Serve,
    Env,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// A path; `-`: stdin.
    pub input: Option<OsString>,
    /// `None`: as stdout is a terminal or not.
    pub pretty: Option<bool>,
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
    pub paths: Paths,
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
    let Some(first) = parser.next()? else { return Err("a command is missing: run, serve or env".into()) };
    match first {
        Arg::Short('h') | Arg::Long("help") => Ok(Command::Help(Topic::All)),
        Arg::Short('V') | Arg::Long("version") => Ok(Command::Version),
        Arg::Value(command) => match command.to_str() {
            Some("run") => run(&mut parser),
            Some("serve") => serve(&mut parser),
            Some("env") => env(&mut parser),
            Some("help") => help_topic(&mut parser),
            Some("scenarios") => Ok(Command::Scenarios),
            _ => Err(format!("there is no command `{}`", command.to_string_lossy()).into()),
        },
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
            Arg::Long("max-body") => options.body_max = Some(parser.value()?.parse_with(size)?),
            Arg::Long("env-file") => options.paths.env_file = Some(parser.value()?.into()),
            Arg::Long("config") => options.paths.config = Some(parser.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Serve(options))
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

fn help_topic(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let Some(topic) = parser.next()? else { return Ok(Command::Help(Topic::All)) };
    let Arg::Value(topic) = topic else { return Err(topic.unexpected()) };
    match topic.to_str() {
        Some("run") => Ok(Command::Help(Topic::Run)),
        Some("serve") => Ok(Command::Help(Topic::Serve)),
        Some("env") => Ok(Command::Help(Topic::Env)),
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

pub fn usage(program: &str) -> String {
    format!(
        "Usage: {program} run --input FILE\n       {program} serve [--listen ADDRESS:PORT]\n       {program} env [--check]\n"
    )
}

pub fn help(program: &str, workflow: &Workflow, topic: Topic) -> String {
    let mut text = String::new();
    let _ = match topic {
        Topic::All => write!(text, "{} {}\n\n{}\n{COMMANDS}", workflow.title, workflow.version, usage(program)),
        Topic::Run => write!(text, "Usage: {program} run --input FILE [OPTIONS]\n\n{RUN}{FILES}"),
        Topic::Serve => write!(text, "Usage: {program} serve [OPTIONS]\n\n{SERVE}{FILES}"),
        Topic::Env => write!(text, "Usage: {program} env [OPTIONS]\n\n{ENV}{FILES}{ORDER}"),
    };
    text
}

const COMMANDS: &str = "\
Commands:
  run      Run one execution and print it as JSON
  serve    Receive webhooks
  env      List the environment variables this workflow needs
  help     Explain a command

Options:
  -h, --help       Print this
  -V, --version    Print the workflow's version

Exit codes: 0 completed, 1 ended with an error, 2 bad input, configuration or usage.
Logs go to stderr; LOG_LEVEL is off, error, warn, info (default) or debug, LOG_FORMAT is text or json.
";

const RUN: &str = "\
Runs one execution and prints it as JSON. SIGINT and SIGTERM cancel it.

Options:
  -i, --input FILE     The input, a JSON object; `-` reads stdin. May be left out when the workflow reads no input
      --pretty         Print indented JSON (default on a terminal)
      --compact        Print JSON on one line
";

const SERVE: &str = "\
Receives webhooks at POST /webhooks/ID; answers /health, /health/live, /health/ready, /metrics, /openapi.json, and with a
key /api/v1/flows/….
SIGINT and SIGTERM stop accepting and let running executions finish for up to 25 s; a second signal stops at once.

Options:
      --listen ADDRESS[:PORT]  Where to listen; may be repeated (default 127.0.0.1:8000; port 0 is any free one)
      --allow-ip CIDR          Who may call the webhooks, in place of the workflow's list; may be repeated; `any` is
                               everybody (also FLOW_ALLOWED_IPS, separated by commas)
      --trusted-proxy CIDR     Whose X-Forwarded-For to believe; may be repeated (also FLOW_TRUSTED_PROXIES)
      --api-key-file FILE      Keys for the API, one per line; may be repeated (also FLOW_API_KEYS, separated by commas, or
                               the file that FLOW_API_KEYS_FILE names). Without any key the API is switched off
      --allow-env NAME         A variable that a request to the API may set for its execution; may be repeated; never a
                               secret
      --max-body SIZE          Largest request body, such as 512K or 2M (default 1M)

While a webhook's secret is being changed, the old one may stand in NAME_PREVIOUS, such as WEBHOOK_SECRET_PREVIOUS:
signatures made with either are accepted.

";

const ENV: &str = "\
Lists the environment variables this workflow reads, where each was found, and which nodes use it. Never shows values.

Options:
      --check          Exit with 2 if any is missing
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
        let run = RunOptions { input: Some("-".into()), pretty: Some(false), paths: Paths::default() };
        assert_eq!(check(&["run", "--input", "-", "--compact"]), Ok(Command::Run(run)));
        let serve = ServeOptions {
            listen: vec!["127.0.0.1:0".into(), "[::1]:0".into()],
            allow_ip: vec!["any".into()],
            body_max: Some(2 * 1024 * 1024),
            paths: Paths { env_file: Some("a".into()), config: Some("b".into()) },
            ..ServeOptions::default()
        };
        let arguments =
            "serve --listen 127.0.0.1:0 --listen=[::1]:0 --allow-ip any --max-body 2M --env-file a --config b";
        assert_eq!(check(&arguments.split(' ').collect::<Vec<_>>()), Ok(Command::Serve(serve)));
        assert_eq!(check(&["env", "--check"]), Ok(Command::Env(EnvOptions { check: true, paths: Paths::default() })));
        assert_eq!(check(&["--version"]), Ok(Command::Version));
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
        assert_eq!(message(&[]), "a command is missing: run, serve or env");
        assert_eq!(message(&["walk"]), "there is no command `walk`");
        assert_eq!(message(&["help", "walk"]), "there is no command `walk`");
        assert!(message(&["run", "--listen", "x"]).contains("--listen"));
        assert!(message(&["run", "--input"]).contains("--input"));
        assert!(message(&["run", "order.json"]).contains("order.json"));
        assert!(message(&["serve", "--max-body", "big"]).contains("expected a number of bytes"));
        assert!(message(&["serve", "--max-body", "0"]).contains("expected a number of bytes"));
    }
}
