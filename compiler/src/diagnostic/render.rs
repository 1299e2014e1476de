//! Diagnostics → text for people.
//!
//! Always true: the only importer of the rendering crate; every line and column of a message is counted here.

use codespan_reporting::diagnostic as codespan;
use codespan_reporting::files::{Files, SimpleFiles};
use codespan_reporting::term::termcolor::{Buffer, WriteColor};
use codespan_reporting::term::{self, Config};

use super::{Diagnostic, Label, Severity};
use crate::source::Sources;

/// One paragraph each, with the lines of the source and marks below them, as rustc does it.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, colour: bool) -> String {
    let files = files(sources);
    let config = Config::default();
    let mut buffer = if colour { Buffer::ansi() } else { Buffer::no_color() };
    for diagnostic in diagnostics {
        emit(&mut buffer, &config, &files, diagnostic);
    }
    String::from_utf8_lossy(buffer.as_slice()).into_owned()
}

/// One line each: `workflow.json:3:7: error[unknown-key]: headline`.
pub fn render_short(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let files = files(sources);
    let mut text = String::new();
    for diagnostic in diagnostics {
        let span = diagnostic.primary.span;
        let file = usize::from(span.file.0);
        let place = match files.location(file, span.start as usize) {
            Ok(location) => format!("{}:{}", location.line_number, location.column_number),
            Err(_) => String::from("1:1"),
        };
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let name = &sources.get(span.file).name;
        let headline = &diagnostic.headline;
        text.push_str(&format!("{name}:{place}: {severity}[{}]: {headline}\n", diagnostic.code.slug()));
    }
    text
}

fn files(sources: &Sources) -> SimpleFiles<&str, &str> {
    let mut files = SimpleFiles::new();
    for file in sources.iter() {
        files.add(file.name.as_str(), file.text.as_str());
    }
    files
}

fn emit(buffer: &mut impl WriteColor, config: &Config, files: &SimpleFiles<&str, &str>, diagnostic: &Diagnostic) {
    let severity = match diagnostic.severity {
        Severity::Error => codespan::Severity::Error,
        Severity::Warning => codespan::Severity::Warning,
    };
    let primary = |label: &Label| codespan::Label::primary(usize::from(label.span.file.0), label.span.range());
    let secondary = |label: &Label| codespan::Label::secondary(usize::from(label.span.file.0), label.span.range());
    let mut labels = vec![primary(&diagnostic.primary).with_message(&diagnostic.primary.message)];
    labels.extend(diagnostic.labels.iter().map(|label| secondary(label).with_message(&label.message)));
    let shown = codespan::Diagnostic::new(severity)
        .with_code(diagnostic.code.slug())
        .with_message(&diagnostic.headline)
        .with_labels(labels)
        .with_notes(diagnostic.help.iter().map(|help| format!("help: {}", help.replace('\n', "\n      "))).collect());
    term::emit_to_write_style(buffer, config, files, &shown)
        .expect("spans lie inside their files, and writing to memory does not fail");
}
