//! Diagnostics → text for people.
//!
//! Always true: the only importer of the rendering crate.

mod excerpt;

use codespan_reporting::diagnostic as codespan;
use codespan_reporting::term::termcolor::{Buffer, WriteColor};
use codespan_reporting::term::{self, Config};

use self::excerpt::Excerpts;
use super::position::Positions;
use super::{Diagnostic, Label, Severity, visible, visible_lines};
use crate::source::Sources;

/// How it may look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    pub colour: bool,
    /// Of the terminal, in characters.
    pub width: Option<usize>,
}

/// One paragraph each, with the lines of the source and marks below them, as rustc does it.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, colour: bool) -> String {
    let mut renderer = Renderer::new(sources, Style { colour, width: None });
    diagnostics.iter().map(|diagnostic| renderer.render(diagnostic)).collect()
}

/// One line each: `workflow.json:3:7: error[unknown-key]: headline`.
pub fn render_short(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let positions = Positions::new(sources);
    let line = |diagnostic: &Diagnostic| {
        let place = positions.place(diagnostic.primary.span);
        let Diagnostic { severity, code, headline, .. } = diagnostic;
        format!("{}: {}[{}]: {}\n", visible(&place), severity.word(), code.slug(), visible(headline))
    };
    diagnostics.iter().map(line).collect()
}

/// Renders findings one by one.
pub struct Renderer<'a> {
    excerpts: Excerpts<'a>,
    config: Config,
    colour: bool,
}

