//! Step one: the runtime, compiled once per machine, rustc and flavour.
//!
//! Comes in: a toolchain and a flavour. Goes out: the libraries rustc links a workflow against.
//! Always true: the folder that says what they are appears last and at once, so a build that was killed leaves nothing
//! behind that looks finished; and sizes are compared at every use, contents when rustc complains.

use super::cargo::{Job, Made};
use super::progress::Talk;
use super::toolchain::Toolchain;
use super::workdir::Workdir;
use super::{Error, Variant, embedded, hash};
use crate::codegen::manifest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

/// How many versions of the runtime are kept beside each other in one folder. More than one only for those who work on
/// flowc itself: another release usually has other crates, and with them another folder.
const VERSIONS_KEPT: usize = 24;

/// The files in the folder of a compiled runtime.
const READY: &str = "ready.json";
const LIBRARY: &str = "libflow_runtime.rlib";

/// What rustc compiles the crates of a distribution to: what the link-time optimiser reads and nothing else, against the static C
/// library.
///
/// The last is for the crate `getrandom`, which would look for the function of that name at run time: in a static executable
/// it is not found so, and what it falls back on, `/dev/urandom`, is not there in an empty root folder.
const DIST_FLAGS: [&str; 3] =
    ["-Clinker-plugin-lto", "-Ctarget-feature=+crt-static", "--cfg=getrandom_backend=\"linux_getrandom\""];

/// A compiled runtime.
#[derive(Debug, Clone, PartialEq)]
pub struct Runtime {
    /// The library generated code names.
    pub rlib: PathBuf,
    /// What `-L` takes: folders with the libraries below it.
    pub search: Vec<String>,
    /// What `-l` takes.
    pub link: Vec<String>,
    /// Every library, to tell a damaged cache from a bug.
    files: Vec<Compiled>,
}

/// A library on disk, as it was when it was compiled.
#[derive(Debug, Clone, PartialEq)]
struct Compiled {
    path: PathBuf,
    bytes: u64,
    hash: String,
}

impl Runtime {
    /// The compiled runtime; compiles it when it is missing or incomplete.
    pub fn get(toolchain: &Toolchain, workdir: &Workdir, variant: Variant, talk: Talk) -> Result<Runtime, Error> {
        if let Some(runtime) = Runtime::ready(workdir, variant) {
            return Ok(runtime);
        }
        let _lock = workdir.lock(|| talk.say("waiting for another flowc, which compiles the runtime"))?;
        // Whoever held the lock may have done it for us.
        match Runtime::ready(workdir, variant) {
            Some(runtime) => Ok(runtime),
            None => Runtime::compile(toolchain, workdir, variant, talk),
        }
    }

    /// Whether [`Runtime::get`] would find it compiled.
    pub fn is_ready(workdir: &Workdir, variant: Variant) -> bool {
        Runtime::ready(workdir, variant).is_some()
    }

    /// Compares every byte with what was compiled. Slow; asked only when rustc refuses a workflow.
    pub fn is_intact(&self) -> bool {
        self.files.iter().all(|file| fs::read(&file.path).is_ok_and(|bytes| hash::of(&bytes) == file.hash))
    }

    /// Forgets what was compiled, libraries included, so that the next [`Runtime::get`] compiles all of it.
    pub fn discard(workdir: &Workdir, variant: Variant, talk: Talk) -> Result<(), Error> {
        let _lock = workdir.lock(|| talk.say("waiting for another flowc"))?;
        remove_folder(&workdir.join(folder_name(variant)))?;
        remove_folder(&target(workdir, variant))
    }

