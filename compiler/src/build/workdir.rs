//! The cache folder: where compiled runtimes and binaries live.
//!
//! Comes in: a toolchain. Goes out: one folder for it and for the crates of this flowc, with a lock.
//! Always true: what stands under its final name is complete. Everything is made beside it and renamed.
//!
//! ```text
//! <cache>/toolchains.json              what each rustc said of itself: remembered.rs
//! <cache>/1.95.0-5f3a9c01-9d2e77b4/    rustc, crates
//!     lock                             held while the runtime is compiled
//!     used                             touched by every build; folders unused for long are removed
//!     target/                          cargo's
//!     sources-<source>/                the runtime's sources
//!     runtime-<source>-<flavour>/      the compiled runtime, and what rustc needs to link it
//!     binary-<hash>/                   a workflow compiled before: main.rs and the binary
//! ```

use super::toolchain::Toolchain;
use super::{Error, embedded};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A folder nobody built with for this long is removed.
const KEPT: Duration = Duration::from_secs(60 * 60 * 24 * 30);

/// What a killed flowc left behind is removed after this long.
const ABANDONED: Duration = Duration::from_secs(60 * 60 * 24);

/// Names of temporary folders begin with this.
const TEMPORARY: &str = "tmp-";

/// The folder of one toolchain and one set of crates.
#[derive(Debug, Clone)]
pub struct Workdir {
    path: PathBuf,
}

impl Workdir {
    /// Makes it where it is missing, and notes that it is in use.
    pub fn open(toolchain: &Toolchain) -> Result<Workdir, Error> {
        let path = cache()?.join(format!("{}-{}", toolchain.id, &embedded::crates_hash()[..8]));
        fs::create_dir_all(&path).map_err(|error| Error::io("create", &path, &error))?;
        let workdir = Workdir { path };
        let used = workdir.join("used");
        File::create(&used).map_err(|error| Error::io("write", &used, &error))?;
        Ok(workdir)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// Takes the lock; `waiting` is called once when somebody else holds it. Freed when the file is dropped.
    pub fn lock(&self, waiting: impl FnOnce()) -> Result<File, Error> {
        let path = self.join("lock");
        let file = File::create(&path).map_err(|error| Error::io("write", &path, &error))?;
        if file.try_lock().is_err() {
            waiting();
            file.lock().map_err(|error| Error::io("lock", &path, &error))?;
        }
        Ok(file)
    }

    /// A folder that vanishes when it is dropped.
    pub fn temporary(&self) -> Result<tempfile::TempDir, Error> {
        tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempdir_in(&self.path)
            .map_err(|error| Error::io("create a folder in", &self.path, &error))
    }

    /// Gives a finished temporary folder its name. Whoever comes second finds it done, which is as good.
    pub fn publish(&self, temporary: tempfile::TempDir, name: &str) -> Result<PathBuf, Error> {
        let path = self.join(name);
        match fs::rename(temporary.path(), &path) {
            Ok(()) => {
                let _ = temporary.keep();
                Ok(path)
            }
            Err(_) if path.is_dir() => Ok(path),
            Err(error) => Err(Error::io("rename to", &path, &error)),
        }
    }

    /// Removes what nobody needs any more, here and beside. Failing at it harms nobody.
    pub fn tidy(&self) {
        for entry in entries(&self.path) {
            let temporary =
                entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes()));
            if temporary && older_than(&entry, ABANDONED) {
                let _ = fs::remove_dir_all(&entry);
            }
        }
        for other in self.path.parent().map(entries).unwrap_or_default() {
            let used = other.join("used");
            if other != self.path && used.is_file() && older_than(&used, KEPT) {
                let free = File::open(other.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
                if free {
                    let _ = fs::remove_dir_all(&other);
                }
            }
        }
    }

    /// Keeps the newest `count` of the entries whose name begins with `prefix`.
    pub fn keep_newest(&self, prefix: &str, count: usize) {
        let mut found: Vec<(SystemTime, PathBuf)> = entries(&self.path)
            .into_iter()
            .filter(|entry| entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
            .filter_map(|entry| Some((fs::metadata(&entry).ok()?.modified().ok()?, entry)))
            .collect();
        found.sort();
        let surplus = found.len().saturating_sub(count);
        for (_, entry) in &found[..surplus] {
            let _ = if entry.is_dir() { fs::remove_dir_all(entry) } else { fs::remove_file(entry) };
        }
    }
}

/// `$FLOWC_CACHE_DIR`, else `$XDG_CACHE_HOME/flowc`, else `~/.cache/flowc`.
pub fn cache() -> Result<PathBuf, Error> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let path = variable("FLOWC_CACHE_DIR")
        .or_else(|| variable("XDG_CACHE_HOME").filter(|path| path.is_absolute()).map(|path| path.join("flowc")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/flowc")))
        .ok_or_else(|| Error::world("no place for compiled files: HOME is not set", &["set FLOWC_CACHE_DIR"]))?;
    std::path::absolute(&path).map_err(|error| Error::io("find", &path, &error))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn older_than(path: &Path, age: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|elapsed| elapsed > age))
}
