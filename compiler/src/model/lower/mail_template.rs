//! The template of a mail: its files are read when the workflow is compiled, and checked against `template_vars`.

use super::Lowering;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::{MailTemplate, Tree};
use crate::source::{SourceFile, Span};
use crate::syntax::ast;
use minijinja::ErrorKind;
use minijinja::machinery::Instruction;

/// The file is there; why it cannot be read has been reported.
struct Unreadable;

impl Lowering<'_> {
    pub(super) fn mail_template(&mut self, name: &ast::Text, vars: Vec<(String, Tree)>) -> MailTemplate {
        let mut template = MailTemplate { name: name.value.clone(), html: None, text: None, vars };
        if !is_file_name(&name.value) {
            self.diagnostics.push(
                Diagnostic::new(Code::BadTemplateName, name.span, format!("`{}` cannot be the name of a template", name.value))
                    .label("not a name")
                    .help("a name holds letters, digits, `-` and `_`: the file is `templates/<name>.html` or `.txt` beside the workflow"),
            );
            return template;
        }
        let (html, text) =
            (self.template_file(name, "html", &template.vars), self.template_file(name, "txt", &template.vars));
        let missing = matches!((&html, &text), (Ok(None), Ok(None)));
        // What exists and cannot be read was reported.
        (template.html, template.text) = (html.unwrap_or(None), text.unwrap_or(None));
        if missing {
            self.diagnostics.push(
                Diagnostic::new(Code::MissingTemplate, name.span, format!("there is no template `{}`", name.value))
                    .label("the mail will be a plain listing of `template_vars`")
                    .help(format!(
                        "create `templates/{0}.html` or `templates/{0}.txt` beside the workflow",
                        name.value
                    )),
            );
        }
        template
    }

    /// A filter that does not exist would fail every mail, and not before it is to be sent.
    fn check_filters(
        &mut self,
        environment: &minijinja::Environment,
        template: &minijinja::Template,
        name: &ast::Text,
        whole: Span,
    ) {
        let mut state = environment.empty_state();
        for (call, called, span) in calls(template) {
            let (what, error) = match call {
                Call::Filter => ("filter", state.apply_filter(called, &[]).err()),
                Call::Test => ("test", state.perform_test(called, &[]).err()),
            };
            let unknown =
                error.is_some_and(|error| matches!(error.kind(), ErrorKind::UnknownFilter | ErrorKind::UnknownTest));
            if !unknown {
                continue;
            }
            let span = span.map_or(whole, |span| Span { start: span.start_offset, end: span.end_offset, ..whole });
            self.diagnostics.push(
                Diagnostic::new(Code::TemplateSyntax, span, format!("templates have no {what} `{called}`"))
                    .label(format!("unknown {what}"))
                    .also(name.span, "used here"),
            );
        }
    }

    /// The text of a template file if there is one, checked: it can be read, and its variables are in `template_vars`.
    fn template_file(
        &mut self,
        name: &ast::Text,
        extension: &str,
        vars: &[(String, Tree)],
    ) -> Result<Option<String>, Unreadable> {
        let path = format!("templates/{}.{extension}", name.value);
        let text = match self.files.read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(None),
            Err(reason) => {
                self.diagnostics.push(
                    Diagnostic::new(Code::UnreadableTemplate, name.span, format!("`{path}` cannot be read: {reason}"))
                        .label("this template"),
                );
                return Err(Unreadable);
            }
        };
        let file = self.sources.add(SourceFile { name: path.clone(), text: text.clone() });
        let whole = Span { file, start: 0, end: text.len() as u32 };
        let mut environment = minijinja::Environment::new();
        let template = match environment.add_template_owned(path.clone(), text.clone()) {
            Ok(()) => environment.get_template(&path).ok(),
            Err(error) => {
                let span = error.range().map_or(whole, |range| Span {
                    file,
                    start: range.start as u32,
                    end: range.end as u32,
                });
                let detail = error.detail().unwrap_or("the template cannot be read").to_string();
                self.diagnostics.push(
                    Diagnostic::new(Code::TemplateSyntax, span, format!("the template cannot be read: {detail}"))
                        .also(name.span, "used here"),
                );
                None
            }
        };
        if let Some(template) = template {
            self.check_filters(&environment, &template, name, whole);
            let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
            unknown.retain(|variable| {
                !vars.iter().any(|(name, _)| name == variable) && !JINJA_GLOBALS.contains(&variable.as_str())
            });
            unknown.sort();
            for variable in unknown {
                let span = find_word(&text, &variable).map_or(whole, |(start, end)| Span { file, start, end });
                let known: Vec<&str> = vars.iter().map(|(name, _)| name.as_str()).collect();
                let known = if known.is_empty() {
                    "`template_vars` gives it nothing".into()
                } else {
                    format!("`template_vars` has {}", suggest::list(known.iter().copied(), "and"))
                };
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::TemplateVariable,
                        span,
                        format!("the template reads `{variable}`, which is not in `template_vars`"),
                    )
                    .label("would be empty in every mail")
                    .also(name.span, known),
                );
            }
        }
        Ok(Some(text))
    }
}

/// Filters and tests that are called, with their places: `{{ total | currency }}`, `{% if x is odd %}`.
fn calls<'a>(template: &'a minijinja::Template) -> Vec<(Call, &'a str, Option<minijinja::machinery::Span>)> {
    let compiled = minijinja::machinery::get_compiled_template(template);
    let mut calls = Vec::new();
    for instructions in std::iter::once(&compiled.instructions).chain(compiled.blocks.values()) {
        for index in 0.. {
            let (call, name) = match instructions.get(index) {
                Some(Instruction::ApplyFilter(name, ..)) => (Call::Filter, *name),
                Some(Instruction::PerformTest(name, ..)) => (Call::Test, *name),
                Some(_) => continue,
                None => break,
            };
            calls.push((call, name, instructions.get_span(index)));
        }
    }
    calls
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Filter,
    Test,
}

/// Functions every template has.
const JINJA_GLOBALS: &[&str] = &["range", "dict", "debug", "namespace", "loop"];

/// Where a word first stands in a text.
fn find_word(text: &str, word: &str) -> Option<(u32, u32)> {
    let boundary = |char: Option<char>| !char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    text.match_indices(word).find_map(|(start, _)| {
        let end = start + word.len();
        let alone = boundary(text[..start].chars().next_back()) && boundary(text[end..].chars().next());
        alone.then_some((start as u32, end as u32))
    })
}

/// A name that stays inside its folder.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_'))
}
