//! The command line: reads files, walks them down the pipeline, shows what came of it.
//!
//! Comes in: arguments. Goes out: data on stdout, talk on stderr ([`report`] has the exceptions), and an exit code:
//! 0 done; 1 the workflow has errors; 2 wrong usage, or the world is in the way (an unreadable file, no compiler);
//! 101 a bug in flowc. `flowc run` ends with the exit code of the workflow's program.
//! Always true: whatever can be said about a workflow is a diagnostic; this file only counts and prints them.
#![expect(clippy::disallowed_methods, reason = "arguments, files and programs are what a command line is about")]

mod arguments;
mod dev;
mod doctor;
mod env;
mod explain;
mod graph;
mod infer;
mod input;
mod levels;
mod new;
mod package;
mod report;
mod serve;
mod shell_files;
mod stop;
mod test;
mod text;

use crate::build::{self, Options, Talk};
use crate::codegen::files::{Flavour, GeneratedCrate};
use crate::diagnostic::level::Levels;
use crate::diagnostic::{Diagnostic, Severity, visible};
use crate::diff::Diff;
use crate::pipeline::{Accepted, Lowered, Parsed, Rejected};
use crate::source::Sources;
use arguments::{Arguments, AuditFormat, BuildOptions, Command, DiffFormat, Stage};
use clap::Parser as _;
use flow_runtime::out::result as print;
use flow_runtime::upgrade::Verdict;
use input::Input;
use report::Report;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is printed below a bug of ours.
const REPORT: &str = "this is a bug in flowc, not in your workflow: please report it, with all of the above and, \
                      if you can share it, the workflow";

/// Said behind "no errors".
const FOR_RUST: &str =
    "; it calls Rust functions, so it is compiled by `flow!` in a Rust program, and not by `flowc build`";

/// Said once, below the warnings.
const SILENCE: &str = "`flowc explain NAME` says more about a warning; `allow` in its node, with that name, accepts it";

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    say_what_to_report();
    let arguments = Arguments::parse();
    arguments.color.unwrap_or_default().write_global();
    let report = Report::new(arguments.message_format, &arguments.command);
    let shell = Shell { talk: Talk::new(arguments.quiet), report };
    let code = shell.command(arguments.command).unwrap_or_else(|stop| shell.stopped(&stop));
    shell.report.finish(code == ExitCode::SUCCESS);
    match flow_runtime::out::lost() {
        Some(why) => {
            shell.report.error(why);
            ExitCode::from(2)
        }
        None => code,
    }
}

/// How to talk.
struct Shell {
    talk: Talk,
    report: Report,
}

/// Why a command ended early.
enum Stop {
    /// Everything was said by diagnostics.
    Rejected,
    /// Wrong usage, or something outside.
    World(String),
    Build(build::Error),
}

impl From<build::Error> for Stop {
    fn from(error: build::Error) -> Stop {
        Stop::Build(error)
    }
}

