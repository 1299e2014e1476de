//! The manifests of an ejected project.
//!
//! Comes in: a generated crate and the runtime's lock file. Goes out: `Cargo.toml` and `Cargo.lock` as text.
//! Always true: cargo accepts both with `--locked`, whatever the workflow is called.

use super::files::GeneratedCrate;
use std::fmt::Write as _;

/// How the runtime and an ejected project are compiled. Panics unwind, because the engine catches a node that panics and
/// fails that node alone. The runtime itself is compiled for speed; for the crates below it level 2 is as fast as 3 and, on the
/// order workflow, 0.3 MB smaller. What runs once per process or waits for the network anyway is compiled for size, which
/// takes as much again. One codegen unit for each crate: there are more crates than cores, and sixteen units compile the same
/// generic code sixteen times (minijinja: 26 s instead of 18).
pub fn release_profile() -> String {
    let mut profile =
        String::from("[profile.release]\nopt-level = 2\ncodegen-units = 1\npanic = \"unwind\"\nstrip = \"symbols\"\n");
    // One for each of two cores: nothing else is left to compile beside it.
    profile.push_str("\n[profile.release.package.flow-runtime]\nopt-level = 3\ncodegen-units = 2\n");
    for package in COMPILED_FOR_SIZE {
        let _ = write!(profile, "\n[profile.release.package.{package}]\nopt-level = \"s\"\n");
    }
    profile
}

/// How the runtime is compiled for a distribution: for size, but for what every order goes through most. A level for each package, so
/// that those of the profile it inherits from do not count.
pub fn dist_profile() -> String {
    let mut profile = format!("[profile.{DIST}]\ninherits = \"release\"\nopt-level = \"z\"\n");
    let _ = write!(profile, "\n[profile.{DIST}.package.flow-runtime]\nopt-level = \"z\"\ncodegen-units = 1\n");
    let small = COMPILED_FOR_SIZE.iter().filter(|package| !DIST_LEVELS.iter().any(|(other, _)| other == *package));
    for (package, level) in DIST_LEVELS.iter().copied().chain(small.map(|package| (*package, "\"z\""))) {
        let _ = write!(profile, "\n[profile.{DIST}.package.{package}]\nopt-level = {level}\n");
    }
    profile
}

/// The name of [`dist_profile`].
pub const DIST: &str = "dist";

/// Together a tenth of the instructions of an order, for 1 % of the executable. The same for the runtime itself would take it beyond
/// 7 MB (`docs/decisions/0030-what-a-binary-weighs.md`).
const DIST_LEVELS: [(&str, &str); 15] = [
    ("block-buffer", "2"),
    ("bytes", "2"),
    ("futures-util", "\"s\""),
    ("hashbrown", "2"),
    ("http", "2"),
    ("httparse", "2"),
    ("hyper", "\"s\""),
    ("hyper-util", "\"s\""),
    ("indexmap", "2"),
    ("lettre", "\"s\""),
    ("libmimalloc-sys", "2"),
    ("serde_json", "\"s\""),
    ("sha2", "2"),
    ("tokio", "\"s\""),
    ("url", "2"),
];

/// Packages of the runtime's lock file that do little for a request. Not `http`, `url` and `lettre`, which write and read every
/// one: compiled for size they took a tenth of all instructions of an order. Nor SQLite, which writes
/// down each step: it would be 0.24 MB smaller.
const COMPILED_FOR_SIZE: [&str; 32] = [
    "axum",
    "flate2",
    "governor",
    "h2",
    "hyper-rustls",
    "idna",
    "idna_mapping",
    "ipnet",
    "jiff",
    "lexopt",
    "matchit",
    "minijinja",
    "miniz_oxide",
    "openssl-probe",
    "prometheus-client",
    "reqwest",
    "rustls",
    "rustls-native-certs",
    "rustls-pki-types",
    "rustls-platform-verifier",
    "rustls-webpki",
    "sd-notify",
    "serde_json",
    "socket2",
    "tokio-rustls",
    "tokio-util",
    "tower",
    "tower-http",
    "tracing-subscriber",
    "unicode-bidi",
    "unicode-normalization",
    "uuid",
];

/// Where cargo looks for [`cargo_config`].
pub const CARGO_CONFIG: &str = ".cargo/config.toml";

/// SQLite without what no journal asks for, among it two engines for searching texts: a third of it, to compile and in the
/// executable. It also counts no memory, for which every allocation would take a lock. And an allocator that asks the kernel for
/// no huge pages, wherever they are on for everybody: an idle process would take 6 MB more. No panic passes through C, so its
/// tables for unwinding, 0.1 MB, are left out. Who has `CFLAGS` of their own keeps them, and does without both.
pub fn cargo_config() -> String {
    let sqlite = SQLITE_FLAGS.join(" ");
    format!("[env]\nCFLAGS = \"{}\"\nLIBSQLITE3_FLAGS = \"{sqlite}\"\n", C_FLAGS.join(" "))
}

