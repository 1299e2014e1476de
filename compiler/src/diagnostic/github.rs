//! Diagnostics → workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

use super::position::Positions;
use super::{Diagnostic, Severity, visible, visible_lines};
use crate::source::Sources;

/// One line each: `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message`. `path` says where a file lies
/// in the repository.
pub fn annotations(diagnostics: &[Diagnostic], sources: &Sources, path: &dyn Fn(&str) -> String) -> String {
    let positions = Positions::new(sources);
    diagnostics.iter().map(|diagnostic| annotation(diagnostic, &positions, path)).collect()
}

/// What is wrong with no place in a file.
pub fn notice(severity: Severity, message: &str) -> String {
    format!("::{}::{}\n", severity.word(), data(message))
}

fn annotation(diagnostic: &Diagnostic, positions: &Positions, path: &dyn Fn(&str) -> String) -> String {
    let span = diagnostic.primary.span;
    let (start, end) = (positions.start(span), positions.end(span));
    let file = property(&path(positions.name(span.file)));
    // GitHub takes columns only within one line.
    let place = match start.line == end.line {
        true => format!("line={},col={},endLine={},endColumn={}", start.line, start.column, end.line, end.column),
        false => format!("line={},endLine={}", start.line, end.line),
    };
    let title = property(&format!("{}[{}]", diagnostic.severity.word(), diagnostic.code.slug()));
    let message = data(&message(diagnostic, positions));
    format!("::{} file={file},{place},title={title}::{message}\n", diagnostic.severity.word())
}

/// There is no source beside it, so everything is said in words.
fn message(diagnostic: &Diagnostic, positions: &Positions) -> String {
    let mut lines = vec![visible(&diagnostic.headline).into_owned()];
    lines.extend(Some(visible(&diagnostic.primary.message).into_owned()).filter(|label| !label.is_empty()));
    lines.extend(diagnostic.labels.iter().map(|label| match label.message.as_str() {
        "" => positions.place(label.span),
        message => format!("{}: {}", positions.place(label.span), visible(message)),
    }));
    lines.extend(diagnostic.help.iter().map(|help| format!("help: {}", visible_lines(help, ""))));
    lines.extend(diagnostic.notes.iter().map(|note| format!("note: {}", visible_lines(note, ""))));
    lines.join("\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::{SourceFile, Span};

    fn sources(text: &str) -> Sources {
        Sources::new(SourceFile { name: "a,b/100%: w.json".into(), text: text.into() })
    }

    #[test]
    fn what_would_end_a_part_is_escaped() {
        let diagnostic = Diagnostic::new(Code::UnknownKey, Span::new(4, 7), "no key `a::b, 5%`")
            .label("unknown key")
            .also(Span::new(0, 3), "known here")
            .help("first\nsecond");
        let expected = "::error file=a%2Cb/100%25%3A w.json,line=2,col=1,endLine=2,endColumn=4,title=error[unknown-key]::\
                        no key `a::b, 5%25`%0Aunknown key%0Aa,b/100%25: w.json:1:1: known here%0Ahelp: first%0Asecond\n";
        assert_eq!(annotations(&[diagnostic], &sources("one\ntwo\n"), &str::to_owned), expected);
    }

    #[test]
    fn several_lines_have_no_columns() {
        let mut diagnostic = Diagnostic::new(Code::DeadKey, Span::new(1, 5), "dead");
        diagnostic.severity = Severity::Warning;
        let path = |name: &str| format!("flows/{}", name.len());
        let expected = "::warning file=flows/16,line=1,endLine=2,title=warning[dead-key]::dead\n";
        assert_eq!(annotations(&[diagnostic], &sources("one\ntwo\n"), &path), expected);
    }

    #[test]
    fn an_id_with_a_line_break_stays_on_its_line() {
        let diagnostic = Diagnostic::new(Code::BadId, Span::new(0, 3), "`a\nb\u{1b}`");
        let shown = annotations(&[diagnostic], &sources("one\n"), &str::to_owned);
        assert!(shown.ends_with("::`a\\nb\\u{1b}`\n"), "{shown}");
    }

    #[test]
    fn a_message_without_a_place() {
        assert_eq!(notice(Severity::Error, "no file\n50%"), "::error::no file%0A50%25\n");
    }
}
