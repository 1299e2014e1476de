//! What a Rust compiler says of itself, remembered: asking takes two processes, which through rustup is most of what a
//! warm build spends outside rustc.
//!
//! Comes in: the program called `rustc`. Goes out: its answers, its own or those of the last time.
//! Always true: an answer is remembered together with everything that decides it: the program, what rustup goes by in
//! this folder, and the compiler it led to. A wrapper nobody knows the workings of is asked every time.

use super::Error;
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The file in the cache, and how many compilers it remembers.
const FILE: &str = "toolchains.json";
const KEPT: usize = 8;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// `rustc --print sysroot`
    pub sysroot: PathBuf,
    /// `rustc -vV`
    pub version: String,
}

/// The answers of the compiler `named`, from the file in `cache` or from `ask`.
pub fn answers(
    named: &Path,
    cache: Option<&Path>,
    ask: impl FnOnce() -> Result<Answers, Error>,
) -> Result<Answers, Error> {
    let (Some(cache), Some(deciding)) = (cache, deciding(named)) else { return ask() };
    let file = cache.join(FILE);
    let entries = entries(&file);
    let remembered = entries.iter().filter(|entry| entry["deciding"] == deciding).find_map(|entry| {
        let text = |key: &str| entry[key].as_str().map(str::to_owned);
        let answers = Answers { sysroot: text("sysroot")?.into(), version: text("version")? };
        (stamp(&compiler(&answers))? == text("compiler")?).then_some(answers)
    });
    if let Some(answers) = remembered {
        return Ok(answers);
    }
    let answers = ask()?;
    if let (true, Some(compiler)) = (is_plain(named, &answers), stamp(&compiler(&answers))) {
        let mut all = vec![json!({
            "deciding": deciding,
            "sysroot": answers.sysroot,
            "version": answers.version,
            "compiler": compiler,
        })];
        all.extend(entries.into_iter().filter(|entry| entry["deciding"] != deciding).take(KEPT - 1));
        // Not worth failing for: it is asked again then.
        let _ = replace(&file, &Value::Array(all));
    }
    Ok(answers)
}

/// Everything that decides which compiler a program is, as text; `None` when there is no such program.
fn deciding(named: &Path) -> Option<String> {
    let program = program(named)?;
    let mut text = format!("{}\n{}\n", named.display(), stamp(&program)?);
    if is_rustup(&program) {
        let here = env::current_dir().ok()?;
        for name in ["RUSTUP_TOOLCHAIN", "RUSTUP_HOME"] {
            text.push_str(&format!("{name}={:?}\n", env::var_os(name)));
        }
        for folder in here.ancestors() {
            let files = ["rust-toolchain", "rust-toolchain.toml"].map(|name| folder.join(name));
            files.iter().filter_map(|file| stamp(file)).for_each(|stamp| text.push_str(&format!("{stamp}\n")));
        }
        let home = env::var_os("RUSTUP_HOME").map(PathBuf::from);
        let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".rustup")))?;
        for settings in [home, PathBuf::from("/etc/rustup")].map(|folder| folder.join("settings.toml")) {
            let settings = fs::read_to_string(settings).unwrap_or_default();
            // Only then does it matter which folder this is.
            let overrides = settings.split_once("[overrides]").is_some_and(|(_, rest)| rest.contains('='));
            text.push_str(&settings);
            if overrides {
                text.push_str(&format!("{}\n", here.display()));
            }
        }
    }
    Some(text)
}

/// Whether nothing but [`deciding`] decides: rustup's proxy, or the compiler itself.
fn is_plain(named: &Path, answers: &Answers) -> bool {
    program(named).is_some_and(|program| {
        is_rustup(&program) || fs::canonicalize(compiler(answers)).is_ok_and(|compiler| compiler == program)
    })
}

/// The proxies are links to rustup, or copies beside it.
fn is_rustup(program: &Path) -> bool {
    let size = |path: &Path| fs::metadata(path).map(|metadata| metadata.len()).ok();
    let rustup = program.with_file_name("rustup");
    program.file_name().is_some_and(|name| name == "rustup")
        || size(&rustup).is_some_and(|own| size(program) == Some(own))
}

