//! The straight line from text to generated crate, one struct per stage.
//!
//! The method that leads onward exists only on the stage before it, so skipping a stage does not compile. Each stage adds
//! to one list of diagnostics; after syntax and after check an error ends the line.

use crate::check::{self, Checked};
use crate::codegen::{self, Entry, files::GeneratedCrate};
use crate::diagnostic::level::{self, Levels};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, dialect};
use crate::files::Files;
use crate::model;
use crate::plan::{self, Plan};
use crate::source::{Dialect, FileId, SourceFile, Sources};
use crate::syntax::flow::Part;
use crate::syntax::{self, ast};

/// Why the line ended early: everything found, and the files it points into.
#[derive(Debug, Clone)]
pub struct Rejected {
    pub sources: Sources,
    pub diagnostics: Vec<Diagnostic>,
}

/// Text that could be read.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub ast: ast::Workflow,
    sources: Sources,
    diagnostics: Diagnostics,
}

/// Names resolved. Errors may have been found: [`Lowered::check`] adds its own before the line ends.
#[derive(Debug, Clone)]
pub struct Lowered {
    pub model: model::Workflow,
    sources: Sources,
    diagnostics: Diagnostics,
}

/// Nothing is wrong; warnings may have been found.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub checked: Checked,
    pub sources: Sources,
    /// Warnings, in the order of the source.
    pub warnings: Vec<Diagnostic>,
}

impl Rejected {
    /// With what else is wrong in a .flow text that cannot be read as a whole. What follows from the mistakes in its syntax is not
    /// said, and what could be better can wait.
    pub fn and_the_rest(mut self, slug: &str, files: &dyn Files) -> Rejected {
        let source = self.sources.workflow();
        if source.dialect() != Dialect::Flow {
            return self;
        }
        let sources = Sources::new(source.clone());
        let mut diagnostics = Diagnostics::in_dialect(Dialect::Flow);
        let text = &sources.workflow().text;
        let Some(Part { ast, has_values, doubtful }) =
            syntax::flow::around_mistakes(text, FileId::WORKFLOW, &mut diagnostics)
        else {
            return self;
        };
        let lowered = Parsed { ast, sources, diagnostics }.lower(slug, files);
        let found = match has_values {
            false => Rejected { sources: lowered.sources, diagnostics: lowered.diagnostics.sorted() },
            true => match lowered.check(&Levels::default()) {
                Err(rejected) => rejected,
                Ok(_) => return self,
            },
        };
        let is_told = |found: &Diagnostic| {
            let same = |told: &Diagnostic| told.code == found.code && told.primary.span == found.primary.span;
            self.diagnostics.iter().any(same)
        };
        let follows = |code: Code| FOLLOWS_FROM_SYNTAX.contains(&code) || doubtful.contains(&code);
        let is_news = |found: &Diagnostic| found.severity == Severity::Error && !follows(found.code) && !is_told(found);
        let mut news: Vec<Diagnostic> = found.diagnostics.into_iter().filter(is_news).collect();
        if !has_values {
            news.iter_mut().for_each(|diagnostic| dialect::requote(diagnostic, &found.sources));
        }
        self.diagnostics.append(&mut news);
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
        self.sources = found.sources;
        self
    }
}

/// What may be wrong only because an item is missing: what it waits for, what it makes sure of.
const FOLLOWS_FROM_SYNTAX: &[Code] = &[Code::NotYetRun, Code::NeverRuns, Code::SkippedNode, Code::MayBeMissing];

impl Parsed {
    /// # Errors
    /// When the text cannot be read as a workflow.
    pub fn read(file: SourceFile) -> Result<Parsed, Rejected> {
        let sources = Sources::new(file);
        let mut diagnostics = Diagnostics::in_dialect(sources.workflow().dialect());
        match syntax::parse(&sources, &mut diagnostics) {
            Some(ast) => Ok(Parsed { ast, sources, diagnostics }),
            None => Err(Rejected { sources, diagnostics: diagnostics.sorted() }),
        }
    }

