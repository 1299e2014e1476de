//! One call of the macro, down the compiler's line.

use crate::call::{self, Call, Workflow};
use crate::files::{self, Beside};
use crate::report::{Mistake, Where};
use crate::span::{Place, Text};
use flow_compiler::codegen::{self, Module, StandIn};
use flow_compiler::diagnostic::level::Levels;
use flow_compiler::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use flow_compiler::model;
use flow_compiler::pipeline::{Parsed, Rejected};
use flow_compiler::plan::names::snake;
use flow_compiler::source::{SourceFile, Sources, Span};
use flow_compiler::syntax::flow::is_slug;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::BTreeMap;
use std::path::Path;

/// The module, or what is wrong.
pub fn expand(input: TokenStream) -> TokenStream {
    let expanded = call::read(input).and_then(|call| match &call.workflow {
        Workflow::Text(tokens) => match Text::of(tokens)? {
            Some(text) => {
                if let Some(mistake) = call::foreign(tokens) {
                    let slug = slug_in(&text.text).unwrap_or("workflow");
                    let error = (mistake.tokens(), TokenStream::new());
                    return Ok(unread(&call, slug, proc_macro2::Span::call_site(), &types_in(&text.text), error));
                }
                let source = SourceFile { name: text.name.clone(), text: text.text.clone() };
                Ok(compile(&call, source, "", &Where::Tokens(&text), Beside::new(text.folder.clone())))
            }
            // An editor that expands macros without knowing where anything stands: rustc will say what there is to say.
            None => Ok(TokenStream::new()),
        },
        Workflow::File(path, literal) => {
            let span = literal.span();
            let help = "the name is that of a .flow or .json file, as in `flow!(file = \"order.flow\")`";
            let slug = called(Path::new(path));
            let wrong = |reason: String| {
                let error = Mistake::at(span, &reason, help).tokens();
                unread(&call, &slug, span, &[], (error, TokenStream::new()))
            };
            if !matches!(Path::new(path).extension().and_then(|end| end.to_str()), Some("flow" | "json")) {
                return Ok(wrong(format!("{path} is neither a .flow nor a .json file")));
            }
            let file = match files::find(path, span.local_file().as_deref()) {
                Ok(file) => file,
                Err(reason) => return Ok(wrong(reason)),
            };
            let bytes = match std::fs::read(&file) {
                Ok(bytes) => bytes,
                Err(error) => return Ok(wrong(format!("cannot read {path}: {error}"))),
            };
            let mut found = Diagnostics::default();
            let source = SourceFile::from_bytes(path.clone(), bytes, &mut found);
            let place = Where::File(Place { first: span, last: span, inside: None });
            let beside = Beside::new(file.parent().map(Path::to_owned).unwrap_or_default());
            beside.remember(&file);
            if found.has_errors() {
                let errors = place.report_apart(&found.sorted(), &Sources::new(source));
                return Ok(with_files(unread(&call, &slug, span, &[], errors), beside));
            }
            Ok(compile(&call, source, &called(&file), &place, beside))
        }
    });
    expanded.unwrap_or_else(|mistake| mistake.tokens())
}

/// What a workflow in a file is called: the folder for `workflow.flow` and `workflow.json`, else the file.
fn called(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default();
    let folder = file.canonicalize().ok().and_then(|file| Some(file.parent()?.file_name()?.to_owned()));
    let named = if stem == "workflow" { folder.as_deref().unwrap_or(stem) } else { stem };
    named.to_string_lossy().into_owned()
}

/// `slug`: what the workflow is called unless its text says so.
fn compile(call: &Call, source: SourceFile, slug: &str, place: &Where, beside: Beside) -> TokenStream {
    let span_of = |span: Span| place.place(span).first;
    // The module is named where the text names it.
    let named = |slug: Option<Span>| match (place, slug) {
        (Where::File(place), _) => place.first,
        (Where::Tokens(_), Some(slug)) => place.place(slug).first,
        (Where::Tokens(_), None) => proc_macro2::Span::call_site(),
    };
    let module = |workflow: &model::Workflow, slug: Option<Span>| Module {
        name: call.name.clone().unwrap_or_else(|| Ident::new(&snake(&workflow.slug), named(slug))),
        attributes: call.attributes.clone(),
        visibility: call.visibility.clone(),
        within: TokenStream::new(),
        span: &span_of,
    };
    let parsed = match Parsed::read(source) {
        Ok(parsed) => parsed,
        Err(rejected) => {
            let Rejected { sources, diagnostics } = rejected.and_the_rest(slug, &beside);
            let source = sources.workflow().clone();
            let called = slug_in(&source.text).unwrap_or(if is_slug(slug) { slug } else { "workflow" }).to_owned();
            let names = types_in(&source.text);
            let mut refused = Parsed::in_part(source).lower(&called, &beside).model;
            refused.slug = called;
            let stand_in = StandIn::of_part(&refused, &names);
            let errors = place.report_apart(&diagnostics, &sources);
            return with_files(with_errors(&stand_in, &module(&refused, None), errors), beside);
        }
    };
    if parsed.ast.slug.is_none() && slug.is_empty() && call.name.is_none() {
        let help = "write `workflow order-fulfillment {}` in it, or `mod order_fulfillment;` in front of it";
        return Mistake::here("this workflow has no name, and its module needs one", help).tokens();
    }
    let name = call.name.as_ref().map(Ident::to_string).unwrap_or_default();
    let written = parsed.ast.slug.as_ref().map(|slug| slug.span);
    let lowered = parsed.lower(if slug.is_empty() { &name } else { slug }, &beside);
    let refused = lowered.model.clone();
    let tokens = match lowered.check(&Levels::default()) {
        Ok(accepted) => {
            let warnings: Vec<Diagnostic> = accepted.warnings.iter().cloned().map(unwatched).collect();
            // Inside the module, so that what stands in front of `mod` says whether they are heard.
            let within = place.report(&warnings, &accepted.sources);
            let plan = accepted.plan();
            codegen::module(&plan, &Module { within, ..module(&plan.workflow, written) })
        }
        Err(Rejected { sources, diagnostics }) => {
            let wrong = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
            let wrong: Vec<Span> = wrong.map(|diagnostic| diagnostic.primary.span).collect();
            let errors = place.report_apart(&diagnostics, &sources);
            with_errors(&StandIn::of(&refused, &wrong), &module(&refused, written), errors)
        }
    };
    with_files(tokens, beside)
}

