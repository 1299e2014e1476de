//! One named `#[test]` per case folder, so that `cargo test <name>` finds it.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let mut tests = String::new();
    for tier in ["ui", "same", "quiet", "audit", "diff", "ok", "codegen", "run"] {
        let folder = Path::new(&root).join(tier);
        println!("cargo::rerun-if-changed={}", folder.display());
        let entries = fs::read_dir(&folder).expect("every tier has its folder");
        let mut cases: Vec<String> = entries
            .map(|entry| entry.expect("a readable folder"))
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().into_string().expect("a case is named in ASCII"))
            .collect();
        cases.sort();
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
