//! Makes the table of the runtime's sources that flowc carries.
//!
//! Comes in: `../runtime` and `runtime.lock`. Goes out: `$OUT_DIR/runtime_sources.rs`, a table from relative path to
//! contents in the order of the paths, and its hash. Always true: the table alone is a package that builds anywhere.
//! Cargo never packages a folder that has a manifest of its own, so a table is what survives `cargo install`.
#![expect(clippy::disallowed_methods, reason = "a build script reads and writes files")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/build/hash.rs"]
mod hash;

/// Parts of the runtime's manifest that mean nothing outside this repository.
const LEFT_OUT: [&str; 5] = ["[dev-dependencies]", "[lints]", "[[test]]", "[[bench]]", "[[example]]"];

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let runtime = here.join("../runtime");
    let manifest = standalone(&read(&runtime.join("Cargo.toml")), &read(&here.join("../Cargo.toml")));
    let manifest_path = out.join("Cargo.toml");
    fs::write(&manifest_path, manifest).expect("the build folder is writable");

    let mut files = BTreeMap::new();
    files.insert("Cargo.toml".to_owned(), manifest_path);
    add_folder(&runtime.join("src"), "src", &mut files);

    let mut table = String::from("pub const SOURCES: &[(&str, &[u8])] = &[\n");
    let mut hash = hash::Hash::new();
    for (name, path) in &files {
        let _ = writeln!(table, "    ({name:?}, include_bytes!({path:?})),");
        hash = hash.add(name.as_bytes()).add(&fs::read(path).expect("it was just listed"));
    }
    let lock = here.join("runtime.lock");
    hash = hash.add(read(&lock).as_bytes());
    let _ = writeln!(table, "];\npub const LOCK: &str = include_str!({lock:?});");
    let _ = writeln!(table, "pub const HASH: &str = {:?};", hash.name());
    let _ = writeln!(table, "pub const LOCK_HASH: &str = {:?};", hash::of(read(&lock).as_bytes()));
    fs::write(out.join("runtime_sources.rs"), table).expect("the build folder is writable");

    for input in ["../runtime/Cargo.toml", "../runtime/src", "../Cargo.toml", "runtime.lock", "src/build/hash.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
}

/// Every file below `folder`, under names that begin with `prefix`.
fn add_folder(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.expect("the folder can be listed");
        let name = format!("{prefix}/{}", entry.file_name().to_str().expect("names are UTF-8"));
        if entry.path().is_dir() {
            add_folder(&entry.path(), &name, files);
        } else {
            files.insert(name, entry.path());
        }
    }
}

/// The runtime's manifest with what it inherits from the workspace written out.
fn standalone(manifest: &str, workspace: &str) -> String {
    let mut text = String::new();
    let mut left_out = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            left_out = LEFT_OUT.contains(&line.trim_end());
        }
        if left_out {
            continue;
        }
        match line.strip_suffix(".workspace = true") {
            Some(key) => text.push_str(inherited(key, workspace)),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    assert!(!text.contains("workspace = true"), "runtime/Cargo.toml inherits something build.rs does not know: {text}");
    text
}

/// The line of `[workspace.package]` that gives `key`.
fn inherited<'a>(key: &str, workspace: &'a str) -> &'a str {
    let package = workspace.split("[workspace.package]").nth(1).expect("the workspace has a package table");
    let package = package.split("\n[").next().unwrap_or(package);
    package
        .lines()
        .find(|line| line.split('=').next().is_some_and(|name| name.trim() == key))
        .unwrap_or_else(|| panic!("the workspace gives no {key}"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