impl Shell {
    fn command(&self, command: Command) -> Result<ExitCode, Stop> {
        match command {
            Command::Check { paths, lints } => return self.check_all(&paths, &lints.levels),
            Command::Build { path, output, options, lints } => self.build(&path, output, &options, &lints.levels)?,
            Command::Run { path, input, no_cache, lints, arguments } => {
                return self.run(&path, input, no_cache, &lints.levels, arguments);
            }
            Command::Test { path, options } => return self.test(&path, &options),
            Command::Dev { path, options } => return self.dev(&path, &options),
            Command::Serve { options } => return self.serve(&options),
            Command::Env { path, options } => return self.env(&path, &options),
            Command::Package { path, output, force } => self.package(&path, &output, force)?,
            Command::Doctor => return Ok(self.doctor()),
            Command::Completions { shell } => Shell::completions(shell),
            Command::Man { folder } => self.man(&folder)?,
            Command::Emit { stage, path, lints } => self.emit(stage, &path, &lints.levels)?,
            Command::Fmt { paths, check } => return self.format(&paths, check),
            Command::New { name } => self.new_workflow(&name)?,
            Command::Convert { path, output } => self.convert(&path, output.as_deref())?,
            Command::Audit { path, format, lints } => self.audit(&path, format, &lints.levels)?,
            Command::Diff { old, new, format, deny_drain } => return self.diff(&old, &new, format, deny_drain),
            Command::Explain { code } => print(&explain::explain(code.as_deref()).map_err(Stop::World)?),
            Command::Graph { path, format, output, no_marks, lints } => {
                let picture = graph::draw(self, &path, no_marks, &lints.levels)?;
                graph::show(&picture, format, output.as_deref()).map_err(Stop::World)?;
            }
            Command::Infer { from, samples, write, node } => {
                let schema = infer::schema(self, &from, samples)?;
                match write {
                    None => print(&format!("{}\n", crate::infer::print::print(&schema, 0))),
                    Some(path) => infer::write(self, &path, node.as_deref(), &schema)?,
                }
            }
            Command::Schema => print(&format!("{:#}\n", crate::catalog::schema::schema())),
            Command::Eject { path, folder, traces, lints } => self.eject(&path, &folder, traces.otel, &lints.levels)?,
            Command::Warm { no_mail, dist, traces } => {
                build::warm(Flavour { mail: !no_mail, store: true, otel: traces.otel }, dist, self.talk)?;
                self.talk.say("the runtime is compiled: every workflow from here on takes well under a second");
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Says everything about every workflow; the worst of them decides the exit code.
    fn check_all(&self, paths: &[PathBuf], levels: &Levels) -> Result<ExitCode, Stop> {
        let mut worst = 0;
        let mut warned = false;
        for path in paths {
            match Input::read(path, true).map_err(Stop::World).and_then(|input| self.check(input, levels)) {
                Ok((name, accepted)) => {
                    warned |= !accepted.warnings.is_empty();
                    let with = if accepted.calls_rust() { FOR_RUST } else { "" };
                    self.talk.say(&format!("{}: no errors{}{with}", visible(&name), and_warnings(&accepted.warnings)));
                }
                Err(Stop::Rejected) => worst = worst.max(1),
                Err(stop) => {
                    self.stopped(&stop);
                    worst = 2;
                }
            }
        }
        if warned {
            self.talk.say(SILENCE);
        }
        Ok(ExitCode::from(worst))
    }

    fn build(&self, path: &Path, output: Option<PathBuf>, options: &BuildOptions, levels: &Levels) -> Result<(), Stop> {
        let input = Input::read(path, false).map_err(Stop::World)?;
        let (name, file) = (input.name.clone(), input.source.name.clone());
        let (mut generated, warnings) = self.generate(input, levels)?;
        generated.flavour.otel = options.traces.otel;
        let out = input::output(&generated.name, output);
        if input::is_same_file(Path::new(&file), &out) {
            return Err(Stop::World(format!("{file} is the workflow itself: name another file with `-o`")));
        }
        let build = if options.dist { build::build_dist } else { build::build };
        let built = build(&generated, &out, self.options(options.no_cache))?;
        self.report.built(&name, &file, &built.path);
        self.talk.say(&format!(
            "built {} ({:.1} MB) in {:.2} s{}",
            built.path.display(),
            built.bytes as f64 / 1e6,
            built.took.as_secs_f64(),
            and_warnings(&warnings),
        ));
        Ok(())
    }

    fn run(
        &self,
        path: &Path,
        input: OsString,
        no_cache: bool,
        levels: &Levels,
        more: Vec<OsString>,
    ) -> Result<ExitCode, Stop> {
        let workflow = Input::read(path, false).map_err(Stop::World)?;
        let (generated, _) = self.generate(workflow, levels)?;
        let binary = build::build_in_cache(&generated, self.options(no_cache))?;
        self.report.finish(true);
        let name = &generated.name;
        let mut outcome = Err(Stop::World(format!("there is no way to start {name}")));
        for mut program in binary.commands() {
            program.arg("run").arg("--input").arg(&input).args(&more);
            outcome = become_program(program, name);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    fn emit(&self, stage: Stage, path: &Path, levels: &Levels) -> Result<(), Stop> {
        let input = Input::read(path, true).map_err(Stop::World)?;
        let text = match stage {
            Stage::Ast => format!("{:#?}\n", self.parse(&input)?.ast),
            Stage::Model => format!("{:#?}\n", self.parse(&input)?.lower(&input.name, &input.files).model),
            Stage::Plan => format!("{:#?}\n", self.check(input, levels)?.1.plan()),
            Stage::Rust => self.check(input, levels)?.1.plan().generate().main_rs().to_owned(),
        };
        print(&text);
        Ok(())
    }

    fn audit(&self, path: &Path, format: AuditFormat, levels: &Levels) -> Result<(), Stop> {
        let (_, accepted) = self.check(Input::read(path, true).map_err(Stop::World)?, levels)?;
        let map = crate::audit::Map::new(&accepted.checked.workflow);
        print(&match format {
            AuditFormat::Table => map.table(&accepted.sources),
            AuditFormat::Json => format!("{:#}\n", map.json(&accepted.sources)),
        });
        Ok(())
    }

    /// Findings of either version are shown where it has errors only: both are checked when they are built.
    fn diff(&self, old: &Path, new: &Path, format: DiffFormat, deny_drain: bool) -> Result<ExitCode, Stop> {
        let [old, new]: [Result<_, Stop>; 2] = [(old, false), (new, true)].map(|(path, stdin)| {
            let input = Input::read(path, stdin).map_err(Stop::World)?;
            Ok(self.check_quietly(&input)?.checked.workflow)
        });
        let (old, new) = (old?, new?);
        let diff = Diff::new(&old, &new);
        print(&match format {
            DiffFormat::Text => diff.text(),
            DiffFormat::Json => format!("{:#}\n", diff.json()),
        });
        let refused = if deny_drain { Verdict::DrainFirst } else { Verdict::Incompatible };
        Ok(ExitCode::from(u8::from(diff.verdict() >= refused)))
    }

    fn eject(&self, path: &Path, folder: &Path, otel: bool, levels: &Levels) -> Result<(), Stop> {
        let (mut generated, warnings) = self.generate(Input::read(path, false).map_err(Stop::World)?, levels)?;
        generated.flavour.otel = otel;
        build::eject(&generated, folder)?;
        let folder = folder.display();
        self.talk.say(&format!(
            "wrote a cargo project to {folder}: cd {folder} && cargo build --release{}",
            and_warnings(&warnings)
        ));
        Ok(())
    }

    fn options(&self, no_cache: bool) -> Options {
        Options { talk: self.talk, reuse: !no_cache }
    }

    /// The whole line, up to the generated crate.
    fn generate(&self, input: Input, levels: &Levels) -> Result<(GeneratedCrate, Vec<Diagnostic>), Stop> {
        let (name, accepted) = self.check(input, levels)?;
        let mut accepted = accepted.executable().map_err(|rejected| self.rejected(&rejected, &name))?;
        let warnings = std::mem::take(&mut accepted.warnings);
        Ok((accepted.plan().generate(), warnings))
    }

    /// The line up to the check. Shows what was found, warnings too.
    fn check(&self, input: Input, levels: &Levels) -> Result<(String, Accepted), Stop> {
        let accepted = self.lower(&input)?.check(levels).map_err(|rejected| self.rejected(&rejected, &input.name))?;
        self.report.show(&input.name, &accepted.warnings, &accepted.sources);
        Ok((accepted.checked.workflow.slug.clone(), accepted))
    }

    /// As [`Shell::check`], for commands that are not about what could be better: only errors are shown.
    fn check_quietly(&self, input: &Input) -> Result<Accepted, Stop> {
        let lowered = self.lower(input)?;
        lowered.check(&Levels::default()).map_err(|rejected| self.rejected(&rejected, &input.name))
    }

    /// As it is checked. Of a text that cannot be read as a whole the rest is looked at as well.
    fn lower(&self, input: &Input) -> Result<Lowered, Stop> {
        let parsed = Self::read(input).map_err(|rejected| match input.found.has_errors() {
            true => rejected,
            false => rejected.and_the_rest(&input.name, &input.files),
        });
        let parsed = parsed.map_err(|rejected| self.rejected(&rejected, &input.name))?;
        Ok(parsed.lower(&input.name, &input.files))
    }

    fn parse(&self, input: &Input) -> Result<Parsed, Stop> {
        Self::read(input).map_err(|rejected| self.rejected(&rejected, &input.name))
    }

    fn read(input: &Input) -> Result<Parsed, Rejected> {
        if input.found.has_errors() {
            let sources = Sources::new(input.source.clone());
            Err(Rejected { sources, diagnostics: input.found.clone().sorted() })
        } else {
            Parsed::read(input.source.clone())
        }
    }

    fn rejected(&self, rejected: &Rejected, name: &str) -> Stop {
        self.report.show(name, &rejected.diagnostics, &rejected.sources);
        self.report.error(&format!("could not compile {}: {}", visible(name), count(&rejected.diagnostics)));
        Stop::Rejected
    }

    /// A file that is no workflow.
    fn unreadable(&self, rejected: &Rejected, name: &str) -> Stop {
        self.report.show(name, &rejected.diagnostics, &rejected.sources);
        Stop::Rejected
    }

    fn stopped(&self, stop: &Stop) -> ExitCode {
        match stop {
            Stop::Rejected => ExitCode::from(1),
            Stop::World(message) => {
                self.report.failure(message);
                ExitCode::from(2)
            }
            Stop::Build(error @ build::Error::World { .. }) => {
                self.report.failure(&error.to_string());
                ExitCode::from(2)
            }
            Stop::Build(error @ build::Error::Bug { .. }) => {
                self.report.failure(&format!("{error}\nflowc {}\n\n{REPORT}", env!("CARGO_PKG_VERSION")));
                ExitCode::from(101)
            }
        }
    }
}

/// `2 errors, 1 warning`.
fn count(diagnostics: &[Diagnostic]) -> String {
    let of =
        |severity: Severity, word: &str| match diagnostics.iter().filter(|found| found.severity == severity).count() {
            0 => None,
            1 => Some(format!("1 {word}")),
            count => Some(format!("{count} {word}s")),
        };
    [of(Severity::Error, "error"), of(Severity::Warning, "warning")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// At the end of a good message.
fn and_warnings(warnings: &[Diagnostic]) -> String {
    if warnings.is_empty() { String::new() } else { format!("; {}", count(warnings)) }
}

/// Replaces this process, so that signals and the exit code are the program's own.
#[cfg(unix)]
fn become_program(mut program: std::process::Command, name: &str) -> Result<ExitCode, Stop> {
    use std::os::unix::process::CommandExt as _;
    let error = program.arg0(name).exec();
    Err(Stop::World(format!("cannot start {}: {error}", program.get_program().display())))
}

#[cfg(not(unix))]
fn become_program(mut program: std::process::Command, _name: &str) -> Result<ExitCode, Stop> {
    let status = program
        .status()
        .map_err(|error| Stop::World(format!("cannot start {}: {error}", program.get_program().display())))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// A panic anywhere is a bug of ours, and Rust ends the process with 101 for it. Says what is needed to find it.
fn say_what_to_report() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        let arguments: Vec<_> = std::env::args_os().collect();
        eprintln!("\nflowc {}, called as {arguments:?}\n\n{REPORT}", env!("CARGO_PKG_VERSION"));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::Span;

    #[test]
    fn findings_are_counted_in_words() {
        let found = |code| Diagnostic::new(code, Span::new(0, 1), "x");
        let mut warning = found(Code::UnknownKey);
        warning.severity = Severity::Warning;
        assert_eq!(count(&[found(Code::MissingKey)]), "1 error");
        assert_eq!(count(&[found(Code::MissingKey), warning.clone(), found(Code::WrongType)]), "2 errors, 1 warning");
        assert_eq!(and_warnings(&[warning.clone(), warning]), "; 2 warnings");
        assert_eq!(and_warnings(&[]), "");
    }
}