impl<'a> Renderer<'a> {
    pub fn new(sources: &'a Sources, style: Style) -> Renderer<'a> {
        Renderer { excerpts: Excerpts::new(sources, style.width), config: Config::default(), colour: style.colour }
    }

    pub fn render(&mut self, diagnostic: &Diagnostic) -> String {
        let mut buffer = if self.colour { Buffer::ansi() } else { Buffer::no_color() };
        emit(&mut buffer, &self.config, &mut self.excerpts, diagnostic);
        String::from_utf8_lossy(buffer.as_slice()).into_owned()
    }
}

fn emit(buffer: &mut impl WriteColor, config: &Config, excerpts: &mut Excerpts, diagnostic: &Diagnostic) {
    let severity = match diagnostic.severity {
        Severity::Error => codespan::Severity::Error,
        Severity::Warning => codespan::Severity::Warning,
    };
    excerpts.focus(diagnostic.primary.span);
    let (near, far): (Vec<&Label>, Vec<&Label>) =
        diagnostic.labels.iter().partition(|label| excerpts.shown(label.span) == label.span.range());
    let primary = &diagnostic.primary;
    let mut labels = vec![
        codespan::Label::primary(primary.span.file.0 as usize, excerpts.shown(primary.span))
            .with_message(visible(&primary.message)),
    ];
    labels.extend(near.iter().map(|label| {
        codespan::Label::secondary(label.span.file.0 as usize, label.span.range()).with_message(visible(&label.message))
    }));
    let mut notes: Vec<String> =
        far.iter().map(|label| format!("{}: {}", excerpts.place(label.span), visible(&label.message))).collect();
    notes.extend(diagnostic.help.iter().map(|help| format!("help: {}", visible_lines(help, "      "))));
    notes.extend(diagnostic.notes.iter().map(|note| format!("note: {}", visible_lines(note, "      "))));
    let shown = codespan::Diagnostic::new(severity)
        .with_code(diagnostic.code.slug())
        .with_message(visible(&diagnostic.headline))
        .with_labels(labels)
        .with_notes(notes);
    let excerpts: &Excerpts = excerpts;
    term::emit_to_write_style(buffer, config, excerpts, &shown)
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

    /// The lines of a hostile file go to a terminal, too.
    #[test]
    fn what_a_terminal_would_obey_is_shown_in_its_place() {
        let text = "a\u{1b}]0;x\u{7} \u{9b}b \u{202e}c\tend";
        let sources = Sources::new(SourceFile { name: String::from("w\n::error::.json"), text: text.into() });
        let at = text.find("end").unwrap();
        let found = Diagnostic::new(Code::BadId, Span::new(at, at + 3), "\u{202e}").label("here");
        let shown = render(&[found], &sources, false);
        assert!(!shown.contains(|char| super::super::is_hidden(char) && char != '\n'), "{shown:?}");
        assert!(shown.contains("a?]0;x? \u{bf}b \u{fffd}c") && shown.contains("w\\n::error::.json:1:"), "{shown}");
        assert!(shown.starts_with("error[bad-id]: \\u{202e}\n") && shown.contains("^^^ here"), "{shown}");
    }

    /// An id may hold anything.
    #[test]
    fn what_nobody_sees_is_written_as_an_escape() {
        let (_, sources) = example();
        let found = Diagnostic::new(Code::BadId, Span::new(0, 3), "`a\nb\u{1b}[31m`").label("\u{7}").help("one\n\rtwo");
        let found = [found.also(Span::new(4, 6), "\t")];
        assert_eq!(render_short(&found, &sources), "w.json:1:1: error[bad-id]: `a\\nb\\u{1b}[31m`\n");
        let shown = render(&found, &sources, false);
        assert!(!shown.chars().any(|char| char.is_control() && char != '\n'), "{shown}");
        assert!(shown.starts_with("error[bad-id]: `a\\nb\\u{1b}[31m`\n") && shown.contains(" \\u{7}\n"), "{shown}");
        assert!(shown.contains("= help: one\n          \\rtwo\n"), "{shown}");
    }

    #[test]
    fn short_form() {
        let (diagnostics, sources) = example();
        let found = diagnostics.sorted();
        assert_eq!(render_short(&found, &sources), "w.json:2:5: error[unknown-key]: no such key\n");
    }

    /// A minified file is one line: the terminal shall not be filled with it.
    #[test]
    fn long_lines_are_cut() {
        let text = format!("[{}bad{}]", "1,".repeat(10_000), ",2".repeat(10_000));
        let diagnostic = Diagnostic::new(Code::JsonSyntax, Span::new(20_001, 20_004), "no value")
            .label("here")
            .also(Span::new(0, 1), "far away")
            .also(Span::new(19_999, 20_000), "near");
        let whole = Diagnostic::new(Code::WrongType, Span::new(0, text.len()), "all of it");
        let sources = Sources::new(SourceFile { name: String::from("w.json"), text });
        let shown = render(&[diagnostic, whole], &sources, false);
        assert!(shown.contains("w.json:1:20002"), "{shown}");
        assert!(shown.contains("= w.json:1:1: far away"), "{shown}");
        assert!(shown.contains("near"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() < 400), "{shown}");
    }

    /// In a terminal a line that would be broken is cut around what the message is about.
    #[test]
    fn lines_fit_the_terminal() {
        let text = format!("[{}bad{}]", "1,".repeat(60), ",2".repeat(60));
        let found = Diagnostic::new(Code::JsonSyntax, Span::new(121, 124), "no value").label("here");
        let sources = Sources::new(SourceFile { name: String::from("w.json"), text });
        let widest = |width| {
            let shown = Renderer::new(&sources, Style { colour: false, width }).render(&found);
            assert!(shown.contains("bad"), "{shown}");
            shown.lines().map(|line| line.chars().count()).max().unwrap_or(0)
        };
        assert!(widest(Some(80)) <= 80 && widest(Some(20)) <= 80);
        assert!(widest(None) > 240);
    }

    #[test]
    fn colours_only_when_asked() {
        let (diagnostics, sources) = example();
        let found = diagnostics.sorted();
        assert!(render(&found, &sources, true).contains("\u{1b}["));
        assert!(!render(&found, &sources, false).contains('\u{1b}'));
    }
}