/// Where a program stands, links followed.
fn program(named: &Path) -> Option<PathBuf> {
    if named.components().count() > 1 {
        return fs::canonicalize(named).ok();
    }
    let path = env::var_os("PATH")?;
    let found = env::split_paths(&path).map(|folder| folder.join(named)).find(|program| program.is_file())?;
    fs::canonicalize(found).ok()
}

fn compiler(answers: &Answers) -> PathBuf {
    answers.sysroot.join("bin/rustc")
}

/// Changes whenever the file is replaced or written.
fn stamp(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    #[cfg(unix)]
    let inode = {
        use std::os::unix::fs::MetadataExt as _;
        format!("{} {}.{}", metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
    };
    #[cfg(not(unix))]
    let inode = "";
    Some(format!("{} {} {modified} {inode}", path.display(), metadata.len()))
}

fn entries(file: &Path) -> Vec<Value> {
    let text = fs::read(file).unwrap_or_default();
    match serde_json::from_slice(&text) {
        Ok(Value::Array(entries)) => entries,
        _ => Vec::new(),
    }
}

/// Whole or not at all: another flowc may read it meanwhile.
fn replace(file: &Path, entries: &Value) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let temporary = tempfile::NamedTempFile::new_in(folder)?;
    fs::write(temporary.path(), format!("{entries:#}\n"))?;
    temporary.persist(file)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::os::unix::fs::symlink;

    /// A toolchain that is none: only its files matter here.
    struct Fake {
        folder: tempfile::TempDir,
        asked: Cell<usize>,
    }

    impl Fake {
        fn new() -> Fake {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir_all(folder.path().join("sysroot/bin")).unwrap();
            fs::write(folder.path().join("sysroot/bin/rustc"), "compiler").unwrap();
            Fake { folder, asked: Cell::new(0) }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        /// How often the compiler has been asked after this.
        fn ask(&self, named: &Path) -> usize {
            let expected = Answers { sysroot: self.path("sysroot"), version: "rustc 1.95.0".to_owned() };
            let given = answers(named, Some(&self.path("cache")), || {
                self.asked.set(self.asked.get() + 1);
                Ok(expected.clone())
            });
            assert_eq!(given.unwrap(), expected);
            self.asked.get()
        }
    }

    #[test]
    fn the_compiler_itself_is_asked_once_until_it_is_replaced() {
        let fake = Fake::new();
        let rustc = fake.path("sysroot/bin/rustc");
        assert_eq!([fake.ask(&rustc), fake.ask(&rustc)], [1, 1]);
        fs::write(&rustc, "another compiler").unwrap();
        assert_eq!([fake.ask(&rustc), fake.ask(&rustc)], [2, 2]);
    }

    #[test]
    fn a_proxy_of_rustup_is_asked_once_until_the_toolchain_is_replaced() {
        let fake = Fake::new();
        fs::write(fake.path("rustup"), "proxy").unwrap();
        symlink("rustup", fake.path("rustc")).unwrap();
        assert_eq!([fake.ask(&fake.path("rustc")), fake.ask(&fake.path("rustc"))], [1, 1]);
        fs::write(fake.path("sysroot/bin/rustc"), "updated").unwrap();
        assert_eq!(fake.ask(&fake.path("rustc")), 2);
    }

    #[test]
    fn a_wrapper_is_asked_every_time() {
        let fake = Fake::new();
        fs::write(fake.path("wrapper"), "#!/bin/sh").unwrap();
        assert_eq!([fake.ask(&fake.path("wrapper")), fake.ask(&fake.path("wrapper"))], [1, 2]);
    }

    #[test]
    fn a_damaged_memory_is_written_anew() {
        let fake = Fake::new();
        let rustc = fake.path("sysroot/bin/rustc");
        fs::create_dir_all(fake.path("cache")).unwrap();
        fs::write(fake.path("cache").join(FILE), "[{\"deciding\": 3}, nonsense").unwrap();
        assert_eq!([fake.ask(&rustc), fake.ask(&rustc)], [1, 1]);
    }
}
