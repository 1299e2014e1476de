//! The compiler, as the tiers need it: through its library, never through a process of its own.

use flow_compiler::build::{self, Options, Talk};
use flow_compiler::codegen::files::GeneratedCrate;
use flow_compiler::diagnostic::render::render;
use flow_compiler::diagnostic::{Diagnostic, Diagnostics};
use flow_compiler::files::Files;
use flow_compiler::pipeline::{self, Accepted};
use flow_compiler::source::{SourceFile, Sources};
use flow_world::process;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::{env, fs};

/// What `flowc check` has to say about a file.
pub struct Found {
    pub accepted: Option<Accepted>,
    /// Rendered as for people, without colours.
    pub text: String,
    /// The slugs of what was found, in order.
    pub codes: Vec<&'static str>,
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
}

/// Runs the line up to the check. `file` is where the text stands, or would: templates lie beside it.
pub fn check(text: &[u8], file: &Path) -> Found {
    let name = file.file_name().and_then(|name| name.to_str()).expect("a workflow has a file name");
    let mut found = Diagnostics::default();
    let source = SourceFile::from_bytes(name, text.to_owned(), &mut found);
    let beside = Beside(file.parent().expect("a workflow stands in a folder"));
    if found.has_errors() {
        return Found::new(None, found.sorted(), Sources::new(source));
    }
    match pipeline::check(source, slug(file), &beside) {
        Ok(accepted) => {
            let (warnings, sources) = (accepted.warnings.clone(), accepted.sources.clone());
            Found::new(Some(accepted), warnings, sources)
        }
        Err(rejected) => Found::new(None, rejected.diagnostics, rejected.sources),
    }
}

impl Found {
    fn new(accepted: Option<Accepted>, diagnostics: Vec<Diagnostic>, sources: Sources) -> Found {
        let codes = diagnostics.iter().map(|diagnostic| diagnostic.code.slug()).collect();
        Found { accepted, text: render(&diagnostics, &sources, false), codes, diagnostics, sources }
    }
}

/// The line up to code generation.
///
/// # Panics
/// When the workflow is wrong.
pub fn generate(text: &str, file: &Path) -> GeneratedCrate {
    let found = check(text.as_bytes(), file);
    let Some(accepted) = found.accepted else { panic!("{}:\n{}", file.display(), found.text) };
    accepted.plan().generate()
}

/// What rustc remarks on the code generated for a workflow.
///
/// # Panics
/// When the workflow is wrong, or rustc cannot be asked.
pub fn remarks(text: &str, file: &Path) -> String {
    let generated = generate(text, file);
    build::remarks(&generated, Talk::Quiet).unwrap_or_else(|error| panic!("{}:\n{error}", file.display()))
}

/// Nothing, when rustc accepts what is generated of a workflow.
///
/// # Panics
/// When the workflow is wrong, or rustc does not accept what was generated.
pub fn compiles(text: &str, file: &Path) {
    build(text, file, false);
}

type Slot = Arc<OnceLock<PathBuf>>;
/// The text, where it stands, and whether with traces.
type Key = (String, PathBuf, bool);

/// The native binary of a workflow; built once for all cases that share the text.
///
/// # Panics
/// As [`compiles`].
pub fn binary(text: &str, file: &Path) -> PathBuf {
    binary_of(text, file, false)
}

/// The same, as `flowc build --otel` makes it.
///
/// # Panics
/// As [`compiles`].
pub fn binary_with_traces(text: &str, file: &Path) -> PathBuf {
    binary_of(text, file, true)
}

fn binary_of(text: &str, file: &Path, otel: bool) -> PathBuf {
    static BUILT: LazyLock<Mutex<BTreeMap<Key, Slot>>> = LazyLock::new(Mutex::default);
    let key = (text.to_owned(), file.to_owned(), otel);
    let slot = Arc::clone(BUILT.lock().expect("no panic while locked").entry(key).or_default());
    slot.get_or_init(|| kept(text, file, otel)).clone()
}

/// flowc's cache keeps a limited number of binaries, and other builds go on meanwhile: a link beside the tests stays.
fn kept(text: &str, file: &Path, otel: bool) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (text, file, otel).hash(&mut hasher);
    let tests = env::current_exe().expect("a path").with_file_name("flow-tests-binaries");
    let place = tests.join(format!("{}-{:016x}", slug(file), hasher.finish()));
    fs::create_dir_all(&tests).expect("target can be written");
    let beside = place.with_extension(std::process::id().to_string()); // other tests may run what is there now
    for _ in 0..3 {
        let built = build(text, file, otel);
        let _ = fs::remove_file(&beside);
        if fs::hard_link(&built, &beside).is_ok() || process::install(&built, &beside).is_ok() {
            fs::rename(&beside, &place).expect("target can be written");
            let _ = fs::remove_file(&beside); // where both were the same file already, renaming does nothing
            return place;
        }
    }
    panic!("{}: the binary vanished from the cache three times", file.display());
}

fn build(text: &str, file: &Path, otel: bool) -> PathBuf {
    let mut generated = generate(text, file);
    generated.flavour.otel = otel;
    build::build_in_cache(&generated, Options { talk: Talk::Quiet, reuse: true })
        .unwrap_or_else(|error| panic!("{}:\n{error}", file.display()))
        .path
}

/// `order-fulfillment` of `order-fulfillment/workflow.json`, else the file's stem.
fn slug(file: &Path) -> &str {
    let stem = file.file_stem();
    let named =
        if stem.is_some_and(|stem| stem == "workflow") { file.parent().and_then(Path::file_name) } else { stem };
    named.and_then(|name| name.to_str()).expect("workflows are named in ASCII")
}

/// The files beside a workflow.
pub struct Beside<'a>(pub &'a Path);

impl Files for Beside<'_> {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        match fs::read_to_string(self.0.join(path)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
