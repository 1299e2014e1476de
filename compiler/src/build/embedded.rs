//! The runtime's sources, as flowc carries them.
//!
//! Comes in: the table that flowc's build script made. Goes out: a workspace on disk that cargo builds with `--locked`.
//! Always true: flowc needs nothing of the repository it was built from.

use super::Error;
use super::hash::Hash;
use crate::codegen::manifest::{CARGO_CONFIG, cargo_config, dist_profile, release_profile};
use std::fs;
use std::path::Path;

mod table {
    include!(concat!(env!("OUT_DIR"), "/runtime_sources.rs"));
}

/// The crate versions the runtime was tested with.
pub const LOCK: &str = table::LOCK;

/// Changes whenever anything about the runtime does.
pub fn source_hash() -> String {
    Hash::new().add(table::HASH.as_bytes()).add(workspace_toml().as_bytes()).add(cargo_config().as_bytes()).name()
}

/// Changes when the crates below the runtime do, or how they are compiled.
pub fn crates_hash() -> String {
    Hash::new().add(table::LOCK_HASH.as_bytes()).add(workspace_toml().as_bytes()).add(cargo_config().as_bytes()).name()
}

/// The workspace the runtime is built in.
fn workspace_toml() -> String {
    format!("[workspace]\nmembers = [\"runtime\"]\nresolver = \"3\"\n\n{}\n{}", release_profile(), dist_profile())
}

/// Writes the workspace into an existing, empty folder.
pub fn unpack_workspace(folder: &Path) -> Result<(), Error> {
    write(&folder.join("Cargo.toml"), workspace_toml().as_bytes())?;
    write(&folder.join("Cargo.lock"), LOCK.as_bytes())?;
    write(&folder.join(CARGO_CONFIG), cargo_config().as_bytes())?;
    unpack_runtime(&folder.join("runtime"))
}

/// Writes the runtime's package alone.
pub fn unpack_runtime(folder: &Path) -> Result<(), Error> {
    for (name, contents) in table::SOURCES {
        write(&folder.join(name), contents)?;
    }
    Ok(())
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, contents: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
    }
    fs::write(path, contents).map_err(|error| Error::io("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::toolchain::Toolchain;
    use std::collections::{BTreeMap, BTreeSet};
    use std::process::Output;

    /// Runs cargo in the unpacked workspace; the caller's lock file is in it already.
    fn cargo(workspace: &Path, arguments: &[&str]) -> Output {
        let mut cargo = Toolchain::find().unwrap().cargo();
        cargo.current_dir(workspace).args(arguments).output().unwrap()
    }

    fn packages(lock: &str) -> BTreeSet<String> {
        lock.split("\n\n")
            .filter(|block| block.contains("checksum = "))
            .map(|block| block.split("dependencies").next().unwrap_or(block).trim().to_owned())
            .collect()
    }

    /// `BLESS=1` writes `compiler/runtime.lock` anew, from the versions in the repository's own lock file.
    #[test]
    fn the_lock_file_flowc_carries_is_the_tested_one() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tested = fs::read_to_string(here.join("../Cargo.lock")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        unpack_workspace(folder.path()).unwrap();
        let lock = folder.path().join("Cargo.lock");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&lock, &tested).unwrap();
            let output = cargo(folder.path(), &["update", "--workspace", "--offline"]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            fs::copy(&lock, here.join("runtime.lock")).unwrap();
        }
        let output = cargo(folder.path(), &["metadata", "--locked", "--offline", "--format-version", "1"]);
        assert!(
            output.status.success(),
            "compiler/runtime.lock does not fit runtime/Cargo.toml; BLESS=1 cargo test -p flow-compiler lock\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let lock = fs::read_to_string(&lock).unwrap();
        // Who builds an ejected project is warned of names that stand for nothing.
        let profiles = workspace_toml();
        let named = profiles.lines().filter_map(|line| line.split_once(".package.")?.1.strip_suffix(']'));
        let gone: Vec<_> = named.filter(|name| !lock.contains(&format!("\nname = \"{name}\"\n"))).collect();
        assert!(gone.is_empty(), "in the profile, and not among the crates\n{gone:#?}");
        let carried = packages(&lock);
        let untested: Vec<_> = carried.difference(&packages(&tested)).cloned().collect();
        assert!(untested.is_empty(), "not in Cargo.lock; BLESS=1 cargo test -p flow-compiler lock\n{untested:#?}");
    }

    /// Another flavour compiles only what it adds. Where a crate that both have had other features in one of them, cargo would
    /// compile it and everything above it twice.
    #[test]
    fn flavours_share_their_crates() {
        let folder = tempfile::tempdir().unwrap();
        unpack_workspace(folder.path()).unwrap();
        let host = Toolchain::find().unwrap().host;
        let crates = |features: &str| -> BTreeMap<String, String> {
            let mut arguments = vec!["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p} [{f}]"];
            arguments.extend(["--package", "flow-runtime", "--edges", "normal,build", "--target", &host]);
            arguments.extend(["--features", features]);
            let output = cargo(folder.path(), &arguments);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).unwrap();
            let lines = text.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once(" ["));
            lines.map(|(name, features)| (name.to_owned(), features.to_owned())).collect()
        };
        let [program, mail, store, all, otel] =
            ["program", "program,mail", "program,store", "program,mail,store", "program,mail,store,otel"].map(crates);
        // Only procedural macros are built on syn, and of ours no more than one that takes a second.
        let compiled_alike = |name: &str| !name.starts_with("flow-runtime ") && !name.starts_with("syn ");
        assert!(program.keys().filter(|name| compiled_alike(name)).count() > 100);
        for (one, other) in [(&program, &mail), (&program, &store), (&mail, &all), (&store, &all), (&all, &otel)] {
            for (name, features) in one.iter().filter(|(name, _)| compiled_alike(name)) {
                assert_eq!(other.get(name), Some(features), "{name}: see the end of runtime/Cargo.toml's dependencies");
            }
        }
    }

    #[test]
    fn nothing_points_out_of_the_package() {
        for (name, contents) in table::SOURCES {
            assert!(!name.starts_with('/') && !name.contains(".."), "{name}");
            let text = String::from_utf8_lossy(contents);
            assert!(!name.ends_with(".toml") || !text.contains("workspace") && !text.contains("path ="), "{text}");
        }
    }
}
