//! Why a build can fail. Neither way is the workflow author's mistake: that was said before, as diagnostics.

use std::fmt;
use std::io;
use std::path::Path;

/// What stopped the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Something outside: no compiler, no network, no space, a file that cannot be written.
    World {
        headline: String,
        /// How to get on, one way a line.
        help: Vec<String>,
    },
    /// Ours: rustc refused what we generated, or the runtime does not build.
    Bug {
        headline: String,
        /// What to send us.
        report: String,
    },
}

impl Error {
    pub fn world(headline: impl Into<String>, help: &[&str]) -> Error {
        Error::World { headline: headline.into(), help: help.iter().map(|&line| line.to_owned()).collect() }
    }

    /// A file or folder the system would not let us use.
    pub fn io(verb: &str, path: &Path, error: &io::Error) -> Error {
        let help: &[&str] = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => &[DISK_FULL],
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                &["flowc's own files go where FLOWC_CACHE_DIR says, and else into ~/.cache/flowc"]
            }
            _ => &[],
        };
        Error::world(format!("cannot {verb} {}: {error}", path.display()), help)
    }

    /// What cargo or rustc wrote before it failed, when it was the world's fault.
    pub fn in_output(output: &str) -> Option<Error> {
        let any = |needles: &[&str]| needles.iter().any(|needle| output.contains(needle));
        if any(&["No space left on device", "Disk quota exceeded", "os error 28)"]) {
            return Some(Error::world("the disk is full", &[DISK_FULL]));
        }
        if any(&["linker `cc` not found", "failed to find tool \"cc\"", "failed to find tool \"gcc\""]) {
            return Some(Error::world(
                "there is no C compiler: Rust links with `cc`, and the TLS library has parts in C",
                &[
                    "Debian and Ubuntu: apt-get install gcc libc6-dev",
                    "Fedora: dnf install gcc",
                    "Alpine: apk add gcc musl-dev",
                ],
            ));
        }
        if any(&["cannot find Scrt1.o", "cannot find crti.o", "unable to find library -lc", "stdlib.h: No such file"]) {
            return Some(Error::world(
                "the C library's development files are missing",
                &["Debian and Ubuntu: apt-get install libc6-dev", "Fedora: dnf install glibc-devel"],
            ));
        }
        if any(&[
            "failed to download",
            "failed to fetch",
            "Could not resolve host",
            "Could not connect",
            "download of config.json failed",
            "--offline was specified",
            "unable to get packages from source",
        ]) {
            let said = output.lines().rev().find(|line| line.trim_start().starts_with('[') || line.contains("(Could"));
            return Some(Error::World {
                headline: format!(
                    "the crates that the runtime is made of cannot be downloaded{}",
                    said.map(|line| format!(": {}", line.trim())).unwrap_or_default()
                ),
                help: vec![
                    "they are needed once: with a network, run the same command again".to_owned(),
                    "behind a proxy, set HTTPS_PROXY; with a mirror, set it in ~/.cargo/config.toml".to_owned(),
                    "or copy ~/.cargo/registry from a machine that has built a workflow".to_owned(),
                ],
            });
        }
        None
    }
}

const DISK_FULL: &str =
    "make room (the compiled runtime takes about 500 MB), or point FLOWC_CACHE_DIR to another disk, and run it again";

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::World { headline, help } => {
                write!(out, "{headline}")?;
                help.iter().try_for_each(|line| write!(out, "\n  = help: {line}"))
            }
            Error::Bug { headline, report } => write!(out, "{headline}\n{report}"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_is_told_apart() {
        let headline = |output| match Error::in_output(output) {
            Some(Error::World { headline, .. }) => headline,
            other => panic!("{other:?}"),
        };
        let network = "error: failed to download from `…`\n\nCaused by:\n  [6] Could not resolve hostname (Could not resolve host: registry.example)\n";
        assert!(
            headline(network).ends_with("[6] Could not resolve hostname (Could not resolve host: registry.example)")
        );
        assert_eq!(headline("error: failed to write x\n  No space left on device (os error 28)"), "the disk is full");
        assert!(headline("error: linker `cc` not found").starts_with("there is no C compiler"));
        assert_eq!(Error::in_output("error[E0308]: mismatched types"), None);
    }
}
