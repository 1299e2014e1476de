//! What can be written after `flowc`.

use super::levels::LintOptions;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Where help lists the options that every command has.
const MESSAGES: &str = "Messages";

/// Compiles workflows to native executables.
#[derive(Debug, Parser)]
#[command(name = "flowc", version, about, long_about = None, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// Say only what is wrong
    #[arg(short, long, global = true, help_heading = MESSAGES)]
    pub quiet: bool,
    /// Colours; `auto` also listens to NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_enum, value_name = "WHEN", help_heading = MESSAGES)]
    pub color: Option<Color>,
    /// How to say what was found [default: human; in GitHub Actions annotations as well]
    #[arg(long, global = true, value_enum, value_name = "FORM", hide_default_value = true, help_heading = MESSAGES)]
    pub message_format: Option<Format>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say everything that is wrong with a workflow, without compiling it
    Check {
        /// A workflow, or a folder with a workflow.flow or workflow.json; `-` reads from stdin
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        lints: LintOptions,
    },
    /// Compile a workflow to an executable
    Build {
        /// A workflow, or a folder with a workflow.flow or workflow.json
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// The executable, or the folder to put it in [default: here, named as the workflow]
        #[arg(short, long, value_name = "OUT")]
        output: Option<PathBuf>,
        #[command(flatten)]
        options: BuildOptions,
        #[command(flatten)]
        lints: LintOptions,
    },
    /// Compile a workflow and execute it once
    ///
    /// Ends with the program's exit code: 0 completed, 1 failed, 2 wrong input or configuration.
    Run {
        /// A workflow, or a folder with a workflow.flow or workflow.json
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// A file with the input in JSON; `-` reads from stdin
        #[arg(short, long, value_name = "FILE")]
        input: OsString,
        /// Compile even if exactly this workflow was compiled before
        #[arg(long)]
        no_cache: bool,
        #[command(flatten)]
        lints: LintOptions,
        /// More arguments for the program's `run`
        #[arg(last = true, value_name = "ARGUMENTS")]
        arguments: Vec<OsString>,
    },
    /// Play scenarios in the compiled workflow: no network, no waiting, no credentials
    ///
    /// A scenario is a file `scenarios/NAME.json` beside the workflow: an input, what the services answer, and what is
    /// expected of it. Ends with 1 when something is not as expected.
    Test {
        /// A workflow, or a folder with a workflow.flow or workflow.json
        #[arg(value_name = "PATH")]
        path: PathBuf,
        #[command(flatten)]
        options: TestOptions,
    },
    /// Serve a workflow while you write it: every save is compiled, the last good version runs
    Dev {
        /// A workflow, or a folder with a workflow.flow or workflow.json
        #[arg(value_name = "PATH")]
        path: PathBuf,
        #[command(flatten)]
        options: DevOptions,
    },
    /// Serve the API for any workflow: it is checked, compiled and executed as requests ask for it
    ///
    /// Each execution is a process of its own. Their environment is that of this server, and the `.env` and `config.json`
    /// in its folder. Whoever has a key can have this machine send requests and mails: keep the keys, and listen where
    /// only those who need it can reach it.
    Serve {
        #[command(flatten)]
        options: ServeOptions,
    },
    /// List the environment variables of a workflow: names, types, where they are used, whether they are set
    ///
    /// Never shows a value.
    Env {
        /// A workflow, or a folder with a workflow.flow or workflow.json
        #[arg(value_name = "PATH")]
        path: PathBuf,
        #[command(flatten)]
        options: EnvOptions,
    },
    /// Write what a deployment needs: Dockerfile, compose file, systemd unit, Kubernetes manifest, .env.example
    Package {
        /// A workflow, or a folder with a workflow.flow or workflow.json
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// The folder to write to
        #[arg(short, long, value_name = "DIR", default_value = "deploy")]
        output: PathBuf,
        /// Replace files that are there
        #[arg(long)]
        force: bool,
    },
    /// Say what this machine lacks, and how to get it
    ///
    /// Changes nothing, compiles nothing. Ends with 1 when something is missing without which no workflow can be built.
    Doctor,
    /// Print completions for a shell
    ///
    /// For bash: flowc completions bash > ~/.local/share/bash-completion/completions/flowc
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages
    Man {
        /// The folder to write to, such as ~/.local/share/man/man1
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Show a workflow as the compiler sees it
    Emit {
        /// After which stage
        #[arg(long, value_enum)]
        stage: Stage,
        /// A workflow, or a folder with a workflow.flow or workflow.json; `-` reads from stdin
        #[arg(value_name = "PATH")]
        path: PathBuf,
        #[command(flatten)]
        lints: LintOptions,
    },
    /// Make a folder with a workflow to begin with, and inputs to try it with
    New {
        /// The folder; its name is that of the workflow
        #[arg(value_name = "NAME")]
        name: PathBuf,
    },
    /// Lay out .flow files, in place
    ///
    /// Never changes what they mean; comments are kept.
    Fmt {
        /// .flow files, or folders with a workflow.flow; `-` reads from stdin and writes to stdout
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Change nothing; end with 1 when a file is laid out differently
        #[arg(long)]
        check: bool,
    },
    /// Write a workflow in the other language: JSON as .flow, .flow as JSON
    Convert {
        /// A workflow, or a folder with a workflow.flow or workflow.json; `-` reads from stdin
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// The file to write, .flow or .json [default: to stdout]
        #[arg(short, long, value_name = "OUT")]
        output: Option<PathBuf>,
    },
    /// Show which field and which secret goes to which service or mailbox
    ///
    /// For a review of privacy or of card data. Ends with the exit codes of `check`.
    Audit {
        /// A workflow, or a folder with a workflow.flow or workflow.json; `-` reads from stdin
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// In what form
        #[arg(long, value_enum, value_name = "FORM", default_value_t = AuditFormat::Table)]
        format: AuditFormat,
        #[command(flatten)]
        lints: LintOptions,
    },
    /// Say what an upgrade means for executions that are under way
    ///
    /// For every node at which an execution of OLD can stand: whether NEW continues it, OLD has to finish it first, or NEW has no
    /// place for it at all. The compiled binary judges the same when it finds such executions.
    ///
    /// Ends with 0 if none is incompatible, 1 if one is (with --deny-drain also if one has to be drained first), 2 for wrong
    /// usage or a file that cannot be read.
    Diff {
        /// The version that runs: a workflow, or a folder with a workflow.flow or workflow.json
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The version to deploy; `-` reads from stdin
        #[arg(value_name = "NEW")]
        new: PathBuf,
        /// In what form
        #[arg(long, value_enum, value_name = "FORM", default_value_t = DiffFormat::Text)]
        format: DiffFormat,
        /// End with 1 also if executions have to be drained first
        #[arg(long)]
        deny_drain: bool,
    },
    /// Explain a diagnostic by the name in its brackets; without a name, list them
    Explain {
        /// Such as `unknown-node`
        #[arg(value_name = "NAME")]
        code: Option<String>,
    },
    /// Draw a workflow: its nodes, its connections with their conditions, and where something is wrong
    ///
    /// Draws what can be read, however wrong it is: nodes that do not exist are shown as missing.
    Graph {
        /// A workflow, or a folder with a workflow.flow or workflow.json; `-` reads from stdin
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// What kind of picture [default: by the ending of OUT, else mermaid]
        #[arg(long, value_enum)]
        format: Option<PictureFormat>,
        /// Where to write it [default: standard output]
        #[arg(short, long, value_name = "OUT")]
        output: Option<PathBuf>,
        /// Leave out what is wrong
        #[arg(long)]
        no_marks: bool,
        #[command(flatten)]
        lints: LintOptions,
    },
    /// Write an `input_schema` from samples of the input
    ///
    /// Reads names of fields, types and formats from the samples; none of their values gets into the schema. A field that
    /// stands in every sample is required.
    Infer {
        /// JSON: an array of samples, an object of named samples, or one sample; `-` reads from stdin
        #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
        from: Vec<PathBuf>,
        /// What an object in FILE is [default: named samples if its values resemble each other]
        #[arg(long, value_enum)]
        samples: Option<SampleLayout>,
        /// Put the schema into the trigger of this workflow.json instead of printing it
        #[arg(long, value_name = "PATH")]
        write: Option<PathBuf>,
        /// The trigger that takes it, if there are several
        #[arg(long, value_name = "ID", requires = "write")]
        node: Option<String>,
    },
    /// Print the JSON Schema of workflow.json, for editors
    ///
    /// Save it beside the workflow and name it there: "$schema": "./workflow.schema.json".
    Schema,
    /// Write a workflow as a cargo project that needs flowc no more
    Eject {
        /// A workflow, or a folder with a workflow.flow or workflow.json
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// A folder that is empty or does not exist
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        #[command(flatten)]
        traces: TraceOptions,
        #[command(flatten)]
        lints: LintOptions,
    },
    /// Compile the runtime now, so that the first workflow need not wait for it
    Warm {
        /// The smaller runtime, for workflows that send no mail
        #[arg(long)]
        no_mail: bool,
        /// The runtime of `build --dist`
        #[arg(long)]
        dist: bool,
        #[command(flatten)]
        traces: TraceOptions,
    },
}

