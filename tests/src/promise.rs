//! What holds for every input, whatever it is. The fuzz targets call these, and so does the small version of fuzzing in
//! the test suite; `tests/fuzz` compiles this file as a module of its own.

use super::generate;
use flow_compiler::diagnostic::{Diagnostic, Diagnostics, render};
use flow_compiler::pipeline::{self, Accepted, Parsed, Rejected};
use flow_compiler::source::{SourceFile, Sources, Span};
use flow_compiler::syntax::flow;
use std::collections::BTreeMap;

/// How texts in .flow begin, those of the tree in any case.
const FLOW_STARTS: &[&str] = &[
    "flow ",
    "workflow ",
    "webhook ",
    "manual ",
    "schedule ",
    "http ",
    "mail ",
    "filter ",
    "transform ",
    "api ",
    "smtp ",
    "type ",
    "//",
];

/// Any bytes: reading them, in either dialect, never panics, and what is said about them points into them. What `flowc fmt`
/// lays out, it leaves as it is.
///
/// # Panics
/// When the promise is broken.
pub fn syntax(bytes: &[u8]) {
    for name in ["workflow.json", "workflow.flow"] {
        let mut found = Diagnostics::default();
        let file = SourceFile::from_bytes(name, bytes.to_vec(), &mut found);
        // Text that is no UTF-8 is read no further.
        if found.has_errors() {
            return look_at(&found.sorted(), &Sources::new(file));
        }
        if let Err(rejected) = Parsed::read(file) {
            look_at(&rejected.diagnostics, &rejected.sources);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(laid_out) = flow::format(text)
    {
        assert_eq!(flow::format(&laid_out).ok().as_deref(), Some(&*laid_out), "laid out of {text:?}");
    }
}

/// Any workflow: checking it never panics, and what is said about it points into it.
///
/// # Panics
/// When the promise is broken.
pub fn check(bytes: &[u8]) {
    drop(checked(bytes));
}

/// Any workflow: an accepted one gives code that is Rust, and the same code the second time.
///
/// # Panics
/// When the promise is broken.
pub fn codegen(bytes: &[u8]) {
    let Some(accepted) = checked(bytes) else { return };
    // Adding a file to the crate parses it as Rust.
    let first = accepted.clone().plan().generate();
    assert_eq!(first.files, accepted.plan().generate().files, "the same workflow gives the same bytes");
}

/// What begins as JSON or as .flow is taken as it is, so that every case and example is a seed; other bytes are choices of
/// the generator.
fn checked(bytes: &[u8]) -> Option<Accepted> {
    let as_it_is = || String::from_utf8_lossy(bytes).into_owned();
    let begins = |start: &str| bytes.starts_with(start.as_bytes());
    let (name, text, files) = if ["{", " ", "\n", "["].into_iter().any(begins) {
        ("workflow.json", as_it_is(), BTreeMap::new())
    } else if FLOW_STARTS.iter().copied().any(begins) {
        ("workflow.flow", as_it_is(), BTreeMap::new())
    } else {
        let (files, workflow) = bytes.split_at(bytes.len().min(32));
        ("workflow.json", generate::workflow(workflow), generate::files(files))
    };
    let file = SourceFile { name: name.to_owned(), text };
    match pipeline::check(file, "workflow", &files) {
        Ok(accepted) => {
            look_at(&accepted.warnings, &accepted.sources);
            Some(accepted)
        }
        Err(Rejected { sources, diagnostics }) => {
            assert!(!diagnostics.is_empty(), "what is refused is refused for a reason");
            look_at(&diagnostics, &sources);
            None
        }
    }
}

/// Every place lies in its file, and all of it can be shown.
fn look_at(diagnostics: &[Diagnostic], sources: &Sources) {
    for diagnostic in diagnostics {
        for Span { file, start, end } in diagnostic.labels.iter().chain([&diagnostic.primary]).map(|label| label.span) {
            let text = &sources.get(file).text;
            assert!(text.get(start as usize..end as usize).is_some(), "{start}..{end} is no place in {text:?}");
        }
    }
    render::render(diagnostics, sources, false);
    render::render_short(diagnostics, sources);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;
    use std::path::Path;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn reading_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            syntax(&bytes);
        }

        #[test]
        fn compiling_generated_workflows(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            codegen(&bytes);
        }
    }

    /// The cases of the tests are texts that somebody once found worth a look.
    #[test]
    fn every_case_is_read_as_any_bytes_are() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut read = 0;
        for tier in ["ui", "quiet", "ok", "run", "same", "codegen", "diff"] {
            for entry in fs::read_dir(tests.join(tier)).unwrap() {
                let Ok(files) = fs::read_dir(entry.unwrap().path()) else { continue };
                for file in files.map(|file| file.unwrap().path()) {
                    if file.extension().is_some_and(|extension| extension == "flow" || extension == "json") {
                        syntax(&fs::read(file).unwrap());
                        read += 1;
                    }
                }
            }
        }
        assert!(read > 400, "{read}: the cases are somewhere else");
    }

    /// Were they all refused early, `compiling_generated_workflows` would prove little.
    #[test]
    fn some_generated_workflows_are_accepted() {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let accepted = (0..400).filter(|_| checked(&(0..400).map(|_| byte()).collect::<Vec<_>>()).is_some()).count();
        assert!(accepted > 4, "{accepted} of 400");
    }
}
