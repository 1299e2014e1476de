//! Which rustc and cargo.
//!
//! Comes in: the environment. Goes out: absolute paths of one matching pair, and what identifies it.
//! Always true: both belong to the toolchain that `rustc` means in the current folder, so a rustup override counts.

use super::Error;
use super::hash::Hash;
use super::remembered::{self, Answers};
use super::workdir;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest rustc that compiles the runtime.
const MINIMUM: (u32, u32) = (1, 90);

const HOW_TO_INSTALL: &[&str] = &["install Rust from https://rustup.rs, or set RUSTC to the compiler to use"];

/// A Rust compiler and its cargo.
#[derive(Debug, Clone)]
pub struct Toolchain {
    pub rustc: PathBuf,
    pub cargo: PathBuf,
    /// Such as `x86_64-unknown-linux-gnu`.
    pub host: String,
    /// Such as `1.95.0`.
    pub release: String,
    /// Names the folder of everything compiled with it.
    pub id: String,
}

impl Toolchain {
    pub fn find() -> Result<Toolchain, Error> {
        let chosen = std::env::var_os("RUSTC").filter(|name| !name.is_empty());
        let named = PathBuf::from(chosen.clone().unwrap_or_else(|| "rustc".into()));
        let cache = workdir::cache().ok();
        let Answers { sysroot, version } = remembered::answers(&named, cache.as_deref(), || {
            // Side by side: each answer takes a process.
            let (sysroot, version) = std::thread::scope(|scope| {
                let version = scope.spawn(|| ask(&named, &["-vV"]));
                (ask(&named, &["--print", "sysroot"]), version.join().expect("asking does not panic"))
            });
            Ok(Answers { sysroot: PathBuf::from(sysroot?.trim()), version: version? })
        })?;
        // The real programs save the detour through rustup on every call.
        let inside = |name: &str| Some(sysroot.join("bin").join(name)).filter(|path| path.is_file());
        let rustc = if chosen.is_some() { named } else { inside("rustc").unwrap_or(named) };
        let cargo = inside("cargo")
            .or_else(|| std::env::var_os("CARGO").map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from("cargo"));
        let field = |name: &str| {
            version.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
        };
        let (Some(release), Some(host)) = (field("release"), field("host")) else {
            return Err(Error::world(format!("{} is no Rust compiler", rustc.display()), HOW_TO_INSTALL));
        };
        if major_minor(&release).is_none_or(|version| version < MINIMUM) {
            return Err(Error::world(
                format!("rustc {release} is too old: the runtime needs {}.{} or later", MINIMUM.0, MINIMUM.1),
                &["rustup update"],
            ));
        }
        let hash = Hash::new().add(version.as_bytes()).add(sysroot.as_os_str().as_encoded_bytes()).name();
        Ok(Toolchain { rustc, cargo, host, id: format!("{release}-{}", &hash[..8]), release })
    }

    pub fn rustc(&self) -> Command {
        program(&self.rustc)
    }

    /// Cargo with this rustc, and with nothing of the caller's environment or configuration that would change what is
    /// compiled. What says where crates come from (CARGO_HOME, CARGO_NET_…, proxies) stays.
    pub fn cargo(&self) -> Command {
        let mut cargo = program(&self.cargo);
        cargo.env("RUSTC", &self.rustc);
        cargo
    }
}

/// A program with its input closed and the caller's build settings removed.
fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(changes_what_is_compiled) {
            command.env_remove(name);
        }
    }
    command
}

fn changes_what_is_compiled(name: &str) -> bool {
    const PREFIXES: [&str; 8] = [
        "CARGO_BUILD_",
        "CARGO_TARGET_",
        "CARGO_PROFILE_",
        "CARGO_UNSTABLE_",
        "CARGO_PKG_",
        "CARGO_FEATURE_",
        "CARGO_CFG_",
        "RUSTC_",
    ];
    const NAMES: [&str; 20] = [
        "RUSTC",
        "RUSTDOC",
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_INCREMENTAL",
        "CARGO_MAKEFLAGS",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_MANIFEST_LINKS",
        "MAKEFLAGS",
        "MFLAGS",
        "RUST_LOG",
        // What cargo tells build scripts, and also tests. They were seen to name these as inputs of theirs: ring does.
        "OUT_DIR",
        "TARGET",
        "HOST",
        "NUM_JOBS",
        "OPT_LEVEL",
        "DEBUG",
        "PROFILE",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// What a compiler answers to a question about itself.
fn ask(rustc: &Path, question: &[&str]) -> Result<String, Error> {
    let output =
        Command::new(rustc).args(question).stdin(Stdio::null()).output().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::world(format!("there is no Rust compiler: {} is not found", rustc.display()), HOW_TO_INSTALL)
            }
            _ => Error::io("start", rustc, &error),
        })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "\n    ");
        Err(Error::world(format!("{} does not work:\n    {said}", rustc.display()), HOW_TO_INSTALL))
    }
}

fn major_minor(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_releases() {
        assert!(major_minor("1.89.0").unwrap() < MINIMUM);
        assert!(major_minor("1.90.0").unwrap() >= MINIMUM);
        assert!(major_minor("2.0.0-nightly").unwrap() >= MINIMUM);
        assert_eq!(major_minor("unknown"), None);
    }

    #[test]
    fn settings_that_change_the_code_are_removed_and_sources_stay() {
        for name in
            ["RUSTFLAGS", "CARGO_PROFILE_RELEASE_LTO", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER", "MAKEFLAGS", "OUT_DIR"]
        {
            assert!(changes_what_is_compiled(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_REGISTRIES_X_TOKEN", "HTTPS_PROXY", "RUSTUP_TOOLCHAIN"] {
            assert!(!changes_what_is_compiled(name), "{name}");
        }
    }
}