    /// What can be read of a text that was refused: of a .flow text the items that have no mistake, of JSON nothing.
    pub fn in_part(file: SourceFile) -> Parsed {
        let sources = Sources::new(file);
        let source = sources.workflow();
        let readable = if source.dialect() == Dialect::Flow { source.text.as_str() } else { "" };
        let ast = syntax::flow::in_part(readable, FileId::WORKFLOW);
        Parsed { ast, diagnostics: Diagnostics::in_dialect(source.dialect()), sources }
    }

    /// `slug` is what the binary will be called; `files` gives the files beside the workflow.
    pub fn lower(mut self, slug: &str, files: &dyn Files) -> Lowered {
        let model = model::lower::lower(&self.ast, slug, &mut self.sources, files, &mut self.diagnostics);
        Lowered { model, sources: self.sources, diagnostics: self.diagnostics }
    }
}

impl Lowered {
    /// What has been found so far.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// `levels` says which lints are errors, and which are not shown.
    ///
    /// # Errors
    /// When anything is wrong: everything that is, at once.
    pub fn check(mut self, levels: &Levels) -> Result<Accepted, Rejected> {
        let checked = check::check(self.model, &self.sources, &mut self.diagnostics);
        let sources = self.sources;
        let mut diagnostics = level::settle(self.diagnostics, levels, &checked.workflow.silences);
        if sources.workflow().dialect() == Dialect::Flow {
            diagnostics.iter_mut().for_each(|diagnostic| dialect::requote(diagnostic, &sources));
        }
        let rejected = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        match rejected {
            true => Err(Rejected { sources, diagnostics }),
            false => Ok(Accepted { checked, sources, warnings: diagnostics }),
        }
    }
}

impl Accepted {
    /// Whether a node calls a function of the crate around it: then only `flow!` can compile the workflow.
    pub fn calls_rust(&self) -> bool {
        self.checked.workflow.nodes.iter().any(|node| matches!(node.kind, model::Kind::Rust(_)))
    }

    /// As it is, if it can be an executable of its own.
    ///
    /// # Errors
    /// When a node calls a function of the crate around it: only inside `flow!` there is one.
    pub fn executable(self) -> Result<Accepted, Rejected> {
        let found = self.checked.workflow.nodes.iter().filter_map(|node| match &node.kind {
            model::Kind::Rust(rust) => Some(rust_outside_of_rust(&node.id.value, rust)),
            _ => None,
        });
        let diagnostics: Vec<Diagnostic> = found.collect();
        if diagnostics.is_empty() { Ok(self) } else { Err(Rejected { sources: self.sources, diagnostics }) }
    }

    pub fn plan(self) -> Plan {
        plan::plan(self.checked, &self.sources)
    }
}

impl Plan {
    /// The program that is deployed.
    pub fn generate(&self) -> GeneratedCrate {
        codegen::generate(self, Entry::Service)
    }

    /// The same workflow as a program that plays scenarios.
    pub fn generate_player(&self) -> GeneratedCrate {
        codegen::generate(self, Entry::Scenarios)
    }
}

fn rust_outside_of_rust(id: &str, rust: &model::Rust) -> Diagnostic {
    let headline = format!("`{id}` calls a Rust function, and an executable of its own has none");
    Diagnostic::new(Code::UnsupportedKind, rust.function.span, headline)
        .label("only inside `flow!`")
        .help("put the workflow into a Rust program, with `flow!(file = \"…\")`; docs/rust.md shows how")
}

/// The line up to the check, as `flowc check` runs it when nothing is said of levels.
///
/// # Errors
/// As [`Parsed::read`] and [`Lowered::check`].
pub fn check(file: SourceFile, slug: &str, files: &dyn Files) -> Result<Accepted, Rejected> {
    Parsed::read(file)
        .map_err(|rejected| rejected.and_the_rest(slug, files))?
        .lower(slug, files)
        .check(&Levels::default())
}