    fn compile(toolchain: &Toolchain, workdir: &Workdir, variant: Variant, talk: Talk) -> Result<Runtime, Error> {
        let started = Instant::now();
        let first = !target(workdir, variant).exists();
        if first {
            talk.say(&format!(
                "compiling the runtime, once for rustc {} on this machine: {}",
                toolchain.release,
                estimate(std::thread::available_parallelism().map_or(1, usize::from)),
            ));
        } else {
            talk.say("compiling the runtime; the crates it is made of are there already");
        }
        let made = match attempt(toolchain, workdir, variant, talk) {
            // A target folder that something has damaged looks to cargo like anything at all.
            Err(Error::Bug { .. }) if !first => {
                talk.say("that failed: compiling all of it from the beginning");
                remove_folder(&target(workdir, variant))?;
                attempt(toolchain, workdir, variant, talk)
            }
            result => result,
        }?;
        let runtime = publish(made, workdir, variant)?;
        talk.say(&format!("compiled the runtime in {:.0} s", started.elapsed().as_secs_f64()));
        workdir.keep_newest("runtime-", VERSIONS_KEPT);
        workdir.keep_newest("sources-", VERSIONS_KEPT);
        workdir.tidy();
        Ok(runtime)
    }

    /// What a finished build left, if all of it is still there.
    fn ready(workdir: &Workdir, variant: Variant) -> Option<Runtime> {
        let folder = workdir.join(folder_name(variant));
        let runtime = Runtime::from_json(&serde_json::from_slice(&fs::read(folder.join(READY)).ok()?).ok()?)?;
        let there = |file: &Compiled| fs::metadata(&file.path).is_ok_and(|metadata| metadata.len() == file.bytes);
        if !runtime.files.iter().all(there) {
            return None;
        }
        // Marks it as in use, for `keep_newest`. Not worth failing for.
        let _ = fs::File::open(folder).and_then(|file| file.set_modified(SystemTime::now()));
        Some(runtime)
    }

    fn to_json(&self) -> Value {
        let files = self.files.iter();
        let files = files.map(|file| json!({ "path": file.path, "bytes": file.bytes, "hash": file.hash }));
        json!({
            "rlib": self.rlib,
            "search": self.search,
            "link": self.link,
            "files": files.collect::<Vec<_>>(),
        })
    }

    fn from_json(json: &Value) -> Option<Runtime> {
        let texts = |key: &str| -> Option<Vec<String>> {
            json[key].as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let file = |file: &Value| {
            Some(Compiled {
                path: file["path"].as_str()?.into(),
                bytes: file["bytes"].as_u64()?,
                hash: file["hash"].as_str()?.to_owned(),
            })
        };
        Some(Runtime {
            rlib: json["rlib"].as_str()?.into(),
            search: texts("search")?,
            link: texts("link")?,
            files: json["files"].as_array()?.iter().map(file).collect::<Option<_>>()?,
        })
    }
}

/// One run of cargo over the unpacked sources.
fn attempt(toolchain: &Toolchain, workdir: &Workdir, variant: Variant, talk: Talk) -> Result<Made, Error> {
    let workspace = unpacked(workdir)?;
    Job {
        toolchain,
        workspace: &workspace,
        target: &target(workdir, variant),
        package: "flow-runtime",
        features: &variant.flavour.features(),
        rustflags: &rustflags(workdir, variant),
        profile: if variant.dist { manifest::DIST } else { "release" },
    }
    .run(talk)
}

/// Puts what cargo made where the next build cannot overwrite it. To cargo the runtime is the same package whatever its
/// sources are, so it would write another version over this one; the crates below it never change under their names.
fn publish(made: Made, workdir: &Workdir, variant: Variant) -> Result<Runtime, Error> {
    let name = folder_name(variant);
    let folder = workdir.join(&name);
    let temporary = workdir.temporary()?;
    let (mut files, mut search, mut found) = (Vec::new(), BTreeSet::new(), false);
    for path in made.libraries {
        let bytes = fs::read(&path).map_err(|error| Error::io("read", &path, &error))?;
        let mut compiled = Compiled { path, bytes: bytes.len() as u64, hash: hash::of(&bytes) };
        search.extend(compiled.path.parent().map(|folder| format!("dependency={}", folder.display())));
        if compiled.path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libflow_runtime-")) {
            embedded::write(&temporary.path().join(LIBRARY), &bytes)?;
            compiled.path = folder.join(LIBRARY);
            found = true;
        }
        files.push(compiled);
    }
    if !found {
        let report = format!("{files:#?}");
        return Err(Error::Bug { headline: "cargo compiled no runtime".to_owned(), report });
    }
    let search = search.into_iter().chain(made.search).collect();
    let runtime = Runtime { rlib: folder.join(LIBRARY), search, link: made.link, files };
    embedded::write(&temporary.path().join(READY), format!("{:#}\n", runtime.to_json()).as_bytes())?;
    remove_folder(&folder)?;
    workdir.publish(temporary, &name)?;
    Ok(runtime)
}

