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

/// What the golden texts of the tests are compared with: no colours, and no spaces at the ends of lines.
#[cfg(test)]
pub fn plain_for_tests(diagnostics: &super::Diagnostics, sources: &Sources) -> String {
    let text = render(&diagnostics.clone().sorted(), sources, false);
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Diagnostics};
    use crate::source::{SourceFile, Span};

    fn example() -> (Diagnostics, Sources) {
        let text = String::from("one\ntw\u{e9} three\n");
        let mut diagnostics = Diagnostics::default();
        let diagnostic = Diagnostic::new(Code::UnknownKey, Span::new(9, 14), "no such key").label("this one");
        diagnostics.push(diagnostic.also(Span::new(0, 3), "known here").help("first\nsecond").help("another"));
        (diagnostics, Sources::new(SourceFile { name: String::from("w.json"), text }))
    }

    #[test]
    fn rich_form() {
        let (diagnostics, sources) = example();
        let expected = "\
error[unknown-key]: no such key
  \u{250c}\u{2500} w.json:2:5
  \u{2502}
1 \u{2502} one
  \u{2502} --- known here
2 \u{2502} tw\u{e9} three
  \u{2502}     ^^^^^ this one
  \u{2502}
  = help: first
          second
  = help: another";
        assert_eq!(plain_for_tests(&diagnostics, &sources), expected);
    }

    #[test]
    fn short_form() {
        let (diagnostics, sources) = example();
        let found = diagnostics.sorted();
        assert_eq!(render_short(&found, &sources), "w.json:2:5: error[unknown-key]: no such key\n");
    }

    #[test]
    fn colours_only_when_asked() {
        let (diagnostics, sources) = example();
        let found = diagnostics.sorted();
        assert!(render(&found, &sources, true).contains("\u{1b}["));
        assert!(!render(&found, &sources, false).contains('\u{1b}'));
    }
}