#[derive(Debug, Args)]
pub struct BuildOptions {
    /// One static executable, as small as can be, that runs where there is nothing else (Linux)
    ///
    /// Everything it links is optimised as one, which takes a minute; the first time on a machine the runtime is compiled
    /// once more, which takes some.
    #[arg(long)]
    pub dist: bool,
    #[command(flatten)]
    pub traces: TraceOptions,
    /// Compile even if exactly this workflow was compiled before
    #[arg(long)]
    pub no_cache: bool,
}

#[derive(Debug, Args)]
pub struct TraceOptions {
    /// With traces for OpenTelemetry, exported over OTLP as the OTEL_ variables of its process say
    #[arg(long)]
    pub otel: bool,
}

#[derive(Debug, Args)]
pub struct DevOptions {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000")]
    pub listen: String,
    /// More arguments for the program's `serve`
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000")]
    pub listen: String,
    /// Keys of the API, one per line; may be repeated. Also FLOW_API_KEYS, separated by commas
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Vec<PathBuf>,
    /// Let requests set environment variables for their execution
    #[arg(long)]
    pub allow_env: bool,
    /// Bytes of a request's body
    #[arg(long, value_name = "BYTES", default_value_t = 2 * 1024 * 1024)]
    pub max_body: usize,
    /// Workflows compiled at once; others wait
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    pub max_builds: usize,
    /// Executions running at once; more are refused
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    pub max_executions: usize,
    /// Seconds for the compilation of a workflow
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub build_timeout: u64,
    /// Seconds for an execution, its compilation included, whatever the workflow says
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub execution_timeout: u64,
}

