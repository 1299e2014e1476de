//! One named `#[test]` per case, so that `cargo test <name>` finds it: a case is a folder, of the macro tier a Rust file.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let mut tests = String::new();
    for tier in ["ui", "same", "quiet", "audit", "diff", "ok", "codegen", "run", "macro"] {
        let folder = Path::new(&root).join(tier);
        let files = tier == "macro";
        println!("cargo::rerun-if-changed={}", folder.display());
        let entries = fs::read_dir(&folder).expect("every tier has its folder");
        let mut cases: Vec<String> = entries
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|path| if files { path.extension().is_some_and(|end| end == "rs") } else { path.is_dir() })
            .filter_map(|path| Some(path.file_stem()?.to_str().expect("a case is named in ASCII").to_owned()))
            .collect();
        cases.sort();
        // `macro` is a word of Rust.
        let tier = if files { "macro_ui" } else { tier };
        writeln!(tests, "mod {tier} {{").expect("writing to memory");
        for case in cases {
            let name = case.replace('-', "_");
            writeln!(tests, "    #[test]\n    fn r#{name}() {{ crate::{tier}::test(\"{case}\") }}")
                .expect("writing to memory");
        }
        writeln!(tests, "}}").expect("writing to memory");
    }
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("cases.rs"), tests).expect("OUT_DIR can be written");
}
