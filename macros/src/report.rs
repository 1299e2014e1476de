//! Findings → tokens that make rustc say them, at the tokens they concern.
//!
//! Always true: every finding is one error or one warning of rustc's. It can point at whole tokens only: what is wrong inside
//! a text in quotes is shown below the headline, with marks.

use crate::span::{Place, Text, anywhere, respanned};
use flow_compiler::diagnostic::position::Positions;
use flow_compiler::diagnostic::render::render;
use flow_compiler::diagnostic::{Diagnostic, Severity};
use flow_compiler::source::{FileId, Sources, Span};
use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use std::fmt::Write as _;

/// Something wrong with the call itself.
pub struct Mistake {
    place: Place,
    message: String,
}

impl Mistake {
    pub fn at(span: proc_macro2::Span, headline: &str, help: &str) -> Mistake {
        let place = Place { first: span, last: span, inside: None };
        Mistake { place, message: format!("{headline}\n\nhelp: {help}") }
    }

    /// About the whole call.
    pub fn here(headline: &str, help: &str) -> Mistake {
        Mistake { place: anywhere(), ..Mistake::at(proc_macro2::Span::call_site(), headline, help) }
    }

    pub fn tokens(&self) -> TokenStream {
        error(self.place, &self.message)
    }
}

/// Where findings point to.
pub enum Where<'a> {
    /// The workflow stands between other code.
    Tokens(&'a Text),
    /// It has a file, whose name stands here.
    File(Place),
}

impl Where<'_> {
    /// What rustc shall point at for a part of the workflow.
    pub fn place(&self, span: Span) -> Place {
        match self {
            Where::Tokens(text) if span.file == FileId::WORKFLOW => text.place(span.range()).unwrap_or_else(anywhere),
            Where::Tokens(_) => anywhere(),
            Where::File(place) => *place,
        }
    }

    /// Says findings.
    pub fn report(&self, diagnostics: &[Diagnostic], sources: &Sources) -> TokenStream {
        diagnostics.iter().map(|diagnostic| self.one(diagnostic, sources)).collect()
    }

    /// Says findings, the first error apart: it may have to be said elsewhere.
    pub fn report_apart(&self, diagnostics: &[Diagnostic], sources: &Sources) -> (TokenStream, TokenStream) {
        let first = diagnostics.iter().position(|diagnostic| diagnostic.severity == Severity::Error);
        let first = first.unwrap_or(diagnostics.len());
        let end = diagnostics.len().min(first + 1);
        let (before, error, behind) = (&diagnostics[..first], &diagnostics[first..end], &diagnostics[end..]);
        let others = before.iter().chain(behind).map(|diagnostic| self.one(diagnostic, sources));
        (self.report(error, sources), others.collect())
    }

    fn one(&self, diagnostic: &Diagnostic, sources: &Sources) -> TokenStream {
        let span = diagnostic.primary.span;
        // What is wrong in a file beside the workflow stands where the workflow names the file.
        let named = diagnostic.labels.iter().map(|label| label.span).find(|span| span.file == FileId::WORKFLOW);
        let place = self.place(named.filter(|_| span.file != FileId::WORKFLOW).unwrap_or(span));
        let message = match self {
            Where::Tokens(_) if diagnostic.primary.span.file == FileId::WORKFLOW => {
                in_words(diagnostic, place, sources)
            }
            // In another file: with its lines, as `flowc check` shows them.
            Where::Tokens(_) | Where::File(_) => {
                let shown = render(std::slice::from_ref(diagnostic), sources, false);
                let below = shown.split_once('\n').map_or("", |(_, below)| below);
                let below: Vec<&str> = below.lines().map(str::trim_end).collect();
                format!("{} [{}]\n{}", diagnostic.headline, diagnostic.code.slug(), below.join("\n").trim_end())
            }
        };
        match diagnostic.severity {
            Severity::Error => error(place, &message),
            Severity::Warning => warning(place, diagnostic.code.slug(), &message),
        }
    }
}

/// The headline, what rustc cannot mark, the ways out.
fn in_words(diagnostic: &Diagnostic, place: Place, sources: &Sources) -> String {
    let positions = Positions::new(sources);
    let mut message = format!("{} [{}]\n", diagnostic.headline, diagnostic.code.slug());
    if let Some(token) = place.inside {
        message.push_str(&excerpt(diagnostic, sources, token));
    }
    let mut below = String::new();
    for label in &diagnostic.labels {
        let _ = writeln!(below, "{}: {}", positions.place(label.span), label.message);
    }
    for (word, texts) in [("help", &diagnostic.help), ("note", &diagnostic.notes)] {
        for text in texts {
            let _ = writeln!(below, "{word}: {}", text.replace('\n', "\n      "));
        }
    }
    if !below.is_empty() {
        message.push('\n');
        message.push_str(&below);
    }
    message.trim_end().to_owned()
}

/// So many characters of a line are shown before and behind what is meant.
const AROUND: usize = 40;

/// The token that begins at `token`, as far as it stands on the line, with marks below what is meant.
fn excerpt(diagnostic: &Diagnostic, sources: &Sources, token: usize) -> String {
    let span = diagnostic.primary.span;
    let text = &sources.get(span.file).text;
    let range = span.range();
    let line = text[..range.start].rfind('\n').map_or(0, |at| at + 1).max(token);
    let end = text[range.start..].find('\n').map_or(text.len(), |at| range.start + at);
    let before: String =
        text[line..range.start].chars().rev().take(AROUND).collect::<Vec<_>>().into_iter().rev().collect();
    let cut = if text[line..range.start].chars().count() > AROUND { "…" } else { "" };
    let before = format!("{cut}{}", before.trim_start());
    let meant = &text[range.start..range.end.min(end)];
    let behind: String = text[range.end.min(end)..end].chars().take(AROUND).collect();
    let marks = "^".repeat(meant.chars().count().max(1));
    let spaces = " ".repeat(before.chars().count());
    let label = &diagnostic.primary.message;
    format!("\n    {before}{meant}{behind}\n    {spaces}{marks} {label}").trim_end().to_owned() + "\n"
}

/// `compile_error!`, from a first token to a last one: rustc marks everything between them.
fn error(place: Place, message: &str) -> TokenStream {
    let mut text = Literal::string(message);
    text.set_span(place.last);
    let mut tokens = respanned(quote! { ::core::compile_error! }, place.first);
    let mut group = proc_macro2::Group::new(proc_macro2::Delimiter::Brace, TokenTree::from(text).into());
    group.set_span(place.last);
    tokens.extend([TokenTree::from(group)]);
    tokens
}

/// A use of something deprecated is the one thing of which rustc warns in words of a macro's.
fn warning(place: Place, slug: &str, message: &str) -> TokenStream {
    let name = format_ident!("{}", slug.replace('-', "_"), span = place.first);
    let used = quote_spanned! { place.first=> #name };
    quote! {
        #[allow(non_upper_case_globals, clippy::all)]
        const _: () = {
            #[deprecated(note = #message)]
            const #name: () = ();
            #used
        };
    }
}