/// For everything in C.
const C_FLAGS: [&str; 3] = ["-DMI_DEFAULT_ALLOW_THP=0", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"];

/// For the build script of `libsqlite3-sys`, behind its own.
const SQLITE_FLAGS: [&str; 14] = [
    "-USQLITE_ENABLE_DBSTAT_VTAB",
    "-USQLITE_ENABLE_FTS3",
    "-USQLITE_ENABLE_FTS3_PARENTHESIS",
    "-USQLITE_ENABLE_FTS5",
    "-USQLITE_ENABLE_LOAD_EXTENSION",
    "-USQLITE_ENABLE_RTREE",
    "-USQLITE_ENABLE_STAT4",
    "-USQLITE_SOUNDEX",
    "-DSQLITE_DEFAULT_MEMSTATUS=0",
    "-DSQLITE_OMIT_DEPRECATED",
    "-DSQLITE_OMIT_JSON",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_OMIT_SHARED_CACHE",
    "-DSQLITE_OMIT_TRACE",
];

/// Names cargo keeps for itself as binaries, and the runtime's own.
const TAKEN: [&str; 5] = ["build", "deps", "examples", "incremental", "flow-runtime"];

/// A normal cargo project, with the runtime as a member beside it.
pub fn cargo_toml(generated: &GeneratedCrate, lock: &str) -> String {
    let package = package_name(&generated.name, lock);
    let features = generated.flavour.features().iter().map(|feature| format!("\"{feature}\"")).collect::<Vec<_>>();
    format!(
        "[package]
name = \"{package}\"
version = \"0.1.0\"
edition = \"2024\"
publish = false

[[bin]]
name = \"{package}\"
path = \"src/main.rs\"

[dependencies]
flow-runtime = {{ path = \"runtime\", features = [{features}] }}

[workspace]
members = [\"runtime\"]
resolver = \"3\"

{profile}",
        profile = release_profile(),
        features = features.join(", "),
    )
}

/// The runtime's lock file with the project's own package added, where cargo itself would put it.
pub fn cargo_lock(generated: &GeneratedCrate, lock: &str) -> String {
    let package = package_name(&generated.name, lock);
    let entry =
        format!("[[package]]\nname = \"{package}\"\nversion = \"0.1.0\"\ndependencies = [\n \"flow-runtime\",\n]\n");
    let mut text = String::new();
    let mut entry = Some(entry);
    for block in lock.split_inclusive("\n\n") {
        if name_in(block).is_some_and(|name| name > package.as_str())
            && let Some(entry) = entry.take()
        {
            let _ = writeln!(text, "{entry}");
        }
        text.push_str(block);
    }
    if let Some(entry) = entry {
        let _ = write!(text, "\n{entry}");
    }
    text
}

/// The workflow's name as cargo allows it, and different from every crate in the lock file: two packages of one name
/// would have to be told apart throughout.
fn package_name(name: &str, lock: &str) -> String {
    let mut package: String =
        name.chars().map(|char| if char.is_ascii_alphanumeric() || char == '_' { char } else { '-' }).collect();
    if !package.starts_with(|first: char| first.is_ascii_alphabetic()) {
        package.insert_str(0, "workflow-");
    }
    if TAKEN.contains(&package.as_str()) || lock.split("\n\n").any(|block| name_in(block) == Some(&package)) {
        package.push_str("-workflow");
    }
    package
}

/// The package a block of a lock file is about.
fn name_in(block: &str) -> Option<&str> {
    block.strip_prefix("[[package]]\nname = \"")?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::files::Flavour;

    const LOCK: &str = "# generated\nversion = 4\n\n[[package]]\nname = \"bytes\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"tokio\"\nversion = \"1.54.0\"\n";

    fn named(name: &str) -> GeneratedCrate {
        GeneratedCrate::new(name, Flavour { mail: true, store: true, otel: false })
    }

    #[test]
    fn the_project_stands_in_the_lock_file_by_its_name() {
        let names = |name: &str| {
            cargo_lock(&named(name), LOCK).split("\n\n").filter_map(|block| name_in(block).map(str::to_owned)).collect()
        };
        let lock: Vec<String> = names("order");
        assert_eq!(lock, ["bytes", "order", "tokio"]);
        let lock: Vec<String> = names("zebra");
        assert_eq!(lock, ["bytes", "tokio", "zebra"]);
        let lock: Vec<String> = names("audit");
        assert_eq!(lock, ["audit", "bytes", "tokio"]);
    }

    #[test]
    fn only_the_needed_features_are_asked_for() {
        assert!(cargo_toml(&named("order"), LOCK).contains("features = [\"program\", \"mail\", \"store\"]"));
        let quiet = GeneratedCrate::new("order", Flavour::default());
        assert!(cargo_toml(&quiet, LOCK).contains("features = [\"program\"]"));
    }

    #[test]
    fn names_cargo_would_refuse_are_changed() {
        assert_eq!(package_name("order-fulfillment", LOCK), "order-fulfillment");
        assert_eq!(package_name("tokio", LOCK), "tokio-workflow");
        assert_eq!(package_name("build", LOCK), "build-workflow");
        assert_eq!(package_name("flow-runtime", LOCK), "flow-runtime-workflow");
        assert_eq!(package_name("Bestellung für 2", LOCK), "Bestellung-f-r-2");
        assert_eq!(package_name("2nd", LOCK), "workflow-2nd");
    }
}