/// What a text that cannot be read calls its workflow.
fn slug_in(text: &str) -> Option<&str> {
    let name = text.lines().find_map(|line| line.trim_start().strip_prefix("workflow "))?.trim_start();
    let end = name.find(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '-' | '_')).unwrap_or(name.len());
    Some(&name[..end]).filter(|slug| is_slug(slug))
}

/// The types that a text declares which cannot be read.
fn types_in(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| {
        let name = line.trim_start().strip_prefix("type ")?.trim_start();
        let end = name.find(|char: char| !char.is_alphanumeric() && !matches!(char, '-' | '_'));
        Some(name[..end.unwrap_or(name.len())].to_owned())
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// A module in place of a workflow that was refused, and what is wrong: the first error and the others.
fn with_errors(stand_in: &StandIn, module: &Module, (first, others): (TokenStream, TokenStream)) -> TokenStream {
    let tokens = stand_in.module(module, &first);
    match stand_in.needs_error() {
        true => quote! { #tokens #others },
        false => quote! { #first #others #tokens },
    }
}

/// A module in place of a workflow that was not even looked at. `names` are those of its types.
fn unread(
    call: &Call,
    slug: &str,
    place: proc_macro2::Span,
    names: &[String],
    errors: (TokenStream, TokenStream),
) -> TokenStream {
    let nothing = SourceFile { name: String::new(), text: String::new() };
    let workflow = Parsed::in_part(nothing).lower(slug, &BTreeMap::new()).model;
    let module = Module {
        name: call.name.clone().unwrap_or_else(|| Ident::new(&snake(slug), place)),
        attributes: call.attributes.clone(),
        visibility: call.visibility.clone(),
        within: TokenStream::new(),
        span: &|_| place,
    };
    with_errors(&StandIn::of_part(&workflow, names), &module, errors)
}

/// Cargo watches files that were there: when one comes later, only its author knows.
fn unwatched(warning: Diagnostic) -> Diagnostic {
    match warning.code {
        Code::MissingTemplate => warning.note("cargo does not notice when it comes: save this file again then"),
        _ => warning,
    }
}

/// A change of a file that was read shall compile the crate anew.
fn with_files(tokens: TokenStream, beside: Beside) -> TokenStream {
    let files = beside.dependencies();
    let files = files.iter().filter_map(|file| file.to_str());
    quote! {
        #tokens
        #(const _: &[u8] = ::core::include_bytes!(#files);)*
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn expanded(call: &str) -> String {
        expand(call.parse().expect("tokens")).to_string()
    }

    #[test]
    fn a_file_is_found_in_the_crate_and_is_a_dependency() {
        let tokens = expanded("pub mod orders, file = \"../examples/order-fulfillment/order.flow\"");
        assert!(tokens.contains("pub mod orders"), "{tokens}");
        assert!(tokens.contains("include_bytes"), "{tokens}");
        assert!(!tokens.contains("compile_error"), "{tokens}");
    }

    #[test]
    fn what_is_wrong_expands_to_errors_and_to_a_module_of_that_name() {
        let tokens = expanded("file = \"../examples/nowhere.flow\"");
        assert!(tokens.contains("compile_error") && tokens.contains("nowhere.flow"), "{tokens}");
        let tokens = expanded("file = \"../tests/macro/wrong.flow\"");
        assert!(tokens.contains("chrage") && tokens.contains("mod wrong"), "{tokens}");
    }

    #[test]
    fn a_text_that_cannot_be_read_may_still_say_its_name() {
        assert_eq!(slug_in("// x\n  workflow order-2 {\n"), Some("order-2"));
        assert_eq!(slug_in("workflow {}"), None);
    }

    #[test]
    fn a_text_that_cannot_be_read_may_still_name_its_types() {
        assert_eq!(types_in("  type Order = {\ntype line-item={\ntypes x\ntype = 3"), ["Order", "line-item"]);
    }

    /// Reading, checking and writing the code of the order workflow. Printed, not compared: machines differ. Whatever a macro
    /// is made of, cargo compiles without optimisation, also for `--release`, unless it is told otherwise:
    ///
    /// ```text
    /// CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_OPT_LEVEL=3 \
    ///     cargo test --release -p flow-macros -- --nocapture the_time_that_the_macro_adds
    /// ```
    #[test]
    fn the_time_that_the_macro_adds() {
        for file in ["order.flow", "workflow.json"] {
            let call = format!("file = \"../examples/order-fulfillment/{file}\"");
            let times = (0..5).map(|_| {
                let started = Instant::now();
                assert!(!expanded(&call).contains("compile_error"));
                started.elapsed()
            });
            let best = times.min().unwrap_or(Duration::MAX);
            println!("flow!(file = \"{file}\"): {:.1} ms", best.as_secs_f64() * 1e3);
        }
    }
}
