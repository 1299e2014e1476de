//! From a generated crate to a program that runs: the build stage over the real rustc, cargo and runtime.
//!
//! The first test here compiles the runtime where the cache has none.
#![expect(clippy::disallowed_methods, reason = "tests write workflows and start programs")]

use flow_compiler::build::{self, Error, Options, Talk};
use flow_compiler::codegen::files::{Flavour, GeneratedCrate};
use std::fs;
use std::path::Path;
use std::process::Command;

const OPTIONS: Options = Options { talk: Talk::Lines, reuse: true };

/// The smallest workflow, and a way to see that it is really it that runs.
fn workflow(says: &str) -> GeneratedCrate {
    let mut generated = GeneratedCrate::new("smallest", Flavour { mail: true, store: true, otel: false });
    let tokens = quote::quote! {
        use ::flow_runtime::flow::{Settings, Workflow};
        use ::flow_runtime::value::Shape;

        static SHAPE: Shape = Shape { slots: 0, fields: &[] };
        static WORKFLOW: Workflow = Workflow {
            name: "smallest",
            title: #says,
            version: "1.0.0",
            hash: "0",
            settings: Settings { timeout: None, fail_fast: false, max_parallel_nodes: 1 },
            environment: &[],
            input: &SHAPE,
            nodes: &[],
            edges: &[],
            openapi: "{}",
            outline: &[],
        };

        fn main() -> ::std::process::ExitCode {
            if ::std::env::args().len() == 1 {
                println!("{}", WORKFLOW.title);
                return ::std::process::ExitCode::SUCCESS;
            }
            ::flow_runtime::main(&WORKFLOW)
        }
    };
    generated.add_rust("src/main.rs", tokens);
    generated
}

fn says(binary: &Path) -> String {
    let output = Command::new(binary).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_generated_crate_becomes_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deep/smallest");
    let built = build::build(&workflow("first"), &out, OPTIONS).unwrap();
    assert_eq!(says(&built.path), "first\n");
    assert_eq!(built.bytes, fs::metadata(&out).unwrap().len());

    // The place may be taken by an older build, and the same source may have been built before.
    build::build(&workflow("second"), &out, OPTIONS).unwrap();
    assert_eq!(says(&out), "second\n");
    build::build(&workflow("first"), &out, OPTIONS).unwrap();
    assert_eq!(says(&out), "first\n");
    let beside: Vec<_> = fs::read_dir(out.parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 1, "{beside:?}");
}

#[test]
fn the_same_source_gives_the_same_bytes_and_no_path_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| {
        let out = folder.path().join(name);
        build::build(&workflow("same"), &out, Options { reuse: false, ..OPTIONS }).unwrap();
        fs::read(out).unwrap()
    });
    assert!(a == b);
    let home = std::env::var("HOME").unwrap();
    let text = String::from_utf8_lossy(&a);
    let place = text.find(&format!("{home}/"));
    assert!(place.is_none(), "{:?}", place.map(|place| &text[place..(place + 200).min(text.len())]));
}

#[test]
fn builds_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("smallest");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| build::build(&workflow("together"), &out, Options { reuse: false, ..OPTIONS }).unwrap());
        }
    });
    assert_eq!(says(&out), "together\n");
}

#[test]
fn code_that_rustc_refuses_is_our_bug() {
    let mut generated = GeneratedCrate::new("broken", Flavour { mail: true, store: true, otel: false });
    generated.add_rust("src/main.rs", quote::quote! { fn main() -> u8 { "text" } });
    let error = build::build(&generated, &tempfile::tempdir().unwrap().path().join("broken"), OPTIONS).unwrap_err();
    let Error::Bug { headline, report } = error else { panic!("{error}") };
    assert!(headline.contains("rustc does not accept"), "{headline}");
    assert!(report.contains("error[E0308]: mismatched types") && report.contains("main.rs"), "{report}");
    let kept = report.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert!(fs::read_to_string(kept).unwrap().contains("\"text\""));
    fs::remove_dir_all(Path::new(kept).parent().unwrap()).unwrap();
}

#[test]
fn an_ejected_project_is_complete_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    build::eject(&workflow("ejected"), folder.path()).unwrap();
    let output = Command::new("cargo")
        .args(["tree", "--locked", "--offline", "--quiet"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let again = build::eject(&workflow("ejected"), folder.path()).unwrap_err();
    assert!(again.to_string().contains("is not empty"), "{again}");
}
