//! How what was found leaves the process: for people, one line each, or for a machine.
//!
//! Always true: people read standard error; machines read standard output, unless that belongs to what a command shows
//! (`run`, `emit`): then everything goes to standard error.

use super::arguments::{Command, Format};
use crate::diagnostic::render::{Renderer, Style, render_short};
use crate::diagnostic::{Diagnostic, Severity, github, json, sarif};
use crate::source::Sources;
use flow_runtime::out;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

pub struct Report {
    form: Form,
    /// Annotations as well: we are in GitHub Actions, and nobody asked for another form.
    annotate: bool,
    style: Style,
    /// For machines.
    stream: Stream,
    finished: Cell<bool>,
}

enum Form {
    Human,
    Short,
    Json,
    Github,
    Sarif(RefCell<sarif::Log>),
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

impl Report {
    pub fn new(format: Option<Format>, command: &Command) -> Report {
        let form = match format {
            None | Some(Format::Human) => Form::Human,
            Some(Format::Short) => Form::Short,
            Some(Format::Json) => Form::Json,
            Some(Format::Github) => Form::Github,
            Some(Format::Sarif) => Form::Sarif(RefCell::default()),
        };
        let in_actions = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        let stream = match command {
            Command::Run { .. } | Command::Emit { .. } | Command::Diff { .. } => Stream::Err,
            _ => Stream::Out,
        };
        let style = Style { colour: stderr_has_colour(), width: stderr_width() };
        Report { form, annotate: format.is_none() && in_actions, style, stream, finished: Cell::new(false) }
    }

    /// Shows what was found in the workflow `slug`.
    pub fn show(&self, slug: &str, diagnostics: &[Diagnostic], sources: &Sources) {
        match &self.form {
            Form::Human => {
                let mut renderer = Renderer::new(sources, self.style);
                diagnostics.iter().for_each(|found| eprint!("{}", renderer.render(found)));
            }
            Form::Short => eprint!("{}", render_short(diagnostics, sources)),
            Form::Json => json::messages(slug, diagnostics, sources).iter().for_each(|message| self.line(message)),
            Form::Github => self.stream.write(&github::annotations(diagnostics, sources, &in_repository)),
            Form::Sarif(log) => log.borrow_mut().add(diagnostics, sources, &in_repository),
        }
        if self.annotate {
            self.stream.write(&github::annotations(diagnostics, sources, &in_repository));
        }
    }

    /// Something is in the way that is no finding about a workflow.
    pub fn failure(&self, message: &str) {
        match &self.form {
            Form::Human | Form::Short | Form::Json => {}
            Form::Github => self.stream.write(&github::notice(Severity::Error, message)),
            Form::Sarif(log) => log.borrow_mut().failure(message),
        }
        if self.annotate {
            self.stream.write(&github::notice(Severity::Error, message));
        }
        self.error(message);
    }

    /// A line for people.
    pub fn error(&self, message: &str) {
        let (on, off) = if self.style.colour { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        eprintln!("{on}error{off}: {message}");
    }

    /// An executable was built.
    pub fn built(&self, slug: &str, file: &str, executable: &Path) {
        if let Form::Json = self.form {
            self.line(&json::artifact(slug, file, &executable.display().to_string()));
        }
    }

    /// Whatever comes last. Only the first call counts.
    pub fn finish(&self, success: bool) {
        if self.finished.replace(true) {
            return;
        }
        match &self.form {
            Form::Human | Form::Short | Form::Github => {}
            Form::Json => self.line(&json::finished(success)),
            Form::Sarif(log) => self.stream.write(&format!("{:#}\n", log.take().finish())),
        }
    }

    fn line(&self, message: &Value) {
        self.stream.write(&format!("{message}\n"));
    }
}

impl Stream {
    /// A reader that has gone away (`| head`) is no failure.
    fn write(self, text: &str) {
        match self {
            Stream::Out => out::result(text),
            Stream::Err => drop(std::io::stderr().write_all(text.as_bytes())),
        };
    }
}

/// GitHub knows files by their path in the repository, wherever in it flowc was started.
fn in_repository(name: &str) -> String {
    let relative = || {
        let workspace = Path::new(&std::env::var_os("GITHUB_WORKSPACE")?).canonicalize().ok()?;
        let file = Path::new(name).canonicalize().ok()?;
        Some(file.strip_prefix(workspace).ok()?.display().to_string())
    };
    relative().unwrap_or_else(|| name.to_owned())
}

fn stderr_has_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// `None` where lines may be as long as they like: in a file.
fn stderr_width() -> Option<usize> {
    let stderr = std::io::stderr();
    let size = stderr.is_terminal().then(|| terminal_size::terminal_size_of(&stderr)).flatten()?;
    Some(usize::from(size.0.0))
}