/// The sources on disk, written anew unless they are exactly what flowc carries.
fn unpacked(workdir: &Workdir) -> Result<PathBuf, Error> {
    let name = sources_name();
    let path = workdir.join(&name);
    let temporary = workdir.temporary()?;
    embedded::unpack_workspace(temporary.path())?;
    if same_contents(temporary.path(), &path) {
        return Ok(path);
    }
    remove_folder(&path)?;
    workdir.publish(temporary, &name)
}

/// Every file of `expected` is in `folder`, byte for byte.
fn same_contents(expected: &Path, folder: &Path) -> bool {
    fs::read_dir(expected).into_iter().flatten().flatten().all(|entry| {
        let other = folder.join(entry.file_name());
        if entry.path().is_dir() {
            same_contents(&entry.path(), &other)
        } else {
            fs::read(entry.path()).ok() == fs::read(other).ok()
        }
    })
}

/// What cargo is told to give rustc, beside what it gives by itself.
fn rustflags(workdir: &Workdir, variant: Variant) -> Vec<String> {
    let mut flags = remapped(workdir);
    if variant.dist {
        flags.extend(DIST_FLAGS.map(str::to_owned));
    }
    flags
}

/// No binary tells where on this machine it was compiled, nor differs because of it. The prefixes must not change with
/// the runtime's sources: cargo compiles every crate again when a flag does.
fn remapped(workdir: &Workdir) -> Vec<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=flowc", workdir.path().display())];
    flags.extend(home.map(|home| format!("--remap-path-prefix={}=cargo", home.display())));
    flags
}

/// Other flags are other crates: both kinds in one folder would have cargo compile them in turn.
fn target(workdir: &Workdir, variant: Variant) -> PathBuf {
    workdir.join(if variant.dist { "target-dist" } else { "target" })
}

fn sources_name() -> String {
    format!("sources-{}", &embedded::source_hash()[..16])
}

/// Another one whenever the runtime is another.
pub fn folder_name(variant: Variant) -> String {
    let dist = match variant.dist {
        true => {
            let how = DIST_FLAGS.iter().fold(hash::Hash::new(), |hash, part| hash.add(part.as_bytes()));
            format!("-dist-{}", &how.name()[..8])
        }
        false => String::new(),
    };
    format!("runtime-{}-{}{dist}", &embedded::source_hash()[..16], variant.flavour.features().join("-"))
}

fn remove_folder(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, &error)),
        _ => Ok(()),
    }
}

/// Said before it begins: some 130 seconds of one core, of which the end does not spread over many.
fn estimate(cores: usize) -> &'static str {
    match cores {
        0 | 1 => "about two and a half minutes",
        2 | 3 => "about a minute and a half",
        4..8 => "about a minute",
        _ => "about half a minute",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ready_survives_the_disk() {
        let runtime = Runtime {
            rlib: "/cache/target/deps/libflow_runtime-1.rlib".into(),
            search: vec!["dependency=/cache/target/deps".to_owned(), "native=/cache/ring".to_owned()],
            link: vec!["static=ring_core".to_owned()],
            files: vec![Compiled { path: "/cache/libbytes.rlib".into(), bytes: 7, hash: "00ff".to_owned() }],
        };
        assert_eq!(Runtime::from_json(&runtime.to_json()), Some(runtime));
        assert_eq!(Runtime::from_json(&json!({ "rlib": "/cache/x" })), None);
    }

    #[test]
    fn contents_are_compared_in_every_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        embedded::unpack_workspace(&a).unwrap();
        embedded::unpack_workspace(&b).unwrap();
        assert!(same_contents(&a, &b));
        fs::write(b.join("runtime/src/lib.rs"), "// damaged").unwrap();
        assert!(!same_contents(&a, &b));
    }
}