#[derive(Debug, Args)]
pub struct EnvOptions {
    /// End with 2 if any is missing
    #[arg(long)]
    pub check: bool,
    /// Write an example, without values, instead of listing: such as .env.example
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub write: Option<PathBuf>,
    /// Replace the example that is there
    #[arg(long, requires = "write")]
    pub force: bool,
    /// Look in this file in place of .env
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Look in this file in place of config.json
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct TestOptions {
    /// Only scenarios whose name contains one of these
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Write what happened into the scenarios that expected something else, or nothing yet
    #[arg(long)]
    pub update: bool,
    /// Write a scenario for every connection that none takes yet, with data made up from the types
    #[arg(long, conflicts_with_all = ["update", "junit", "full_coverage"])]
    pub generate: bool,
    /// End with 1 when the scenarios together do not run every node and take every connection
    #[arg(long, conflicts_with = "names")]
    pub full_coverage: bool,
    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// For people
    Table,
    /// For programs; `docs/audit.md` describes it
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people
    Text,
    /// For programs; `docs/upgrades.md` describes it
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// What the author wrote, with places
    Ast,
    /// Names resolved
    Model,
    /// Every decision taken
    Plan,
    /// The generated code
    Rust,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SampleLayout {
    /// One sample
    One,
    /// Several, each under a name
    Named,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PictureFormat {
    /// For Markdown, on GitHub and elsewhere
    Mermaid,
    /// For Graphviz
    Dot,
    /// For browsers: nothing else is needed to see it
    Svg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Paragraphs that show the source
    Human,
    /// One line for each finding
    Short,
    /// One JSON object for each finding, as cargo writes them
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// One SARIF 2.1.0 document, for code scanning
    Sarif,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// For everything this process prints.
    pub fn write_global(self) {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_follows_two_dashes_is_the_programs() {
        let Command::Run { input, arguments, .. } =
            Arguments::parse_from(["flowc", "run", "order", "-i", "-", "--", "--pretty"]).command
        else {
            panic!("another command")
        };
        assert_eq!((input, arguments), ("-".into(), vec!["--pretty".into()]));
    }
}
